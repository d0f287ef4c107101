import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitsOf } from './limits.ts';

function formOf(fields: Readonly<Record<string, string>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
}

test('a field that is left empty is no limit', () => {
  assert.equal(limitsOf(formOf({ currency: 'EUR', perOrder: '', perPeriod: ' ' })), null);
  assert.deepEqual(limitsOf(formOf({ currency: 'EUR', perOrder: '99,90', perPeriod: '' })), {
    currency: 'EUR',
    period: 'month',
    perOrder: 9990,
  });
});

test('what is no amount is no limit that was taken away', () => {
  for (const typed of ['1,000.00', '1 000', 'a thousand', '-1'])
    assert.equal(limitsOf(formOf({ currency: 'EUR', perOrder: typed, perPeriod: '500' })), undefined, typed);
});

test('a limit keeps the time it is for', () => {
  const weekly = { currency: 'JPY', period: 'week', perPeriod: '50000' };
  assert.deepEqual(limitsOf(formOf(weekly)), { currency: 'JPY', period: 'week', perPeriod: 50000 });
  assert.equal(limitsOf(formOf({ ...weekly, period: 'century' }))?.period, 'month');
});
