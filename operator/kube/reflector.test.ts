import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Change } from './cache.ts';
import { createReflector, type Reflector, type ReflectorOptions } from './reflector.ts';
import { configMaps, type ConfigMap } from './resources.ts';
import { turnedClock } from './testing/clock.ts';
import { startFakeServer, type FakeServer } from './testing/fake-server.ts';
import { testLog } from './testing/log.ts';
import { until } from './testing/wait.ts';

const map = (name: string, value: string): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop', labels: { tier: 'web' } },
  data: { value },
});

describe('a reflector', () => {
  let server: FakeServer;
  let stop: AbortController;
  let reflector: Reflector<ConfigMap>;
  let running: Promise<void>;
  let log: ReturnType<typeof testLog>;
  const told: string[] = [];

  beforeEach(async () => {
    server = await startFakeServer();
    stop = new AbortController();
    log = testLog();
    told.length = 0;
  });

  afterEach(async () => {
    stop.abort();
    await running;
    await server.close();
  });

  const start = (options: Partial<ReflectorOptions<ConfigMap>> = {}): void => {
    reflector = createReflector({
      client: server.client(),
      type: configMaps,
      log: log.log,
      backoff: { minMs: 1, maxMs: 20 },
      ...options,
    });
    reflector.onChange(tell);
    running = reflector.run(stop.signal);
  };

  const tell = ({ type, object }: Change<ConfigMap>): void =>
    void told.push(`${type} ${object.metadata.name} ${object.data?.['value']}`);

  const shows = (name: string): string | undefined => reflector.cache.get(`shop/${name}`)?.data?.['value'];
  const watching = (): Promise<void> => until(() => server.watches.size === 1, 'it watches');
  const settled = (): Promise<void> =>
    until(() => reflector.observedVersion() === String(server.version), 'it has caught up');
  const onlyWatch = () => [...server.watches][0] ?? assert.fail('nobody watches');
  const lists = (): number =>
    server.requests.filter(({ method, query }) => method === 'GET' && query.get('watch') === null).length;

  test('lists in pages, then follows the watch, trimming what it keeps', async () => {
    for (let index = 0; index < 7; index += 1) server.put('configmaps', map(`m${index}`, '1'));
    start({ pageSize: 3 });
    await reflector.whenSynced();
    assert.equal(reflector.cache.size, 7);
    assert.equal(lists(), 3);
    await watching();
    server.put('configmaps', map('m1', '2'));
    server.remove('configmaps', 'shop/m2');
    await until(() => shows('m2') === undefined, 'm2 is gone');
    assert.equal(shows('m1'), '2');
    const kept = reflector.cache.get('shop/m1');
    assert.equal(kept?.metadata.managedFields, undefined);
    assert.ok(Object.isFrozen(kept?.metadata.labels));
  });

  test('resumes from where it was when the connection breaks mid-line, and misses nothing', async () => {
    start();
    await watching();
    server.put('configmaps', map('a', '1'));
    await until(() => shows('a') === '1', 'a is seen');
    onlyWatch().write('{"type":"MODIFIED","object":{"apiVer');
    onlyWatch().cut();
    server.put('configmaps', map('a', '2'));
    server.put('configmaps', map('b', '1'));
    await until(() => shows('b') === '1', 'b is seen');
    assert.deepEqual(told, ['added a 1', 'updated a 2', 'added b 1']);
    assert.equal(lists(), 1);
  });

  test('lists again after 410, tells only what differs, and buries what vanished meanwhile', async () => {
    server.put('configmaps', map('a', '1'));
    server.put('configmaps', map('b', '1'));
    start();
    await watching();
    onlyWatch().mute();
    server.remove('configmaps', 'shop/a');
    server.put('configmaps', map('c', '1'));
    server.compact();
    onlyWatch().cut();
    await until(() => shows('c') === '1', 'c is seen');
    assert.deepEqual(told, ['added a 1', 'added b 1', 'added c 1', 'deleted a 1']);
    assert.equal(lists(), 2);
  });

  test('leaves a half-open connection after a time of silence', async () => {
    start({ inactivityMs: 40 });
    await watching();
    onlyWatch().mute();
    server.put('configmaps', map('a', '1'));
    await until(() => shows('a') === '1', 'the silent watch was replaced');
  });

  test('ignores replayed, duplicated and reordered events', async () => {
    start();
    await watching();
    const first = server.put('configmaps', map('a', '1'));
    const second = server.put('configmaps', map('a', '2'));
    await settled();
    const watch = onlyWatch();
    watch.send({ type: 'MODIFIED', object: second });
    watch.send({ type: 'ADDED', object: first });
    server.remove('configmaps', 'shop/a');
    watch.send({ type: 'ADDED', object: first });
    watch.send({ type: 'MODIFIED', object: second });
    const late = server.put('configmaps', map('late', '1'), { silent: true });
    server.put('configmaps', map('z', '1'));
    watch.send({ type: 'ADDED', object: late });
    await until(() => shows('late') === '1', 'the event that came late is seen');
    assert.deepEqual(told, ['added a 1', 'updated a 2', 'deleted a 2', 'added z 1', 'added late 1']);
    assert.equal(shows('a'), undefined);
  });

  test('does not take the deletion of a predecessor for that of a recreated object', async () => {
    start();
    await watching();
    const old = server.put('configmaps', map('a', '1'));
    await settled();
    server.remove('configmaps', 'shop/a', { silent: true });
    server.put('configmaps', map('a', 'reborn'));
    await until(() => shows('a') === 'reborn', 'the new one is seen');
    onlyWatch().send({ type: 'DELETED', object: old });
    server.put('configmaps', map('b', '1'));
    await until(() => shows('b') === '1', 'b is seen');
    assert.equal(shows('a'), 'reborn');
  });

  test('refuses a first list older than what the server is known to have had', async () => {
    server.put('configmaps', map('a', 'old'));
    const snapshot = server.snapshot();
    server.put('configmaps', map('a', 'new'));
    const { version } = server;
    server.serveStale(snapshot);
    start({ staleListMs: 60_000, notBefore: async () => String(version) });
    await until(() => lists() >= 3, 'it has listed repeatedly');
    assert.equal(reflector.hasSynced(), false);
    server.serveStale(undefined);
    await until(() => shows('a') === 'new', 'it shows the present');
  });

  test('refuses a list older than what it has seen, and believes it after a while', async () => {
    server.put('configmaps', map('a', 'old'));
    const snapshot = server.snapshot();
    server.put('configmaps', map('a', 'new'));
    const clock = turnedClock();
    start({ staleListMs: 60_000, clock });
    await watching();
    server.serveStale(snapshot);
    server.compact();
    server.put('configmaps', map('b', '1'), { silent: true });
    server.compact();
    onlyWatch().cut();
    await until(() => lists() >= 3, 'it has listed repeatedly');
    assert.equal(shows('a'), 'new');
    clock.turn(60_000);
    await until(() => shows('a') === 'old', 'a restored backup is believed');
    assert.ok(log.complaints().some((message) => message.includes('back in time')));
  });

  test('finds an event the server dropped when it lists again', async () => {
    start({ relistMs: 50 });
    await watching();
    server.put('configmaps', map('lost', '1'), { silent: true });
    await until(() => shows('lost') === '1', 'the lost event is made up for');
  });

  test('survives resets, 429, 500 and nonsense while listing and watching', async () => {
    const faults = [
      { kind: 'reset' },
      { kind: 'answer', status: 500 },
      { kind: 'answer', status: 429, headers: { 'retry-after': '0' } },
      { kind: 'answer', status: 200, body: '<html>not an API server</html>' },
      { kind: 'answer', status: 503, body: 'upstream down' },
    ] as const;
    let step = 0;
    server.put('configmaps', map('a', '1'));
    server.intercept(() => {
      step += 1;
      return step % 2 === 1 ? faults[(step - 1) / 2] : undefined;
    });
    start();
    await until(() => shows('a') === '1', 'the list came through');
    server.put('configmaps', map('b', '1'));
    await until(() => shows('b') === '1', 'the watch came through');
    assert.equal(reflector.lastError(), undefined);
  });

  test('says why it is not synced', async () => {
    server.intercept(() => ({
      kind: 'answer',
      status: 403,
      body: JSON.stringify({
        kind: 'Status',
        code: 403,
        reason: 'Forbidden',
        message:
          'configmaps is forbidden: User "system:serviceaccount:a:b" cannot list resource "configmaps"',
      }),
    }));
    start();
    await until(() => reflector.lastError() !== undefined, 'it complains');
    assert.equal(reflector.hasSynced(), false);
    assert.match(
      reflector.lastError()?.remedy ?? '',
      /Allow "list" on configmaps.*system:serviceaccount:a:b/,
    );
  });

  test('isolates handlers that throw', async () => {
    start();
    reflector.onChange(() => {
      throw new Error('a bug in a handler');
    });
    const seen: string[] = [];
    reflector.onChange(({ object }) => void seen.push(object.metadata.name));
    await watching();
    server.put('configmaps', map('a', '1'));
    server.put('configmaps', map('b', '1'));
    await until(() => seen.length === 2, 'the other handler got both');
    assert.equal(log.complaints().filter((message) => message === 'a handler threw').length, 2);
  });

  test('moves on by bookmarks, so that a quiet resource does not expire', async () => {
    start();
    await watching();
    server.put('secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'shop' } });
    server.bookmark();
    await settled();
    server.compact();
    onlyWatch().cut();
    await watching();
    assert.equal(lists(), 1);
  });

  test('takes the first state from the watch where the server can stream it', async () => {
    server.put('configmaps', map('a', '1'));
    start({ streamList: true });
    await reflector.whenSynced();
    server.put('configmaps', map('b', '1'));
    await until(() => shows('b') === '1', 'b is seen');
    assert.equal(lists(), 0);
  });

  test('falls back to pages where the server cannot stream lists', async () => {
    server.put('configmaps', map('a', '1'));
    server.intercept(({ query }) =>
      query.get('sendInitialEvents') === 'true' ? { kind: 'answer', status: 422 } : undefined,
    );
    start({ streamList: true });
    await reflector.whenSynced();
    assert.equal(shows('a'), '1');
    assert.equal(lists(), 1);
  });

  test('hears only of what its selector covers, and knows it', async () => {
    server.put('configmaps', map('a', '1'));
    start({ labelSelector: 'tier in (db)', namespace: 'shop' });
    await reflector.whenSynced();
    assert.equal(reflector.cache.size, 0);
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'shop' } };
    assert.equal(reflector.covers(object), false);
    assert.equal(
      reflector.covers({ ...object, metadata: { ...object.metadata, labels: { tier: 'db' } } }),
      true,
    );
  });

  test('rejects whenSynced when it is stopped before', async () => {
    server.intercept(() => ({ kind: 'hang' }));
    start();
    stop.abort();
    await assert.rejects(reflector.whenSynced(), { reason: 'Aborted' });
  });
});
