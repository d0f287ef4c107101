import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../failure.ts';
import { age, parseSpan, span } from './time.ts';

for (const [milliseconds, text] of [
  [0, '0s'],
  [999, '0s'],
  [45_000, '45s'],
  [200_000, '3m20s'],
  [3_600_000, '1h'],
  [5 * 3_600_000 + 120_000, '5h2m'],
  [11 * 3_600_000 + 120_000, '11h'],
  [86_400_000 * 120 + 3_600_000, '120d'],
] as const) {
  test(`${milliseconds} ms are written ${text}`, () => assert.equal(span(milliseconds), text));
}

test('a span that is written and read again never grows, and loses less than a tenth', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_000, max: 86_400_000 * 400 }), (milliseconds) => {
      const again = parseSpan(span(milliseconds), '--since');
      assert.ok(again <= milliseconds && again > milliseconds * 0.9 - 1000);
    }),
  );
});

test('the age of nothing is empty', () => {
  assert.equal(age(undefined, 0), '');
  assert.equal(age('2026-01-01T00:00:00Z', Date.parse('2026-01-01T00:01:00Z')), '1m');
});

for (const text of ['', '5', 'm5', '5 m', '-5m', '5m!']) {
  test(`"${text}" is no span`, () => {
    assert.throws(
      () => parseSpan(text, '--since'),
      (error) => error instanceof Failure && error.exitCode === 64,
    );
  });
}
