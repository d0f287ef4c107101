/**
 * A customer's data: what the domains declare is what their tables have; given out whole, erased whole, and said so on a receipt that
 * nobody can change.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { ownFolder } from '../../../tests/support/owned.ts';
import { folderOf } from '../../../runtime/domains/media/definition.ts';
import { startTestPostgres, type TestPostgres } from '../../../tests/support/postgres.ts';
import { until } from '../../../tests/support/wait.ts';
import { directoryRow } from '../../../tests/support/writers.ts';
import { openDatabase, type Database } from '../../provisioners/postgres/database.ts';
import { loadCatalogue } from '../../provisioners/postgres/desired.ts';
import { createDirectory } from '../../provisioners/postgres/directory.ts';
import { createPostgres } from '../../provisioners/postgres/postgres.ts';
import { createSealer } from '../../provisioners/sealing.ts';
import { createOperations } from '../operations.ts';
import { ADA, fillShop, GRACE, TABLES, textOfShop } from '../testing/customers.ts';
import { openStore, read, type ArchiveStore } from '../store/store.ts';
import { eraseCustomer, StillThereError } from './erase.ts';
import { exportSubject } from './export.ts';
import type { Holder, Subject } from './holder.ts';
import { forgetErased } from './memory.ts';
import { createObjectHolder } from './objects.ts';
import { createPictureHolder } from './pictures.ts';
import { createSigner, verifyReceipt } from './receipt.ts';
import { createRowHolder } from './rows.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');
const fill = (tenant: string): Promise<void> => fillShop(database, tenant);
const textOf = (tenant: string): Promise<string> => textOfShop(database, tenant);

let server: TestPostgres;
let database: Database;
let folder: string;
let store: ArchiveStore;

before(async () => {
  server = await startTestPostgres();
  database = await openDatabase(server.adminUrl);
  const catalogue = await loadCatalogue();
  await createPostgres(database, catalogue).ensure(catalogue.pool());
  const directory = createDirectory(database, createSealer(KEY));
  for (const tenant of ['acme', 'bolt']) await directory.ensure(directoryRow(tenant), {});
  folder = ownFolder('subjects');
  store = await openStore(pathToFileURL(folder).href);
});

after(async () => {
  await database.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const parts = (holders: readonly Holder[]) => ({
  database,
  holders,
  identify: (subject: Subject) => createRowHolder(database, TABLES).identify(subject),
  sealer: createSealer(KEY),
  signer: createSigner(KEY),
  backupsKeptMs: 86_400_000,
  now: () => new Date('2026-11-25T12:00:00Z'),
});

/** As the shop's runtime does when it finds the task. */
async function runtimeRemoves(tenant: string): Promise<void> {
  await until(
    async () => {
      const tasks = await database.query(
        `delete from shop.tasks where tenant_id = $1 and name = 'media.remove-erased-pictures' returning id`,
        [tenant],
      );
      return tasks.length > 0 || undefined;
    },
    { withinMs: 30_000, what: 'a task is left for the runtime' },
  );
  await database.query(`delete from shop.media_shopper_pictures where tenant_id = $1 and state = 'erased'`, [
    tenant,
  ]);
}

test('a table with a column that could name a customer says what becomes of it', () => {
  const suspicious = /^\s+(customer_id|email|email_key|\w*address|payload|events|body)\s/gm;
  const declared = new Map(TABLES.map((table) => [table.name, table.personal]));
  const impersonal = new Set([
    // The merchant's own words: whom a message is for stands in none of them.
    'notifications_templates',
    // The people who run the shop, whom its owner removes.
    'staff_members',
    // Where the shop's goods lie, and where a company, which outlives whoever works there, has its own sent.
    'orders_locations',
    'company_addresses',
    // Types of events, and the merchant's server; what it is told stands in the messages.
    'webhooks_subscriptions',
  ]);
  const silent = new Set<string>();
  let looked = 0;
  for (const file of globSync('{runtime/domains/*,runtime/platform/sql}/migrations/*.sql', {
    cwd: join(import.meta.dirname, '../../..'),
  })) {
    const text = readFileSync(join(import.meta.dirname, '../../..', file), 'utf8');
    for (const [, table = '', columns = ''] of text.matchAll(/create table (\w+) \(([\s\S]*?)\n\)/g)) {
      looked += 1;
      if (impersonal.has(table)) continue;
      if ([...columns.matchAll(suspicious)].length > 0 && declared.get(table) === undefined)
        silent.add(table);
    }
    for (const [, table = ''] of text.matchAll(/^drop table (\w+)/gm)) silent.delete(table);
  }
  assert.ok(looked > 20);
  assert.deepEqual([...silent], []);
});

