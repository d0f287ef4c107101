/**
 * Events from a transaction through the outbox and Kafka to a handler, everything on this machine: how many a second, how long they
 * take at half of what is asked, who spends the processor's time on what, and our consumer beside a bare loop of kafkajs on the same messages.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { openDatabase, type Database } from '../../../operator/provisioners/postgres/database.ts';
import { loadCatalogue } from '../../../operator/provisioners/postgres/desired.ts';
import { loginFor } from '../../../operator/provisioners/postgres/logins.ts';
import { createPostgres as createProvisioner } from '../../../operator/provisioners/postgres/postgres.ts';
import { startKafka, type KafkaServer } from '../../servers/kafka.ts';
import { startPostgres, type PostgresServer } from '../../servers/postgres.ts';
import { own } from '../../support/owned.ts';
import { processTree } from '../../support/processes.ts';
import { machine } from '../machine.ts';
import { table } from '../table.ts';
import type { DataBenchOptions } from '../data.ts';
import type { Order, Report } from './events.process.ts';

const TENANTS = 32;
const PARTITIONS = 12;
const PAYLOAD_BYTES = 200;
const TARGET = 20_000;
/** Events of one transaction: what a domain that imports or counts down stock emits at once. */
const PER_TRANSACTION = 25;

interface Bench {
  readonly server: PostgresServer;
  readonly kafka: KafkaServer;
  readonly database: Database;
  order(rest: Partial<Order> & Pick<Order, 'role' | 'topic'>): Order;
}

export async function benchEvents({ seconds, backlog, only }: DataBenchOptions): Promise<void> {
  const [server, kafka] = await Promise.all([
    // As in production: every commit is on the disk before it is told.
    startPostgres({
      settings: {
        fsync: 'on',
        shared_buffers: '512MB',
        max_wal_size: '4GB',
        autovacuum_naptime: '5s',
        shared_preload_libraries: 'pg_stat_statements',
      },
    }),
    startKafka({ heap: 768 }),
  ]);
  const database = await openDatabase(server.adminUrl);
  try {
    await countStatements(database, 'none');
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
      partitions: PARTITIONS,
      tenants,
      payloadBytes: PAYLOAD_BYTES,
      perTransaction: PER_TRANSACTION,
      rate: 0,
      seconds,
      expected: 0,
      profile: false,
    };
    await makeTopics(kafka.broker, ['x.backlog', 'x.half', 'x.all', 'x.most', 'x.stages']);
    const bench: Bench = { server, kafka, database, order: (rest) => ({ ...common, ...rest }) };
    console.log(`\n${machine()}`);
    const wanted = only ?? Object.keys(MEASUREMENTS);
    for (const what of wanted) {
      const measure = MEASUREMENTS[what];
      if (measure === undefined)
        throw new Error(
          `there is no measurement ${what} of events: name some of ${Object.keys(MEASUREMENTS).join(', ')}`,
        );
      await measure(bench, backlog);
    }
  } finally {
    await database.close();
    await kafka.stop();
    await server.stop();
  }
}

const MEASUREMENTS: Readonly<Record<string, (bench: Bench, backlog: number) => Promise<void>>> = {
  backlog: benchBacklog,
  live: benchLive,
  stages: benchStages,
};

async function benchBacklog({ order }: Bench, backlog: number): Promise<void> {
  const topic = 'x.backlog';
  const produced = await run(order({ role: 'produce-bare', topic, expected: backlog }));
  // The first of a kind finds the broker cold: the bare loop runs again when ours has run.
  await run(order({ role: 'consume-bare', topic, expected: backlog }));
  const ours = await run(order({ role: 'consume', topic, expected: backlog }));
  const batched = await run(order({ role: 'consume-batches', topic, expected: backlog }));
  const parsed = await run(order({ role: 'consume-parse', topic, expected: backlog }));
  const bare = await run(order({ role: 'consume-bare', topic, expected: backlog }));
  const row = (what: string, report: Report): string[] => [
    what,
    count(report.perSecond),
    `${((report.cpuSeconds * 1e6) / report.events).toFixed(1)} µs`,
    ...[bare, parsed].map((of) =>
      report === produced ? '' : `${((100 * report.perSecond) / of.perSecond).toFixed(0)} %`,
    ),
  ];
  console.log(
    `\nA backlog of ${count(backlog)} events of ${PAYLOAD_BYTES} B in ${PARTITIONS} partitions, ${TENANTS} tenants\n`,
  );
  console.log(
    table(
      ['what', 'events/s', 'Node, each', 'of the bare loop', 'of bare and parsing'],
      [
        row('kafkajs alone produces, batches of 100', produced),
        row('kafkajs alone: eachBatch counts', bare),
        row('kafkajs alone: eachBatch parses and counts', parsed),
        row('our consumer, a handler called for each', ours),
        row('our consumer, a handler called for many', batched),
      ],
    ),
  );
}

