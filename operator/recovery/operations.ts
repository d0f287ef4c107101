/**
 * What somebody asked for and how far it came, in `platform.operations`: written before it is done, so that whoever is killed is
 * gone on with, and read by `kubectl shopmind`.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Database, Session } from '../provisioners/postgres/database.ts';
import { inTransaction } from '../provisioners/postgres/fence.ts';

export const KINDS = ['backup', 'restore', 'export', 'erase', 'drill', 'failover'] as const;
export type Kind = (typeof KINDS)[number];

const Operation = z.object({
  id: z.string(),
  kind: z.enum(KINDS),
  tenant: z.string().nullable(),
  arguments: z.record(z.string(), z.unknown()),
  state: z.enum(['Running', 'Succeeded', 'Failed']),
  step: z.string(),
  message: z.string(),
  result: z.record(z.string(), z.unknown()),
  startedAt: z.date(),
  updatedAt: z.date(),
  endedAt: z.date().nullable(),
  /** How long the tenant took no changes, or has not so far; 0 when it never did. */
  frozenMs: z.number(),
});
export type Operation = z.infer<typeof Operation>;

export interface Operations {
  /**
   * Goes on with the running one of the same tenant, kind and arguments, or begins one.
   * @param id given by who wants to repeat exactly this call, such as a Job
   * @throws BusyError
   */
  begin(wish: {
    readonly kind: Kind;
    readonly tenant?: string;
    readonly arguments: Readonly<Record<string, unknown>>;
    readonly id?: string;
  }): Promise<Operation>;
  get(id: string): Promise<Operation>;
  /** `undefined`: it was never begun. */
  find(id: string): Promise<Operation | undefined>;
  /** Writes down that it was asked for and not begun, and why. The same id begins no more. */
  refuse(
    wish: {
      readonly kind: Kind;
      readonly tenant?: string;
      readonly arguments: Readonly<Record<string, unknown>>;
      readonly id: string;
    },
    why: string,
  ): Promise<Operation>;
  /** The youngest first. */
  list(options: {
    readonly tenant?: string;
    readonly kinds?: readonly Kind[];
    readonly limit: number;
  }): Promise<readonly Operation[]>;
  /** Says what it is at; nothing depends on it. */
  tell(id: string, message: string): Promise<void>;
  end(
    id: string,
    state: 'Succeeded' | 'Failed',
    message: string,
    result?: Readonly<Record<string, unknown>>,
  ): Promise<void>;
}

/** Another operation has the tenant. */
export class BusyError extends Error {
  readonly remedy = 'wait for its end; if the command that began it was broken off, repeat that command';
  constructor(tenant: string, what: string) {
    super(`${tenant} cannot be worked on now: ${what}`);
    this.name = 'BusyError';
  }
}

/** The operation is not at the step this needs: somebody else has taken it on, or it has ended. */
export class OperationLostError extends Error {
  constructor(id: string, step: string) {
    super(`operation ${id} went on without us: ${step} was not done`);
    this.name = 'OperationLostError';
  }
}

const COLUMNS = `id, kind, tenant_id as tenant, arguments, state, step, message, result, started_at as "startedAt",
  updated_at as "updatedAt", ended_at as "endedAt",
  case when frozen_at is null then 0 when result ? 'frozenMs' then (result->>'frozenMs')::float8
    else 1000 * extract(epoch from clock_timestamp() - frozen_at) end::float8 as "frozenMs"`;

const UNIQUE_VIOLATION = '23505';

