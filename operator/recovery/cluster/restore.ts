/**
 * Every shop's rows as they were, in place of what they are: all schemas are made anew beside the living ones from the archive, compared,
 * and exchanged for them by their names in one transaction, while nobody may write. The database itself, its logins, the directory of
 * tenants and the table of operations stay, so that what was done to the cluster is not forgotten by it.
 */
import { z } from 'zod';
import { ident, isTransient, openDatabase } from '../../provisioners/postgres/database.ts';
import type { Database, Session } from '../../provisioners/postgres/database.ts';
import { POOL_SCHEMA } from '../../provisioners/postgres/desired.ts';
import type { Catalogue } from '../../provisioners/postgres/desired.ts';
import { drained, freezeAll, inTransaction } from '../../provisioners/postgres/fence.ts';
import { UNCHECKED } from '../../provisioners/postgres/move/statements.ts';
import { isCitus } from '../../provisioners/postgres/observe.ts';
import { tenantTables } from '../../provisioners/postgres/tables.ts';
import { RecoveryFailedError } from '../beside/server.ts';
import { advance, holding, OperationLostError } from '../operations.ts';
import type { Operation, Operations } from '../operations.ts';
import type { Replay } from '../subjects/memory.ts';
import { abandon, ABANDONED, stagingOf, waitsForPeople } from '../tenant/restore.ts';
import { openBridge } from './copy.ts';
import { homesOf } from './homes.ts';
import { stageHome } from './stage.ts';

export interface ClusterParts {
  readonly database: Database;
  /** Superuser's URL of the same database. */
  readonly url: string;
  readonly operations: Operations;
  /** What this release makes of a schema. */
  readonly catalogue: Catalogue;
  /** The moment. */
  readonly at: Date;
  /** Opens the cluster as it was then; asked only while the rows have not arrived. */
  readonly open: () => Promise<{ readonly url: string; close(): Promise<void> }>;
  /** Who was erased since is erased from what comes back, before anybody sees it. */
  readonly erasures: Replay;
  readonly onProgress?: (what: string) => void;
}

/**
 * Takes the operation to its end, from wherever it is. Safe to be killed in and to be called again.
 * @returns the ended operation, or one that lies beside, where people decide
 * @throws what may work by itself later: the operation goes on running
 */
export async function restoreCluster({ id }: Operation, parts: ClusterParts): Promise<Operation> {
  const { database, operations } = parts;
  try {
    for (;;) {
      const now = await operations.get(id);
      if (now.state !== 'Running' || waitsForPeople(now)) return now;
      if (now.step === 'Begun') await stage(now, parts);
      else if (now.step === 'Staged') await close(now, parts);
      else if (now.step === 'Frozen') await exchange(now, parts);
      else if (now.step === ABANDONED) await giveUp(id, parts, 'it was called off');
      else await finish(now, parts);
    }
  } catch (error) {
    const now = await operations.get(id);
    if (now.state !== 'Running') {
      // Called off under our hands: what we were loading nobody wants.
      await dropSchemas(database, prefixOf(id));
      return now;
    }
    // Somebody else goes on with it, or will: us, when it is tried again.
    if (isTransient(error) || error instanceof OperationLostError) throw error;
    await giveUp(id, parts, error instanceof Error ? error.message : String(error));
    return operations.get(id);
  }
}

/**
 * Calls it off, wherever whoever worked on it died: shops are open again, with the rows they have. Safe to repeat.
 * @throws TooLateError once the schemas are exchanged
 */
export async function abortCluster(
  { id }: Operation,
  parts: Pick<ClusterParts, 'database' | 'operations'>,
  why: string,
): Promise<Operation> {
  const now = await parts.operations.get(id);
  if (now.state === 'Running') await giveUp(id, parts, why);
  return parts.operations.get(id);
}

/** Of the names of all schemas that the operation makes. */
function prefixOf(id: string): string {
  return stagingOf(id);
}

