/**
 * The whole cluster comes back as it was: every table of every schema, by the migrations of then and those since, without those who were
 * erased or deleted; killed at any step it goes on; called off it is open with what it has. A database that was copied at the moment
 * stands for the archive here; tests/servers/recovery.test.ts does the same with one.
 */
import assert from 'node:assert/strict';
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ownFolder } from '../../../tests/support/owned.ts';
import { startTestPostgres, type TestPostgres } from '../../../tests/support/postgres.ts';
import { directoryRow } from '../../../tests/support/writers.ts';
import type { TableDefinition } from '../../../runtime/platform/definition.ts';
import { ident, openDatabase, type Database } from '../../provisioners/postgres/database.ts';
import { loadCatalogue, type Catalogue } from '../../provisioners/postgres/desired.ts';
import { createDirectory } from '../../provisioners/postgres/directory.ts';
import { createMoves } from '../../provisioners/postgres/move/moves.ts';
import { createPostgres } from '../../provisioners/postgres/postgres.ts';
import { createSealer } from '../../provisioners/sealing.ts';
import { shelf } from '../../provisioners/testing/definition.ts';
import { BusyError, createOperations, type Operation } from '../operations.ts';
import { swapIn, TooLateError, waitsForPeople, type Mode } from '../tenant/restore.ts';
import { abortCluster, restoreCluster } from './restore.ts';

const STEPS = ['Begun', 'Staged', 'Frozen', 'Exchanged'];
const COIL = 'tenant_coil';
/** Books are their readers': whoever is named by the title. */
const PERSONAL: readonly TableDefinition[] = [
  {
    name: 'books',
    spread: 'tenant',
    access: 'write',
    personal: { by: ['title'], erase: 'delete', person: { key: 'title', names: ['title'], facts: [] } },
  },
];
const sealer = createSealer(Buffer.alloc(32, 7).toString('base64'));

const SHOPS = [
  ['acme', 'shop'],
  ['bolt', 'shop'],
  ['coil', COIL],
] as const;

let server: TestPostgres;
let database: Database;
let catalogue: Catalogue;
/** The moment, and every row as it was. */
let at: Date;
let then: string;

before(async () => {
  server = await startTestPostgres();
  catalogue = await loadCatalogue([shelf]);
  database = await openDatabase(server.adminUrl);
  await provision(catalogue);
  for (const [tenant, schema] of SHOPS) {
    await createDirectory(database, sealer).ensure(directoryRow(tenant, schema), {});
    await fill(tenant, schema, 'then');
  }
  then = await textOf('shop', COIL);
  await remember('first');
});

after(() => server.stop());

beforeEach(async () => {
  former = 'first';
  await maintain('drop database shopmind with (force)', 'create database shopmind template first');
  database = await openDatabase(server.adminUrl);
});

afterEach(() => database.close());

/** Runs statements where no database of ours is in use. */
async function maintain(...statements: readonly string[]): Promise<void> {
  const maintenance = await openDatabase(urlOf('postgres'), { max: 1 });
  try {
    for (const statement of statements) await maintenance.query(statement);
  } finally {
    await maintenance.close();
  }
}

