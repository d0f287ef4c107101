/**
 * A tenant's rows on their way between two schemas. The row in `platform.moves` says how far it came and is held by every
 * transaction that changes one of the tenant's rows, so that neither `kill -9` nor an operator that was thought dead does harm.
 * Steps in their order: begin, copy (beside the shop's own writes), freeze, settle, verify, switchOver, clean, end; or callOff.
 */
import { z } from 'zod';
import { copyWhole } from '../citus.ts';
import { ident } from '../database.ts';
import type { Database, Session } from '../database.ts';
import { POOL_SCHEMA } from '../desired.ts';
import { dropSchema } from '../destroy.ts';
import { isCitus } from '../observe.ts';
import { eraseRows } from '../erase.ts';
import { drained, freeze, inTransaction } from '../fence.ts';
import { filledOf, hasRows } from './filled.ts';
import { fingerprints, totalOf } from './fingerprints.ts';
import { BATCH, COMPARED_AT_ONCE, copyNext, settle, UNCHECKED } from './statements.ts';
import type { Way } from './statements.ts';
import { fitting, tenantTables } from '../tables.ts';
import type { TenantTable } from '../tables.ts';

/** What the database knows of a move. */
export interface MoveRecord extends Way {
  /** Rows live in `from` until `switched`, in `to` from then on. */
  readonly state: (typeof STATES)[number];
  readonly rows: number;
  readonly startedAt: Date;
  /** How long nothing could be written, or has not been so far; 0 before. */
  readonly frozenMs: number;
  /** Time since the switch; 0 before. */
  readonly switchedMs: number;
}

export interface Whereabouts {
  /** Schema of the tenant's rows, as the directory has it now; `undefined` for a tenant it does not know. */
  readonly home: string | undefined;
  readonly move: MoveRecord | undefined;
}

export interface Moves {
  find(tenant: string): Promise<Whereabouts>;
  /** Claims the way for the tenant; fine when it is claimed already. @throws TargetNotEmptyError, MoveLostError */
  begin(tenant: string, way: Way): Promise<void>;
  /** Copies for about `budgetMs`. @returns true once nothing is left but what the shop changes meanwhile */
  copy(tenant: string, budgetMs: number): Promise<boolean>;
  /** From now on nobody can write. @returns true once whoever was writing has ended */
  freeze(tenant: string): Promise<boolean>;
  /** Brings the target up to the frozen source. @returns rows that differed */
  settle(tenant: string): Promise<number>;
  /** Counts and checksums on both sides. @returns rows. @throws RowsDifferError after the tenant was thawed */
  verify(tenant: string): Promise<number>;
  /** The rows live in the target, and may be written there: one transaction. */
  switchOver(tenant: string): Promise<void>;
  /** Removes the rows that were left behind. @throws SourceChangedError when somebody wrote there after all */
  clean(tenant: string): Promise<readonly string[]>;
  /** The rows live in the source and may be written; the target's go. */
  callOff(tenant: string): Promise<void>;
  /** Removes what a move that was called off left in the target. */
  discard(tenant: string): Promise<readonly string[]>;
  /** Forgets the move. */
  end(tenant: string): Promise<void>;
  /** The tenant is deleted: removes whichever side its rows are not at, and forgets the move. */
  abandon(tenant: string): Promise<readonly string[]>;
  /** What would be done, in words and in order. Reads only. */
  plan(tenant: string, way: Way): Promise<readonly string[]>;
}

/** Rows of an earlier tenant of that name are where this one shall go. */
export class TargetNotEmptyError extends Error {
  readonly remedy: string;
  constructor(tenant: string, schema: string, table: string) {
    super(`${schema}.${table} has rows of ${tenant} already, from an earlier tenant of that name`);
    this.name = 'TargetNotEmptyError';
    this.remedy = 'remove them, or set spec.placement back';
  }
}

/** The move is not in the state this step needs: somebody else has taken it on, or it has ended. */
export class MoveLostError extends Error {
  constructor(tenant: string, step: string) {
    super(`the move of ${tenant} went on without us: ${step} was not done`);
    this.name = 'MoveLostError';
  }
}

