/**
 * The provisioner on a real PostgreSQL: what it makes, that it makes it once, what policies hide, what deletion leaves.
 */
import assert from 'node:assert/strict';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { startPostgres, type PostgresServer } from '../../../tests/servers/postgres.ts';
import { ownFolder } from '../../../tests/support/owned.ts';
import { createBlobStore } from '../blobs.ts';
import { createSealer } from '../sealing.ts';
import { shelf } from '../testing/definition.ts';
import { isTransient, openDatabase } from './database.ts';
import type { Database, Session, Value } from './database.ts';
import { loadCatalogue } from './desired.ts';
import type { Catalogue } from './desired.ts';
import { closeLogin, deletePooledRows, dropSchema, exportRows } from './destroy.ts';
import { createDirectory } from './directory.ts';
import type { DirectoryRow } from './directory.ts';
import type { Login } from '../system.ts';
import { loginFor } from './logins.ts';
import { ChangedMigrationError } from './plan.ts';
import { createPostgres } from './postgres.ts';
import type { Postgres } from './postgres.ts';

let server: PostgresServer;
let database: Database;
let catalogue: Catalogue;
let postgres: Postgres;
const POOL_LOGIN = loginFor('shop_runtime', 'pool-password');
const POOL = [POOL_LOGIN];
const sealer = createSealer(Buffer.alloc(32, 7).toString('base64'));

before(async () => {
  server = await startPostgres({ password: 'root' });
  database = await openDatabase(server.adminUrl);
  catalogue = await loadCatalogue([shelf]);
  postgres = createPostgres(database, catalogue);
  await postgres.ensure(catalogue.pool(), POOL);
});

after(async () => {
  await database.close();
  await server.stop();
});

test('provisioning again does nothing and plans nothing', async () => {
  assert.deepEqual(await postgres.ensure(catalogue.pool(), POOL), []);
  assert.deepEqual(await postgres.plan(catalogue.pool(), POOL), []);
});

test('a plan names every action, in words, without the password', async () => {
  const plan = (
    await postgres.plan(catalogue.dedicated('tenant_planned', ['shelf']), [
      loginFor('tenant_planned', 'hush'),
    ])
  ).map((action) => action.describe);
  assert.ok(plan.includes('CREATE ROLE tenant_planned NOLOGIN'));
  assert.ok(plan.includes('CREATE SCHEMA tenant_planned AUTHORIZATION shop_owner'));
  assert.ok(plan.includes('APPLY MIGRATION shelf/001-shelf TO tenant_planned'));
  assert.doesNotMatch(plan.join('\n'), /hush/);
  assert.equal((await database.query(`select 1 from pg_roles where rolname = 'tenant_planned'`)).length, 0);
});

test('a role sees and writes only the rows of the tenant the transaction names', async () => {
  const as = await login(POOL_LOGIN);
  await as.work('acme', `insert into shelves values ('acme', 's', 'first')`);
  await as.work('bolt', `insert into shelves values ('bolt', 's', 'second')`);
  assert.deepEqual(await as.work('acme', 'select label from shelves'), [{ label: 'first' }]);
  await assert.rejects(
    as.work('acme', `insert into shelves values ('bolt', 't', 'x')`),
    /row-level security/,
  );
  await assert.rejects(as.work('acme', `update shelves set tenant_id = 'bolt'`), /row-level security/);
  assert.deepEqual(await as.work('acme', `update shelves set label = 'mine' returning tenant_id`), [
    { tenant_id: 'acme' },
  ]);
  assert.deepEqual(await as.work('', 'select * from shelves'), [], 'no tenant, no rows');
  await as.end();
});

