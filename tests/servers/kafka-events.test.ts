/** The events adapter on a real Kafka: the contract, and what only a broker can do to it. */
import { after, before } from 'node:test';
import { Kafka, logLevel } from 'kafkajs';
import { pino } from 'pino';
import { systemClock } from '../../runtime/platform/clock.ts';
import { eventsContract } from '../../runtime/platform/contract/events.ts';
import { createKafkaEvents } from '../../runtime/platform/events/kafka.ts';
import { createNewId } from '../../runtime/platform/ids.ts';
import { createPostgres, type PostgresSql } from '../../runtime/platform/sql/postgres.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { startKafka, type KafkaServer } from './kafka.ts';

const log = pino({ level: process.env['LOG_LEVEL'] ?? 'silent' });
let database: TestDatabase;
let kafka: KafkaServer;
let sql: PostgresSql;

before(async () => {
  [database, kafka] = await Promise.all([startTestDatabase([]), startKafka()]);
  sql = open();
  await createTopics(['x.thing', 'x.other', 'x.effect'], 3);
});
after(async () => {
  await sql.close();
  await database.stop();
  await kafka.stop();
});

const open = () =>
  createPostgres({
    connectionString: database.url,
    clock: systemClock,
    newId: createNewId(systemClock),
    connections: 12,
  });
const events = () =>
  createKafkaEvents({
    sql,
    clock: systemClock,
    log,
    address: kafka.adminAddress,
    scope: 'pool',
    sweepMilliseconds: 50,
    firstPauseMilliseconds: 5,
    maxAttempts: 5,
  });

async function createTopics(topics: readonly string[], partitions: number): Promise<void> {
  const admin = new Kafka({ brokers: [kafka.broker], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({
    topics: topics.flatMap((topic) => [
      { topic: `pool.${topic}`, numPartitions: partitions },
      { topic: `pool.${topic}.dead`, numPartitions: 1 },
    ]),
  });
  await admin.disconnect();
}

eventsContract('events on Kafka', () =>
  Promise.resolve({
    sql,
    open: events,
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
