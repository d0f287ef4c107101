/** Other texts that a search is good for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { alsoOf, MOST_TEXTS } from './synonyms.ts';

test('words that mean each other stand for each other, those that mean something stand for that only', () => {
  const rules = [
    { words: ['sofa', 'couch', 'settee'] },
    { words: ['trainers'], means: ['running shoes'] },
    { words: ['TV stand', 'media unit'] },
  ];
  for (const [text, also] of [
    ['Red SOFA', ['red couch', 'red settee']],
    ['settee', ['sofa', 'couch']],
    ['trainers', ['running shoes']],
    ['running shoes', []],
    ['tv stand', ['media unit']],
    ['tv', []],
    [
      'media unit sofa',
      ['media unit couch', 'media unit settee', 'tv stand sofa', 'tv stand couch', 'tv stand settee'],
    ],
    ['', []],
  ] as const)
    assert.deepEqual(alsoOf(text, rules), also, text);
  assert.deepEqual(alsoOf('sofa', []), []);
});

test('however many words have however many meanings, the texts are few, different, and others than the one asked', () => {
  const word = fc.constantFrom('a', 'b', 'c', 'd', 'a b', '-');
  const rule = fc.record(
    {
      words: fc.array(word, { minLength: 1, maxLength: 4 }),
      means: fc.array(word, { minLength: 1, maxLength: 4 }),
    },
    { requiredKeys: ['words'] },
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 10 }), fc.array(rule, { maxLength: 5 }), (words, rules) => {
      const text = words.join(' ').match(/[a-d]/g)?.join(' ') ?? '';
      const also = alsoOf(text, rules);
      assert.ok(also.length <= MOST_TEXTS);
      assert.equal(new Set(also).size, also.length);
      assert.ok(!also.includes(text));
      assert.ok(also.every((other) => other !== ''));
    }),
  );
});
