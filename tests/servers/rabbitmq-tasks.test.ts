/** The tasks adapter on a real RabbitMQ: the contract, and what only a broker can do to it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect } from 'amqplib';
import { pino } from 'pino';
import { z } from 'zod';
import { loginOf } from '../../operator/provisioners/logins.ts';
import { createRabbit } from '../../operator/provisioners/rabbitmq/rabbitmq.ts';
import { orders } from '../../runtime/domains/orders/definition.ts';
import { systemClock } from '../../runtime/platform/clock.ts';
import { tasksContract } from '../../runtime/platform/contract/tasks.ts';
import { ShopError } from '../../runtime/platform/errors.ts';
import type { PostgresSql } from '../../runtime/platform/sql/postgres.ts';
import { createRabbitTasks } from '../../runtime/platform/tasks/rabbitmq.ts';
import { topologyOf } from '../../runtime/platform/tasks/rabbitmq/topology/index.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/wait.ts';
import { startRabbit, type RabbitServer } from './rabbitmq.ts';

const log = pino({ level: process.env['LOG_LEVEL'] ?? 'silent' });
const NAMES = ['c.once', 'c.later', 'c.fail', 'c.bad', 'c.away', 'c.slow', 'c.quick', 'c.move'];
let database: TestDatabase;
let rabbit: RabbitServer;
let sql: PostgresSql;

before(async () => {
  [database, rabbit] = await Promise.all([startTestDatabase([]), startRabbit()]);
  sql = database.open({ connections: 12 });
  await declare(NAMES);
});
after(async () => {
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

test('with the login that the operator makes: a broker that is killed, and a message that is none, lose no task', async () => {
  const tenant = 'stormy';
  const system = createRabbit(rabbit.adminAddress);
  const scope = { name: 'pool', domains: [orders], login: loginOf('pool', 'rabbitmq', 'secret') };
  await system.ensure(scope);
  const worker = createRabbitTasks({
    sql,
    clock: systemClock,
    log,
    definitions: orders.tasks,
    address: system.address(scope),
    sweepMilliseconds: 100,
    firstPauseMilliseconds: 5,
  });
  let runs = 0;
  let failed = false;
  worker.work('orders.sweep', () => {
    if (!failed) {
      failed = true;
      throw new Error('once');
    }
    return Promise.resolve(void runs++);
  });
  const some = (count: number) =>
    sql.transaction(tenant, (tx) =>
      tx.enqueue(...Array.from({ length: count }, () => ({ name: 'orders.sweep', payload: {} }))),
    );
  await some(20);
  await until(() => (runs === 20 ? true : undefined), { withinMs: 20_000, what: 'the calm before' });
  await rabbit.api('POST', 'exchanges/pool/tasks/publish', {
    routing_key: 'orders.sweep',
    payload: 'no JSON',
    payload_encoding: 'string',
    properties: {},
  });
  const letters = () =>
    until(
      async () => {
        const found = await rabbit.api<{ payload: string }[]>('POST', 'queues/pool/dead/get', {
          count: 10,
          ackmode: 'ack_requeue_true',
          encoding: 'auto',
        });
        return found.length > 0 ? found : undefined;
      },
      { withinMs: 60_000, what: 'what is none stands among the dead letters' },
    );
  // Nobody was told that the broker has it: killed at once, it might have lost it.
  await letters();
  await rabbit.kill();
  await some(20);
  assert.equal(runs, 20, 'nobody brings them');
  await rabbit.start();
  await until(() => (runs >= 40 ? true : undefined), { withinMs: 60_000, what: 'all, after the kill' });
  await worker.settled();
  assert.equal(runs, 40);
  const { rows } = await sql.query(tenant, 'SELECT id FROM tasks WHERE tenant_id = $1', [tenant]);
  assert.deepEqual(rows, []);
  // Killed before it had noted that the letter is dead, the broker brings it once more.
  assert.deepEqual([...new Set((await letters()).map(({ payload }) => payload))], ['no JSON']);
  await worker.close();
  await system.end();
});

test('while the database is away a message waits with the worker: a broker that counts how often it came does not throw it away', async () => {
  const tenant = 'patient';
  const connection = await connect(rabbit.adminAddress);
  const channel = await connection.createChannel();
  // RabbitMQ 4 does so by itself, after twenty.
  await channel.assertQueue('task.t.limited', {
    arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 1, 'x-dead-letter-exchange': 'dead' },
  });
  await channel.bindQueue('task.t.limited', 'tasks', 't.limited');
  let failures = 0;
  const worker = createRabbitTasks({
    sql: {
      ...sql,
      query(of, text, values, options) {
        if (!text.includes("state = 'running', fence = fence + 1") || failures === 3)
          return sql.query(of, text, values, options);
        failures++;
        return Promise.reject(new ShopError('unavailable', 'The database is away.'));
      },
    },
    clock: systemClock,
    log,
    definitions: [{ name: 't.limited', payload: z.object({}), maxAttempts: 3, leaseSeconds: 30 }],
    address: rabbit.adminAddress,
  });
  const ran = Promise.withResolvers<number>();
  worker.work('t.limited', ({ attempt }) => Promise.resolve(ran.resolve(attempt)));
  await sql.transaction(tenant, (tx) => tx.enqueue({ name: 't.limited', payload: {} }));
  assert.equal(await ran.promise, 1);
  assert.equal(failures, 3);
  await worker.close();
  await connection.close();
});
