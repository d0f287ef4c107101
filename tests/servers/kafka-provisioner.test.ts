/** Provisioning on a real Kafka with an authorizer: rights and quotas are real, and a kill between any two actions is repaired. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import kafkajs from 'kafkajs';
import { createKafka } from '../../operator/provisioners/kafka/kafka.ts';
import { loginOf } from '../../operator/provisioners/logins.ts';
import type { Scope } from '../../operator/provisioners/system.ts';
import { SystemError } from '../../operator/provisioners/system.ts';
import { orders } from '../../runtime/domains/orders/definition.ts';
import { kafkaSettings } from '../../runtime/platform/address/kafka/index.ts';
import { until } from '../support/wait.ts';
import { startKafka, type KafkaServer } from './kafka.ts';

let server: KafkaServer;
before(async () => {
  server = await startKafka({ secured: true });
});
after(() => server.stop());

const scopeWith = (name: string, secret: string, former?: string): Scope => ({
  name,
  domains: [orders],
  login: loginOf(name, 'kafka', secret),
  ...(former === undefined ? {} : { formerLogin: loginOf(name, 'kafka', former) }),
});

function clientAs(address: string) {
  return new kafkajs.Kafka({
    ...kafkaSettings(address),
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 1, initialRetryTime: 50 },
  });
}

async function produce(address: string, topic: string): Promise<void> {
  const producer = clientAs(address).producer({ allowAutoTopicCreation: false });
  try {
    await producer.connect();
    await producer.send({ topic, messages: [{ key: 'k', value: 'v' }] });
  } finally {
    await producer.disconnect();
  }
}

test('a scope gets its topics and a login that reaches them and no other scope’s; then nothing is left to do', async () => {
  const kafka = createKafka(server.adminAddress);
  const acme = scopeWith('acme', 'one');
  const pool = scopeWith('pool', 'two');
  const planned = await kafka.plan(acme);
  assert.deepEqual(await kafka.ensure(acme), planned);
  assert.ok(planned.includes('CREATE TOPIC acme.orders.order (6 partitions)'), planned.join('\n'));
  await kafka.ensure(pool);
  for (const scope of [acme, pool]) {
    // A controller tells its brokers of new users a moment later.
    await until(async () => ((await kafka.plan(scope)).length === 0 ? true : undefined), {
      withinMs: 10_000,
      what: `${scope.name} has all it needs`,
    });
    assert.deepEqual(await kafka.ensure(scope), []);
  }
  await produce(kafka.address(acme), 'acme.orders.order');
  await assert.rejects(produce(kafka.address(acme), 'pool.orders.order'), /[Aa]uthoriz/);
  await assert.rejects(produce(kafka.address(acme), 'acme-shop.orders.order'), Error);
  await kafka.end();
});

test('what others changed comes back, and what they added stays', async () => {
  const kafka = createKafka(server.adminAddress);
  const scope = scopeWith('drifting', 'one');
  await kafka.ensure(scope);
  const admin = clientAs(server.adminAddress).admin();
  await admin.connect();
  await admin.alterConfigs({
    validateOnly: false,
    resources: [
      {
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name: 'drifting.orders.order',
        configEntries: [
          { name: 'retention.ms', value: '1000' },
          { name: 'max.message.bytes', value: '2000000' },
        ],
      },
    ],
  });
  await admin.createPartitions({ topicPartitions: [{ topic: 'drifting.orders.stock', count: 9 }] });
  await until(async () => ((await kafka.plan(scope)).length > 0 ? true : undefined), {
    withinMs: 10_000,
    what: 'the drift is seen',
  });
  assert.deepEqual(await kafka.ensure(scope), [
    'CONFIGURE TOPIC drifting.orders.order (retention.ms=2592000000)',
  ]);
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [
      {
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name: 'drifting.orders.order',
        configNames: ['max.message.bytes'],
      },
    ],
  });
  assert.equal(resources[0]?.configEntries[0]?.configValue, '2000000');
  await admin.disconnect();
  await kafka.end();
});

test('killed between any two actions, the next visit does the rest', async () => {
  const scope = scopeWith('killed', 'one');
  const looker = createKafka(server.adminAddress);
  const whole = await looker.plan(scope);
  const done: string[] = [];
  for (let visit = 0; done.length < whole.length; visit++) {
    assert.ok(visit <= whole.length, 'each visit gets one step further');
    let steps = 0;
    const kafka = createKafka(server.adminAddress, {
      mayAct() {
        if (++steps > 1) throw new Error('killed');
      },
    });
    const before = await looker.plan(scope);
    await kafka.ensure(scope).catch((error: unknown) => assert.ok(error instanceof SystemError));
    done.push(before[0] ?? '');
    await kafka.end();
    await until(async () => ((await looker.plan(scope)).length < before.length ? true : undefined), {
      withinMs: 10_000,
      what: `${before[0]} is seen`,
    });
  }
  assert.deepEqual(done, whole);
  await looker.end();
});

test('a login is exchanged beside the former one, which goes when nobody uses it; a closed scope keeps its topics', async () => {
  const kafka = createKafka(server.adminAddress);
  await kafka.ensure(scopeWith('rotating', 'one'));
  const both = scopeWith('rotating', 'two', 'one');
  await kafka.ensure(both);
  const [former, present] = ['one', 'two'].map((secret) => kafka.address(scopeWith('rotating', secret)));
  assert.ok(former !== undefined && present !== undefined);
  await until(() => produce(present, 'rotating.orders.order').then(() => true), {
    withinMs: 10_000,
    what: 'the new login works',
  });
  await produce(former, 'rotating.orders.order');
  await kafka.ensure(scopeWith('rotating', 'two'));
  await until(
    () =>
      produce(former, 'rotating.orders.order').then(
        () => undefined,
        () => true,
      ),
    {
      withinMs: 10_000,
      what: 'the former login is gone',
    },
  );
  await produce(present, 'rotating.orders.order');
  await kafka.close('rotating');
  assert.deepEqual(await kafka.close('rotating'), []);
  const left = await kafka.plan({ name: 'rotating', domains: [orders] });
  assert.deepEqual(left, [], 'topics are as they were');
  await kafka.end();
});

test('a removed scope leaves nothing, its namesake’s things stay', async () => {
  const kafka = createKafka(server.adminAddress);
  await kafka.ensure(scopeWith('gone', 'one'));
  await kafka.ensure(scopeWith('gone-not', 'one'));
  const done = await kafka.remove('gone');
  assert.ok(
    done.includes('DELETE TOPIC gone.orders.order') && done.some((line) => line.startsWith('DROP USER')),
  );
  await until(async () => ((await kafka.remove('gone')).length === 0 ? true : undefined), {
    withinMs: 10_000,
    what: 'nothing of it is left',
  });
  assert.deepEqual(await kafka.plan({ name: 'gone-not', domains: [orders] }), []);
  await kafka.end();
});

test('without an authorizer or logins topics are made all the same, and it is said once', async () => {
  const open = await startKafka();
  try {
    const warnings: string[] = [];
    const kafka = createKafka(open.adminAddress, { warn: (message) => warnings.push(message) });
    const scope = scopeWith('acme', 'one');
    await kafka.ensure(scope);
    assert.deepEqual(await kafka.ensure(scope), []);
    assert.equal(warnings.length, 1);
    assert.equal(kafka.address(scope), open.adminAddress);
    await open.kill();
    await assert.rejects(kafka.ping(), (error: unknown) => error instanceof SystemError && error.transient);
    await kafka.end();
  } finally {
    await open.stop();
  }
});
