/**
 * The tasks port on PostgreSQL: workers claim due rows of one tenant with SKIP LOCKED, under a lease and a fence.
 *
 * A claim's fence must still hold when it ends: a worker that was thought dead can neither complete nor fail a task
 * that another one has since taken. Leases are renewed while the handler runs. A task that used up its attempts stays as
 * `dead`, with its last error, until someone looks. Waiting tasks wake by a timer, by NOTIFY, or by the sweep.
 */
import type { Logger } from 'pino';
import type { TaskDefinition } from '../definition.ts';
import { ShopError } from '../errors.ts';
import type { Clock, NewTask, TaskHandler, Tasks, TenantId } from '../ports.ts';
import { createPump } from '../pump.ts';
import type { PostgresSql } from '../sql/postgres.ts';

export interface TaskQueueOptions {
  readonly sql: PostgresSql;
  readonly clock: Clock;
  readonly log: Logger;
  /** Every task this process may work on. */
  readonly definitions: readonly TaskDefinition[];
  readonly serves?: (tenant: TenantId) => boolean;
  /** How often to look for work nobody told of, and for claims whose worker died. Default 2 s. */
  readonly sweepMilliseconds?: number;
  /** The first pause after a failure; it doubles, up to five minutes. Default 1 s. */
  readonly firstPauseMilliseconds?: number;
  /** Tasks of one tenant that run at once. Default 8. */
  readonly perTenant?: number;
  /** Tasks of this process that run at once. Default 32. */
  readonly atOnce?: number;
}

export interface TaskQueue extends Tasks {
  /** Resolves when no task is due and none runs: for tests and orderly shutdown. */
  settled(): Promise<void>;
  /** Tasks by name and state over all tenants this role can see. */
  counts(): Promise<readonly { name: string; state: string; count: number }[]>;
}

const CHANNEL = 'shopmind_tasks';

interface Claim {
  readonly id: string;
  readonly name: string;
  readonly payload: unknown;
  readonly attempts: number;
  readonly fence: number;
}

