/** Recommendations are shown when they are there in time, and nothing is missing from the page when they are not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from '../../api-client/client.ts';
import type { ApiRequest, ApiResponse } from '../../api-client/client.ts';
import { recommended, sessionOf, tellSeen } from './recommended.ts';

const ITEM = { reason: 'popular', source: 'popular', becauseOf: null };

function shopThat(answer: (request: ApiRequest) => object | Error, visitor?: string) {
  const asked: ApiRequest[] = [];
  const hurried = createClient((request): Promise<ApiResponse> => {
    asked.push(request);
    const found = answer(request);
    return found instanceof Error
      ? Promise.reject(found)
      : Promise.resolve({ status: 200, headers: {}, body: JSON.stringify(found) });
  });
  return { asked, shop: { hurried, visitor, currency: 'EUR' } };
}

const working = ({ path }: ApiRequest): object =>
  path.startsWith('/api/recommendations')
    ? {
        personal: true,
        items: [
          { productId: 'a', ...ITEM },
          { productId: 'b', ...ITEM },
        ],
      }
    : { products: [{ id: 'a' }, { id: 'b' }] };

test('cards come in the order in which they are recommended, and the visit is named only by who agreed', async () => {
  const without = shopThat(working);
  const found = await recommended(without.shop, { context: 'product', products: 'x' });
  assert.deepEqual(found, { personal: true, products: [{ id: 'a' }, { id: 'b' }] });
  assert.deepEqual(
    without.asked.map(({ path }) => path),
    [
      '/api/recommendations/products?context=product&limit=4&products=x',
      '/api/catalog/products-by-ids?ids=a%2Cb&currency=EUR',
    ],
  );
  const agreed = shopThat(working, 'a-browser');
  await recommended(agreed.shop, { context: 'home' });
  assert.match(agreed.asked[0]?.path ?? '', /&session=[A-Za-z0-9_-]{22}$/);
});

test('nothing is shown where it is away, knows too little, or its products are gone', async () => {
  for (const answer of [
    () => new Error('away'),
    () => ({ personal: false, items: [{ productId: 'a', ...ITEM }] }),
    (request: ApiRequest) =>
      request.path.startsWith('/api/catalog') ? { products: [{ id: 'a' }] } : working(request),
    (request: ApiRequest) => (request.path.startsWith('/api/catalog') ? new Error('away') : working(request)),
  ])
    assert.equal(await recommended(shopThat(answer).shop, { context: 'home' }), undefined);
});

test('what is looked at is told of who agreed, of nobody else, and a failure is nobody’s', async ({
  mock,
}) => {
  // A visit is a day's, and a test may end on another than it began.
  mock.timers.enable({ apis: ['Date'], now: new Date('2026-11-26T12:00:00Z') });
  const silent = shopThat(working);
  await tellSeen(silent.shop, '/products/x', 'x');
  assert.equal(silent.asked.length, 0);
  const telling = shopThat(() => new Error('away'), 'a-browser');
  await tellSeen(telling.shop, '/products/x', 'x');
  const body: unknown = JSON.parse(telling.asked[0]?.body ?? '');
  assert.ok(typeof body === 'object' && body !== null && 'session' in body && 'events' in body);
  assert.equal(body.session, sessionOf('a-browser', new Date()));
  assert.deepEqual(body.events, [{ kind: 'view', path: '/products/x', productId: 'x' }]);
});

test('a visit is a day’s, and two browsers’ are different', () => {
  const noon = new Date('2026-11-26T12:00:00Z');
  assert.equal(sessionOf('a-browser', noon), sessionOf('a-browser', new Date('2026-11-26T23:00:00Z')));
  assert.notEqual(sessionOf('a-browser', noon), sessionOf('a-browser', new Date('2026-11-27T00:00:00Z')));
  assert.notEqual(sessionOf('a-browser', noon), sessionOf('b-browser', noon));
});
