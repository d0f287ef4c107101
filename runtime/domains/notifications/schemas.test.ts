/** What is taken for a language is one that money and moments can be written in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { money } from './templates/format.ts';
import { locale } from './schemas.ts';

test('in each language that is taken money can be written', () => {
  for (const tag of ['en', 'de-CH', 'nb-NO', 'zh-Hant-TW']) assert.ok(locale.safeParse(tag).success, tag);
  for (const tag of ['de-12', 'de-ab1', 'deutsch', 'de_CH', 'de-'])
    assert.ok(!locale.safeParse(tag).success, tag);
  const tag = fc.stringMatching(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/);
  fc.assert(
    fc.property(tag, (some) => {
      if (locale.safeParse(some).success)
        assert.notEqual(money({ amount: 1, currency: 'EUR' }, { locale: some, zone: 'UTC' }), '');
    }),
  );
});
