/**
 * Events from a transaction through the outbox and Kafka to a handler, everything on this machine: how many a second, how long they
 * take at half of what is asked, who spends the processor's time, and our consumer beside a bare loop of kafkajs on the same messages.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { openDatabase } from '../../../operator/provisioners/postgres/database.ts';
import { loadCatalogue } from '../../../operator/provisioners/postgres/desired.ts';
import { loginFor } from '../../../operator/provisioners/postgres/logins.ts';
import { createPostgres as createProvisioner } from '../../../operator/provisioners/postgres/postgres.ts';
import { startKafka } from '../../servers/kafka.ts';
import { startPostgres } from '../../servers/postgres.ts';
import { processTree } from '../../support/processes.ts';
import { table } from '../table.ts';
import type { Order, Report } from './events.process.ts';

const TENANTS = 32;
const PARTITIONS = 12;
const BACKLOG = 200_000;
const PAYLOAD_BYTES = 200;
const TARGET = 20_000;
const SECONDS = 8;
/** Events of one transaction: what a domain that imports or counts down stock emits at once. */
const PER_TRANSACTION = 25;

export async function benchEvents(): Promise<void> {
  const [server, kafka] = await Promise.all([
    // As in production: every commit is on the disk before it is told.
    startPostgres({
      settings: {
        fsync: 'on',
        shared_buffers: '512MB',
        max_wal_size: '4GB',
        autovacuum_naptime: '5s',
      },
    }),
    startKafka({ heap: 768 }),
  ]);
  const database = await openDatabase(server.adminUrl);
  try {
    const login = loginFor('shop_runtime', 'bench');
    const catalogue = await loadCatalogue([]);
    await createProvisioner(database, catalogue).ensure(catalogue.pool(), [login]);
    const tenants = Array.from({ length: TENANTS }, (_, n) => `tenant-${n}`);
    await database.query(
      `insert into platform.tenants (id, display_name, plan, placement, schema_name, hosts, locales, currencies, domains)
       select id, id, 'starter', 'pooled', 'shop', '{}', '{}', '{}', '{}' from unnest($1::text[]) id`,
      [tenants],
    );
    const common = {
      databaseUrl: server.adminUrl.replace('//postgres@', `//${login.user}:${login.password}@`),
      address: kafka.adminAddress,
      tenants,
      payloadBytes: PAYLOAD_BYTES,
      perTransaction: PER_TRANSACTION,
    };
    await makeTopics(kafka.broker, ['x.backlog', 'x.half', 'x.most']);
    const order = (rest: Partial<Order> & Pick<Order, 'role' | 'topic'>): Order => ({
      ...common,
      rate: 0,
      seconds: SECONDS,
      expected: 0,
      ...rest,
    });

    const produced = await run(order({ role: 'produce-bare', topic: 'x.backlog', expected: BACKLOG }));
    const bare = await run(order({ role: 'consume-bare', topic: 'x.backlog', expected: BACKLOG }));
    const ours = await run(order({ role: 'consume', topic: 'x.backlog', expected: BACKLOG }));
    const batched = await run(order({ role: 'consume-batches', topic: 'x.backlog', expected: BACKLOG }));
    const share = (report: Report): string =>
      `${((100 * report.perSecond) / bare.perSecond).toFixed(0)} % of the bare loop`;
    console.log(
      `\nA backlog of ${count(BACKLOG)} events of ${PAYLOAD_BYTES} B in ${PARTITIONS} partitions, ${TENANTS} tenants\n`,
    );
    console.log(
      table(
        ['what', 'events/s', ''],
        [
          ['kafkajs alone produces, batches of 100', count(produced.perSecond), ''],
          ['kafkajs alone consumes, eachBatch', count(bare.perSecond), '100 %'],
          ['our consumer, a handler called for each', count(ours.perSecond), share(ours)],
          ['our consumer, a handler called for many', count(batched.perSecond), share(batched)],
        ],
      ),
    );

    const passes: string[][] = [];
    for (const [topic, rate] of [
      ['x.half', TARGET / 2],
      ['x.most', 0],
    ] as const) {
      const before = await cpu(server.pid(), kafka.pid());
      const consumer = start(order({ role: 'consume-live', topic }));
      await consumer.ready;
      const emitter = start(order({ role: 'emit', topic, rate }));
      const emitted = await emitter.report;
      consumer.child.send(emitted.events);
      const consumed = await consumer.report;
      const after = await cpu(server.pid(), kafka.pid());
      const per = (seconds: number): string =>
        `${((seconds * 1e6) / Math.max(1, consumed.events)).toFixed(1)} µs`;
      passes.push([
        rate === 0 ? 'as many as go' : `${count(rate)}/s asked`,
        count(emitted.perSecond),
        count(consumed.perSecond),
        `${consumed.p50.toFixed(0)} ms`,
        `${consumed.p99.toFixed(0)} ms`,
        per(after.database - before.database),
        per(after.kafka - before.kafka),
        per(emitted.cpuSeconds),
        per(consumed.cpuSeconds),
      ]);
    }
    console.log(
      'From the transaction through outbox, relay and Kafka to the handler; processor time of an event by who spends it\n',
    );
    console.log(
      table(
        ['', 'emitted/s', 'handled/s', 'p50', 'p99', 'PostgreSQL', 'Kafka', 'emits and relays', 'consumes'],
        passes,
      ),
    );
  } finally {
    await database.close();
    await kafka.stop();
    await server.stop();
  }
}

interface Started {
  readonly child: ChildProcess;
  /** It has joined its group. */
  readonly ready: Promise<void>;
  readonly report: Promise<Report>;
}

function start(order: Order): Started {
  const child = fork(new URL('./events.process.ts', import.meta.url), [JSON.stringify(order)], {
    execArgv: ['--disable-warning=TimeoutNegativeWarning'],
  });
  const ready = Promise.withResolvers<void>();
  const report = new Promise<Report>((resolve, reject) => {
    child.on('message', (message: Report | 'ready') => {
      if (message === 'ready') ready.resolve();
      else resolve(message);
    });
    child.once('exit', (code) => reject(new Error(`${order.role} ended with ${code} before it reported`)));
  });
  return { child, ready: ready.promise, report };
}

const run = (order: Order): Promise<Report> => start(order).report;

async function makeTopics(broker: string, topics: readonly string[]): Promise<void> {
  const admin = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: false,
    topics: topics.map((topic) => ({ topic: `pool.${topic}`, numPartitions: PARTITIONS })),
  });
  await pause(1_000);
  await admin.disconnect();
}

/** Seconds of processor time spent so far, by the server's processes and by the broker's. Linux counts in hundredths. */
async function cpu(database: number, kafka: number): Promise<{ database: number; kafka: number }> {
  const of = async (pid: number): Promise<number> => {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Its own time, and that of children that have ended: connections come and go.
    return [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field] ?? 0), 0) / 100;
  };
  const all = await processTree(database);
  const times = await Promise.all(all.map(({ pid }) => of(pid)));
  return { database: times.reduce((sum, time) => sum + time, 0), kafka: await of(kafka) };
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}
