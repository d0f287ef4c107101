import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { testOf } from './words.ts';

test('whatever a merchant does not want to read can be looked for', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }), (words) => {
      const wanted = words.map((word) => word.trim()).filter((word) => word !== '');
      const isUnwanted = testOf(words);
      for (const word of wanted) assert.equal(isUnwanted?.(`… ${word} …`), true, word);
    }),
  );
  assert.equal(testOf(['e-mail'])?.('My E-Mail is'), true);
  assert.equal(testOf(['e-mail'])?.('e-mails'), false);
});