/** A restore or an erasure has the tenant. */
class TenantBusyError extends Error {
  readonly remedy =
    'the move begins by itself once that has ended; a command that was broken off ends when it is repeated';
  constructor(tenant: string, operation: string) {
    super(`${tenant} cannot move while ${operation} is under way`);
    this.name = 'TenantBusyError';
  }
}

/** The copy is not what the source is. */
export class RowsDifferError extends Error {
  readonly remedy = 'nothing was switched and the shop is open; the copy is tried again';
  constructor(tables: readonly string[]) {
    super(`the copy differs from the source in ${tables.join(', ')}`);
    this.name = 'RowsDifferError';
  }
}

/** Somebody wrote into the rows left behind, past the fence; they are kept. */
export class SourceChangedError extends Error {
  readonly remedy =
    'compare both schemas, bring over what is missing, and set digest = null of its row in platform.moves to have the old rows removed';
  constructor(tenant: string, schema: string) {
    super(`rows of ${tenant} in ${schema} changed after they had moved`);
    this.name = 'SourceChangedError';
  }
}

const STATES = ['copying', 'frozen', 'switched', 'cleaning', 'aborting'] as const;

const Found = z.object({
  home: z.string().nullable(),
  from_schema: z.string().nullable(),
  to_schema: z.string().nullable(),
  state: z.enum(STATES).nullable(),
  rows: z.coerce.number().nullable(),
  started_at: z.date().nullable(),
  frozen_ms: z.number(),
  switched_ms: z.number(),
});

const FIND = `
select t.schema_name as home, m.from_schema, m.to_schema, m.state, m.rows, m.started_at,
  coalesce(1000 * extract(epoch from coalesce(m.switched_at, clock_timestamp()) - m.frozen_at), 0)::float8 as frozen_ms,
  coalesce(1000 * extract(epoch from clock_timestamp() - m.switched_at), 0)::float8 as switched_ms
from (select $1::text as id) asked
left join platform.tenants t on t.id = asked.id
left join platform.moves m on m.tenant_id = asked.id`;

