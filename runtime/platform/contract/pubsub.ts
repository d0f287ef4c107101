/** What every pub/sub adapter must keep: who listens hears, in order, and nothing that is another's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { PubSub } from '../ports.ts';

export interface PubSubUnderTest {
  readonly here: PubSub;
  /** Of another process of the same scope. */
  readonly there: PubSub;
}

/** Registers the suite. */
export function pubSubContract(adapter: string, open: () => Promise<PubSubUnderTest>): void {
  async function until(said: readonly string[], count: number): Promise<void> {
    const deadline = performance.now() + 30_000;
    while (said.length < count && performance.now() < deadline) await pause(5);
    assert.equal(said.length, count, 'all was heard');
  }

  test(`${adapter}: every listener hears what is said from then on, in this process and in others, in order`, async () => {
    const { here, there } = await open();
    const [mine, mineToo, theirs]: [string[], string[], string[]] = [[], [], []];
    await here.subscribe('a', 'news', (message) => mine.push(message));
    await here.subscribe('a', 'news', (message) => mineToo.push(message));
    await there.subscribe('a', 'news', (message) => theirs.push(message));
    const said = Array.from({ length: 50 }, (_, n) => `${n} “ü” ✓`);
    for (const message of said) await here.publish('a', 'news', message);
    for (const heard of [mine, mineToo, theirs]) {
      await until(heard, said.length);
      assert.deepEqual(heard, said);
    }
  });

  test(`${adapter}: tenants and channels do not hear each other, and who has left hears nothing`, async () => {
    const { here, there } = await open();
    const [left, other, elsewhere, last]: [string[], string[], string[], string[]] = [[], [], [], []];
    const leave = await there.subscribe('a', 'news', (message) => left.push(message));
    await there.subscribe('b', 'news', (message) => other.push(message));
    await there.subscribe('a', 'news2', (message) => elsewhere.push(message));
    await there.subscribe('a', 'end', (message) => last.push(message));
    await here.publish('a', 'news', 'one');
    await until(left, 1);
    await leave();
    await leave();
    await here.publish('a', 'news', 'two');
    // By the same way, so that what came before would have been heard before.
    await here.publish('a', 'end', 'end');
    await until(last, 1);
    assert.deepEqual([left, other, elsewhere], [['one'], [], []]);
  });

  test(`${adapter}: a listener that throws keeps nobody from hearing; a message too large is refused`, async () => {
    const { here } = await open();
    const heard: string[] = [];
    await here.subscribe('a', 'news', () => {
      throw new Error('listener');
    });
    await here.subscribe('a', 'news', (message) => heard.push(message));
    await here.publish('a', 'news', 'x'.repeat(7_000));
    await until(heard, 1);
    await assert.rejects(here.publish('a', 'news', 'x'.repeat(7_001)), { code: 'too_large' });
    await assert.rejects(here.publish('../a', 'news', 'x'), { code: 'invalid_input' });
    await assert.rejects(
      here.subscribe('A b', 'news', () => undefined),
      { code: 'invalid_input' },
    );
  });
}
