/**
 * Reads every row of one tenant, in one consistent state of all tables, with no more rights than the tenant's own role has.
 * Which tables those are is asked of the database: each that row-level security guards.
 */
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import type { TenantId } from '../ports.ts';
import { checkedTenantId } from '../tenant-id.ts';

/** Takes rows as JSON documents. */
export interface RowSink {
  write(table: string, rows: readonly string[]): Promise<void>;
}

export interface ExportOptions {
  readonly connectionString: string;
  /** Rows fetched at once; bounds memory. Default 5,000. */
  readonly batch?: number;
}

/** A table that is the tenant's and that its role may not read: a backup without it would be none. */
class UnreadableTableError extends Error {
  override readonly name = 'UnreadableTableError';
}

/**
 * @returns rows by table
 * @throws UnreadableTableError, or whatever the database or the sink throws
 */
export async function exportTenant(
  { connectionString, batch = 5_000 }: ExportOptions,
  tenant: TenantId,
  sink: RowSink,
): Promise<Readonly<Record<string, number>>> {
  const client = new Client({
    connectionString,
    application_name: 'shopmind-backup',
    connectionTimeoutMillis: 10_000,
    // Of one batch; a whole backup may take as long as it takes.
    statement_timeout: 60_000,
    // Between two batches a slow store is waited for.
    idle_in_transaction_session_timeout: 600_000,
    keepAlive: true,
  });
  await client.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    await client.query(`set local app.tenant = ${escapeLiteral(checkedTenantId(tenant))}`);
    const counts: Record<string, number> = {};
    for (const table of await tablesOf(client))
      counts[table] = await copy(client, table, tenant, batch, sink);
    await client.query('commit');
    return counts;
  } finally {
    await client.end();
  }
}

/** Tables of the role's own schema whose rows belong to tenants. */
async function tablesOf(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string; readable: boolean }>(
    `select c.relname as name, has_table_privilege(c.oid, 'select') as readable
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = current_schema() and c.relkind in ('r', 'p') and not c.relispartition and c.relrowsecurity
      order by c.relname`,
  );
  const closed = rows.filter(({ readable }) => !readable).map(({ name }) => name);
  if (closed.length > 0)
    throw new UnreadableTableError(
      `the tenant's role may not read ${closed.join(', ')}: nothing is backed up`,
    );
  return rows.map(({ name }) => name);
}

async function copy(
  client: Client,
  table: string,
  tenant: TenantId,
  batch: number,
  sink: RowSink,
): Promise<number> {
  // The tenant stands in WHERE as well: Citus routes by a constant, not by the policy.
  await client.query(
    `declare rows no scroll cursor for
     select row_to_json(t)::text as row from ${escapeIdentifier(table)} t where tenant_id = ${escapeLiteral(tenant)}`,
  );
  let count = 0;
  for (;;) {
    const { rows } = await client.query<{ row: string }>(`fetch ${batch} from rows`);
    if (rows.length === 0) break;
    count += rows.length;
    await sink.write(
      table,
      rows.map(({ row }) => row),
    );
  }
  await client.query('close rows');
  return count;
}
