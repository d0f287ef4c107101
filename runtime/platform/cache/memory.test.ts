import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../clock.ts';
import { cacheContract } from '../contract/cache.ts';
import { createMemoryCache } from './memory.ts';

cacheContract('cache in memory', () => {
  const clock = manualClock();
  return Promise.resolve({
    cache: createMemoryCache({ clock }),
    advance: (milliseconds) => Promise.resolve(clock.advance(milliseconds)),
  });
});

test('it never holds more than its capacity, and forgets the longest unused first', async () => {
  const cache = createMemoryCache({ clock: manualClock(), capacity: 1_000 });
  for (let n = 0; n < 5; n++) await cache.set('a', `k${n}`, 'x'.repeat(190), 60);
  await cache.get('a', 'k0');
  await cache.set('a', 'k5', 'x'.repeat(190), 60);
  assert.ok(await cache.get('a', 'k0'));
  assert.equal(await cache.get('a', 'k1'), undefined);
  await cache.set('a', 'huge', 'x'.repeat(900), 60);
  assert.equal(await cache.get('a', 'huge'), undefined, 'one value cannot push out all others');
});
