/**
 * Makes one schema as it was, beside the living one: its tables of then, their rows, sums over both compared, whoever was erased since
 * erased again, and then the migrations since.
 */
import { ident, literal } from '../../provisioners/postgres/database.ts';
import type { Database, Session } from '../../provisioners/postgres/database.ts';
import type { Catalogue } from '../../provisioners/postgres/desired.ts';
import { inTransaction } from '../../provisioners/postgres/fence.ts';
import { ensureStructure } from '../../provisioners/postgres/postgres.ts';
import { fitting, SchemasDifferError, tenantTables } from '../../provisioners/postgres/tables.ts';
import { replayErasures } from '../subjects/memory.ts';
import type { Replay } from '../subjects/memory.ts';
import type { Bridge } from './copy.ts';
import { levelsOf } from './homes.ts';
import type { Home } from './homes.ts';

export interface StageParts {
  readonly database: Database;
  /** The cluster as it was then. */
  readonly former: Database;
  readonly bridge: Bridge;
  readonly catalogue: Catalogue;
  readonly erasures: Replay;
  /** The moment. */
  readonly at: Date;
  readonly tell: (what: string) => Promise<void>;
}

export interface Staged {
  readonly rows: number;
  readonly erasedAgain: number;
}

/** What arrived is not what the archive has. */
class ArrivedDifferentError extends Error {
  readonly remedy = 'no living row was changed; try again, and report it if it happens twice';
  constructor(schema: string, tables: readonly string[]) {
    super(`the rows that arrived differ from the archive's in ${schema}: ${tables.join(', ')}`);
    this.name = 'ArrivedDifferentError';
  }
}

/** @throws SchemasDifferError, ArrivedDifferentError, RecoveryFailedError, ChangedMigrationError */
export async function stageHome(home: Home, parts: StageParts): Promise<Staged> {
  const { database, former, catalogue, erasures, at, tell } = parts;
  const levels = await levelsOf(former, catalogue, home);
  await tell(`makes the tables of ${home.schema}`);
  await database.session((session) => ensureStructure(session, levels.early));
  const loads = await loadsOf(home, parts);
  let rows = 0;
  const differing: string[] = [];
  for (const [number, load] of loads.entries()) {
    await tell(`loads ${home.schema}.${load.name} (${number + 1} of ${loads.length} tables)`);
    // What migrations have put there.
    if (load.isShared) await database.query(`delete from ${nameOf(home.beside, load)}`);
    await parts.bridge.copy(
      `copy (${selectOf(load)}) to stdout`,
      `copy ${nameOf(home.beside, load)} (${load.columns.map(ident).join(', ')}) from stdin`,
    );
    const arrived = await printOf(database, { ...load, schema: home.beside });
    const expected = await printOf(former, load);
    if (arrived.rows !== expected.rows || arrived.sum !== expected.sum) differing.push(load.name);
    rows += arrived.rows;
  }
  if (differing.length > 0) throw new ArrivedDifferentError(home.schema, [...new Set(differing)]);
  await advanceSequences(home, parts);
  await tell(`brings ${home.schema} to the present release`);
  await database.session((session) => ensureStructure(session, levels.now));
  const erasedAgain = await eraseAgain(database, home, erasures, at);
  await database.query(`analyze ${loads.map((load) => nameOf(home.beside, load)).join(', ') || 'pg_class'}`);
  return { rows, erasedAgain };
}

/** Of one table, the rows that come from one schema. */
interface Load {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
  /** Of these tenants. */
  readonly tenants: readonly string[];
  /** Belongs to no tenant: all rows. */
  readonly isShared: boolean;
}

