/**
 * Reads that may be a little old, on a real primary with a streaming standby: the standby answers while it is new enough, and never
 * when it is not.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openDatabase, type Database } from '../../operator/provisioners/postgres/database.ts';
import { loadCatalogue } from '../../operator/provisioners/postgres/desired.ts';
import { loginFor } from '../../operator/provisioners/postgres/logins.ts';
import { createPostgres as createProvisioner } from '../../operator/provisioners/postgres/postgres.ts';
import { shelf } from '../../operator/provisioners/testing/definition.ts';
import { systemClock } from '../../runtime/platform/clock.ts';
import { createNewId } from '../../runtime/platform/ids.ts';
import { createPostgres, type PostgresSql } from '../../runtime/platform/sql/postgres.ts';
import { until } from '../support/wait.ts';
import { startPostgres, type PostgresServer } from './postgres.ts';

const STALENESS = { stalenessMilliseconds: 2_000 };
const LOGIN = loginFor('shop_runtime', 'replica');

let primary: PostgresServer;
let standby: PostgresServer;
let database: Database;
let sql: PostgresSql;

before(async () => {
  primary = await startPostgres({ version: 15, password: 'root' });
  database = await openDatabase(primary.adminUrl);
  const catalogue = await loadCatalogue([shelf]);
  await createProvisioner(database, catalogue).ensure(catalogue.pool(), [LOGIN]);
  await database.query(
    `insert into platform.tenants (id, display_name, plan, placement, schema_name, hosts, locales, currencies, domains)
     select id, id, 'starter', 'pooled', 'shop', '{}', '{}', '{}', '{}' from unnest(array['a', 'b']) id`,
  );
  standby = await primary.standby();
  const as = (address: string): string => {
    const url = new URL(address);
    url.username = LOGIN.user;
    url.password = LOGIN.password;
    return url.href;
  };
  sql = createPostgres({
    connectionString: as(primary.adminUrl),
    replicaConnectionString: as(standby.adminUrl),
    clock: systemClock,
    newId: createNewId(systemClock),
    connections: 2,
  });
});
after(async () => {
  await sql.close();
  await database.close();
  await standby.stop();
  await primary.stop();
});

const write = (id: string) =>
  sql.query('a', 'insert into shelves (tenant_id, id, label) values ($1, $2, $2)', ['a', id]);
const read = async (tenant: string): Promise<number> =>
  (await sql.query(tenant, 'select id from shelves where tenant_id = $1', [tenant], STALENESS)).rowCount;
const counted = () => {
  const report = sql.replication();
  assert.ok(report);
  return report;
};
/** Whether the next read is answered by the standby. */
async function isAnswered(): Promise<boolean> {
  const { answered } = counted();
  await read('a');
  return counted().answered > answered;
}
const answeredAgain = () =>
  until(async () => (await isAnswered()) || undefined, { withinMs: 15_000, what: 'the standby answers' });

test('a standby that follows answers, of one tenant only, and the lag is known', async () => {
  await write('first');
  await answeredAgain();
  await until(async () => (await read('a')) === 1 || undefined, {
    withinMs: 10_000,
    what: 'the row arrives',
  });
  assert.equal(await read('b'), 0);
  assert.ok((counted().lagMilliseconds ?? Infinity) < STALENESS.stalenessMilliseconds + 1_000);
});

test('who does not say how old it may be reads what was just written, from the primary', async () => {
  const { answered } = counted();
  await write('second');
  assert.equal((await sql.query('a', 'select id from shelves where tenant_id = $1', ['a'])).rowCount, 2);
  await sql.query('a', 'update shelves set label = $2 where tenant_id = $1', ['a', 'x'], STALENESS);
  assert.equal(counted().answered, answered, 'neither went to the standby');
});

test('nothing older than was asked for is ever answered: a standby that stands still is passed over', async () => {
  const admin = await openDatabase(standby.adminUrl);
  await admin.query('select pg_wal_replay_pause()');
  await write('third');
  const written = performance.now();
  await until(
    async () => {
      // How old the row is when it is asked for: the answer may take its time.
      const age = performance.now() - written;
      const rows = await read('a');
      assert.ok(
        rows === 3 || age < STALENESS.stalenessMilliseconds + 500,
        'the row is missing although it is older than the read may be',
      );
      return age > STALENESS.stalenessMilliseconds * 1.5 || undefined;
    },
    { withinMs: 60_000, what: 'the bound passes' },
  );
  assert.equal(await isAnswered(), false);
  await admin.query('select pg_wal_replay_resume()');
  await admin.close();
  await answeredAgain();
  assert.equal(await read('a'), 3);
});

test('a standby that is gone costs nobody an answer, and is used again when it is back', async () => {
  await standby.kill();
  for (let n = 0; n < 5; n++) assert.equal(await read('a'), 3);
  assert.equal(await isAnswered(), false);
  await standby.start();
  await answeredAgain();
});
