import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { own, ownFolder } from '../support/owned.ts';
import { until } from '../support/wait.ts';

const root = join(import.meta.dirname, '../..');

interface Owned {
  readonly folder: string;
  readonly server: number;
  readonly postgres: number;
  readonly data: string;
}

describe('a process that owns folders and servers', { concurrency: true }, () => {
  for (const end of ['SIGTERM', 'SIGINT', 'SIGKILL', 'an exit without a word'] as const) {
    test(`leaves none of them after ${end}`, async () => {
      const owner = fork(join(import.meta.dirname, 'owned/owner.ts'), {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      own(owner);
      const [owned] = (await once(owner, 'message')) as [Owned]; // see owner.ts
      assert.ok(existsSync(owned.folder) && existsSync(owned.data));
      const exited = once(owner, 'exit');
      if (end === 'an exit without a word') owner.send('end');
      else owner.kill(end);
      await exited;
      await until(
        () => {
          const isLeft = isAlive(owned.server) || isAlive(owned.postgres);
          return isLeft || existsSync(owned.folder) || existsSync(owned.data) ? undefined : true;
        },
        { withinMs: 60_000, what: 'everything is gone' },
      );
    });
  }
});

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

/** A runtime in the test's process, with its database, and some that are processes. */
const RUN = ['runtime/host/idempotency.test.ts', 'runtime/host/main.test.ts'];

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
