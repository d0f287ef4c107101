/**
 * The events port on PostgreSQL: a relay moves committed outbox rows into a log, consumers follow the log.
 *
 * Nothing is lost or reordered: the relay gives positions under the tenant's row in `event_heads`, so a position
 * becomes visible only after every smaller one. A consumer's position and its handler's work commit together, so a kill at any
 * moment repeats or skips nothing. An event whose handler fails is parked. Who has work is told at once in the same process, by NOTIFY
 * to the others, and by a sweep to whoever missed it.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock, EventHandler, Events, StoredEvent, TenantId, Transaction } from '../ports.ts';
import { createPump, type Pump } from '../pump.ts';
import type { PostgresSql, WorkerTransaction } from '../sql/postgres.ts';
import type { Statement } from '../sql/wire.ts';
import { isTenantId } from '../tenant-id.ts';
import { startSweeper } from '../sweeper.ts';
import { handleApart } from './apart.ts';
import { noMeter, type EventMeter } from './meter.ts';
import {
  blame,
  createParking,
  eventOf,
  failureOf,
  type EventRow,
  type Parkable,
  type Parking,
} from './parking.ts';

export interface EventLogOptions {
  readonly sql: PostgresSql;
  readonly clock: Clock;
  readonly log: Logger;
  /** Tenants whose events this process handles; the pool asks its directory. Default: all that its role can see. */
  readonly serves?: (tenant: TenantId) => boolean;
  readonly meter?: EventMeter;
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
const BATCH = 64;
/** A turn costs the same for one event as for a batch; the first after a pause does not wait. */
const REST_MS = { least: 15, most: 60, times: 3 };

interface Subscription {
  readonly consumer: string;
  readonly topics: readonly string[];
  readonly handle: Handle;
  readonly pump: Pump;
  readonly parking: Parking;
  /** Tenants whose position row is known to exist. */
  readonly placed: Set<TenantId>;
}

