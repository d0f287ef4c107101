import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { createApplier, type Applier } from './apply.ts';
import { canonical, hashOf, isSubset } from './canonical.ts';
import type { Client } from './client.ts';
import { createReflector, type Reflector } from './reflector.ts';
import { deployments, type Deployment } from './resources.ts';
import { startFakeServer, type FakeServer } from './testing/fake-server.ts';
import { testLog } from './testing/log.ts';
import { until } from './testing/wait.ts';
import type { KubeObject } from './types.ts';

describe('applying', () => {
  let server: FakeServer;
  let client: Client;
  let reflector: Reflector<Deployment>;
  let applier: Applier;
  let stop: AbortController;
  let running: Promise<void>;

  beforeEach(async () => {
    server = await startFakeServer();
    client = server.client();
    stop = new AbortController();
    reflector = createReflector({ client, type: deployments, log: testLog().log });
    running = reflector.run(stop.signal);
    applier = fresh();
    await until(() => server.watches.size === 1, 'the cache follows');
  });

  afterEach(async () => {
    stop.abort();
    await running;
    await server.close();
  });

  const fresh = (): Applier =>
    createApplier({
      fieldManager: 'tester',
      hashAnnotation: 'example.com/applied',
      cacheOf: () => reflector.cache,
    });

  const intent = (spec: object): KubeObject & { spec: object } => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
    spec,
  });

  const caughtUp = (): Promise<void> =>
    until(() => reflector.observedVersion() === String(server.version), 'the cache has caught up');
  const apply = async (spec: object): Promise<string> =>
    (await applier.apply(client, deployments, intent(spec))).outcome;
  const writes = (): number => server.writes().length;
  const edit = (change: (object: { spec: Record<string, unknown> }) => void): void => {
    // The stored object is plain JSON with a spec.
    const live = structuredClone(server.get('deployments', 'shop/web')) as unknown as {
      spec: Record<string, unknown>;
    };
    change(live);
    server.put('deployments', live);
  };

  test('writes once and is silent while nothing changes, also after a restart', async () => {
    assert.equal(await apply({ replicas: 2 }), 'created');
    await caughtUp();
    assert.equal(await apply({ replicas: 2 }), 'unchanged');
    applier = fresh();
    assert.equal(await apply({ replicas: 2 }), 'unchanged');
    assert.equal(writes(), 1);
    const request = server.requests.find(({ method }) => method === 'PATCH');
    assert.equal(request?.query.get('force'), 'true');
    assert.equal(request?.query.get('fieldManager'), 'tester');
  });

  test('writes when the intent changes, or loses a field', async () => {
    await apply({ replicas: 2, paused: true });
    await caughtUp();
    assert.equal(await apply({ replicas: 3, paused: true }), 'configured');
    await caughtUp();
    assert.equal(await apply({ replicas: 3 }), 'configured');
  });

  test('mends drift in what it states, and leaves alone what it does not', async () => {
    await apply({ template: { image: 'a' } });
    await caughtUp();
    edit(({ spec }) => (spec['replicas'] = 7));
    await caughtUp();
    assert.equal(await apply({ template: { image: 'a' } }), 'unchanged');
    edit(({ spec }) => (spec['template'] = { image: 'evil' }));
    await caughtUp();
    assert.equal(await apply({ template: { image: 'a' } }), 'configured');
  });

  test('is silent although the server spells values differently', async () => {
    // Stands for a server that turns "0.5" into "500m": the cached object never says what the intent says.
    await apply({ cpu: '0.5' });
    edit(({ spec }) => (spec['cpu'] = '500m'));
    await caughtUp();
    server.intercept(({ method }) =>
      method === 'PATCH'
        ? { kind: 'answer', status: 200, body: JSON.stringify(server.get('deployments', 'shop/web')) }
        : undefined,
    );
    assert.equal(await apply({ cpu: '0.5' }), 'unchanged');
    const before = writes();
    edit((object) => Object.assign(object, { status: { readyReplicas: 1 } }));
    await caughtUp();
    assert.equal(await apply({ cpu: '0.5' }), 'unchanged');
    assert.equal(await apply({ cpu: '0.5' }), 'unchanged');
    assert.equal(writes(), before);
  });

  test('does not take a lagging cache for drift', async () => {
    await apply({ replicas: 1 });
    await caughtUp();
    for (const watch of server.watches) watch.mute();
    assert.equal(await apply({ replicas: 2 }), 'configured');
    const before = writes();
    assert.deepEqual(reflector.cache.get('shop/web')?.spec, { replicas: 1 });
    assert.equal(await apply({ replicas: 2 }), 'unchanged');
    assert.equal(writes(), before);
  });

  test('makes an object anew that somebody deleted', async () => {
    await apply({ replicas: 1 });
    await caughtUp();
    server.remove('deployments', 'shop/web');
    await caughtUp();
    assert.equal(await apply({ replicas: 1 }), 'created');
  });

  test('writes status under its own manager, only when it differs, and only to the very object', async () => {
    await apply({ replicas: 1 });
    await caughtUp();
    const live = (): Deployment => reflector.cache.get('shop/web') ?? assert.fail('not cached');
    const status = { readyReplicas: 1 };
    assert.equal((await applier.applyStatus(client, deployments, live(), status)).outcome, 'configured');
    await caughtUp();
    assert.equal((await applier.applyStatus(client, deployments, live(), status)).outcome, 'unchanged');
    const request = server.requests.findLast(({ method }) => method === 'PATCH');
    assert.match(request?.path ?? '', /\/web\/status$/);
    assert.equal(request?.query.get('fieldManager'), 'tester-status');
    const old = live();
    server.remove('deployments', 'shop/web');
    server.put('deployments', intent({ replicas: 1 }));
    await assert.rejects(applier.applyStatus(client, deployments, old, { readyReplicas: 5 }), {
      reason: 'Conflict',
    });
  });
});

describe('canonical JSON', () => {
  test('is the same for every order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const shuffled = Object.fromEntries(Object.entries(value).toReversed());
        assert.equal(canonical(value), canonical(shuffled));
        assert.equal(hashOf(value), hashOf(shuffled));
      }),
    );
  });

  test('everything is a subset of itself, with fields added too', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (value, extra) => {
        const own = structuredClone(value);
        assert.ok(isSubset(value, own));
        if (!Object.hasOwn(own, 'extra')) assert.ok(isSubset(value, { ...own, extra }));
      }),
    );
    assert.ok(!isSubset({ a: [1, 2] }, { a: [1, 2, 3] }));
    assert.ok(!isSubset({ a: 1 }, {}));
    assert.ok(isSubset({ labels: {} }, {}));
  });
});
