import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPasswords } from './passwords.ts';

const patient = new AbortController().signal;

test('a hash is of its password only, and nobody’s is of none', async () => {
  const passwords = createPasswords();
  const hash = await passwords.hash('correct horse', patient);
  assert.equal(await passwords.verify('correct horse', hash, patient), true);
  assert.equal(await passwords.verify('battery staple', hash, patient), false);
  assert.equal(await passwords.verify('correct horse', undefined, patient), false);
});

test('who has left is not waited for: the next in the queue is served as if they had never come', async () => {
  const passwords = createPasswords();
  const order: string[] = [];
  const come = (name: string, signal: AbortSignal): Promise<unknown> =>
    passwords.hash(name, signal).then(
      () => order.push(name),
      (error: unknown) => order.push(`${name} left: ${String(error)}`),
    );
  const inside = [come('first', patient), come('second', patient)];
  const leaving = new AbortController();
  const queue = Array.from({ length: 40 }, (_, n) => come(`${n}`, leaving.signal));
  const last = come('last', patient);
  leaving.abort('gone');
  await Promise.all(queue);
  assert.ok(order.every((line) => line.endsWith('left: gone')));
  await Promise.all([...inside, last]);
  assert.deepEqual(order.slice(40).toSorted(), ['first', 'last', 'second']);
});

test('when too many wait, who comes is told to come again, and the queue is served', async () => {
  const passwords = createPasswords();
  const all = Array.from({ length: 70 }, () => passwords.hash('crowd', patient));
  const outcomes = await Promise.allSettled(all);
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  assert.equal(refused.length, 4, 'two are served, sixty-four wait');
  for (const { reason } of refused) {
    assert.equal((reason as { code: string }).code, 'unavailable'); // ShopError, as the contract says
    assert.equal((reason as { retryAfterSeconds: number }).retryAfterSeconds, 2);
  }
});