export function createEventLog(options: EventLogOptions): EventLog {
  const { sql, clock, log } = options;
  const serves = options.serves ?? (() => true);
  const meter = options.meter ?? noMeter;
  const subscriptions: Subscription[] = [];
  /** By which notifications of one's own are known again. No tenant is called so. */
  const me = `@${randomUUID()}`;
  const announced = new Set<TenantId>();
  let announcing: NodeJS.Immediate | undefined;
  let closed = false;

  const relay = createPump({
    name: 'relay',
    concurrency: 3,
    log,
    run: publish,
    restMilliseconds: REST_MS,
  });
  sql.onCommit(({ tenant, events }) => {
    if (events && serves(tenant)) relay.kick(tenant);
  });

  async function publish(tenant: TenantId): Promise<void> {
    for (;;) {
      const [, moved] = await sql.batch(tenant, [
        { text: LOCK_HEAD, values: [tenant] },
        { text: MOVE_TO_LOG, values: [tenant] },
      ]);
      if (moved === undefined || moved.rowCount === 0) return;
      for (const row of moved.rows)
        meter.published(String(row['topic']), Number(row['moved']), Number(row['after']));
      wake(tenant);
      announce(tenant);
      if (Number(moved.rows[0]?.['rows']) < RELAY_BATCH) return;
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
          .notify(CHANNEL, [me, ...some].join(' '))
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
        if (handled === 'all') break;
        // Held by another process, unless the row is gone.
        if (handled === 'no place' && !(await makePlace(subscription, tenant))) break;
        most = BATCH;
      } catch (error) {
        const failure = failureOf(error);
        // What comes before the culprit goes first; when the culprit stands at the front it is parked.
        if (most > 1) most = Math.max(1, failure.index ?? most >> 1);
        else {
          await park(subscription, tenant, failure.cause);
          most = BATCH;
        }
      }
      if (closed) return;
    }
    await subscription.parking.retry(tenant);
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

  /** @returns `all`: nothing is left of what was there; who publishes more says so */
  async function handleNext(
    subscription: Subscription,
    tenant: TenantId,
    most: number,
  ): Promise<'some' | 'all' | 'no place'> {
    const { consumer, handle, parking } = subscription;
    const began = performance.now();
    let oldest: StoredEvent | undefined;
    let handled = 0;
    const end = await sql.transaction(tenant, async (tx) => {
      handled = 0;
      const next = await take(subscription, tenant, tx, most);
      if (next === undefined) return 'no place';
      const { events, to, parked } = next;
      oldest = events[0]?.event;
      if (to !== undefined) tx.atEnd(ADVANCE, [tenant, consumer, to]);
      if (events.length === 0) return 'all';
      const keys = events.map(({ event }) => event.key);
      // Nobody parks an event but who has the place.
      const [answer] = parked ? await tx.batch([parking.asking(tenant, keys)]) : [];
      const isBlocked = parking.blocks(answer);
      const blocked = events.filter(({ event }) => isBlocked(event));
      if (blocked.length > 0) await tx.batch(parking.behind(tenant, blocked));
      const free = events.filter(({ event }) => !isBlocked(event));
      await handle(free, events, tx);
      handled = free.length;
      return events.length < most ? 'all' : 'some';
    });
    if (oldest !== undefined && handled > 0) {
      const age = clock.now().getTime() - oldest.occurredAt.getTime();
      meter.delivered(consumer, handled, performance.now() - began, age);
    }
    return end;
  }

  /**
   * What comes next, and where the consumer stands after it; the place is this transaction's until it ends.
   * @returns undefined: another process holds the place, or there is none
   */
  async function take(
    { consumer, topics }: Subscription,
    tenant: TenantId,
    tx: WorkerTransaction,
    most: number,
  ): Promise<
    | {
        readonly events: readonly Parkable[];
        readonly to: number | undefined;
        /** Whether anything of the tenant's is parked. */
        readonly parked: boolean;
      }
    | undefined
  > {
    const { rows } = await tx.query<LoggedRow & NextRow>(NEXT_EVENTS, [tenant, consumer, topics, most]);
    const [first] = rows;
    if (first === undefined) return undefined;
    const head = first.head ?? 0;
    // No event: all that matters is behind us.
    const { parked } = first;
    if (first.id === null) return { events: [], to: head > first.stand ? head : undefined, parked };
    return {
      parked,
      events: rows.map((row) => ({ event: eventOf(tenant, row), place: row.position })),
      // Fewer than asked for are all there are up to the head, which the same statement saw.
      to: rows.length < most ? head : rows.at(-1)?.position,
    };
  }

  /** The key of a failed event waits; the other keys go on. Another process may have been faster with it. */
  async function park(subscription: Subscription, tenant: TenantId, cause: unknown): Promise<void> {
    await sql.transaction(tenant, async (tx) => {
      const next = await take(subscription, tenant, tx, 1);
      const failed = next?.events[0];
      if (failed === undefined) return;
      await tx.batch([
        subscription.parking.failed(tenant, failed, cause),
        advance(tenant, subscription.consumer, failed.place),
      ]);
    });
  }

  async function sweep(): Promise<void> {
    for (const tenant of await promised()) if (serves(tenant)) relay.kick(tenant);
    for (const { consumer, pump, parking } of subscriptions) {
      const { rows } = await sql.sweep<{ tenant_id: string }>(BEHIND, [consumer]);
      const tenants = new Set([...rows.map(({ tenant_id }) => tenant_id), ...(await parking.sweep())]);
      for (const tenant of tenants) if (serves(tenant)) pump.kick(tenant);
    }
  }

  async function promised(): Promise<readonly string[]> {
    const { rows } = await sql.sweep<{ tenant_id: string }>('SELECT DISTINCT tenant_id FROM promised_events');
    return rows.map(({ tenant_id }) => tenant_id);
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
    async subscribe(consumer, topics, handler, { apart = false } = {}) {
      const pump = createPump({
        name: consumer,
        concurrency: 2,
        log,
        run: (tenant) => follow(subscription, tenant),
        restMilliseconds: REST_MS,
      });
      const parking = createParking({
        sql,
        clock,
        log,
        meter,
        consumer,
        handle: handler,
        buried: () => Promise.resolve(),
        due: pump.kick,
        maxAttempts: options.maxAttempts ?? 8,
        firstPauseMilliseconds: options.firstPauseMilliseconds ?? 100,
      });
      const handle = apart ? together(handler) : oneByOne(handler);
      const subscription: Subscription = { consumer, topics, handle, placed: new Set(), pump, parking };
      subscriptions.push(subscription);
      listening ??= sql.listen(
        CHANNEL,
        (payload) => {
          const [teller, ...tenants] = payload.split(' ');
          // One's own consumers know already; who tells no name is of another release.
          if (teller === me) return;
          for (const tenant of [teller ?? '', ...tenants]) wake(tenant);
        },
        sweeper.look,
      );
      await listening;
      // What was published while nobody of this group was there is looked for at once.
      sweeper.look();
    },
    async flush() {
      for (const tenant of await promised()) relay.kick(tenant);
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
      for (const { parking } of subscriptions) parking.close();
      await sweeper.stop();
      await relay.close();
      await Promise.all(subscriptions.map(({ pump }) => pump.close()));
    },
  };
}

/** Handles some of what was taken. @throws HandlerFailure that says which of what was taken it was, where that is known */
type Handle = (free: readonly Parkable[], taken: readonly Parkable[], tx: Transaction) => Promise<void>;

