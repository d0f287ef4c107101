/**
 * Brings what the intake holds to a handler: a tenant's events in order, several in one transaction that also records their ids
 * (inbox), so that what Kafka or a relay repeats has no effect.
 *
 * An event whose handler fails is parked in the database, with its key: what comes later under the key waits behind it there, while
 * everything else goes on and the offset moves past it. It is tried again with growing pauses; at last it is a dead letter,
 * in the table people look at and, by way of the outbox, in the topic's dead-letter topic.
 */
import type { Logger } from 'pino';
import { ShopError } from '../../errors.ts';
import type { Clock, StoredEvent, TenantId, Transaction } from '../../ports.ts';
import { createPump } from '../../pump.ts';
import { isRetryable } from '../../sql/failures.ts';
import type { PostgresSql, WorkerTransaction } from '../../sql/postgres.ts';
import { isOutage, pauseOf, textOf } from '../attempts.ts';
import type { Intake, Taken } from './intake.ts';

/** Handles events of one tenant in one transaction. */
export type Handle = (
  events: readonly StoredEvent[],
  tx: Transaction,
  /** Said before each: whose failure it is when the next thing that happens is one. */
  at: (event: StoredEvent) => void,
) => Promise<void>;

export interface DeliveryOptions {
  readonly sql: PostgresSql;
  readonly clock: Clock;
  readonly log: Logger;
  readonly consumer: string;
  readonly intake: Pick<Intake, 'peek' | 'finish'>;
  readonly handle: Handle;
  readonly serves: (tenant: TenantId) => boolean;
  readonly maxAttempts: number;
  readonly firstPauseMilliseconds: number;
  /** Tenants at once. */
  readonly concurrency: number;
  /** Events of a tenant in one transaction, at most. */
  readonly batch: number;
}

export interface Delivery {
  arrived(tenant: TenantId): void;
  /** Looks for parked events whose time has come and that nobody told of. */
  sweep(): Promise<void>;
  idle(): Promise<void>;
  close(): Promise<void>;
}

