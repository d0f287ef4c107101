/** A drill compares what stood still, and says of the rest that it did not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from './drill.ts';

type Prints = Readonly<Record<string, readonly [number, string]>>;
const look = (tenants: Readonly<Record<string, Prints>>): ReadonlyMap<string, Prints> =>
  new Map(Object.entries(tenants));
const ORDERS: Prints = { orders: [3, '7'], carts: [0, '0'] };

for (const [what, before, after, restored, expected] of [
  ['all equal', ORDERS, ORDERS, ORDERS, { equal: 2, changing: 0, rows: 3, differing: [] }],
  [
    'a row lost',
    ORDERS,
    ORDERS,
    { ...ORDERS, orders: [2, '5'] },
    { equal: 1, changing: 0, rows: 0, differing: ['acme: orders'] },
  ],
  [
    'a value changed',
    ORDERS,
    ORDERS,
    { ...ORDERS, orders: [3, '8'] },
    { equal: 1, changing: 0, rows: 0, differing: ['acme: orders'] },
  ],
  [
    'a table lost',
    ORDERS,
    ORDERS,
    { carts: [0, '0'] },
    { equal: 1, changing: 0, rows: 0, differing: ['acme: orders'] },
  ],
  [
    'an empty table that is not there',
    ORDERS,
    ORDERS,
    { orders: [3, '7'] },
    { equal: 2, changing: 0, rows: 3, differing: [] },
  ],
  [
    'a shop that goes on',
    ORDERS,
    { ...ORDERS, orders: [4, '9'] },
    { ...ORDERS, orders: [4, '9'] },
    { equal: 1, changing: 1, rows: 0, differing: [] },
  ],
] as const)
  test(what, () => {
    const found = compare(look({ acme: before }), look({ acme: after }), look({ acme: restored as Prints }));
    assert.deepEqual(found, expected);
  });

test('a whole tenant lost is found, one that was deleted meanwhile is not', () => {
  assert.deepEqual(compare(look({ acme: ORDERS }), look({ acme: ORDERS }), look({})).differing, [
    'acme: orders',
  ]);
  assert.deepEqual(compare(look({ acme: ORDERS }), look({}), look({})).differing, []);
});
