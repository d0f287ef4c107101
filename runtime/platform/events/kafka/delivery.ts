/**
 * Brings what the intake holds to a handler: a tenant's events in order, many in one transaction that also writes down how far it came in
 * each partition (`consumer_marks`), so that what Kafka or a relay repeats has no effect: a partition brings a tenant's events in
 * the order of their places, and again only what it has brought before. An event whose handler fails is parked.
 */
import type { Logger } from 'pino';
import type { Clock, StoredEvent, TenantId, Transaction } from '../../ports.ts';
import { createPump, type Next } from '../../pump.ts';
import type { PostgresSql } from '../../sql/postgres.ts';
import type { Statement, WireResult } from '../../sql/wire.ts';
import type { EventMeter } from '../meter.ts';
import { blame, createParking, failureOf, type HandlerFailure } from '../parking.ts';
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
  readonly meter: EventMeter;
  readonly consumer: string;
  readonly intake: Pick<Intake, 'peek' | 'finish'>;
  readonly handle: Handle;
  readonly serves: (tenant: TenantId) => boolean;
  readonly maxAttempts: number;
  readonly firstPauseMilliseconds: number;
  /** Tenants at once. */
  readonly concurrency: number;
  /** Events of a tenant in one transaction, at most; ten times as many while transactions are short. */
  readonly batch: number;
}

/** Transactions that take no longer are let grow, tenfold at most; whose locks others would wait for longer than this are not. */
const SHORT_MS = 50;
const MOST_GROWTH = 10;
/** From one transaction of a tenant to its next, unless more than a few events wait. */
const REST_MS = { least: 20, most: 60 };
const FEW = 100;

export interface Delivery {
  arrived(tenant: TenantId): void;
  /** Looks for parked events whose time has come and that nobody told of. */
  sweep(): Promise<void>;
  idle(): Promise<void>;
  close(): Promise<void>;
}

