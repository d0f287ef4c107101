/** One process of the benchmark of events: it emits, or consumes, as its order says, and reports to its parent. */
import { setTimeout as pause } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { pino } from 'pino';
import { kafkaSettings } from '../../../runtime/platform/address/kafka/index.ts';
import { systemClock } from '../../../runtime/platform/clock.ts';
import { createKafkaEvents } from '../../../runtime/platform/events/kafka.ts';
import { createNewId } from '../../../runtime/platform/ids.ts';
import { createPostgres, type PostgresSql } from '../../../runtime/platform/sql/postgres.ts';
import { startProfile, type Profile } from './profile.ts';

export interface Order {
  readonly role:
    | 'produce-bare'
    | 'consume-bare'
    | 'consume-parse'
    | 'consume'
    | 'consume-batches'
    | 'consume-live'
    | 'emit'
    | 'emit-only'
    | 'relay';
  readonly databaseUrl: string;
  readonly address: string;
  readonly topic: string;
  readonly partitions: number;
  readonly tenants: readonly string[];
  readonly payloadBytes: number;
  readonly perTransaction: number;
  /** Events a second; 0: as many as go. */
  readonly rate: number;
  readonly seconds: number;
  /** Events of the backlog. */
  readonly expected: number;
  /** Whether to look where the time goes, which costs some. */
  readonly profile: boolean;
}

export interface Report {
  readonly events: number;
  /** Those that warmed up included. */
  readonly total?: number;
  readonly perSecond: number;
  /** Milliseconds from before the transaction to the handler. */
  readonly p50: number;
  readonly p99: number;
  readonly cpuSeconds: number;
  /** Events that had not come when patience ended. */
  readonly missing?: number;
  readonly profile?: Profile;
}

const KEYS = 100;
/** Until Node has compiled what runs often and every connection has planned its statements; events of this time are not measured. */
const WARM_MS = 3_000;
/** Of those who wait for a number of events, after which they say how many came. */
const PATIENCE_MS = 60_000;
const order: Order = JSON.parse(process.argv[2] ?? '{}');
const kafka = new kafkajs.Kafka({ ...kafkaSettings(order.address), logLevel: kafkajs.logLevel.NOTHING });
const filler = 'x'.repeat(Math.max(0, order.payloadBytes - 40));
const newId = createNewId(systemClock);

const ROLES: Readonly<Record<Order['role'], () => Promise<Report>>> = {
  'produce-bare': produceBare,
  'consume-bare': () => consumeBare(() => undefined),
  'consume-parse': () => consumeBare((value) => void JSON.parse(value?.toString() ?? '')),
  consume: () => consume(false),
  'consume-batches': () => consume(true),
  'consume-live': consumeLive,
  emit,
  'emit-only': emitOnly,
  relay,
};

/** Emitted so far, what warmed up included. */
let total = 0;
// Whoever started it has failed.
process.once('disconnect', () => process.exit());
/** What starting a process costs is no event's. */
const started = process.cpuUsage();
const stop = order.profile ? await startProfile() : undefined;
const report = await ROLES[order.role]();
process.send?.(stop === undefined ? report : { ...report, profile: await stop() });
process.disconnect();
// Whatever is still open has nothing left to do.
process.exit();

async function produceBare(): Promise<Report> {
  const producer = kafka.producer();
  await producer.connect();
  const began = performance.now();
  let sent = 0;
  // Each loop has tenants of its own: a tenant's places grow in the order in which they are sent.
  const loop = async (tenants: readonly string[]): Promise<void> => {
    while (sent < order.expected) {
      const from = sent;
      sent += 100;
      const messages = Array.from({ length: 100 }, (_, n) => {
        const tenant = tenants[n % tenants.length] ?? '';
        const data = { n: from + n, at: 0, filler };
        return {
          key: `${tenant}/k${(from + n) % KEYS}`,
          value: JSON.stringify({ place: from + n + 1, id: newId('evt'), type: `${order.topic}.done`, data }),
          // As the relay does: a pooled tenant's events keep together.
          partition: order.tenants.indexOf(tenant) % order.partitions,
        };
      });
      await producer.send({ topic: `pool.${order.topic}`, messages });
    }
  };
  await Promise.all([0, 1, 2, 3].map((nth) => loop(order.tenants.filter((_, n) => n % 4 === nth))));
  await producer.disconnect();
  return reportOf(sent, began);
}

/** Nothing is kept, nothing is written down: whoever dies here begins anew, or has lost something. */
async function consumeBare(use: (value: Buffer | null) => void): Promise<Report> {
  const consumer = kafka.consumer({ groupId: `bare-${process.pid}`, maxWaitTimeInMs: 1_000 });
  await consumer.connect();
  await consumer.subscribe({ topics: [`pool.${order.topic}`], fromBeginning: true });
  const heard = createTally();
  await consumer.run({
    partitionsConsumedConcurrently: 64,
    eachBatch({ batch }) {
      for (const { value } of batch.messages) use(value);
      heard.add(batch.messages.length);
      return Promise.resolve();
    },
  });
  return heard.all();
}

interface Tally {
  add(events: number): void;
  /** Of those after the first quarter, in which Node compiles and connections are opened. */
  all(): Promise<Report>;
}

function createTally(): Tally {
  const done = Promise.withResolvers<void>();
  let seen = 0;
  let before = 0;
  let began = 0;
  let cpu = process.cpuUsage();
  return {
    add(events) {
      seen += events;
      if (began === 0 && seen >= order.expected / 4) {
        before = seen;
        began = performance.now();
        cpu = process.cpuUsage();
      }
      if (seen >= order.expected) done.resolve();
    },
    async all() {
      await inTime(done.promise, () => `${seen} of ${order.expected} events have come`);
      return reportOf(seen - before, began, cpu);
    },
  };
}