async function stage({ id, arguments: { mode } }: Operation, parts: ClusterParts): Promise<void> {
  const { database, url, operations, at, onProgress = () => undefined } = parts;
  if (await isCitus(database))
    throw new RecoveryFailedError(
      'on Citus each node has a history of its own, and they are not restored together',
      'restore tenant by tenant: kubectl shopmind restore TENANT --to …',
    );
  // What shops would take from now on would be lost: better that nobody gives it. Who wants to look first keeps them open.
  if (mode !== 'beside') await freezeIn(database, id, ['Begun']);
  const tell = async (what: string): Promise<void> => {
    onProgress(what);
    await operations.tell(id, what);
  };
  const prefix = prefixOf(id);
  await dropSchemas(database, prefix);
  const copy = await parts.open();
  try {
    const former = await openDatabase(copy.url, { max: 2 });
    const bridge = await openBridge(copy.url, url);
    try {
      const { homes, tenants, younger } = await homesOf(database, former, prefix);
      let [rows, erasedAgain] = [0, 0];
      for (const home of homes) {
        const staged = await stageHome(home, { ...parts, former, bridge, at, tell });
        rows += staged.rows;
        erasedAgain += staged.erasedAgain;
      }
      await inTransaction(database, async (session) => {
        await holding(session, id, ['Begun']);
        const schemas = homes.map(({ schema, beside, former: out }) => ({ schema, beside, former: out }));
        await advance(session, id, 'Staged', { schemas, tenants, younger, rows, erasedAgain });
      });
      await operations.tell(id, `${rows.toLocaleString('en')} rows of ${tenants.length} tenants lie beside`);
    } finally {
      await bridge.close();
      await former.close();
    }
  } finally {
    await copy.close();
  }
}

/** From now on nobody can write, tenants that came meanwhile neither. */
async function close({ id }: Operation, { database }: ClusterParts): Promise<void> {
  await freezeIn(database, id, ['Staged'], 'Frozen');
}

async function freezeIn(
  database: Database,
  id: string,
  steps: readonly string[],
  next?: string,
): Promise<void> {
  await inTransaction(database, async (session) => {
    await holding(session, id, steps);
    await session.query(
      'update platform.operations set frozen_at = coalesce(frozen_at, clock_timestamp()) where id = $1',
      [id],
    );
    await freezeAll(session, true);
    if (next !== undefined) await advance(session, id, next);
  });
}

/** Gives what lies beside the living schemas' names, and opens the shops: one transaction. */
async function exchange(operation: Operation, { database, operations }: ClusterParts): Promise<void> {
  const { id } = operation;
  const { schemas, tenants } = stagedOf(operation);
  const living = await database.query<{ id: string }>('select id from platform.tenants order by id');
  for (const { id: tenant } of living)
    while (!(await drained(database, tenant)))
      await operations.tell(id, `waits for who is still writing ${tenant}`);
  await inTransaction(database, async (session) => {
    await holding(session, id, ['Frozen']);
    // Whoever opens a shop again waits for us, and so does who takes one off the directory.
    const homes = await session.query<{ id: string; schema: string }>(
      'select id, schema_name as schema from platform.tenants order by id for update',
    );
    const there = new Set(homes.map((home) => home.id));
    const inUse = new Set([POOL_SCHEMA, ...homes.map(({ schema }) => schema)]);
    const gone = tenants.filter((tenant) => !there.has(tenant));
    for (const one of schemas) {
      if (!inUse.has(one.schema)) continue;
      if (gone.length > 0) await removeTenants(session, one.beside, gone);
      await takeOver(session, one);
    }
    await freezeAll(session, false);
    const [ended] = await session.query<{ at: Date; frozen: number }>(
      `select clock_timestamp() as at, 1000 * extract(epoch from clock_timestamp() - frozen_at)::float8 as frozen
        from platform.operations where id = $1`,
      [id],
    );
    await advance(session, id, 'Exchanged', {
      frozenMs: Math.round(ended?.frozen ?? 0),
      // The way back: the archive has what was there before.
      exchangedAt: ended?.at.toISOString() ?? '',
    });
  });
}

