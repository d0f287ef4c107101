import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fromStripe, ourDigits, stripeDigits, toStripe } from './units.ts';

describe('units of money', () => {
  it('are the same to Stripe where both count alike, and hundredths where only Stripe has them', () => {
    assert.equal(toStripe(1_234, 'EUR'), 1_234);
    assert.equal(toStripe(1_500, 'JPY'), 1_500);
    assert.equal(toStripe(1_234, 'KWD'), 1_234);
    assert.equal(toStripe(500, 'ISK'), 500 * 10 ** (2 - ourDigits('ISK')));
    assert.equal(toStripe(500, 'HUF'), 500 * 10 ** (2 - ourDigits('HUF')));
    assert.deepEqual(['JPY', 'KWD', 'HUF', 'EUR'].map(stripeDigits), [0, 3, 2, 2]);
  });

  it('come back as they were', () => {
    const currency = fc.constantFrom('EUR', 'JPY', 'HUF', 'ISK', 'KWD', 'RSD', 'KRW', 'TWD');
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }), currency, (amount, code) =>
        assert.equal(fromStripe(toStripe(amount, code), code), amount),
      ),
    );
  });
});
