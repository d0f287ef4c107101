/** A token between our processes is good for what it was made for, for a minute, and for nothing else. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createServiceTokens } from './service-tokens.ts';

const secretsKey = randomBytes(32).toString('base64');
const errand = { tenant: 'acme', path: '/internal/orders/quote' };
const NOW = new Date('2026-03-01T10:00:00Z');
const at = (milliseconds: number) => ({ now: () => new Date(NOW.getTime() + milliseconds) });

test('it is good for a minute, also where the clock is behind', () => {
  const token = createServiceTokens({ secretsKey, clock: at(0) }).issue(errand);
  const isGoodAt = (milliseconds: number): boolean =>
    createServiceTokens({ secretsKey, clock: at(milliseconds) }).isGood(token, errand);
  assert.deepEqual([-60_001, -60_000, 0, 60_000, 60_001].map(isGoodAt), [false, true, true, true, false]);
});

test('for another tenant, another operation or by another key it is nothing, however the words are put together', () => {
  const clock = at(0);
  const tokens = createServiceTokens({ secretsKey, clock });
  const strangers = createServiceTokens({ secretsKey: randomBytes(32).toString('base64'), clock });
  const some = fc.record({ tenant: fc.string(), path: fc.string() });
  fc.assert(
    fc.property(some, some, (made, asked) => {
      const isSame = made.tenant === asked.tenant && made.path === asked.path;
      assert.equal(tokens.isGood(tokens.issue(made), asked), isSame);
      assert.equal(tokens.isGood(tokens.issue(made), made), true);
      assert.equal(tokens.isGood(strangers.issue(made), made), false);
    }),
  );
});

test('what is no token is none', () => {
  const tokens = createServiceTokens({ secretsKey, clock: at(0) });
  const [issuedAt = '', signature = ''] = tokens.issue(errand).split('.');
  for (const token of [
    undefined,
    '',
    '.',
    'x',
    signature,
    `${Number(issuedAt) + 1}.${signature}`,
    `${issuedAt}.`,
  ])
    assert.equal(tokens.isGood(token, errand), false, token);
});