function urlOf(name: string): string {
  const url = new URL(server.adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function provision(from: Catalogue): Promise<void> {
  await createPostgres(database, from).ensure(from.pool());
  await createPostgres(database, from).ensure(from.dedicated(COIL, ['shelf']));
}

async function planned(from: Catalogue): Promise<readonly string[]> {
  const postgres = createPostgres(database, from);
  const actions = [
    ...(await postgres.plan(from.pool())),
    ...(await postgres.plan(from.dedicated(COIL, ['shelf']))),
  ];
  // Settings of roles are the database's, which tests make anew each time.
  return actions.map(({ describe }) => describe).filter((text) => !text.startsWith('ALTER ROLE'));
}

async function fill(tenant: string, schema: string, what: string): Promise<void> {
  await database.query(
    `insert into ${schema}.shelves values ('${tenant}', '${what}', E'a\\tb\\\\ \\n ü');
     insert into ${schema}.books values ('${tenant}', '${what}', '${what}', 'A book of ${what}');
     insert into ${schema}.oddments (tenant_id, name, body, bytes, tags, price, at)
       values ('${tenant}', '${what}', '{"text": "x"}', '\\x00ff', array['a', null, '{x}'], 1.10, clock_timestamp());
     insert into ${schema}.counters values ('${tenant}', 1) on conflict (tenant_id) do update set count = counters.count + 1`,
  );
}

/** The database that stands for the archive. */
let former = 'first';

/** The database as it is now is what the archive would bring back. */
async function remember(name: string): Promise<void> {
  const [now] = await database.query<{ now: Date }>('select clock_timestamp() as now');
  at = now?.now ?? new Date(0);
  await database.close();
  await maintain(`create database ${name} template shopmind`);
  former = name;
  database = await openDatabase(server.adminUrl);
}

/** What becomes of shops after the moment. */
async function disaster(): Promise<void> {
  for (const [tenant, schema] of SHOPS) await fill(tenant, schema, 'later');
  await database.query(`delete from shop.books; update shop.oddments set name = 'lost ' || number`);
  await database.query(
    `drop table ${COIL}.counters; delete from shop.units; insert into shop.units values ('nm')`,
  );
}

/** Every row of these schemas, with the names of its table. */
async function textOf(...schemas: readonly string[]): Promise<string> {
  const tables = await database.query<{ schema: string; name: string }>(
    `select schemaname as schema, tablename as name from pg_tables where schemaname = any ($1::text[]) order by 1, 2`,
    [schemas],
  );
  const lines: string[] = [];
  for (const { schema, name } of tables) {
    const rows = await database.query<{ row: string }>(
      `select t::text as row from ${ident(schema)}.${ident(name)} t order by 1`,
    );
    lines.push(...rows.map(({ row }) => `${schema}.${name} ${row}`));
  }
  return lines.join('\n');
}

const begin = (mode: Mode): Promise<Operation> =>
  createOperations(database).begin({ kind: 'restore', arguments: { to: at.toISOString(), mode } });

const restore = (operation: Operation, on = database, by = catalogue): Promise<Operation> =>
  restoreCluster(operation, {
    database: on,
    url: server.adminUrl,
    operations: createOperations(on),
    catalogue: by,
    at,
    erasures: { tables: PERSONAL, sealer },
    open: async () => ({ url: urlOf(former), close: async () => undefined }),
  });

const abort = (operation: Operation): Promise<Operation> =>
  abortCluster(operation, { database, operations: createOperations(database) }, 'called off');

async function closedShops(): Promise<readonly string[]> {
  const rows = await database.query<{ id: string }>(
    'select id from platform.tenants where frozen order by 1',
  );
  return rows.map(({ id }) => id);
}

/** Nothing of the operation is left but what it says. */
async function assertNothingLeft(): Promise<void> {
  assert.deepEqual(
    await database.query(`select nspname from pg_namespace where nspname like 'restore%'`),
    [],
  );
  assert.deepEqual(
    await database.query(`select 1 from platform.migrations where schema_name like 'restore%'`),
    [],
  );
  assert.deepEqual(await closedShops(), []);
}

/** As whoever is killed once the operation has come to the step. */
function dyingAt(step: string): Database {
  const check = async (): Promise<void> => {
    const [row] = await database.query<{ step: string }>(
      `select step from platform.operations where state = 'Running'`,
    );
    if (row?.step === step) throw new Error('killed: terminated');
  };
  return {
    async query(text, values) {
      if (!text.startsWith('select')) await check();
      return database.query(text, values);
    },
    async session(work) {
      await check();
      return database.session(work);
    },
    close: () => Promise.resolve(),
  };
}

test('every schema is as it was, with its policies and rights, and numbers are not given out twice', async () => {
  await disaster();
  const [last] = await database.query<{ number: string }>('select max(number) as number from shop.oddments');
  const ended = await restore(await begin('swap'));
  assert.equal(ended.state, 'Succeeded', ended.message);
  assert.equal(await textOf('shop', COIL), then);
  assert.deepEqual(await planned(catalogue), []);
  assert.match(ended.message, /rows of 3 tenants are as they were/);
  assert.ok(ended.frozenMs > 0);
  await fill('acme', 'shop', 'after');
  const [next] = await database.query<{ number: string }>(
    `select number from shop.oddments where name = 'after'`,
  );
  assert.ok(Number(next?.number) > Number(last?.number));
  await assertNothingLeft();
});

test('killed at any step, it is gone on with and ends the same', async () => {
  for (const step of STEPS) {
    await disaster();
    const operation = await begin('swap');
    await assert.rejects(restore(operation, dyingAt(step)), /killed/, step);
    const ended = await restore(operation);
    assert.equal(ended.state, 'Succeeded', ended.message);
    assert.equal(await textOf('shop', COIL), then);
    await assertNothingLeft();
  }
});

test('died at any step before the exchange, it can be called off: shops are open with the rows they have', async () => {
  await disaster();
  const now = await textOf('shop', COIL);
  for (const step of STEPS.slice(0, 3)) {
    const operation = await begin('swap');
    await assert.rejects(restore(operation, dyingAt(step)), /killed/, step);
    const ended = await abort(operation);
    assert.deepEqual([ended.state, ended.message], ['Failed', 'called off']);
    assert.equal(await textOf('shop', COIL), now);
    await assertNothingLeft();
    // Whoever was thought dead and goes on changes nothing, and leaves nothing.
    assert.equal((await restore(operation)).state, 'Failed');
    assert.equal(await textOf('shop', COIL), now);
    await assertNothingLeft();
  }
});

test('once the schemas are exchanged it is too late to call it off, and it is gone on with', async () => {
  const operation = await begin('swap');
  await assert.rejects(restore(operation, dyingAt('Exchanged')), /killed/);
  assert.deepEqual(await closedShops(), []);
  await assert.rejects(abort(operation), TooLateError);
  assert.equal((await restore(operation)).state, 'Succeeded');
});

test('at once: shops are closed before anything is loaded. Beside: they stay open until somebody says swap', async () => {
  await disaster();
  const now = await textOf('shop', COIL);
  const atOnce = await begin('swap');
  const closed: (readonly string[])[] = [];
  const looking: Database = {
    ...database,
    async query(text, values) {
      if (text.startsWith('analyze')) closed.push(await closedShops());
      return database.query(text, values);
    },
  };
  await assert.rejects(restore(atOnce, { ...looking, session: dyingAt('Staged').session }), /killed/);
  assert.deepEqual(closed[0], ['acme', 'bolt', 'coil']);
  await abort(atOnce);

  const operation = await begin('beside');
  const beside = await restore(operation);
  assert.ok(waitsForPeople(beside), beside.message);
  assert.deepEqual(await closedShops(), []);
  assert.equal(await textOf('shop', COIL), now);
  const [copy] = await database.query<{ count: number }>(
    `select count(*)::int as count from restore_${operation.id.replace('-', '_')}_in_0.books`,
  );
  assert.equal(copy?.count, 2);
  await swapIn(database, operation.id);
  const ended = await restore(operation);
  assert.equal(ended.state, 'Succeeded', ended.message);
  assert.equal(await textOf('shop', COIL), then);
  await assertNothingLeft();
});

test('migrations since are done to the rows of then as to any others', async (context) => {
  const later = await grown(context);
  await provision(later);
  await database.query(`update shop.books set pages = 9`);
  const ended = await restore(await begin('swap'), database, later);
  assert.equal(ended.state, 'Succeeded', ended.message);
  const books = await database.query<{ pages: number }>(
    'select distinct pages from shop.books union select pages from tenant_coil.books',
  );
  // As the migration says of rows that it finds.
  assert.deepEqual(books, [{ pages: 17 }]);
  assert.deepEqual(await planned(later), []);
});

test('rows of a release that is younger than this one are refused, and shops are open again', async (context) => {
  await provision(await grown(context));
  await remember('younger');
  const ended = await restore(await begin('swap'));
  assert.equal(ended.state, 'Failed');
  assert.match(ended.message, /had migration shelf\/002-pages, which this release does not know/);
  await assertNothingLeft();
});

test('who was deleted since stays deleted, who was made since is empty and named, who moved since is where they live', async () => {
  await database.query(`delete from platform.tenants where id = 'acme'`);
  const directory = createDirectory(database, sealer);
  await directory.ensure(directoryRow('dawn'), {});
  await fill('dawn', 'shop', 'later');
  await createPostgres(database, catalogue).ensure(catalogue.dedicated('tenant_bolt', ['shelf']));
  await database.query(
    `update platform.tenants set schema_name = 'tenant_bolt', placement = 'dedicated' where id = 'bolt'`,
  );
  await fill('bolt', 'tenant_bolt', 'later');
  const ended = await restore(await begin('swap'));
  assert.equal(ended.state, 'Succeeded', ended.message);
  assert.match(ended.message, /there were none then of 1 that were made since: dawn/);
  const books = await database.query<{ book: string }>(
    `select 'shop ' || tenant_id || ' ' || id as book from shop.books
      union all select 'tenant_bolt ' || tenant_id || ' ' || id from tenant_bolt.books
      union all select 'tenant_coil ' || tenant_id || ' ' || id from tenant_coil.books order by 1`,
  );
  assert.deepEqual(
    books.map(({ book }) => book),
    ['tenant_bolt bolt then', 'tenant_coil coil then'],
  );
});

test('a shop that is deleted while its rows are loaded does not come back', async () => {
  const operation = await begin('beside');
  await restore(operation);
  await database.query(`delete from platform.tenants where id in ('acme', 'coil')`);
  await swapIn(database, operation.id);
  assert.equal((await restore(operation)).state, 'Succeeded');
  const tenants = await database.query('select distinct tenant_id from shop.books');
  assert.deepEqual(tenants, [{ tenant_id: 'bolt' }]);
  await assertNothingLeft();
});

test('whoever was erased after the moment stays erased, in the tables of now', async (context) => {
  await database.query(
    `insert into shop.books select 'acme', name, 'then', name from unnest(array['Ada', 'Grace']) name`,
  );
  await remember('with_ada');
  await provision(await grown(context));
  await database.query(`delete from shop.books`);
  const operations = createOperations(database);
  const { id } = await operations.begin({ kind: 'erase', tenant: 'acme', arguments: { customer: 'Ada' } });
  await operations.end(id, 'Succeeded', '');
  const ended = await restore(await begin('swap'), database, await grown(context));
  assert.equal(ended.state, 'Succeeded', ended.message);
  assert.equal(ended.result['erasedAgain'], 1);
  const titles = await database.query<{ title: string }>(
    `select title from shop.books where tenant_id = 'acme' order by 1`,
  );
  assert.deepEqual(
    titles.map(({ title }) => title),
    ['A book of then', 'Grace'],
  );
});

test('while it runs no tenant is restored, erased or moved; and it does not begin while one is', async () => {
  const operations = createOperations(database);
  const ofAcme = await operations.begin({ kind: 'restore', tenant: 'acme', arguments: {} });
  await assert.rejects(begin('swap'), BusyError);
  await operations.end(ofAcme.id, 'Failed', '');
  const moves = createMoves(database, () => undefined);
  await createPostgres(database, catalogue).ensure(catalogue.dedicated('tenant_acme', ['shelf']));
  const operation = await begin('swap');
  await assert.rejects(operations.begin({ kind: 'erase', tenant: 'acme', arguments: {} }), BusyError);
  await assert.rejects(moves.begin('acme', { from: 'shop', to: 'tenant_acme' }), /acme/);
  await assert.rejects(begin('beside'), BusyError);
  await abort(operation);
  await moves.begin('acme', { from: 'shop', to: 'tenant_acme' });
  await assert.rejects(begin('swap'), /the move of acme is under way/);
});

/** The release after this one: books have pages. */
async function grown(context: { after(work: () => Promise<void>): void }): Promise<Catalogue> {
  const folder = ownFolder('grown');
  context.after(() => rm(folder, { recursive: true, force: true }));
  await cp(fileURLToPath(shelf.migrations), folder, { recursive: true });
  await writeFile(
    join(folder, '002-pages.sql'),
    'alter table books add column pages integer; update books set pages = 17; alter table books alter pages set default 0;',
  );
  return loadCatalogue([{ ...shelf, migrations: pathToFileURL(`${folder}/`) }]);
}