async function benchLive({ server, kafka, order }: Bench): Promise<void> {
  const passes: string[][] = [];
  for (const [topic, rate] of [
    ['x.half', TARGET / 2],
    ['x.all', TARGET],
    ['x.most', 0],
  ] as const) {
    const consumer = start(order({ role: 'consume-live', topic }));
    await consumer.ready;
    const emitter = start(order({ role: 'emit', topic, rate }));
    await emitter.warm;
    const before = await cpu(server.pid(), kafka.pid());
    const emitted = await emitter.report;
    consumer.child.send(emitted.total ?? emitted.events);
    const consumed = await consumer.report;
    if (consumed.missing !== 0)
      console.log(`${topic}: ${consumed.missing} events had not come when patience ended`);
    const after = await cpu(server.pid(), kafka.pid());
    const per = each(consumed.events);
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
}

/** One stage after the other on the same events, so that each one's costs are its own. */
async function benchStages({ server, kafka, database, order }: Bench): Promise<void> {
  const topic = 'x.stages';
  await database.query('create extension if not exists pg_stat_statements');
  await countStatements(database, 'top');
  const costs: string[][] = [];
  const whose: string[][] = [];
  const statements: string[][] = [];
  let events = 0;
  for (const [name, role] of [
    ['emit: rows of the outbox', 'emit-only'],
    ['relay: outbox to Kafka', 'relay'],
    ['consume: Kafka to the handler', 'consume'],
  ] as const) {
    await database.query('select pg_stat_statements_reset()');
    const before = await cpu(server.pid(), kafka.pid());
    const report = await run(order({ role, topic, expected: events, profile: true }));
    const after = await cpu(server.pid(), kafka.pid());
    events ||= report.events;
    const per = each(events);
    costs.push([
      name,
      count(report.perSecond),
      per(after.database - before.database),
      per(after.kafka - before.kafka),
      per(report.cpuSeconds),
    ]);
    for (const [code, ms] of Object.entries(report.profile ?? {}).toSorted(([, a], [, b]) => b - a))
      whose.push([name, code, per(ms / 1_000)]);
    for (const { query, calls, ms } of await slowest(database))
      statements.push([name, query, count(calls), per(ms / 1_000)]);
  }
  console.log(`Stage by stage, ${count(events)} events: processor time of one by who spends it\n`);
  console.log(table(['stage', 'events/s', 'PostgreSQL', 'Kafka', 'Node'], costs));
  console.log('Whose code Node runs, by samples\n');
  console.log(table(['stage', 'code', 'each event'], whose));
  console.log('What PostgreSQL executes, by its own clock, waiting for the disk included\n');
  console.log(table(['stage', 'statement', 'calls', 'each event'], statements));
}

/** `none` while nothing is looked at: counting costs some. Connections that are opened from now on go by it. */
async function countStatements(database: Database, which: 'none' | 'top'): Promise<void> {
  await database.query(`alter system set pg_stat_statements.track = ${which}`);
  await database.query('select pg_reload_conf()');
}

async function slowest(
  database: Database,
): Promise<readonly { readonly query: string; readonly calls: number; readonly ms: number }[]> {
  const rows = await database.query<{ query: string; calls: string; ms: number }>(
    `select left(regexp_replace(query, '\\s+', ' ', 'g'), 48) as query, sum(calls) as calls, sum(total_exec_time) as ms
     from pg_stat_statements where query !~* '^ *(select pg_stat|alter|create extension)' group by 1 order by 3 desc limit 5`,
  );
  return rows.map(({ query, calls, ms }) => ({ query, calls: Number(calls), ms }));
}

function each(events: number): (seconds: number) => string {
  return (seconds) => `${((seconds * 1e6) / Math.max(1, events)).toFixed(1)} µs`;
}

interface Started {
  readonly child: ChildProcess;
  /** It has joined its group. */
  readonly ready: Promise<void>;
  /** From here on it is measured. */
  readonly warm: Promise<void>;
  readonly report: Promise<Report>;
}

function start(order: Order): Started {
  const child = fork(new URL('./events.process.ts', import.meta.url), [JSON.stringify(order)], {
    execArgv: ['--disable-warning=TimeoutNegativeWarning'],
  });
  own(child);
  const ready = Promise.withResolvers<void>();
  const warm = Promise.withResolvers<void>();
  const report = new Promise<Report>((resolve, reject) => {
    child.on('message', (message: Report | 'ready' | 'warm') => {
      if (message === 'ready') ready.resolve();
      else if (message === 'warm') warm.resolve();
      else resolve(message);
    });
    child.once('exit', (code) => reject(new Error(`${order.role} ended with ${code} before it reported`)));
  });
  return { child, ready: ready.promise, warm: warm.promise, report };
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
