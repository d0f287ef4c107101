/**
 * A tenant's rows come back without those who were erased since; they may lie beside until somebody decides; and a restore can be
 * called off wherever it died, with the shop open afterwards.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { startTestPostgres, type TestPostgres } from '../../../tests/support/postgres.ts';
import { directoryRow } from '../../../tests/support/writers.ts';
import { ident, openDatabase, type Database } from '../../provisioners/postgres/database.ts';
import { loadCatalogue } from '../../provisioners/postgres/desired.ts';
import { createDirectory } from '../../provisioners/postgres/directory.ts';
import { createPostgres } from '../../provisioners/postgres/postgres.ts';
import { tenantTables } from '../../provisioners/postgres/tables.ts';
import { createSealer } from '../../provisioners/sealing.ts';
import { createOperations, type Operation } from '../operations.ts';
import { eraseCustomer } from '../subjects/erase.ts';
import { createSigner } from '../subjects/receipt.ts';
import { createRowHolder } from '../subjects/rows.ts';
import { ADA, fillShop, TABLES, textOfShop } from '../testing/customers.ts';
import { abortRestore, restoreTenant, stagingOf, swapIn, TooLateError, waitsForPeople } from './restore.ts';
import type { Mode } from './restore.ts';
import type { RowSource } from './source.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');
const STEPS = ['Begun', 'Staged', 'Frozen', 'Exchanged'];
const sealer = createSealer(KEY);

let server: TestPostgres;
let database: Database;

before(async () => {
  server = await startTestPostgres();
  database = await openDatabase(server.adminUrl);
  const catalogue = await loadCatalogue();
  await createPostgres(database, catalogue).ensure(catalogue.pool());
  await createDirectory(database, sealer).ensure(directoryRow('acme'), {});
});

beforeEach(() => fillShop(database, 'acme'));

after(async () => {
  await database.close();
  await server.stop();
});

/** The tenant's rows as they are now, for later. */
async function remember(): Promise<RowSource> {
  const [now] = await database.query<{ at: Date }>('select clock_timestamp() as at');
  const tables = await tenantTables(database, 'shop');
  const rows: Record<string, string[]> = {};
  for (const { name } of tables) {
    const found = await database.query<{ row: string }>(
      `select row_to_json(t)::text as row from shop.${ident(name)} t where tenant_id = 'acme'`,
    );
    if (found.length > 0) rows[name] = found.map(({ row }) => row);
  }
  return {
    name: 'as remembered',
    at: now?.at ?? new Date(0),
    tables: async () => tables,
    counts: async () => Object.fromEntries(Object.entries(rows).map(([name, some]) => [name, some.length])),
    async *rows(table) {
      yield rows[table] ?? [];
    },
    prints: async () => undefined,
  };
}

const begin = (mode: Mode): Promise<Operation> =>
  createOperations(database).begin({ kind: 'restore', tenant: 'acme', arguments: { mode } });

const restore = (operation: Operation, source: RowSource, on = database): Promise<Operation> =>
  restoreTenant(operation, {
    database: on,
    operations: createOperations(on),
    erasures: { tables: TABLES, sealer },
    open: async () => ({ source, close: async () => undefined }),
  });

const abort = (operation: Operation): Promise<Operation> =>
  abortRestore(operation, { database, operations: createOperations(database) }, 'called off');

async function erase(customer: string): Promise<void> {
  const operations = createOperations(database);
  const rows = createRowHolder(database, TABLES);
  const operation = await operations.begin({ kind: 'erase', tenant: 'acme', arguments: { customer } });
  await eraseCustomer(operation, customer, {
    database,
    holders: [rows],
    identify: (subject) => rows.identify(subject),
    sealer,
    signer: createSigner(KEY),
    now: () => new Date(),
  });
  await operations.end(operation.id, 'Succeeded', '');
}

