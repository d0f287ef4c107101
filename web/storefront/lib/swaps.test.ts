import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from '../../api-client/client.ts';
import { swapsOf } from './swaps.ts';

type Order = Parameters<typeof swapsOf>[1];

/** As much of an order as is looked at. */
const ORDER = {
  lines: [
    { variantId: 'mug-s', handle: 'mug', shipped: 1 },
    { variantId: 'mug-m', handle: 'mug', shipped: 1 },
    { variantId: 'old', handle: 'gone', shipped: 1 },
    { variantId: 'set', handle: 'set', shipped: 1, parts: [{ variantId: 'cup', shipped: 1 }] },
    { variantId: 'pot', handle: 'pot', shipped: 0 },
  ],
  returns: [],
} as unknown as Order;

function shopOf(answers: Readonly<Record<string, object>>) {
  const paths: string[] = [];
  const hurried = createClient(({ path }) => {
    const [asked = ''] = path.split('?');
    paths.push(asked);
    const body = answers[asked];
    return body === undefined
      ? Promise.resolve({ status: 404, headers: {}, body: '{"code":"not_found"}' })
      : Promise.resolve({ status: 200, headers: {}, body: JSON.stringify(body) });
  });
  return { paths, shop: { hurried, currency: 'EUR' } };
}

const MUG = {
  variants: [
    { id: 'mug-s', title: 'S', price: { amount: 1500, currency: 'EUR' } },
    { id: 'mug-m', title: 'M', price: { amount: 1500, currency: 'EUR' } },
    { id: 'mug-l', title: 'L', price: { amount: 1500, currency: 'EUR' } },
    { id: 'mug-xl', title: 'XL', price: { amount: 1900, currency: 'EUR' } },
  ],
};
const STOCK = {
  stock: [
    { variantId: 'mug-s', availability: 'in_stock' },
    { variantId: 'mug-m', availability: 'out' },
    { variantId: 'mug-l', availability: 'backorder' },
    { variantId: 'mug-xl', availability: 'in_stock' },
  ],
};

test('what is there of the same product, and costs no more, may be had instead of what can come back', async () => {
  const { paths, shop } = shopOf({ '/api/catalog/products/mug': MUG, '/api/orders/stock': STOCK });
  const there = [
    { variantId: 'mug-s', title: 'S' },
    { variantId: 'mug-l', title: 'L' },
  ];
  assert.deepEqual(
    [...(await swapsOf(shop, ORDER))],
    [
      ['mug-s', there],
      ['mug-m', there],
    ],
  );
  assert.deepEqual(paths.toSorted(), [
    '/api/catalog/products/gone',
    '/api/catalog/products/mug',
    '/api/orders/stock',
  ]);
});

test('nobody is asked where nothing can come back, and a page is whole without an answer', async () => {
  const none = shopOf({});
  assert.equal((await swapsOf(none.shop, { ...ORDER, lines: [] })).size, 0);
  assert.deepEqual(none.paths, []);
  const away = shopOf({ '/api/catalog/products/mug': MUG });
  assert.equal((await swapsOf(away.shop, ORDER)).size, 0);
});
