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
import { startSweeper } from '../sweeper.ts';
import { createRunner, type Claim } from './runner.ts';

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
  /** Tasks of one tenant that run at once. Default 48. */
  readonly perTenant?: number;
  /** Tasks of this process that run at once. Default 96. */
  readonly atOnce?: number;
}

export interface TaskQueue extends Tasks {
  /** Resolves when no task is due and none runs: for tests and orderly shutdown. */
  settled(): Promise<void>;
  /** Tasks by name and state over all tenants this role can see. */
  counts(): Promise<readonly { name: string; state: string; count: number }[]>;
}

const CHANNEL = 'shopmind_tasks';
/** Looking for due tasks costs the same for one as for several; the first after a pause does not wait. */
const REST_MS = { least: 10, most: 40 };

export function createTaskQueue(options: TaskQueueOptions): TaskQueue {
  const { sql, clock, log } = options;
  const serves = options.serves ?? (() => true);
  const perTenant = options.perTenant ?? 48;
  const definitions = new Map(options.definitions.map((definition) => [definition.name, definition]));
  const handlers = new Map<string, TaskHandler>();
  const alarms = new Map<TenantId, { at: number; timer: NodeJS.Timeout }>();
  const running = new Map<TenantId, Set<Promise<void>>>();
  const starved = new Set<TenantId>();
  const atOnce = options.atOnce ?? 96;
  const stopping = new AbortController();
  const runner = createRunner({
    sql,
    clock,
    log,
    definitions,
    handlers,
    stopping: stopping.signal,
    firstPause: options.firstPauseMilliseconds ?? 1_000,
  });
  let closed = false;
  let listening: Promise<void> | undefined;

  const pump = createPump({
    name: 'tasks',
    concurrency: 4,
    log,
    run: drain,
    restMilliseconds: REST_MS,
  });

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
      const [claimed, due] = await sql.batch(tenant, [
        { text: CLAIM, values: [tenant, clock.now(), names, leases, room] },
        { text: NEXT_DUE, values: [tenant, names] },
      ]);
      // The columns are those that the statements name.
      const claims = (claimed?.rows ?? []) as unknown as readonly Claim[];
      for (const claim of claims) start(tenant, claim);
      if (claims.length < room) {
        const at = due?.rows[0]?.['at'];
        if (at instanceof Date) remember(tenant, at.getTime());
        return;
      }
    }
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

  async function run(tenant: TenantId, claim: Claim): Promise<void> {
    const end = await runner.run(tenant, claim);
    if (end.state === 'waiting') remember(tenant, end.runAt.getTime());
  }

  async function ended(): Promise<void> {
    while (totalRunning() > 0) await Promise.all([...running.values()].flatMap((mine) => [...mine]));
  }

  async function sweep(): Promise<void> {
    if (handlers.size === 0) return;
    const { rows } = await sql.sweep<{ tenant_id: string }>(WHO_HAS_WORK, [
      clock.now(),
      [...handlers.keys()],
    ]);
    for (const { tenant_id } of rows) if (serves(tenant_id)) pump.kick(tenant_id);
  }

  const sweeper = startSweeper({
    sweep,
    everyMilliseconds: options.sweepMilliseconds ?? 2_000,
    failed: (error) => log.warn({ err: error }, 'looking for tasks failed'),
  });

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
          sweeper.look,
        )
        .then(sweeper.look);
      listening.catch((error: unknown) =>
        log.warn({ err: error }, 'listening for tasks failed; the sweep will tell'),
      );
    },
    async settled() {
      await sweep();
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
      for (const { timer } of alarms.values()) clearTimeout(timer);
      stopping.abort(new ShopError('unavailable', 'The process is stopping.'));
      await sweeper.stop();
      await pump.close();
      await ended();
    },
  };
}

/**
 * Named, so that each is asked once: as a part of the join it may be asked for each of its rows, and claims as many again each time. Those that
 * wait and those whose worker died each by their own index, in its order: one condition for both reads and sorts all that are due, for eight of
 * them. Lists that the planner cannot see into (`select`) have it make one plan for all of them.
 */
const CLAIM = `
  WITH lost AS MATERIALIZED (
    SELECT id, name FROM tasks
    WHERE tenant_id = $1 AND state = 'running' AND lease_until <= $2 AND name = ANY ((SELECT $3::text[])::text[])
    ORDER BY lease_until LIMIT (SELECT $5::int) FOR UPDATE SKIP LOCKED
  ), waiting AS MATERIALIZED (
    SELECT id, name FROM tasks
    WHERE tenant_id = $1 AND state = 'waiting' AND run_at <= $2 AND name = ANY ((SELECT $3::text[])::text[])
    ORDER BY run_at LIMIT (SELECT $5::int - count(*) FROM lost) FOR UPDATE SKIP LOCKED
  ), due AS MATERIALIZED (
    SELECT d.id, n.seconds FROM (SELECT * FROM lost UNION ALL SELECT * FROM waiting) AS d
    JOIN unnest((SELECT $3::text[]), (SELECT $4::int[])) AS n (name, seconds) ON n.name = d.name
  )
  UPDATE tasks t SET state = 'running', fence = t.fence + 1, attempts = t.attempts + 1, updated_at = $2::timestamptz,
    lease_until = $2::timestamptz + due.seconds * interval '1 second'
  FROM due WHERE t.tenant_id = $1 AND t.id = due.id
  RETURNING t.id, t.name, t.payload, t.attempts, t.fence, t.trace`;

/** The first of those that wait and of those that run, each by its index. */
const NEXT_DUE = `
  SELECT least(
    (SELECT run_at FROM tasks WHERE tenant_id = $1 AND state = 'waiting' AND name = ANY ((SELECT $2::text[])::text[]) ORDER BY run_at LIMIT 1),
    (SELECT lease_until FROM tasks WHERE tenant_id = $1 AND state = 'running' AND name = ANY ((SELECT $2::text[])::text[])
     ORDER BY lease_until LIMIT 1)) AS at`;

const WHO_HAS_WORK = `
  SELECT tenant_id FROM tasks WHERE state = 'waiting' AND run_at <= $1 AND name = ANY ($2::text[])
  UNION SELECT tenant_id FROM tasks WHERE state = 'running' AND lease_until <= $1 AND name = ANY ($2::text[])`;
