/** Routing without any network: compiling, precedence, balancing, headers, limits. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { manualClock } from '../../operator/kube/testing/clock.ts';
import { createClusters } from './clusters.ts';
import { compileRoute, modifyPath } from './compile.ts';
import { parseConfig } from './config.ts';
import { addressesOf } from './discovery.ts';
import { changeHeaders, hostOf, requestHeaders, responseHeaders, traceparentOf } from './headers.ts';
import { parseDuration, type HttpRoute, type RouteRule } from './httproute.ts';
import { createTenantLimits } from './limits.ts';
import { createTable, type Asked } from './table.ts';

const route = (name: string, hostnames: string[], rules: RouteRule[], metadata: object = {}): HttpRoute => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name, namespace: 'shop', labels: { 'shopmind.ai/tenant': name }, ...metadata },
  spec: { hostnames, rules },
});
const to = (name: string): { name: string; port: number } => ({ name, port: 80 });
const allowed = (): boolean => true;
const ask = (host: string, path: string, extra: Partial<Asked> = {}): Asked => ({
  host,
  path,
  method: 'GET',
  headers: {},
  query: '',
  ...extra,
});

describe('the route table', () => {
  const backendOf = (table: ReturnType<typeof createTable>, asked: Asked): string => {
    const found = table.find(asked);
    return found.kind === 'found' ? (found.candidate.action.backends[0]?.cluster ?? 'none') : found.kind;
  };

  test('always picks the longest prefix that covers the path, whatever the order of rules', () => {
    const segment = fc.constantFrom('a', 'b', 'api');
    const path = fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`);
    fc.assert(
      fc.property(fc.uniqueArray(path, { minLength: 1, maxLength: 8 }), path, (prefixes, asked) => {
        const table = createTable();
        const rules = prefixes.map((value) => ({
          matches: [{ path: { type: 'PathPrefix' as const, value } }],
          backendRefs: [to(value)],
        }));
        table.set(compileRoute(route('r', ['h'], rules), allowed));
        const covering = prefixes.filter(
          (prefix) => prefix === '/' || asked === prefix || asked.startsWith(`${prefix}/`),
        );
        const longest = covering.toSorted((a, b) => b.length - a.length)[0];
        const expected = longest === undefined ? 'no-rule' : `shop/${longest}:80`;
        assert.equal(backendOf(table, ask('h', asked)), expected);
      }),
    );
  });

  test('merges routes of one tenant and matches query parameters', () => {
    const table = createTable();
    const same = { labels: { 'shopmind.ai/tenant': 'acme' } };
    table.set(compileRoute(route('a', ['h'], [{ backendRefs: [to('a')] }], same), allowed));
    const beta = [{ matches: [{ queryParams: [{ name: 'beta', value: '1' }] }], backendRefs: [to('b')] }];
    table.set(compileRoute(route('b', ['h'], beta, same), allowed));
    assert.equal(backendOf(table, ask('h', '/')), 'shop/a:80');
    assert.equal(backendOf(table, ask('h', '/', { query: 'x=2&beta=1' })), 'shop/b:80');
    table.delete('shop/b');
    assert.equal(backendOf(table, ask('h', '/', { query: 'beta=1' })), 'shop/a:80');
  });

  test('forgets hosts that a route no longer names', () => {
    const table = createTable();
    table.set(compileRoute(route('a', ['x', 'y'], [{ backendRefs: [to('a')] }]), allowed));
    table.set(compileRoute(route('a', ['y'], [{ backendRefs: [to('a')] }]), allowed));
    assert.equal(backendOf(table, ask('x', '/')), 'no-host');
    assert.equal(backendOf(table, ask('y', '/')), 'shop/a:80');
  });

  test('runs no regular expression of a tenant, and says so', () => {
    const rules = [
      {
        matches: [{ path: { type: 'RegularExpression' as const, value: '(a+)+$' } }],
        backendRefs: [to('a')],
      },
    ];
    const compiled = compileRoute(route('a', ['x'], rules), allowed);
    assert.equal(compiled.candidates.length, 0);
    assert.equal(compiled.problems[0]?.reason, 'UnsupportedValue');
  });

  test('finds one of five thousand shops quickly', () => {
    const table = createTable();
    for (let index = 0; index < 5000; index += 1) {
      table.set(
        compileRoute(route(`t${index}`, [`t${index}.example`], [{ backendRefs: [to('a')] }]), allowed),
      );
    }
    for (let index = 0; index < 5000; index += 1) table.find(ask(`t${index}.example`, '/'));
    const started = process.cpuUsage();
    for (let index = 0; index < 50_000; index += 1) table.find(ask(`t${index % 5000}.example`, '/api/x'));
    const { user, system } = process.cpuUsage(started);
    const micros = (user + system) / 50_000;
    assert.ok(micros < 20, `${micros.toFixed(2)} µs a look-up`);
  });
});

describe('rewriting paths', () => {
  for (const [path, prefix, replace, expected] of [
    ['/old/a', '/old', '/new', '/new/a'],
    ['/old', '/old', '/new', '/new'],
    ['/old/a', '/old', '/', '/a'],
    ['/old', '/old', '/', '/'],
    ['/a', '/', '/new', '/new/a'],
    ['/old/a', '/old', '/new/', '/new/a'],
  ] as const) {
    test(`${path} with ${prefix} → ${replace} is ${expected}`, () => {
      assert.equal(
        modifyPath(path, prefix, { type: 'ReplacePrefixMatch', replacePrefixMatch: replace }),
        expected,
      );
    });
  }
});

describe('clusters', () => {
  const make = (clock = manualClock()) => {
    const closed: string[] = [];
    const clusters = createClusters<string>({
      open: (address) => address,
      close: (link) => void closed.push(link),
      clock,
      maxActive: 2,
      maxFailures: 3,
      ejectMs: 1000,
    });
    return { clusters, closed, clock };
  };
  const pick = (clusters: ReturnType<typeof make>['clusters']) => {
    const endpoint = clusters.pick('c');
    return typeof endpoint === 'string' ? assert.fail(endpoint) : endpoint;
  };

  test('keep the connections of Pods that stay and close those of Pods that go', () => {
    const { clusters, closed } = make();
    clusters.set('c', ['a', 'b']);
    const before = pick(clusters);
    clusters.set('c', [before.address, 'z']);
    assert.equal(closed.length, 1);
    assert.equal(clusters.size('c'), 2);
    clusters.delete('c');
    assert.equal(closed.length, 3);
    assert.equal(clusters.pick('c'), 'none');
  });

  test('send to the less busy, and to nobody when all are full', () => {
    const { clusters } = make();
    clusters.set('c', ['a', 'b']);
    for (let index = 0; index < 4; index += 1) pick(clusters).active += 1;
    assert.equal(clusters.pick('c'), 'busy');
  });

  test('take a failing Pod out, longer each time, and never more than half of them', async () => {
    const { clusters, clock } = make();
    clusters.set('c', ['a', 'b']);
    const fail = (address: string): boolean => {
      for (let attempt = 0; attempt < 50; attempt += 1) {
        const endpoint = pick(clusters);
        if (endpoint.address === address && clusters.report(endpoint, false)) return true;
      }
      return false;
    };
    assert.ok(fail('a'));
    assert.deepEqual(new Set(Array.from({ length: 20 }, () => pick(clusters).address)), new Set(['b']));
    assert.ok(fail('b'));
    assert.equal(new Set(Array.from({ length: 50 }, () => pick(clusters).address)).size, 2);
    await clock.advance(1001);
    assert.equal(new Set(Array.from({ length: 50 }, () => pick(clusters).address)).size, 2);
  });

  test('prefer Pods not tried yet', () => {
    const { clusters } = make();
    clusters.set('c', ['a', 'b']);
    for (let index = 0; index < 10; index += 1) {
      const endpoint = clusters.pick('c', new Set(['a']));
      assert.equal(typeof endpoint === 'string' ? endpoint : endpoint.address, 'b');
    }
  });

  test('find the addresses behind a named, a numbered and an unknown port', () => {
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 's' },
      addressType: 'IPv4',
      ports: [
        { name: 'http', port: 3000 },
        { name: 'admin', port: 9090 },
      ],
      endpoints: [
        { addresses: ['127.1.0.1'], conditions: { ready: true } },
        { addresses: ['127.1.0.2'], conditions: { ready: false } },
        { addresses: ['127.1.0.3'], conditions: { ready: true, terminating: true } },
        { addresses: ['127.1.0.4'] },
      ],
    };
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'x' },
      spec: { ports: [{ name: 'http', port: 80 }] },
    };
    assert.deepEqual(addressesOf('n/x:80', service, [slice]), ['127.1.0.1:3000', '127.1.0.4:3000']);
    assert.deepEqual(addressesOf('n/x:81', service, [slice]), []);
    // As kube-apiserver writes a slice without Pods, whatever its types say.
    const empty: typeof slice = JSON.parse(
      '{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"e"},"addressType":"IPv4","ports":null,"endpoints":null}',
    );
    assert.deepEqual(addressesOf('n/x:80', service, [empty, slice]), ['127.1.0.1:3000', '127.1.0.4:3000']);
  });
});

describe('headers', () => {
  const forwarded = {
    host: 'h',
    proto: 'http',
    clientAddress: '1.1.1.1',
    requestId: 'req_1',
    traceparent: 't',
  };
  const get = (headers: readonly string[], name: string): string[] =>
    headers.filter((_value, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === name);

  test('nobody outside can set what only we may say, in any spelling', () => {
    const letters = (name: string) =>
      fc
        .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
        .map((upper) =>
          [...name].map((letter, index) => (upper[index] === true ? letter.toUpperCase() : letter)).join(''),
        );
    const forged = fc
      .constantFrom(
        'x-shopmind-tenant',
        'x-forwarded-host',
        'x-forwarded-for',
        'x-request-id',
        'forwarded',
        'x-real-ip',
      )
      .chain(letters);
    fc.assert(
      fc.property(fc.array(forged, { maxLength: 6 }), (names) => {
        const raw = ['Host', 'h', ...names.flatMap((name) => [name, 'forged'])];
        assert.ok(!requestHeaders(raw, undefined, forwarded).includes('forged'));
      }),
    );
  });

  test('hop-by-hop headers end here in both directions', () => {
    const sent = requestHeaders(
      ['Connection', 'close, X-Hop', 'X-Hop', '1', 'TE', 'trailers', 'Upgrade', 'h2c', 'X-End', '2'],
      'close, X-Hop',
      forwarded,
    );
    assert.deepEqual(get(sent, 'x-hop'), []);
    assert.deepEqual(get(sent, 'te'), []);
    assert.deepEqual(get(sent, 'x-end'), ['2']);
    const received = responseHeaders(
      {
        'transfer-encoding': 'chunked',
        connection: 'x-a',
        'x-a': '1',
        'set-cookie': ['a=1', 'b=2'],
        etag: '"1"',
      },
      'req_1',
    );
    assert.deepEqual(get(received, 'set-cookie'), ['a=1', 'b=2']);
    assert.deepEqual(get(received, 'transfer-encoding'), []);
    assert.deepEqual(get(received, 'x-a'), []);
  });

  test('filters set, add and remove in order', () => {
    const changed = changeHeaders(
      ['A', '1', 'b', '2'],
      [{ set: [{ name: 'a', value: '9' }], remove: ['B'] }, { add: [{ name: 'a', value: '8' }] }],
    );
    assert.deepEqual(changed, ['a', '9', 'a', '8']);
  });

  test('a trace goes on if it is well-formed, and begins with the request id otherwise', () => {
    const good = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const id = 'req_0192f4c2a1b07c3d8e9fa0b1c2d3e4f5';
    assert.equal(traceparentOf(good, id), good);
    const own = '00-0192f4c2a1b07c3d8e9fa0b1c2d3e4f5-8e9fa0b1c2d3e4f5-01';
    for (const bad of [
      undefined,
      'x',
      `${good}x`,
      good.replace('4bf9', 'zzzz'),
      `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    ]) {
      assert.equal(traceparentOf(bad, id), own);
    }
  });

  for (const [header, host] of [
    ['Acme.Localhost:8080', 'acme.localhost'],
    ['acme.localhost.', 'acme.localhost'],
    ['[::1]:80', '[::1]'],
    ['a b', undefined],
    ['a/b', undefined],
    ['user@host', undefined],
    ['', undefined],
    [undefined, undefined],
    ['x'.repeat(300), undefined],
  ] as const) {
    test(`the host of ${JSON.stringify(header)?.slice(0, 30)} is ${host}`, () => {
      assert.equal(hostOf(header), host);
    });
  }
});

describe('limits and configuration', () => {
  test('in no minute pass more requests than twice the limit, and none is refused below it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 100 }),
        async (perMinute, gaps) => {
          const clock = manualClock();
          const limits = createTenantLimits(clock);
          const passed: number[] = [];
          for (const gap of gaps) {
            await clock.advance(gap);
            if (limits.take('t', perMinute) === 0) passed.push(clock.monotonic());
          }
          for (const start of passed) {
            const inMinute = passed.filter((at) => at >= start && at < start + 60_000).length;
            assert.ok(inMinute <= 2 * perMinute);
          }
          if (gaps.length <= perMinute) assert.equal(passed.length, gaps.length);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('says when to come back, follows a changed limit, and forgets the calm', async () => {
    const clock = manualClock();
    const limits = createTenantLimits(clock);
    assert.equal(limits.take('t', 2), 0);
    assert.equal(limits.take('t', 2), 0);
    assert.equal(limits.take('t', 2), 30);
    await clock.advance(30_000);
    assert.equal(limits.take('t', 2), 0);
    assert.ok(limits.take('t', 2) > 0);
    await clock.advance(120_000);
    limits.sweep();
    assert.equal(limits.take('t', 1), 0);
    assert.equal(limits.take('t', 1), 60);
  });

  test('what the shared count refuses is refused here, without a request that waits for it', async () => {
    const clock = manualClock();
    let wait = 0;
    const shared = { take: () => Promise.resolve(wait) };
    const limits = createTenantLimits(clock, shared);
    assert.equal(limits.take('t', 100), 0);
    wait = 3;
    assert.equal(limits.take('t', 100), 0, 'the answer is not waited for');
    await new Promise(setImmediate);
    assert.equal(limits.take('t', 100), 3);
    assert.equal(limits.take('other', 100), 0);
    wait = 0;
    await clock.advance(3_000);
    assert.equal(limits.take('t', 100), 0);
  });

  test('durations of the Gateway API', () => {
    assert.equal(parseDuration('1h30m'), 5_400_000);
    assert.equal(parseDuration('500ms'), 500);
    assert.equal(parseDuration('0s'), 0);
    for (const bad of [undefined, '', '1', 's', '1.5s', '-1s', '1d'])
      assert.equal(parseDuration(bad), undefined);
  });

  test('a wrong variable is named', () => {
    assert.throws(
      () => parseConfig({ PORT: 'http' }),
      /PORT must be a whole number from 0 to 65535, not "http"/,
    );
    assert.throws(() => parseConfig({ FORWARDED_PROTO: 'ftp' }), /FORWARDED_PROTO/);
    assert.equal(parseConfig({}).port, 8080);
  });
});
