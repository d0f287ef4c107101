/**
 * The tables a tenant's rows lie in, as the catalogue of the server has them: what a move copies, and in which order.
 */
import { z } from 'zod';
import { inOrder } from './citus.ts';
import type { Session } from './database.ts';

/** A table whose rows belong to tenants. */
export interface TenantTable {
  readonly name: string;
  /** Columns that can be written, in their order; generated ones are computed again. */
  readonly columns: readonly string[];
  /** Columns with their types, to compare two schemas by. */
  readonly shape: string;
  /** The primary key without its first column, which is the tenant. */
  readonly key: readonly string[];
  /** Columns whose next value comes from a sequence of this table. */
  readonly sequences: readonly string[];
}

/** The two schemas of a move do not fit: only a person can say what to do. */
export class SchemasDifferError extends Error {
  readonly remedy = 'bring both schemas to the same migrations, then try again';
  constructor(from: string, to: string, table: string, what: string) {
    super(`rows of ${from}.${table} cannot move to ${to}: ${what}`);
    this.name = 'SchemasDifferError';
  }
}

const Table = z.object({
  name: z.string(),
  columns: z.array(z.string()),
  shape: z.string(),
  key: z.array(z.string()).nullable(),
  sequences: z.array(z.string()),
  references: z.array(z.string()),
});

const TABLES = `
select json_build_object(
  'name', c.relname,
  'columns', (select json_agg(a.attname order by a.attnum) from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''),
  'shape', (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attname) from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
  'key', (select json_agg(a.attname order by k.place) from pg_index i
    cross join unnest(i.indkey::int2[]) with ordinality k (number, place)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number where i.indrelid = c.oid and i.indisprimary),
  'sequences', (select coalesce(json_agg(a.attname order by a.attnum), '[]') from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      and pg_get_serial_sequence(quote_ident(n.nspname) || '.' || quote_ident(c.relname), a.attname) is not null),
  'references', (select coalesce(json_agg(distinct p.relname), '[]') from pg_constraint f join pg_class p on p.oid = f.confrelid
    where f.conrelid = c.oid and f.contype = 'f' and p.oid <> c.oid and p.relnamespace = c.relnamespace)) as answer
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relkind in ('r', 'p')
  and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
order by c.relname`;

/** @returns tables with tenants' rows, parents before children; none when there is no such schema */
export async function tenantTables(session: Session, schema: string): Promise<readonly TenantTable[]> {
  const rows = await session.query<{ answer: unknown }>(TABLES, [schema]);
  const tables = rows.map(({ answer }) => Table.parse(answer));
  const byName = new Map(tables.map((table) => [table.name, table]));
  const parents = new Map(tables.map(({ name, references }) => [name, references]));
  return inOrder([...byName.keys()], parents).flatMap((name) => {
    const table = byName.get(name);
    if (table === undefined) return [];
    const [first, ...key] = table.key ?? [];
    if (first !== 'tenant_id')
      throw new Error(
        `the primary key of ${schema}.${name} does not begin with tenant_id: it cannot be moved`,
      );
    return [{ name, columns: table.columns, shape: table.shape, key, sequences: table.sequences }];
  });
}

/**
 * The tables of `from` that `to` has too.
 * @param hasRows whether the tenant has rows in a table of `from` that does not fit
 * @throws SchemasDifferError when rows would stay behind
 */
export async function fitting(
  from: { readonly schema: string; readonly tables: readonly TenantTable[] },
  to: { readonly schema: string; readonly tables: readonly TenantTable[] },
  hasRows: (table: string) => Promise<boolean>,
): Promise<readonly TenantTable[]> {
  const theirs = new Map(to.tables.map((table) => [table.name, table]));
  const result: TenantTable[] = [];
  for (const table of from.tables) {
    const other = theirs.get(table.name);
    if (other?.shape === table.shape) result.push(table);
    else if (await hasRows(table.name)) {
      const what = other === undefined ? 'there is no such table' : 'its columns differ';
      throw new SchemasDifferError(from.schema, to.schema, table.name, what);
    }
  }
  return result;
}
