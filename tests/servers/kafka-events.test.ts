/** The events adapter on a real Kafka: the contract, and what only a broker can do to it. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { after, before, test } from 'node:test';
import { Kafka, logLevel } from 'kafkajs';
import { pino } from 'pino';
import { systemClock } from '../../runtime/platform/clock.ts';
import { eventsContract } from '../../runtime/platform/contract/events.ts';
import { breakPledge, PLEDGES } from '../../runtime/platform/contract/pledges.ts';
import { createKafkaEvents, type KafkaEventsOptions } from '../../runtime/platform/events/kafka.ts';
import { createRelay } from '../../runtime/platform/events/kafka/relay.ts';
import { createSender } from '../../runtime/platform/events/kafka/sender.ts';
import { noMeter } from '../../runtime/platform/events/meter.ts';
import type { PostgresSql } from '../../runtime/platform/sql/postgres.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { endOf, kill } from '../support/ended.ts';
import { until, untilSeen } from '../support/wait.ts';
import { startKafka, type KafkaServer } from './kafka.ts';

const log = pino({ level: process.env['LOG_LEVEL'] ?? 'silent' });
let database: TestDatabase;
let kafka: KafkaServer;
let sql: PostgresSql;

before(async () => {
  [database, kafka] = await Promise.all([startTestDatabase([]), startKafka()]);
  await database.admin.query(PLEDGES);
  sql = open();
  await createTopics(['x.thing', 'x.other', 'x.effect'], 3);
});
after(async () => {
  await database.stop();
  await kafka.stop();
});

const open = () => database.open({ connections: 12 });
const events = (more: Partial<KafkaEventsOptions> = {}) =>
  createKafkaEvents({
    sql,
    clock: systemClock,
    log,
    address: kafka.adminAddress,
    scope: 'pool',
    sweepMilliseconds: 50,
    firstPauseMilliseconds: 5,
    maxAttempts: 5,
    ...more,
  });

function clientOf(): Kafka {
  return new Kafka({ brokers: [kafka.broker], logLevel: logLevel.NOTHING });
}

async function createTopics(topics: readonly string[], partitions: number): Promise<void> {
  const admin = clientOf().admin();
  await admin.connect();
  const made = topics.flatMap((topic) => [
    { topic: `pool.${topic}`, numPartitions: partitions },
    { topic: `pool.${topic}.dead`, numPartitions: 1 },
  ]);
  // A busy broker has made a topic some time before it tells of it, which kafkajs takes for a failure.
  await admin.createTopics({ topics: made, waitForLeaders: false });
  const known = () => admin.fetchTopicMetadata({ topics: made.map(({ topic }) => topic) });
  await until(() => known().catch(() => undefined), {
    withinMs: 30_000,
    what: 'the broker tells of its topics',
  });
  await admin.disconnect();
}

eventsContract('events on Kafka', () =>
  Promise.resolve({
    sql,
    open: () => events(),
    refuseCommit: breakPledge,
    async deadLetters(tenant, consumer) {
      const { rows } = await sql.query<{ key: string; type: string }>(
        tenant,
        'SELECT key, type FROM dead_letters WHERE tenant_id = $1 AND consumer = $2',
        [tenant, consumer],
      );
      return rows;
    },
  }),
);

const emit = (tenant: string, n: number, key = 'k', topic = 'x.thing') =>
  sql.transaction(tenant, (tx) => tx.emit({ topic, type: `${topic}.done`, key, payload: { n } }));

/** Everything in a topic so far. */
async function contentOf(topic: string): Promise<readonly { key: string; value: string }[]> {
  const client = clientOf();
  const admin = client.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const total = ends.reduce((sum, { high }) => sum + Number(high), 0);
  const found: { key: string; value: string }[] = [];
  const consumer = client.consumer({ groupId: `look-${topic}-${Date.now()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage({ message }) {
      found.push({ key: message.key?.toString() ?? '', value: message.value?.toString() ?? '' });
      return Promise.resolve();
    },
  });
  await until(() => (found.length >= total ? true : undefined), {
    withinMs: 15_000,
    what: `all of ${topic}`,
  });
  await consumer.disconnect();
  return found;
}

test('what is no event, and what is another scope’s, goes to the dead-letter topic, and the others go on', async () => {
  const tenant = 'poisoned';
  const log = events({ serves: (id) => id !== 'stranger' });
  const heard: number[] = [];
  await log.subscribe('careful', ['x.thing'], (event) => {
    if (event.tenant === tenant) heard.push((event.payload as { n: number }).n);
    assert.notEqual(event.tenant, 'stranger');
    return Promise.resolve();
  });
  const producer = clientOf().producer();
  await producer.connect();
  const value = JSON.stringify({ place: 1, id: 'evt_1', type: 'x', data: {} });
  await producer.send({
    topic: 'pool.x.thing',
    messages: [
      { key: `${tenant}/k`, value: 'no JSON' },
      { key: `${tenant}/k`, value: '{}' },
      { key: 'nobody', value },
      { key: 'stranger/k', value },
      { key: `${tenant}/k`, value: null },
    ],
  });
  await producer.disconnect();
  await emit(tenant, 1);
  await until(() => (heard.length > 0 ? true : undefined), { withinMs: 15_000, what: 'the sound one' });
  await log.settled();
  const dead = (await contentOf('pool.x.thing.dead'))
    .map(({ value }) => JSON.parse(value))
    .filter(({ consumer, message }) => consumer === 'careful' && message !== undefined);
  assert.deepEqual(
    dead.map(({ error }) => String(error).split(':')[0]).toSorted(),
    [
      'Its key does not begin with a tenant’s id.',
      'Its value is no JSON',
      'Its value lacks one of id, type, place and data.',
      'It has no value.',
      'The tenant stranger is none of scope pool.',
    ].toSorted(),
  );
  await log.close();
});

test('an event that was given up stands in the dead-letter topic with its error, too', async () => {
  const tenant = 'given-up';
  const log = events();
  await log.subscribe('hopeless', ['x.other'], (event) => {
    if (event.tenant === tenant) throw new Error('never ever');
    return Promise.resolve();
  });
  await emit(tenant, 7, 'k', 'x.other');
  const dead = await until(
    async () => {
      const { rows } = await sql.query(tenant, 'SELECT 1 FROM dead_letters WHERE tenant_id = $1', [tenant]);
      return rows.length > 0 ? true : undefined;
    },
    { withinMs: 15_000, what: 'it is given up' },
  );
  assert.ok(dead);
  await log.flush();
  const [letter] = (await contentOf('pool.x.other.dead')).filter(({ key }) => key === `${tenant}/k`);
  const { consumer, attempts, error, event } = JSON.parse(letter?.value ?? '{}').data;
  assert.deepEqual([consumer, attempts, error, event.payload], ['hopeless', 5, 'never ever', { n: 7 }]);
  await log.close();
});

test('a topic that is missing makes its own events wait, and no others; they go when it is there', async () => {
  const tenant = 'waiting';
  const log = events();
  const heard: string[] = [];
  await log.subscribe('patient', ['x.thing'], (event) => {
    if (event.tenant === tenant) heard.push(event.topic);
    return Promise.resolve();
  });
  await emit(tenant, 0, 'k', 'x.late');
  await emit(tenant, 1);
  await until(() => (heard.length === 1 ? true : undefined), {
    withinMs: 20_000,
    what: 'the other topic’s event',
  });
  await createTopics(['x.late'], 1);
  await log.subscribe('late', ['x.late'], (event) => {
    if (event.tenant === tenant) heard.push(event.topic);
    return Promise.resolve();
  });
  await until(() => (heard.length === 2 ? true : undefined), {
    withinMs: 30_000,
    what: 'the late topic’s event',
  });
  await log.close();
});

test('a full process fetches no more, and loses nothing by it', async () => {
  const tenant = 'full';
  const log = events({ room: 20, batch: 5 });
  const gate = Promise.withResolvers<void>();
  const heard: number[] = [];
  await log.subscribe('narrow', ['x.thing'], async (event) => {
    if (event.tenant !== tenant) return;
    await gate.promise;
    heard.push((event.payload as { n: number }).n);
  });
  for (let n = 0; n < 10; n++)
    await sql.transaction(tenant, (tx) =>
      tx.emit(
        ...Array.from({ length: 30 }, (_, m) => ({
          topic: 'x.thing',
          type: 'x.thing.done',
          key: 'k',
          payload: { n: n * 30 + m },
        })),
      ),
    );
  await log.flush();
  gate.resolve();
  await until(() => (heard.length >= 300 ? true : undefined), { withinMs: 20_000, what: 'all of them' });
  assert.deepEqual(
    heard,
    Array.from({ length: 300 }, (_, n) => n),
  );
  await log.close();
});

test('a broker that is killed, and one that is frozen, delay events and lose none, in their order', async () => {
  const tenant = 'stormy';
  const log = events();
  const heard: number[] = [];
  await log.subscribe('steady', ['x.thing'], (event) => {
    if (event.tenant === tenant) heard.push((event.payload as { n: number }).n);
    return Promise.resolve();
  });
  let n = 0;
  const some = async (): Promise<void> => {
    for (let left = 20; left > 0; left--) await emit(tenant, n++);
  };
  await some();
  await until(() => (heard.length === n ? true : undefined), { withinMs: 15_000, what: 'the calm before' });
  await kafka.kill();
  await some();
  assert.equal(heard.length, n - 20, 'nobody carries them');
  await kafka.start();
  await some();
  await until(() => (heard.length >= n ? true : undefined), {
    withinMs: 45_000,
    what: 'all, after the kill',
  });
  await kafka.pause();
  await some();
  kafka.resume();
  await until(() => (heard.length >= n ? true : undefined), {
    withinMs: 45_000,
    what: 'all, after the frost',
  });
  assert.deepEqual(
    heard,
    Array.from({ length: n }, (_, each) => each),
  );
  await log.close();
});

test('what was sent by one who died before it could say so is sent again to where it was, and heard once', async () => {
  const tenant = 'twice';
  await createTopics(['x.growing'], 2);
  const keys = Array.from({ length: 20 }, (_, n) => `k${n}`);
  const heard: string[] = [];
  const listen = async (log: ReturnType<typeof events>) =>
    log.subscribe('once', ['x.growing'], (event) => {
      if (event.tenant === tenant) heard.push(event.key);
      return Promise.resolve();
    });
  await sql.transaction(tenant, (tx) =>
    tx.emit(...keys.map((key) => ({ topic: 'x.growing', type: 'x.growing.done', key, payload: {} }))),
  );
  const sent = Promise.withResolvers<void>();
  const sender = createSender(clientOf(), log);
  const dying = createRelay({
    sql,
    clock: systemClock,
    log,
    meter: noMeter,
    // Kafka has it, and nobody ever hears of that.
    sender: {
      ...sender,
      async send(messages) {
        await sender.send(messages);
        sent.resolve();
        return new Promise(() => undefined);
      },
    },
    serves: (id) => id === tenant,
    topicName: (topic) => `pool.${topic}`,
    partitionsOf: () => Promise.resolve(2),
    spread: 'tenant',
    name: 'dying',
    concurrency: 1,
  });
  await dying.sweep();
  await sent.promise;
  const admin = clientOf().admin();
  await admin.connect();
  await admin.createPartitions({ topicPartitions: [{ topic: 'pool.x.growing', count: 7 }] });
  await admin.disconnect();
  const survivor = events();
  await listen(survivor);
  // Its turn is over after five seconds.
  await until(
    async () => {
      await survivor.flush();
      const { rows } = await sql.query(tenant, 'SELECT 1 FROM promised_events WHERE tenant_id = $1', [
        tenant,
      ]);
      return rows.length === 0 && heard.length >= keys.length ? true : undefined;
    },
    { withinMs: 30_000, what: 'all of them, sent by another one' },
  );
  await survivor.settled();
  assert.equal((await contentOf('pool.x.growing')).length, 2 * keys.length, 'all of them were sent twice');
  assert.deepEqual(heard.toSorted(), keys.toSorted());
  await survivor.close();
  await sender.close();
});

test('processes killed while they emit, relay and consume lose nothing and repeat no effect', async () => {
  const tenant = 'killed';
  await database.admin.query(`CREATE TABLE shop.effects (tenant_id text, event_id text, n int);
    ALTER TABLE shop.effects ENABLE ROW LEVEL SECURITY; ALTER TABLE shop.effects FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON shop.effects USING (tenant_id = current_setting('app.tenant', true)); GRANT ALL ON shop.effects TO shop_runtime`);
  let acknowledged = 0;
  for (let round = 0; round < 4; round++) {
    const child = fork(new URL('./kafka-events.crash.ts', import.meta.url), [
      database.url,
      kafka.adminAddress,
      tenant,
    ]);
    let mine = 0;
    child.on('message', () => {
      acknowledged++;
      mine++;
    });
    await untilSeen(
      () => mine,
      (told) => told >= 300 + round * 113,
      { everyMs: 1, what: 'enough is emitted', hopeless: () => endOf(child) },
    );
    await kill(child);
  }
  const survivor = events();
  await survivor.subscribe('effects', ['x.thing'], async (event, tx) => {
    if (event.tenant !== tenant) return;
    await tx.query('INSERT INTO effects VALUES ($1, $2, $3)', [
      event.tenant,
      event.id,
      (event.payload as { n: number }).n,
    ]);
  });
  const state = async () => {
    const { rows } = await database.admin.query<{ waiting: number; effects: number; events: number }>(
      `SELECT (SELECT count(*)::int FROM shop.promised_events WHERE tenant_id = $1) AS waiting,
              (SELECT count(*)::int FROM shop.effects WHERE tenant_id = $1) AS effects,
              (SELECT count(DISTINCT event_id)::int FROM shop.effects WHERE tenant_id = $1) AS events`,
      [tenant],
    );
    return rows[0] ?? assert.fail();
  };
  // The dead ones' turn to relay, and their places in the group, are theirs until their time is over.
  await until(
    async () => {
      const { waiting, effects } = await state();
      return waiting === 0 && effects >= acknowledged ? true : undefined;
    },
    { withinMs: 45_000, everyMs: 200, what: `${acknowledged} acknowledged events take effect` },
  );
  await survivor.settled();
  const last = await state();
  assert.equal(last.effects, last.events, 'no effect twice');
  await survivor.close();
});
