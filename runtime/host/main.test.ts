import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endOf, kill } from '../../tests/support/ended.ts';
import { own } from '../../tests/support/owned.ts';
import { freePort } from '../../tests/support/port.ts';
import { until } from '../../tests/support/wait.ts';
import { send } from './testing.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const GOOD = {
  SHOPMIND_DOMAINS: 'catalog',
  SECRETS_KEY: Buffer.alloc(32).toString('base64'),
  BLOBS_URL: 'file:///nowhere/',
  DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
};

function run(environment: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  own(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, output: () => output };
}

test('a process with a wrong environment says every variable that is wrong, in one line, and ends', async () => {
  const { child, output } = run({ ...GOOD, SECRETS_KEY: 'short', BLOBS_URL: 'ftp://x' });
  // By then all of its output has been read, which by its exit it may not have been.
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 1);
  const lines = output().trim().split('\n');
  assert.equal(lines.length, 1);
  const line = JSON.parse(lines[0] ?? '') as { level: number; problems: { where: string }[] };
  assert.equal(line.level, 60);
  assert.deepEqual(line.problems.map(({ where }) => where).toSorted(), ['BLOBS_URL', 'SECRETS_KEY']);
});

test('a process whose database is away lives, is not ready, and leaves on SIGTERM', async () => {
  const [port, adminPort] = [await freePort(), await freePort()];
  const { child } = run({ ...GOOD, PORT: String(port), ADMIN_PORT: String(adminPort) });
  await until(async () => (await send(adminPort, 'x', 'GET', '/livez')).status === 200 || undefined, {
    everyMs: 10,
    what: 'the process lives',
    hopeless: () => endOf(child),
  });
  assert.equal((await send(adminPort, 'x', 'GET', '/readyz')).status, 503);
  assert.equal(await kill(child, 'SIGTERM'), 0);
});
