/**
 * Backups of the runtime: whole, of one tenant only, kept as many as wanted, and never in the way of one another.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { startTestDatabase, type TestDatabase } from '../../tests/support/database.ts';
import { own, ownFolder } from '../../tests/support/owned.ts';
import { createFileBlobs } from '../platform/blobs/files.ts';
import { manualClock } from '../platform/clock.ts';
import { exportTenant } from '../platform/sql/export.ts';
import { accounts } from '../domains/accounts/definition.ts';
import { backUp } from './backup.ts';

const log = pino({ level: 'silent' });
const EVENTS = 12;
let database: TestDatabase;
let base: string;

before(async () => {
  database = await startTestDatabase([accounts]);
  await database.addTenant({ id: 'one' });
  await database.addTenant({ id: 'two' });
  await database.addTenant({ id: 'own', placement: 'dedicated' });
  for (const tenant of ['one', 'two', 'own']) {
    await database.admin.query(
      `insert into shop.event_log (tenant_id, position, id, topic, type, key, payload, occurred_at)
       select $1, n, 'evt_' || n, 'orders', 'placed', 'k', jsonb_build_object('whose', $1::text), now()
         from generate_series(1, ${EVENTS}) n`,
      [tenant],
    );
  }
  base = ownFolder('backups');
});
after(async () => {
  await database.stop();
  rmSync(base, { recursive: true, force: true });
});

const environment = (more: Readonly<Record<string, string>> = {}) => ({
  DATABASE_URL: database.url,
  BLOBS_URL: pathToFileURL(`${base}/`).href,
  ...more,
});
const backups = (tenant: string) => readdirSync(join(base, '_backups', tenant)).toSorted();
const latest = (tenant: string) => join(base, '_backups', tenant, backups(tenant).at(-1) ?? assert.fail());
const lines = (path: string) => readFileSync(path, 'utf8').trim().split('\n');

test('each pooled tenant has a backup of its own rows and objects, and nobody else’s', async () => {
  const blobs = createFileBlobs(base);
  await blobs.put('one', 'media', 'picture', Buffer.from('before'), 'image/png');
  assert.equal(await backUp(environment(), log, manualClock()), 0);
  for (const tenant of ['one', 'two']) {
    const rows = lines(join(latest(tenant), 'event_log.jsonl')).map((line) => JSON.parse(line));
    assert.equal(rows.length, EVENTS);
    assert.ok(rows.every(({ tenant_id, payload }) => tenant_id === tenant && payload.whose === tenant));
    const manifest = JSON.parse(readFileSync(join(latest(tenant), 'manifest.json'), 'utf8'));
    assert.equal(manifest.rows.event_log, EVENTS);
    assert.equal(manifest.rows.consumer_marks, 0, 'an empty table is told of');
  }
  assert.deepEqual(
    readdirSync(join(base, '_backups')).toSorted(),
    ['one', 'two'],
    'dedicated ones back up themselves',
  );
  // What is replaced later is kept as it was.
  await blobs.put('one', 'media', 'picture', Buffer.from('after!'), 'image/png');
  assert.match(readFileSync(join(latest('one'), 'objects/media/picture.blob'), 'utf8'), /before$/);
});

test('a process of one tenant backs up that tenant; rows come in batches and none is lost', async () => {
  const got: string[] = [];
  const counts = await exportTenant({ connectionString: database.url, batch: 5 }, 'two', {
    write: async (table, rows) => void got.push(...rows.map(() => table)),
  });
  assert.equal(counts['event_log'], EVENTS);
  assert.equal(got.filter((table) => table === 'event_log').length, EVENTS);
});

test('the youngest are kept, as many as wanted, and what was never finished goes', async () => {
  const clock = manualClock(new Date('2026-02-01T00:00:00Z'));
  mkdirSync(join(base, '_backups/two/2020-01-01T00-00-00.000Z.partial'), { recursive: true });
  writeFileSync(join(base, '_backups/two/2020-01-01T00-00-00.000Z.partial/orders.jsonl'), 'half a li');
  for (let day = 0; day < 4; day += 1) {
    assert.equal(await backUp(environment({ SHOPMIND_TENANT: 'two', BACKUP_KEEP: '2' }), log, clock), 0);
    clock.advance(86_400_000);
  }
  assert.deepEqual(backups('two'), ['2026-02-03T00-00-00.000Z', '2026-02-04T00-00-00.000Z']);
});

test('on demand one pooled tenant is backed up alone, and one that is not hosted here is no success', async () => {
  const clock = manualClock(new Date('2026-02-20T00:00:00Z'));
  const before = backups('one');
  assert.equal(await backUp(environment({ BACKUP_TENANT: 'two', BACKUP_KEEP: '2' }), log, clock), 0);
  assert.deepEqual(backups('one'), before);
  assert.equal(backups('two').at(-1), '2026-02-20T00-00-00.000Z');
  await assert.rejects(
    backUp(environment({ BACKUP_TENANT: 'nobody' }), log, clock),
    /nobody is none of the tenants/,
  );
});

test('one tenant whose backup fails leaves the others theirs, keeps its old ones, and fails the Job', async () => {
  const before = backups('one');
  // In the way of its folder of objects.
  rmSync(join(base, 'one'), { recursive: true });
  writeFileSync(join(base, 'one'), 'no folder');
  const clock = manualClock(new Date('2026-03-01T00:00:00Z'));
  assert.equal(await backUp(environment({ BACKUP_KEEP: '1' }), log, clock), 1);
  assert.deepEqual(
    backups('one').filter((name) => !name.endsWith('.partial')),
    before,
  );
  assert.deepEqual(backups('two'), ['2026-03-01T00-00-00.000Z']);
  rmSync(join(base, 'one'));
});

test('a table its role may not read makes the backup fail instead of being left out', async () => {
  await database.admin.query('revoke select on shop.consumer_marks from shop_runtime');
  await assert.rejects(
    exportTenant({ connectionString: database.url }, 'two', { write: async () => undefined }),
    /may not read consumer_marks/,
  );
  await database.admin.query('grant select on shop.consumer_marks to shop_runtime');
});

test('the image backs up when its argument says so, and names what is missing', async () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const run = async (env: Readonly<Record<string, string>>) => {
    const child = spawn(process.execPath, [main, 'backup'], {
      env: { ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    own(child);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    // By then all of its output has been read, which by its exit it may not have been.
    const [code] = await once(child, 'close');
    return { code, output };
  };
  const done = await run(environment({ SHOPMIND_TENANT: 'one' }));
  assert.deepEqual([done.code, /backed up/.test(done.output)], [0, true]);
  const wrong = await run({ BLOBS_URL: 'ftp://x' });
  assert.equal(wrong.code, 1);
  assert.match(wrong.output, /DATABASE_URL/);
});