test('access levels become grants; a sweep reads keys of all tenants and writes none', async () => {
  const as = await login(POOL_LOGIN);
  await as.work('acme', `insert into journal values ('acme', 'j')`);
  await assert.rejects(as.work('acme', `update journal set id = 'k'`), /permission denied/);
  await assert.rejects(as.work('acme', `insert into units values ('m')`), /permission denied/);
  await as.work(
    'acme',
    `insert into shelves values ('acme', 'z', 'z'); insert into books values ('acme', 'b', 'z', 'Dune')`,
  );
  await as.work(
    'bolt',
    `insert into shelves values ('bolt', 'z', 'z'); insert into books values ('bolt', 'b', 'z', 'Emma')`,
  );
  assert.equal((await as.work('*', 'select distinct tenant_id from books')).length, 2);
  assert.equal((await as.work('*', 'select * from shelves')).length, 0);
  await assert.rejects(
    as.work('*', `delete from books; insert into books values ('acme', 'c', 'z', 'x')`),
    /row-level security/,
  );
  await as.end();
});

test('what drifts is planned and mended: a dropped policy, an added one, a grant, unforced security, a password', async () => {
  await database.query(`
    drop policy tenant on shop.books;
    create policy leak on shop.shelves using (true);
    grant update on shop.journal to shop_runtime;
    alter table shop.shelves no force row level security;
    alter role shop_runtime login password 'other';
    alter role "${POOL_LOGIN.user}" password 'other' noinherit bypassrls;`);
  const done = (await postgres.ensure(catalogue.pool(), POOL)).join('\n');
  for (const expected of [
    /CREATE POLICY tenant ON shop\.books/,
    /DROP POLICY leak ON shop\.shelves/,
    /GRANT INSERT, SELECT ON shop\.journal/,
    /ALTER TABLE shop\.shelves FORCE/,
    /ALTER ROLE shop_runtime NOLOGIN PASSWORD NULL/,
    /CREATE ROLE shop_runtime\.\w+ LOGIN PASSWORD '…' IN ROLE shop_runtime/,
  ]) {
    assert.match(done, expected);
  }
  assert.deepEqual(await postgres.plan(catalogue.pool(), POOL), []);
});

test('a migration that was changed after it was applied stops everything and says which', async () => {
  const pool = catalogue.pool();
  const changed = {
    ...pool,
    migrations: pool.migrations.map((one) => (one.domain === 'shelf' ? { ...one, checksum: 'x' } : one)),
  };
  await assert.rejects(postgres.plan(changed, POOL), ChangedMigrationError);
});

test('an index is made beside writers by several operators at once, and again after one died in it', async () => {
  const sql =
    'create index concurrently if not exists books_by_shelf_and_title on books (tenant_id, shelf_id, title)';
  const made = { domain: 'shelf', name: '900-index', checksum: 'x', sql, online: true };
  const own = catalogue.dedicated('tenant_online', ['shelf']);
  await postgres.ensure(own);
  // What a kill in the middle leaves: an index of that name that is not valid.
  await database.query(`create index books_by_shelf_and_title on tenant_online.books (tenant_id);
    update pg_index set indisvalid = false where indexrelid = 'tenant_online.books_by_shelf_and_title'::regclass`);
  const desired = { ...own, migrations: [...own.migrations, made] };
  const done = await Promise.all([1, 2, 3].map(() => postgres.ensure(desired)));
  assert.deepEqual(done.flat(), ['APPLY MIGRATION shelf/900-index TO tenant_online (ONLINE)']);
  const [index] = await database.query<{ valid: boolean; text: string }>(
    `select indisvalid as valid, pg_get_indexdef(indexrelid) as text from pg_index where indexrelid = 'tenant_online.books_by_shelf_and_title'::regclass`,
  );
  assert.equal(index?.valid, true);
  assert.match(index?.text ?? '', /shelf_id, title/);
  await dropSchema(database, 'tenant_online');
});