test('a customer is erased from every table, and what others have and what the books need stays', async () => {
  await fill('acme');
  await fill('bolt');
  const neighbour = await textOf('bolt');
  const grace = (await textOf('acme')).split('\n').filter((row) => row.includes('grace'));
  const holders = [
    createRowHolder(database, TABLES),
    createObjectHolder(store),
    createPictureHolder(database, { withinMs: 30_000 }),
  ];
  const operation = await createOperations(database).begin({
    kind: 'erase',
    tenant: 'acme',
    arguments: { customer: ADA },
  });
  const [receipt] = await Promise.all([
    eraseCustomer(operation, ADA, parts(holders)),
    runtimeRemoves('acme'),
  ]);
  await createOperations(database).end(operation.id, 'Succeeded', '');

  const left = await textOf('acme');
  assert.doesNotMatch(left, /cus_ada|ada@example\.com|616461406578616d706c65/);
  for (const row of grace) assert.ok(left.includes(row), row);
  assert.equal(await textOf('bolt'), neighbour);
  const orders = await database.query<{ total: number; email: string }>(
    `select total::int, email from shop.orders_orders where tenant_id = 'acme' order by email`,
  );
  assert.equal(orders.length, 4);
  assert.deepEqual(orders.slice(0, 2), [
    { total: 100, email: 'erased' },
    { total: 100, email: 'erased' },
  ]);
  const reviews = await database.query<{ rating: number; body: string; shown_name: string }>(
    `select rating, body, shown_name from shop.catalog_reviews where tenant_id = 'acme' and customer_id is null`,
  );
  assert.deepEqual(reviews, [{ rating: 4, body: '', shown_name: '' }], 'stars stay, words go');
  const counts = Object.fromEntries(
    receipt.statement.removed.map(({ what, action, count }) => [what, `${action} ${count}`]),
  );
  assert.deepEqual(counts, {
    'shop.customers': 'deleted 1',
    'shop.customer_sessions': 'deleted 1',
    'shop.login_attempts': 'deleted 1',
    'shop.customer_addresses': 'deleted 1',
    'shop.orders_carts': 'deleted 1',
    'shop.orders_cart_lines': 'deleted 1',
    'shop.orders_orders': 'redacted 2',
    'shop.catalog_purchases': 'deleted 1',
    'shop.catalog_reviews': 'redacted 1',
    'shop.catalog_review_pictures': 'deleted 1',
    'shop.media_shopper_pictures': 'redacted 1',
    shoppers: 'deleted 1',
    'shop.catalog_wishlists': 'deleted 1',
    'shop.catalog_wishlist_items': 'deleted 1',
    'shop.recommendations_visits': 'deleted 1',
    'shop.recommendations_seen': 'deleted 1',
    'shop.event_log': 'redacted 1',
    'shop.idempotency_keys': 'deleted 1',
  });
  assert.doesNotMatch(JSON.stringify(receipt), /example\.com|Ada-or-Grace/);
});

