/** What every rate-limits adapter must keep: a minute's or an hour's tokens at once, then one at a time, for each tenant and name by itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RateLimits } from '../ports.ts';

export interface LimitsUnderTest {
  readonly limits: RateLimits;
  /** Lets that much time pass. */
  advance(milliseconds: number): Promise<void>;
}

/** Registers the suite. */
export function limitsContract(adapter: string, open: () => Promise<LimitsUnderTest>): void {
  test(`${adapter}: a minute's tokens may be taken at once, the next when it has come back`, async () => {
    const { limits, advance } = await open();
    // Three seconds each: nothing comes back while these are taken.
    for (let n = 0; n < 20; n++) assert.equal(await limits.take('a', 'requests', 20), 0);
    const wait = await limits.take('a', 'requests', 20);
    assert.ok(wait >= 1 && wait <= 3, `${wait} s`);
    assert.equal(await limits.take('b', 'requests', 20), 0);
    assert.equal(await limits.take('a', 'logins', 20), 0);
    await advance(wait * 1_000);
    assert.equal(await limits.take('a', 'requests', 20), 0);
    assert.notEqual(await limits.take('a', 'requests', 20), 0);
  });

  test(`${adapter}: an hour's tokens may be taken at once, and come back within an hour`, async () => {
    const { limits } = await open();
    const take = () => limits.take('a', 'files', 3, 'hour');
    for (let n = 0; n < 3; n++) assert.equal(await take(), 0);
    const wait = await take();
    assert.ok(wait > 60 && wait <= 1_200, `${wait} s`);
  });

  test(`${adapter}: of many who ask at once only as many pass as there are tokens`, async () => {
    const { limits } = await open();
    const waits = await Promise.all(Array.from({ length: 100 }, () => limits.take('a', 'rush', 30)));
    assert.equal(waits.filter((wait) => wait === 0).length, 30);
  });

  test(`${adapter}: a limit that is raised leaves more, in the same proportion`, async () => {
    const { limits } = await open();
    for (let n = 0; n < 10; n++) assert.equal(await limits.take('a', 'raised', 20), 0);
    let passed = 0;
    while (passed < 25 && (await limits.take('a', 'raised', 40)) === 0) passed += 1;
    assert.ok(passed >= 20 && passed <= 21, `half of 40: ${passed}`);
  });
}
