import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { until } from '../../tests/support/wait.ts';
import type { Client } from './client.ts';
import {
  findCondition,
  kstatus,
  removeCondition,
  setCondition,
  setConditions,
  type Condition,
} from './conditions.ts';
import { deleteObject } from './delete.ts';
import { createRecorder } from './events.ts';
import { addFinalizer, hasFinalizer, removeFinalizer } from './finalizers.ts';
import { serveHealth } from './health.ts';
import { inventoryOf, obsolete, union } from './inventory.ts';
import { createMetrics } from './metrics.ts';
import { configMaps, type ConfigMap } from './resources.ts';
import { labelMatcher } from './selectors.ts';
import { manualClock } from './testing/clock.ts';
import { startFakeServer, type FakeServer } from './testing/fake-server.ts';
import { testLog } from './testing/log.ts';
import type { KubeObject } from './types.ts';

/** What these tests read of an Event. */
interface Told {
  readonly involvedObject: { readonly name: string };
  readonly reason: string;
}

describe('deleting and finalizers', () => {
  let server: FakeServer;
  let client: Client;
  beforeEach(async () => {
    server = await startFakeServer();
    client = server.client();
  });
  afterEach(() => server.close());

  const put = (metadata: object = {}): ConfigMap =>
    server.put('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'shop', ...metadata },
    }) as ConfigMap;

  test('deletes the very object that was seen, and calls "gone" done', async () => {
    const live = put();
    assert.equal(await deleteObject(client, configMaps, live), 'deleted');
    assert.equal(await deleteObject(client, configMaps, live), 'gone');
    const recreated = put();
    assert.notEqual(recreated.metadata.uid, live.metadata.uid);
    assert.equal(await deleteObject(client, configMaps, live), 'replaced');
    assert.ok(server.get('configmaps', 'shop/a') !== undefined);
  });

  test('does not ask twice for a deletion that finalizers hold', async () => {
    const live = put({ finalizers: ['x/y'] });
    assert.equal(await deleteObject(client, configMaps, live), 'terminating');
    const terminating = server.get('configmaps', 'shop/a') as ConfigMap;
    const before = server.writes().length;
    assert.equal(await deleteObject(client, configMaps, terminating), 'terminating');
    assert.equal(server.writes().length, before);
  });

  test('adds and removes its finalizer and leaves those of others', async () => {
    const live = put({ finalizers: ['other/one'] });
    const added = await addFinalizer(client, configMaps, live, 'ours/one');
    assert.deepEqual(added.metadata.finalizers, ['other/one', 'ours/one']);
    assert.ok(hasFinalizer(added, 'ours/one'));
    const before = server.writes().length;
    await addFinalizer(client, configMaps, added, 'ours/one');
    assert.equal(server.writes().length, before);
    await assert.rejects(
      removeFinalizer(
        client,
        configMaps,
        { ...added, metadata: { ...added.metadata, resourceVersion: '1' } },
        'ours/one',
      ),
      {
        reason: 'Conflict',
      },
    );
    await removeFinalizer(client, configMaps, added, 'ours/one');
    assert.deepEqual(server.get('configmaps', 'shop/a')?.metadata.finalizers, ['other/one']);
    server.remove('configmaps', 'shop/a');
    await removeFinalizer(client, configMaps, added, 'ours/one');
  });

  test('removing the last finalizer lets a deleted object go', async () => {
    const live = put({ finalizers: ['ours/one'] });
    await deleteObject(client, configMaps, live);
    const held = server.get('configmaps', 'shop/a') as ConfigMap;
    await removeFinalizer(client, configMaps, held, 'ours/one');
    assert.equal(server.get('configmaps', 'shop/a'), undefined);
  });
});