export function createDelivery(options: DeliveryOptions): Delivery {
  const { sql, clock, meter, consumer, intake } = options;
  let closed = false;
  let batch = options.batch;

  const pump = createPump({
    name: consumer,
    concurrency: options.concurrency,
    log: options.log,
    run: deliver,
    restMilliseconds: REST_MS,
  });
  const parking = createParking({
    ...options,
    handle: (event, tx) => options.handle([event], tx, () => undefined),
    buried: ({ event, attempts, error }, tx) => {
      const { id, topic, type, key, payload, occurredAt } = event;
      return tx.emit({
        topic: `${topic}.dead`,
        type,
        key,
        payload: { consumer, attempts, error, event: { id, occurredAt, payload } },
      });
    },
    due: pump.kick,
  });

  async function deliver(tenant: TenantId): Promise<Next> {
    let most = batch;
    while (!closed) {
      const taken = intake.peek(tenant, most);
      const [first] = taken;
      if (first === undefined) break;
      try {
        const took = await handleAll(tenant, taken);
        intake.finish(tenant, taken);
        grow(taken.length, took);
        // A transaction costs the same for one event as for a hundred: the few that came meanwhile wait for more.
        if (intake.peek(tenant, FEW).length < FEW) break;
        most = batch;
      } catch (error) {
        const failure = failureOf(error);
        // What comes before the culprit goes first; when the culprit stands at the front it is parked.
        if (taken.length > 1) most = Math.max(1, failure.index ?? taken.length >> 1);
        else {
          await park(tenant, first, failure);
          intake.finish(tenant, taken);
          most = batch;
        }
      }
    }
    await parking.retry(tenant);
    return intake.peek(tenant, 1).length > 0 ? 'later' : undefined;
  }

  function grow(handled: number, milliseconds: number): void {
    if (milliseconds > SHORT_MS) batch = Math.max(options.batch, Math.floor(batch / 2));
    else if (handled >= batch) batch = Math.min(options.batch * MOST_GROWTH, batch * 2);
  }

  /** @returns milliseconds that it took */
  async function handleAll(tenant: TenantId, taken: readonly Taken[]): Promise<number> {
    const began = performance.now();
    const handled = await sql.transaction(tenant, async (tx) => {
      const keys = taken.map(({ event }) => event.key);
      const [marked, answer] = await tx.batch([mark(tenant, taken), parking.asking(tenant, keys)]);
      const fresh = freshOf(taken, marked);
      const isBlocked = parking.blocks(answer);
      const blocked = fresh.filter(({ event }) => isBlocked(event));
      if (blocked.length > 0) await tx.batch(parking.behind(tenant, blocked));
      const free = blocked.length === 0 ? fresh : fresh.filter(({ event }) => !isBlocked(event));
      await run(free, taken, tx);
      return free.length;
    });
    const took = performance.now() - began;
    const oldest = taken[0]?.event.occurredAt.getTime() ?? 0;
    meter.delivered(consumer, handled, took, clock.now().getTime() - oldest);
    return took;
  }

  async function run(free: readonly Taken[], taken: readonly Taken[], tx: Transaction): Promise<void> {
    if (free.length === 0) return;
    let current: StoredEvent | undefined;
    try {
      await options.handle(free.map(eventIn), tx, (event) => (current = event));
    } catch (error) {
      throw blame(error, current && taken.findIndex(({ event }) => event === current));
    }
  }

  async function park(tenant: TenantId, taken: Taken, failure: HandlerFailure): Promise<void> {
    await sql.transaction(tenant, async (tx) => {
      const [marked] = await tx.batch([mark(tenant, [taken])]);
      if (freshOf([taken], marked).length > 0) await tx.batch([parking.failed(tenant, taken, failure.cause)]);
    });
  }

  /** Moves the marks to the last of what was taken, and answers where they were. Whoever else is at them waits until this commits. */
  function mark(tenant: TenantId, taken: readonly Taken[]): Statement {
    const ends = new Map<string, number>();
    for (const { source, from, to } of runsOf(taken)) {
      let end = ends.get(source) ?? 0;
      for (let index = from; index < to; index++) end = Math.max(end, taken[index]?.place ?? 0);
      ends.set(source, end);
    }
    return { text: MARK, values: [tenant, consumer, [...ends.keys()], [...ends.values()]] };
  }

  return {
    arrived: (tenant) => pump.kick(tenant),
    async sweep() {
      for (const tenant of await parking.sweep()) if (options.serves(tenant)) pump.kick(tenant);
    },
    idle: () => pump.idle(),
    async close() {
      closed = true;
      parking.close();
      await pump.close();
    },
  };
}

/** Those beyond the marks as they were, and each once: a relay that was killed may have sent an event twice within what was taken. */
function freshOf(taken: readonly Taken[], marked: WireResult | undefined): readonly Taken[] {
  const marks = new Map(marked?.rows.map((row) => [String(row['source']), Number(row['before'])]));
  const fresh: Taken[] = [];
  for (const { source, from, to } of runsOf(taken)) {
    let mark = marks.get(source) ?? 0;
    for (const each of taken.slice(from, to)) {
      if (each.place <= mark) continue;
      mark = each.place;
      fresh.push(each);
    }
    marks.set(source, mark);
  }
  return fresh;
}

/** What came one after the other from one partition: a pooled tenant's comes from one. */
function* runsOf(
  taken: readonly Taken[],
): Generator<{ readonly source: string; readonly from: number; readonly to: number }> {
  for (let from = 0, to = 0; from < taken.length; from = to) {
    const source = taken[from]?.source ?? '';
    for (to = from + 1; taken[to]?.source === source;) to++;
    yield { source, from, to };
  }
}

function eventIn({ event }: Taken): StoredEvent {
  return event;
}

/** In the order of their names, so that no two wait for each other. */
const MARK = `
  INSERT INTO consumer_marks (tenant_id, consumer, source, place, before)
  SELECT $1, $2, taken.source, taken.place, 0 FROM unnest($3::text[], $4::bigint[]) AS taken (source, place) ORDER BY taken.source
  ON CONFLICT (tenant_id, consumer, source) DO UPDATE
    SET before = consumer_marks.place, place = greatest(consumer_marks.place, excluded.place)
  RETURNING source, before`;
