/** Reviews by the routes: who may write, what is shown, and that stars are what reviews give whoever decides at once. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { ADMIN_SECRETS, startTestHost, type TestAnswer, type TestHost } from '../../../host/testing.ts';
import { accounts } from '../../accounts/definition.ts';
import type { Session } from '../../accounts/definition.ts';
import { catalog } from '../definition.ts';
import { reviewersOf } from '../testing/reviewers.ts';
import type { ProductDetail, ProductsPage } from '../schemas.ts';
import type { AdminReview, AdminReviewDetail, OwnReview, ReviewsPage, ReviewStanding } from './schemas.ts';

let database: TestDatabase;
let shop: TestHost;

before(async () => {
  database = await startTestDatabase([accounts, catalog]);
  for (const id of ['acme', 'other', 'quick']) await database.addTenant({ id }, ADMIN_SECRETS);
  shop = await startTestHost({
    databaseUrl: database.url,
    secretsKey: database.secretsKey,
    domains: ['accounts', 'catalog'],
  });
  await settings('quick', { writers: 'customers', publication: 'at_once', heldWords: ['rubbish'] });
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const { settings, product, person, as, words } = reviewersOf(() => shop);

async function write(who: Session, tenant: string, productId: string, more: object = {}): Promise<OwnReview> {
  const answer = await as(who, tenant, 'POST', '', { productId, ...words(more) });
  assert.equal(answer.status, 201, answer.text);
  return answer.json<OwnReview>();
}

const decided = (tenant: string, { id, version }: OwnReview, state: string, more: object = {}) =>
  shop.merchant(tenant, 'PATCH', `/api/admin/catalog/reviews/${id}`, { json: { version, state, ...more } });
const shown = async (tenant: string, productId: string, query = '') =>
  (await as(undefined, tenant, 'GET', `?productId=${productId}${query}`)).json<ReviewsPage>();
const detail = async (tenant: string, handle: string) =>
  (await shop.call(tenant, 'GET', `/api/catalog/products/${handle}`)).json<ProductDetail>();
const standing = async (who: Session | undefined, tenant: string, productId: string) =>
  (await as(who, tenant, 'GET', `/standing?productId=${productId}`)).json<ReviewStanding>();

/** As orders tell that somebody's order is paid. */
async function buys(who: Session, tenant: string, productId: string): Promise<void> {
  await shop.emit(tenant, 'orders.order', 'confirmed', randomUUID(), {
    orderId: 'ord_1',
    customerId: who.customer.id,
    lines: [{ productId, quantity: 1 }],
  });
  await shop.settled(1);
}

const refused = (answer: TestAnswer, status: number, code: string) => {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.json<{ code: string }>().code, code);
};

test('who bought it reviews it once; the merchant reads it first, and then everybody does', async () => {
  const [{ id, handle }, ada, guest] = [await product('acme'), await person('acme'), undefined];
  assert.equal((await standing(guest, 'acme', id)).may, 'sign_in');
  assert.equal((await standing(ada, 'acme', id)).may, 'buy_first');
  refused(await as(ada, 'acme', 'POST', '', { productId: id, ...words() }), 403, 'forbidden');
  refused(await as(guest, 'acme', 'POST', '', { productId: id, ...words() }), 401, 'unauthenticated');

  await buys(ada, 'acme', id);
  await buys(ada, 'acme', id);
  assert.equal((await standing(ada, 'acme', id)).may, 'write');
  const written = await write(ada, 'acme', id);
  assert.deepEqual([written.state, written.verified], ['pending', true]);
  refused(await as(ada, 'acme', 'POST', '', { productId: id, ...words() }), 409, 'conflict');
  assert.equal((await standing(ada, 'acme', id)).may, 'edit');
  assert.deepEqual((await shown('acme', id)).reviews, []);
  assert.equal((await detail('acme', handle)).rating, null);

  const waiting = await shop.managed<{ reviews: AdminReview[] }>(
    'acme',
    'GET',
    `/api/admin/catalog/reviews?state=pending&productId=${id}`,
  );
  assert.deepEqual(
    waiting.reviews.map((review) => [review.id, review.held, review.customerId]),
    [[written.id, 'unread', ada.customer.id]],
  );
  assert.equal((await decided('acme', written, 'published')).status, 200);
  const [review] = (await shown('acme', id)).reviews;
  assert.deepEqual([review?.title, review?.name, review?.rating, review?.verified], ['Good', 'Ada', 4, true]);
  assert.equal(JSON.stringify(review).includes(ada.customer.id), false, 'who wrote it stays unknown');
  const { rating, stars } = await detail('acme', handle);
  assert.deepEqual([rating, stars], [{ average: 4, count: 1 }, [0, 0, 0, 1, 0]]);
  const cards = await shop.call('acme', 'GET', `/api/catalog/products-by-ids?ids=${id}`);
  assert.deepEqual(cards.json<ProductsPage>().products[0]?.rating, { average: 4, count: 1 });
});

