/**
 * The tasks port on RabbitMQ: a task is a row that commits with what it is about, and a message that brings it to a worker.
 *
 * The row says what is so: which task waits, who runs it under which fence, how often it was tried. The message says only that there is
 * something to do, so one too many changes nothing, and one too few is sent again when its time is over. Waiting, for a time or after
 * a failure, happens in the broker: in queues whose messages come back after a while, and wait again if they come too early.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { TaskDefinition } from '../definition.ts';
import { ShopError } from '../errors.ts';
import type { Clock, TaskHandler, TenantId } from '../ports.ts';
import { createPump } from '../pump.ts';
import type { PostgresSql } from '../sql/postgres.ts';
import { startSweeper } from '../sweeper.ts';
import { isTenantId } from '../tenant-id.ts';
import type { TaskQueue } from './queue.ts';
import { createLink, type Delivery, type Publication } from './rabbitmq/link.ts';
import { DEAD, delayFor, delayName, taskQueueName, TASKS_EXCHANGE } from './rabbitmq/topology/index.ts';
import { createRunner, type Claim } from './runner.ts';

export interface RabbitTasksOptions {
  readonly sql: PostgresSql;
  readonly clock: Clock;
  readonly log: Logger;
  /** `amqp://…/vhost`, login included. The virtual host is the scope's; the operator made what is in it. */
  readonly address: string;
  /** Every task this process may work on. */
  readonly definitions: readonly TaskDefinition[];
  /** Tenants of this scope; messages about others are refused. */
  readonly serves?: (tenant: TenantId) => boolean;
  /** How often to look for tasks that nobody told of. Default 2 s. */
  readonly sweepMilliseconds?: number;
  /** The first pause after a failure; it doubles, up to five minutes. Default 1 s. */
  readonly firstPauseMilliseconds?: number;
  /** Tasks of one kind that run at once in this process. Default 8. */
  readonly atOnce?: number;
}

/** After this time beyond its own, a task that still waits is handed to the broker again. */
const RESEND_MS = 10 * 60_000;
const MOST = 200;
/** Between two tries of dealing with a message. */
const AGAIN_MS = 500;

const Message = z.object({ tenant: z.string().refine(isTenantId), id: z.string(), name: z.string() });
type Message = z.infer<typeof Message>;

/** Opens nothing until it is used; RabbitMQ may be away for as long as it likes. @throws Error on an address that is none */
export function createRabbitTasks(options: RabbitTasksOptions): TaskQueue {
  const { sql, clock, log } = options;
  const serves = options.serves ?? (() => true);
  const definitions = new Map(options.definitions.map((definition) => [definition.name, definition]));
  const handlers = new Map<string, TaskHandler>();
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  let closed = false;

  const runner = createRunner({
    sql,
    clock,
    log,
    definitions,
    handlers,
    stopping: stopping.signal,
    firstPause: options.firstPauseMilliseconds ?? 1_000,
  });
  const link = createLink({ address: options.address, log, prefetch: options.atOnce ?? 8, received });
  const pump = createPump({ name: 'tasks', concurrency: 4, log, run: handOver });
  sql.onCommit(({ tenant, tasks }) => {
    if (tasks.length > 0 && serves(tenant)) pump.kick(tenant);
  });

  /** First sent, then marked: a kill in between sends a message too many. */
  async function handOver(tenant: TenantId): Promise<void> {
    while (!closed) {
      const { rows } = await sql.query<{ id: string; name: string; run_at: Date }>(tenant, UNSENT, [tenant]);
      if (rows.length === 0) return;
      const now = clock.now().getTime();
      await link.publish(
        rows.map(({ id, name, run_at }) => publicationOf({ tenant, id, name }, run_at.getTime() - now)),
      );
      const until = rows.map(({ run_at }) => new Date(Math.max(run_at.getTime(), now) + RESEND_MS));
      await sql.query(tenant, MARK_SENT, [tenant, rows.map(({ id }) => id), until]);
      if (rows.length < MOST) return;
    }
  }

  function received(delivery: Delivery): void {
    const ended = settle(delivery).finally(() => running.delete(ended));
    running.add(ended);
  }

  /**
   * While the database is away a message waits here: given back it would come again at once, and a broker that counts how often
   * it came (RabbitMQ 4: twenty times) would at last throw it away.
   */
  async function settle(delivery: Delivery): Promise<void> {
    for (;;) {
      try {
        return await work(delivery);
      } catch (error) {
        log.warn({ err: error, queue: delivery.queue }, 'a task could not be dealt with yet');
      }
      if (closed || delivery.isLost()) return delivery.giveBack();
      await sleep(AGAIN_MS);
    }
  }

  async function work(delivery: Delivery): Promise<void> {
    const message = parse(delivery.body);
    if (message === undefined || !serves(message.tenant)) {
      log.error(
        { queue: delivery.queue },
        'a message was refused: it names no task of a tenant of this scope',
      );
      return delivery.reject();
    }
    if (stopping.signal.aborted) return delivery.giveBack();
    const { tenant, id } = message;
    const seconds = definitions.get(message.name)?.leaseSeconds ?? 30;
    const names = [...handlers.keys()];
    const now = clock.now();
    const claimed = await sql.query<Claim>(tenant, CLAIM, [tenant, id, now, seconds, names]);
    const [claim] = claimed.rows;
    if (claim === undefined) return await later(delivery, message);
    const end = await runner.run(tenant, claim);
    if (end.state === 'waiting') {
      if (stopping.signal.aborted) return delivery.giveBack();
      await wait(message, end.runAt);
    }
    if (end.state === 'dead')
      await link.publish([
        {
          exchange: DEAD,
          routingKey: '',
          body: bodyOf({ ...message, attempts: claim.attempts, error: end.error }),
        },
      ]);
    delivery.done();
  }

  /** It is done, or it is too early, or another worker's lease has yet to end. */
  async function later(delivery: Delivery, message: Message): Promise<void> {
    const { rows } = await sql.query<{ at: Date }>(message.tenant, WHEN, [message.tenant, message.id]);
    const [row] = rows;
    if (row) await wait(message, row.at);
    delivery.done();
  }

  async function wait(message: Message, until: Date): Promise<void> {
    await link.publish([publicationOf(message, Math.max(1, until.getTime() - clock.now().getTime()))]);
  }

  async function sweep(): Promise<void> {
    const { rows } = await sql.sweep<{ tenant_id: string; expired: boolean }>(WHO_HAS_UNSENT, [clock.now()]);
    for (const { tenant_id: tenant, expired } of rows) {
      if (!serves(tenant)) continue;
      if (expired) await sql.query(tenant, FORGET_SENT, [tenant, clock.now()]);
      pump.kick(tenant);
    }
  }

  const sweeper = startSweeper({
    sweep,
    everyMilliseconds: options.sweepMilliseconds ?? 2_000,
    failed: (error) => log.warn({ err: error }, 'looking for tasks failed'),
  });

  async function nothingDue(): Promise<boolean> {
    const { rows } = await sql.sweep<{ tenant_id: string }>(WHO_HAS_WORK, [
      clock.now(),
      [...handlers.keys()],
    ]);
    return !rows.some(({ tenant_id }) => serves(tenant_id));
  }

  return {
    work(name, handler) {
      if (!definitions.has(name)) throw new Error(`Task ${name} is in no definition.`);
      handlers.set(name, handler);
      link.consume(taskQueueName(name));
      if (handlers.size === 1) sweeper.look();
    },
    async settled() {
      const deadline = Date.now() + SETTLE_MS;
      for (;;) {
        await sweep();
        await pump.idle();
        await Promise.all(running);
        if (closed || (running.size === 0 && (await nothingDue()))) return;
        if (Date.now() > deadline)
          throw new ShopError('timeout', `Tasks are still due after ${SETTLE_MS} ms.`);
        await sleep(10);
      }
    },
    async counts() {
      const { rows } = await sql.sweep<{ name: string; state: string; count: number }>(
        'SELECT name, state, count(*) AS count FROM tasks GROUP BY name, state',
      );
      return rows;
    },
    async close() {
      closed = true;
      stopping.abort(new ShopError('unavailable', 'The process is stopping.'));
      await sweeper.stop();
      await pump.close();
      await link.rest();
      while (running.size > 0) await Promise.all(running);
      await link.close();
    },
  };
}

