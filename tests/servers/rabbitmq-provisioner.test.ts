/** Provisioning on a real RabbitMQ, through its management API. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect } from 'amqplib';
import { loginOf } from '../../operator/provisioners/logins.ts';
import { createRabbit } from '../../operator/provisioners/rabbitmq/rabbitmq.ts';
import type { Scope } from '../../operator/provisioners/system.ts';
import { SystemError } from '../../operator/provisioners/system.ts';
import { orders } from '../../runtime/domains/orders/definition.ts';
import { startRabbit, type RabbitServer } from './rabbitmq.ts';

let server: RabbitServer;
before(async () => {
  server = await startRabbit();
});
after(() => server.stop());

const scopeWith = (name: string, secret: string, former?: string): Scope => ({
  name,
  domains: [orders],
  login: loginOf(name, 'rabbitmq', secret),
  ...(former === undefined ? {} : { formerLogin: loginOf(name, 'rabbitmq', former) }),
});

test('a scope gets a virtual host with its queues and a login that can only use them; then nothing is left to do', async () => {
  const rabbit = createRabbit(server.adminAddress);
  const acme = scopeWith('acme', 'one');
  await rabbit.ensure(scopeWith('pool', 'two'));
  const planned = await rabbit.plan(acme);
  assert.deepEqual(await rabbit.ensure(acme), planned);
  assert.deepEqual(await rabbit.ensure(acme), []);
  const connection = await connect(rabbit.address(acme));
  connection.on('error', () => undefined);
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => undefined);
  channel.publish('tasks', 'orders.expire-due', Buffer.from('{}'));
  await channel.waitForConfirms();
  assert.ok(await channel.get('task.orders.expire-due', { noAck: true }));
  await assert.rejects(channel.assertQueue('mine'), /ACCESS_REFUSED|403/);
  await connection.close();
  const elsewhere = new URL(rabbit.address(acme));
  elsewhere.pathname = '/pool';
  await assert.rejects(connect(elsewhere.href), /ConnectionClose|NOT_ALLOWED/);
  await rabbit.end();
});

test('what others broke comes back: a binding, a permission, a queue of another kind', async () => {
  const rabbit = createRabbit(server.adminAddress);
  const scope = scopeWith('drifting', 'one');
  await rabbit.ensure(scope);
  await server.api('DELETE', 'bindings/drifting/e/tasks/q/task.orders.sweep/orders.sweep');
  await server.api('PUT', `permissions/drifting/${scope.login.user}`, {
    configure: '.*',
    write: '.*',
    read: '.*',
  });
  await server.api('DELETE', 'queues/drifting/delay.800');
  await server.api('PUT', 'queues/drifting/delay.800', { durable: true, arguments: {} });
  assert.deepEqual(await rabbit.ensure(scope), [
    'DELETE QUEUE drifting/delay.800 (its arguments are others now)',
    'CREATE QUEUE drifting/delay.800 (quorum)',
    'BIND QUEUE drifting/task.orders.sweep TO tasks',
    'BIND QUEUE drifting/delay.800 TO delay.800',
    `PERMIT ${scope.login.user} IN drifting`,
  ]);
  assert.deepEqual(await rabbit.plan(scope), []);
  await rabbit.end();
});

test('killed between any two actions, the next visit does the rest', async () => {
  const scope = scopeWith('killed', 'one');
  const looker = createRabbit(server.adminAddress);
  const whole = await looker.plan(scope);
  for (const [index, step] of whole.entries()) {
    let steps = 0;
    const rabbit = createRabbit(server.adminAddress, {
      mayAct() {
        if (++steps > 1) throw new Error('killed');
      },
    });
    assert.equal((await looker.plan(scope))[0], step);
    await rabbit
      .ensure(scope)
      .then(() => assert.equal(index, whole.length - 1))
      .catch((error: unknown) => assert.ok(error instanceof SystemError, String(error)));
    await rabbit.end();
  }
  assert.deepEqual(await looker.plan(scope), []);
  await looker.end();
});

test('a login is exchanged beside the former one; a closed scope keeps its queues; a removed one leaves nothing', async () => {
  const rabbit = createRabbit(server.adminAddress);
  await rabbit.ensure(scopeWith('rotating', 'one'));
  await rabbit.ensure(scopeWith('rotating', 'two', 'one'));
  for (const secret of ['one', 'two'])
    await (await connect(rabbit.address(scopeWith('rotating', secret)))).close();
  await rabbit.ensure(scopeWith('rotating', 'two'));
  await assert.rejects(connect(rabbit.address(scopeWith('rotating', 'one'))), /ACCESS|403/);
  await rabbit.ensure(scopeWith('rotating-not', 'one'));
  assert.equal((await rabbit.close('rotating')).length, 1);
  assert.deepEqual(await rabbit.plan({ name: 'rotating', domains: [orders] }), []);
  assert.deepEqual(await rabbit.remove('rotating'), ['DELETE VHOST rotating']);
  assert.deepEqual(await rabbit.remove('rotating'), []);
  assert.deepEqual(await rabbit.plan(scopeWith('rotating-not', 'one')), []);
  await rabbit.end();
});

test('a broker that is away, and a login that may nothing, are told apart', async () => {
  const stranger = createRabbit(server.adminAddress.replace('admin-secret', 'wrong'));
  await assert.rejects(stranger.ping(), (error: unknown) => error instanceof SystemError && !error.transient);
  await stranger.end();
  const rabbit = createRabbit(server.adminAddress);
  await server.kill();
  await assert.rejects(rabbit.ping(), (error: unknown) => error instanceof SystemError && error.transient);
  await server.start();
  await rabbit.ping();
  await rabbit.end();
});