/** @param onChange called after each change of the directory */
export function createMoves(database: Database, onChange: () => void): Moves {
  const whereabouts = async (session: Session, tenant: string): Promise<Whereabouts> => {
    const [row] = await session.query(FIND, [tenant]);
    const { home, from_schema, to_schema, state, rows, started_at, ...found } = Found.parse(row);
    const move =
      from_schema === null || to_schema === null || state === null || started_at === null
        ? undefined
        : {
            from: from_schema,
            to: to_schema,
            state,
            rows: rows ?? 0,
            startedAt: started_at,
            frozenMs: found.frozen_ms,
            switchedMs: found.switched_ms,
          };
    return { home: home ?? undefined, move };
  };

  const wayOf = async (session: Session, tenant: string, step: string): Promise<MoveRecord> => {
    const { move } = await whereabouts(session, tenant);
    if (move === undefined) throw new MoveLostError(tenant, step);
    return move;
  };

  const end = async (tenant: string): Promise<void> => {
    await database.query(
      `with ended as (
        delete from platform.moves where tenant_id = $1 and state in ('cleaning', 'aborting') returning tenant_id)
      update platform.tenants set other_schema = null, updated_at = clock_timestamp()
        where id in (select tenant_id from ended) returning pg_notify('tenants', id)`,
      [tenant],
    );
  };

  return {
    find: (tenant) => whereabouts(database, tenant),

    async begin(tenant, way) {
      await inTransaction(database, async (session) => {
        const [home] = await session.query<{ schema_name: string }>(
          'select schema_name from platform.tenants where id = $1 for update',
          [tenant],
        );
        const { move } = await whereabouts(session, tenant);
        if (move?.from === way.from && move.to === way.to && move.state === 'copying') return;
        if (move !== undefined || home?.schema_name !== way.from)
          throw new MoveLostError(tenant, 'the beginning');
        // Both close the tenant and open it again: whoever came second would open it too early.
        const [other] = await session.query<{ id: string }>(
          `select id from platform.operations where state = 'Running' and
            (tenant_id = $1 and kind in ('restore', 'erase') or tenant_id is null and kind = 'restore')`,
          [tenant],
        );
        if (other !== undefined) throw new TenantBusyError(tenant, other.id);
        const [taken] = await filledOf(session, way.to, await tenantTables(session, way.to), tenant);
        if (taken !== undefined) throw new TargetNotEmptyError(tenant, way.to, taken.name);
        await session.query(
          `insert into platform.moves (tenant_id, from_schema, to_schema, state) values ($1, $2, $3, 'copying')`,
          [tenant, way.from, way.to],
        );
        await session.query(
          `update platform.tenants set other_schema = $2, updated_at = clock_timestamp()
            where id = $1 returning pg_notify('tenants', id)`,
          [tenant, way.to],
        );
      });
    },

    async copy(tenant, budgetMs) {
      const until = performance.now() + budgetMs;
      const way = await wayOf(database, tenant, 'the copy');
      // Citus is copied in one go once the source stands still.
      if (await isCitus(database)) return true;
      const tables = await tablesOf(database, way, tenant);
      // Rounds, until one finds no table a whole batch behind. A table that is written to all the time is never copied to its end:
      // whoever waits for that waits as long as the shop sells.
      for (let isBehind = true; isBehind;) {
        isBehind = false;
        for (const table of await filledOf(database, way.from, tables, tenant)) {
          while (await copyBatch(database, way, table, tenant)) {
            isBehind = true;
            if (performance.now() > until) return false;
          }
        }
      }
      return true;
    },

    async freeze(tenant) {
      await inTransaction(database, async (session) => {
        const { from } = await held(session, tenant, ['copying', 'frozen'], 'the freeze');
        await session.query(
          `update platform.moves set state = 'frozen', frozen_at = coalesce(frozen_at, clock_timestamp()), digest = null
            where tenant_id = $1`,
          [tenant],
        );
        await setFrozen(session, tenant, from, true);
      });
      onChange();
      return drained(database, tenant);
    },

    async settle(tenant) {
      let changed = 0;
      await inTransaction(database, async (session) => {
        const way = await held(session, tenant, ['frozen'], 'the settling');
        const tables = await tablesOf(session, way, tenant);
        const citus = await isCitus(session);
        if (!citus) await session.query(`${UNCHECKED}; ${COMPARED_AT_ONCE}`);
        // The shop cannot write: what is empty on both sides stays so.
        const statements = citus
          ? copyWhole(way, tables)
          : settle(way, await filledOnEither(session, way, tables, tenant));
        for (const statement of statements) {
          const [answer] = await session.query<{ changed?: number }>(statement.text, [
            tenant,
            ...(statement.values ?? []),
          ]);
          changed += answer?.changed ?? 0;
        }
      });
      return changed;
    },

    async verify(tenant) {
      const { rows, differing } = await inTransaction(
        database,
        async (session) => {
          const way = await held(session, tenant, ['frozen'], 'the verification');
          const tables = await tablesOf(session, way, tenant);
          const source = await fingerprints(session, way.from, tables, tenant);
          const target = await fingerprints(session, way.to, tables, tenant);
          const digest = JSON.stringify(source);
          await session.query(
            `update platform.moves set digest = $2, rows = $3 where tenant_id = $1 and state = 'frozen'`,
            [tenant, digest, totalOf(source)],
          );
          return {
            rows: totalOf(source),
            differing: Object.keys(source).filter((table) => source[table]?.join() !== target[table]?.join()),
          };
        },
        'repeatable read',
      );
      if (differing.length === 0) return rows;
      await inTransaction(database, async (session) => {
        const { from } = await held(session, tenant, ['frozen'], 'the thaw');
        await session.query(
          `update platform.moves set state = 'copying', frozen_at = null, digest = null where tenant_id = $1`,
          [tenant],
        );
        await setFrozen(session, tenant, from, false);
      });
      onChange();
      throw new RowsDifferError(differing);
    },

    async switchOver(tenant) {
      await inTransaction(database, async (session) => {
        const way = await held(session, tenant, ['frozen', 'switched'], 'the switch');
        if (way.state === 'switched') return;
        const [moved] = await session.query(
          `update platform.moves set state = 'switched', switched_at = clock_timestamp()
            where tenant_id = $1 and digest is not null returning tenant_id`,
          [tenant],
        );
        const [home] = await session.query(
          `update platform.tenants set schema_name = $3, other_schema = $2, placement = $4, frozen = false,
            updated_at = clock_timestamp() where id = $1 and schema_name = $2 and frozen returning pg_notify('tenants', id)`,
          [tenant, way.from, way.to, way.to === POOL_SCHEMA ? 'pooled' : 'dedicated'],
        );
        if (moved === undefined || home === undefined) throw new MoveLostError(tenant, 'the switch');
      });
      onChange();
    },

    async clean(tenant) {
      const way = await inTransaction(
        database,
        async (session) => {
          const move = await held(session, tenant, ['switched', 'cleaning'], 'the cleaning');
          if (move.state === 'cleaning') return move;
          const tables = await tablesOf(session, move, tenant);
          const [kept] = await session.query<{ digest: string | null }>(
            'select digest from platform.moves where tenant_id = $1',
            [tenant],
          );
          const now = JSON.stringify(await fingerprints(session, move.from, tables, tenant));
          if (kept?.digest !== null && kept?.digest !== now) throw new SourceChangedError(tenant, move.from);
          await session.query(`update platform.moves set state = 'cleaning' where tenant_id = $1`, [tenant]);
          return move;
        },
        'repeatable read',
      );
      return removeSide(database, tenant, way.from, 'cleaning');
    },

    async callOff(tenant) {
      await inTransaction(database, async (session) => {
        const { from, state } = await held(
          session,
          tenant,
          ['copying', 'frozen', 'aborting'],
          'the calling off',
        );
        if (state === 'aborting') return;
        await session.query(`update platform.moves set state = 'aborting' where tenant_id = $1`, [tenant]);
        await setFrozen(session, tenant, from, false);
      });
      onChange();
    },

    async discard(tenant) {
      const { to } = await wayOf(database, tenant, 'the discarding');
      return removeSide(database, tenant, to, 'aborting');
    },

    end,

    async abandon(tenant) {
      const { from, to, state } = await inTransaction(database, async (session) => {
        const move = await held(session, tenant, STATES, 'the end');
        const last = move.state === 'switched' || move.state === 'cleaning' ? 'cleaning' : 'aborting';
        await session.query('update platform.moves set state = $2 where tenant_id = $1', [tenant, last]);
        return { ...move, state: last } as const;
      });
      const done = await removeSide(database, tenant, state === 'cleaning' ? from : to, state);
      await end(tenant);
      return done;
    },

    async plan(tenant, way) {
      const source = await tenantTables(database, way.from);
      const counts: [string, number][] = [];
      for (const { name } of source) {
        const [answer] = await database.query<{ count: number }>(
          `select count(*)::int as count from ${ident(way.from)}.${ident(name)} where tenant_id = $1`,
          [tenant],
        );
        if ((answer?.count ?? 0) > 0) counts.push([name, answer?.count ?? 0]);
      }
      return [
        ...counts.map(
          ([name, count]) => `COPY ${count} ROWS OF ${tenant} FROM ${way.from}.${name} TO ${way.to}.${name}`,
        ),
        `FREEZE TENANT ${tenant}`,
        `VERIFY ${counts.reduce((sum, [, count]) => sum + count, 0)} ROWS OF ${tenant} IN ${way.to}`,
        `UPDATE TENANT ${tenant} SET SCHEMA ${way.to}`,
        way.from === POOL_SCHEMA
          ? `DELETE ROWS OF ${tenant} FROM ${way.from}`
          : `DROP SCHEMA ${way.from} CASCADE; DROP ROLE ${way.from}`,
      ];
    },
  };
}