test('killed after a holder erased and before anybody was told, the receipt has it all the same', async () => {
  await fill('acme');
  const rows = createRowHolder(database, TABLES);
  const operations = createOperations(database);
  const operation = await operations.begin({ kind: 'erase', tenant: 'acme', arguments: { customer: GRACE } });
  const dies: Holder = {
    ...rows,
    async erase(subject, remember) {
      await rows.erase(subject, remember);
      throw new Error('killed');
    },
  };
  await assert.rejects(eraseCustomer(operation, GRACE, parts([dies])), /killed/);
  const again = await operations.begin({ kind: 'erase', tenant: 'acme', arguments: { customer: GRACE } });
  assert.equal(again.id, operation.id);
  const receipt = await eraseCustomer(again, GRACE, parts([rows]));
  assert.equal(receipt.statement.removed.find(({ what }) => what === 'shop.customers')?.count, 1);
  await operations.end(operation.id, 'Succeeded', '');
});

test('no receipt is given while a picture of theirs is left, because nobody runs the shop', async () => {
  await fill('acme');
  const holders = [createRowHolder(database, TABLES), createPictureHolder(database, { withinMs: 200 })];
  const operations = createOperations(database);
  const wish = { kind: 'erase', tenant: 'acme', arguments: { customer: ADA } } as const;
  const operation = await operations.begin(wish);
  await assert.rejects(eraseCustomer(operation, ADA, parts(holders)), /1 in pictures shoppers/);
  const again = createPictureHolder(database, { withinMs: 30_000 });
  const [receipt] = await Promise.all([
    eraseCustomer(await operations.begin(wish), ADA, parts([createRowHolder(database, TABLES), again])),
    runtimeRemoves('acme'),
  ]);
  assert.equal(receipt.statement.removed.find(({ what }) => what === 'shop.customers')?.count, 1);
  await operations.end(operation.id, 'Succeeded', '');
});

test('a shop without the media domain has no pictures to wait for', async () => {
  const pictures = createPictureHolder(database, { withinMs: 30_000 });
  await database.query('alter table shop.media_shopper_pictures rename to elsewhere');
  try {
    await pictures.erase({ tenant: 'acme', customer: ADA }, () => Promise.reject(new Error('nothing goes')));
    assert.deepEqual(await pictures.verify({ tenant: 'acme', customer: ADA }), []);
  } finally {
    await database.query('alter table shop.elsewhere rename to media_shopper_pictures');
  }
});

test('no receipt is given while anything is left', async () => {
  await fill('acme');
  const rows = createRowHolder(database, TABLES);
  const operations = createOperations(database);
  const operation = await operations.begin({ kind: 'erase', tenant: 'acme', arguments: { customer: ADA } });
  const forgetful: Holder = { ...rows, erase: async () => undefined };
  await assert.rejects(eraseCustomer(operation, ADA, parts([forgetful])), StillThereError);
  await operations.end(operation.id, 'Failed', '');
});

for (const [what, text, isLeft] of [
  ['the e-mail address, where no definition would look for it', 'write to ADA@example.com.', true],
  ['the address as JSON within JSON', '{"body": "{\\"to\\": \\"ada@example.com\\"}"}', true],
  ['the id', '/customers/cus_ada/orders', true],
  [
    'another address that contains it',
    'ida@example.com ada@example.community ada@example.com.au dr.ada@example.com',
    false,
  ],
  ['another id that contains it', 'cus_ada2 xcus_ada', false],
] as const)
  test(`${what} is ${isLeft ? 'found' : 'not found'} after an erasure`, async () => {
    await fill('acme');
    const rows = createRowHolder(database, TABLES);
    const operations = createOperations(database);
    const operation = await operations.begin({ kind: 'erase', tenant: 'acme', arguments: { customer: ADA } });
    await database.query(
      `insert into shop.search_documents values ('acme', 'i', 'd', 1, false, '', $1, '{}', '{}', now())`,
      [text],
    );
    const erased = eraseCustomer(operation, ADA, parts([rows]));
    if (isLeft) await assert.rejects(erased, /1 in postgresql shop.search_documents/);
    else await erased;
    await operations.end(operation.id, 'Failed', '');
    await database.query('delete from shop.search_documents');
  });

