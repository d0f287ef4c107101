/**
 * One shop on real systems instead of the embedded ones, by the platform's configuration alone: it is bought in by the same shopper, its
 * events, tasks, cache, objects and searches go where the configuration says, and with its deletion all of it is gone.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { tenants } from '../../operator/controllers/kinds.ts';
import type { Client } from '../../operator/kube/client.ts';
import { foldersBelow, openBucket } from '../../runtime/platform/objects/index.ts';
import type { ProductsPage } from '../../runtime/domains/catalog/schemas.ts';
import type { BegunUpload, Upload } from '../../runtime/domains/media/schemas.ts';
import { photograph } from '../../runtime/platform/pictures/testing/pictures.ts';
import { adminToken, withDatabase } from '../support/cluster.ts';
import { oneTrace } from '../support/flows.ts';
import type { Installation } from '../support/installation.ts';
import type { Shop } from '../support/shop.ts';
import { buy } from '../support/shopper.ts';
import { startReceiver, type TraceReceiver } from '../support/traces.ts';
import { until } from '../support/wait.ts';
import { runOutage, stockUp } from './outages/outage.ts';
import { serversOf } from './outages/servers.ts';
import { startRealShop, TENANT, type RealShop } from './real-shop.ts';

let receiver: TraceReceiver;
let real: RealShop;
let installation: Installation;
let client: Client;
let shop: Shop;

before(async () => {
  receiver = await startReceiver();
  real = await startRealShop(receiver.url);
  ({ installation, client, shop } = real);
});

after(async () => {
  await real.stop();
  await receiver.close();
});

test('by configuration alone the shop becomes Ready on Kafka, RabbitMQ, Redis, MinIO and Elasticsearch', async (context) => {
  const began = performance.now();
  await real.create();
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

test('the order is one trace, from the gateway through Kafka and RabbitMQ to the shopper’s mail', () =>
  oneTrace(receiver, {
    begins: 'POST /api/orders/checkout',
    tenant: TENANT,
    chains: [
      [
        'gateway: POST api',
        'runtime: POST /api/orders/checkout',
        'runtime: send orders.order',
        'runtime: process orders.order',
      ],
      [
        'runtime: send payments.payment',
        'runtime: process payments.payment',
        'runtime: task orders.hear-payment',
        'runtime: orders capture',
        'runtime: send orders.order',
      ],
      ['runtime: process orders.order', 'runtime: task notifications.deliver', 'runtime: mail send'],
    ],
  }));

test('what a shopper searches for is asked of Elasticsearch, which knows the shop’s goods', async () => {
  const { products } = (await shop('GET', '/api/catalog/products?limit=1')).json<ProductsPage>();
  const { title, handle } = products[0] ?? assert.fail('there are no products');
  const answer = await until(
    async () => {
      const page = (
        await shop('GET', `/api/catalog/products?q=${encodeURIComponent(title)}`)
      ).json<ProductsPage>();
      return page.search === 'words' ? page : undefined;
    },
    { withinMs: 60_000, everyMs: 500, what: 'the index is built, and answers' },
  );
  assert.equal(answer.products[0]?.handle, handle);
  assert.deepEqual(await searchIndices(), [`${TENANT}.products.v2`]);
  const { count } = await askElasticsearch<{ count: number }>(`${TENANT}.products.of.${TENANT}/_count`);
  assert.ok(count >= (answer.total ?? 0) && count > 0, `${count} products in the index`);
});

test('Elasticsearch away: the shop is searched plainly by its database, and by the index again when it is back', async () => {
  const { products } = (await shop('GET', '/api/catalog/products?limit=1')).json<ProductsPage>();
  const search = async (limit: number) =>
    (
      await shop(
        'GET',
        `/api/catalog/products?limit=${limit}&q=${encodeURIComponent(products[0]?.title ?? '')}`,
      )
    ).json<ProductsPage>();
  await real.elasticsearch.kill();
  const plain = await search(7);
  assert.equal(plain.search, 'plain');
  assert.equal(plain.products[0]?.handle, products[0]?.handle);
  await real.elasticsearch.start();
  await until(async () => ((await search(8)).search === 'words' ? true : undefined), {
    withinMs: 60_000,
    everyMs: 500,
    what: 'the index answers again',
  });
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
  const store = openBucket(real.bucket);
  assert.deepEqual(await foldersBelow(store, ''), [TENANT]);
  store.close();
  const users = await redisUsers();
  assert.ok(
    users.some((user) => user.startsWith(`shopmind.${TENANT}.`)),
    users.join(),
  );
});

test('a merchant’s picture goes to MinIO itself, which takes what was announced and nothing else, and is shown painted', async () => {
  const authorization = `Bearer ${await adminToken(client, TENANT, `tenant-${TENANT}`)}`;
  const merchant = (method: string, path: string, json?: object) =>
    shop(method, `/api/admin/media/${path}`, {
      headers: { authorization },
      ...(json === undefined ? {} : { json }),
    });
  const picture = await photograph(800, 600);
  const begun = await merchant('POST', 'uploads', {
    name: 'pot.jpg',
    contentType: 'image/jpeg',
    size: picture.length,
    alt: 'En gryte',
  });
  assert.equal(begun.status, 201, begun.text);
  const { id, destination } = begun.json<BegunUpload>();
  assert.equal(new URL(destination.url).origin, real.minio.endpoint);
  const send = (body: Buffer, headers: Readonly<Record<string, string>>) =>
    fetch(destination.url, { method: destination.method, body, headers });
  assert.equal((await send(picture, { 'content-type': 'text/html' })).status, 403);
  assert.equal((await send(picture.subarray(1), destination.headers)).status, 403);
  assert.equal((await merchant('POST', `uploads/${id}/finish`)).status, 409, 'nothing has come');
  assert.equal((await send(picture, destination.headers)).status, 200);

  const finished = (await merchant('POST', `uploads/${id}/finish`)).json<Upload>();
  assert.equal(finished.state, 'ready', JSON.stringify(finished));
  const shown = await shop('GET', `/api/media/${finished.assetId}?w=320`, {
    headers: { accept: 'image/webp' },
  });
  assert.deepEqual([shown.status, shown.headers['content-type']], [200, 'image/webp']);
  assert.equal(
    (await send(picture, destination.headers)).status,
    200,
    'the address is good until its time is over',
  );
  const store = openBucket(real.bucket);
  const folders = await foldersBelow(store, `${TENANT}/`);
  store.close();
  assert.ok(
    ['originals', 'renditions'].every((one) => folders.includes(one)),
    folders.join(),
  );
});

const AWAY = [
  { name: 'PostgreSQL', fault: 'kill', awayMs: 0 },
  // Longer than two heartbeats: the connections break while nobody answers.
  { name: 'RabbitMQ', fault: 'pause', awayMs: 12_000 },
] as const;
for (const { name, fault, awayMs } of AWAY) {
  test(`${name}, ${fault}, under load: nothing acknowledged is lost or in effect twice, and within 30 s nobody waits`, async (context) => {
    const server = serversOf(real).find((one) => one.name === name);
    assert.ok(server);
    const report = await runOutage(real, await stockUp(real), {
      server,
      fault,
      awayMs,
      perSecond: 1,
      beforeMs: 5_000,
      // Other work on the machine makes as much; `npm run bench:outages` is strict.
      slack: 3,
      slackMs: 5_000,
    });
    const { trouble, normalMs, lost, doubled, wrong, left, acknowledged } = report;
    context.diagnostic(JSON.stringify({ acknowledged, normalMs, backlogMs: report.backlogMs }));
    assert.ok(acknowledged.paid > 0);
    assert.deepEqual({ lost, doubled, wrong, left }, { lost: [], doubled: [], wrong: [], left: [] });
    for (const [what, after] of Object.entries(normalMs))
      assert.ok(
        after !== undefined && after < 30_000,
        `${what} after ${after} ms: ${trouble.slice(0, 40).join('; ')}`,
      );
  });
}

test('Kafka away: the shop is served, its condition says what is missing, and it comes back by itself', async () => {
  await real.kafka.kill();
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
      const found = await real.condition('DataPlaneReady');
      return found?.status === 'True' ? undefined : found;
    },
    { withinMs: 90_000, what: 'the condition names Kafka' },
  );
  assert.match(`${said.reason} ${said.message}`, /kafka/i);
  assert.equal((await shop('GET', '/api/catalog/products?limit=1')).status, 200);
  const acme = await client.get(tenants, { name: 'acme' });
  assert.equal(acme.status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
  await real.kafka.start();
  await real.ready();
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
  const store = openBucket(real.bucket);
  assert.deepEqual(await foldersBelow(store, ''), []);
  store.close();
  assert.deepEqual(
    (await redisUsers()).filter((user) => user.startsWith(`shopmind.${TENANT}.`)),
    [],
  );
  assert.deepEqual(await searchIndices(), []);
  assert.deepEqual(await askElasticsearch(`_index_template/${TENANT}.*`), { index_templates: [] });
  const vhosts = await real.rabbit.api<readonly { name: string }[]>('GET', 'vhosts');
  assert.deepEqual(
    vhosts.map(({ name }) => name).filter((name) => name.includes(TENANT)),
    [],
  );
});

async function withKafka<T>(ask: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
  const { username, password } = new URL(real.kafka.adminAddress.replace('kafka:', 'http:'));
  const admin = new Kafka({
    brokers: [real.kafka.broker],
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

/** Names of all there are. */
async function searchIndices(): Promise<readonly string[]> {
  return Object.keys(await askElasticsearch<object>('_alias'));
}

async function askElasticsearch<T>(path: string): Promise<T> {
  const answer = await fetch(`${real.elasticsearch.url}/${path}`);
  // What the caller asked for, by Elasticsearch's API.
  return (await answer.json()) as T;
}

async function redisUsers(): Promise<readonly string[]> {
  const { username, password, port } = new URL(
    real.redis.adminAddress.split(',')[0]?.replace('redis:', 'http:') ?? '',
  );
  const node = new Redis({ port: Number(port), username, password: decodeURIComponent(password) });
  try {
    // A list of names, by the protocol.
    return (await node.call('ACL', 'USERS')) as string[];
  } finally {
    node.disconnect();
  }
}
