import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import { createMemoryCache } from '../../platform/cache/memory.ts';
import { manualClock } from '../../platform/clock.ts';
import { CACHE_SECONDS, freshSeconds, MOST_CACHE_SECONDS } from './freshness.ts';
import { createKeptAnswers } from './kept.ts';

/** A source that counts how often it is asked, and takes as long as it is told to. */
function opened() {
  const clock = manualClock();
  const kept = createKeptAnswers({
    cache: createMemoryCache({ clock }),
    clock,
    log: pino({ level: 'silent' }),
  });
  const source = {
    asked: 0,
    seconds: 0,
    fails: false,
    async load(): Promise<unknown> {
      source.asked += 1;
      const mine = source.asked;
      clock.advance(source.seconds * 1_000);
      // As the database does, it answers later than it is asked.
      await Promise.resolve();
      if (source.fails) throw new Error('the database is away');
      return mine;
    },
  };
  const read = async (): Promise<unknown> =>
    JSON.parse((await kept.read('one', 'list', source.load)).jsonText ?? '');
  /** Until whatever was begun beside an answer is over: nothing here waits for more than a few turns. */
  const settled = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { clock, kept, source, read, settled, pass: (seconds: number) => clock.advance(seconds * 1_000) };
}

test('whoever asks at once, or a moment later, is answered by one question', async () => {
  const { source, read, pass } = opened();
  assert.deepEqual(await Promise.all([read(), read(), read()]), [1, 1, 1]);
  pass(CACHE_SECONDS - 0.1);
  assert.equal(await read(), 1);
  assert.equal(source.asked, 1);
});

test('what is no longer fresh is answered once more, while it is loaded anew by one', async () => {
  const { source, read, settled, pass } = opened();
  await read();
  pass(CACHE_SECONDS + 0.1);
  assert.deepEqual(await Promise.all([read(), read()]), [1, 1]);
  await settled();
  assert.equal(source.asked, 2);
  assert.equal(await read(), 2);
});

test('what nobody asked for is not answered from long ago', async () => {
  const { read, pass } = opened();
  await read();
  pass(CACHE_SECONDS * 1.5 + 0.1);
  assert.equal(await read(), 2);
});

test('what is dear is fresh for twenty times what it took, and never for longer than ten seconds', async () => {
  const { source, read, pass } = opened();
  source.seconds = 0.4;
  await read();
  pass(7.9);
  assert.equal(await read(), 1);
  assert.equal(source.asked, 1);
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1_000, noNaN: true }), (cost) => {
      const fresh = freshSeconds(cost);
      assert.ok(fresh >= CACHE_SECONDS && fresh <= MOST_CACHE_SECONDS);
      assert.ok(fresh >= MOST_CACHE_SECONDS || cost <= fresh / 20 + 1e-9, 'a twentieth of a processor');
    }),
  );
});

test('a change is seen at once, also by who asked before it and is answered after it', async () => {
  const { kept, source, read, settled, pass } = opened();
  await read();
  pass(CACHE_SECONDS + 0.1);
  const before = read();
  kept.changed('one');
  const after = await read();
  assert.ok(Number(after) > 1);
  assert.equal(await before, 1);
  await settled();
  assert.equal(source.asked, 3);
  assert.equal(await read(), after, 'what was asked for before the change is kept where nobody looks');
});

test('who cannot load it anew makes it gone, and the next to ask hears why', async () => {
  const { source, read, settled, pass } = opened();
  await read();
  pass(CACHE_SECONDS + 0.1);
  source.fails = true;
  assert.equal(await read(), 1);
  await settled();
  await assert.rejects(read(), /the database is away/);
  source.fails = false;
  assert.equal(await read(), 4);
});

test('the tag of an answer is that of its text', async () => {
  const { kept } = opened();
  const tagOf = async (key: string, value: string) =>
    (await kept.read('one', key, () => Promise.resolve(value))).headers?.['etag'];
  assert.equal(await tagOf('a', 'x'), await tagOf('b', 'x'));
  assert.notEqual(await tagOf('c', 'y'), await tagOf('a', 'x'));
});
