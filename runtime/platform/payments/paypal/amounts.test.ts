import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isPayable, toDecimal, toMinor } from './amounts.ts';

const currency = fc.constantFrom('EUR', 'USD', 'JPY', 'HUF', 'TWD', 'GBP');

describe('amounts at PayPal', () => {
  it('come back as they were given, or cannot be given', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99_999_999_999 }), currency, (amount, code) => {
        if (!isPayable(amount, code)) assert.throws(() => toDecimal(amount, code), { code: 'invalid_input' });
        else assert.equal(toMinor(toDecimal(amount, code), code), amount);
      }),
    );
  });

  it('are written as PayPal wants them', () => {
    assert.equal(toDecimal(1, 'EUR'), '0.01');
    assert.equal(toDecimal(10, 'EUR'), '0.10');
    assert.equal(toDecimal(123_456, 'EUR'), '1234.56');
    assert.equal(toDecimal(1_500, 'JPY'), '1500');
    assert.equal(toDecimal(12_300, 'TWD'), '123');
  });

  it('are read with fewer decimals than ours, and refused where they say nothing', () => {
    assert.equal(toMinor('12', 'EUR'), 1_200);
    assert.equal(toMinor('12.3', 'EUR'), 1_230);
    assert.equal(toMinor('-0.50', 'EUR'), -50);
    assert.equal(toMinor('1500.00', 'JPY'), 1_500);
    for (const text of ['', 'abc', '1e3', '1,000', '.5'])
      assert.throws(() => toMinor(text, 'EUR'), { code: 'internal' });
    for (const text of ['1.5', '1500.01']) assert.throws(() => toMinor(text, 'JPY'), { code: 'internal' });
  });
});