test('a migration that would wait behind a long transaction gives way and is tried again', async () => {
  const own = catalogue.dedicated('tenant_busy', ['shelf']);
  await postgres.ensure(own);
  const more = {
    domain: 'shelf',
    name: '901-more',
    checksum: 'y',
    sql: 'alter table books add column more text',
    online: false,
  };
  const desired = { ...own, migrations: [...own.migrations, more] };
  await database.session(async (session) => {
    await session.query('begin; select * from tenant_busy.books');
    await assert.rejects(postgres.ensure(desired), (error) => isTransient(error));
    await session.query('commit');
  });
  assert.deepEqual(await postgres.ensure(desired), ['APPLY MIGRATION shelf/901-more TO tenant_busy']);
  await dropSchema(database, 'tenant_busy');
});

test('two operators at once provision one schema once', async () => {
  const desired = catalogue.dedicated('tenant_twice', ['shelf']);
  const done = await Promise.all([
    postgres.ensure(desired, [loginFor(desired.role, 'a')]),
    postgres.ensure(desired, [loginFor(desired.role, 'a')]),
  ]);
  assert.equal(done.filter((actions) => actions.length > 0).length, 1);
});

test('an operator that dies between two actions finishes at the next try', async () => {
  const desired = catalogue.dedicated('tenant_broken', ['shelf']);
  const { length } = await postgres.plan(desired, [loginFor(desired.role, 'a')]);
  for (let failAt = 1; failAt <= length; failAt++) {
    let count = 0;
    const dying: Database = {
      ...database,
      session: (work) =>
        database.session((session) =>
          work({
            query: async (text, values) => {
              if (/^(begin|select|commit|reset|set)/.test(text) || ++count !== failAt)
                return session.query(text, values);
              throw new Error('killed');
            },
          }),
        ),
    };
    await createPostgres(dying, catalogue)
      .ensure(desired, [loginFor(desired.role, 'a')])
      .catch((error: unknown) => assert.match(String(error), /killed/));
  }
  await postgres.ensure(desired, [loginFor(desired.role, 'a')]);
  assert.deepEqual(await postgres.plan(desired, [loginFor(desired.role, 'a')]), []);
});

test('a dedicated tenant logs in to its own schema, and deletion leaves neither role nor schema', async () => {
  await postgres.ensure(catalogue.dedicated('tenant_gone', ['shelf']), [loginFor('tenant_gone', 'own')]);
  const as = await login(loginFor('tenant_gone', 'own'));
  await as.work('gone', `insert into shelves values ('gone', 's', 'mine')`);
  await assert.rejects(as.work('gone', 'select * from shop.shelves'), /permission denied/);
  assert.deepEqual(await closeLogin(database, 'tenant_gone'), [
    `DROP ROLE ${loginFor('tenant_gone', 'own').user}`,
  ]);
  await as.lost();
  await assert.rejects(login(loginFor('tenant_gone', 'own')), /password authentication failed/);
  await dropSchema(database, 'tenant_gone');
  assert.deepEqual(await dropSchema(database, 'tenant_gone'), []);
  assert.equal((await database.query(`select from pg_roles where rolname like 'tenant_gone%'`)).length, 0);
  assert.equal((await database.query(`select from pg_namespace where nspname = 'tenant_gone'`)).length, 0);
  await postgres.ensure(catalogue.dedicated('tenant_gone', ['shelf']), [loginFor('tenant_gone', 'own')]);
});

test('a login is the role it belongs to, in every setting and right, and may become no other', async () => {
  const as = await login(POOL_LOGIN);
  const [row] = await as.work(
    '',
    `select current_user as who, session_user as login, current_setting('search_path') as path,
       current_setting('enable_seqscan') as whole_tables`,
  );
  assert.deepEqual(row, {
    who: 'shop_runtime',
    login: POOL_LOGIN.user,
    path: 'shop, public',
    whole_tables: 'off',
  });
  await assert.rejects(as.work('', 'set role shop_owner'), /permission denied/);
  await as.end();
});

