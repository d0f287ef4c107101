/** Searches are counted, and name a browser only where its owner agreed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from '../../api-client/client.ts';
import { foundBy, productAddress, tellChosen, tellSearched } from './searched.ts';

function shopOf(visitor: string | undefined) {
  const told: Record<string, unknown>[] = [];
  const hurried = createClient(({ body }) => {
    told.push(JSON.parse(String(body)) as Record<string, unknown>); // as it was sent
    return Promise.resolve({ status: 202, headers: {}, body: '{"accepted":1}' });
  });
  return { told, shop: { hurried, visitor } };
}

test('a search and what was chosen of it are told of everybody, by a name that is new each time where nobody agreed', async ({
  mock,
}) => {
  // Whoever agreed has a name for a day, and a test may end on another than it began.
  mock.timers.enable({ apis: ['Date'], now: new Date('2026-11-26T12:00:00Z') });
  const { told, shop } = shopOf(undefined);
  await tellSearched(shop, 'red tent', 0);
  await tellChosen(shop, { query: 'red tent', place: 3 }, 'prd_1');
  assert.deepEqual(
    told.map(({ events }) => events),
    [
      [{ kind: 'search', query: 'red tent', results: 0 }],
      [{ kind: 'click', query: 'red tent', productId: 'prd_1', place: 3 }],
    ],
  );
  assert.ok(told.every((message) => !('visitor' in message)));
  assert.notEqual(told[0]?.['session'], told[1]?.['session']);
  const agreed = shopOf('a-browser');
  await tellSearched(agreed.shop, 'tent', 4);
  await tellSearched(agreed.shop, 'tents', 4);
  assert.equal(agreed.told[0]?.['session'], agreed.told[1]?.['session']);
  assert.equal(agreed.told[0]?.['visitor'], 'a-browser');
});

test('an address says by which search a product was found, and what makes no sense is nothing', () => {
  const address = new URL(productAddress('tent', { query: 'a & b', place: 2 }), 'http://shop.example');
  assert.deepEqual(foundBy(Object.fromEntries(address.searchParams)), { query: 'a & b', place: 2 });
  assert.equal(productAddress('tent', undefined), '/products/tent');
  for (const params of [
    {},
    { found: 'x' },
    { found: 'x', at: '0' },
    { found: '', at: '1' },
    { found: 'x', at: '1e9' },
    { found: ['x'], at: '1' },
  ])
    assert.equal(foundBy(params), undefined);
});

test('a shop that does not answer keeps nobody', async () => {
  const hurried = createClient(() => Promise.reject(new Error('away')));
  await tellSearched({ hurried, visitor: undefined }, 'tent', 1);
});
