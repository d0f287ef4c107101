/**
 * One tenant's rows as they were, in place of what they are, while every other tenant goes on: load them beside the living ones,
 * compare, close the tenant for a moment, exchange what differs in one transaction, open it again.
 */
import { isTransient, ident } from '../../provisioners/postgres/database.ts';
import type { Database, Session } from '../../provisioners/postgres/database.ts';
import { copyWhole } from '../../provisioners/postgres/citus.ts';
import { drained, freeze, inTransaction } from '../../provisioners/postgres/fence.ts';
import { fingerprints, totalOf } from '../../provisioners/postgres/move/fingerprints.ts';
import type { Fingerprints } from '../../provisioners/postgres/move/fingerprints.ts';
import { COMPARED_AT_ONCE, settle, UNCHECKED } from '../../provisioners/postgres/move/statements.ts';
import { SchemasDifferError, tenantTables } from '../../provisioners/postgres/tables.ts';
import type { TenantTable } from '../../provisioners/postgres/tables.ts';
import { advance, holding, OperationLostError } from '../operations.ts';
import type { Operation, Operations } from '../operations.ts';
import { replayErasures } from '../subjects/memory.ts';
import type { Replay } from '../subjects/memory.ts';
import type { RowSource } from './source.ts';

/**
 * How far a restore goes by itself. `beside`: the rows stay in tables of their own, for people to look at, until somebody says
 * `swap` or calls it off.
 */
export type Mode = 'swap' | 'beside';

export interface RestoreParts {
  readonly database: Database;
  readonly operations: Operations;
  /** Opens where the rows come from; asked only while they have not arrived. */
  readonly open: () => Promise<{ readonly source: RowSource; close(): Promise<void> }>;
  /** Who was erased since is erased from what comes back, before anybody sees it. */
  readonly erasures: Replay;
  readonly onProgress?: (what: string) => void;
}

/** It cannot be called off any more, or taken further. */
export class TooLateError extends Error {
  readonly remedy: string;
  constructor(id: string, what: string, remedy: string) {
    super(`${id} ${what}`);
    this.name = 'TooLateError';
    this.remedy = remedy;
  }
}

/** What arrived is not what the source has. */
export class RowsDifferError extends Error {
  readonly remedy = 'nothing was changed; try again, and report it if it happens twice';
  constructor(tables: readonly string[]) {
    super(`the rows that arrived differ from the source in ${tables.join(', ')}`);
    this.name = 'RowsDifferError';
  }
}

/**
 * Takes the operation to its end, from wherever it is. Safe to be killed in and to be called again.
 * @returns the ended operation, Succeeded or Failed
 * @throws what may work by itself later: the operation goes on running
 */
export async function restoreTenant(operation: Operation, parts: RestoreParts): Promise<Operation> {
  const { database, operations } = parts;
  const work = workOf(operation);
  const { id } = operation;
  try {
    for (;;) {
      const now = await operations.get(id);
      const { step } = now;
      if (now.state !== 'Running' || waitsForPeople(now)) return now;
      if (step === 'Begun') await stage(work, parts);
      else if (step === 'Staged') await close(work, parts);
      else if (step === 'Frozen') await exchange(work, parts);
      else if (step === ABANDONED) await giveUp(work, parts, 'it was called off');
      else {
        await dropStaging(database, work.staging);
        await operations.end(id, 'Succeeded', 'the rows are as they were, and the shop is open');
      }
    }
  } catch (error) {
    const now = await operations.get(id);
    if (now.state !== 'Running') {
      // Called off under our hands: what we were loading nobody wants.
      await dropStaging(database, work.staging);
      return now;
    }
    // Somebody else goes on with it, or will: us, when it is tried again.
    if (isTransient(error) || error instanceof OperationLostError) throw error;
    await giveUp(work, parts, error instanceof Error ? error.message : String(error));
    return operations.get(id);
  }
}

/** Whether the rows lie beside, and what happens next is for people to say. */
export function waitsForPeople({ state, step, arguments: { mode } }: Operation): boolean {
  return state === 'Running' && step === 'Staged' && mode === 'beside';
}

/** Takes rows that lie beside further: whoever works on it next puts them in place. @throws TooLateError */
export async function swapIn(database: Database, id: string): Promise<void> {
  const [row] = await database.query(
    `update platform.operations set arguments = arguments || '{"mode": "swap"}' where id = $1 and state = 'Running' returning 1`,
    [id],
  );
  if (row === undefined)
    throw new TooLateError(id, 'has ended', 'restore again, with --swap: its rows are gone');
}

/**
 * Calls a restore off, wherever whoever worked on it died: the tenant is open again, with the rows it has.
 * Safe to repeat.
 * @throws TooLateError once the rows are exchanged
 */
