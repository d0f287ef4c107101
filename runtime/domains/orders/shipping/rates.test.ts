import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { shippingOffers, zoneOf, type Parcel } from './rates.ts';
import { shippingRules, type Method, type Zone } from './schemas.ts';

function method(id: string, rate: Method['rate'], more: Partial<Method> = {}): Method {
  return { id, title: id, rate, minDays: 1, maxDays: 2, pickup: false, ...more };
}
const FLAT: Method['rate'] = { by: 'order', price: { EUR: 500 } };
const HOME: Zone = {
  name: 'Home',
  places: [{ country: 'DE' }],
  methods: [
    method('parcel', FLAT, { freeFrom: { EUR: 10_000 } }),
    method('shop', { by: 'order', price: { EUR: 0 } }, { pickup: true }),
  ],
};
const ISLANDS: Zone = {
  name: 'Islands',
  places: [{ country: 'DE', regions: ['Helgoland'] }],
  methods: [method('ferry', FLAT)],
};
const REST: Zone = { name: 'Elsewhere', methods: [method('post', FLAT)] };
const PARCEL: Parcel = { currency: 'EUR', subtotal: 1000, grams: 400, shipped: true };

describe('where a cart goes', () => {
  const zones = [HOME, ISLANDS, REST];
  it('is the zone that names the place most closely', () => {
    assert.equal(zoneOf(zones, { country: 'DE', region: 'helgoland' })?.name, 'Islands');
    assert.equal(zoneOf(zones, { country: 'DE', region: 'Bayern' })?.name, 'Home');
    assert.equal(zoneOf(zones, { country: 'DE' })?.name, 'Home');
    assert.equal(zoneOf(zones, { country: 'NO' })?.name, 'Elsewhere');
    assert.equal(zoneOf([HOME], { country: 'NO' }), undefined);
  });

  it('is the first zone until the shopper says where', () => {
    assert.equal(zoneOf([ISLANDS, HOME], undefined)?.name, 'Islands');
  });
});

describe('what shipping costs', () => {
  const offers = (rate: Method['rate'], parcel: Partial<Parcel> = {}, more: Partial<Method> = {}) =>
    shippingOffers({ zones: [{ name: 'All', methods: [method('m', rate, more)] }] }, undefined, {
      ...PARCEL,
      ...parcel,
    }).map(({ amount }) => amount);
  const byWeight: Method['rate'] = {
    by: 'weight',
    bands: [
      { upToGrams: 500, price: { EUR: 300 } },
      { upToGrams: 2_000, price: { EUR: 700 } },
    ],
  };
  const byPrice: Method['rate'] = {
    by: 'price',
    bands: [
      { from: { EUR: 5_000 }, price: { EUR: 200 } },
      { from: { EUR: 0 }, price: { EUR: 600 } },
    ],
  };

  it('goes by weight, up to the heaviest that is carried', () => {
    assert.deepEqual(
      [500, 501, 2_001].map((grams) => offers(byWeight, { grams })),
      [[300], [700], []],
    );
  });

  it('goes by what the goods cost', () => {
    assert.deepEqual(
      [0, 4_999, 5_000].map((subtotal) => offers(byPrice, { subtotal })),
      [[600], [600], [200]],
    );
  });

  it('is nothing from a certain value, and where there is nothing to ship', () => {
    const free = { freeFrom: { EUR: 1_000 } };
    assert.deepEqual(offers(FLAT, { subtotal: 999 }, free), [500]);
    assert.deepEqual(offers(FLAT, { subtotal: 1_000 }, free), [0]);
    assert.deepEqual(offers(byWeight, { grams: 9_999, shipped: false }), [0]);
  });

  it('is not offered in a currency it has no price in', () => {
    assert.deepEqual(offers(FLAT, { currency: 'USD' }), []);
  });

  it('is two usual rates in a shop that has said nothing, sensible also without cents', () => {
    const usual = (currency: string, subtotal: number) =>
      shippingOffers(undefined, { country: 'DE' }, { ...PARCEL, currency, subtotal }).map(
        ({ amount }) => amount,
      );
    assert.deepEqual(usual('EUR', 1000), [490, 1290]);
    assert.deepEqual(usual('EUR', 7500), [0, 1290]);
    assert.deepEqual(usual('JPY', 1000), [780, 2060]);
  });

  it('never falls as a parcel grows heavier, where bands do not', () => {
    const bands = fc
      .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 9_999 }), fc.nat({ max: 9_999 })), {
        minLength: 1,
        maxLength: 6,
        selector: ([upTo]) => upTo,
      })
      .map((pairs) => {
        const ends = pairs.map(([upTo]) => upTo).toSorted((a, b) => a - b);
        const prices = pairs.map(([, price]) => price).toSorted((a, b) => a - b);
        return ends.map((upToGrams, index) => ({ upToGrams, price: { EUR: prices[index] ?? 0 } }));
      });
    fc.assert(
      fc.property(bands, fc.nat({ max: 10_000 }), fc.nat({ max: 10_000 }), (given, one, other) => {
        const [light, heavy] = [Math.min(one, other), Math.max(one, other)].map(
          (grams) => offers({ by: 'weight', bands: given }, { grams })[0] ?? Number.POSITIVE_INFINITY,
        );
        assert.ok((light ?? 0) <= (heavy ?? 0));
      }),
    );
  });
});

describe('what a merchant may say of shipping', () => {
  const rules = (bands: readonly { upToGrams?: number }[]) =>
    shippingRules.safeParse({
      zones: [
        {
          name: 'All',
          methods: [
            {
              ...method('m', FLAT),
              rate: { by: 'weight', bands: bands.map((band) => ({ ...band, price: { EUR: 1 } })) },
            },
          ],
        },
      ],
    }).success;

  it('has bands that grow, the last of which may be without an end', () => {
    assert.ok(rules([{ upToGrams: 1 }, { upToGrams: 2 }, {}]));
    assert.ok(!rules([{ upToGrams: 2 }, { upToGrams: 1 }]));
    assert.ok(!rules([{}, { upToGrams: 1 }]));
  });
});