/** Of one call of `settled`. */
const SETTLE_MS = 30_000;

function publicationOf({ tenant, id, name }: Message, milliseconds: number): Publication {
  return {
    exchange: milliseconds <= 0 ? TASKS_EXCHANGE : delayName(delayFor(milliseconds)),
    routingKey: name,
    body: bodyOf({ tenant, id, name }),
  };
}

function bodyOf(content: object): Buffer {
  return Buffer.from(JSON.stringify(content));
}

function parse(body: Buffer): Message | undefined {
  try {
    return Message.parse(JSON.parse(body.toString()));
  } catch {
    // Whatever it is, it is none of ours: the caller puts it where people can look at it.
    return undefined;
  }
}

const UNSENT = `
  SELECT id, name, run_at FROM tasks WHERE tenant_id = $1 AND state = 'waiting' AND sent_until IS NULL
  ORDER BY run_at LIMIT ${MOST}`;

const MARK_SENT = `
  UPDATE tasks t SET sent_until = s.until FROM unnest($2::text[], $3::timestamptz[]) AS s (id, until)
  WHERE t.tenant_id = $1 AND t.id = s.id`;

const FORGET_SENT = `UPDATE tasks SET sent_until = NULL WHERE tenant_id = $1 AND state = 'waiting' AND sent_until <= $2`;

const CLAIM = `
  UPDATE tasks SET state = 'running', fence = fence + 1, attempts = attempts + 1, updated_at = $3::timestamptz,
    lease_until = $3::timestamptz + $4::int * interval '1 second'
  WHERE tenant_id = $1 AND id = $2 AND name = ANY ($5::text[])
    AND ((state = 'waiting' AND run_at <= $3) OR (state = 'running' AND lease_until <= $3))
  RETURNING id, name, payload, attempts, fence, trace`;

const WHEN = `
  SELECT CASE state WHEN 'waiting' THEN run_at ELSE lease_until END AS at FROM tasks
  WHERE tenant_id = $1 AND id = $2 AND state IN ('waiting', 'running')`;

const WHO_HAS_UNSENT = `
  SELECT tenant_id, bool_or(sent_until IS NOT NULL) AS expired FROM tasks
  WHERE state = 'waiting' AND (sent_until IS NULL OR sent_until <= $1) GROUP BY tenant_id`;

const WHO_HAS_WORK = `
  SELECT DISTINCT tenant_id FROM tasks WHERE name = ANY ($2::text[])
    AND ((state = 'waiting' AND run_at <= $1) OR (state = 'running' AND lease_until <= $1))`;
