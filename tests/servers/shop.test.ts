/**
 * One shop on real systems instead of the embedded ones, by the platform's configuration alone: it is bought in by the same shopper, its
 * events, tasks, cache, objects and searches go where the configuration says, and with its deletion all of it is gone.
 */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { parse } from 'yaml';
import { configMaps, secrets, tenants } from '../../operator/controllers/kinds.ts';
import type { TenantObject } from '../../operator/controllers/kinds.ts';
import type { Client } from '../../operator/kube/client.ts';
import { foldersBelow, openBucket } from '../../runtime/platform/objects/index.ts';
import { clusterOf, withDatabase } from '../support/cluster.ts';
import { removeInstallation, startInstallation, type Installation } from '../support/installation.ts';
import type { Shop } from '../support/shop.ts';
import { buy } from '../support/shopper.ts';
import { until } from '../support/wait.ts';
import { startKafka, type KafkaServer } from './kafka.ts';
import { startMinio, type MinioServer } from './minio.ts';
import { startRabbit, type RabbitServer } from './rabbitmq.ts';
import { startRedis, type RedisServers } from './redis.ts';

const root = join(import.meta.dirname, '../..');
const TENANT = 'fjord';
const PLATFORM = { namespace: 'shopmind-system', name: 'platform' };

let kafka: KafkaServer;
let redis: RedisServers;
let rabbit: RabbitServer;
let minio: MinioServer;
let bucket: string;
let installation: Installation;
let client: Client;
let shop: Shop;
let samples: string;

before(async () => {
  [kafka, redis, rabbit, minio] = await Promise.all([
    startKafka({ secured: true }),
    startRedis(),
    startRabbit(),
    startMinio(),
  ]);
  bucket = minio.address('fjord-blobs');
  // The samples with all their goods; but the one is applied only when it is said where its data shall be.
  samples = await mkdtemp(join(tmpdir(), 'shopmind-samples-'));
  for (const name of ['acme', TENANT])
    await cp(join(root, 'tenants', name), join(samples, name), { recursive: true });
  await rm(join(samples, TENANT, 'tenant.yaml'));
  installation = await startInstallation({ storefront: false, tenants: samples });
  await installation.event('tenants', 180_000);
  client = await clusterOf(installation);
  shop = installation.shop(`${TENANT}.localhost`);
});

after(async () => {
  client.close();
  await removeInstallation(installation);
  await Promise.all([kafka.stop(), redis.stop(), rabbit.stop(), minio.stop()]);
  await rm(samples, { recursive: true, force: true });
});

test('by configuration alone the shop becomes Ready on Kafka, RabbitMQ, Redis and MinIO', async (context) => {
  await configure({
    EVENTS: kafka.adminAddress,
    TASKS: rabbit.adminAddress,
    CACHE: redis.adminAddress,
    BLOBS: bucket,
  });
  const manifest: unknown = parse(await readFile(join(root, `tenants/${TENANT}/tenant.yaml`), 'utf8'));
  const began = performance.now();
  // The sample of the repository, which the API server checks.
  await client.create(tenants, manifest as TenantObject);
  await until(async () => ((await condition('Ready'))?.status === 'True' ? true : undefined), {
    withinMs: 120_000,
    what: `${TENANT} is Ready`,
    tell: async () => JSON.stringify((await client.get(tenants, { name: TENANT })).status?.conditions),
  });
  context.diagnostic(`Ready after ${((performance.now() - began) / 1000).toFixed(1)} s`);
});

test('the same shopper as everywhere buys, and the order is confirmed', async () => {
  const { products } = (await shop('GET', '/api/catalog/products?limit=1')).json<{
    products: readonly { handle: string }[];
  }>();
  const product = (await shop('GET', `/api/catalog/products/${products[0]?.handle}`)).json<{
    variants: readonly { id: string }[];
  }>();
  const variantId = product.variants[0]?.id;
  assert.ok(variantId !== undefined);
  // What is for sale is said by events, and the first of a new consumer group take Kafka some seconds.
  const purchase = await until(
    () => buy({ shop, processor: installation.shop('pay.localhost'), variantId }),
    {
      withinMs: 60_000,
      everyMs: 500,
      what: 'a shopper can buy',
    },
  );
  assert.equal(purchase.outcome, 'paid', purchase.last);
  await until(
    () =>
      withDatabase(client, async (db) => {
        const { rows } = await db.query<{ state: string }>(
          'select status as state from tenant_fjord.orders_orders where id = $1',
          [purchase.orderId],
        );
        return rows[0]?.state === 'confirmed' ? true : undefined;
      }),
    { withinMs: 30_000, what: 'the order is confirmed' },
  );
});

