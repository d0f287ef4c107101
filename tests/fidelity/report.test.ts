import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderReport, type Result } from './report.ts';
import { isConformance, isFurther, KNOWN_TO_FAIL, whyNotRun } from './selection.ts';

const official = (name: string, more: Partial<Result>): Result => ({
  name: `[sig-api-machinery] ${name} [Conformance]`,
  conformance: true,
  verdict: undefined,
  whyNotRun: undefined,
  ...more,
});

const verdict = (passed: boolean, why = '') => ({ name: '', passed, seconds: 1, why });

test('every test is named with its verdict, and counted', () => {
  const page = renderReport([
    official('a works', { verdict: verdict(true) }),
    official('b | works', { verdict: verdict(false, 'because\nof this') }),
    official('c works', { whyNotRun: 'nobody needs it' }),
  ]);
  assert.match(page, /\| conformance \| 2 \| 1 \| 1 \| 1 \|/);
  assert.match(page, /\| a works \| passed \|/);
  assert.match(page, /\| b \\\| works \| \*\*failed\*\*: because \|/);
  assert.match(page, /\| c works \| not run: nobody needs it \|/);
});

test('what is left out is left out with a reason', () => {
  assert.match(whyNotRun('[sig-api-machinery] ResourceQuota should x [Conformance]') ?? '', /quotas/);
  assert.equal(whyNotRun('[sig-api-machinery] Garbage collector should x [Conformance]'), undefined);
});

test('only tests beyond conformance may be known to fail', () => {
  for (const name of Object.keys(KNOWN_TO_FAIL)) {
    assert.ok(isFurther(name), name);
    assert.ok(!isConformance(name), name);
  }
});