/** Holds the move until the transaction ends. @throws MoveLostError unless it is in one of `states` */
async function held(
  session: Session,
  tenant: string,
  states: readonly MoveRecord['state'][],
  step: string,
): Promise<Way & Pick<MoveRecord, 'state'>> {
  const [row] = await session.query<{ from_schema: string; to_schema: string; state: MoveRecord['state'] }>(
    'select from_schema, to_schema, state from platform.moves where tenant_id = $1 and state = any ($2::text[]) for update',
    [tenant, states],
  );
  if (row === undefined) throw new MoveLostError(tenant, step);
  return { from: row.from_schema, to: row.to_schema, state: row.state };
}

async function setFrozen(session: Session, tenant: string, schema: string, frozen: boolean): Promise<void> {
  if (!(await freeze(session, tenant, schema, frozen)))
    throw new MoveLostError(tenant, frozen ? 'the freeze' : 'the thaw');
}

/** @returns whether the table had a whole batch, and so may have another */
async function copyBatch(database: Database, way: Way, table: TenantTable, tenant: string): Promise<boolean> {
  const { seen, copied } = await inTransaction(database, async (session) => {
    const now = await held(session, tenant, ['copying'], 'a part of the copy');
    if (now.from !== way.from || now.to !== way.to) throw new MoveLostError(tenant, 'a part of the copy');
    await session.query(UNCHECKED);
    const fresh = !(await hasRows(session, way.to, table.name, tenant));
    const [answer] = await session.query<{ seen: number; copied: number }>(copyNext(way, table, fresh), [
      tenant,
    ]);
    await session.query('update platform.moves set rows = rows + $2 where tenant_id = $1', [
      tenant,
      answer?.copied ?? 0,
    ]);
    return answer ?? { seen: 0, copied: 0 };
  });
  // What a unique key kept out comes with the settling, when the row that held it is gone: a batch of nothing else would come again.
  return seen === BATCH && copied > 0 && table.key.length > 0;
}

