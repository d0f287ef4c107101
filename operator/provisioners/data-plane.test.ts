/**
 * The data plane as one: what is registered where and in which order, and that a repeated call does nothing.
 */
import assert from 'node:assert/strict';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ownFolder } from '../../tests/support/owned.ts';
import { startTestPostgres } from '../../tests/support/postgres.ts';
import type { TestPostgres } from '../../tests/support/postgres.ts';
import { SCHEMAS, withDefaults } from '../../crds/index.ts';
import type { ShopMindTenant } from '../../crds/index.ts';
import { createBlobStore } from './blobs.ts';
import { createDataPlane } from './data-plane.ts';
import type { DataPlane, TenantData } from './data-plane.ts';
import { ProcessorError } from './payments.ts';
import { openDatabase } from './postgres/database.ts';
import type { Database } from './postgres/database.ts';
import { loadCatalogue } from './postgres/desired.ts';
import { createDirectory, type Directory } from './postgres/directory.ts';
import { loginFor } from './postgres/logins.ts';
import { createMoves } from './postgres/move/moves.ts';
import { createPostgres } from './postgres/postgres.ts';
import { createSealer } from './sealing.ts';
import { createSystems, openSystem } from './systems.ts';
import { shelf } from './testing/definition.ts';

const POOL = [loginFor('shop_runtime', 'pool')];
let server: TestPostgres;
let database: Database;
let folder: string;
let plane: DataPlane;
let away = false;
let now = 0;
let directory: Directory;
const accounts = new Map<string, { readonly secretKey: string; readonly webhookUrl: string }>();
const payPalAccounts = new Map<string, { readonly clientId: string; readonly webhookUrl: string }>();

before(async () => {
  server = await startTestPostgres();
  database = await openDatabase(server.adminUrl);
  folder = ownFolder('plane');
  const catalogue = await loadCatalogue([shelf]);
  directory = createDirectory(database, createSealer(Buffer.alloc(32).toString('base64')));
  plane = createDataPlane({
    database,
    catalogue,
    monotonic: () => now,
    blobs: () => createBlobStore(pathToFileURL(`${folder}/`).href),
    directory,
    moves: createMoves(database, () => directory.forget()),
    postgres: createPostgres(database, catalogue),
    systems: createSystems({ shared: {}, own: {} }, openSystem, () => undefined),
    processor: {
      register: async (account) => {
        if (away) throw new ProcessorError('away', true);
        accounts.set(account.id, account);
      },
      registerPayPal: async (account) => {
        if (away) throw new ProcessorError('away', true);
        payPalAccounts.set(account.id, account);
      },
      remove: async (id) => void accounts.delete(id),
      ping: async () => undefined,
    },
  });
  await plane.ensurePool(POOL, 'owner');
});