test('what is edited is read anew, what was refused says why, and what is withdrawn is gone', async () => {
  const [{ id, handle }, ada, bob] = [await product('acme'), await person('acme'), await person('acme')];
  await buys(ada, 'acme', id);
  const written = await write(ada, 'acme', id, { rating: 1 });
  assert.equal((await decided('acme', written, 'published')).status, 200);
  assert.deepEqual((await detail('acme', handle)).stars, [1, 0, 0, 0, 0]);

  refused(await as(bob, 'acme', 'PUT', `/${written.id}`, { ...words(), version: 1 }), 404, 'not_found');
  refused(await as(ada, 'acme', 'PUT', `/${written.id}`, { ...words(), version: 7 }), 409, 'conflict');
  const edited = (
    await as(ada, 'acme', 'PUT', `/${written.id}`, { ...words({ rating: 5 }), version: 1 })
  ).json<OwnReview>();
  assert.deepEqual([edited.state, edited.version], ['pending', 2]);
  assert.deepEqual((await detail('acme', handle)).stars, [0, 0, 0, 0, 0]);
  refused(await decided('acme', written, 'published'), 409, 'conflict');

  assert.equal((await decided('acme', edited, 'refused', { reason: 'Names somebody.' })).status, 200);
  const own = (await as(ada, 'acme', 'GET', '/own')).json<{ reviews: OwnReview[] }>();
  assert.deepEqual(
    own.reviews.map(({ state, reason }) => [state, reason]),
    [['refused', 'Names somebody.']],
  );
  refused(await as(bob, 'acme', 'DELETE', `/${written.id}`), 404, 'not_found');
  assert.equal((await as(ada, 'acme', 'DELETE', `/${written.id}`)).status, 204);
  assert.deepEqual((await as(ada, 'acme', 'GET', '/own')).json<{ reviews: OwnReview[] }>().reviews, []);
  assert.equal((await standing(ada, 'acme', id)).may, 'write');
});

test('a shop that shows at once holds back what it does not want, and what follows a refusal', async () => {
  const { id } = await product('quick');
  const [ada, bob] = [await person('quick'), await person('quick')];
  const open = await write(ada, 'quick', id);
  assert.deepEqual([open.state, open.verified], ['published', false]);
  assert.equal((await write(bob, 'quick', id, { body: 'What rubbish.' })).state, 'pending');
  assert.equal((await decided('quick', open, 'refused')).status, 200);
  const again = await as(ada, 'quick', 'PUT', `/${open.id}`, { ...words({ body: 'Nice.' }), version: 1 });
  assert.equal(again.json<OwnReview>().state, 'pending');
  const twice = await as(ada, 'quick', 'PUT', `/${open.id}`, {
    ...words({ body: 'Very nice.' }),
    version: 2,
  });
  assert.equal(twice.json<OwnReview>().state, 'pending', 'editing twice is no way around it');
});

