import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readTaxId } from './tax-ids.ts';

const LIKE: readonly (readonly [string, string, string])[] = [
  ['DE', 'DE 123 456 789', 'DE123456789'],
  ['DE', '123.456.789', 'DE123456789'],
  ['AT', 'ATU12345678', 'ATU12345678'],
  ['NL', 'NL123456789B01', 'NL123456789B01'],
  ['GR', 'EL 123456789', 'EL123456789'],
  ['US', '12-3456789', 'US123456789'],
  ['CH', 'CHE-123.456.789 MWST', 'CHE123456789MWST'],
  ['GB', 'GB123456789', 'GB123456789'],
  ['BR', '12.345.678/0001-95', '12345678000195'],
];
const UNLIKE: readonly (readonly [string, string])[] = [
  ['DE', 'DE12345678'],
  ['DE', 'AT123456789'],
  ['AT', 'AT12345678'],
  ['NL', 'NL123456789B1'],
  ['BR', 'a;b'],
];

test('a tax id is read however it is spaced, with and without its country in front', () => {
  for (const [country, written, read] of LIKE) assert.equal(readTaxId(country, written), read, written);
});

test('one that no number of the country looks like is refused', () => {
  for (const [country, written] of UNLIKE) assert.equal(readTaxId(country, written), undefined, written);
});

test('what was read is read as itself, and holds nothing but capital letters and digits', () => {
  const written = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.stringMatching(/^[A-Z]{0,2}[0-9 .-]{4,20}[A-Z]{0,3}$/),
  );
  fc.assert(
    fc.property(
      fc.constantFrom('DE', 'AT', 'FR', 'IE', 'CH', 'US', 'JP', 'GR', 'BR'),
      written,
      (country, text) => {
        const read = readTaxId(country, text);
        if (read === undefined) return;
        assert.match(read, /^[A-Z0-9+*]+$/);
        assert.equal(readTaxId(country, read), read);
      },
    ),
  );
});
