import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { manualClock } from './testing/clock.ts';
import { createWorkQueue } from './workqueue.ts';

describe('a work queue', () => {
  test('holds a waiting key once', async () => {
    const queue = createWorkQueue({ clock: manualClock() });
    queue.add('a');
    queue.add('a');
    assert.equal(queue.depth, 1);
    assert.equal(await queue.next(), 'a');
    assert.equal(queue.depth, 0);
  });

  test('never hands a key to two workers, and hands it out again when it was added meanwhile', async () => {
    const queue = createWorkQueue({ clock: manualClock() });
    queue.add('a');
    assert.equal(await queue.next(), 'a');
    queue.add('a');
    assert.equal(queue.depth, 0);
    queue.done('a');
    assert.equal(await queue.next(), 'a');
  });

  test('lets a key that is always dirty take turns with the others', async () => {
    const queue = createWorkQueue({ clock: manualClock() });
    queue.add('hot');
    const order: string[] = [];
    for (let step = 0; step < 8; step += 1) {
      if (step === 1) for (const key of ['b', 'c', 'd']) queue.add(key);
      const key = (await queue.next()) ?? '';
      order.push(key);
      queue.add('hot');
      queue.done(key);
    }
    assert.deepEqual(order.slice(0, 6), ['hot', 'hot', 'b', 'c', 'd', 'hot']);
  });

  test('backs off exponentially for each key, up to the limit, until forgotten', () => {
    const queue = createWorkQueue({ clock: manualClock(), retries: { perSecond: 1000, burst: 1000 } });
    const waits = Array.from({ length: 20 }, () => queue.addRateLimited('a'));
    assert.deepEqual(waits.slice(0, 4), [5, 10, 20, 40]);
    assert.equal(waits.at(-1), 960_000);
    assert.equal(queue.addRateLimited('a', 15_000), 15_000);
    assert.equal(queue.addRateLimited('b', 15_000), 5);
    assert.equal(queue.failures('a'), 21);
    queue.forget('a');
    assert.equal(queue.addRateLimited('a'), 5);
  });

  test('slows retries of all keys together', () => {
    const queue = createWorkQueue({ clock: manualClock(), retries: { perSecond: 10, burst: 2 } });
    const waits = ['a', 'b', 'c', 'd'].map((key) => queue.addRateLimited(key));
    assert.deepEqual(waits, [5, 5, 100, 200]);
  });

  test('adds later, and of several times takes the earliest', async () => {
    const clock = manualClock();
    const queue = createWorkQueue({ clock });
    queue.addAfter('a', 100);
    queue.addAfter('a', 10);
    queue.addAfter('a', 50);
    queue.addAfter('b', 20);
    await clock.advance(9);
    assert.equal(queue.depth, 0);
    await clock.advance(1);
    assert.equal(await queue.next(), 'a');
    queue.done('a');
    await clock.advance(200);
    assert.equal(queue.depth, 1);
    assert.equal(await queue.next(), 'b');
  });

  test('is not confused by a wall clock that is turned', async () => {
    const clock = manualClock();
    const queue = createWorkQueue({ clock });
    queue.addAfter('a', 1000);
    clock.turn(3_600_000);
    await clock.advance(999);
    assert.equal(queue.depth, 0);
    clock.turn(-7_200_000);
    await clock.advance(1);
    assert.equal(queue.depth, 1);
  });

  test('wakes a worker that waits', async () => {
    const queue = createWorkQueue({ clock: manualClock() });
    const next = queue.next();
    queue.add('a');
    assert.equal(await next, 'a');
  });

  test('drains: what waits and what was marked is still done, what is delayed is not', async () => {
    const clock = manualClock();
    const queue = createWorkQueue({ clock });
    for (const key of ['a', 'b']) queue.add(key);
    queue.addAfter('late', 10);
    assert.equal(await queue.next(), 'a');
    queue.add('a');
    let drained = false;
    const draining = queue.drain().then(() => (drained = true));
    queue.add('too late');
    assert.equal(await queue.next(), 'b');
    queue.done('b');
    queue.done('a');
    assert.equal(await queue.next(), 'a');
    assert.equal(drained, false);
    queue.done('a');
    assert.equal(await queue.next(), undefined);
    await draining;
    await clock.advance(100);
    assert.equal(queue.depth, 0);
  });

  test('shuts down at once', async () => {
    const queue = createWorkQueue({ clock: manualClock() });
    const idle = queue.next();
    queue.shutDown();
    queue.add('a');
    assert.equal(await idle, undefined);
    assert.equal(await queue.next(), undefined);
  });

  test('counts what dashboards show', async () => {
    const clock = manualClock();
    const seen: string[] = [];
    const queue = createWorkQueue({
      clock,
      observe: {
        added: () => seen.push('added'),
        depth: (depth) => seen.push(`depth ${depth}`),
        started: (seconds) => seen.push(`waited ${seconds}`),
        finished: (seconds) => seen.push(`worked ${seconds}`),
        retried: () => seen.push('retried'),
      },
    });
    queue.add('a');
    await clock.advance(2000);
    await queue.next();
    await clock.advance(3000);
    assert.deepEqual(queue.unfinished(), { sumSeconds: 3, longestSeconds: 3 });
    queue.done('a');
    queue.addRateLimited('a');
    assert.deepEqual(seen, ['added', 'depth 1', 'depth 0', 'waited 2', 'worked 3', 'retried']);
  });

  test('whatever happens: no key runs twice at a time, and none that was added is lost', async () => {
    const step = fc.record({
      kind: fc.constantFrom('add', 'later', 'retry', 'take', 'done', 'wait'),
      key: fc.constantFrom('a', 'b', 'c', 'd'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const clock = manualClock();
        const queue = createWorkQueue({ clock, retries: { perSecond: 1000, burst: 1000 } });
        const running = new Set<string>();
        /** Keys added since they were last taken. */
        const owed = new Set<string>();
        const take = async (): Promise<void> => {
          if (queue.depth === 0) return;
          const key = (await queue.next()) ?? '';
          assert.ok(!running.has(key), `${key} runs twice`);
          running.add(key);
          owed.delete(key);
        };
        for (const { kind, key } of steps) {
          if (kind === 'add') queue.add(key);
          else if (kind === 'later') queue.addAfter(key, 50);
          else if (kind === 'retry') queue.addRateLimited(key);
          else if (kind === 'take') await take();
          else if (kind === 'wait') await clock.advance(20);
          else if (running.delete(key)) queue.done(key);
          if (['add', 'later', 'retry'].includes(kind)) owed.add(key);
        }
        await clock.advance(2_000_000);
        for (let round = 0; round < 20; round += 1) {
          for (const key of running) queue.done(key);
          running.clear();
          while (queue.depth > 0) await take();
        }
        assert.deepEqual([...owed], []);
      }),
      { numRuns: 60 },
    );
  });
});
