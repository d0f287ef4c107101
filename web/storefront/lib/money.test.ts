/** Minor units become the right figures in each currency. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { majorUnits, minorDigits, minorUnits, moneyFormatter } from './money.ts';

const plain = (text: string): string => text.replaceAll(/\s/g, ' ');

test('yen has no minor digits, euro has two, dinar has three', () => {
  assert.deepEqual(['JPY', 'EUR', 'KWD'].map(minorDigits), [0, 2, 3]);
});

test('amounts are shown as the language shows them', () => {
  assert.equal(plain(moneyFormatter('de')({ amount: 123450, currency: 'EUR' })), '1.234,50 €');
  assert.equal(plain(moneyFormatter('ja')({ amount: 1600, currency: 'JPY' })), '￥1,600');
  assert.equal(plain(moneyFormatter('nb')({ amount: 249000, currency: 'NOK' })), '2 490 kr');
  assert.equal(plain(moneyFormatter('en')({ amount: 34900, currency: 'EUR' })), '€349');
});

test('what somebody types is an amount of the currency, or nothing', () => {
  assert.deepEqual(
    ['12', '12.5', '12,50', '0'].map((typed) => minorUnits(typed, 'EUR')),
    [1200, 1250, 1250, 0],
  );
  assert.deepEqual([minorUnits('1600', 'JPY'), minorUnits('16.5', 'JPY')], [1600, undefined]);
  for (const typed of ['', '-1', '1.234', '1e9', 'twelve', '9999999999'])
    assert.equal(minorUnits(typed, 'EUR'), undefined, typed);
  assert.equal(minorUnits('1', 'nonsense'), undefined);
  assert.deepEqual(
    [majorUnits({ amount: 1250, currency: 'EUR' }), majorUnits({ amount: 1600, currency: 'JPY' })],
    ['12.50', '1600'],
  );
});