export function createDelivery(options: DeliveryOptions): Delivery {
  const { sql, clock, log, consumer, intake, maxAttempts } = options;
  const alarms = new Map<TenantId, { at: number; timer: NodeJS.Timeout }>();
  /** Tenants with events that are parked, as far as this process knows. */
  const parkedOf = new Set<TenantId>();
  let closed = false;

  const pump = createPump({ name: consumer, concurrency: options.concurrency, log, run: deliver });

  async function deliver(tenant: TenantId): Promise<void> {
    let most = options.batch;
    while (!closed) {
      const taken = intake.peek(tenant, most);
      const [first] = taken;
      if (first === undefined) break;
      try {
        await handleAll(tenant, taken);
        intake.finish(tenant, taken);
        most = options.batch;
      } catch (error) {
        const failure = failureOf(error);
        // What comes before the culprit goes first; when the culprit stands at the front it is parked.
        if (taken.length > 1) most = Math.max(1, failure.index ?? taken.length >> 1);
        else {
          await park(tenant, first, failure);
          intake.finish(tenant, taken);
          most = options.batch;
        }
      }
    }
    if (parkedOf.has(tenant)) await retryParked(tenant);
  }

  async function handleAll(tenant: TenantId, taken: readonly Taken[]): Promise<void> {
    await sql.transaction(tenant, async (tx) => {
      const ids = taken.map(({ event }) => event.id);
      const keys = taken.map(({ event }) => event.key);
      const [recorded, blocking] = await tx.batch([
        { text: RECORD, values: [tenant, consumer, ids, clock.now()] },
        { text: BLOCKED, values: [tenant, consumer, keys] },
      ]);
      const fresh = firsts(taken, new Set(recorded?.rows.map((row) => String(row['event_id']))));
      const blocked = new Set(blocking?.rows.map((row) => `${String(row['topic'])} ${String(row['key'])}`));
      if (blocked.size === 0) return run(fresh.map(eventIn), taken, tx);
      const isBlocked = ({ event }: Taken): boolean => blocked.has(`${event.topic} ${event.key}`);
      await parkBehind(tx, tenant, fresh.filter(isBlocked));
      await run(fresh.filter((each) => !isBlocked(each)).map(eventIn), taken, tx);
    });
  }

  async function run(fresh: readonly StoredEvent[], taken: readonly Taken[], tx: Transaction): Promise<void> {
    if (fresh.length === 0) return;
    let current: StoredEvent | undefined;
    try {
      await options.handle(fresh, tx, (event) => (current = event));
    } catch (error) {
      // A deadlock is nobody's fault: the transaction runs again as it is.
      if (isRetryable(error)) throw error;
      const index = current && taken.findIndex(({ event }) => event === current);
      throw new HandlerFailure(index, error);
    }
  }

  /** Their ids are taken back: they have not been handled. */
  async function parkBehind(
    tx: WorkerTransaction,
    tenant: TenantId,
    blocked: readonly Taken[],
  ): Promise<void> {
    if (blocked.length === 0) return;
    parkedOf.add(tenant);
    await tx.batch([
      { text: TAKE_BACK, values: [tenant, consumer, blocked.map(({ event }) => event.id)] },
      ...blocked.map((each) => parkStatement(tenant, each, 0, clock.now(), null)),
    ]);
  }

  async function park(tenant: TenantId, taken: Taken, failure: HandlerFailure): Promise<void> {
    const { event } = taken;
    log.warn(
      { err: failure.cause, tenant, consumer, event: event.id, type: event.type },
      'an event’s handler failed; it will be tried again',
    );
    const runAt = pauseAfter(1);
    const attempts = isOutage(failure.cause) ? 0 : 1;
    await sql.batch(tenant, [parkStatement(tenant, taken, attempts, runAt, textOf(failure.cause))]);
    parkedOf.add(tenant);
    remember(tenant, runAt);
  }

  function parkStatement(
    tenant: TenantId,
    { event, offset }: Taken,
    attempts: number,
    runAt: Date,
    error: string | null,
  ) {
    const { id, topic, type, key, trace, occurredAt } = event;
    const payload = JSON.stringify(event.payload);
    return {
      text: PARK,
      values: [
        tenant,
        consumer,
        id,
        topic,
        type,
        key,
        payload,
        trace ?? null,
        occurredAt,
        offset,
        attempts,
        runAt,
        error,
      ],
    };
  }

  async function retryParked(tenant: TenantId): Promise<void> {
    while (!closed) {
      const { rows } = await sql.query<ParkedRow>(tenant, DUE, [tenant, consumer, clock.now()]);
      const [due] = rows;
      if (!due) break;
      const event = eventOf(tenant, due);
      try {
        await sql.transaction(tenant, async (tx) => {
          const [mine, recorded] = await tx.batch([
            { text: UNPARK, values: [tenant, consumer, due.event_id] },
            { text: RECORD, values: [tenant, consumer, [due.event_id], clock.now()] },
          ]);
          // Another process was faster, or it had been handled before.
          if (mine?.rowCount === 0 || recorded?.rowCount === 0) return;
          await run([event], [], tx);
        });
      } catch (error) {
        await countFailure(tenant, due, event, failureOf(error).cause);
      }
    }
    const { rows } = await sql.query<{ at: Date | null }>(tenant, NEXT_DUE, [tenant, consumer]);
    const at = rows[0]?.at;
    if (at) remember(tenant, at);
    else parkedOf.delete(tenant);
  }

  async function countFailure(
    tenant: TenantId,
    due: ParkedRow,
    event: StoredEvent,
    cause: unknown,
  ): Promise<void> {
    const attempts = due.attempts + (isOutage(cause) ? 0 : 1);
    if (attempts < maxAttempts) {
      const next = pauseAfter(Math.max(attempts, 1));
      await sql.query(
        tenant,
        `UPDATE parked_messages SET attempts = $4, run_at = $5, error = $6 WHERE tenant_id = $1 AND consumer = $2 AND event_id = $3`,
        [tenant, consumer, event.id, attempts, next, textOf(cause)],
      );
      return;
    }
    log.error(
      { err: cause, tenant, consumer, event: event.id, type: event.type },
      'an event failed too often; it is a dead letter now',
    );
    const { id, topic, type, key, payload, occurredAt } = event;
    const error = textOf(cause);
    await sql.transaction(tenant, async (tx) => {
      await tx.batch([
        { text: UNPARK, values: [tenant, consumer, id] },
        { text: RECORD, values: [tenant, consumer, [id], clock.now()] },
        {
          text: BURY,
          values: [
            tenant,
            consumer,
            id,
            topic,
            type,
            key,
            JSON.stringify(payload),
            attempts,
            error,
            clock.now(),
          ],
        },
      ]);
      await tx.emit({
        topic: `${topic}.dead`,
        type,
        key,
        payload: { consumer, attempts, error, event: { id, occurredAt, payload } },
      });
    });
  }

  function remember(tenant: TenantId, at: Date): void {
    const known = alarms.get(tenant);
    if (closed || (known && known.at <= at.getTime())) return;
    if (known) clearTimeout(known.timer);
    const timer = setTimeout(
      () => {
        alarms.delete(tenant);
        pump.kick(tenant);
      },
      Math.max(1, at.getTime() - clock.now().getTime()),
    );
    timer.unref();
    alarms.set(tenant, { at: at.getTime(), timer });
  }

  function pauseAfter(attempts: number): Date {
    return new Date(clock.now().getTime() + pauseOf(attempts, options.firstPauseMilliseconds));
  }

  return {
    arrived: (tenant) => pump.kick(tenant),
    async sweep() {
      const { rows } = await sql.sweep<{ tenant_id: string }>(
        'SELECT DISTINCT tenant_id FROM parked_messages WHERE consumer = $1 AND run_at <= $2',
        [consumer, clock.now()],
      );
      for (const { tenant_id } of rows) {
        if (!options.serves(tenant_id)) continue;
        parkedOf.add(tenant_id);
        pump.kick(tenant_id);
      }
    },
    idle: () => pump.idle(),
    async close() {
      closed = true;
      for (const { timer } of alarms.values()) clearTimeout(timer);
      await pump.close();
    },
  };
}

