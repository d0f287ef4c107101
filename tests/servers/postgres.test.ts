/**
 * The PostgreSQL of tests is what they take it for: it streams to standbys, archives its log, and comes back after it was killed.
 */
import assert from 'node:assert/strict';
import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from 'pg';
import { ownFolder } from '../support/owned.ts';
import { until } from '../support/wait.ts';
import { startPostgres } from './postgres.ts';

for (const version of [15, 18] as const) {
  test(`PostgreSQL ${version}: a standby follows, and answers while its primary is frozen`, async (t) => {
    const primary = await startPostgres({ version, password: 'secret' });
    t.after(() => primary.stop());
    await query(primary.adminUrl, 'create table things (n int)');
    const standby = await primary.standby();
    t.after(() => standby.stop());
    await query(primary.adminUrl, 'insert into things values (1)');
    await until(
      async () => (await query(standby.adminUrl, 'select n from things')).length === 1 || undefined,
      { withinMs: 10_000, what: 'the row arrives' },
    );
    await assert.rejects(query(standby.adminUrl, 'insert into things values (2)'), /read-only/);
    await primary.pause();
    assert.deepEqual(await query(standby.adminUrl, 'select n from things'), [{ n: 1 }]);
    await primary.resume();
    await query(primary.adminUrl, 'select 1');
    await assert.rejects(query(primary.adminUrl.replace('secret', 'wrong'), 'select 1'), /password/);
  });

  test(`PostgreSQL ${version}: a copy and its archived log make the state of a moment, and a kill loses nothing`, async (t) => {
    const folder = ownFolder('archive');
    const servers: { stop(): Promise<void> }[] = [];
    // In this order: a server that still writes would fill the folder again.
    t.after(async () => {
      await Promise.all(servers.map((one) => one.stop()));
      await rm(folder, { recursive: true, force: true });
    });
    await chmod(folder, 0o711);
    const archive = join(folder, 'log');
    const server = await startPostgres({ version, archive });
    servers.push(server);
    await query(server.adminUrl, 'create table things (n int)');
    await server.copyTo(join(folder, 'copy'));
    await query(server.adminUrl, 'insert into things values (1)');
    const [moment] = await query<{ at: string }>(server.adminUrl, 'select clock_timestamp()::text as at');
    await query(server.adminUrl, 'insert into things values (2)');
    await server.kill();
    await server.start();
    assert.deepEqual(await query(server.adminUrl, 'select n from things order by n'), [{ n: 1 }, { n: 2 }]);
    const [segment] = await query<{ name: string }>(
      server.adminUrl,
      'select pg_walfile_name(pg_switch_wal()) as name',
    );
    await until(async () => (await readdir(archive)).includes(segment?.name ?? '') || undefined, {
      withinMs: 20_000,
      what: 'the segment is archived',
    });
    const restored = await startPostgres({
      version,
      data: join(folder, 'copy'),
      signal: 'recovery',
      settings: {
        restore_command: `cp '${archive}/%f' '%p'`,
        recovery_target_time: moment?.at ?? '',
        recovery_target_action: 'promote',
      },
    });
    servers.push(restored);
    assert.deepEqual(await query(restored.adminUrl, 'select n from things'), [{ n: 1 }]);
  });
}

async function query<Row extends object>(connectionString: string, text: string): Promise<readonly Row[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}
