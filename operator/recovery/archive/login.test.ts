/**
 * The archiver enters by logins that can do nothing but archive; they are rotated, and go with the archive.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestPostgres, type TestPostgres } from '../../../tests/support/postgres.ts';
import { until } from '../../../tests/support/wait.ts';
import { openDatabase, type Database } from '../../provisioners/postgres/database.ts';
import { loadCatalogue } from '../../provisioners/postgres/desired.ts';
import { createPostgres } from '../../provisioners/postgres/postgres.ts';
import { ARCHIVER_SLOT, archiverLogin, ensureArchiver, retireArchiver } from './login.ts';
import { openReplication } from './replication.ts';

const [FIRST, SECOND] = [archiverLogin('pool', 'one'), archiverLogin('pool', 'two')];

let server: TestPostgres;
let database: Database;

before(async () => {
  server = await startTestPostgres();
  database = await openDatabase(server.adminUrl);
  const catalogue = await loadCatalogue([]);
  await createPostgres(database, catalogue).ensure(catalogue.pool());
});

after(async () => {
  await database.close();
  await server.stop();
});

function as({ user, password }: { user: string; password: string }): string {
  const url = new URL(server.adminUrl);
  url.username = user;
  url.password = password;
  return url.href;
}

test('made once, it may archive and write down how far it came, and read nothing of a tenant', async () => {
  const done = await ensureArchiver(database, { logins: [FIRST], walKeep: '2GB' });
  assert.ok(done.includes('ALTER SYSTEM SET max_slot_wal_keep_size = 2GB'));
  assert.doesNotMatch(done.join(), new RegExp(FIRST.password));
  await until(
    async () =>
      (await ensureArchiver(database, { logins: [FIRST], walKeep: '2GB' })).length === 0 || undefined,
    { what: 'nothing is left to do' },
  );
  const replication = await openReplication(as(FIRST));
  assert.equal(await replication.ensureSlot(ARCHIVER_SLOT), true);
  await replication.close();
  const own = await openDatabase(as(FIRST), { max: 1 });
  await own.query(
    `insert into platform.archive (system, location, timeline, beat_at) values ('s', 'l', 1, now())`,
  );
  for (const forbidden of [
    'select * from platform.tenants',
    'select * from platform.tenant_secrets',
    'select * from platform.operations',
    'delete from platform.archive',
    'create table platform.more ()',
    'create role another',
  ])
    await assert.rejects(own.query(forbidden), /permission denied/, forbidden);
  await own.close();
});

test('while a login is rotated both are valid; then the former is put out', async () => {
  await ensureArchiver(database, { logins: [SECOND, FIRST], walKeep: '2GB' });
  for (const login of [FIRST, SECOND]) await (await openReplication(as(login))).close();
  assert.deepEqual(await ensureArchiver(database, { logins: [SECOND], walKeep: '2GB' }), [
    `DROP ROLE ${FIRST.user}`,
  ]);
  await assert.rejects(openReplication(as(FIRST)));
});

test('a limit that somebody has set is theirs', async () => {
  await database.query(`alter system set max_slot_wal_keep_size = '5GB'`);
  await database.query('select pg_reload_conf()');
  assert.deepEqual(await ensureArchiver(database, { logins: [SECOND], walKeep: '2GB' }), []);
});

test('with the archive go the slot, once nobody holds it, and the logins', async () => {
  const replication = await openReplication(as(SECOND));
  const { timeline, position } = await replication.identify();
  const streaming = replication.stream({ slot: ARCHIVER_SLOT, from: position, timeline }, () => ({
    onData: () => undefined,
    onAsked: () => undefined,
  }));
  streaming.catch(() => undefined);
  let isHeld = false;
  for (let tries = 0; tries < 200 && !isHeld; tries += 1) isHeld = !(await retireWhenHeld());
  assert.ok(isHeld);
  await replication.close();
  let isRetired = false;
  for (let tries = 0; tries < 200 && !isRetired; tries += 1)
    isRetired = await retireArchiver(database, ARCHIVER_SLOT);
  assert.ok(isRetired);
  const left = await database.query(
    `select rolname from pg_roles where rolname like 'shop_archiver%' union all select slot_name from pg_replication_slots`,
  );
  assert.deepEqual(left, []);
  assert.equal(await retireArchiver(database, ARCHIVER_SLOT), true);
});

/** As `retireArchiver`, once the stream has begun. */
async function retireWhenHeld(): Promise<boolean> {
  const [slot] = await database.query<{ active: boolean }>(
    'select active from pg_replication_slots where slot_name = $1',
    [ARCHIVER_SLOT],
  );
  return slot?.active === true ? retireArchiver(database, ARCHIVER_SLOT) : true;
}