test('a login is held to its connections and to timeouts, the role is not; what somebody changed of it is mended', async () => {
  const bounds = (connections: number) => ({
    ...catalogue.dedicated('tenant_bound', ['shelf']),
    connections,
  });
  const own = loginFor('tenant_bound', 'bound');
  await postgres.ensure(bounds(2), [own]);
  assert.deepEqual(await postgres.plan(bounds(2), [own]), []);
  const [first, second] = [await login(own), await login(own)];
  await assert.rejects(login(own), /too many connections for role/);
  await second.end();
  const shown = await first.work(
    'bound',
    `select name, setting from pg_settings where name ~ '^(statement|lock|idle_in_transaction_session)_timeout$' order by name`,
  );
  assert.deepEqual(shown, [
    { name: 'idle_in_transaction_session_timeout', setting: '20000' },
    { name: 'lock_timeout', setting: '8000' },
    { name: 'statement_timeout', setting: '10000' },
  ]);
  await first.end();
  // Citus enters its workers as the role, in sessions that last as long as the coordinator's.
  const [role] = await database.query<{ settings: string[] }>(
    `select setconfig as settings from pg_db_role_setting join pg_roles r on r.oid = setrole where rolname = 'tenant_bound'`,
  );
  assert.ok(role?.settings.every((setting) => !/timeout/.test(setting)));

  await database.query(`alter role "${own.user}" connection limit -1`);
  await database.query(`alter role "${own.user}" in database shopmind set statement_timeout = 0`);
  const [mended] = await postgres.ensure(bounds(2), [own]);
  assert.match(mended ?? '', new RegExp(`ROLE ${own.user} LOGIN`));
  assert.deepEqual(await postgres.ensure(bounds(2), [own]), []);
  assert.equal((await postgres.ensure(bounds(3), [own])).length, 1, 'another plan');
  assert.deepEqual(await postgres.ensure(catalogue.dedicated('tenant_bound', ['shelf']), [own]), []);
});

test('a rotation keeps the former login until it is over; then whoever is still in by it is out', async () => {
  const desired = catalogue.dedicated('tenant_turn', ['shelf']);
  const [old, next] = [loginFor(desired.role, 'old'), loginFor(desired.role, 'next')];
  await postgres.ensure(desired, [old]);
  const early = await login(old);
  await postgres.ensure(desired, [next, old]);
  assert.deepEqual(await postgres.plan(desired, [next, old]), []);
  await early.work('turn', `insert into shelves values ('turn', 's', 'mine')`);
  const late = await login(next);
  assert.equal((await late.work('turn', 'select * from shelves')).length, 1);
  await (await login(old)).end();
  assert.deepEqual(await postgres.ensure(desired, [next]), [`DROP ROLE ${old.user}`]);
  await early.lost();
  await assert.rejects(login(old), /password authentication failed/);
  assert.equal((await late.work('turn', 'select * from shelves')).length, 1);
  await late.end();
});

test('an installation whose roles logged in themselves rotates away from that without losing its Pods', async () => {
  const desired = catalogue.dedicated('tenant_elder', ['shelf']);
  const direct = { user: desired.role, password: 'direct' };
  await postgres.ensure(desired, [direct]);
  const early = await login(direct);
  const next = loginFor(desired.role, 'next');
  await postgres.ensure(desired, [next, direct]);
  await (await login(direct)).end();
  await early.work('elder', `insert into shelves values ('elder', 's', 'mine')`);
  const done = await postgres.ensure(desired, [next]);
  assert.deepEqual(done, ['ALTER ROLE tenant_elder NOLOGIN PASSWORD NULL']);
  await assert.rejects(login(direct), /password authentication failed|not permitted/);
  const late = await login(next);
  assert.equal((await late.work('elder', 'select * from shelves')).length, 1);
  await Promise.all([late.end(), early.end()]);
});

