/**
 * Events whose handler failed, whoever carries them. Such an event is parked in the database with its key: what comes later under the key
 * waits behind it there, while everything else goes on and the consumer's place moves past it. It is tried again with growing pauses,
 * counted across restarts and by any process of the consumer; at last it is a dead letter, in the table people look at.
 */
import type { Logger } from 'pino';
import { ShopError } from '../errors.ts';
import type { Clock, StoredEvent, TenantId, Transaction } from '../ports.ts';
import { isRetryable } from '../sql/failures.ts';
import type { PostgresSql } from '../sql/postgres.ts';
import type { Statement, WireResult } from '../sql/wire.ts';
import { isOutage, pauseOf, textOf } from './attempts.ts';
import type { EventMeter } from './meter.ts';

export interface ParkingOptions {
  readonly sql: PostgresSql;
  readonly clock: Clock;
  readonly log: Logger;
  readonly meter: EventMeter;
  readonly consumer: string;
  /** Runs the handler on one parked event, in the transaction that takes it out. */
  readonly handle: (event: StoredEvent, tx: Transaction) => Promise<void>;
  /** Called in the transaction that makes a dead letter. */
  readonly buried: (letter: DeadLetter, tx: Transaction) => Promise<void>;
  /** It is time to `retry` a tenant's. */
  readonly due: (tenant: TenantId) => void;
  readonly maxAttempts: number;
  readonly firstPauseMilliseconds: number;
}

export interface DeadLetter {
  readonly event: StoredEvent;
  readonly attempts: number;
  readonly error: string;
}

/** An event, and a number that grows along its key. */
export interface Parkable {
  readonly event: StoredEvent;
  readonly place: number;
}

export interface Parking {
  /** Asks which of these keys something is parked under; `blocks` understands the answer. */
  asking(tenant: TenantId, keys: readonly string[]): Statement;
  blocks(answer: WireResult | undefined): (event: StoredEvent) => boolean;
  /** Parks events behind others of their keys. Part of the transaction that moves the consumer's place past them. */
  behind(tenant: TenantId, events: readonly Parkable[]): readonly Statement[];
  /** Parks an event whose handler failed, likewise. */
  failed(tenant: TenantId, event: Parkable, cause: unknown): Statement;
  /** Tries what is due again, and sees to it that `due` is called when more is. */
  retry(tenant: TenantId): Promise<void>;
  /** Tenants with something due that nobody told of. */
  sweep(): Promise<readonly TenantId[]>;
  close(): void;
}

export function createParking(options: ParkingOptions): Parking {
  const { sql, clock, log, meter, consumer } = options;
  const alarms = new Map<TenantId, { at: number; timer: NodeJS.Timeout }>();
  /** Tenants with parked events, as far as this process knows. */
  const occupied = new Set<TenantId>();
  let closed = false;

  function statement(
    tenant: TenantId,
    { event, place }: Parkable,
    attempts: number,
    runAt: Date,
    error: string | null,
  ) {
    const { id, topic, type, key, trace, occurredAt } = event;
    const payload = JSON.stringify(event.payload);
    const values = [
      tenant,
      consumer,
      id,
      topic,
      type,
      key,
      payload,
      trace ?? null,
      occurredAt,
      place,
      attempts,
      runAt,
      error,
    ];
    return { text: PARK, values };
  }

  async function retryOne(tenant: TenantId, row: ParkedRow): Promise<void> {
    const event = eventOf(tenant, { ...row, id: row.event_id });
    try {
      await sql.transaction(tenant, async (tx) => {
        const [mine] = await tx.batch([{ text: UNPARK, values: [tenant, consumer, event.id] }]);
        // Another process was faster.
        if (mine?.rowCount === 0) return;
        try {
          await options.handle(event, tx);
        } catch (error) {
          throw blame(error);
        }
      });
    } catch (error) {
      await countFailure(tenant, event, row.attempts, failureOf(error).cause);
    }
  }

  async function countFailure(
    tenant: TenantId,
    event: StoredEvent,
    before: number,
    cause: unknown,
  ): Promise<void> {
    const attempts = before + (isOutage(cause) ? 0 : 1);
    if (attempts >= options.maxAttempts) return bury({ event, attempts, error: textOf(cause) }, cause);
    meter.retried(consumer);
    const next = pauseAfter(Math.max(attempts, 1));
    await sql.query(tenant, COUNT, [tenant, consumer, event.id, attempts, next, textOf(cause)]);
  }

  async function bury(letter: DeadLetter, cause: unknown): Promise<void> {
    const { tenant, id, topic, type, key, payload } = letter.event;
    log.error(
      { err: cause, tenant, consumer, event: id, type },
      'an event failed too often; it is a dead letter now',
    );
    const values = [
      tenant,
      consumer,
      id,
      topic,
      type,
      key,
      JSON.stringify(payload),
      letter.attempts,
      letter.error,
      clock.now(),
    ];
    const mine = await sql.transaction(tenant, async (tx) => {
      const [parked] = await tx.batch([{ text: UNPARK, values: [tenant, consumer, id] }]);
      // Another process had more luck with it.
      if (parked?.rowCount === 0) return false;
      await tx.query(BURY, values);
      await options.buried(letter, tx);
      return true;
    });
    if (mine) meter.died(consumer, topic);
  }

  function remember(tenant: TenantId, at: Date): void {
    const known = alarms.get(tenant);
    if (closed || (known && known.at <= at.getTime())) return;
    if (known) clearTimeout(known.timer);
    const pause = Math.max(1, at.getTime() - clock.now().getTime());
    const timer = setTimeout(() => {
      alarms.delete(tenant);
      options.due(tenant);
    }, pause);
    timer.unref();
    alarms.set(tenant, { at: at.getTime(), timer });
  }

  function pauseAfter(attempts: number): Date {
    return new Date(clock.now().getTime() + pauseOf(attempts, options.firstPauseMilliseconds));
  }

  return {
    asking: (tenant, keys) => ({ text: BLOCKED, values: [tenant, consumer, [...new Set(keys)]] }),
    blocks(answer) {
      const blocked = new Set(answer?.rows.map((row) => `${String(row['topic'])} ${String(row['key'])}`));
      return ({ topic, key }) => blocked.size > 0 && blocked.has(`${topic} ${key}`);
    },
    behind(tenant, events) {
      if (events.length > 0) occupied.add(tenant);
      return events.map((each) => statement(tenant, each, 0, clock.now(), null));
    },
    failed(tenant, failed, cause) {
      const { id, type } = failed.event;
      log.warn(
        { err: cause, tenant, consumer, event: id, type },
        'an event’s handler failed; it will be tried again',
      );
      meter.retried(consumer);
      const runAt = pauseAfter(1);
      occupied.add(tenant);
      remember(tenant, runAt);
      return statement(tenant, failed, isOutage(cause) ? 0 : 1, runAt, textOf(cause));
    },
    async retry(tenant) {
      if (!occupied.has(tenant)) return;
      while (!closed) {
        const { rows } = await sql.query<ParkedRow>(tenant, DUE, [tenant, consumer, clock.now()]);
        if (rows[0] === undefined) break;
        await retryOne(tenant, rows[0]);
      }
      const { rows } = await sql.query<{ at: Date | null }>(tenant, NEXT_DUE, [tenant, consumer]);
      const at = rows[0]?.at;
      if (at) remember(tenant, at);
      else occupied.delete(tenant);
    },
    async sweep() {
      const { rows } = await sql.sweep<{ tenant_id: string }>(WHO_HAS_DUE, [consumer, clock.now()]);
      for (const { tenant_id } of rows) occupied.add(tenant_id);
      return rows.map(({ tenant_id }) => tenant_id);
    },
    close() {
      closed = true;
      for (const { timer } of alarms.values()) clearTimeout(timer);
    },
  };
}

