import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import pg from 'pg';
import { kill } from '../../../tests/support/ended.ts';
import { own, ownFolder } from '../../../tests/support/owned.ts';
import { until } from '../testing/cluster.ts';
import { parseEnvironment, PrepareError } from './postgres/environment.ts';
import { freePort } from '../../../tests/support/port.ts';

const ENTRY = join(import.meta.dirname, 'postgres.ts');

function launch(context: TestContext, env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [ENTRY], {
    env: { PATH: process.env['PATH'] ?? '', POSTGRES_DB: 'shopmind', ...env },
    stdio: ['ignore', 'inherit', 'ignore'],
  });
  own(child);
  context.after(() => child.kill('SIGKILL'));
  return child;
}

async function ask(port: number, password: string, text: string): Promise<unknown[]> {
  return until('PostgreSQL to answer', async () => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      password,
      database: 'shopmind',
    });
    await client.connect();
    const { rows } = await client.query(text);
    await client.end();
    return rows as unknown[]; // of any shape
  });
}

test('it survives being killed, takes a new password, and ends fast while clients are connected', async (context) => {
  const dir = ownFolder('pg');
  await chmod(dir, 0o711);
  context.after(() => rm(dir, { recursive: true, force: true }));
  const port = await freePort();
  const env = { PGDATA: join(dir, 'data'), PGPORT: String(port), POSTGRES_PASSWORD: "it's \\ one" };
  const first = launch(context, env);
  await ask(port, env.POSTGRES_PASSWORD, 'create table kept as select 7 as n');
  await kill(first);

  const second = launch(context, { ...env, POSTGRES_PASSWORD: "a' new \\ one" });
  assert.deepEqual(
    await ask(port, "a' new \\ one", 'select n, current_setting($$fsync$$) as fsync from kept'),
    [{ n: 7, fsync: 'on' }],
  );
  const wrong = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password: env.POSTGRES_PASSWORD,
    database: 'shopmind',
  });
  await assert.rejects(wrong.connect(), /password authentication failed/);
  const open = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password: "a' new \\ one",
    database: 'shopmind',
  });
  open.on('error', () => undefined);
  await open.connect();
  assert.equal(await kill(second, 'SIGINT'), 0);
});

test(
  'under a folder closed to others its data lies where it was asked to',
  { skip: process.getuid?.() !== 0 && 'needs root' },
  async (context) => {
    const closed = ownFolder('closed');
    await mkdir(join(closed, 'home'), { mode: 0o700 });
    const dataDir = join(closed, 'home', 'data');
    const port = await freePort();
    const child = launch(context, { PGDATA: dataDir, PGPORT: String(port), POSTGRES_PASSWORD: 'x' });
    assert.deepEqual(await ask(port, 'x', 'select 1 as n'), [{ n: 1 }]);
    assert.ok((await lstat(join(dataDir, 'PG_VERSION'))).isFile());
    await kill(child, 'SIGINT');
    await rm(closed, { recursive: true });
  },
);

test('what it is told wrongly is named', () => {
  const good = { PGDATA: '/data', POSTGRES_PASSWORD: 'x' };
  assert.equal(parseEnvironment({ ...good, PGDATA: '/data//' }).dataDir, '/data');
  const bad: [Record<string, string>, RegExp][] = [
    [{ PGDATA: 'relative' }, /PGDATA/],
    [{ POSTGRES_PASSWORD: '' }, /POSTGRES_PASSWORD/],
    [{ POSTGRES_PASSWORD: 'two\nlines' }, /one line/],
    [{ POSTGRES_DB: 'x; drop' }, /POSTGRES_DB/],
    [{ POD_IP: 'here' }, /POD_IP/],
    [{ PGPORT: '99999' }, /PGPORT/],
  ];
  for (const [env, message] of bad)
    assert.throws(
      () => parseEnvironment({ ...good, ...env }),
      (error) => error instanceof PrepareError && message.test(error.message),
    );
});
