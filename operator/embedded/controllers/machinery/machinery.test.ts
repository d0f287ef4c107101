import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import pino from 'pino';
import { ApiError, createApi, isNotFound, pathOf, type ApiRequest, type ApiResponse } from './client.ts';
import { createRecorder } from './events.ts';
import { digest, equal } from './equal.ts';
import { createInformer, type Informer } from './informer.ts';
import { parseQuantity } from './quantity.ts';
import { createQueue } from './queue.ts';
import { matchesSelector, matchesText, selectorText } from './selector.ts';
import { CONFIG_MAPS, DEPLOYMENTS, NODES, PODS, type ConfigMap } from './wire.ts';
import { until } from '../../testing/cluster.ts';

const log = pino({ level: 'silent' });

/** An API server of one kind whose watches the test can feed, break and forget. */
function fakeServer() {
  const objects = new Map<string, ConfigMap>();
  let version = 10;
  let oldest = 0;
  const history: { version: number; line: string }[] = [];
  const wakes = new Set<() => void>();
  let cut = 0;
  let lists = 0;
  const requests: ApiRequest[] = [];

  async function* watchFrom(start: number, signal?: AbortSignal): AsyncGenerator<string> {
    const mine = cut;
    let seen = start;
    while (!signal?.aborted && mine === cut) {
      for (const event of history.filter((one) => one.version > seen)) {
        seen = event.version;
        // In two pieces: a line may come in parts.
        yield event.line.slice(0, 7);
        yield `${event.line.slice(7)}\n`;
      }
      await new Promise<void>((resolve) => {
        wakes.add(resolve);
        signal?.addEventListener('abort', () => resolve());
      });
    }
    if (!signal?.aborted) throw new Error('connection reset');
  }
  async function* once(text: string): AsyncGenerator<string> {
    yield text;
  }
  const wake = (): void => {
    for (const resolve of wakes) resolve();
    wakes.clear();
  };
  return {
    requests,
    lists: () => lists,
    change(type: 'ADDED' | 'MODIFIED' | 'DELETED', name: string, data = ''): ConfigMap {
      version += 1;
      const object = {
        metadata: {
          name,
          namespace: 'ns',
          uid: name,
          resourceVersion: String(version),
          creationTimestamp: '',
        },
        data: { data },
      };
      if (type === 'DELETED') objects.delete(name);
      else objects.set(name, object);
      history.push({ version, line: JSON.stringify({ type, object }) });
      wake();
      return object;
    },
    /** Ends every watch; with `forget`, history before now is gone. */
    break(forget = false): void {
      cut += 1;
      if (forget) {
        oldest = version;
        history.length = 0;
      }
      wake();
    },
    async transport(request: ApiRequest): Promise<ApiResponse> {
      requests.push(request);
      const query = new URL(`http://x${request.path}`).searchParams;
      if (query.get('watch') !== 'true') {
        lists += 1;
        const items = [...objects.values()];
        return {
          status: 200,
          body: once(JSON.stringify({ metadata: { resourceVersion: String(version) }, items })),
        };
      }
      const start = Number(query.get('resourceVersion'));
      if (start < oldest)
        return { status: 410, body: once(JSON.stringify({ reason: 'Expired', message: 'too old' })) };
      return { status: 200, body: watchFrom(start, request.signal) };
    },
  };
}

