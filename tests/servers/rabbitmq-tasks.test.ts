/** The tasks adapter on a real RabbitMQ: the contract, and what only a broker can do to it. */
import { after, before } from 'node:test';
import { connect } from 'amqplib';
import { pino } from 'pino';
import { systemClock } from '../../runtime/platform/clock.ts';
import { tasksContract } from '../../runtime/platform/contract/tasks.ts';
import { createNewId } from '../../runtime/platform/ids.ts';
import { createPostgres, type PostgresSql } from '../../runtime/platform/sql/postgres.ts';
import { createRabbitTasks } from '../../runtime/platform/tasks/rabbitmq.ts';
import { topologyOf } from '../../runtime/platform/tasks/rabbitmq/topology/index.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { startRabbit, type RabbitServer } from './rabbitmq.ts';

const log = pino({ level: process.env['LOG_LEVEL'] ?? 'silent' });
const NAMES = ['c.once', 'c.later', 'c.fail', 'c.bad', 'c.slow', 'c.quick', 'c.move'];
let database: TestDatabase;
let rabbit: RabbitServer;
let sql: PostgresSql;

before(async () => {
  [database, rabbit] = await Promise.all([startTestDatabase([]), startRabbit()]);
  sql = createPostgres({
    connectionString: database.url,
    clock: systemClock,
    newId: createNewId(systemClock),
    connections: 12,
  });
  await declare(NAMES);
});
after(async () => {
  await sql.close();
  await database.stop();
  await rabbit.stop();
});

/** What the operator makes of the topology, by a client's means. */
async function declare(names: readonly string[]): Promise<void> {
  const connection = await connect(rabbit.adminAddress);
  const channel = await connection.createChannel();
  const { exchanges, queues, bindings } = topologyOf(names);
  for (const { name, type } of exchanges) await channel.assertExchange(name, type);
  for (const queue of queues) await channel.assertQueue(queue.name, { arguments: queue.arguments });
  for (const { queue, exchange, routingKey } of bindings)
    await channel.bindQueue(queue, exchange, routingKey);
  await connection.close();
}

tasksContract('tasks on RabbitMQ', () =>
  Promise.resolve({
    sql,
    open: (definitions) =>
      createRabbitTasks({
        sql,
        clock: systemClock,
        log,
        definitions,
        address: rabbit.adminAddress,
        sweepMilliseconds: 50,
        firstPauseMilliseconds: 5,
      }),
    async dead(tenant) {
      const { rows } = await sql.query<{ name: string; attempts: number; last_error: string }>(
        tenant,
        `SELECT name, attempts, last_error FROM tasks WHERE tenant_id = $1 AND state = 'dead'`,
        [tenant],
      );
      return rows;
    },
  }),
);