test('helpful counts each customer once, and never who wrote it; a report is settled by deciding', async () => {
  const { id } = await product('quick');
  const [ada, bob, eve] = [await person('quick'), await person('quick'), await person('quick')];
  const { id: review, ...own } = await write(ada, 'quick', id);
  const say = (who: Session, helpful: boolean) => as(who, 'quick', 'PUT', `/${review}/vote`, { helpful });
  refused(await say(ada, true), 404, 'not_found');
  const votes = await Promise.all([say(bob, true), say(bob, true), say(bob, true), say(eve, true)]);
  assert.deepEqual(new Set(votes.map(({ status }) => status)), new Set([200]));
  assert.deepEqual((await say(eve, true)).json(), { helpful: 2, voted: true });
  assert.deepEqual((await standing(bob, 'quick', id)).voted, [review]);
  await Promise.all([say(bob, false), say(bob, false)]);
  assert.deepEqual((await say(bob, false)).json(), { helpful: 1, voted: false });

  const report = (who: Session) =>
    as(who, 'quick', 'POST', `/${review}/reports`, { reason: 'Not about it.' });
  const told = await Promise.all([report(bob), report(bob), report(eve)]);
  assert.deepEqual(
    told.map(({ status }) => status),
    [204, 204, 204],
  );
  const list = () =>
    shop.managed<{ reviews: AdminReview[] }>('quick', 'GET', '/api/admin/catalog/reviews?reported=true');
  assert.deepEqual(
    (await list()).reviews.map((each) => [each.id, each.reports]),
    [[review, 2]],
  );
  const open = await shop.managed<AdminReviewDetail>('quick', 'GET', `/api/admin/catalog/reviews/${review}`);
  assert.equal(open.openReports.length, 2);
  assert.equal((await decided('quick', { ...own, id: review }, 'published')).status, 200);
  assert.deepEqual((await list()).reviews, []);
});

test('the merchant answers for everybody to read', async () => {
  const { id } = await product('quick');
  const review = await write(await person('quick'), 'quick', id);
  const path = `/api/admin/catalog/reviews/${review.id}/answer`;
  await shop.managed('quick', 'PUT', path, { answer: 'Thank you.' });
  assert.equal((await shown('quick', id)).reviews[0]?.answer, 'Thank you.');
  await shop.managed('quick', 'PUT', path, { answer: null });
  assert.equal((await shown('quick', id)).reviews[0]?.answer, null);
});

