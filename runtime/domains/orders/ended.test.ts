import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENDED, ENDED_NAMES, endedOf } from './ended.ts';

test('what the shop itself says of an end has a name, and each a sentence of its own', () => {
  assert.deepEqual(
    ENDED_NAMES.map((name) => endedOf(ENDED[name])),
    ENDED_NAMES,
  );
});

test('what a person wrote has none, and is said as it stands', () => {
  for (const written of [undefined, '', 'The last pair was damaged.', 'Cancelled by the shop'])
    assert.equal(endedOf(written), undefined);
});