async function loadsOf(home: Home, { database, former }: StageParts): Promise<readonly Load[]> {
  const to = { schema: home.beside, tables: await tenantTables(database, home.beside) };
  const loads: Load[] = [];
  const ours = await sharedTables(database, home.beside);
  // First: tenants' rows name theirs.
  for (const [name, columns] of await sharedTables(former, home.origin)) {
    if (ours.get(name)?.join() !== columns.join())
      throw new SchemasDifferError(home.origin, home.beside, name, 'its columns differ');
    loads.push({ schema: home.origin, name, columns, tenants: [], isShared: true });
  }
  for (const [schema, tenants] of home.sources) {
    const from = { schema, tables: await tenantTables(former, schema) };
    const tables = await fitting(from, to, (name) => hasRows(former, { schema, name, tenants }));
    loads.push(...tables.map(({ name, columns }) => ({ schema, name, columns, tenants, isShared: false })));
  }
  return loads;
}

/** Tables whose rows belong to nobody, with their columns. */
async function sharedTables(
  session: Session,
  schema: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await session.query<{ name: string; columns: string[] }>(
    `select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      where c.relnamespace = to_regnamespace($1) and c.relkind in ('r', 'p')
        and not exists (select from pg_attribute t where t.attrelid = c.oid and t.attname = 'tenant_id' and not t.attisdropped)
      group by c.relname order by c.relname`,
    [ident(schema)],
  );
  return new Map(rows.map(({ name, columns }) => [name, columns]));
}

async function hasRows(
  session: Session,
  { schema, name, tenants }: Pick<Load, 'schema' | 'name' | 'tenants'>,
): Promise<boolean> {
  const [row] = await session.query<{ found: boolean }>(
    `select exists (select from ${nameOf(schema, { name })} where tenant_id = any ($1::text[])) as found`,
    [tenants],
  );
  return row?.found === true;
}

interface Print {
  readonly rows: number;
  readonly sum: string;
}

/** How many rows, and a sum over them that does not depend on their order. */
async function printOf(database: Database, load: Load): Promise<Print> {
  return inTransaction(database, async (session) => {
    // The text of values depends on the session's settings.
    await session.query(`set local timezone = 'UTC'; set local datestyle = iso; set local intervalstyle = postgres;
      set local extra_float_digits = 1; set local statement_timeout = 0`);
    const [print] = await session.query<Print>(
      `select count(*)::float8 as rows, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text as sum from (${selectOf(load)}) t`,
    );
    return print ?? { rows: 0, sum: '0' };
  });
}

function selectOf({ schema, name, columns, tenants, isShared }: Load): string {
  const whose = isShared ? '' : ` where tenant_id = any (array[${tenants.map(literal).join(', ')}]::text[])`;
  return `select ${columns.map(ident).join(', ')} from ${nameOf(schema, { name })}${whose}`;
}

/** Numbers go on where they were then, or later. */
async function advanceSequences(home: Home, { database, former }: StageParts): Promise<void> {
  const reached = await former.query<{ name: string; last: string }>(
    `select sequencename::text as name, max(last_value)::text as last from pg_sequences
      where schemaname = any ($1::text[]) and last_value is not null group by sequencename`,
    [[home.origin, ...home.sources.keys()]],
  );
  for (const { name, last } of reached)
    await database.query(
      `select setval(s.oid, $3::bigint) from pg_class s where s.relkind = 'S' and s.relname = $2
        and s.relnamespace = to_regnamespace($1)`,
      [ident(home.beside), name, last],
    );
}

async function eraseAgain(database: Database, home: Home, erasures: Replay, since: Date): Promise<number> {
  const tenants = [...home.sources.values()].flat();
  return inTransaction(database, async (session) => {
    const erased = await session.query<{ tenant: string }>(
      `select distinct tenant_id as tenant from platform.operations
        where kind = 'erase' and tenant_id = any ($1::text[]) and coalesce(ended_at, clock_timestamp()) > $2`,
      [tenants, since],
    );
    let count = 0;
    for (const { tenant } of erased)
      count += await replayErasures(session, erasures, { tenant, schema: home.beside, since });
    return count;
  });
}

function nameOf(schema: string, { name }: Pick<Load, 'name'>): string {
  return `${ident(schema)}.${ident(name)}`;
}
