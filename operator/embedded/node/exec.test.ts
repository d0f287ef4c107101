import assert from 'node:assert/strict';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';
import { startSession } from './exec.ts';

const here = { env: { PATH: process.env['PATH'] ?? '', COLOUR: 'red' }, cwd: '/' };

test('a command has the environment and the folder it is given, and tells how it ended', async () => {
  const session = startSession(['sh', '-c', 'cat; echo $COLOUR $PWD >&2; exit 3'], here, false);
  session.stdin.end('typed');
  const [out, err, code] = await Promise.all([text(session.stdout), text(session.stderr), session.exited]);
  assert.deepEqual([out, err, code], ['typed', 'red /\n', 3]);
});

test('a command that is killed takes what it started with it', async () => {
  const session = startSession(['sh', '-c', 'sleep 1000 & echo begun; wait'], here, false);
  await new Promise((resolve) => session.stdout.once('data', resolve));
  session.kill();
  // The outputs close when the last process that holds them has ended.
  assert.equal(await session.exited, 137);
});

test('a command that is not there is named', () => {
  assert.throws(
    () => startSession(['no-such-program'], here, false),
    /"no-such-program": executable file not found/,
  );
});

test('words reach a command in a terminal as they are', { skip: terminalReason() }, async () => {
  const session = startSession(['printf', '%s|', `it's`, '$HOME', 'a b'], here, true);
  session.stdin.end();
  assert.equal(await text(session.stdout), "it's|$HOME|a b|");
});

/** Why there is no terminal to be had here; false where there is one. */
function terminalReason(): string | false {
  try {
    startSession(['true'], here, true).kill();
    return false;
  } catch (error) {
    return error instanceof Error ? error.message : 'no terminal';
  }
}