test('what is said is in Kafka, what is kept is in Redis and MinIO, below the names of the shop and no other', async () => {
  const topics = await withKafka((admin) => admin.listTopics());
  const own = topics.filter((topic) => !topic.startsWith('__'));
  assert.ok(own.includes(`${TENANT}.orders.order`), own.join());
  assert.deepEqual(
    own.filter((topic) => !topic.startsWith(`${TENANT}.`)),
    [],
  );
  const offsets = await withKafka((admin) => admin.fetchTopicOffsets(`${TENANT}.orders.order`));
  assert.ok(offsets.some(({ high }) => Number(high) > 0));
  const store = openBucket(bucket);
  assert.deepEqual(await foldersBelow(store, ''), [TENANT]);
  store.close();
  const users = await redisUsers();
  assert.ok(
    users.some((user) => user.startsWith(`shopmind.${TENANT}.`)),
    users.join(),
  );
});

test('Kafka away: the shop is served, its condition says what is missing, and it comes back by itself', async () => {
  await kafka.kill();
  await client.patch(
    tenants,
    { name: TENANT },
    {
      kind: 'merge',
      body: { metadata: { annotations: { 'shopmind.ai/reconcile-at': new Date().toISOString() } } },
    },
  );
  const said = await until(
    async () => {
      const found = await condition('DataPlaneReady');
      return found?.status === 'True' ? undefined : found;
    },
    { withinMs: 90_000, what: 'the condition names Kafka' },
  );
  assert.match(`${said.reason} ${said.message}`, /kafka/i);
  assert.equal((await shop('GET', '/api/catalog/products?limit=1')).status, 200);
  const acme = await client.get(tenants, { name: 'acme' });
  assert.equal(acme.status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
  await kafka.start();
  await until(async () => ((await condition('Ready'))?.status === 'True' ? true : undefined), {
    withinMs: 120_000,
    what: `${TENANT} is Ready again`,
  });
});

test('deleted, it leaves nothing in any of them', async () => {
  await client.patch(
    tenants,
    { name: TENANT },
    { kind: 'merge', body: { spec: { deletionPolicy: 'Delete' } } },
  );
  await client.delete(tenants, { name: TENANT });
  await until(async () => ((await client.find(tenants, { name: TENANT })) === undefined ? true : undefined), {
    withinMs: 90_000,
    what: `${TENANT} is gone`,
    tell: async () => JSON.stringify((await client.find(tenants, { name: TENANT }))?.status?.conditions),
  });
  const topics = await withKafka((admin) => admin.listTopics());
  assert.deepEqual(
    topics.filter((topic) => topic.startsWith(`${TENANT}.`)),
    [],
  );
  const store = openBucket(bucket);
  assert.deepEqual(await foldersBelow(store, ''), []);
  store.close();
  assert.deepEqual(
    (await redisUsers()).filter((user) => user.startsWith(`shopmind.${TENANT}.`)),
    [],
  );
  const vhosts = await rabbit.api<readonly { name: string }[]>('GET', 'vhosts');
  assert.deepEqual(
    vhosts.map(({ name }) => name).filter((name) => name.includes(TENANT)),
    [],
  );
});

/** Names systems for this one tenant: addresses in the ConfigMap, who may provision them in the Secret. */
async function configure(admin: Readonly<Record<string, string>>): Promise<void> {
  const withoutLogin = (address: string): string => address.replace(/(?<=:\/\/)[^@/]*@/, '');
  const data = Object.fromEntries(
    Object.entries(admin).map(([port, address]) => [`${port}_URL.${TENANT}`, withoutLogin(address)]),
  );
  const stringData = Object.fromEntries(
    Object.entries(admin).map(([port, address]) => [`${port}_ADMIN_URL.${TENANT}`, address]),
  );
  await client.patch(secrets, PLATFORM, { kind: 'merge', body: { stringData } });
  await client.patch(configMaps, PLATFORM, { kind: 'merge', body: { data } });
}

async function condition(type: string) {
  const { status } = await client.get(tenants, { name: TENANT });
  return status?.conditions?.find((one) => one.type === type);
}

async function withKafka<T>(ask: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
  const { username, password } = new URL(kafka.adminAddress.replace('kafka:', 'http:'));
  const admin = new Kafka({
    brokers: [kafka.broker],
    logLevel: logLevel.NOTHING,
    sasl: { mechanism: 'scram-sha-512', username, password },
  }).admin();
  await admin.connect();
  try {
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
}

async function redisUsers(): Promise<readonly string[]> {
  const { username, password, port } = new URL(
    redis.adminAddress.split(',')[0]?.replace('redis:', 'http:') ?? '',
  );
  const node = new Redis({ port: Number(port), username, password: decodeURIComponent(password) });
  try {
    // A list of names, by the protocol.
    return (await node.call('ACL', 'USERS')) as string[];
  } finally {
    node.disconnect();
  }
}
