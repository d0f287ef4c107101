/** Products embedded by a configured model: once for each text, within a day's bounds, whoever is away, slow or killed. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { pino } from 'pino';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { until } from '../../../../tests/support/wait.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../../host/testing.ts';
import { answerEmbeddings } from '../../../platform/embeddings/testing.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { Clock, Embeddings } from '../../../platform/ports.ts';
import { catalog } from '../definition.ts';
import type { AdminProduct, ProductsPage, SearchState } from '../schemas.ts';
import { createEmbeddingKeeping } from './embed.ts';

let database: TestDatabase;
let shop: TestHost;
let server: Server;
/** Texts that the model was asked for. */
const paid: string[] = [];
/** How the model behaves. */
let answers: 'at once' | 'never' | 'with 500' = 'at once';
/** Requests that it has left unanswered. */
let ignored = 0;
const DIMENSIONS = 1_024;
const DAY_MS = 86_400_000;
/** Ahead of or behind the system's, so that it is noon when the tests begin: no day ends while what was paid on it is counted. */
const toNoon = DAY_MS / 2 - (Date.now() % DAY_MS);
const clock: Clock = { now: () => new Date(Date.now() + toNoon) };
const SAME = { torch: 'headlamp', shelter: 'tent' };

before(async () => {
  database = await startTestDatabase([catalog]);
  for (const id of ['acme', 'alone', 'few']) await database.addTenant({ id }, ADMIN_SECRETS);
  server = createServer((request, response) => {
    if (answers === 'with 500') response.writeHead(500).end();
    else if (answers === 'at once')
      answerEmbeddings(request, response, ({ input }) => paid.push(...input), SAME);
    else ignored += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const embeddings = {
    url: `http://127.0.0.1:${port}/v1`,
    model: 'counting',
    dimensions: DIMENSIONS,
    near: 0.3,
    dailyTexts: 1_000,
  };
  const { url: databaseUrl, secretsKey } = database;
  shop = await startTestHost({ databaseUrl, secretsKey, domains: ['catalog'], embeddings }, { clock });
});
after(async () => {
  await shop.stop();
  server.closeAllConnections();
  server.close();
  await database.stop();
});

// A test that fails leaves no model that fails to the next one.
afterEach(() => {
  answers = 'at once';
});

const input = (title: string) => ({
  title,
  variants: [{ prices: [{ amount: 100, currency: 'EUR' }], inventoryQuantity: 5 }],
});

async function make(tenant: string, title: string): Promise<string> {
  const answer = await shop.merchant(tenant, 'POST', '/api/admin/catalog/products', { json: input(title) });
  assert.equal(answer.status, 201, answer.text);
  return answer.json<{ id: string }>().id;
}

async function rename(tenant: string, id: string, title: string): Promise<void> {
  const path = `/api/admin/catalog/products/${id}`;
  const { version } = (await shop.merchant(tenant, 'GET', path)).json<AdminProduct>();
  const answer = await shop.merchant(tenant, 'PUT', path, { json: { ...input(title), version } });
  assert.equal(answer.status, 200, answer.text);
}

async function found(tenant: string, q: string): Promise<{ search: string | null; titles: string[] }> {
  const answer = await shop.call(tenant, 'GET', `/api/catalog/products?q=${encodeURIComponent(q)}`);
  const { products, search } = answer.json<ProductsPage>();
  return { search, titles: products.map(({ title }) => title) };
}

const inStep = (tenant: string) =>
  until(
    async () => {
      const state = await shop.merchant(tenant, 'GET', '/api/admin/catalog/search');
      const { pending, builtAt } = state.json<SearchState>();
      return builtAt !== null && pending === 0 ? true : undefined;
    },
    { withinMs: 30_000, what: 'the index knows everything' },
  );

const counted = async (tenant: string): Promise<{ known: number; products: number }> => {
  const { rows } = await database.admin.query<{ known: number; products: number }>(
    `SELECT count(*)::int AS products, count(e.vector)::int AS known FROM shop.catalog_meanings m
     LEFT JOIN shop.catalog_embeddings e ON e.tenant_id = m.tenant_id AND e.text_hash = m.text_hash
     WHERE m.tenant_id = $1`,
    [tenant],
  );
  return rows[0] ?? { known: 0, products: 0 };
};

const embedded = (tenant: string, products: number) =>
  until(
    async () => {
      const state = await counted(tenant);
      return state.products === products && state.known === products ? true : undefined;
    },
    {
      withinMs: 60_000,
      what: 'every product is embedded',
      tell: async () => JSON.stringify(await counted(tenant)),
    },
  );

test('what means the same by the model is found, though no product says it; each text is paid for once', async () => {
  const id = await make('acme', 'Bright headlamp');
  await make('acme', 'Red tent');
  await make('acme', 'Wool socks');
  await inStep('acme');
  await embedded('acme', 3);
  const torch = await until(
    async () => {
      const page = await found('acme', 'torch');
      return page.titles.length > 0 ? page : undefined;
    },
    { withinMs: 30_000, what: 'the model is asked' },
  );
  assert.deepEqual(torch, { search: 'meaning', titles: ['Bright headlamp'] });
  assert.deepEqual((await found('acme', 'socks')).search, 'words');
  assert.equal((await found('acme', 'xylophone')).search, 'nothing');

  await rename('acme', id, 'Bright lantern');
  await inStep('acme');
  await embedded('acme', 3);
  await rename('acme', id, 'Bright headlamp');
  await inStep('acme');
  await embedded('acme', 3);
  const texts = paid.filter((text) => text.includes('\n'));
  assert.equal(new Set(texts).size, texts.length, texts.join(' | '));
  assert.equal(texts.length, 4);
  assert.equal(paid.filter((text) => text === 'torch').length, 1, 'a search too');
});

test('a model that is silent or fails holds nobody up: words serve, and what the shop’s own words tell', async () => {
  for (const how of ['never', 'with 500'] as const) {
    answers = how;
    assert.deepEqual((await found('acme', `tent ${how}`)).titles, ['Red tent'], how);
    // On a busy machine the search is answered before the model so much as hears of it.
    if (how === 'never')
      await until(() => ignored > 0 || undefined, { withinMs: 30_000, what: 'the model is asked' });
    assert.deepEqual((await found('acme', 'tents')).search, 'words');
  }
  await make('acme', 'Storm shelter');
  await inStep('acme');
  assert.deepEqual((await found('acme', 'storm')).titles, ['Storm shelter']);
  answers = 'at once';
  server.closeAllConnections();
  await embedded('acme', 4);
});

/** The shop's own tasks are done, and none waits for later: one waits at most, and it would stand in for a test's. */
async function quiet(tenant: string): Promise<void> {
  // What tells the index makes the task that embeds.
  await shop.settled(2);
  await database.admin.query(
    `DELETE FROM shop.tasks WHERE tenant_id = $1 AND name = 'catalog.embed-products' AND run_at > $2`,
    [tenant, clock.now()],
  );
}

const log = pino({ level: 'silent' });
const NEVER = new AbortController().signal;

/** A model that is asked in this process. */
function model(asked: string[], rest: Partial<Embeddings> = {}): Embeddings {
  return {
    space: 'fake/64',
    dimensions: 64,
    near: 0.3,
    dailyTexts: 1_000,
    embed: async (_tenant, texts) => {
      asked.push(...texts);
      return texts.map(() => new Float32Array(64).fill(0.125));
    },
    ...rest,
  };
}

const keeping = (embeddings: Embeddings, now = clock.now) =>
  createEmbeddingKeeping({ sql: shop.host.sql, clock: { now }, embeddings, log }, () => undefined);

const knownTo = async (tenant: string, space: string): Promise<number> => {
  const { rows } = await database.admin.query<{ known: number }>(
    `SELECT count(vector)::int AS known FROM shop.catalog_embeddings WHERE tenant_id = $1 AND space = $2`,
    [tenant, space],
  );
  return rows[0]?.known ?? 0;
};

test('two tasks at once pay for each text once, and what one left when it was killed is done when its claim has expired', async () => {
  for (const title of ['Kettle', 'Stove', 'Grill', 'Pan']) await make('alone', title);
  await inStep('alone');
  await embedded('alone', 4);
  await quiet('alone');
  const asked: string[] = [];
  const run = { tenant: 'alone', payload: {}, signal: NEVER };
  const killed = keeping(
    model(asked, {
      embed: () => new Promise(() => undefined),
    }),
  );
  // It has claimed them all, and is never heard of again.
  void killed.run(run);
  await until(
    async () => {
      const { rows } = await database.admin.query(
        `SELECT 1 FROM shop.catalog_embeddings WHERE tenant_id = 'alone' AND space = 'fake/64'`,
      );
      return rows.length === 4 ? true : undefined;
    },
    { withinMs: 30_000, what: 'the texts are claimed' },
  );
  await keeping(model(asked)).run(run);
  assert.equal(asked.length, 0, 'they are another’s');
  const { rows } = await database.admin.query<{ due: boolean }>(
    `SELECT run_at > $1::timestamptz + interval '30 seconds' AS due FROM shop.tasks
     WHERE tenant_id = 'alone' AND name = 'catalog.embed-products' AND run_at > $1`,
    [clock.now()],
  );
  assert.deepEqual(rows, [{ due: true }], 'it is come back for them');
  const later = () => new Date(clock.now().getTime() + 61_000);
  await Promise.all([keeping(model(asked), later).run(run), keeping(model(asked), later).run(run)]);
  assert.equal(asked.length, 4);
  assert.equal(await knownTo('alone', 'fake/64'), 4);
});

test('a day has so many texts and no more, the next one has as many again; a text that is refused keeps no other from its vector', async () => {
  for (const title of ['Anchor', 'Buoy', 'Compass']) await make('few', title);
  await inStep('few');
  await embedded('few', 3);
  await quiet('few');
  const asked: string[] = [];
  const run = { tenant: 'few', payload: {}, signal: NEVER };
  // The day's texts are those of every model.
  const bounded = model(asked, { space: 'bounded/64', dailyTexts: 5 });
  await keeping(bounded).run(run);
  assert.equal(asked.length, 0, 'three were paid for today, and three more are too many');
  const { rows } = await database.admin.query<{ at: Date }>(
    `SELECT run_at AS at FROM shop.tasks WHERE tenant_id = 'few' AND name = 'catalog.embed-products' AND run_at > $1`,
    [clock.now()],
  );
  assert.equal(rows[0]?.at.toISOString().slice(11), '00:00:00.000Z');
  const refusing = model(asked, {
    space: 'bounded/64',
    dailyTexts: 5,
    embed: async (_tenant, texts) => {
      if (texts.some((text) => text.startsWith('Buoy'))) throw new ShopError('invalid_input', 'No.');
      asked.push(...texts);
      return texts.map(() => new Float32Array(64).fill(0.125));
    },
  });
  const tomorrow = () => new Date(clock.now().getTime() + DAY_MS);
  await keeping(refusing, tomorrow).run(run);
  assert.deepEqual(asked.map((text) => text.split('\n')[0]).toSorted(), ['Anchor', 'Compass']);
  await keeping(refusing, tomorrow).run(run);
  assert.equal(asked.length, 2, 'what is refused is not asked again');
  assert.equal(await knownTo('few', 'bounded/64'), 3);
});