export function createTaskQueue(options: TaskQueueOptions): TaskQueue {
  const { sql, clock, log } = options;
  const serves = options.serves ?? (() => true);
  const perTenant = options.perTenant ?? 8;
  const firstPause = options.firstPauseMilliseconds ?? 1_000;
  const definitions = new Map(options.definitions.map((definition) => [definition.name, definition]));
  const handlers = new Map<string, TaskHandler>();
  const alarms = new Map<TenantId, { at: number; timer: NodeJS.Timeout }>();
  const running = new Map<TenantId, Set<Promise<void>>>();
  const starved = new Set<TenantId>();
  const atOnce = options.atOnce ?? 32;
  const stopping = new AbortController();
  let closed = false;
  let listening: Promise<void> | undefined;

  const pump = createPump({ name: 'tasks', concurrency: 4, log, run: drain });

  sql.onCommit(({ tenant, tasks }) => {
    if (tasks.length === 0 || !serves(tenant)) return;
    wake(tenant, tasks);
  });

  function wake(tenant: TenantId, tasks: readonly NewTask[]): void {
    const now = clock.now().getTime();
    const mine = tasks.filter((task) => handlers.has(task.name));
    for (const task of mine) {
      if (task.runAt === undefined || task.runAt.getTime() <= now) pump.kick(tenant);
      else remember(tenant, task.runAt.getTime());
    }
    if (mine.length < tasks.length) {
      sql
        .notify(CHANNEL, tenant)
        .catch((error: unknown) => log.debug({ err: error }, 'notify failed; the sweep will tell'));
    }
  }

  /** One timer a tenant, for its earliest task. */
  function remember(tenant: TenantId, at: number): void {
    const known = alarms.get(tenant);
    if (closed || (known && known.at <= at)) return;
    if (known) clearTimeout(known.timer);
    const pause = Math.min(Math.max(1, at - clock.now().getTime()), 2 ** 31 - 1);
    const timer = setTimeout(() => {
      alarms.delete(tenant);
      pump.kick(tenant);
    }, pause);
    timer.unref();
    alarms.set(tenant, { at, timer });
  }

  /** Claims and starts what there is room for; a slow task does not keep its tenant's others waiting. */
  async function drain(tenant: TenantId): Promise<void> {
    const names = [...handlers.keys()];
    if (names.length === 0) return;
    const leases = names.map((name) => definitions.get(name)?.leaseSeconds ?? 30);
    for (;;) {
      const room = Math.min(perTenant - (running.get(tenant)?.size ?? 0), atOnce - totalRunning());
      if (closed) return;
      if (room <= 0) return void starved.add(tenant);
      const { rows } = await sql.query<Claim>(tenant, CLAIM, [tenant, clock.now(), names, leases, room]);
      for (const claim of rows) start(tenant, claim);
      if (rows.length < room) break;
    }
    const { rows } = await sql.query<{ at: Date | null }>(tenant, NEXT_DUE, [tenant, names]);
    const at = rows[0]?.at;
    if (at) remember(tenant, at.getTime());
  }

  function totalRunning(): number {
    let total = 0;
    for (const { size } of running.values()) total += size;
    return total;
  }

  function start(tenant: TenantId, claim: Claim): void {
    const mine = running.get(tenant) ?? new Set();
    running.set(tenant, mine);
    const ended = run(tenant, claim)
      // Its lease will end, and someone claims it again.
      .catch((error: unknown) =>
        log.warn({ err: error, tenant, task: claim.id }, 'the end of a task could not be written'),
      )
      .finally(() => {
        mine.delete(ended);
        if (mine.size === 0) running.delete(tenant);
        const hungry = [...starved];
        starved.clear();
        for (const other of hungry) pump.kick(other);
      });
    mine.add(ended);
  }

  async function ended(): Promise<void> {
    while (totalRunning() > 0) await Promise.all([...running.values()].flatMap((mine) => [...mine]));
  }

  async function run(tenant: TenantId, claim: Claim): Promise<void> {
    const definition = definitions.get(claim.name);
    const handler = handlers.get(claim.name);
    if (!definition || !handler) throw new Error(`Task ${claim.name} was claimed but has no handler here.`);
    if (claim.attempts > definition.maxAttempts) {
      return bury(
        tenant,
        claim,
        new Error(claim.attempts === 1 ? 'It may never run.' : 'Its worker died at every attempt.'),
      );
    }
    const lease = keepLease(tenant, claim, definition.leaseSeconds);
    try {
      const payload = definition.payload.parse(claim.payload);
      await handler({ tenant, payload, attempt: claim.attempts, fence: claim.fence, signal: lease.signal });
      await sql.query(tenant, `DELETE FROM tasks WHERE tenant_id = $1 AND id = $2 AND fence = $3`, [
        tenant,
        claim.id,
        claim.fence,
      ]);
    } catch (error) {
      await fail(tenant, claim, definition, error);
    } finally {
      lease.release();
    }
  }

  function keepLease(
    tenant: TenantId,
    claim: Claim,
    seconds: number,
  ): { signal: AbortSignal; release: () => void } {
    const lost = new AbortController();
    // Linked by hand: AbortSignal.any would keep every task's signal alive as long as the worker's (Node 24).
    const stop = (): void => lost.abort(stopping.signal.reason);
    stopping.signal.addEventListener('abort', stop, { once: true });
    if (stopping.signal.aborted) stop();
    const timer = setInterval(
      () => {
        const until = new Date(clock.now().getTime() + seconds * 1_000);
        sql
          .query(
            tenant,
            `UPDATE tasks SET lease_until = $4 WHERE tenant_id = $1 AND id = $2 AND fence = $3 AND state = 'running'`,
            [tenant, claim.id, claim.fence, until],
          )
          .then(({ rowCount }) =>
            rowCount === 0
              ? lost.abort(new ShopError('conflict', 'Another worker has taken this task.'))
              : undefined,
          )
          .catch((error: unknown) =>
            log.warn({ err: error, tenant, task: claim.id }, 'the lease could not be renewed'),
          );
      },
      (seconds * 1_000) / 3,
    );
    timer.unref();
    return {
      signal: lost.signal,
      release() {
        clearInterval(timer);
        stopping.signal.removeEventListener('abort', stop);
      },
    };
  }

  async function fail(
    tenant: TenantId,
    claim: Claim,
    definition: TaskDefinition,
    error: unknown,
  ): Promise<void> {
    // A worker told to stop gives the task back unharmed.
    const stopped = stopping.signal.aborted;
    if (!stopped && claim.attempts >= definition.maxAttempts) return bury(tenant, claim, error);
    const pause = stopped
      ? 0
      : Math.min(firstPause * 2 ** (claim.attempts - 1), 300_000) * (0.8 + Math.random() * 0.4);
    if (!stopped)
      log.warn(
        { err: error, tenant, task: claim.name, id: claim.id, attempt: claim.attempts },
        'a task failed; it will be tried again',
      );
    const now = clock.now();
    const runAt = new Date(now.getTime() + pause);
    const values = [tenant, claim.id, claim.fence, runAt, textOf(error), now];
    try {
      await sql.query(tenant, stopped ? GIVE_BACK : RETRY, values);
      remember(tenant, runAt.getTime());
    } catch (failure) {
      // A newer task of the same key waits already and will do the work.
      if (!(failure instanceof ShopError) || failure.code !== 'conflict') throw failure;
      await sql.query(tenant, `DELETE FROM tasks WHERE tenant_id = $1 AND id = $2 AND fence = $3`, [
        tenant,
        claim.id,
        claim.fence,
      ]);
    }
  }

  async function bury(tenant: TenantId, claim: Claim, error: unknown): Promise<void> {
    log.error(
      { err: error, tenant, task: claim.name, id: claim.id, attempts: claim.attempts },
      'a task failed too often; it is dead now',
    );
    await sql.query(
      tenant,
      `UPDATE tasks SET state = 'dead', lease_until = NULL, last_error = $4, updated_at = $5 WHERE tenant_id = $1 AND id = $2 AND fence = $3`,
      [tenant, claim.id, claim.fence, textOf(error), clock.now()],
    );
  }

  async function sweep(): Promise<void> {
    if (handlers.size === 0) return;
    const { rows } = await sql.sweep<{ tenant_id: string }>(WHO_HAS_WORK, [
      clock.now(),
      [...handlers.keys()],
    ]);
    for (const { tenant_id } of rows) if (serves(tenant_id)) pump.kick(tenant_id);
  }

  let sweeping: Promise<void> = Promise.resolve();
  const look = () => {
    sweeping = sweeping
      .then(sweep)
      .catch((error: unknown) => log.warn({ err: error }, 'looking for tasks failed'));
  };
  const sweeper = setInterval(look, options.sweepMilliseconds ?? 2_000);
  sweeper.unref();

  return {
    work(name, handler) {
      if (!definitions.has(name)) throw new Error(`Task ${name} is in no definition.`);
      handlers.set(name, handler);
      // What was left by whoever worked here before us is looked for at once.
      listening ??= sql
        .listen(
          CHANNEL,
          (tenant) => {
            if (serves(tenant)) pump.kick(tenant);
          },
          look,
        )
        .then(look);
      listening.catch((error: unknown) =>
        log.warn({ err: error }, 'listening for tasks failed; the sweep will tell'),
      );
    },
    async settled() {
      look();
      await sweeping;
      await pump.idle();
      await ended();
      await pump.idle();
    },
    async counts() {
      const { rows } = await sql.sweep<{ name: string; state: string; count: number }>(
        'SELECT name, state, count(*) AS count FROM tasks GROUP BY name, state',
      );
      return rows;
    },
    async close() {
      closed = true;
      clearInterval(sweeper);
      for (const { timer } of alarms.values()) clearTimeout(timer);
      stopping.abort(new ShopError('unavailable', 'The process is stopping.'));
      await sweeping;
      await pump.close();
      await ended();
    },
  };
}

