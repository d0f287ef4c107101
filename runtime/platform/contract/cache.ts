/** What every cache adapter must keep: what it answers is what was set, for this tenant, and not too old. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cache } from '../ports.ts';

export interface CacheUnderTest {
  readonly cache: Cache;
  /** Lets that much time pass. */
  advance(milliseconds: number): Promise<void>;
}

/** Registers the suite. */
export function cacheContract(adapter: string, open: () => Promise<CacheUnderTest>): void {
  test(`${adapter}: a value is kept for its time, per tenant, until it is replaced or deleted`, async () => {
    const { cache, advance } = await open();
    await cache.set('a', 'k', 'one', 10);
    await cache.set('b', 'k', 'two', 10);
    assert.equal(await cache.get('a', 'k'), 'one');
    assert.equal(await cache.get('b', 'k'), 'two');
    await cache.set('a', 'k', 'three', 10);
    assert.equal(await cache.get('a', 'k'), 'three');
    await cache.delete('a', 'k');
    assert.equal(await cache.get('a', 'k'), undefined);
    assert.equal(await cache.get('b', 'k'), 'two');
    await advance(10_001);
    assert.equal(await cache.get('b', 'k'), undefined);
  });
}
