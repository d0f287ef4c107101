/**
 * Kinds that come and go: whoever uses an optional reflector sees objects while the kind is served, and never waits for one
 * that is not.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createDefinitionsReflector, createOptionalReflector, type OptionalReflector } from './optional.ts';
import { resource } from './resources.ts';
import { startFakeServer, type FakeServer } from './testing/fake-server.ts';
import { testLog } from './testing/log.ts';
import { until } from './testing/wait.ts';

const widgets = resource('toys.example', 'v1', 'widgets', 'Widget');
const NAME = 'widgets.toys.example';

const definition = ({ established = true, versions = ['v1'] } = {}): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: NAME, labels: { a: 'b' } },
  spec: {
    group: 'toys.example',
    scope: 'Namespaced',
    names: { kind: 'Widget', plural: 'widgets' },
    versions: versions.map((name) => ({ name, served: true, storage: true, schema: { huge: 'x' } })),
  },
  status: { conditions: [{ type: 'Established', status: established ? 'True' : 'False' }] },
});

const widget = (name: string): object => ({
  apiVersion: 'toys.example/v1',
  kind: 'Widget',
  metadata: { name, namespace: 'shop' },
});

describe('an optional reflector', () => {
  let server: FakeServer;
  let stop: AbortController;
  let running: Promise<unknown>;
  let reflector: OptionalReflector;
  let definitions: ReturnType<typeof createDefinitionsReflector>;
  const told: string[] = [];
  let presences: string[];

  beforeEach(async () => {
    server = await startFakeServer();
    stop = new AbortController();
    told.length = 0;
    presences = [];
  });

  afterEach(async () => {
    stop.abort();
    await running;
    await server.close();
  });

  const start = (): void => {
    const common = { client: server.client(), log: testLog().log, backoff: { minMs: 1, maxMs: 20 } };
    definitions = createDefinitionsReflector(common);
    reflector = createOptionalReflector({ ...common, type: widgets, definitions });
    reflector.onChange(({ type, object }) => void told.push(`${type} ${object.metadata.name}`));
    reflector.onPresence(() => void presences.push(reflector.presence()));
    running = Promise.all([definitions.run(stop.signal), reflector.run(stop.signal)]);
  };
  const define = (options?: Parameters<typeof definition>[0]): void =>
    void server.put('customresourcedefinitions', definition(options));
  const asks = (): number => server.requests.filter(({ path }) => path.includes('widgets')).length;

  test('is synced at once where the kind is absent, and asks the server nothing about it', async () => {
    start();
    await reflector.whenSynced();
    assert.equal(reflector.presence(), 'absent');
    assert.equal(reflector.cache.size, 0);
    assert.equal(asks(), 0);
  });

  test('is synced with the objects where the kind is served', async () => {
    define();
    server.put('widgets', widget('a'));
    start();
    await reflector.whenSynced();
    assert.equal(reflector.presence(), 'served');
    assert.deepEqual([...reflector.cache.keys()], ['shop/a']);
  });

  test('begins when the kind appears, ends when it goes, and begins again', async () => {
    start();
    await reflector.whenSynced();
    server.put('widgets', widget('a'));
    define();
    await until(() => reflector.presence() === 'served', 'it is served');
    assert.deepEqual(told, ['added a']);
    server.remove('customresourcedefinitions', NAME);
    await until(() => reflector.presence() === 'absent', 'it is absent');
    assert.deepEqual(told, ['added a', 'deleted a']);
    assert.equal(reflector.cache.size, 0);
    assert.ok(reflector.hasSynced());
    await until(() => [...server.watches].every(({ resource }) => resource !== 'widgets'), 'its watch ends');
    define();
    await until(() => reflector.presence() === 'served', 'it is served again');
    assert.deepEqual(told, ['added a', 'deleted a', 'added a']);
    assert.equal(presences.at(-1), 'served');
  });

  test('a definition that is not established yet, or serves another version, is none', async () => {
    define({ established: false });
    start();
    await reflector.whenSynced();
    assert.equal(reflector.presence(), 'absent');
    define({ versions: ['v2'] });
    await until(() => definitions.observedVersion() === String(server.version), 'it is seen');
    assert.equal(reflector.presence(), 'absent');
    define({ versions: ['v2', 'v1'] });
    await until(() => reflector.presence() === 'served', 'it is served');
  });

  test('a kind whose objects cannot be listed keeps nobody waiting, is known as unseen, and is tried on', async () => {
    define();
    const heal = server.intercept(({ path }) =>
      path.includes('widgets') ? { kind: 'answer', status: 403 } : undefined,
    );
    start();
    await reflector.whenSynced();
    assert.equal(reflector.presence(), 'unseen');
    assert.ok(reflector.lastError());
    heal();
    await until(() => reflector.presence() === 'served', 'it is seen');
    assert.ok(presences.includes('unseen') && presences.at(-1) === 'served');
  });

  test('schemas are not kept', async () => {
    define();
    start();
    await definitions.whenSynced();
    const kept = definitions.cache.get(NAME);
    assert.doesNotMatch(JSON.stringify(kept), /huge|"a":"b"/);
  });

  test('who waits for it learns that it stopped', async () => {
    const unserved = server.intercept(() => ({ kind: 'answer', status: 503 }));
    start();
    const waiting = reflector.whenSynced();
    stop.abort();
    await assert.rejects(waiting, { reason: 'Aborted' });
    unserved();
  });
});