/** The tables that rows move in. @throws SchemasDifferError */
async function tablesOf(session: Session, way: Way, tenant: string): Promise<readonly TenantTable[]> {
  const from = { schema: way.from, tables: await tenantTables(session, way.from) };
  const to = { schema: way.to, tables: await tenantTables(session, way.to) };
  return fitting(from, to, (table) => hasRows(session, way.from, table, tenant));
}

async function filledOnEither(
  session: Session,
  { from, to }: Way,
  tables: readonly TenantTable[],
  tenant: string,
): Promise<readonly TenantTable[]> {
  const either = new Set([
    ...(await filledOf(session, from, tables, tenant)),
    ...(await filledOf(session, to, tables, tenant)),
  ]);
  return tables.filter((table) => either.has(table));
}

/** Removes one side of a move: the tenant's rows of the pool, or a dedicated schema with its role. */
async function removeSide(
  database: Database,
  tenant: string,
  schema: string,
  state: 'cleaning' | 'aborting',
): Promise<readonly string[]> {
  if (schema !== POOL_SCHEMA)
    return dropSchema(
      database,
      schema,
      async (session) => void (await held(session, tenant, [state], 'a drop')),
    );
  const done: string[] = [];
  const tables = await inTransaction(database, async (session) => {
    await held(session, tenant, [state], 'the cleaning');
    return filledOf(session, schema, await tenantTables(session, schema), tenant);
  });
  for (const table of tables.toReversed()) {
    const count = await eraseRows(
      database,
      (work) =>
        inTransaction(database, async (session) => {
          await held(session, tenant, [state], 'a part of the cleaning');
          return work(session);
        }),
      { schema, table, tenant },
    );
    if (count > 0) done.push(`DELETE ${count} ROWS FROM ${schema}.${table.name}`);
  }
  return done;
}
