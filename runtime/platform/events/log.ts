/**
 * The events port on PostgreSQL: a relay moves committed outbox rows into a log, consumers follow the log.
 *
 * Nothing is lost or reordered: the relay gives positions under the tenant's row in `event_heads`, so a position
 * becomes visible only after every smaller one. Positions, inbox and the handler's work commit together, so a kill at any
 * moment repeats or skips nothing. Who has work is told at once in the same process, by NOTIFY to the others, and by a
 * sweep to whoever missed it.
 */
import type { Logger } from 'pino';
import type { Clock, EventHandler, Events, StoredEvent, TenantId, Transaction } from '../ports.ts';
import { createPump, type Pump } from '../pump.ts';
import { isRetryable } from '../sql/failures.ts';
import type { PostgresSql } from '../sql/postgres.ts';
import { isTenantId } from '../tenant-id.ts';
import { startSweeper } from '../sweeper.ts';
import { isOutage, pauseOf, textOf } from './attempts.ts';

export interface EventLogOptions {
  readonly sql: PostgresSql;
  readonly clock: Clock;
  readonly log: Logger;
  /** Tenants whose events this process handles; the pool asks its directory. Default: all that its role can see. */
  readonly serves?: (tenant: TenantId) => boolean;
  /** How often to look for work nobody told of. Default 2 s. */
  readonly sweepMilliseconds?: number;
  /** Tries of one event before it is a dead letter. Default 8, over about three minutes. */
  readonly maxAttempts?: number;
  /** The first pause after a failure; each next one is four times as long, up to a minute. Default 100 ms. */
  readonly firstPauseMilliseconds?: number;
}

export interface EventLog extends Events {
  /** Resolves when everything published so far is handled, parked or dead: for tests and orderly shutdown. */
  settled(): Promise<void>;
  /** Events not yet handled, by consumer, over all tenants this role can see. */
  lag(): Promise<ReadonlyMap<string, number>>;
}

const CHANNEL = 'shopmind_events';
const BATCH = 16;

interface Subscription {
  readonly consumer: string;
  readonly topics: readonly string[];
  readonly handler: EventHandler;
  readonly pump: Pump;
  /** Tenants whose position row is known to exist. */
  readonly placed: Set<TenantId>;
}