export function createOperations(database: Database): Operations {
  const find = async (id: string): Promise<Operation | undefined> => {
    const [row] = await database.query(`select ${COLUMNS} from platform.operations where id = $1`, [id]);
    return row === undefined ? undefined : Operation.parse(row);
  };
  const get = async (id: string): Promise<Operation> => {
    const found = await find(id);
    if (found === undefined) throw new Error(`there is no operation ${id}`);
    return found;
  };
  return {
    get,
    find,

    async refuse({ kind, tenant, arguments: args, id }, why) {
      await database.query(
        `insert into platform.operations (id, kind, tenant_id, arguments, state, step, message, ended_at)
          values ($1, $2, $3, $4::jsonb, 'Failed', 'Refused', $5, clock_timestamp()) on conflict (id) do nothing`,
        [id, kind, tenant ?? null, JSON.stringify(args), why],
      );
      return get(id);
    },

    async begin({ kind, tenant, arguments: args, id = newId(kind) }) {
      const [same] = await database.query(
        `select ${COLUMNS} from platform.operations where id = $1 or
          (state = 'Running' and kind = $2 and tenant_id is not distinct from $3 and arguments = $4::jsonb)`,
        [id, kind, tenant ?? null, JSON.stringify(args)],
      );
      if (same !== undefined) return Operation.parse(same);
      try {
        await inTransaction(database, async (session) => {
          if (tenant !== undefined) await refuseMoving(session, tenant);
          else if (kind === 'restore') await refuseAnything(session);
          await session.query(
            `insert into platform.operations (id, kind, tenant_id, arguments, state, step) values ($1, $2, $3, $4::jsonb, 'Running', 'Begun')`,
            [id, kind, tenant ?? null, JSON.stringify(args)],
          );
        });
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === UNIQUE_VIOLATION)
          throw new BusyError(tenant ?? 'the cluster', 'another restore or erasure is under way');
        throw error;
      }
      return get(id);
    },

    async list({ tenant, kinds = KINDS, limit }) {
      const rows = await database.query(
        `select ${COLUMNS} from platform.operations where ($1::text is null or tenant_id = $1) and kind = any ($2::text[])
          order by started_at desc limit $3`,
        [tenant ?? null, kinds, limit],
      );
      return rows.map((row) => Operation.parse(row));
    },

    async tell(id, message) {
      await database.query(
        `update platform.operations set message = $2, updated_at = clock_timestamp() where id = $1 and state = 'Running'`,
        [id, message],
      );
    },

    async end(id, state, message, result = {}) {
      await database.query(
        `update platform.operations set state = $2, message = $3, result = result || $4::jsonb,
          updated_at = clock_timestamp(), ended_at = clock_timestamp() where id = $1 and state = 'Running'`,
        [id, state, message, JSON.stringify(result)],
      );
    },
  };
}

/**
 * Holds the operation until the transaction ends.
 * @throws OperationLostError unless it is at one of `steps`
 */
export async function holding(session: Session, id: string, steps: readonly string[]): Promise<string> {
  const [row] = await session.query<{ step: string }>(
    `select step from platform.operations where id = $1 and state = 'Running' and step = any ($2::text[]) for update`,
    [id, steps],
  );
  if (row === undefined) throw new OperationLostError(id, steps.join(' or '));
  return row.step;
}

/** Writes the step down; within the transaction that holds the operation. */
export async function advance(
  session: Session,
  id: string,
  step: string,
  result: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await session.query(
    `update platform.operations set step = $2, result = result || $3::jsonb, updated_at = clock_timestamp() where id = $1`,
    [id, step, JSON.stringify(result)],
  );
}

/** Holds the tenant's row as a move's beginning does: of the two, one sees the other. */
async function refuseMoving(session: Session, tenant: string): Promise<void> {
  await session.query('select 1 from platform.tenants where id = $1 for update', [tenant]);
  const [move] = await session.query('select 1 from platform.moves where tenant_id = $1', [tenant]);
  if (move !== undefined) throw new BusyError(tenant, 'it moves to another placement');
  const [whole] = await session.query<{ id: string }>(WHOLE);
  if (whole !== undefined) throw new BusyError(tenant, `${whole.id} restores the whole cluster`);
}

/** A restore of the whole cluster that has not ended. */
const WHOLE = `select id from platform.operations where kind = 'restore' and tenant_id is null and state = 'Running'`;

/** A restore of the whole cluster opens and closes every tenant: it holds all their rows, as whoever begins anything with one of them does. */
async function refuseAnything(session: Session): Promise<void> {
  await session.query('select 1 from platform.tenants order by id for update');
  const [other] = await session.query<{ what: string }>(
    `select id as what from platform.operations where state = 'Running' and kind in ('restore', 'erase')
      union all select 'the move of ' || tenant_id from platform.moves limit 1`,
  );
  if (other !== undefined) throw new BusyError('the cluster', `${other.what} is under way`);
}

function newId(kind: Kind): string {
  return `${kind}-${randomBytes(5).toString('hex')}`;
}