test('pages show each review once, in every order and by stars', async () => {
  const { id } = await product('quick');
  const all: OwnReview[] = [];
  for (let n = 0; n < 7; n++)
    all.push(await write(await person('quick'), 'quick', id, { rating: (n % 5) + 1 }));
  for (const sort of ['newest', 'helpful', 'highest', 'lowest']) {
    const seen: number[] = [];
    const ids = new Set<string>();
    for (let cursor = ''; ;) {
      const page = await shown('quick', id, `&sort=${sort}&limit=3${cursor}`);
      for (const review of page.reviews) {
        ids.add(review.id);
        seen.push(review.rating);
      }
      if (page.nextCursor === null) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    assert.equal(ids.size, all.length, sort);
    assert.equal(seen.length, all.length, sort);
    if (sort === 'highest')
      assert.deepEqual(
        seen,
        seen.toSorted((a, b) => b - a),
      );
    if (sort === 'lowest')
      assert.deepEqual(
        seen,
        seen.toSorted((a, b) => a - b),
      );
  }
  assert.deepEqual(
    (await shown('quick', id, '&rating=2')).reviews.map(({ rating }) => rating),
    [2, 2],
  );
});

test('lists are sorted and filtered by stars, with words and without', async () => {
  const names = ['Zebrawood low', 'Zebrawood high', 'Zebrawood none'];
  const made = [];
  for (const name of names) made.push(await product('quick', name));
  await write(await person('quick'), 'quick', made[0]?.id ?? '', { rating: 1 });
  await write(await person('quick'), 'quick', made[1]?.id ?? '', { rating: 5 });
  await shop.managed('quick', 'POST', '/api/admin/catalog/search/rebuild', undefined, 202);
  await shop.settled(2);
  const titles = async (query: string) => {
    const { products } = (
      await shop.call('quick', 'GET', `/api/catalog/products?${query}`)
    ).json<ProductsPage>();
    return products
      .map(({ title }) => title.slice(0, title.lastIndexOf(' ')))
      .filter((title) => names.includes(title));
  };
  const best = ['Zebrawood high', 'Zebrawood none', 'Zebrawood low'];
  assert.deepEqual(await titles('sort=rating&limit=100'), best);
  assert.deepEqual(await titles('q=zebrawood&sort=rating'), best);
  assert.deepEqual(await titles('minRating=4&limit=100'), ['Zebrawood high']);
  assert.deepEqual(await titles('q=zebrawood&minRating=4'), ['Zebrawood high']);
});

test('no shop reads, votes on or decides another shop’s reviews', async () => {
  const { id } = await product('quick');
  const [ada, stranger] = [await person('quick'), await person('other')];
  const review = await write(ada, 'quick', id);
  assert.deepEqual((await shown('other', id)).reviews, []);
  refused(await as(stranger, 'other', 'PUT', `/${review.id}/vote`, { helpful: true }), 404, 'not_found');
  refused(await as(stranger, 'other', 'POST', `/${review.id}/reports`, { reason: 'x' }), 404, 'not_found');
  refused(await as(stranger, 'other', 'POST', '', { productId: id, ...words() }), 404, 'not_found');
  refused(await decided('other', review, 'refused'), 404, 'not_found');
  refused(await as(ada, 'other', 'DELETE', `/${review.id}`), 403, 'forbidden');
});

test('stars are what reviews give, whatever is written, edited, decided and withdrawn at once', async () => {
  const { id, handle } = await product('quick');
  const writers = await Promise.all(Array.from({ length: 6 }, () => person('quick')));
  const reviews = new Map<string, OwnReview>();
  const step = fc.record({
    who: fc.integer({ min: 0, max: writers.length - 1 }),
    what: fc.constantFrom('write', 'edit', 'withdraw', 'publish', 'refuse'),
    rating: fc.integer({ min: 1, max: 5 }),
  });
  const answered = new Map<number, number>();
  const heard = (answer: TestAnswer): TestAnswer => {
    answered.set(answer.status, (answered.get(answer.status) ?? 0) + 1);
    return answer;
  };
  /** Whatever it answers: what others did meanwhile may have made it impossible. */
  async function take({ who, what, rating }: { who: number; what: string; rating: number }): Promise<void> {
    const writer = writers[who];
    if (writer === undefined) return;
    const name = String(who);
    const known = reviews.get(name);
    if (what === 'write') {
      const answer = heard(await as(writer, 'quick', 'POST', '', { productId: id, ...words({ rating }) }));
      if (answer.status === 201) reviews.set(name, answer.json<OwnReview>());
    } else if (known === undefined) return;
    else if (what === 'withdraw') {
      const { status } = heard(await as(writer, 'quick', 'DELETE', `/${known.id}`));
      if (status === 204) reviews.delete(name);
    } else if (what === 'edit') {
      const text = { ...words({ rating }), version: known.version };
      const answer = heard(await as(writer, 'quick', 'PUT', `/${known.id}`, text));
      if (answer.status === 200) reviews.set(name, answer.json<OwnReview>());
    } else heard(await decided('quick', known, what === 'publish' ? 'published' : 'refused'));
  }
  const counts = new Set<number>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
      await Promise.all(steps.map(take));
      const { rows } = await database.admin.query<{ ratings: number[]; counted: number[] }>(
        `select p.ratings, array(select (select count(*)::int from shop.catalog_reviews r
            where r.tenant_id = 'quick' and r.product_id = p.id and r.state = 'published' and r.rating = s) from generate_series(1, 5) s) as counted
         from shop.products p where p.tenant_id = 'quick' and p.id = $1`,
        [id],
      );
      assert.deepEqual(rows[0]?.ratings, rows[0]?.counted);
      for (const count of rows[0]?.counted ?? []) counts.add(count);
    }),
    { numRuns: 15 },
  );
  assert.ok(counts.size > 1, 'something was counted');
  assert.ok((answered.get(200) ?? 0) + (answered.get(201) ?? 0) > 10, JSON.stringify([...answered]));
  assert.deepEqual(
    [...answered.keys()].filter((status) => status >= 500),
    [],
  );
  assert.equal((await detail('quick', handle)).id, id);
});

test('two merchants who publish the same review at once count it once', async () => {
  const { id, handle } = await product('acme');
  const writers = await Promise.all(Array.from({ length: 4 }, () => person('acme')));
  for (const writer of writers) await buys(writer, 'acme', id);
  const written = await Promise.all(writers.map((writer) => write(writer, 'acme', id, { rating: 3 })));
  const answers = await Promise.all(
    written.flatMap((review) => [1, 2, 3].map(() => decided('acme', review, 'published'))),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.deepEqual((await detail('acme', handle)).stars, [0, 0, 4, 0, 0]);
});