export async function abortRestore(
  operation: Operation,
  parts: Pick<RestoreParts, 'database' | 'operations'>,
  why: string,
): Promise<Operation> {
  const { operations } = parts;
  const work = workOf(operation);
  const now = await operations.get(operation.id);
  if (now.state !== 'Running') return now;
  await giveUp(work, parts, why);
  return operations.get(operation.id);
}

/** Step of one that is being called off. */
export const ABANDONED = 'Abandoned';

/**
 * Whoever still works on it finds the step gone. Of a tenant's restore and of the whole cluster's.
 * @returns the step it was at
 * @throws TooLateError once the rows are in place
 */
export async function abandon(session: Session, id: string): Promise<string> {
  const step = await holding(session, id, ['Begun', 'Staged', 'Frozen', 'Exchanged', ABANDONED]);
  if (step === 'Exchanged')
    throw new TooLateError(
      id,
      'has put the rows in place already',
      'restore to the moment before it: its message says when that was',
    );
  await advance(session, id, ABANDONED);
  return step;
}

interface Work {
  readonly id: string;
  readonly tenant: string;
  readonly staging: string;
}

function workOf({ id, tenant }: Pick<Operation, 'id' | 'tenant'>): Work {
  if (tenant === null) throw new Error(`operation ${id} names no tenant`);
  return { id, tenant, staging: stagingOf(id) };
}

/** Schema in which the rows lie beside. */
export function stagingOf(id: string): string {
  return `restore_${id.replaceAll(/[^a-z0-9]/g, '_')}`;
}

/** Loads the rows into tables of their own, and compares them with what the source says. */
async function stage({ id, tenant, staging }: Work, parts: RestoreParts): Promise<void> {
  const { database, operations, open, erasures, onProgress = () => undefined } = parts;
  const tell = async (what: string): Promise<void> => {
    onProgress(what);
    await operations.tell(id, what);
  };
  const { source, close: done } = await open();
  try {
    await dropStaging(database, staging);
    const schema = await homeOf(database, tenant);
    const counts = await source.counts();
    const tables = await fittingTables(database, schema, source, counts);
    await makeStaging(database, schema, staging, tables);
    for (const table of tables) {
      if (counts[table.name] === undefined) continue;
      await tell(`loads ${counts[table.name]?.toLocaleString('en')} rows of ${table.name} ${source.name}`);
      for await (const batch of source.rows(table.name)) await load(database, staging, table, batch);
    }
    await tell('compares what arrived');
    const arrived = await inTransaction(database, (session) =>
      fingerprints(session, staging, tables, tenant),
    );
    const expected = await source.prints(tables);
    const differing = differences(arrived, expected, counts);
    if (differing.length > 0) throw new RowsDifferError(differing);
    await inTransaction(database, async (session) => {
      await holding(session, id, ['Begun']);
      const since = source.at;
      const erased = await replayErasures(session, erasures, { tenant, schema: staging, since });
      const kept = erased === 0 ? arrived : await fingerprints(session, staging, tables, tenant);
      await advance(session, id, 'Staged', {
        schema,
        source: source.name,
        rows: totalOf(kept),
        erasedAgain: erased,
        digest: digestOf(kept),
      });
    });
  } finally {
    await done();
  }
}

/** From now on nobody can write. */
async function close({ id, tenant }: Work, { database }: RestoreParts): Promise<void> {
  await inTransaction(database, async (session) => {
    await holding(session, id, ['Staged']);
    await session.query(
      'update platform.operations set frozen_at = coalesce(frozen_at, clock_timestamp()) where id = $1',
      [id],
    );
    const schema = await homeOf(session, tenant);
    if (!(await freeze(session, tenant, schema, true))) throw new OperationLostError(id, 'the freeze');
    await advance(session, id, 'Frozen');
  });
}

/** Makes the living rows those that were loaded, and opens the tenant: one transaction, which is undone if the two differ. */
async function exchange(
  { id, tenant, staging }: Work,
  { database, operations }: RestoreParts,
): Promise<void> {
  while (!(await drained(database, tenant))) await operations.tell(id, 'waits for who is still writing');
  await inTransaction(database, async (session) => {
    await holding(session, id, ['Frozen']);
    const schema = await homeOf(session, tenant);
    const tables = await tenantTables(session, schema);
    const way = { from: staging, to: schema };
    // Tables without a staged counterpart had nothing to be loaded from: `stage` would have failed otherwise.
    const citus = await isCitus(session);
    if (!citus) await session.query(`${UNCHECKED}; ${COMPARED_AT_ONCE}`);
    let changed = 0;
    for (const statement of citus ? copyWhole(way, tables) : settle(way, tables)) {
      const [answer] = await session.query<{ changed?: number }>(statement.text, [
        tenant,
        ...(statement.values ?? []),
      ]);
      changed += answer?.changed ?? 0;
    }
    const now = digestOf(await fingerprints(session, schema, tables, tenant));
    const { digest } = (await operationResult(session, id)) as { digest?: unknown };
    if (now !== digest) throw new RowsDifferError([schema]);
    if (!(await freeze(session, tenant, schema, false))) throw new OperationLostError(id, 'the opening');
    const [ended] = await session.query<{ at: Date; frozen: number }>(
      `select clock_timestamp() as at, 1000 * extract(epoch from clock_timestamp() - frozen_at)::float8 as frozen
        from platform.operations where id = $1`,
      [id],
    );
    await advance(session, id, 'Exchanged', {
      changed,
      frozenMs: Math.round(ended?.frozen ?? 0),
      // The way back: the log has what was there before.
      exchangedAt: ended?.at.toISOString() ?? '',
    });
  });
}

