/**
 * Figures out of gateways and out of a Prometheus: sums, restarts, silence.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { AddressInfo } from 'node:net';
import { createGatewayMetrics } from '../../../runtime/gateway/metrics.ts';
import type { GatewayMetrics } from '../../../runtime/gateway/metrics.ts';
import { queriesOf } from '../../resources/queries.ts';
import { countersOf, quantile } from './exposition.ts';
import { createGatewayTraffic } from './gateways.ts';
import { createPrometheusTraffic } from './prometheus.ts';
import type { Window } from './traffic.ts';

const BACKEND = 'shopmind-system/runtime-canary:8080';
const SIGNAL = new AbortController().signal;
const window = (id: string): Window => ({ backend: BACKEND, id, startedAt: new Date(0) });

/** A gateway as far as it counts. */
const gateway = (): GatewayMetrics =>
  createGatewayMetrics({ connections: () => 0, active: () => 0, routes: () => 0 });

/** Gateways by address, with what the operator is told of them. */
function world() {
  const pods = new Map<string, GatewayMetrics>();
  const silent = new Set<string>();
  const traffic = createGatewayTraffic({
    // Only the list is ever asked for.
    client: {
      listAll: async () => ({
        metadata: {},
        items: [
          {
            ports: [
              { name: 'http', port: 8080 },
              { name: 'admin', port: 9090 },
            ],
            endpoints: [...pods.keys()].map((ip) => ({
              addresses: [ip],
              conditions: { ready: true },
              targetRef: { uid: ip },
            })),
          },
        ],
      }),
    } as never,
    async scrape(address) {
      const ip = address.slice(0, address.indexOf(':'));
      assert.equal(address, `${ip}:9090`);
      if (silent.has(ip)) throw new Error('connection refused');
      return (await pods.get(ip)?.registry.metrics()) ?? '';
    },
  });
  return { pods, silent, traffic, read: (id = 'w') => traffic.read(window(id), SIGNAL) };
}