interface ParkedRow {
  readonly event_id: string;
  readonly topic: string;
  readonly type: string;
  readonly key: string;
  readonly payload: unknown;
  readonly trace: string | null;
  readonly occurred_at: Date;
  readonly attempts: number;
}

/** Tells a handler's failure from the machinery's own. */
class HandlerFailure extends Error {
  /** Which event of those that were taken failed; undefined where only the batch is known. */
  readonly index: number | undefined;

  constructor(index: number | undefined, cause: unknown) {
    super(textOf(cause), { cause });
    this.index = index;
  }
}

/** A COMMIT that the database refuses is the events' failure too; the database being away or too slow is nobody's. */
function failureOf(error: unknown): HandlerFailure {
  if (error instanceof HandlerFailure) return error;
  const passing = error instanceof ShopError && (error.code === 'unavailable' || error.code === 'timeout');
  if (passing || isRetryable(error)) throw error;
  return new HandlerFailure(undefined, error);
}

function eventIn({ event }: Taken): StoredEvent {
  return event;
}

/** Each id once: a relay that was killed may have sent an event twice within what was taken. */
function firsts(taken: readonly Taken[], fresh: Set<string>): Taken[] {
  return taken.filter(({ event }) => fresh.delete(event.id));
}

function eventOf(tenant: TenantId, row: ParkedRow): StoredEvent {
  const { event_id: id, topic, type, key, payload, occurred_at: occurredAt, trace } = row;
  return { id, tenant, topic, type, key, payload, occurredAt, ...(trace === null ? {} : { trace }) };
}

/** Answers the ids that were not there before. */
const RECORD = `
  INSERT INTO inbox (tenant_id, consumer, event_id, handled_at)
  SELECT $1, $2, id, $4 FROM unnest($3::text[]) AS id ON CONFLICT DO NOTHING RETURNING event_id`;

const BLOCKED = `
  SELECT DISTINCT topic, key FROM parked_messages WHERE tenant_id = $1 AND consumer = $2 AND key = ANY ($3::text[])`;

const TAKE_BACK = 'DELETE FROM inbox WHERE tenant_id = $1 AND consumer = $2 AND event_id = ANY ($3::text[])';

const PARK = `
  INSERT INTO parked_messages (tenant_id, consumer, event_id, topic, type, key, payload, trace, occurred_at, place, attempts, run_at, error)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`;

const UNPARK = 'DELETE FROM parked_messages WHERE tenant_id = $1 AND consumer = $2 AND event_id = $3';

const BURY = `
  INSERT INTO dead_letters (tenant_id, consumer, event_id, topic, type, key, payload, attempts, error, died_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`;

const FIRST_OF_KEY = `NOT EXISTS (SELECT 1 FROM parked_messages b
  WHERE b.tenant_id = $1 AND b.consumer = $2 AND b.topic = p.topic AND b.key = p.key
    AND (b.occurred_at, b.place) < (p.occurred_at, p.place))`;

const DUE = `
  SELECT p.event_id, p.topic, p.type, p.key, p.payload, p.trace, p.occurred_at, p.attempts FROM parked_messages p
  WHERE p.tenant_id = $1 AND p.consumer = $2 AND p.run_at <= $3 AND ${FIRST_OF_KEY}
  ORDER BY p.occurred_at, p.place LIMIT 1`;

const NEXT_DUE = `
  SELECT min(p.run_at) AS at FROM parked_messages p WHERE p.tenant_id = $1 AND p.consumer = $2 AND ${FIRST_OF_KEY}`;
