import assert from 'node:assert/strict';
import { test } from 'node:test';
import { returnableOf } from './returnable.ts';

type Order = Parameters<typeof returnableOf>[0];

test('what has been shipped can be asked back, but for what is back or on its way', () => {
  const line = (variantId: string, shipped: number) => ({ variantId, shipped });
  const back = (state: string, quantity: number, accepted?: number) => ({
    state,
    lines: [{ variantId: 'mug', quantity, accepted, reason: 'other' }],
  });
  // As much of an order as is looked at.
  const order = {
    lines: [line('mug', 5), line('pot', 0), line('cup', 1)],
    returns: [back('requested', 1), back('declined', 2), back('withdrawn', 2), back('refunded', 2, 1)],
  } as unknown as Order;
  assert.deepEqual(returnableOf(order), [
    { variantId: 'mug', bundle: undefined, quantity: 3 },
    { variantId: 'cup', bundle: undefined, quantity: 1 },
  ]);
});

test('parts of a bundle are asked back one by one, and those that were bought by themselves beside them', () => {
  const order = {
    lines: [
      { variantId: 'set', shipped: 1, parts: [{ variantId: 'mug', shipped: 2 }] },
      { variantId: 'mug', shipped: 1 },
    ],
    returns: [
      { state: 'requested', lines: [{ variantId: 'mug', bundle: 'set', quantity: 1, reason: 'other' }] },
    ],
  } as unknown as Order;
  assert.deepEqual(returnableOf(order), [
    { variantId: 'mug', bundle: 'set', quantity: 1 },
    { variantId: 'mug', bundle: undefined, quantity: 1 },
  ]);
});