describe('the figures of gateways', () => {
  test('are what was counted since the first question, summed over all, cancelled requests apart', async () => {
    const { pods, read } = world();
    const [a, b] = [gateway(), gateway()];
    pods.set('10.0.0.1', a).set('10.0.0.2', b);
    a.backendAnswered(BACKEND, 'error', 0.2);
    assert.deepEqual(await read(), { requests: 0, errors: 0, p99Ms: undefined, missing: undefined });
    for (let n = 0; n < 98; n += 1) a.backendAnswered(BACKEND, 'ok', 0.004);
    b.backendAnswered(BACKEND, 'error', 0.25);
    b.backendAnswered(BACKEND, 'ok', 0.25);
    b.backendAnswered(BACKEND, 'cancelled', 9);
    b.backendAnswered('shopmind-system/runtime:8080', 'error', 9);
    const { requests, errors, p99Ms, missing } = await read();
    assert.deepEqual([requests, errors, missing], [100, 1, undefined]);
    assert.ok(p99Ms !== undefined && p99Ms > 200 && p99Ms <= 300, String(p99Ms));
  });

  test('begin anew with a new window', async () => {
    const { pods, read } = world();
    const a = gateway();
    pods.set('10.0.0.1', a);
    await read('one');
    a.backendAnswered(BACKEND, 'ok', 0.01);
    assert.equal((await read('one')).requests, 1);
    a.backendAnswered(BACKEND, 'ok', 0.01);
    assert.equal((await read('two')).requests, 0);
    a.backendAnswered(BACKEND, 'ok', 0.01);
    assert.equal((await read('two')).requests, 1);
  });

  test('survive the restart of a gateway, and count a new one from where it is first seen', async () => {
    const { pods, read } = world();
    const a = gateway();
    pods.set('10.0.0.1', a);
    await read();
    for (let n = 0; n < 10; n += 1) a.backendAnswered(BACKEND, 'ok', 0.01);
    assert.equal((await read()).requests, 10);
    const restarted = gateway();
    pods.set('10.0.0.1', restarted);
    restarted.backendAnswered(BACKEND, 'error', 0.01);
    const late = gateway();
    for (let n = 0; n < 5; n += 1) late.backendAnswered(BACKEND, 'ok', 0.01);
    pods.set('10.0.0.3', late);
    assert.deepEqual([(await read()).requests, (await read()).errors], [11, 1]);
    late.backendAnswered(BACKEND, 'ok', 0.01);
    assert.equal((await read()).requests, 12);
  });

  test('say which gateway was silent, and miss nothing once it speaks again', async () => {
    const { pods, silent, read } = world();
    const [a, b] = [gateway(), gateway()];
    pods.set('10.0.0.1', a).set('10.0.0.2', b);
    await read();
    silent.add('10.0.0.2');
    a.backendAnswered(BACKEND, 'ok', 0.01);
    b.backendAnswered(BACKEND, 'ok', 0.01);
    const partial = await read();
    assert.equal(partial.requests, 1);
    assert.equal(partial.missing, 'the figures of gateway 10.0.0.2:9090 (connection refused) cannot be read');
    silent.clear();
    assert.deepEqual([(await read()).requests, (await read()).missing], [2, undefined]);
  });

  test('of no gateway at all are no figures', async () => {
    const { read } = world();
    assert.match(
      (await read()).missing ?? '',
      /no gateway with a port named admin is ready in shopmind-system/,
    );
  });

  test('add up to what was counted, however often one looks and whoever restarts', async () => {
    const act = fc.oneof(
      fc.record({
        what: fc.constant('answer' as const),
        pod: fc.nat({ max: 2 }),
        error: fc.boolean(),
        seconds: fc.constantFrom(0.001, 0.04, 0.7, 80),
      }),
      fc.record({ what: fc.constant('look' as const) }),
      fc.record({ what: fc.constant('restart' as const), pod: fc.nat({ max: 2 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
        const { pods, read } = world();
        const ips = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
        for (const ip of ips) pods.set(ip, gateway());
        await read();
        const counted = { requests: 0, errors: 0 };
        // What a process counted since the last look goes with it; nobody can know of it.
        let unseen = new Map<string, { requests: number; errors: number }>();
        for (const one of acts) {
          if (one.what === 'look') {
            const { requests, errors } = await read();
            for (const { requests: more, errors: failed } of unseen.values()) {
              counted.requests += more;
              counted.errors += failed;
            }
            unseen = new Map();
            assert.ok(requests <= counted.requests && errors <= counted.errors);
          } else if (one.what === 'answer') {
            const ip = ips[one.pod] ?? '';
            pods.get(ip)?.backendAnswered(BACKEND, one.error ? 'error' : 'ok', one.seconds);
            const known = unseen.get(ip) ?? { requests: 0, errors: 0 };
            unseen.set(ip, { requests: known.requests + 1, errors: known.errors + (one.error ? 1 : 0) });
          } else {
            const ip = ips[one.pod] ?? '';
            // Looked at right before it goes, nothing is lost.
            await read();
            for (const { requests: more, errors: failed } of unseen.values()) {
              counted.requests += more;
              counted.errors += failed;
            }
            unseen = new Map();
            pods.set(ip, gateway());
            await read();
          }
        }
        const end = await read();
        for (const { requests: more, errors: failed } of unseen.values()) {
          counted.requests += more;
          counted.errors += failed;
        }
        assert.deepEqual([end.requests, end.errors], [counted.requests, counted.errors]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a quantile', () => {
  test('lies within its bucket, as Prometheus computes it', () => {
    const buckets = new Map([
      [0.1, 50],
      [0.5, 90],
      [1, 100],
      [Infinity, 100],
    ]);
    assert.equal(quantile(0.5, buckets), 0.1);
    assert.ok(Math.abs((quantile(0.9, buckets) ?? 0) - 0.5) < 1e-9);
    assert.ok(Math.abs((quantile(0.99, buckets) ?? 0) - 0.95) < 1e-9);
  });

  test('beyond the last bound is that bound, and of nothing is nothing', () => {
    assert.equal(
      quantile(
        0.99,
        new Map([
          [0.1, 1],
          [60, 1],
          [Infinity, 100],
        ]),
      ),
      60,
    );
    assert.equal(
      quantile(
        0.99,
        new Map([
          [0.1, 0],
          [Infinity, 0],
        ]),
      ),
      undefined,
    );
  });
});

test('labels with quotes and backslashes are read as they were meant', () => {
  const text = 'shopmind_gateway_backend_requests_total{backend="a\\"b\\\\c",outcome="ok"} 7';
  assert.equal(countersOf(text, 'a"b\\c').ok, 7);
});

describe('the figures of a Prometheus', () => {
  /** Answers queries with these values, in the API's own form. */
  async function server(answers: Readonly<Record<string, string | undefined>>, code = 200) {
    const asked: string[] = [];
    const http = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        const query = new URLSearchParams(body).get('query') ?? '';
        asked.push(query);
        const found = Object.entries(answers).find(([part]) => query.startsWith(part))?.[1];
        const result = found === undefined ? [] : [{ metric: {}, value: [1_764_000_000.5, found] }];
        response.writeHead(code, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
      });
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const { port } = http.address() as AddressInfo;
    return {
      url: `http://127.0.0.1:${port}/prometheus`,
      asked,
      close: () => new Promise((resolve) => http.close(resolve)),
    };
  }
  const now = (): Date => new Date(90_000);

  test('are asked over the whole window', async () => {
    const prometheus = await server({ 'sum(increase': '199.6', histogram: '0.35' });
    const traffic = createPrometheusTraffic(prometheus.url, now);
    assert.deepEqual(await traffic.read(window('w'), SIGNAL), {
      requests: 200,
      errors: 200,
      p99Ms: 350,
      missing: undefined,
    });
    assert.deepEqual(prometheus.asked.toSorted(), Object.values(queriesOf(BACKEND, 90)).toSorted());
    await prometheus.close();
  });

  test('that are not there yet, or no number, let nothing pass', async () => {
    const empty = await server({ histogram: 'NaN' });
    const figures = await createPrometheusTraffic(empty.url, now).read(window('w'), SIGNAL);
    assert.deepEqual([figures.requests, figures.p99Ms], [0, undefined]);
    assert.match(
      figures.missing ?? '',
      /Prometheus knows of no requests to shopmind-system\/runtime-canary:8080 yet/,
    );
    await empty.close();
  });

  test('of one that is away or refuses let nothing pass either', async () => {
    const broken = await server({}, 503);
    const refused = await createPrometheusTraffic(broken.url, now).read(window('w'), SIGNAL);
    assert.match(refused.missing ?? '', /cannot be asked: it answered 503/);
    await broken.close();
    const away = await createPrometheusTraffic(broken.url, now).read(window('w'), SIGNAL);
    assert.match(away.missing ?? '', /Prometheus at http:\/\/127\.0\.0\.1:\d+\/prometheus cannot be asked/);
  });
});
