/** `kill -9` between a picture's upload, its review, the merchant's look and its end: each step is done once, and nothing is half there. */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { createMortals, type Mortal } from '../../../../tests/support/mortal.ts';
import { ownFolder } from '../../../../tests/support/owned.ts';
import { until } from '../../../../tests/support/wait.ts';
import { ADMIN_KEY, ADMIN_SECRETS, send, type TestAnswer } from '../../../host/testing.ts';
import { createNewId } from '../../../platform/ids.ts';
import { photograph } from '../../../platform/pictures/testing/pictures.ts';
import { accounts } from '../../accounts/definition.ts';
import { newCustomer } from '../../accounts/testing/customers.ts';
import { media } from '../../media/definition.ts';
import { catalog } from '../definition.ts';
import type { AdminProduct } from '../schemas.ts';
import type { AdminReview, BegunPicture, FinishedPicture, OwnReview } from './schemas.ts';

const SHOP = 'acme';
const PATIENCE_MS = 60_000;
const folder = ownFolder('review-pictures');
const mortals = createMortals(new URL('../testing/pictures.child.ts', import.meta.url), () => database);
let database: TestDatabase;
let token: string;

before(async () => {
  database = await startTestDatabase([accounts, catalog, media]);
  await database.addTenant({ id: SHOP, domains: ['accounts', 'catalog', 'media'] }, ADMIN_SECRETS);
  const clock = { now: () => new Date() };
  const platform = { sql: database.open(), clock, newId: createNewId(clock) };
  ({ token } = await newCustomer({ host: { platform } }, SHOP, 'ada@example.com'));
});
after(async () => {
  mortals.stop();
  await database.stop();
});

const life = (crash = ''): Promise<Mortal> =>
  mortals.start({ BLOBS_URL: pathToFileURL(`${folder}/`).href, CRASH: crash });

function as(bearer: string, { port }: Mortal, method: string, path: string, json?: object) {
  return send(port, `${SHOP}.localhost`, method, path, {
    ...(json === undefined ? {} : { json }),
    headers: {
      authorization: `Bearer ${bearer}`,
      'idempotency-key': `${method}${path.replaceAll(/\W/g, '-')}`,
    },
  });
}
const shopper = (runtime: Mortal, method: string, path: string, json?: object) =>
  as(token, runtime, method, `/api/catalog/reviews${path}`, json);
const merchant = (runtime: Mortal, method: string, path: string, json?: object) =>
  as(ADMIN_KEY, runtime, method, `/api/admin/catalog/${path}`, json);

/** Asked of one that dies of it, and of the next, which answers. */
async function twice(
  crash: string,
  ask: (runtime: Mortal) => Promise<TestAnswer>,
): Promise<readonly [TestAnswer, Mortal]> {
  const first = await life(crash);
  const lost = ask(first).catch(() => undefined);
  await first.gone();
  assert.equal(await lost, undefined, 'it died of it');
  const next = await life();
  return [await ask(next), next];
}

const objects = (bucket: string): string[] =>
  globSync(`${SHOP}/${bucket}/**/*.blob`, { cwd: folder }).filter((path) => !basename(path).startsWith('~'));