test('the directory writes only what differs, tells the runtimes, and hides tenants from each other', async () => {
  const heard: string[] = [];
  const listener = new pg.Client(server.adminUrl);
  await listener.connect();
  listener.on('notification', ({ payload }) => heard.push(payload ?? ''));
  await listener.query('listen tenants');
  const directory = createDirectory(database, sealer);
  await postgres.ensure(catalogue.dedicated('tenant_den', ['shelf']), [loginFor('tenant_den', 'den')]);
  assert.deepEqual(await directory.ensure(row('pat'), { payments: '{"a":1}' }), [
    'REGISTER TENANT pat',
    'SEAL SECRET payments OF pat',
  ]);
  await directory.ensure(
    { ...row('den'), placement: 'dedicated', schema_name: 'tenant_den' },
    { payments: 'x' },
  );
  assert.deepEqual(await directory.ensure(row('pat'), { payments: '{"a":1}' }), []);
  const fresh = createDirectory(database, sealer);
  assert.deepEqual(await fresh.ensure(row('pat'), { payments: '{"a":1}' }), []);
  assert.equal((await fresh.get('pat'))?.secrets.get('payments'), '{"a":1}');

  const pool = await login(POOL_LOGIN);
  assert.deepEqual(await pool.work('pat', 'select id from platform.tenants'), [{ id: 'pat' }]);
  assert.deepEqual(await pool.work('', 'select tenant_id from platform.tenant_secrets'), [
    { tenant_id: 'pat' },
  ]);
  await assert.rejects(pool.work('pat', 'delete from platform.tenants'), /permission denied/);
  const den = await login(loginFor('tenant_den', 'den'));
  assert.deepEqual(await den.work('den', 'select id from platform.tenants'), [{ id: 'den' }]);
  await Promise.all([pool.end(), den.end()]);

  await database.query(`update platform.tenants set suspended = true where id = 'pat'`);
  await directory.refresh();
  assert.deepEqual(await directory.ensure(row('pat'), {}), ['UPDATE TENANT pat']);
  assert.deepEqual(await directory.remove('pat'), ['UNREGISTER TENANT pat']);
  assert.deepEqual(await directory.remove('pat'), []);
  await listener.query('select 1');
  assert.ok(heard.filter((id) => id === 'pat').length >= 3);
  await listener.end();
});

test('what is written or removed while the directory is read is not lost, whichever ends first', async () => {
  for (const first of ['the reading', 'the writing'] as const) {
    const [holdCommit, holdRows] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const [atCommit, atRows] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let isHeld = false;
    let writer: Session | undefined;
    const slow: Database = {
      ...database,
      session: (work) =>
        database.session((session) =>
          work({
            async query<Row>(text: string, values?: readonly Value[]): Promise<readonly Row[]> {
              if (text === 'begin') writer = session;
              if (isHeld && text === 'commit' && session === writer) {
                atCommit.resolve();
                await holdCommit.promise;
              }
              const rows = await session.query<Row>(text, values);
              if (isHeld && text.endsWith('from platform.tenants')) {
                atRows.resolve();
                await holdRows.promise;
              }
              return rows;
            },
          }),
        ),
    };
    const directory = createDirectory(slow, sealer);
    await directory.get('nobody');
    isHeld = true;
    const writing = directory.ensure(row('jay'), { key: 'first' });
    await atCommit.promise;
    directory.forget();
    const reading = directory.get('nobody');
    await atRows.promise;
    const ends = { 'the reading': holdRows, 'the writing': holdCommit };
    ends[first].resolve();
    await (first === 'the reading' ? reading : writing);
    holdRows.resolve();
    holdCommit.resolve();
    await Promise.all([reading, writing]);
    assert.equal((await directory.get('jay'))?.secrets.get('key'), 'first', first);
    await directory.remove('jay');
    assert.equal(await directory.get('jay'), undefined);
  }
});

