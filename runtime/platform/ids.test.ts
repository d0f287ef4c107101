import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock, systemClock } from './clock.ts';
import { createNewId } from './ids.ts';

test('ids are UUIDs of version 7 behind their prefix, unique and always growing', () => {
  const newId = createNewId(systemClock);
  const ids = Array.from({ length: 20_000 }, () => newId('ord'));
  for (const id of ids) assert.match(id, /^ord_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(ids, ids.toSorted());
});

test('ids grow also when the clock stands still or goes back', () => {
  const clock = manualClock();
  const newId = createNewId(clock);
  const ids: string[] = [];
  for (let n = 0; n < 9_000; n++) {
    if (n % 1_000 === 0) clock.advance(n % 2_000 === 0 ? 3 : -5);
    ids.push(newId('x'));
  }
  assert.deepEqual(ids, ids.toSorted());
});