test('killed anywhere from the upload to the end, a picture is kept once, shown once it may be, and gone for good', async () => {
  const early = await life();
  const settings = { version: 0, writers: 'customers', publication: 'checked', heldWords: [] };
  assert.equal((await merchant(early, 'PUT', 'review-settings', settings)).status, 200);
  const made = await merchant(early, 'POST', 'products', {
    title: 'Tent',
    variants: [{ prices: [{ amount: 100, currency: 'EUR' }] }],
  });
  const productId = made.json<AdminProduct>().id;
  const bytes = await photograph(320, 240);
  const announced = { productId, contentType: 'image/jpeg', size: bytes.length };
  const begun = await shopper(early, 'POST', '/pictures', announced);
  assert.equal(begun.status, 201, begun.text);
  const { id, destination } = begun.json<BegunPicture>();
  const sent = await send(early.port, `${SHOP}.localhost`, 'PUT', destination.url, {
    body: bytes,
    headers: destination.headers,
  });
  assert.equal(sent.status, 204, sent.text);
  await early.kill();

  const [finished, second] = await twice('kept', (runtime) =>
    shopper(runtime, 'POST', `/pictures/${id}/finish`),
  );
  assert.equal(finished.json<FinishedPicture>().state, 'ready', finished.text);
  assert.deepEqual([objects('shoppers').length, objects('uploads').length], [1, 0]);
  await second.kill();

  const words = { rating: 5, body: 'Kept me dry.', name: 'Ada', productId, pictures: [{ id }] };
  const [written, third] = await twice('committed', (runtime) => shopper(runtime, 'POST', '', words));
  assert.equal(written.status, 201, written.text);
  const review = written.json<OwnReview>();
  assert.deepEqual(
    review.pictures.map((picture) => [picture.id, picture.state]),
    [[id, 'waiting']],
  );
  const look = (runtime: Mortal) =>
    send(runtime.port, `${SHOP}.localhost`, 'GET', `/api/media/shoppers/${id}?w=64`);
  assert.equal((await look(third)).status, 404);
  await third.kill();

  const decision = { version: 1, state: 'published' };
  const [decided, fourth] = await twice('committed', (runtime) =>
    merchant(runtime, 'PATCH', `reviews/${review.id}`, decision),
  );
  assert.equal(decided.json<AdminReview>().pictures[0]?.state, 'approved', decided.text);
  assert.equal((await look(fourth)).status, 200);
  await fourth.kill();

  const [withdrawn, fifth] = await twice('committed', (runtime) =>
    shopper(runtime, 'DELETE', `/${review.id}`),
  );
  assert.equal(withdrawn.status, 404, 'it had been withdrawn, although nobody had heard of it');
  assert.equal((await look(fifth)).status, 404);
  await fifth.kill();
});

test('killed anywhere while one goes, nothing of it stays', async () => {
  const early = await life();
  const products = (await merchant(early, 'GET', 'products')).json<{ products: AdminProduct[] }>();
  const productId = products.products[0]?.id ?? '';
  const bytes = await photograph(300, 200);
  const announced = { productId, contentType: 'image/jpeg', size: bytes.length };
  const begun = await as(token, early, 'POST', '/api/catalog/reviews/pictures?again', announced);
  assert.equal(begun.status, 201, begun.text);
  const { id, destination } = begun.json<BegunPicture>();
  await send(early.port, `${SHOP}.localhost`, 'PUT', destination.url, {
    body: bytes,
    headers: destination.headers,
  });
  assert.equal((await shopper(early, 'POST', `/pictures/${id}/finish`)).status, 200);
  const words = { rating: 5, body: 'Kept me dry.', name: 'Ada', productId, pictures: [{ id }] };
  const written = await as(token, early, 'POST', '/api/catalog/reviews?again', words);
  assert.equal(written.status, 201, written.text);
  await early.kill();

  const dying = await life('telling');
  // It may have gone before the answer was on its way.
  await shopper(dying, 'DELETE', `/${written.json<OwnReview>().id}`).catch(() => undefined);
  await dying.gone();
  for (const moment of ['told', 'removed']) await (await life(moment)).gone();
  await life();
  await until(
    async () => {
      const { rows } = await database.admin.query<{ count: number }>(
        `select (select count(*) from shop.media_shopper_pictures)::int + (select count(*) from shop.catalog_review_pictures where state <> 'dropped')::int
           + (select shoppers from shop.media_usage)::int as count`,
      );
      return rows[0]?.count === 0 || undefined;
    },
    { withinMs: PATIENCE_MS, what: 'nothing is left of it' },
  );
  assert.deepEqual([objects('shoppers'), objects('renditions'), objects('uploads')], [[], [], []]);
});