test('a snapshot holds every row of the tenant and no other, and deleting takes exactly those', async () => {
  const folder = ownFolder('blobs');
  const store = await createBlobStore(pathToFileURL(`${folder}/`).href);
  await database.query(`
    insert into shop.shelves select t, 's' || i, 'l' from unnest(array['snap', 'stay']) t, generate_series(1, 6000) i;
    insert into shop.books select t, 'b' || i, 's' || i, 'title' from unnest(array['snap', 'stay']) t, generate_series(1, 6000) i;`);
  const sink = await store.beginSnapshot('snap');
  const counts = await exportRows(database, 'shop', 'snap', sink);
  assert.deepEqual([counts['books'], counts['shelves'], counts['journal']], [6000, 6000, 0]);
  const lines = (await readFile(join(sink.location, 'books.jsonl'), 'utf8')).trimEnd().split('\n');
  assert.equal(lines.length, 6000);
  assert.ok(lines.every((line) => line.includes('"tenant_id":"snap"')));
  assert.equal(await store.findSnapshot('snap', new Date(0)), sink.location);
  assert.ok((await readdir(sink.location)).includes('manifest.json'));

  await deletePooledRows(database, 'snap');
  assert.deepEqual(await deletePooledRows(database, 'snap'), []);
  const [left] = await database.query<{ snap: number; stay: number }>(
    `select count(*) filter (where tenant_id = 'snap')::int as snap, count(*) filter (where tenant_id = 'stay')::int as stay from shop.books`,
  );
  assert.deepEqual(left, { snap: 0, stay: 6000 });
  await rm(folder, { recursive: true });
});

test('a lost connection is transient, a refused statement is not', async () => {
  assert.equal(isTransient(await database.query('select 1/0').catch((error: unknown) => error)), false);
  const nowhere = await openDatabase('postgres://postgres@127.0.0.1:1/x');
  assert.equal(isTransient(await nowhere.query('select 1').catch((error: unknown) => error)), true);
  await nowhere.close();
});

function row(id: string): DirectoryRow {
  return {
    id,
    display_name: id,
    plan: 'starter',
    placement: 'pooled',
    schema_name: 'shop',
    hosts: [`${id}.localhost`],
    locales: ['en'],
    currencies: ['EUR'],
    branding: { colors: { primary: '#000000', background: '#ffffff' } },
    domains: ['shelf'],
    quotas: { requestsPerMinute: 5 },
    suspended: false,
  };
}

async function login({ user, password }: Login) {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: server.port,
    database: 'shopmind',
    user,
    password,
  });
  const gone = new Promise<void>((resolve) => client.on('error', () => resolve()));
  await client.connect();
  return {
    async work(tenant: string, text: string): Promise<object[]> {
      await client.query(`begin; set local app.tenant = '${tenant}'`);
      try {
        const result: unknown = await client.query(text);
        await client.query('commit');
        const last: unknown = Array.isArray(result) ? result.at(-1) : result;
        return (last as { rows: object[] }).rows;
      } catch (error) {
        await client.query('rollback');
        throw error;
      }
    },
    end: () => client.end(),
    lost: () => gone,
  };
}

test('a connection that breaks under a session fails the session, and nothing else', async () => {
  const broken = database.session(async (session) => {
    const [own] = await session.query<{ pid: number }>('select pg_backend_pid() as pid');
    await database.query('select pg_terminate_backend($1)', [own?.pid ?? 0]);
    // Until the end of the connection has arrived here, with no statement under way.
    for (;;) await session.query('select 1');
  });
  await assert.rejects(broken, isTransient);
  assert.deepEqual(await database.session((session) => session.query('select 1 as one')), [{ one: 1 }]);
});

test('who may not act any more sends no statement, also in the middle of a session', async () => {
  let leads = true;
  const fenced = await openDatabase(server.adminUrl, {
    mayAct: () => {
      if (!leads) throw new Error('the lease is lost');
    },
  });
  const work = fenced.session(async (session) => {
    await session.query('create table written_while_leading (x int)');
    leads = false;
    await session.query('create table written_too_late (x int)');
  });
  await assert.rejects(work, /the lease is lost/);
  await assert.rejects(fenced.query('create table written_too_late (x int)'), /the lease is lost/);
  const [found] = await database.query<{ early: boolean; late: boolean }>(
    `select to_regclass('written_while_leading') is not null as early, to_regclass('written_too_late') is not null as late`,
  );
  assert.deepEqual(found, { early: true, late: false });
  await database.query('drop table written_while_leading');
  await fenced.close();
});
