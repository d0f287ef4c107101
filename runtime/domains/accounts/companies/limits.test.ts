import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judge, periodStart } from './limits.ts';

const limits = { currency: 'EUR', perOrder: 100, perPeriod: 250, period: 'month' } as const;
const euros = (total: number) => ({ total, currency: 'EUR' });

test('up to a limit is within it, a cent more is not', () => {
  assert.equal(judge(limits, euros(100), 150), undefined);
  assert.equal(judge(limits, euros(101), 0), 'order_limit');
  assert.equal(judge(limits, euros(100), 151), 'period_limit');
});

test('another currency is always beyond it, unless there is no limit at all', () => {
  assert.equal(judge(limits, { total: 1, currency: 'USD' }, 0), 'currency');
  assert.equal(judge({ currency: 'EUR', period: 'day' }, { total: 1, currency: 'USD' }, 0), undefined);
  assert.equal(judge(null, euros(1e9), 1e9), undefined);
});

test('a period begins at midnight in UTC, a week on its Monday, a month on its first', () => {
  const at = new Date('2026-11-29T23:59:59.999Z'); // a Sunday
  assert.equal(periodStart('day', at).toISOString(), '2026-11-29T00:00:00.000Z');
  assert.equal(periodStart('week', at).toISOString(), '2026-11-23T00:00:00.000Z');
  assert.equal(periodStart('month', at).toISOString(), '2026-11-01T00:00:00.000Z');
});

test('every moment is in the period that began last, and the periods of a kind do not overlap', () => {
  const moments = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(fc.constantFrom('day', 'week', 'month'), moments, (period, now) => {
      const start = periodStart(period, now);
      assert.ok(start <= now);
      assert.deepEqual(periodStart(period, start), start);
      assert.ok(periodStart(period, new Date(start.getTime() - 1)) < start);
    }),
  );
});
