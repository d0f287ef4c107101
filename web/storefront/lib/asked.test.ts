import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askedOf } from './asked.ts';

test('what comes back is what a number was picked for, parts of bundles among it', () => {
  const form = [
    ['order', 'ord_1'],
    ['units:mug', '2'],
    ['units:pot', '0'],
    ['units:cup set', '1'],
    ['units:bowl', 'many'],
  ] as const;
  assert.deepEqual(askedOf(form), {
    lines: [
      { variantId: 'mug', quantity: 2 },
      { variantId: 'cup', bundle: 'set', quantity: 1 },
    ],
  });
});

test('what goes out is what was picked instead, as many as come back', () => {
  const form = [
    ['units:mug-s', '2'],
    ['instead:mug-s', 'mug-l'],
    ['units:pot', '1'],
    ['instead:pot', ''],
    ['units:cup', '0'],
    ['instead:cup', 'cup-l'],
  ] as const;
  assert.deepEqual(askedOf(form), {
    lines: [
      { variantId: 'mug-s', quantity: 2 },
      { variantId: 'pot', quantity: 1 },
    ],
    exchange: { lines: [{ variantId: 'mug-l', quantity: 2, insteadOf: 'mug-s' }] },
  });
});

test('the same instead of two others is named once, for what it costs today', () => {
  const form = [
    ['units:mug-s', '1'],
    ['instead:mug-s', 'mug-l'],
    ['units:mug-m', '2'],
    ['instead:mug-m', 'mug-l'],
  ] as const;
  assert.deepEqual(askedOf(form).exchange, { lines: [{ variantId: 'mug-l', quantity: 3 }] });
});