describe('events', () => {
  test('are counted when they repeat, told together when many differ, and cut when they flood', async () => {
    const server = await startFakeServer();
    const clock = manualClock();
    const log = testLog();
    const recorder = createRecorder({ client: server.client(), component: 'tester', log: log.log, clock });
    const about: KubeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'shop', uid: 'u1' },
    };
    for (let index = 0; index < 3; index += 1) {
      recorder.record(about, { type: 'Normal', reason: 'Made', message: 'it was made' });
    }
    await recorder.flush();
    const stored = (): (KubeObject & { count: number; message: string })[] =>
      server.requests
        .filter(({ method }) => method === 'POST')
        .map(({ body }) => JSON.parse(body).metadata.name as string)
        .map(
          (name) => server.get('events', `shop/${name}`) as KubeObject & { count: number; message: string },
        );
    assert.deepEqual(
      stored().map(({ count }) => count),
      [3],
    );
    for (let index = 0; index < 14; index += 1) {
      recorder.record(about, { type: 'Warning', reason: 'Failed', message: `reason ${index}` });
    }
    await recorder.flush();
    assert.equal(stored().length, 1 + 10 + 1);
    assert.match(stored().at(-1)?.message ?? '', /^\(combined from similar events\)/);
    const before = server.writes().length;
    for (let index = 0; index < 100; index += 1) {
      recorder.record(about, { type: 'Normal', reason: `R${index}`, message: 'flood' });
    }
    await recorder.flush();
    assert.ok(server.writes().length - before <= 10);
    await server.close();
  });

  test('of one object are written in their order, and do not wait for those of another', async () => {
    const server = await startFakeServer();
    const real = server.client();
    const held = Promise.withResolvers<void>();
    const written: string[] = [];
    const slowly: Client = {
      ...real,
      async create(type, object, options) {
        const { involvedObject, reason } = object as unknown as Told;
        if (involvedObject.name === 'slow' && reason === 'First') await held.promise;
        written.push(`${involvedObject.name} ${reason}`);
        return real.create(type, object, options);
      },
    };
    const recorder = createRecorder({ client: slowly, component: 'tester', log: testLog().log });
    const about = (name: string): KubeObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'shop', uid: name },
    });
    for (const reason of ['First', 'Second'])
      for (const name of ['slow', ...Array.from({ length: 20 }, (_, nth) => `quick-${nth}`)])
        recorder.record(about(name), { type: 'Normal', reason, message: 'm' });
    await until(() => (written.length === 40 ? true : undefined), {
      withinMs: 30_000,
      what: 'the others are written',
    });
    held.resolve();
    await recorder.flush();
    assert.deepEqual(
      written.filter((line) => line.startsWith('slow')),
      ['slow First', 'slow Second'],
    );
    assert.equal(written.length, 42);
    await server.close();
  });

  test('that cannot be written are logged, not thrown', async () => {
    const server = await startFakeServer();
    const log = testLog();
    const recorder = createRecorder({ client: server.client(), component: 'tester', log: log.log });
    server.intercept(() => ({ kind: 'reset' }));
    recorder.record(
      { apiVersion: 'v1', kind: 'X', metadata: { name: 'a' } },
      { type: 'Normal', reason: 'R', message: 'm' },
    );
    await recorder.flush();
    assert.deepEqual(log.complaints(), ['an event was not recorded']);
    await server.close();
  });
});

describe('conditions', () => {
  const clock = manualClock();
  const ready = (status: 'True' | 'False', reason = 'R', message = 'm') => ({
    type: 'Ready',
    status,
    reason,
    message,
  });

  test('keep their transition time while the status stays', async () => {
    const first = setCondition([], ready('False'), clock);
    await clock.advance(60_000);
    const second = setCondition(first, ready('False', 'Other', 'new text'), clock);
    assert.equal(second[0]?.lastTransitionTime, first[0]?.lastTransitionTime);
    assert.equal(second[0]?.message, 'new text');
    const third = setCondition(second, ready('True'), clock);
    assert.notEqual(third[0]?.lastTransitionTime, first[0]?.lastTransitionTime);
    assert.equal(removeCondition(third, 'Ready').length, 0);
  });

  test('follow kstatus: three of them, and exactly one says what is going on', () => {
    for (const state of ['ready', 'progressing', 'stalled'] as const) {
      const all = setConditions([], kstatus(state, 'Why', 'because', 7), clock);
      const isSo = (type: string): string | undefined => findCondition(all, type)?.status;
      assert.deepEqual(
        [isSo('Ready'), isSo('Reconciling'), isSo('Stalled')],
        [state === 'ready', state === 'progressing', state === 'stalled'].map((so) =>
          so ? 'True' : 'False',
        ),
      );
      assert.ok(
        all.every((condition: Condition) => condition.observedGeneration === 7 && condition.reason !== ''),
      );
    }
  });
});

