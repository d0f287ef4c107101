import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ownFolder } from '../../../tests/support/owned.ts';
import { until } from '../testing/cluster.ts';
import { identityOf } from './identity.ts';
import { createProcessTable, NODE_VARIABLE, type ProcessSpec, type RunningProcess } from './process.ts';

async function folder(context: TestContext): Promise<string> {
  const dir = ownFolder('processes');
  context.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

const shell = (script: string, more: Partial<ProcessSpec> = {}): ProcessSpec => ({
  id: 'one',
  command: ['sh', '-c', script],
  env: { PATH: process.env['PATH'] ?? '' },
  cwd: '/',
  stopSignal: 'SIGTERM',
  ...more,
});

async function output(running: RunningProcess): Promise<string> {
  let text = '';
  for await (const chunk of running.stdout) text += String(chunk);
  return text;
}

test('a process ends with its code, and its record goes', async (context) => {
  const dir = await folder(context);
  const running = createProcessTable(dir, 'n').start(shell('echo out; exit 3'));
  assert.deepEqual(readdirSync(dir), ['one.json']);
  assert.equal(await output(running), 'out\n');
  const exit = await running.exited;
  assert.deepEqual([exit.code, exit.signal], [3, undefined]);
  assert.deepEqual(readdirSync(dir), []);
});

test('it is asked with its signal, and ended when its grace is over', async (context) => {
  const table = createProcessTable(await folder(context), 'n');
  const polite = table.start(
    shell('trap "echo bye; exit 0" INT; echo up; while :; do sleep 0.05; done', { stopSignal: 'SIGINT' }),
  );
  await once(polite.stdout, 'readable');
  polite.stop(30_000);
  assert.equal((await polite.exited).code, 0);
  const deaf = table.start(shell('trap "" TERM; echo up; while :; do sleep 0.05; done', { id: 'two' }));
  await once(deaf.stdout, 'readable');
  deaf.stop(50);
  const exit = await deaf.exited;
  assert.deepEqual([exit.code, exit.signal], [137, 9]);
});

test('what it started ends with it', async (context) => {
  const running = createProcessTable(await folder(context), 'n').start(shell('sleep 300 & echo $!; exit 0'));
  const child = Number(await new Promise((resolve) => running.stdout.once('data', resolve)));
  await running.exited;
  await until('the child to end', () => identityOf(child) === undefined);
});

test('a command that is not there is told at once', async (context) => {
  const table = createProcessTable(await folder(context), 'n');
  assert.throws(
    () => table.start(shell('', { command: ['no-such-command'] })),
    /"no-such-command": executable file not found/,
  );
  assert.throws(() => table.start(shell('', { cwd: '/no/such/folder' })), /working directory/);
});

test(
  'what an agent left behind is ended by the next one, and nothing else',
  { skip: process.platform !== 'linux' },
  async (context) => {
    const dir = await folder(context);
    // As an agent without the kernel's help would leave it: the child of a parent that is gone, in a session of its own.
    const orphan = spawn('sh', ['-c', 'trap "" TERM; setsid sleep 300 & exec sleep 300'], {
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, [NODE_VARIABLE]: 'mine' },
    });
    const stranger = spawn('sleep', ['300'], {
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, [NODE_VARIABLE]: 'other' },
    });
    context.after(() => stranger.kill('SIGKILL'));
    const pid = orphan.pid ?? 0;
    const identity = await until('its identity', () => identityOf(pid));
    writeFileSync(join(dir, 'orphan.json'), JSON.stringify({ pid, identity, stopSignal: 'SIGTERM' }));
    // A record of a process that is long gone, whose number a stranger has now.
    writeFileSync(
      join(dir, 'old.json'),
      JSON.stringify({ pid: stranger.pid, identity: 'another boot', stopSignal: 'SIGTERM' }),
    );
    writeFileSync(join(dir, 'half.json'), '{"pid": 1');
    const ended = await createProcessTable(dir, 'mine').endLeftovers();
    assert.ok(ended >= 1);
    assert.equal(identityOf(pid), undefined);
    assert.notEqual(identityOf(stranger.pid ?? 0), undefined);
    assert.deepEqual(readdirSync(dir), []);
  },
);
