/**
 * Tables of reconciles: from which state to which state, with which writes, and that every broken write is mended.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChangedMigrationError } from '../../provisioners/postgres/plan.ts';
import { findCondition } from '../../kube/conditions.ts';
import { deployments, httpRoutes, namespaces, networkPolicies, secrets, shopServices } from '../kinds.ts';
import { createTestWorld, withPool } from '../testing/world.ts';
import type { TestWorld } from '../testing/world.ts';
import { IMPORT_PATIENCE_MS } from './phases.ts';
import { RuntimeRefusal } from './runtime-api.ts';
import type { ImportReport } from './runtime-api.ts';

const POOLED = { displayName: 'Acme', hosts: ['acme.localhost'] };
const DEDICATED = { ...POOLED, placement: 'dedicated' };

function ready(world: TestWorld, name = 'acme', type = 'Ready') {
  const condition = findCondition(world.tenant(name)?.status?.conditions, type);
  return condition === undefined ? undefined : `${condition.status} ${condition.reason}`;
}

function message(world: TestWorld, type = 'Ready', name = 'acme'): string {
  return findCondition(world.tenant(name)?.status?.conditions, type)?.message ?? '';
}

async function settled(spec: object): Promise<TestWorld> {
  const world = withPool(createTestWorld());
  world.putTenant('acme', spec);
  await world.settle();
  return world;
}

test('a pooled tenant gets a key, a directory entry and a route, and is Ready; then nothing is written any more', async () => {
  const world = await settled(POOLED);
  assert.equal(ready(world), 'True Ready');
  const { status, metadata } = world.tenant('acme') ?? assert.fail();
  assert.deepEqual(metadata.finalizers, ['shopmind.ai/teardown']);
  assert.equal(status?.observedGeneration, metadata.generation);
  assert.equal(status?.endpoints?.storefront, 'http://acme.localhost:8080');
  assert.deepEqual(status?.dataRef, { placement: 'pooled', schema: 'shop' });
  assert.deepEqual(
    status?.inventory?.map(({ kind, name }) => `${kind} ${name}`),
    ['Secret acme-admin', 'HTTPRoute acme'],
  );
  assert.deepEqual(
    status?.conditions?.map(({ type, status }) => `${type}=${status}`),
    [
      'Ready=True',
      'Reconciling=False',
      'Stalled=False',
      'DataPlaneReady=True',
      'ServicesReady=True',
      'RoutesReady=True',
      'CatalogReady=True',
      'Integrated=True',
    ],
  );
  world.writes.length = 0;
  await world.settle();
  assert.deepEqual(world.writes, []);
});

test('what will be made of a new tenant is told when making it failed, of one that is known before it is made', async () => {
  const world = withPool(createTestWorld());
  world.putTenant('acme', DEDICATED);
  const mine = (): readonly string[] => world.writes.filter((write) => /acme/.test(write));
  world.failWrite(4, false);
  await world.settle();
  const [finalizer, namespace] = mine();
  assert.deepEqual([finalizer, namespace], ['finalizers ShopMindTenant acme', 'apply Namespace tenant-acme']);
  world.writes.length = 0;
  world.putTenant('acme', { ...DEDICATED, domains: [{ name: 'orders', scaling: { min: 2, max: 4 } }] });
  await world.settle();
  assert.equal(mine()[0], 'status ShopMindTenant acme');
});

test('a new tenant whose first visit is cut short is taken up or taken apart by what it left, told or not', async () => {
  for (const spec of [POOLED, DEDICATED]) {
    const { writes } = await settled(spec);
    for (let n = 1; n <= writes.length; n++) {
      for (const afterwards of [false, true]) {
        const world = withPool(createTestWorld());
        world.putTenant('acme', spec);
        world.failWrite(n, afterwards);
        await world.reconcile();
        world.restart();
        world.deleteTenant('acme');
        await world.settle();
        const left = [namespaces, secrets, networkPolicies, httpRoutes, shopServices].flatMap((type) =>
          world.keys(type).filter((key) => key.includes('acme')),
        );
        assert.deepEqual(left, [], `write ${n} of ${spec === POOLED ? 'a pooled' : 'a dedicated'} tenant`);
        const registered = world.told.filter((line) => line === 'ensure acme').length;
        const destroyed = world.told.filter((line) => line.startsWith('destroy acme')).length;
        assert.ok(registered === 0 || destroyed > 0, 'its data stays');
      }
    }
  }
});

test('a new tenant that is to be placed elsewhere before its first status is where its key is', async () => {
  const world = withPool(createTestWorld({ patienceMs: 1_000 }));
  world.podsReady = false;
  world.putTenant('acme', POOLED);
  await world.settle();
  assert.equal(ready(world), 'Unknown Pending');
  world.restart();
  world.putTenant('acme', DEDICATED);
  await world.reconcile();
  assert.equal(world.tenant('acme')?.status?.move?.from, 'pooled');
});

test('a dedicated tenant gets a namespace, policies, its own login and Services; it is Ready when its Pods are', async () => {
  const world = withPool(createTestWorld());
  world.podsReady = false;
  world.putTenant('acme', { ...DEDICATED, plan: 'growth' });
  await world.settle();
  assert.equal(ready(world), 'False ServicesPending');
  assert.equal(ready(world, 'acme', 'Reconciling'), 'True ServicesPending');
  world.podsReady = true;
  await world.settle();
  assert.equal(ready(world), 'True Ready');
  for (const [type, key] of [
    [namespaces, 'tenant-acme'],
    [networkPolicies, 'tenant-acme/default-deny'],
    [secrets, 'tenant-acme/database'],
    [secrets, 'tenant-acme/acme-admin'],
    [shopServices, 'tenant-acme/runtime'],
    [deployments, 'tenant-acme/runtime'],
    [httpRoutes, 'tenant-acme/acme'],
  ] as const) {
    assert.ok(world.get(type, key), `${type.kind} ${key} is missing`);
  }
});

for (const [kind, spec] of [
  ['pooled', POOLED],
  ['dedicated', DEDICATED],
] as const) {
  for (const afterwards of [false, true]) {
    test(`a ${kind} tenant converges whichever write ${afterwards ? 'loses its answer' : 'fails'}`, async () => {
      const whole = await settled({ ...spec, catalog: undefined });
      const expected = whole.snapshot();
      for (let n = 1; n <= whole.writes.length; n++) {
        const world = withPool(createTestWorld());
        world.putTenant('acme', spec);
        world.failWrite(n, afterwards);
        await world.settle();
        assert.deepEqual(world.snapshot(), expected, `write ${n} (${whole.writes[n - 1]})`);
      }
    });
  }
}

test('deleting goes from traffic over workloads to data and ground, whichever write fails', async () => {
  const whole = await settled({ ...DEDICATED, deletionPolicy: 'Delete' });
  const empty = withPool(createTestWorld());
  await empty.settle();
  whole.writes.length = 0;
  whole.told.length = 0;
  whole.deleteTenant('acme');
  await whole.settle();
  assert.deepEqual(whole.snapshot(), empty.snapshot(), 'nothing is left');
  const order = [...whole.writes];
  const at = (what: RegExp): number => order.findIndex((write) => what.test(write));
  assert.ok(at(/delete HTTPRoute/) < at(/delete Service tenant-acme/));
  assert.ok(at(/delete Service tenant-acme/) < at(/delete Namespace/));
  assert.deepEqual(
    whole.told.filter((told, index, all) => all.indexOf(told) === index),
    ['unregister acme', 'destroy acme Delete'],
  );
  for (let n = 1; n <= order.length; n++) {
    const world = await settled({ ...DEDICATED, deletionPolicy: 'Delete' });
    world.deleteTenant('acme');
    world.failWrite(n, n % 2 === 0);
    await world.settle();
    assert.deepEqual(world.snapshot(), empty.snapshot(), `write ${n} (${order[n - 1]})`);
  }
});

test('data is destroyed after the Pods are gone, and a database that is away holds the finalizer', async () => {
  const world = await settled(DEDICATED);
  world.breakDataPlane(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
  world.deleteTenant('acme');
  await world.settle();
  assert.equal(ready(world), 'False DatabaseUnavailable');
  assert.equal(world.get(httpRoutes, 'tenant-acme/acme'), undefined);
  assert.ok(world.get(shopServices, 'tenant-acme/runtime'), 'workloads wait for the directory');
  world.breakDataPlane(undefined);
  await world.settle();
  assert.equal(world.tenant('acme'), undefined);
});

test('a tenant is not Ready before the gateway took its route, and stalls when the gateway refuses it', async () => {
  const world = withPool(createTestWorld());
  world.gateway = 'away';
  world.putTenant('acme', POOLED);
  await world.settle();
  assert.equal(ready(world), 'False RoutePending');
  world.gateway = 'refuses';
  await world.settle();
  assert.equal(ready(world), 'False RouteRefused');
  world.gateway = 'accepts';
  await world.settle();
  assert.equal(ready(world), 'True Ready');
  world.gateway = 'away';
  world.putTenant('acme', { ...POOLED, hosts: ['new.localhost'] });
  await world.settle();
  assert.equal(ready(world), 'False RoutePending', 'a new host is a new route to take');
});

test('what the runtime says but once is told at once, also while other waits stay untold', async () => {
  const world = withPool(createTestWorld({ patienceMs: 60_000 }));
  world.gateway = 'away';
  world.putTenant('acme', POOLED);
  await world.settle();
  assert.equal(ready(world, 'acme', 'ServicesReady'), 'True Serving');
});

test('a paused tenant is left alone, deletion included', async () => {
  const world = await settled(POOLED);
  world.annotate('acme', { 'shopmind.ai/paused': 'true' });
  world.remove(httpRoutes, 'shopmind-system/acme');
  world.deleteTenant('acme');
  world.writes.length = 0;
  await world.settle();
  assert.deepEqual(world.writes, []);
  assert.ok(world.tenant('acme'));
});

test('a suspended tenant scales to zero and says so on its route; resuming brings it back', async () => {
  const world = await settled(DEDICATED);
  const before = world.snapshot();
  world.putTenant('acme', { ...DEDICATED, suspended: true });
  await world.settle();
  assert.equal(ready(world), 'False Suspended');
  assert.equal(ready(world, 'acme', 'Reconciling'), 'False Done');
  assert.equal(world.get(shopServices, 'tenant-acme/runtime')?.spec.replicas, 0);
  assert.equal(world.get(deployments, 'tenant-acme/runtime')?.spec?.replicas, 0);
  assert.ok(world.get(httpRoutes, 'tenant-acme/acme')?.metadata.annotations?.['shopmind.ai/suspended']);
  world.putTenant('acme', DEDICATED);
  await world.settle();
  assert.deepEqual(world.snapshot(), before, 'as it was before');
});

test('a domain that scales by itself gets its own Service and its neighbours learn where it is; taking it back prunes it', async () => {
  const world = await settled(DEDICATED);
  const before = world.snapshot();
  world.putTenant('acme', { ...DEDICATED, domains: [{ name: 'orders', scaling: { min: 2, max: 6 } }] });
  await world.settle();
  assert.deepEqual(world.get(shopServices, 'tenant-acme/orders')?.spec.domains, ['orders']);
  const env = world.get(deployments, 'tenant-acme/runtime')?.spec?.template.spec?.containers[0]?.env ?? [];
  assert.equal(env.find(({ name }) => name === 'PEERS')?.value, 'orders=http://orders.tenant-acme.svc:8080');
  const route = JSON.stringify(world.get(httpRoutes, 'tenant-acme/acme'));
  assert.match(route, /"\/api\/orders"/);
  world.putTenant('acme', DEDICATED);
  await world.settle();
  assert.deepEqual(world.snapshot(), before);
});

test('what somebody deletes or changes comes back', async () => {
  const world = await settled(DEDICATED);
  const before = world.snapshot();
  world.remove(deployments, 'tenant-acme/runtime');
  world.remove(httpRoutes, 'tenant-acme/acme');
  const policy = structuredClone(world.get(networkPolicies, 'tenant-acme/default-deny') ?? assert.fail());
  world.put(networkPolicies, { ...policy, spec: { podSelector: {}, policyTypes: [] } });
  await world.settle();
  assert.deepEqual(world.snapshot(), before);
});

test('a namespace of somebody else is refused, and taken over only when asked to', async () => {
  const world = withPool(createTestWorld());
  world.put(namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'tenant-acme', uid: 'theirs' },
  });
  // The operator's caches hold only what carries its label.
  world.hide(namespaces, 'tenant-acme');
  world.putTenant('acme', DEDICATED);
  await world.settle();
  assert.equal(ready(world), 'False NotOurs');
  assert.equal(ready(world, 'acme', 'Stalled'), 'True NotOurs');
  assert.match(message(world), /shopmind\.ai\/adopt/);
  world.annotate('acme', { 'shopmind.ai/adopt': 'true' });
  await world.settle();
  assert.equal(ready(world), 'True Ready');
});

test('of two tenants with one host the elder keeps it, and the younger gets it when the elder goes', async () => {
  const world = withPool(createTestWorld());
  world.putTenant('young', POOLED, { creationTimestamp: '2026-02-02T00:00:00Z' });
  world.putTenant('acme', POOLED);
  world.setCreated('young', '2026-02-02T00:00:00Z');
  await world.settle();
  assert.equal(ready(world), 'True Ready');
  assert.equal(ready(world, 'young'), 'False SpecRefused');
  assert.match(message(world, 'Ready', 'young'), /acme\.localhost belongs to tenant acme/);
  world.deleteTenant('acme');
  await world.settle();
  assert.equal(ready(world, 'young'), 'True Ready');
});

test('a database that is away is waited for with one unchanging condition', async () => {
  const world = withPool(createTestWorld());
  await world.settle();
  world.breakDataPlane(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }));
  world.putTenant('acme', POOLED);
  await world.settle();
  assert.equal(ready(world), 'False DatabaseUnavailable');
  world.writes.length = 0;
  await world.settle();
  assert.deepEqual(world.writes, [], 'waiting writes nothing');
  world.breakDataPlane(undefined);
  await world.settle();
  assert.equal(ready(world), 'True Ready');
});

test('a changed migration stalls the tenant with the remedy and what is still to be done', async () => {
  const world = withPool(createTestWorld());
  await world.settle();
  world.breakDataPlane(
    new ChangedMigrationError('shop', { domain: 'shelf', name: '001', checksum: '', sql: '', online: false }),
  );
  world.putTenant('acme', POOLED);
  await world.settle();
  assert.equal(ready(world, 'acme', 'Stalled'), 'True MigrationChanged');
  assert.match(message(world), /new migration/);
  assert.deepEqual(world.tenant('acme')?.status?.plan, ['APPLY MIGRATION shelf/002']);
});

test('colours nobody can read are refused with the figure and the remedy', async () => {
  const world = await settled({ ...POOLED, branding: { colors: { primary: '#ffff00', text: '#eeeeee' } } });
  assert.equal(ready(world), 'False SpecRefused');
  assert.match(message(world), /contrast of 1\.\d\d.*darker text/);
});

const report = (parts: Partial<ImportReport>): ImportReport => ({
  id: 'imp_1',
  state: 'succeeded',
  rows: 3,
  products: { created: 3, updated: 0, unchanged: 0, rejected: 0 },
  problems: [],
  problemCount: 0,
  error: null,
  ...parts,
});

test('a catalogue is imported once for each source', async () => {
  const world = withPool(createTestWorld());
  let starts = 0;
  world.imports.set('acme/products.csv', () => (starts++, report({})));
  const spec = { ...POOLED, catalog: { source: { url: 'acme/products.csv' } } };
  world.putTenant('acme', spec);
  await world.settle();
  assert.equal(ready(world), 'True Ready');
  assert.equal(message(world, 'CatalogReady'), '3 products from acme/products.csv');
  world.putTenant('acme', { ...spec, displayName: 'Acme 2' });
  await world.settle();
  assert.equal(starts, 1);
  world.imports.set('acme/more.csv', () => report({ id: 'imp_2' }));
  world.putTenant('acme', { ...spec, catalog: { source: { url: 'acme/more.csv' } } });
  await world.settle();
  assert.equal(message(world, 'CatalogReady'), '3 products from acme/more.csv');
});

test('rows that were refused are told; an import without a single product stalls and is not repeated until asked', async () => {
  const world = withPool(createTestWorld());
  let starts = 0;
  const problems = [{ line: 7, what: 'Variant Price is not a number' }];
  world.imports.set('bad.csv', () => {
    starts++;
    return report({
      state: 'failed',
      products: { created: 0, updated: 0, unchanged: 0, rejected: 3 },
      problems,
      problemCount: 1,
    });
  });
  world.putTenant('acme', { ...POOLED, catalog: { source: { url: 'bad.csv' } } });
  await world.settle();
  assert.equal(ready(world), 'False ImportFailed');
  assert.match(message(world), /line 7: Variant Price is not a number.*reconcile-at/);
  await world.settle();
  assert.equal(starts, 1);
  world.imports.set('bad.csv', () => (starts++, report({ problems, problemCount: 1 })));
  world.annotate('acme', { 'shopmind.ai/reconcile-at': 'now' });
  await world.settle();
  assert.equal(starts, 2);
  assert.equal(ready(world), 'True Ready');
  assert.match(message(world, 'CatalogReady'), /3 products from bad\.csv, 1 problems: line 7/);
});

test('a source the runtime refuses stalls the tenant with the refusal', async () => {
  const world = withPool(createTestWorld());
  world.imports.set('x.csv', () => {
    throw new RuntimeRefusal(400, 'there is no x.csv');
  });
  world.putTenant('acme', { ...POOLED, catalog: { source: { url: 'x.csv' } } });
  await world.settle();
  assert.equal(ready(world), 'False ImportFailed');
  assert.match(message(world), /there is no x\.csv/);
  assert.deepEqual(
    world.events.filter((event) => event.startsWith('Warning')),
    ['Warning ImportFailed acme'],
  );
});

for (const [what, refuse, reason, told] of [
  [
    '401',
    () => new RuntimeRefusal(401, 'no such key'),
    'ImportRefused',
    /^the runtime at http:\/\/runtime\.shopmind-system\.svc:8080 answers 401 \(no such key\) to the import of x\.csv for more than 60 s.*Secret shopmind-system\/acme-admin.*reconcile-at/,
  ],
  [
    '403',
    () => new RuntimeRefusal(403, ''),
    'ImportRefused',
    /answers 403 to .* may not import there: see kubectl shopmind logs acme catalog/,
  ],
  [
    '404',
    () => new RuntimeRefusal(404, ''),
    'ImportRefused',
    /answers 404 to .* knows no shop at acme\.localhost/,
  ],
  [
    '503',
    () => new RuntimeRefusal(503, 'full'),
    'ImportDelayed',
    /answers 503 \(full\) to .* tried again and again; see kubectl shopmind logs acme catalog$/,
  ],
  [
    'no answer at all',
    () => new Error('connect ECONNREFUSED'),
    'ImportDelayed',
    /does not answer \(connect ECONNREFUSED\) to the import/,
  ],
] as const) {
  test(`an import that gets ${what} is taken for one that will begin, and told after a minute; it goes on when it is let`, async () => {
    const world = withPool(createTestWorld());
    const broken = (): never => {
      throw refuse();
    };
    world.imports.set('x.csv', broken);
    world.putTenant('acme', { ...POOLED, catalog: { source: { url: 'x.csv' } } });
    await world.settle();
    await world.clock.advance(IMPORT_PATIENCE_MS - 1);
    await world.settle();
    assert.equal(ready(world), 'False Importing');
    await world.clock.advance(1);
    await world.settle();
    const isRefused = reason === 'ImportRefused';
    const conditions = (): unknown =>
      ['Ready', 'Stalled', 'Reconciling'].map((type) => ready(world, 'acme', type));
    assert.deepEqual(
      conditions(),
      isRefused
        ? [`False ${reason}`, `True ${reason}`, 'False Stalled']
        : [`False ${reason}`, 'False NotStalled', `True ${reason}`],
    );
    assert.match(message(world, 'CatalogReady'), told);
    // Said once, and not taken back while it goes on: neither when it is tried anew nor by a new process.
    world.writes.length = 0;
    for (let minute = 0; minute < 3; minute += 1) {
      await world.clock.advance(IMPORT_PATIENCE_MS);
      if (minute === 1) world.restart();
      await world.settle();
    }
    assert.deepEqual(world.writes, []);
    world.imports.set('x.csv', () => report({}));
    await world.settle();
    assert.equal(ready(world), 'True Ready');
    assert.equal(message(world, 'CatalogReady'), '3 products from x.csv');
  });
}

test('a tenant that takes PayPal where no stand-in is brings an account of its own, whose keys must be whole', async () => {
  const alone = await settled({ ...POOLED, payments: { paypal: {} } });
  assert.equal(ready(alone), 'False PaymentSecret');
  assert.match(message(alone), /no stand-in for PayPal; name a Secret with the keys clientId/);
  const paypal = { environment: 'sandbox', secretRef: { name: 'paypal' } };
  const world = await settled({ ...POOLED, payments: { provider: 'paypal', paypal } });
  assert.match(message(world), /Secret shopmind-system\/paypal .* clientId, clientSecret and webhookId/);
  world.put(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'paypal', namespace: 'shopmind-system' },
    data: Object.fromEntries(
      ['clientId', 'clientSecret', 'webhookId'].map((key) => [key, Buffer.from(key).toString('base64')]),
    ),
  });
  await world.settle();
  assert.equal(ready(world), 'True Ready');
});

test('payment keys of the merchant must be whole before anything is registered', async () => {
  const spec = { ...POOLED, payments: { secretRef: { name: 'stripe' } } };
  const world = await settled(spec);
  assert.equal(ready(world), 'False PaymentSecret');
  assert.match(
    message(world),
    /Secret shopmind-system\/stripe .* secretKey, publishableKey and webhookSecret/,
  );
  const data = Object.fromEntries(
    ['secretKey', 'publishableKey', 'webhookSecret'].map((key) => [key, Buffer.from(key).toString('base64')]),
  );
  world.put(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'stripe', namespace: 'shopmind-system' },
    data,
  });
  await world.settle();
  assert.equal(ready(world), 'True Ready');
});

test('a key that was handed out stays, also while the cache has not seen its Secret', async () => {
  const world = withPool(createTestWorld());
  world.putTenant('acme', DEDICATED);
  await world.settle();
  const keysOf = (): unknown =>
    ['acme-admin', 'database'].map((name) => world.get(secrets, `tenant-acme/${name}`)?.data);
  const before = keysOf();
  assert.ok(JSON.stringify(before).includes('token'));
  const unseen = ['acme-admin', 'database'].map(
    (name) => world.get(secrets, `tenant-acme/${name}`) ?? assert.fail(),
  );
  for (const { metadata } of unseen) world.hide(secrets, `tenant-acme/${metadata.name}`);
  world.annotate('acme', { 'shopmind.ai/reconcile-at': 'now' });
  assert.equal(await world.reconcile(), true);
  for (const secret of unseen) world.put(secrets, secret);
  await world.settle();
  assert.deepEqual(keysOf(), before);
  assert.equal(ready(world), 'True Ready');
});

test('a deletion takes along what the cache has not seen yet', async () => {
  const world = withPool(createTestWorld());
  world.putTenant('acme', POOLED);
  await world.settle();
  world.hide(secrets, 'shopmind-system/acme-admin');
  world.deleteTenant('acme');
  world.writes.length = 0;
  await world.settle();
  assert.ok(world.writes.includes('delete Secret shopmind-system/acme-admin'), world.writes.join(', '));
  assert.equal(world.tenant('acme'), undefined);
});

test('a cache that still has a deleted tenant makes nothing of it anew', async () => {
  for (const placement of ['pooled', 'dedicated']) {
    const world = withPool(createTestWorld());
    world.putTenant('acme', { displayName: 'Acme', hosts: ['acme.localhost'], placement });
    await world.settle();
    const seen = structuredClone(world.tenant('acme') ?? assert.fail());
    world.deleteTenant('acme');
    await world.settle();
    world.told.length = 0;
    world.restart();
    world.outlive(seen);
    assert.equal(await world.reconcile(), true, 'its status cannot be written');
    assert.deepEqual(
      world.told.filter((told) => told !== ''),
      [],
    );
  }
});