test('found again after a kill: the person is known by more than the id that is gone', async () => {
  await fill('acme');
  const rows = createRowHolder(database, TABLES);
  const operations = createOperations(database);
  const wish = { kind: 'erase', tenant: 'acme', arguments: { customer: ADA } } as const;
  const dies: Holder = {
    ...rows,
    verify: () => Promise.reject(new Error('killed')),
  };
  const operation = await operations.begin(wish);
  await assert.rejects(eraseCustomer(operation, ADA, parts([dies])), /killed/);
  await database.query(
    `insert into shop.event_log (tenant_id, position, id, topic, type, key, payload, occurred_at)
      values ('acme', 1000, 'late', 't', 't', 'k', '{"email": "ada@example.com"}', now())`,
  );
  await eraseCustomer(await operations.begin(wish), ADA, parts([rows]));
  assert.doesNotMatch(await textOf('acme'), /ada@example/);
  const [kept] = await database.query<{ result: string }>(
    'select result::text from platform.operations where id = $1',
    [operation.id],
  );
  assert.doesNotMatch(kept?.result ?? '', /ada@example|Ada-or-Grace/);
  await operations.end(operation.id, 'Succeeded', '');
  await forgetErased(database, new Date(Date.now() + 1000));
  const { result } = await operations.get(operation.id);
  assert.ok('removed' in result && !('person' in result));
});

test('a receipt shows what was changed in it, and who signed it', () => {
  const signer = createSigner(KEY);
  const receipt = signer.sign({
    kind: 'shopmind.ai/erasure-receipt/v1',
    tenant: 'acme',
    customer: ADA,
    operation: 'erase-1',
    erasedAt: '2026-11-25T12:00:00.000Z',
    verifiedAt: '2026-11-25T12:00:01.000Z',
    holders: ['postgresql'],
    removed: [{ holder: 'postgresql', what: 'shop.customers', action: 'deleted', count: 1 }],
    backupsUntil: null,
  });
  assert.equal(verifyReceipt(JSON.stringify(receipt, undefined, 2), signer.key).ok, true);
  const text = JSON.stringify(receipt);
  const other = createSigner(Buffer.alloc(32, 8).toString('base64'));
  for (const [what, changed, trusted] of [
    ['a count', text.replace('"count":1', '"count":2'), undefined],
    ['a table left out', text.replace(/"removed":\[.*?\]/, '"removed":[]'), undefined],
    ['another key named', text.replace(receipt.key, other.key), undefined],
    ['another key trusted', text, other.key],
    [
      'a signature of somebody else',
      JSON.stringify({ ...other.sign(receipt.statement), key: signer.key }),
      undefined,
    ],
    ['no JSON', text.slice(1), undefined],
  ] as const)
    assert.equal(verifyReceipt(changed, trusted).ok, false, what);
});

test('an export has everything of the customer, and nothing of another', async () => {
  await fill('acme');
  const holders = [createRowHolder(database, TABLES), createObjectHolder(store)];
  await store.put('acme/media/picture.blob', Buffer.from('picture'));
  for (const customer of [ADA, GRACE])
    await store.put(
      `acme/shoppers/${folderOf('acme', customer)}/pic.blob`,
      Buffer.from(`taken by ${customer.slice(4)}`),
    );
  const at = new Date('2026-11-25T12:00:00Z');
  await exportSubject({ tenant: 'acme', customer: ADA }, holders, store, '_exports/acme/ada.tar.gz', at);
  const archive = gunzipSync(await read(store, '_exports/acme/ada.tar.gz')).toString('utf8');
  for (const table of ['customers', 'customer_addresses', 'orders_orders', 'orders_cart_lines', 'event_log'])
    assert.ok(archive.includes(`postgresql/rows/${table}.jsonl`), table);
  assert.ok(archive.includes('ada@example.com') && !archive.includes('grace'));
  assert.ok(archive.includes('taken by ada'), 'the pictures they brought');
  const whole = await exportSubject({ tenant: 'acme' }, holders, store, '_exports/acme/all.tar.gz', at);
  assert.ok(
    whole.lines.some(({ holder, what, count }) => holder === 'objects' && what === 'media' && count === 1),
  );
  assert.ok(gunzipSync(await read(store, '_exports/acme/all.tar.gz')).includes('grace'));
});
