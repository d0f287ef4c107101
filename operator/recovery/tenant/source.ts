/**
 * Where a tenant's former rows come from: a server beside, or a backup in the store. Both give JSON documents, and say what they
 * amount to, so that what arrives can be compared.
 */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { ident, literal } from '../../provisioners/postgres/database.ts';
import type { Database } from '../../provisioners/postgres/database.ts';
import { inTransaction } from '../../provisioners/postgres/fence.ts';
import { fingerprints } from '../../provisioners/postgres/move/fingerprints.ts';
import type { Fingerprints } from '../../provisioners/postgres/move/fingerprints.ts';
import { tenantTables } from '../../provisioners/postgres/tables.ts';
import type { TenantTable } from '../../provisioners/postgres/tables.ts';
import { read } from '../store/store.ts';
import type { ArchiveStore } from '../store/store.ts';

export interface RowSource {
  /** For people: `as of 2026-11-25T12:00:00.000Z`. */
  readonly name: string;
  /** The moment its rows are of. */
  readonly at: Date;
  /** Tables as they were; `undefined` where the source does not say, and only its rows can tell. */
  tables(): Promise<readonly TenantTable[] | undefined>;
  /** Rows of each table that has any. */
  counts(): Promise<Readonly<Record<string, number>>>;
  /** Rows as JSON documents, in batches. @throws DamagedError when they are not what was backed up */
  rows(table: string): AsyncIterable<readonly string[]>;
  /** What the rows amount to, for tables of this shape; `undefined` where checksums of another kind were kept with the rows. */
  prints(tables: readonly TenantTable[]): Promise<Fingerprints | undefined>;
}

/** At that moment the directory had no such tenant. */
export class NoSuchTenantError extends Error {
  readonly remedy = 'choose a moment after it was made';
  constructor(tenant: string, when: string) {
    super(`there was no tenant ${tenant} ${when}`);
    this.name = 'NoSuchTenantError';
  }
}

/** The stored rows are not those that were backed up. */
export class DamagedError extends Error {
  readonly remedy = 'restore from another backup, and find out what changed this one';
  constructor(what: string) {
    super(`the backup is damaged: ${what}`);
    this.name = 'DamagedError';
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

const Manifest = z.object({
  tenant: z.string(),
  exportedAt: z.string(),
  rows: z.record(z.string(), z.int()),
  /** SHA-256 of each table's file. Backups of before they were kept have none. */
  sums: z.record(z.string(), z.string()).optional(),
});

/** Name of the youngest whole backup, or of every one, oldest first. */
export async function listBackups(store: ArchiveStore, tenant: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { key } of store.list(`_backups/${tenant}/`)) {
    const [, , name = '', file] = key.split('/');
    if (file === 'manifest.json' && !name.endsWith('.partial')) names.push(name);
  }
  return names.toSorted();
}

/** @param name as `listBackups` has it */
export async function backupSource(store: ArchiveStore, tenant: string, name: string): Promise<RowSource> {
  const folder = `_backups/${tenant}/${name}`;
  const manifest = Manifest.parse(
    JSON.parse((await read(store, `${folder}/manifest.json`)).toString('utf8')),
  );
  if (manifest.tenant !== tenant) throw new DamagedError(`${folder} is of ${manifest.tenant}`);
  const filled = Object.fromEntries(Object.entries(manifest.rows).filter(([, rows]) => rows > 0));
  return {
    name: `from backup ${name}`,
    at: new Date(manifest.exportedAt),
    tables: async () => undefined,
    counts: async () => filled,
    async *rows(table) {
      const hash = createHash('sha256');
      let count = 0;
      let batch: string[] = [];
      for await (const line of linesOf(await store.get(`${folder}/${table}.jsonl`), (chunk) =>
        hash.update(chunk),
      )) {
        batch.push(line);
        count += 1;
        if (batch.length < BATCH) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0) yield batch;
      if (count !== filled[table])
        throw new DamagedError(`${folder}/${table}.jsonl has ${count} rows, not ${filled[table] ?? 0}`);
      const sum = manifest.sums?.[table];
      if (sum !== undefined && sum !== hash.digest('hex'))
        throw new DamagedError(`${folder}/${table}.jsonl is not what was written`);
    },
    prints: async () => undefined,
  };
}

/** Lines end with a line feed and nothing else: rows hold every other separator that Unicode has. */
async function* linesOf(body: Readable, onChunk: (chunk: Buffer) => void): AsyncIterable<string> {
  let rest = Buffer.alloc(0);
  for await (const raw of body) {
    const chunk = Buffer.from(raw as Uint8Array);
    onChunk(chunk);
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = rest.indexOf(10, from); end >= 0; end = rest.indexOf(10, from)) {
      yield rest.toString('utf8', from, end);
      from = end + 1;
    }
    rest = rest.subarray(from);
  }
  if (rest.length > 0) throw new DamagedError('a file ends in the middle of a row');
}
