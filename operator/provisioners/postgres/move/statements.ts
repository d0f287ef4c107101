/**
 * The statements that move one tenant's rows between two schemas of one plain PostgreSQL. Pure; $1 is the tenant.
 * Citus cannot join a distributed table with one of a distributed schema: what it is asked instead stands in `citus.ts`.
 */
import { ident, literal } from '../database.ts';
import type { Statement } from '../database.ts';
import type { TenantTable } from '../tables.ts';

/** From where to where, as schemas. */
export interface Way {
  readonly from: string;
  readonly to: string;
}

/** Rows copied with one statement: bounds locks, memory and the write-ahead log. */
export const BATCH = 5_000;

/**
 * Foreign keys are not checked while a copy runs beside the shop's own writes, which would let a child arrive before its
 * parent: the source's keys hold, and in the end every row is the source's.
 */
export const UNCHECKED = `set local session_replication_role = 'replica'`;

/**
 * Two sides of thousands of rows each are hashed once. Of rows that have just come there are no statistics: the server takes them for a
 * few, and would compare each with every other, while the shop is frozen.
 */
export const COMPARED_AT_ONCE = 'set local enable_nestloop = off';

/**
 * Copies the next rows in the order of the primary key; where the copy stands is read off the target itself.
 * Answers one row: `seen`, and `copied` of them. $2, where it is true: the target has none yet.
 */
export function copyNext({ from, to }: Way, table: TenantTable, fresh: boolean): string {
  const columns = list(table.columns);
  const key = list(table.key);
  const order = table.key.length === 0 ? '' : ` order by ${key}`;
  const last = `select ${key} from ${at(to, table)} where tenant_id = $1 order by ${table.key.map((name) => `${ident(name)} desc`).join(', ')} limit 1`;
  const after = fresh || table.key.length === 0 ? '' : ` and (${key}) > (${last})`;
  return `with next as materialized (
    select ${columns} from ${at(from, table)} where tenant_id = $1${after}${order} limit ${BATCH}
  ), copied as (
    insert into ${at(to, table)} (${columns})${overriding(table)} select ${columns} from next on conflict do nothing returning 1
  )
  select (select count(*)::int from next) as seen, (select count(*)::int from copied) as copied`;
}

/**
 * Makes the target equal to a source that no longer changes: first away with what is gone or different, then in with what
 * is missing. Never an update, so that no unique key is held by a row's former self. Each statement counts what it did.
 */
export function settle(way: Way, tables: readonly TenantTable[]): readonly Statement[] {
  return [
    ...tables.toReversed().map((table) => counted(removeStale(way, table))),
    ...tables.map((table) => counted(insertMissing(way, table))),
    ...tables.flatMap((table) => advanceSequences(way, table)),
  ];
}

function removeStale({ from, to }: Way, table: TenantTable): string {
  const same = `${record('s', table)} *= ${record('d', table)}`;
  return `delete from ${at(to, table)} d where d.tenant_id = $1
    and not exists (select from ${at(from, table)} s where s.tenant_id = $1${sameKey(table)} and ${same})`;
}

function insertMissing({ from, to }: Way, table: TenantTable): string {
  const columns = table.columns.map((name) => `s.${ident(name)}`).join(', ');
  return `insert into ${at(to, table)} (${list(table.columns)})${overriding(table)} select ${columns} from ${at(from, table)} s
    where s.tenant_id = $1 and not exists (select from ${at(to, table)} d where d.tenant_id = $1${sameKey(table)})`;
}

/** Sequences of the target go on after the greatest value that came. */
export function advanceSequences({ to }: Way, table: TenantTable): readonly Statement[] {
  return table.sequences.map((column) => ({
    text: `select setval(pg_get_serial_sequence(${literal(at(to, table))}, ${literal(column)}),
      greatest(max(${ident(column)}), nextval(pg_get_serial_sequence(${literal(at(to, table))}, ${literal(column)}))), true)
      from ${at(to, table)} where tenant_id = $1 having max(${ident(column)}) is not null`,
  }));
}

/** Number of the tenant's rows and a sum over them that does not depend on their order. */
export function fingerprint(schema: string, table: TenantTable): string {
  return `select count(*)::int as rows, coalesce(sum(hashtextextended(row(${list(table.columns)})::text, 0)::numeric), 0)::text as sum
    from ${at(schema, table)} where tenant_id = $1`;
}

export function anyRow(schema: string, table: string): string {
  return `select ${exists(schema, table)} as found`;
}

/** Names of those tables in which the tenant has rows. */
export function filled(schema: string, tables: readonly TenantTable[]): string {
  return tables
    .map((table) => `select ${literal(table.name)} as name where ${exists(schema, table.name)}`)
    .join(' union all ');
}

function exists(schema: string, table: string): string {
  return `exists (select from ${ident(schema)}.${ident(table)} where tenant_id = $1)`;
}

/** A statement that answers how many rows it changed. */
function counted(text: string): Statement {
  return { text: `with changed as (${text} returning 1) select count(*)::int as changed from changed` };
}

function at(schema: string, table: Pick<TenantTable, 'name'>): string {
  return `${ident(schema)}.${ident(table.name)}`;
}

/** Values as they are stored, whatever their types: no operator of theirs is asked. */
function record(alias: string, table: TenantTable): string {
  return `row(${table.columns.map((name) => `${alias}.${ident(name)}`).join(', ')})::record`;
}

function sameKey(table: TenantTable): string {
  return table.key.map((name) => ` and s.${ident(name)} = d.${ident(name)}`).join('');
}

/** Values of identity columns are the source's. */
function overriding(table: TenantTable): string {
  return table.sequences.length === 0 ? '' : ' overriding system value';
}

function list(names: readonly string[]): string {
  return names.map(ident).join(', ');
}