function oneByOne(handler: EventHandler): Handle {
  return async (free, taken, tx) => {
    for (const each of free) {
      try {
        await handler(each.event, tx);
      } catch (error) {
        throw blame(error, taken.indexOf(each));
      }
    }
  };
}

/** Statements of several events that fail, fail together: whose fault it was is found by trying fewer. */
function together(handler: EventHandler): Handle {
  return async (free, taken, tx) => {
    try {
      await handleApart(
        free.map(({ event }) => event),
        handler,
        tx,
      );
    } catch (error) {
      throw blame(error, taken.length === 1 ? 0 : undefined);
    }
  };
}

function advance(tenant: TenantId, consumer: string, position: number): Statement {
  return { text: ADVANCE, values: [tenant, consumer, position] };
}

/** With its place in the log. */
interface LoggedRow extends EventRow {
  readonly position: number;
}

/** The same in every row. */
interface NextRow {
  readonly head: number | null;
  readonly stand: number;
  readonly parked: boolean;
}

/** Rows, each with some events. */
const RELAY_BATCH = 100;

/** Makes publishing one at a time per tenant; the next statement then sees what the one before it did. */
const LOCK_HEAD = `INSERT INTO event_heads (tenant_id, position) VALUES ($1, 0)
  ON CONFLICT (tenant_id) DO UPDATE SET position = event_heads.position`;

/** By topic: how many events, and how many milliseconds after the oldest of them was emitted; and of how many rows in all. */
const MOVE_TO_LOG = `
  WITH gone AS (
    DELETE FROM promised_events WHERE tenant_id = $1 AND (at, id) IN (
      SELECT at, id FROM promised_events WHERE tenant_id = $1 ORDER BY at, id LIMIT ${RELAY_BATCH})
    RETURNING at, id, topic, events
  ), placed AS (
    INSERT INTO event_log (tenant_id, position, id, topic, type, key, payload, trace, occurred_at)
    SELECT $1, h.position + row_number() OVER (ORDER BY g.at, g.id, e.nth), e.event ->> 'id', g.topic, e.event ->> 'type',
      e.event ->> 'key', (e.event -> 'data')::jsonb, e.event ->> 'trace', to_timestamp(g.at / 1000000.0)
    FROM gone g CROSS JOIN LATERAL json_array_elements(g.events) WITH ORDINALITY AS e (event, nth), event_heads h WHERE h.tenant_id = $1
    RETURNING topic, occurred_at
  ), head AS (
    UPDATE event_heads SET position = position + (SELECT count(*) FROM placed) WHERE tenant_id = $1 AND EXISTS (SELECT 1 FROM placed)
    RETURNING position
  )
  SELECT topic, count(*) AS moved, (SELECT count(*) FROM gone) AS rows, (extract(epoch FROM now() - min(occurred_at)) * 1000)::bigint AS after FROM placed GROUP BY topic`;

/**
 * One row without an event tells where the consumer stands; no row tells that another process holds it. The planner does not see how many topics
 * there are (`select`): it would plan for that, and anew each time.
 */
const NEXT_EVENTS = `
  WITH mine AS MATERIALIZED (
    SELECT position FROM consumer_positions WHERE tenant_id = $1 AND consumer = $2 FOR UPDATE SKIP LOCKED
  )
  SELECT mine.position AS stand, h.position AS head,
    EXISTS (SELECT FROM parked_messages p WHERE p.tenant_id = $1 AND p.consumer = $2) AS parked, e.id, e.position, e.topic, e.type, e.key, e.payload, e.trace, e.occurred_at
  FROM mine
  LEFT JOIN event_heads h ON h.tenant_id = $1
  LEFT JOIN LATERAL (
    SELECT * FROM event_log l WHERE l.tenant_id = $1 AND l.position > mine.position AND l.topic = ANY ((SELECT $3::text[])::text[])
    ORDER BY l.position LIMIT (SELECT $4::int)
  ) e ON true
  ORDER BY e.position`;

const ADVANCE = `
  UPDATE consumer_positions SET position = greatest(position, $3::bigint) WHERE tenant_id = $1 AND consumer = $2`;

/** Small tables: one row a tenant, and one a tenant and consumer. */
const BEHIND = `
  SELECT h.tenant_id FROM event_heads h
  LEFT JOIN consumer_positions c ON c.tenant_id = h.tenant_id AND c.consumer = $1
  WHERE h.position > coalesce(c.position, 0)`;

const LAG = `
  SELECT coalesce(sum(h.position - coalesce(c.position, 0)), 0)::bigint AS lag
  FROM event_heads h LEFT JOIN consumer_positions c ON c.tenant_id = h.tenant_id AND c.consumer = $1`;
