import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ended, firstMessage } from '../support/ended.ts';
import { own, ownFolder } from '../support/owned.ts';
import { until } from '../support/wait.ts';

const root = join(import.meta.dirname, '../..');

interface Owned {
  readonly folders: readonly string[];
  readonly servers: readonly number[];
}

for (const [end, ...flags] of [
  ['SIGTERM'],
  ['SIGINT'],
  ['SIGKILL', '--postgres'],
  ['an exit without a word'],
] as const) {
  test(`${end} of a process leaves neither its folders nor its servers`, async () => {
    const owner = fork(join(import.meta.dirname, 'owned/owner.ts'), flags, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    own(owner);
    const { folders, servers } = await firstMessage<Owned>(owner);
    assert.ok(folders.every(existsSync) && servers.every(isAlive));
    if (end === 'an exit without a word') owner.send('end');
    else owner.kill(end);
    await ended(owner);
    await until(() => (folders.some(existsSync) || servers.some(isAlive) ? undefined : true), {
      withinMs: 60_000,
      what: 'everything is gone',
    });
  });
}

test('a run of tests leaves nothing in the folder of temporary files', async () => {
  const folder = ownFolder('left');
  // PostgreSQL, which is another user's where tests are root, goes through it.
  await chmod(folder, 0o711);
  const run = spawn(process.execPath, ['tests/run.ts', ...RUN], {
    cwd: root,
    env: { ...process.env, TMPDIR: folder, NODE_TEST_CONTEXT: undefined },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  own(run);
  const [code] = await once(run, 'exit');
  assert.equal(code, 0);
  await until(() => (readdirSync(folder).length === 0 ? true : undefined), {
    withinMs: 60_000,
    what: 'nothing is left',
    tell: () => Promise.resolve(readdirSync(folder).join(', ')),
  });
});

/** A database, and runtimes that are processes. */
const RUN = ['runtime/host/upkeep.test.ts', 'runtime/host/main.test.ts'];

/** Where nobody asks how it ended, a process that did is still there in name (proc(5)). */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !readFileSync(stat, 'utf8').includes(') Z ');
}