describe('the cache of a kind', () => {
  async function following(
    check: (server: ReturnType<typeof fakeServer>, informer: Informer<ConfigMap>) => Promise<void>,
  ): Promise<void> {
    const server = fakeServer();
    server.change('ADDED', 'first');
    const informer = createInformer(createApi(server.transport), CONFIG_MAPS, log);
    await informer.synced;
    try {
      await check(server, informer);
    } finally {
      informer.close();
    }
  }

  test('holds what was there and what comes', () =>
    following(async (server, informer) => {
      assert.deepEqual(
        informer.list('ns').map(({ metadata }) => metadata.name),
        ['first'],
      );
      server.change('ADDED', 'second');
      server.change('DELETED', 'first');
      await until('both', () => informer.get('ns/second') && !informer.get('ns/first'));
      assert.deepEqual(informer.list('other'), []);
    }));

  test('takes up a broken watch where it was, without a new list', () =>
    following(async (server, informer) => {
      server.break();
      server.change('ADDED', 'later');
      await until('what came meanwhile', () => informer.get('ns/later'));
      assert.equal(server.lists(), 1);
    }));

  test('lists anew when the history is gone, and notices what went meanwhile', () =>
    following(async (server, informer) => {
      const gone: string[] = [];
      informer.subscribe(({ key, object }) => {
        if (!object) gone.push(key);
      });
      server.change('ADDED', 'second');
      await until('the second', () => informer.get('ns/second'));
      server.break();
      server.change('DELETED', 'first');
      server.break(true);
      await until('the first to go', () => !informer.get('ns/first'));
      assert.deepEqual([gone, server.lists()], [['ns/first'], 2]);
    }));

  test('reads its own writes, and is not taken back by what is older', () =>
    following(async (server, informer) => {
      const old = informer.get('ns/first');
      const newer = server.change('MODIFIED', 'first', 'new');
      informer.observe(newer);
      assert.equal(informer.get('ns/first')?.data?.['data'], 'new');
      server.change('DELETED', 'first');
      await until('the end', () => !informer.get('ns/first'));
      informer.observe(newer);
      informer.observe(old);
      assert.equal(informer.get('ns/first'), undefined, 'a late answer brings nothing back');
    }));

  test('goes on when a listener throws, and keeps its indexes', () =>
    following(async (server, informer) => {
      informer.addIndex('data', ({ data }) => [data?.['data'] ?? '']);
      server.change('MODIFIED', 'first', 'a');
      await until('the index', () => informer.indexed('data', 'a').length === 1);
      informer.subscribe(() => {
        throw new Error('listener');
      });
      server.change('MODIFIED', 'first', 'b');
      await until(
        'the next',
        () => informer.indexed('data', 'b').length === 1 && informer.indexed('data', 'a').length === 0,
      );
    }));
});

describe('the queue', () => {
  test('a key waits once and never runs twice at a time', async () => {
    const runs: string[] = [];
    let running = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const queue = createQueue({
      concurrency: 4,
      onError: () => assert.fail(),
      async work(key) {
        running += 1;
        assert.equal(running, 1);
        runs.push(key);
        if (runs.length === 1) await promise;
        running -= 1;
      },
    });
    queue.add('a');
    await until('the first run', () => runs.length === 1);
    for (let at = 0; at < 5; at += 1) queue.add('a');
    resolve();
    await until('the second run', () => runs.length === 2);
    await queue.close();
    assert.equal(runs.length, 2);
  });

  test('a failure comes back, later each time', async ({ mock }) => {
    mock.timers.enable({ apis: ['setTimeout'] });
    let runs = 0;
    const failures: number[] = [];
    const queue = createQueue({
      firstDelayMs: 10,
      onError: (_key, _error, count) => failures.push(count),
      async work() {
        runs += 1;
        if (runs < 4) throw new Error('not yet');
      },
    });
    const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    queue.add('a');
    await settled();
    for (const delay of [10, 20, 40]) {
      const before = runs;
      mock.timers.tick(delay - 1);
      await settled();
      assert.equal(runs, before, `less than ${delay} ms are not enough`);
      mock.timers.tick(1);
      await settled();
      assert.equal(runs, before + 1);
    }
    assert.deepEqual(failures, [1, 2, 3]);
    await queue.close();
  });

  test('of two dates the earlier one wins', async () => {
    let runs = 0;
    const queue = createQueue({ onError: () => assert.fail(), work: async () => void (runs += 1) });
    queue.addAfter('a', 60_000);
    queue.addAfter('a', 1);
    queue.addAfter('a', 60_000);
    await until('the run', () => runs === 1);
    await queue.close();
  });
});