function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 2_000);
}

const CLAIM = `
  UPDATE tasks t SET state = 'running', fence = t.fence + 1, attempts = t.attempts + 1, updated_at = $2::timestamptz,
    lease_until = $2::timestamptz + due.seconds * interval '1 second'
  FROM (
    SELECT d.id, n.seconds FROM tasks d JOIN unnest($3::text[], $4::int[]) AS n (name, seconds) ON n.name = d.name
    WHERE d.tenant_id = $1 AND ((d.state = 'waiting' AND d.run_at <= $2) OR (d.state = 'running' AND d.lease_until <= $2))
    ORDER BY d.run_at LIMIT $5 FOR UPDATE OF d SKIP LOCKED
  ) due
  WHERE t.tenant_id = $1 AND t.id = due.id
  RETURNING t.id, t.name, t.payload, t.attempts, t.fence`;

const NEXT_DUE = `
  SELECT min(CASE state WHEN 'waiting' THEN run_at ELSE lease_until END) AS at FROM tasks
  WHERE tenant_id = $1 AND state IN ('waiting', 'running') AND name = ANY ($2::text[])`;

const RETRY = `
  UPDATE tasks SET state = 'waiting', lease_until = NULL, run_at = $4, last_error = $5, updated_at = $6
  WHERE tenant_id = $1 AND id = $2 AND fence = $3`;

const GIVE_BACK = `
  UPDATE tasks SET state = 'waiting', lease_until = NULL, run_at = $4, attempts = attempts - 1, last_error = $5, updated_at = $6
  WHERE tenant_id = $1 AND id = $2 AND fence = $3`;

const WHO_HAS_WORK = `
  SELECT tenant_id FROM tasks WHERE state = 'waiting' AND run_at <= $1 AND name = ANY ($2::text[])
  UNION SELECT tenant_id FROM tasks WHERE state = 'running' AND lease_until <= $1 AND name = ANY ($2::text[])`;