/** Tells a handler's failure from the machinery's own. */
export class HandlerFailure extends Error {
  /** Which event of several failed; undefined where nobody knows. */
  readonly index: number | undefined;

  constructor(index: number | undefined, cause: unknown) {
    super(textOf(cause), { cause });
    this.index = index;
  }
}

/**
 * Whose failure it is. A COMMIT that the database refuses is the events'; a deadlock, and the database being away or too slow, is nobody's.
 * @throws what it is given, when it is nobody's
 */
export function failureOf(error: unknown): HandlerFailure {
  if (error instanceof HandlerFailure) return error;
  const passing = error instanceof ShopError && (error.code === 'unavailable' || error.code === 'timeout');
  if (passing || isRetryable(error)) throw error;
  return new HandlerFailure(undefined, error);
}

/** What a handler threw: a deadlock is nobody's fault, and the transaction runs again as it is. @param index of the event, if known */
export function blame(error: unknown, index?: number): unknown {
  return isRetryable(error) ? error : new HandlerFailure(index, error);
}

/** An event as tables of events keep it. */
export interface EventRow {
  readonly id: string;
  readonly topic: string;
  readonly type: string;
  readonly key: string;
  readonly payload: unknown;
  readonly trace: string | null;
  readonly occurred_at: Date;
}

interface ParkedRow extends Omit<EventRow, 'id'> {
  readonly event_id: string;
  readonly attempts: number;
}

export function eventOf(tenant: TenantId, row: EventRow): StoredEvent {
  const { id, topic, type, key, payload, occurred_at: occurredAt, trace } = row;
  return { id, tenant, topic, type, key, payload, occurredAt, ...(trace === null ? {} : { trace }) };
}

const BLOCKED = `
  SELECT DISTINCT topic, key FROM parked_messages WHERE tenant_id = $1 AND consumer = $2 AND key = ANY ($3::text[])`;

const PARK = `
  INSERT INTO parked_messages (tenant_id, consumer, event_id, topic, type, key, payload, trace, occurred_at, place, attempts, run_at, error)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`;

const UNPARK = 'DELETE FROM parked_messages WHERE tenant_id = $1 AND consumer = $2 AND event_id = $3';

const COUNT = `
  UPDATE parked_messages SET attempts = $4, run_at = $5, error = $6 WHERE tenant_id = $1 AND consumer = $2 AND event_id = $3`;

const BURY = `
  INSERT INTO dead_letters (tenant_id, consumer, event_id, topic, type, key, payload, attempts, error, died_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`;

const FIRST_OF_KEY = `NOT EXISTS (SELECT 1 FROM parked_messages b
  WHERE b.tenant_id = $1 AND b.consumer = $2 AND b.topic = p.topic AND b.key = p.key AND b.place < p.place)`;

const DUE = `
  SELECT p.event_id, p.topic, p.type, p.key, p.payload, p.trace, p.occurred_at, p.attempts FROM parked_messages p
  WHERE p.tenant_id = $1 AND p.consumer = $2 AND p.run_at <= $3 AND ${FIRST_OF_KEY} ORDER BY p.place LIMIT 1`;

const NEXT_DUE = `
  SELECT min(p.run_at) AS at FROM parked_messages p WHERE p.tenant_id = $1 AND p.consumer = $2 AND ${FIRST_OF_KEY}`;

const WHO_HAS_DUE = 'SELECT DISTINCT tenant_id FROM parked_messages WHERE consumer = $1 AND run_at <= $2';
