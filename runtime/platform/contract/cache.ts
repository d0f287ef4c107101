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
    await cache.set('a', 'k', 'one', 1);
    await cache.set('b', 'k', 'two', 1);
    assert.equal(await cache.get('a', 'k'), 'one');
    assert.equal(await cache.get('b', 'k'), 'two');
    await cache.set('a', 'k', 'three', 1);
    assert.equal(await cache.get('a', 'k'), 'three');
    await cache.delete('a', 'k');
    assert.equal(await cache.get('a', 'k'), undefined);
    assert.equal(await cache.get('b', 'k'), 'two');
    await advance(1_050);
    assert.equal(await cache.get('b', 'k'), undefined);
  });

  test(`${adapter}: values and keys of any letters come back, an empty value too, and a large one or nothing`, async () => {
    const { cache } = await open();
    for (const [key, value] of [
      ['', 'empty key'],
      ['list/{"q":"größe 😀","limit":24}', '{"ü":"\u0000"}'],
      ['empty', ''],
    ] as const) {
      await cache.set('a', key, value, 10);
      assert.equal(await cache.get('a', key), value);
    }
    await cache.set('a', 'k', 'small', 10);
    await cache.set('a', 'k', 'x'.repeat(5_000_000), 10);
    const large = await cache.get('a', 'k');
    assert.ok(large === undefined || large.length === 5_000_000, 'never what it replaced');
  });

  test(`${adapter}: a key that looks like another tenant's is not`, async () => {
    const { cache } = await open();
    await cache.set('a-b', 'k', 'theirs', 10);
    for (const key of ['-b:k', 'b}:c:k', '}:{a-b}:c:k', '\0k', 'c:k'])
      assert.equal(await cache.get('a', key), undefined);
  });
}
