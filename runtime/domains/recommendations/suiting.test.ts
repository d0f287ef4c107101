/** A list in an order that suits: what rises, by how much, and what it must not do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { affinity, RISE, suited } from './suiting.ts';

test('nothing is lost or added, nothing rises or falls by more than its bound, and equals keep their order', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1, max: 3, noNaN: true }), { maxLength: 40 }), (nearness) => {
      const listed = nearness.map((near, at) => ({ near, at }));
      const found = suited(listed, ({ near }) => near);
      assert.deepEqual(
        found.toSorted((a, b) => a.at - b.at),
        listed,
      );
      for (const [place, { at }] of found.entries()) assert.ok(Math.abs(place - at) <= RISE);
      assert.deepEqual(
        suited(listed, () => 0.7),
        listed,
      );
    }),
  );
});

test('what the merchant placed stays where it is, whoever looks', () => {
  const item = fc.record({ near: fc.double({ min: 0, max: 1, noNaN: true }), placed: fc.boolean() });
  fc.assert(
    fc.property(fc.array(item, { maxLength: 40 }), (items) => {
      const listed = items.map((one, at) => ({ ...one, at }));
      const found = suited(
        listed,
        ({ near }) => near,
        ({ placed }) => placed,
      );
      assert.deepEqual(
        found.toSorted((a, b) => a.at - b.at),
        listed,
      );
      for (const [place, { at, placed }] of found.entries()) if (placed) assert.equal(place, at);
    }),
  );
});

test('what visits alike went on to is nearest, then what is of the kind that was looked at', () => {
  const near = affinity(
    [
      { productId: 'socks', score: 4, becauseOf: 'boots' },
      { productId: 'mat', score: 1, becauseOf: 'boots' },
    ],
    [
      { type: 'Shoes', vendor: 'Fjell' },
      { type: 'Shoes', vendor: '' },
    ],
  );
  const of = (id: string, type = '', vendor = ''): string => near({ id, type, vendor }).toFixed(3);
  assert.deepEqual(
    [of('socks'), of('mat'), of('sandals', 'Shoes'), of('cap', 'Hats', 'Fjell'), of('lamp')],
    ['0.500', '0.125', '0.300', '0.100', '0.000'],
  );
  assert.equal(affinity([], [])({ id: 'lamp', type: '', vendor: '' }), 0);
});