/** Tables keep their rights, policies and keys: these go by the table, not by its name. */
async function takeOver(session: Session, { schema, beside, former }: StagedSchema): Promise<void> {
  // Numbers that were given out since are not given out again.
  await session.query(
    `select setval(b.oid, greatest(l.last_value, m.last_value)) from pg_sequences l
       join pg_sequences m on m.sequencename = l.sequencename and m.schemaname = $2
       join pg_class b on b.relkind = 'S' and b.relname = l.sequencename and b.relnamespace = to_regnamespace($3)
      where l.schemaname = $1 and l.last_value is not null`,
    [schema, beside, ident(beside)],
  );
  const [living] = await session.query<{ there: boolean }>(
    'select to_regnamespace($1) is not null as there',
    [ident(schema)],
  );
  if (living?.there === true) await session.query(`alter schema ${ident(schema)} rename to ${ident(former)}`);
  await session.query(`alter schema ${ident(beside)} rename to ${ident(schema)}`);
  await session.query('delete from platform.migrations where schema_name = $1', [schema]);
  await session.query('update platform.migrations set schema_name = $1 where schema_name = $2', [
    schema,
    beside,
  ]);
}

/** Shops that were deleted while their rows were loaded. */
async function removeTenants(session: Session, schema: string, tenants: readonly string[]): Promise<void> {
  await session.query(UNCHECKED);
  for (const { name } of await tenantTables(session, schema))
    await session.query(`delete from ${ident(schema)}.${ident(name)} where tenant_id = any ($1::text[])`, [
      tenants,
    ]);
}

async function finish(operation: Operation, { database, operations }: ClusterParts): Promise<void> {
  const { id, result } = operation;
  const { tenants, younger } = stagedOf(operation);
  await dropSchemas(database, prefixOf(id));
  const without =
    younger.length === 0
      ? ''
      : `; there were none then of ${younger.length} that were made since: ${younger.slice(0, 10).join(', ')}${younger.length > 10 ? ', …' : ''}`;
  await operations.end(
    id,
    'Succeeded',
    `${Number(result['rows']).toLocaleString('en')} rows of ${tenants.length} tenants are as they were, and the shops are open${without}. ` +
      'Objects, topics and indexes are as they are: docs/recovery.md says what to do about each. ' +
      `The way back is a restore to a moment before ${String(result['exchangedAt'])}`,
  );
}

/** The shops are opened as they were; what was loaded goes. */
async function giveUp(
  id: string,
  { database, operations }: Pick<ClusterParts, 'database' | 'operations'>,
  why: string,
): Promise<void> {
  await inTransaction(database, async (session) => {
    await abandon(session, id);
    await freezeAll(session, false);
  });
  await dropSchemas(database, prefixOf(id));
  await operations.end(id, 'Failed', why);
}

/** One after the other: each takes a lock for every table and index it has. */
async function dropSchemas(database: Database, prefix: string): Promise<void> {
  const found = await database.query<{ name: string }>(
    'select nspname::text as name from pg_namespace where starts_with(nspname, $1) order by 1',
    [`${prefix}_`],
  );
  for (const { name } of found) await database.query(`drop schema if exists ${ident(name)} cascade`);
  await database.query('delete from platform.migrations where starts_with(schema_name, $1)', [`${prefix}_`]);
}

const StagedSchema = z.object({ schema: z.string(), beside: z.string(), former: z.string() });
type StagedSchema = z.infer<typeof StagedSchema>;

const Staged = z.object({
  schemas: z.array(StagedSchema),
  tenants: z.array(z.string()),
  younger: z.array(z.string()),
});

/** As `stage` wrote it down. */
function stagedOf({ result }: Operation): z.infer<typeof Staged> {
  return Staged.parse(result);
}
