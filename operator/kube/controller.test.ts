import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, test } from 'node:test';
import {
  createController,
  keysOfLabel,
  keysOfOwner,
  source,
  specChanged,
  TerminalError,
} from './controller.ts';
import type { Controller, ControllerOptions, Reconcile } from './controller.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createReflector, type Reflector } from './reflector.ts';
import { configMaps, secrets, type ConfigMap, type Secret } from './resources.ts';
import { startFakeServer, type FakeServer } from './testing/fake-server.ts';
import { turnedClock } from './testing/clock.ts';
import { testLog } from './testing/log.ts';
import { until } from './testing/wait.ts';

const object = (kind: string, name: string, extra: object = {}): object => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'shop', ...extra },
});

describe('a controller', () => {
  let server: FakeServer;
  let stop: AbortController;
  let log: ReturnType<typeof testLog>;
  let metrics: Metrics;
  let parents: Reflector<ConfigMap>;
  let children: Reflector<Secret>;
  let controller: Controller;
  let running: Promise<unknown>;

  beforeEach(async () => {
    server = await startFakeServer();
    stop = new AbortController();
    log = testLog();
    metrics = createMetrics();
  });

  afterEach(async () => {
    stop.abort();
    await running;
    await server.close();
  });

  const start = (reconcile: Reconcile, options: Partial<ControllerOptions> = {}): void => {
    const client = server.client();
    const backoff = { minMs: 1, maxMs: 10 };
    parents = createReflector({ client, type: configMaps, log: log.log, backoff });
    children = createReflector({ client, type: secrets, log: log.log, backoff });
    controller = createController({
      name: 'test',
      client,
      sources: [source(parents), source(children, keysOfLabel('parent'))],
      reconcile,
      log: log.log,
      metrics,
      queue: { backoff: { minMs: 1, maxMs: 20 } },
      ...options,
    });
    running = Promise.all([
      parents.run(stop.signal),
      children.run(stop.signal),
      controller.run(stop.signal, 200),
    ]);
  };

  test('reconciles what exists, what changes, and whom a child concerns', async () => {
    server.put('configmaps', object('ConfigMap', 'a'));
    const runs: string[] = [];
    start(async (key, { name, namespace }) => void runs.push(`${key} ${namespace} ${name}`));
    await until(() => runs.length === 1, 'the first object is reconciled');
    assert.equal(runs[0], 'shop/a shop a');
    server.put('secrets', object('Secret', 's', { labels: { parent: 'shop/a' } }));
    await until(() => runs.length === 2, 'the child wakes its parent');
    server.remove('configmaps', 'shop/a');
    await until(() => runs.length === 3, 'a deletion is a reason too');
  });

  test('does not begin before every cache is synced', async () => {
    server.put('configmaps', object('ConfigMap', 'a'));
    const open = server.intercept(({ path }) => (path.endsWith('/secrets') ? { kind: 'reset' } : undefined));
    let runs = 0;
    start(async () => void (runs += 1));
    await parents.whenSynced();
    assert.equal(controller.hasSynced(), false);
    assert.equal(runs, 0);
    open();
    await until(() => runs === 1, 'it begins when the other cache is there');
  });

  test('retries what throws with back-off, keeps others going, and forgets failures after a success', async () => {
    for (const name of ['bad', 'good']) server.put('configmaps', object('ConfigMap', name));
    const seen: number[] = [];
    let good = 0;
    start(async (key, { failures }) => {
      if (key === 'shop/good') return void (good += 1);
      seen.push(failures);
      if (seen.length < 4) throw new Error('not yet');
    });
    await until(() => seen.length === 4, 'it was retried');
    assert.deepEqual(seen, [0, 1, 2, 3]);
    assert.equal(good, 1);
    server.put('configmaps', object('ConfigMap', 'bad', { labels: { again: '1' } }));
    await until(() => seen.length === 5, 'it is reconciled again');
    assert.equal(seen[4], 0);
    const text = await metrics.registry.metrics();
    assert.match(text, /controller_runtime_reconcile_total\{controller="test",result="error"\} 3/);
    assert.match(text, /controller_runtime_reconcile_errors_total\{controller="test"\} 3/);
    assert.match(text, /workqueue_retries_total\{name="test",controller="test"\} 3/);
    assert.match(text, /controller_runtime_max_concurrent_reconciles\{controller="test"\} 4/);
    assert.match(text, /workqueue_depth\{name="test",controller="test"\} 0/);
  });

  test('counts only failures in a row that got nowhere: what wrote something starts its back-off anew', async () => {
    server.put('configmaps', object('ConfigMap', 'a'));
    const seen: number[] = [];
    start(
      async (_, { failures, client }) => {
        seen.push(failures);
        // `object` makes any kind.
        if (seen.length === 3) await client.create(secrets, object('Secret', 'made') as Secret);
        if (seen.length < 6) throw new Error('not yet');
      },
      { writesTimeoutMs: 50 },
    );
    await until(() => seen.length === 6, 'it was retried');
    assert.deepEqual(seen, [0, 1, 2, 1, 2, 3]);
  });

  test('survives what throws before its first await, and things that are no errors', async () => {
    server.put('configmaps', object('ConfigMap', 'a'));
    let runs = 0;
    start((() => {
      runs += 1;
      // The worst a handler can do.
      if (runs === 1) throw undefined;
      if (runs === 2) throw new RangeError('bug');
      return Promise.resolve();
    }) as Reconcile);
    await until(() => runs === 3, 'it goes on');
  });

  test('does not retry what is wrong for good', async () => {
    server.put('configmaps', object('ConfigMap', 'a'));
    let runs = 0;
    start(async () => {
      runs += 1;
      throw new TerminalError('the spec makes no sense');
    });
    await until(() => log.complaints().some((line) => line.includes('for good')), 'it says so');
    server.put('configmaps', object('ConfigMap', 'b'));
    await until(() => runs === 2, 'the next object is reconciled');
    assert.match(await metrics.registry.metrics(), /terminal_reconcile_errors_total\{controller="test"\} 2/);
  });

  test('comes back when asked to', async () => {
    server.put('configmaps', object('ConfigMap', 'a'));
    let runs = 0;
    start(async () => ((runs += 1) < 3 ? { requeueAfterMs: 2 } : {}));
    await until(() => runs === 3, 'it came back twice');
    assert.match(await metrics.registry.metrics(), /result="requeue_after"\} 2/);
  });

  test('does not reconcile a key again before the cache has seen its writes', async () => {
    server.put('configmaps', object('ConfigMap', 'a'));
    let runs = 0;
    const views: (string | undefined)[] = [];
    start(async (key, { client }) => {
      runs += 1;
      views.push(children.cache.get('shop/child')?.metadata.uid);
      if (children.cache.has('shop/child')) return;
      await client.create(secrets, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'child', namespace: 'shop', labels: { parent: key } },
      });
    });
    await until(() => server.watches.size === 2, 'both caches watch');
    // Nothing more reaches the cache of children; the parent keeps changing.
    await until(() => runs >= 1, 'the first run');
    await until(() => views.at(-1) !== undefined, 'the child is seen');
    const creates = server.writes().filter((line) => line.startsWith('POST'));
    assert.equal(creates.length, 1);
  });

  test('waits for its writes even while events keep coming, and gives up waiting after a time', async () => {
    let runs = 0;
    const clock = turnedClock();
    start(
      async (key, { client }) => {
        runs += 1;
        if (runs > 1) return;
        await client.create(secrets, {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'child', namespace: 'shop', labels: { parent: key } },
        });
      },
      { writesTimeoutMs: 60_000, clock },
    );
    await until(() => server.watches.size === 2, 'both caches watch');
    for (const watch of server.watches) if (watch.resource === 'secrets') watch.mute();
    server.put('configmaps', object('ConfigMap', 'a'));
    await until(() => server.get('secrets', 'shop/child') !== undefined, 'the first run has written');
    for (let index = 0; index < 5; index += 1) {
      server.put('configmaps', object('ConfigMap', 'a', { labels: { index: String(index) } }));
    }
    await until(() => parents.observedVersion() === String(server.version), 'the changes are seen');
    assert.equal(runs, 1);
    clock.turn(60_000);
    await until(() => runs === 2, 'it stops waiting');
    assert.ok(log.complaints().some((line) => line.includes('did not show')));
    assert.match(await metrics.registry.metrics(), /controller_writes_unseen_total\{controller="test"\} 1/);
  });

  test('waits until what it deleted is gone from the cache', async () => {
    server.put('configmaps', object('ConfigMap', 'a'));
    server.put('secrets', object('Secret', 'child', { labels: { parent: 'shop/a' } }));
    let deletes = 0;
    start(async (_key, { client }) => {
      const child = children.cache.get('shop/child');
      if (child === undefined) return;
      deletes += 1;
      await client.delete(secrets, child.metadata, { uid: child.metadata.uid });
    });
    await until(() => server.get('secrets', 'shop/child') === undefined, 'it is deleted');
    server.put('configmaps', object('ConfigMap', 'a', { labels: { x: '1' } }));
    await until(() => children.cache.size === 0, 'the cache knows');
    assert.equal(deletes, 1);
  });

  test('slows a key that runs hot, says who woke it, and leaves others alone', async () => {
    let hot = 0;
    let calm = 0;
    start(
      async (key) => {
        if (key === 'shop/calm') return void (calm += 1);
        hot += 1;
        return { requeueAfterMs: 0 };
      },
      { breaker: { burst: 20, perSecond: 1, openMs: 60_000 } },
    );
    server.put('configmaps', object('ConfigMap', 'hot'));
    await until(() => log.complaints().some((line) => line.includes('too often')), 'the breaker opens');
    assert.ok(hot <= 22, `${hot} runs`);
    server.put('configmaps', object('ConfigMap', 'calm'));
    await until(() => calm === 1, 'others are not affected');
    const line = log.lines.find(({ msg }) => String(msg).includes('too often'));
    assert.deepEqual(line?.['triggers'], { configmaps: 1 });
    assert.match(await metrics.registry.metrics(), /breaker_opens_total\{controller="test"\} 1/);
  });

  test('aborts a reconcile that takes too long', async () => {
    server.put('configmaps', object('ConfigMap', 'a'));
    let reason: unknown;
    start(
      (_key, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reason ??= signal.reason;
            reject(signal.reason);
          });
        }),
      { timeoutMs: 20 },
    );
    await until(() => reason !== undefined, 'the signal is aborted');
    assert.match(String(reason), /took too long/);
  });

  test('leaves nothing behind on the signal that stops it', async () => {
    server.put('configmaps', object('ConfigMap', 'a'));
    const counts: number[] = [];
    start(async (_key, { signal }) => {
      signal.addEventListener('abort', () => undefined);
      counts.push(getEventListeners(stop.signal, 'abort').length);
      return counts.length < 30 ? { requeueAfterMs: 0 } : {};
    });
    await until(() => counts.length === 30, 'it ran often');
    assert.ok((counts.at(-1) ?? 0) <= (counts[5] ?? 0) + 2, `${counts.join(' ')} listeners`);
  });

  test('finishes what runs when it stops, and starts nothing more', async () => {
    for (const name of ['a', 'b']) server.put('configmaps', object('ConfigMap', name));
    const events: string[] = [];
    const gate = Promise.withResolvers<void>();
    start(
      async (key) => {
        events.push(`start ${key}`);
        await gate.promise;
        events.push(`end ${key}`);
      },
      { workers: 1 },
    );
    await until(() => events.length === 1, 'one is under way');
    stop.abort();
    gate.resolve();
    await running;
    assert.deepEqual(events, ['start shop/a', 'end shop/a']);
  });

  test('tells owners and status changes apart', () => {
    const meta = { name: 'x', namespace: 'shop' };
    const owner = { apiVersion: 'v1', kind: 'Parent', name: 'p', uid: '1', controller: true };
    const child = { apiVersion: 'v1', kind: 'X', metadata: { ...meta, ownerReferences: [owner] } };
    assert.deepEqual(keysOfOwner('Parent')({ type: 'added', object: child }), ['shop/p']);
    assert.deepEqual(keysOfOwner('Other')({ type: 'added', object: child }), []);
    const previous = { ...child, metadata: { ...meta, generation: 1 } };
    const status = { ...child, metadata: { ...meta, generation: 1, resourceVersion: '5' } };
    assert.equal(specChanged({ type: 'updated', object: status, previous }), false);
    const labelled = { ...status, metadata: { ...status.metadata, labels: { a: 'b' } } };
    assert.equal(specChanged({ type: 'updated', object: labelled, previous }), true);
  });
});
