/** Addresses and listings say the same, in both directions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressOf, listingOf, queryOf } from './listing.ts';

const word = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => text.trim() === text && text !== '');

test('a listing written into an address is read from it again', () => {
  const listing = fc.record({
    q: fc.option(word, { nil: undefined }),
    type: fc.option(word, { nil: undefined }),
    tag: fc.option(word, { nil: undefined }),
    min: fc.option(fc.nat(9999), { nil: undefined }),
    max: fc.option(fc.nat(9999), { nil: undefined }),
    stock: fc.boolean(),
    sort: fc.constantFrom('price-asc' as const, 'newest' as const),
    cursor: fc.option(word, { nil: undefined }),
  });
  fc.assert(
    fc.property(listing, (one) => {
      const address = new URL(addressOf('/products', one, { cursor: one.cursor }), 'http://shop.example');
      assert.deepEqual(listingOf(Object.fromEntries(address.searchParams)), { ...one });
    }),
  );
});

test('a page by title is found again, however long its titles are', () => {
  const cursor = 'x'.repeat(2_000);
  assert.equal(listingOf({ sort: 'title-asc', cursor }).cursor, cursor);
});

test('a changed filter begins at the first page', () => {
  const listing = listingOf({ type: 'Tent', cursor: 'abc' });
  assert.equal(addressOf('/products', listing, { tag: 'gift' }), '/products?type=Tent&tag=gift');
});

test('typed prices become minor units of the currency, nonsense is left out', () => {
  assert.equal(queryOf(listingOf({ min: '19,50' }), 'EUR', undefined).minPrice, 1950);
  assert.equal(queryOf(listingOf({ max: '1600' }), 'JPY', undefined).maxPrice, 1600);
  assert.equal(
    queryOf(listingOf({ min: '-3', max: 'abc', sort: 'x' }), 'EUR', undefined).minPrice,
    undefined,
  );
  assert.equal(listingOf({ sort: 'x' }).sort, 'featured');
});
