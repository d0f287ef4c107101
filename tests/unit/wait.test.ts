/** What tests wait with: whatever does not come fails, and says what was waited for and what there was instead. */
import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import { test } from 'node:test';
import { ended, firstLine, firstMessage, kill } from '../support/ended.ts';
import { own } from '../support/owned.ts';
import { inTime, until, untilSeen } from '../support/wait.ts';

const never = new Promise<never>(() => undefined);

test('what is seen is given back as soon as it is wanted', async () => {
  let looks = 0;
  const seen = await untilSeen(
    () => (looks += 1),
    (count) => count === 3,
    { everyMs: 1, what: 'three looks' },
  );
  assert.deepEqual([seen, looks], [3, 3]);
});

test('what never comes fails with what was waited for and what was seen last', async () => {
  const look = () => ({ status: 'pending', units: { held: 1 } });
  await assert.rejects(
    untilSeen(look, ({ status }) => status === 'paid', { withinMs: 1, what: 'the order is paid' }),
    {
      message: "the order is paid: not within 1 ms; instead: { status: 'pending', units: { held: 1 } }",
    },
  );
});

test('what a look throws is thrown at once, and what a check throws is the cause when time is up', async () => {
  const broken = (): never => {
    throw new Error('the shop is away');
  };
  await assert.rejects(
    untilSeen(broken, () => true, { what: 'anything' }),
    /^Error: the shop is away$/,
  );
  await assert.rejects(until(broken, { withinMs: 1, what: 'the shop answers' }), {
    message: 'the shop answers: not within 1 ms',
    cause: new Error('the shop is away'),
  });
});

test('nothing is waited for that can never be, nor for work that does not answer', async () => {
  await assert.rejects(
    until(() => undefined, { what: 'the runtime is ready', hopeless: () => 'it ended with 1' }),
    /^Error: the runtime is ready: never: it ended with 1$/,
  );
  await assert.rejects(inTime(never, 'an answer', 1), /^Error: an answer: not within 1 ms$/);
});

test('a process that ends before it is ready is told at once, with how it ended', async () => {
  const silent = spawn(process.execPath, ['-e', 'process.exit(3)'], { stdio: ['ignore', 'pipe', 'inherit'] });
  own(silent);
  await assert.rejects(
    firstLine(silent),
    /^Error: a first word: never: .*process\.exit\(3\).* ended with 3$/,
  );
  assert.equal(await ended(silent), 3, 'also of one that ended long ago');
  const forked = fork(import.meta.filename, { execArgv: ['-e', 'process.exit(4)'] });
  own(forked);
  await assert.rejects(firstMessage(forked), /ended with 4$/);
});

test('a process is killed once, and one that does not end is told', async () => {
  const child = spawn('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  own(child, 'SIGKILL');
  assert.equal(await firstLine(child), 'ready');
  await assert.rejects(kill(child, 'SIGTERM', 1), /^Error: the end of sh -c .*: not within 1 ms$/);
  assert.equal(await kill(child), 'SIGKILL');
  assert.equal(await kill(child), 'SIGKILL');
});