describe('an inventory', () => {
  const of = (kind: string, name: string, apiVersion = 'v1'): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name, namespace: 'shop' },
  });

  test('is the same list for the same set, whatever the order or served version', () => {
    const a = inventoryOf([of('Secret', 's'), of('ConfigMap', 'c'), of('Secret', 's')]);
    const b = inventoryOf([of('ConfigMap', 'c'), of('Secret', 's')]);
    assert.deepEqual(a, b);
    assert.deepEqual(union(a, b), a);
    const [before, now] = [inventoryOf([of('X', 'x', 'g/v1beta1')]), inventoryOf([of('X', 'x', 'g/v1')])];
    assert.deepEqual(obsolete(before, now), []);
  });

  test('prunes traffic first, then what runs, then what that uses', () => {
    const before = inventoryOf([
      of('Secret', 's'),
      of('Deployment', 'd', 'apps/v1'),
      of('HTTPRoute', 'r', 'g/v1'),
      of('Service', 'v'),
    ]);
    assert.deepEqual(
      obsolete(before, inventoryOf([of('Service', 'v')])).map(({ kind }) => kind),
      ['HTTPRoute', 'Deployment', 'Secret'],
    );
  });
});

describe('health', () => {
  test('is ready when nobody complains, and shows metrics', async () => {
    let complaint: string | undefined = 'the cache of pods: connection refused';
    const metrics = createMetrics();
    const server = await serveHealth({
      host: '127.0.0.1',
      port: 0,
      ready: {
        caches: () => complaint,
        broken: () => {
          if (complaint !== undefined) throw new Error('a check that throws');
          return undefined;
        },
      },
      registry: metrics.registry,
    });
    const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${server.port}${path}`);
    assert.equal((await get('/livez')).status, 200);
    const notReady = await get('/readyz');
    assert.equal(notReady.status, 503);
    assert.match(
      await notReady.text(),
      /\[-\] caches: the cache of pods.*\n\[-\] broken: Error: a check that throws/,
    );
    complaint = undefined;
    assert.equal((await get('/readyz?verbose')).status, 200);
    assert.match(await (await get('/metrics')).text(), /workqueue_depth/);
    assert.equal((await get('/other')).status, 404);
    await server.close();
  });
});

describe('label selectors', () => {
  for (const [selector, labels, matches] of [
    ['', {}, true],
    ['a=b', { a: 'b' }, true],
    ['a==b,c!=d', { a: 'b' }, true],
    ['c!=d', { c: 'd' }, false],
    ['a in (x, y)', { a: 'y' }, true],
    ['a notin (x,y)', {}, true],
    ['a notin (x,y)', { a: 'x' }, false],
    ['a,!b', { a: '' }, true],
    ['!a', { a: '1' }, false],
    ['a in (x),b=c', { a: 'x', b: 'd' }, false],
  ] as const) {
    test(`"${selector}" ${matches ? 'matches' : 'does not match'} ${JSON.stringify(labels)}`, () => {
      assert.equal(labelMatcher(selector)(labels), matches);
    });
  }
  test('that make no sense are refused', () => {
    assert.throws(() => labelMatcher('a = b c'), RangeError);
  });
});