describe('values', () => {
  test('quantities are read as Kubernetes writes them', () => {
    const cases: [string, number][] = [
      ['250m', 0.25],
      ['1.5Gi', 1.5 * 2 ** 30],
      ['2e3', 2000],
      ['128974848', 128_974_848],
      ['5n', 5e-9],
      ['1E', 1e18],
      ['.5', 0.5],
    ];
    for (const [text, value] of cases) assert.equal(parseQuantity(text), value);
    for (const bad of ['', 'abc', '1KB', '1 Gi', '--1']) assert.throws(() => parseQuantity(bad), RangeError);
  });

  test('equality and digest do not see the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const turned = reverseKeys(value);
        assert.ok(equal(value, turned));
        assert.equal(digest(value), digest(turned));
      }),
    );
    assert.ok(equal({ a: undefined, b: 1 }, { b: 1 }));
    assert.ok(!equal({ a: 1 }, { a: 2 }) && !equal([1, 2], [2, 1]) && !equal({}, []) && !equal(null, {}));
  });

  test('selectors match by equality and by expression, also as text', () => {
    const selector = {
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['a', 'b'] },
        { key: 'old', operator: 'DoesNotExist' },
      ],
    };
    const cases: [Record<string, string> | undefined, boolean][] = [
      [{ app: 'web', tier: 'a' }, true],
      [{ app: 'web', tier: 'c' }, false],
      [{ app: 'web', tier: 'a', old: '' }, false],
      [undefined, false],
    ];
    for (const [labels, expected] of cases) {
      assert.equal(matchesSelector(selector, labels), expected);
      assert.equal(matchesText(selectorText(selector), labels), expected);
    }
    assert.equal(matchesSelector(undefined, {}), false);
    assert.equal(matchesSelector({}, {}), true);
    assert.ok(matchesText('a!=b,c', { c: '' }) && !matchesText('a!=b', { a: 'b' }));
  });
});

describe('the client', () => {
  const answering = (status: number, body: string) =>
    createApi(() =>
      Promise.resolve({
        status,
        body: (async function* () {
          yield body;
        })(),
      }),
    );

  test('knows where each kind lives', () => {
    assert.equal(pathOf(PODS, 'ns', 'p', 'status'), '/api/v1/namespaces/ns/pods/p/status');
    assert.equal(pathOf(DEPLOYMENTS), '/apis/apps/v1/deployments');
    assert.equal(pathOf(NODES, '', 'n'), '/api/v1/nodes/n');
  });

  test('tells what the server said', async () => {
    const status = JSON.stringify({ reason: 'NotFound', message: 'pods "p" not found' });
    await assert.rejects(
      answering(404, status).get(PODS, 'ns', 'p'),
      (error) => isNotFound(error) && error instanceof ApiError && error.message === 'pods "p" not found',
    );
    await assert.rejects(answering(502, '<html>').get(PODS, 'ns', 'p'), /answered 502: <html>/);
  });
});

test('an event that repeats is counted up', async () => {
  const writes: { method: string; body: Record<string, unknown> }[] = [];
  const api = createApi(async ({ method, body = '{}' }) => {
    writes.push({ method, body: JSON.parse(body) as Record<string, unknown> });
    return {
      status: 200,
      body: (async function* () {
        yield '{}';
      })(),
    };
  });
  const recorder = createRecorder(api, { now: () => new Date(0) }, log);
  const pod = {
    metadata: { name: 'p', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  };
  for (let at = 0; at < 3; at += 1)
    recorder.event(PODS, pod, { type: 'Normal', reason: 'Again', message: 'and again' });
  recorder.event(PODS, pod, { type: 'Normal', reason: 'Other', message: 'once' });
  assert.equal(writes.filter(({ method }) => method === 'POST').length, 2);
  await until('the count', () =>
    writes.some(({ method, body }) => method === 'PATCH' && body['count'] === 3),
  );
});

function reverseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reverseKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, reverseKeys(item)]),
  );
}