export function createEventLog(options: EventLogOptions): EventLog {
  const { sql, clock, log } = options;
  const serves = options.serves ?? (() => true);
  const maxAttempts = options.maxAttempts ?? 8;
  const firstPause = options.firstPauseMilliseconds ?? 100;
  const subscriptions: Subscription[] = [];
  const announced = new Set<TenantId>();
  let announcing: NodeJS.Immediate | undefined;
  let closed = false;

  const relay = createPump({ name: 'relay', concurrency: 3, log, run: publish });
  sql.onCommit(({ tenant, events }) => {
    if (events && serves(tenant)) relay.kick(tenant);
  });

  async function publish(tenant: TenantId): Promise<void> {
    for (;;) {
      const [, moved] = await sql.batch(tenant, [
        { text: LOCK_HEAD, values: [tenant] },
        { text: MOVE_TO_LOG, values: [tenant] },
      ]);
      const count = Number(moved?.rows[0]?.['moved'] ?? 0);
      if (count > 0) {
        wake(tenant);
        announce(tenant);
      }
      if (count < RELAY_BATCH) return;
    }
  }

  function wake(tenant: TenantId): void {
    if (!isTenantId(tenant) || !serves(tenant)) return;
    for (const { pump } of subscriptions) pump.kick(tenant);
  }

  /** One NOTIFY for all tenants of a turn of the event loop. */
  function announce(tenant: TenantId): void {
    announced.add(tenant);
    announcing ??= setImmediate(() => {
      announcing = undefined;
      const tenants = [...announced];
      announced.clear();
      for (let start = 0; start < tenants.length; start += 180) {
        const some = tenants.slice(start, start + 180);
        sql
          .notify(CHANNEL, some.join(' '))
          .catch((error: unknown) => log.debug({ err: error }, 'notify failed; the sweep will tell'));
      }
    });
  }

  async function follow(subscription: Subscription, tenant: TenantId): Promise<void> {
    if (!subscription.placed.has(tenant)) await makePlace(subscription, tenant);
    let most = BATCH;
    for (;;) {
      try {
        const handled = await handleNext(subscription, tenant, most);
        if (handled === 'none') break;
        // Held by another process, unless the row is gone.
        if (handled === 'no place' && !(await makePlace(subscription, tenant))) break;
        most = BATCH;
      } catch (error) {
        // Some handler of the batch failed: one by one, until the culprit is found and parked.
        if (most > 1) {
          most = 1;
          continue;
        }
        if (!(error instanceof HandlerFailure)) throw error;
        await park(subscription, tenant, error);
      }
      if (closed) return;
    }
    await retryParked(subscription, tenant);
  }

  /** True when the row had to be made: nobody of this group has been here, or the tenant was deleted and made anew. */
  async function makePlace({ consumer, placed }: Subscription, tenant: TenantId): Promise<boolean> {
    const { rowCount } = await sql.query(
      tenant,
      `INSERT INTO consumer_positions (tenant_id, consumer, position) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING`,
      [tenant, consumer],
    );
    placed.add(tenant);
    return rowCount === 1;
  }

  function handleNext(
    subscription: Subscription,
    tenant: TenantId,
    most: number,
  ): Promise<'some' | 'none' | 'no place'> {
    const { consumer, topics } = subscription;
    return sql.transaction(tenant, async (tx) => {
      const { rows } = await tx.query<
        EventRow & { head: number | null; place: number; seen: boolean; blocked: boolean }
      >(NEXT_EVENTS, [tenant, consumer, topics, most]);
      const [first] = rows;
      // No event: all that matters is behind us.
      if (!first) return 'no place';
      if (first.id === null) {
        if (first.head !== null && first.head > first.place) await advance(tx, tenant, consumer, first.head);
        return 'none';
      }
      for (const row of rows) {
        if (row.blocked) await parkRow(tx, tenant, consumer, row, 0, clock.now(), null);
        else if (!row.seen) await handle(tx, tenant, subscription.handler, row);
      }
      const handled = rows.filter((row) => !row.blocked && !row.seen).map((row) => row.id);
      if (handled.length > 0) await record(tx, tenant, consumer, handled);
      await advance(tx, tenant, consumer, rows.at(-1)?.position ?? first.place);
      return 'some';
    });
  }

  async function handle(
    tx: Transaction,
    tenant: TenantId,
    handler: EventHandler,
    row: EventRow,
  ): Promise<void> {
    try {
      await handler(toEvent(tenant, row), tx);
    } catch (error) {
      // A deadlock is nobody's fault: the transaction runs again as it is.
      throw isRetryable(error) ? error : new HandlerFailure(row, error);
    }
  }

  async function record(
    tx: Transaction,
    tenant: TenantId,
    consumer: string,
    ids: readonly string[],
  ): Promise<void> {
    await tx.query(
      `INSERT INTO inbox (tenant_id, consumer, event_id, handled_at)
       SELECT $1, $2, id, $4 FROM unnest($3::text[]) AS id ON CONFLICT DO NOTHING`,
      [tenant, consumer, ids, clock.now()],
    );
  }

  async function advance(
    tx: Transaction,
    tenant: TenantId,
    consumer: string,
    position: number,
  ): Promise<void> {
    await tx.query(
      `UPDATE consumer_positions SET position = greatest(position, $3::bigint) WHERE tenant_id = $1 AND consumer = $2`,
      [tenant, consumer, position],
    );
  }

  /** The key of a failed event waits; the other keys go on. */
  async function park({ consumer }: Subscription, tenant: TenantId, failure: HandlerFailure): Promise<void> {
    const { row } = failure;
    const attempts = isOutage(failure.cause) ? 0 : 1;
    log.warn(
      { err: failure.cause, tenant, consumer, event: row.id, type: row.type },
      'an event’s handler failed; it will be tried again',
    );
    await sql.transaction(tenant, async (tx) => {
      await parkRow(tx, tenant, consumer, row, attempts, pauseAfter(1), failure.cause);
      await advance(tx, tenant, consumer, row.position);
    });
    remember(tenant, pauseAfter(1));
  }

  async function retryParked(subscription: Subscription, tenant: TenantId): Promise<void> {
    const { consumer, handler } = subscription;
    for (;;) {
      const parked = await sql.query<ParkedRow>(tenant, DUE_PARKED, [tenant, consumer, clock.now()]);
      const [due] = parked.rows;
      if (!due || closed) return void (await rememberNextParked(consumer, tenant));
      try {
        await sql.transaction(tenant, async (tx) => {
          const mine = await tx.query(
            `DELETE FROM parked_events WHERE tenant_id = $1 AND consumer = $2 AND position = $3 RETURNING position`,
            [tenant, consumer, due.position],
          );
          if (mine.rowCount === 0) return;
          if (!due.seen) await handle(tx, tenant, handler, due);
          await record(tx, tenant, consumer, [due.id]);
        });
      } catch (error) {
        if (!(error instanceof HandlerFailure)) throw error;
        await countFailure(consumer, tenant, due, error.cause);
      }
    }
  }

  async function countFailure(
    consumer: string,
    tenant: TenantId,
    due: ParkedRow,
    cause: unknown,
  ): Promise<void> {
    const attempts = due.attempts + (isOutage(cause) ? 0 : 1);
    const next = pauseAfter(Math.max(attempts, 1));
    if (attempts < maxAttempts) {
      await sql.query(
        tenant,
        `UPDATE parked_events SET attempts = $4, run_at = $5, error = $6 WHERE tenant_id = $1 AND consumer = $2 AND position = $3`,
        [tenant, consumer, due.position, attempts, next, textOf(cause)],
      );
      return;
    }
    log.error(
      { err: cause, tenant, consumer, event: due.id, type: due.type },
      'an event failed too often; it is a dead letter now',
    );
    await sql.transaction(tenant, async (tx) => {
      await tx.query(
        `INSERT INTO dead_letters (tenant_id, consumer, event_id, topic, type, key, payload, attempts, error, died_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
        [
          tenant,
          consumer,
          due.id,
          due.topic,
          due.type,
          due.key,
          JSON.stringify(due.payload),
          attempts,
          textOf(cause),
          clock.now(),
        ],
      );
      await tx.query(`DELETE FROM parked_events WHERE tenant_id = $1 AND consumer = $2 AND position = $3`, [
        tenant,
        consumer,
        due.position,
      ]);
    });
  }

  async function rememberNextParked(consumer: string, tenant: TenantId): Promise<void> {
    const { rows } = await sql.query<{ at: Date | null }>(
      tenant,
      `SELECT min(p.run_at) AS at FROM parked_events p WHERE p.tenant_id = $1 AND p.consumer = $2 AND ${FIRST_OF_KEY}`,
      [tenant, consumer],
    );
    const at = rows[0]?.at;
    if (at) remember(tenant, at);
  }

  const alarms = new Map<TenantId, { at: number; timer: NodeJS.Timeout }>();
  function remember(tenant: TenantId, at: Date): void {
    const known = alarms.get(tenant);
    if (closed || (known && known.at <= at.getTime())) return;
    if (known) clearTimeout(known.timer);
    const timer = setTimeout(
      () => {
        alarms.delete(tenant);
        wake(tenant);
      },
      Math.max(1, at.getTime() - clock.now().getTime()),
    );
    timer.unref();
    alarms.set(tenant, { at: at.getTime(), timer });
  }

  function pauseAfter(attempts: number): Date {
    return new Date(clock.now().getTime() + pauseOf(attempts, firstPause));
  }

  async function sweep(): Promise<void> {
    const promised = await sql.sweep<{ tenant_id: string }>('SELECT DISTINCT tenant_id FROM outbox');
    for (const { tenant_id } of promised.rows) if (serves(tenant_id)) relay.kick(tenant_id);
    for (const { consumer, pump } of subscriptions) {
      const behind = await sql.sweep<{ tenant_id: string }>(BEHIND, [consumer, clock.now()]);
      for (const { tenant_id } of behind.rows) if (serves(tenant_id)) pump.kick(tenant_id);
    }
  }

  const sweeper = startSweeper({
    sweep,
    everyMilliseconds: options.sweepMilliseconds ?? 2_000,
    failed: (error) => log.warn({ err: error }, 'looking for events failed'),
  });
  let listening: Promise<void> | undefined;

  async function settle(): Promise<void> {
    await relay.idle();
    await Promise.all(subscriptions.map(({ pump }) => pump.idle()));
  }

  return {
    async subscribe(consumer, topics, handler) {
      const subscription: Subscription = {
        consumer,
        topics,
        handler,
        placed: new Set(),
        pump: createPump({
          name: consumer,
          concurrency: 2,
          log,
          run: (tenant) => follow(subscription, tenant),
        }),
      };
      subscriptions.push(subscription);
      listening ??= sql.listen(
        CHANNEL,
        (payload) => {
          for (const tenant of payload.split(' ')) wake(tenant);
        },
        sweeper.look,
      );
      await listening;
      // What was published while nobody of this group was there is looked for at once.
      sweeper.look();
    },
    async flush() {
      const { rows } = await sql.sweep<{ tenant_id: string }>('SELECT DISTINCT tenant_id FROM outbox');
      for (const { tenant_id } of rows) relay.kick(tenant_id);
      await relay.idle();
    },
    async settled() {
      await sweep();
      await settle();
      await settle();
    },
    async lag() {
      const lags = new Map<string, number>();
      for (const { consumer } of subscriptions) {
        const { rows } = await sql.sweep<{ lag: number }>(LAG, [consumer]);
        lags.set(consumer, rows[0]?.lag ?? 0);
      }
      return lags;
    },
    async close() {
      closed = true;
      for (const { timer } of alarms.values()) clearTimeout(timer);
      await sweeper.stop();
      await relay.close();
      await Promise.all(subscriptions.map(({ pump }) => pump.close()));
    },
  };
}

interface EventRow {
  readonly id: string;
  readonly position: number;
  readonly topic: string;
  readonly type: string;
  readonly key: string;
  readonly payload: unknown;
  readonly trace: string | null;
  readonly occurred_at: Date;
}

interface ParkedRow extends EventRow {
  readonly attempts: number;
  readonly seen: boolean;
}

/** Tells a handler's failure from the machinery's own, and which event it was. */
class HandlerFailure extends Error {
  readonly row: EventRow;

  constructor(row: EventRow, cause: unknown) {
    super(textOf(cause), { cause });
    this.row = row;
  }
}

function toEvent(tenant: TenantId, row: EventRow): StoredEvent {
  const { id, topic, type, key, payload, occurred_at: occurredAt } = row;
  return {
    id,
    tenant,
    topic,
    type,
    key,
    payload,
    occurredAt,
    ...(row.trace === null ? {} : { trace: row.trace }),
  };
}

async function parkRow(
  tx: Transaction,
  tenant: TenantId,
  consumer: string,
  row: EventRow,
  attempts: number,
  runAt: Date,
  cause: unknown,
): Promise<void> {
  await tx.query(
    `INSERT INTO parked_events (tenant_id, consumer, position, key, attempts, run_at, error)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
    [tenant, consumer, row.position, row.key, attempts, runAt, cause === null ? null : textOf(cause)],
  );
}

const RELAY_BATCH = 500;

/** Makes publishing one at a time per tenant; the next statement then sees what the one before it did. */
const LOCK_HEAD = `INSERT INTO event_heads (tenant_id, position) VALUES ($1, 0)
  ON CONFLICT (tenant_id) DO UPDATE SET position = event_heads.position`;

const MOVE_TO_LOG = `
  WITH gone AS (
    DELETE FROM outbox WHERE tenant_id = $1 AND id IN (
      SELECT id FROM outbox WHERE tenant_id = $1 ORDER BY created_at, id LIMIT ${RELAY_BATCH})
    RETURNING id, topic, type, key, payload, trace, created_at
  ), placed AS (
    INSERT INTO event_log (tenant_id, position, id, topic, type, key, payload, trace, occurred_at)
    SELECT $1, h.position + row_number() OVER (ORDER BY g.created_at, g.id), g.id, g.topic, g.type, g.key, g.payload, g.trace, g.created_at
    FROM gone g, event_heads h WHERE h.tenant_id = $1
    RETURNING position
  ), head AS (
    UPDATE event_heads SET position = position + (SELECT count(*) FROM placed) WHERE tenant_id = $1 AND EXISTS (SELECT 1 FROM placed)
    RETURNING position
  )
  SELECT count(*) AS moved FROM placed`;

/** One row without an event tells where the consumer stands; no row tells that another process holds it. */
const NEXT_EVENTS = `
  WITH mine AS MATERIALIZED (
    SELECT position FROM consumer_positions WHERE tenant_id = $1 AND consumer = $2 FOR UPDATE SKIP LOCKED
  )
  SELECT mine.position AS place, h.position AS head, e.id, e.position, e.topic, e.type, e.key, e.payload, e.trace, e.occurred_at,
    EXISTS (SELECT 1 FROM inbox i WHERE i.tenant_id = $1 AND i.consumer = $2 AND i.event_id = e.id) AS seen,
    EXISTS (SELECT 1 FROM parked_events p WHERE p.tenant_id = $1 AND p.consumer = $2 AND p.key = e.key) AS blocked
  FROM mine
  LEFT JOIN event_heads h ON h.tenant_id = $1
  LEFT JOIN LATERAL (
    SELECT * FROM event_log l WHERE l.tenant_id = $1 AND l.position > mine.position AND l.topic = ANY ($3::text[])
    ORDER BY l.position LIMIT $4
  ) e ON true
  ORDER BY e.position`;

const FIRST_OF_KEY = `NOT EXISTS (SELECT 1 FROM parked_events b
      WHERE b.tenant_id = $1 AND b.consumer = $2 AND b.key = p.key AND b.position < p.position)`;

/** The first of its key, when its time has come. */
const DUE_PARKED = `
  SELECT p.attempts, e.id, e.position, e.topic, e.type, e.key, e.payload, e.trace, e.occurred_at,
    EXISTS (SELECT 1 FROM inbox i WHERE i.tenant_id = $1 AND i.consumer = $2 AND i.event_id = e.id) AS seen
  FROM parked_events p JOIN event_log e ON e.tenant_id = p.tenant_id AND e.position = p.position
  WHERE p.tenant_id = $1 AND p.consumer = $2 AND p.run_at <= $3
    AND ${FIRST_OF_KEY}
  ORDER BY p.position LIMIT 1`;

/** Small tables: one row a tenant, and one a tenant and consumer. */
const BEHIND = `
  SELECT h.tenant_id FROM event_heads h
  LEFT JOIN consumer_positions c ON c.tenant_id = h.tenant_id AND c.consumer = $1
  WHERE h.position > coalesce(c.position, 0)
  UNION
  SELECT p.tenant_id FROM parked_events p WHERE p.consumer = $1 AND p.run_at <= $2`;

const LAG = `
  SELECT coalesce(sum(h.position - coalesce(c.position, 0)), 0)::bigint AS lag
  FROM event_heads h LEFT JOIN consumer_positions c ON c.tenant_id = h.tenant_id AND c.consumer = $1`;
