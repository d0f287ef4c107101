/**
 * Watchers ask until there is an answer, wake once, and hand it out once.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../kube/testing/clock.ts';
import { createUrges } from './urges.ts';
import { createWatchers } from './watchers.ts';

const tick = () => new Promise((resolve) => setImmediate(resolve));

test('the key is woken when there is an answer, and the answer is handed out once', async () => {
  const clock = manualClock();
  const watchers = createWatchers(clock, { firstMs: 10, maxMs: 20 });
  let woken = 0;
  let asked = 0;
  const ask = async () => (++asked < 3 ? undefined : 'here');
  const poll = () => watchers.poll('subject', ask, () => woken++);
  assert.equal(poll(), undefined);
  await tick();
  assert.equal(poll(), undefined, 'asking again asks nobody twice');
  assert.equal(asked, 1);
  await clock.advance(10);
  await tick();
  await clock.advance(20);
  await tick();
  assert.deepEqual([asked, woken], [3, 1]);
  assert.equal(poll(), 'here');
  assert.equal(poll(), undefined, 'the next question begins anew');
});

test('a rejection is no answer, and what is forgotten wakes nobody', async () => {
  const clock = manualClock();
  const watchers = createWatchers(clock, { firstMs: 10, maxMs: 10 });
  let woken = 0;
  let fail = true;
  const ask = async () => {
    if (fail) throw new Error('away');
    return true;
  };
  watchers.poll('a', ask, () => woken++);
  watchers.poll('b', ask, () => woken++);
  await tick();
  watchers.forget('b');
  fail = false;
  await clock.advance(10);
  await tick();
  assert.equal(woken, 1);
  watchers.close();
});

test('only a new value of the annotation urges, not the one that was there at the start', () => {
  const urges = createUrges();
  assert.equal(urges.isNew('a', '1'), false);
  assert.equal(urges.isNew('a', '1'), false);
  assert.equal(urges.isNew('a', '2'), true);
  assert.equal(urges.isNew('a', undefined), false);
  urges.forget('a');
  assert.equal(urges.isNew('a', '3'), false);
});