after(async () => {
  await plane.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

function tenant(name: string, spec: object = {}, metadata: object = {}): ShopMindTenant {
  const schema = SCHEMAS.ShopMindTenant.properties?.['spec'];
  assert.ok(schema);
  const whole = withDefaults(schema, { displayName: name, hosts: [`${name}.localhost`], ...spec });
  // The schema's own defaults make it whole.
  return {
    apiVersion: 'shopmind.ai/v1beta1',
    kind: 'ShopMindTenant',
    metadata: { name, ...metadata },
    spec: whole as ShopMindTenant['spec'],
  };
}

function data(of: ShopMindTenant, parts: Partial<TenantData> = {}): TenantData {
  return {
    tenant: of,
    schema: 'shop',
    domains: ['shelf'],
    logins: [],
    adminToken: 'smk_token',
    webhookUrl: `http://${of.metadata.name}.localhost/hook`,
    paymentKeys: undefined,
    ...parts,
  };
}

test('a pooled tenant is registered once; its account exists before its keys are written down', async () => {
  away = true;
  await assert.rejects(plane.ensureTenant(data(tenant('ant'))), ProcessorError);
  assert.equal((await database.query(`select 1 from platform.tenants where id = 'ant'`)).length, 0);
  away = false;
  assert.deepEqual((await plane.ensureTenant(data(tenant('ant')))).slice(0, 2), [
    'REGISTER PAYMENT ACCOUNT ant',
    'REGISTER TENANT ant',
  ]);
  assert.deepEqual(await plane.ensureTenant(data(tenant('ant'))), []);
  assert.match(accounts.get('ant')?.secretKey ?? '', /^sk_test_[A-Za-z0-9]{40}$/);
});

test('a new host moves the webhook of the same account', async () => {
  const before = accounts.get('ant')?.secretKey;
  const done = await plane.ensureTenant(data(tenant('ant'), { webhookUrl: 'http://new.localhost/hook' }));
  assert.deepEqual(done, ['REGISTER PAYMENT ACCOUNT ant', 'SEAL SECRET payments-webhook-url OF ant']);
  assert.deepEqual(
    [accounts.get('ant')?.secretKey, accounts.get('ant')?.webhookUrl],
    [before, 'http://new.localhost/hook'],
  );
});

test('a tenant that takes PayPal has an account at the stand-in, or keys of its own, and none when it takes it no more', async () => {
  const webhookUrl = 'http://bee.localhost/api/payments/webhooks/stripe';
  const secretOf = async (name: string): Promise<string | undefined> =>
    (await directory.get('bee'))?.secrets.get(name);
  const ensure = (payments: object, parts: Partial<TenantData> = {}) =>
    plane.ensureTenant(data(tenant('bee', { payments }), { webhookUrl, ...parts }));
  assert.ok((await ensure({ paypal: {} })).includes('REGISTER PAYPAL ACCOUNT bee'));
  assert.deepEqual(await ensure({ paypal: {} }), []);
  assert.equal(payPalAccounts.get('bee')?.webhookUrl, 'http://bee.localhost/api/payments/webhooks/paypal');
  assert.equal(await secretOf('paypal-client-id'), payPalAccounts.get('bee')?.clientId);
  assert.equal(await secretOf('paypal-environment'), 'local');
  const own = { clientId: 'theirs', clientSecret: 'hush', webhookId: 'WH', environment: 'sandbox' } as const;
  await ensure({ paypal: {} }, { payPalKeys: own });
  assert.deepEqual(
    [await secretOf('paypal-client-id'), await secretOf('paypal-environment')],
    ['theirs', 'sandbox'],
  );
  await ensure({ provider: 'paypal', paypal: {} }, { payPalKeys: own });
  assert.equal(await secretOf('payments-secret-key'), '', 'cards are taken no more');
  await ensure({});
  assert.equal(await secretOf('paypal-client-id'), '');
  assert.match((await secretOf('payments-secret-key')) ?? '', /^sk_test_/);
  assert.deepEqual(await ensure({}), []);
});

test('the pool is looked at again after a while, or when asked to', async () => {
  await database.query('drop policy tenant on shop.books');
  assert.deepEqual(await plane.ensurePool(POOL, 'owner'), []);
  now += 61_000;
  assert.deepEqual(await plane.ensurePool(POOL, 'owner'), ['CREATE POLICY tenant ON shop.books']);
  await database.query('drop policy tenant on shop.books');
  plane.distrust();
  assert.deepEqual(await plane.ensurePool(POOL, 'owner'), ['CREATE POLICY tenant ON shop.books']);
});

for (const policy of ['Retain', 'Snapshot', 'Delete'] as const) {
  test(`a dedicated tenant deleted with ${policy} leaves what the policy says, and can be deleted again and again`, async () => {
    const name = `bee-${policy.toLowerCase()}`;
    const schema = `tenant_bee_${policy.toLowerCase()}`;
    const bee = tenant(
      name,
      { placement: 'dedicated', deletionPolicy: policy },
      { deletionTimestamp: new Date().toISOString() },
    );
    await plane.ensureTenant(data(bee, { schema, logins: [loginFor(schema, 'own')] }));
    await database.query(`insert into ${schema}.shelves values ('${name}', 's', 'label')`);
    await mkdir(join(folder, name, 'media'), { recursive: true });
    await writeFile(join(folder, name, 'media', 'a.blob'), 'x');
    await mkdir(join(folder, '_backups', name, 'monday'), { recursive: true });
    for (const round of [1, 2]) {
      await plane.unregister(name);
      const done = await plane.destroyTenant(bee, schema);
      assert.equal(
        done.filter((action) => action.startsWith('EXPORT')).length,
        policy === 'Snapshot' && round === 1 ? 1 : 0,
      );
    }
    const [role] = await database.query<{ rolcanlogin: boolean }>(
      'select rolcanlogin from pg_roles where rolname = $1',
      [schema],
    );
    const kept =
      (await database.query('select 1 from pg_namespace where nspname = $1', [schema])).length === 1;
    const media = await stat(join(folder, name)).then(
      () => true,
      () => false,
    );
    const expected = policy === 'Retain' ? [false, true, true, true] : [undefined, false, false, false];
    assert.deepEqual([role?.rolcanlogin, kept, media, accounts.has(name)], expected);
    assert.equal((await database.query('select 1 from platform.tenants where id = $1', [name])).length, 0);
    const archived = await readdir(join(folder, '_snapshots', name)).then(
      ([at]) => readdir(join(folder, '_snapshots', name, at ?? '', 'objects')),
      () => [],
    );
    assert.deepEqual(archived, policy === 'Snapshot' ? ['media'] : []);
    const backups = await readdir(join(folder, '_backups', name)).catch(() => []);
    assert.deepEqual(backups, policy === 'Retain' ? ['monday'] : []);
  });
}

test('a plan for another placement shows the schema that would be made and the move, and does neither', async () => {
  const cat = tenant('cat', { placement: 'dedicated' });
  await plane.ensureTenant(data(tenant('cat')));
  await database.query(`insert into shop.shelves values ('cat', 's', 'label')`);
  const plan = await plane.planTenant({
    tenant: cat,
    schema: 'tenant_cat',
    domains: ['shelf'],
    home: 'shop',
  });
  assert.ok(plan.some((action) => action.startsWith('CREATE SCHEMA tenant_cat')));
  assert.deepEqual(plan.slice(-5), [
    'COPY 1 ROWS OF cat FROM shop.shelves TO tenant_cat.shelves',
    'FREEZE TENANT cat',
    'VERIFY 1 ROWS OF cat IN tenant_cat',
    'UPDATE TENANT cat SET SCHEMA tenant_cat',
    'DELETE ROWS OF cat FROM shop',
  ]);
  assert.deepEqual(await database.query(`select from pg_namespace where nspname = 'tenant_cat'`), []);
  assert.deepEqual(await database.query('select from platform.moves'), []);
});

for (const switched of [false, true]) {
  test(`a tenant deleted ${switched ? 'after' : 'before'} the switch of its move leaves rows on neither side`, async () => {
    const dog = tenant('dog', { deletionPolicy: 'Delete' });
    await plane.ensureTenant(data(dog));
    await database.query(`insert into shop.shelves values ('dog', 's', 'label')`);
    await plane.moves.begin('dog', { from: 'shop', to: 'tenant_dog' });
    await plane.ensureTarget('tenant_dog', [loginFor('tenant_dog', 'own')]);
    await plane.moves.copy('dog', 1_000);
    if (switched) {
      await plane.moves.freeze('dog');
      await plane.moves.settle('dog');
      await plane.moves.verify('dog');
      await plane.moves.switchOver('dog');
    }
    for (const _ of [1, 2]) {
      await plane.unregister('dog');
      await plane.destroyTenant(dog, 'shop');
    }
    assert.deepEqual(await database.query(`select from shop.shelves where tenant_id = 'dog'`), []);
    assert.deepEqual(await database.query(`select from pg_namespace where nspname = 'tenant_dog'`), []);
    assert.deepEqual(await database.query(`select from pg_roles where rolname = 'tenant_dog'`), []);
    assert.deepEqual(await database.query('select from platform.moves'), []);
  });
}
