/** Minor units become the right figures in each currency. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minorDigits, moneyFormatter } from './money.ts';

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