/** The tenant is opened as it was; what was loaded goes. */
async function giveUp(
  { id, tenant, staging }: Work,
  { database, operations }: Pick<RestoreParts, 'database' | 'operations'>,
  why: string,
): Promise<void> {
  await inTransaction(database, async (session) => {
    const step = await abandon(session, id);
    if (step === 'Frozen') await freeze(session, tenant, await homeOf(session, tenant), false);
  });
  await dropStaging(database, staging);
  await operations.end(id, 'Failed', why);
}

/** @throws SchemasDifferError when rows would be lost, or could not be as they were */
async function fittingTables(
  database: Database,
  schema: string,
  source: RowSource,
  counts: Readonly<Record<string, number>>,
): Promise<readonly TenantTable[]> {
  const living = await tenantTables(database, schema);
  const former = await source.tables();
  const known = new Map(living.map((table) => [table.name, table]));
  for (const name of Object.keys(counts)) {
    const now = known.get(name);
    if (now === undefined) throw new SchemasDifferError(source.name, schema, name, 'there is no such table');
    const then = former.find((table) => table.name === name);
    if (then !== undefined && then.shape !== now.shape)
      throw new SchemasDifferError(source.name, schema, name, 'its columns have changed since');
  }
  return living;
}

async function makeStaging(
  database: Database,
  schema: string,
  staging: string,
  tables: readonly TenantTable[],
): Promise<void> {
  const statements = tables.flatMap(({ name, key }) => {
    const at = `${ident(staging)}.${ident(name)}`;
    return [
      // Unlogged: what a crash takes is loaded again, and the sums tell.
      `create unlogged table ${at} (like ${ident(schema)}.${ident(name)} including generated)`,
      `alter table ${at} add primary key (${['tenant_id', ...key].map(ident).join(', ')})`,
    ];
  });
  await database.query([`create schema ${ident(staging)}`, ...statements].join('; '));
}

async function load(
  database: Database,
  staging: string,
  table: TenantTable,
  batch: readonly string[],
): Promise<void> {
  const columns = table.columns.map(ident).join(', ');
  await database.query(
    `insert into ${ident(staging)}.${ident(table.name)} (${columns})
      select ${columns} from json_populate_recordset(null::${ident(staging)}.${ident(table.name)}, $1::json)`,
    [`[${batch.join(',')}]`],
  );
}

function differences(
  arrived: Fingerprints,
  expected: Fingerprints | undefined,
  counts: Readonly<Record<string, number>>,
): readonly string[] {
  return Object.entries(arrived)
    .filter(([table, [rows, sum]]) => {
      const theirs = expected?.[table];
      return rows !== (counts[table] ?? 0) || (theirs !== undefined && theirs[1] !== sum);
    })
    .map(([table]) => table);
}

/** One text for equal rows. */
function digestOf(prints: Fingerprints): string {
  return JSON.stringify(Object.entries(prints).filter(([, [rows]]) => rows > 0));
}

async function operationResult(session: Session, id: string): Promise<Readonly<Record<string, unknown>>> {
  const [row] = await session.query<{ result: Record<string, unknown> }>(
    'select result from platform.operations where id = $1',
    [id],
  );
  return row?.result ?? {};
}

/** Schema of the tenant's rows now. */
async function homeOf(session: Session, tenant: string): Promise<string> {
  const [home] = await session.query<{ schema_name: string }>(
    'select schema_name from platform.tenants where id = $1',
    [tenant],
  );
  if (home === undefined)
    throw new Error(`there is no tenant ${tenant}: create it again, then restore into it`);
  return home.schema_name;
}

async function dropStaging(database: Database, staging: string): Promise<void> {
  await database.query(`drop schema if exists ${ident(staging)} cascade`);
}

async function isCitus(session: Session): Promise<boolean> {
  const [answer] = await session.query<{ citus: boolean }>(
    `select exists (select from pg_extension where extname = 'citus') as citus`,
  );
  return answer?.citus === true;
}