async function isOpen(): Promise<boolean> {
  const [row] = await database.query<{ frozen: boolean }>(
    `select frozen from platform.tenants where id = 'acme'`,
  );
  return row?.frozen === false;
}

async function isStaged({ id }: Operation): Promise<boolean> {
  const found = await database.query('select from pg_namespace where nspname = $1', [stagingOf(id)]);
  return found.length > 0;
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

test('whoever was erased after the moment stays erased, also as a guest, and the others come back', async () => {
  const before = await remember();
  await erase(ADA);
  await database.query(`delete from shop.customers where tenant_id = 'acme'`);
  const ended = await restore(await begin('swap'), before);
  assert.equal(ended.state, 'Succeeded', ended.message);
  assert.equal(ended.result['erasedAgain'], 1);
  const rows = await textOfShop(database, 'acme');
  assert.match(rows, /cus_grace/);
  // Two orders of theirs are there for the books, one of them from before there was an account.
  assert.doesNotMatch(rows, /cus_ada|ada@example/);
  assert.equal(rows.match(/^orders_orders /gm)?.length, 4);
});

test('whoever was erased before the moment is nobody to be erased again', async () => {
  await erase(ADA);
  const ended = await restore(await begin('swap'), await remember());
  assert.equal(ended.result['erasedAgain'], 0);
});

test('beside: the living rows stay, until somebody says swap', async () => {
  const former = await remember();
  const before = await textOfShop(database, 'acme');
  await database.query(`delete from shop.customers where tenant_id = 'acme'`);
  const without = await textOfShop(database, 'acme');
  const operation = await begin('beside');
  const beside = await restore(operation, former);
  assert.ok(waitsForPeople(beside));
  assert.equal(await textOfShop(database, 'acme'), without);
  const [copy] = await database.query<{ count: number }>(
    `select count(*)::int as count from ${ident(stagingOf(operation.id))}.customers`,
  );
  assert.equal(copy?.count, 2);
  await swapIn(database, operation.id);
  const ended = await restore(operation, former);
  assert.equal(ended.state, 'Succeeded', ended.message);
  assert.equal(await textOfShop(database, 'acme'), before);
  assert.equal(await isStaged(operation), false);
  await assert.rejects(swapIn(database, operation.id), TooLateError);
});

for (const step of STEPS.slice(0, 3)) {
  test(`died at ${step}, it can be called off: the shop is open with the rows it has`, async () => {
    const former = await remember();
    await database.query(`delete from shop.customers where tenant_id = 'acme'`);
    const without = await textOfShop(database, 'acme');
    const operation = await begin('swap');
    await assert.rejects(restore(operation, former, dyingAt(step)), /killed/);
    const ended = await abort(operation);
    assert.deepEqual([ended.state, ended.message], ['Failed', 'called off']);
    assert.ok(await isOpen());
    assert.equal(await isStaged(operation), false);
    assert.equal(await textOfShop(database, 'acme'), without);
    // Whoever was thought dead and goes on changes nothing, and leaves nothing.
    assert.equal((await restore(operation, former)).state, 'Failed');
    assert.equal(await textOfShop(database, 'acme'), without);
    assert.equal((await abort(operation)).state, 'Failed');
  });
}

test('once the rows are exchanged it is too late to call it off, and it is gone on with', async () => {
  const former = await remember();
  const operation = await begin('swap');
  await assert.rejects(restore(operation, former, dyingAt('Exchanged')), /killed/);
  await assert.rejects(abort(operation), TooLateError);
  assert.ok(await isOpen());
  assert.equal((await restore(operation, former)).state, 'Succeeded');
});

test('called off while it is still loading, it takes away what it loads', async () => {
  const former = await remember();
  const operation = await begin('swap');
  const slow: RowSource = {
    ...former,
    async *rows(table) {
      await abort(operation);
      yield* former.rows(table);
    },
  };
  assert.equal((await restore(operation, slow)).state, 'Failed');
  assert.equal(await isStaged(operation), false);
  assert.ok(await isOpen());
});