/** @throws Error that says how far it came */
async function inTime(done: Promise<void>, how: () => string): Promise<void> {
  const over = new AbortController();
  const late = pause(PATIENCE_MS, undefined, { signal: over.signal }).then(() => {
    throw new Error(`${order.role}: ${how()} after ${PATIENCE_MS} ms`);
  });
  try {
    await Promise.race([done, late]);
  } finally {
    over.abort();
    late.catch(() => undefined);
  }
}

function openSql(connections: number): PostgresSql {
  return createPostgres({ connectionString: order.databaseUrl, clock: systemClock, newId, connections });
}

function open(connections: number) {
  const sql = openSql(connections);
  const events = createKafkaEvents({
    sql,
    clock: systemClock,
    log: pino({ level: 'warn' }, pino.destination(2)),
    address: order.address,
    scope: 'pool',
  });
  return { sql, events };
}

async function consume(batches: boolean): Promise<Report> {
  const { events } = open(8);
  const heard = createTally();
  const hear = (count: number): Promise<void> => {
    heard.add(count);
    return Promise.resolve();
  };
  if (batches) await events.subscribeBatches('batches', [order.topic], (some) => hear(some.length));
  else await events.subscribe('single', [order.topic], () => hear(1));
  const report = await heard.all();
  await events.close();
  return report;
}

async function consumeLive(): Promise<Report> {
  const { sql, events } = open(8);
  const expected = Promise.withResolvers<number>();
  process.once('message', (total: number) => expected.resolve(total));
  const latencies: number[] = [];
  const joined = Promise.withResolvers<void>();
  let seen = 0;
  let began = 0;
  let cpu = process.cpuUsage();
  await events.subscribe('live', [order.topic], (event) => {
    const { at, n } = event.payload as { at: number; n: number }; // what `emit` wrote
    if (n < 0) return Promise.resolve(joined.resolve());
    seen++;
    if (at === 0) return Promise.resolve();
    if (began === 0) {
      began = performance.now();
      cpu = process.cpuUsage();
    }
    latencies.push(Date.now() - at);
    return Promise.resolve();
  });
  // Until the group is shared out: one event has come all the way.
  await sql.transaction(order.tenants[0] ?? '', (tx) =>
    tx.emit({ topic: order.topic, type: `${order.topic}.done`, key: 'k', payload: { at: 0, n: -1 } }),
  );
  await joined.promise;
  process.send?.('ready');
  const total = await expected.promise;
  const deadline = Date.now() + PATIENCE_MS / 3;
  while (seen < total && Date.now() < deadline) await pause(20);
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  await events.close();
  return {
    events: latencies.length,
    missing: total - seen,
    perSecond: latencies.length / seconds,
    p50: at(0.5),
    p99: at(0.99),
    cpuSeconds: (user + system) / 1e6,
  };
}

async function emit(): Promise<Report> {
  const { sql, events } = open(8);
  await emitWith(sql, WARM_MS, true);
  process.send?.('warm');
  const warm = process.cpuUsage();
  const emitted = await emitWith(sql, order.seconds * 1_000);
  await events.flush();
  const { user, system } = process.cpuUsage(warm);
  return { ...emitted, total, cpuSeconds: (user + system) / 1e6 };
}

/** What a transaction costs that emits, without those who bring it further. */
async function emitOnly(): Promise<Report> {
  const sql = openSql(8);
  const report = await emitWith(sql, order.seconds * 1_000);
  await sql.close();
  return report;
}

/** From the outbox to Kafka, which acknowledges. */
async function relay(): Promise<Report> {
  const { events } = open(8);
  const began = performance.now();
  await events.flush();
  const report = reportOf(order.expected, began);
  await events.close();
  return report;
}

/** At a rate, transactions begin when their time has come, whatever became of those before; else so many at once. */
async function emitWith(sql: PostgresSql, milliseconds: number, warming = false): Promise<Report> {
  const type = `${order.topic}.done`;
  let sent = 0;
  const transact = async (): Promise<void> => {
    const from = sent;
    sent += order.perTransaction;
    const tenant = order.tenants[(from / order.perTransaction) % order.tenants.length] ?? '';
    const at = warming ? 0 : Date.now();
    await sql.transaction(tenant, (tx) =>
      tx.emit(
        ...Array.from({ length: order.perTransaction }, (_, n) => ({
          topic: order.topic,
          type,
          key: `k${(from + n) % KEYS}`,
          payload: { n: from + n, at, filler },
        })),
      ),
    );
  };
  const began = performance.now();
  const end = began + milliseconds;
  if (order.rate === 0) {
    const loop = async (): Promise<void> => {
      while (performance.now() < end) await transact();
    };
    await Promise.all(Array.from({ length: 4 }, loop));
  } else {
    const running = new Set<Promise<void>>();
    while (performance.now() < end) {
      const due = ((performance.now() - began) / 1_000) * order.rate;
      while (sent < due) {
        const one = transact().finally(() => running.delete(one));
        running.add(one);
      }
      await pause(2);
    }
    await Promise.all(running);
  }
  total += sent;
  return reportOf(sent, began);
}

function reportOf(events: number, began: number, before = started): Report {
  const { user, system } = process.cpuUsage(before);
  return {
    events,
    perSecond: events / ((performance.now() - began) / 1_000),
    p50: NaN,
    p99: NaN,
    cpuSeconds: (user + system) / 1e6,
  };
}
