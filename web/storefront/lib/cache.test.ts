/** The cache of answers keeps what it may, as long as it may, and asks once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAnswerCache } from './cache.ts';

test('a kept answer is given again until its time is over', async () => {
  let time = 0;
  let loads = 0;
  const cache = createAnswerCache(10, () => time);
  const load = async () => ({ value: ++loads, seconds: 5 });
  assert.equal(await cache.get('a', load), 1);
  time = 4999;
  assert.equal(await cache.get('a', load), 1);
  time = 5000;
  assert.equal(await cache.get('a', load), 2);
});

test('many who ask at once cause one load, and a failure is not remembered', async () => {
  let loads = 0;
  const cache = createAnswerCache(10, () => 0);
  const fail = async (): Promise<never> => {
    loads += 1;
    throw new Error('gone');
  };
  const results = await Promise.allSettled([cache.get('a', fail), cache.get('a', fail)]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal(loads, 1);
  assert.equal(await cache.get('a', async () => ({ value: 'back', seconds: 0 })), 'back');
});

test('it never holds more than its limit, and lets the oldest go', async () => {
  let loads = 0;
  const cache = createAnswerCache(2, () => 0);
  const load = async () => ({ value: ++loads, seconds: 60 });
  for (const key of ['a', 'b', 'c']) await cache.get(key, load);
  assert.equal(await cache.get('c', load), 3);
  assert.equal(await cache.get('a', load), 4);
});
