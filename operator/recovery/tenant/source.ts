/** Where a tenant's former rows come from: a server beside. It gives JSON documents, and says what they amount to, so that what arrives can be compared. */
import { ident, literal } from '../../provisioners/postgres/database.ts';
import type { Database } from '../../provisioners/postgres/database.ts';
import { inTransaction } from '../../provisioners/postgres/fence.ts';
import { fingerprints } from '../../provisioners/postgres/move/fingerprints.ts';
import type { Fingerprints } from '../../provisioners/postgres/move/fingerprints.ts';
import { tenantTables } from '../../provisioners/postgres/tables.ts';
import type { TenantTable } from '../../provisioners/postgres/tables.ts';

export interface RowSource {
  /** For people: `as of 2026-11-25T12:00:00.000Z`. */
  readonly name: string;
  /** The moment its rows are of. */
  readonly at: Date;
  /** Tables as they were. */
  tables(): Promise<readonly TenantTable[]>;
  /** Rows of each table that has any. */
  counts(): Promise<Readonly<Record<string, number>>>;
  /** Rows as JSON documents, in batches. */
  rows(table: string): AsyncIterable<readonly string[]>;
  /** What the rows amount to, for tables of this shape; `undefined`: it keeps no sums, and rows are counted only. */
  prints(tables: readonly TenantTable[]): Promise<Fingerprints | undefined>;
}

/** At that moment the directory had no such tenant. */
class NoSuchTenantError extends Error {
  readonly remedy = 'choose a moment after it was made';
  constructor(tenant: string, when: string) {
    super(`there was no tenant ${tenant} ${when}`);
    this.name = 'NoSuchTenantError';
  }
}

const BATCH = 2_000;

/**
 * @param beside a restored server, where nobody writes
 * @param at the moment it was restored to
 * @throws NoSuchTenantError
 */
export async function besideSource(beside: Database, tenant: string, at: Date): Promise<RowSource> {
  const name = `as of ${at.toISOString()}`;
  const [home] = await beside.query<{ schema_name: string }>(
    'select schema_name from platform.tenants where id = $1',
    [tenant],
  );
  if (home === undefined) throw new NoSuchTenantError(tenant, name);
  const schema = home.schema_name;
  const tables = await tenantTables(beside, schema);
  return {
    name,
    at,
    tables: async () => tables,
    async counts() {
      const prints = await inTransaction(beside, (session) => fingerprints(session, schema, tables, tenant));
      const filled = Object.entries(prints).filter(([, [rows]]) => rows > 0);
      return Object.fromEntries(filled.map(([table, [rows]]) => [table, rows]));
    },
    rows: (table) => rowsBeside(beside, schema, table, tenant),
    prints: (shapes) =>
      inTransaction(beside, (session) => fingerprints(session, schema, shapes, tenant), 'repeatable read'),
  };
}

/** By the physical order of a server where nobody writes: a place in it stays what it is. */
async function* rowsBeside(
  beside: Database,
  schema: string,
  table: string,
  tenant: string,
): AsyncIterable<readonly string[]> {
  let after = '(0,0)';
  for (;;) {
    const batch = await beside.query<{ row: string; place: string }>(
      `select row_to_json(t)::text as row, t.ctid::text as place from ${ident(schema)}.${ident(table)} t
        where tenant_id = ${literal(tenant)} and t.ctid > ${literal(after)}::tid order by t.ctid limit ${BATCH}`,
    );
    if (batch.length > 0) yield batch.map(({ row }) => row);
    const last = batch.at(-1);
    if (last === undefined || batch.length < BATCH) return;
    after = last.place;
  }
}
