import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { until } from '../../operator/kube/testing/wait.ts';
import { startWorld, SYSTEM, type World } from './testing/world.ts';

const backend = (name: string, weight?: number): object => ({
  name,
  port: 8080,
  ...(weight === undefined ? {} : { weight }),
});
const prefix = (value: string): object => ({ path: { type: 'PathPrefix', value } });
const simple = (host: string, service: string): object => ({
  hostnames: [host],
  rules: [{ backendRefs: [backend(service)] }],
});

describe('the gateway', () => {
  let world: World;

  beforeEach(async () => {
    world = await startWorld();
  });

  afterEach(async () => {
    await world.close();
  });

  const echo = (name: string): Promise<{ port: number; close(): Promise<void> }> =>
    world.pod((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        response.setHeader('content-type', 'application/json');
        response.setHeader('x-pod', name);
        response.end(JSON.stringify({ name, url: request.url, headers: request.headers, body }));
      });
    });

  test('sends a host’s requests to its Pods and streams bodies both ways', async () => {
    const pod = await echo('a');
    await world.service('runtime', [pod.port]);
    await world.route('acme', simple('acme.localhost', 'runtime'));
    const answer = await world.ask('ACME.localhost:8080', '/api/x?y=1', { method: 'POST', body: 'hello' });
    assert.equal(answer.status, 200);
    const seen = JSON.parse(answer.body);
    assert.equal(seen.url, '/api/x?y=1');
    assert.equal(seen.body, 'hello');
    const big = 'z'.repeat(3_000_000);
    const large = await world.ask('acme.localhost', '/', { method: 'POST', body: big });
    assert.equal(JSON.parse(large.body).body.length, big.length);
    const chunked = await world.ask('acme.localhost', '/', {
      method: 'POST',
      body: 'in chunks',
      headers: { 'transfer-encoding': 'chunked' },
    });
    assert.equal(JSON.parse(chunked.body).body, 'in chunks');
  });

  test('lets nobody outside speak for it, and speaks for itself', async () => {
    const pod = await echo('a');
    await world.service('runtime', [pod.port]);
    await world.route('acme', simple('acme.localhost', 'runtime'));
    const { body, headers } = await world.ask('acme.localhost', '/', {
      headers: {
        'x-shopmind-tenant': 'victim',
        'x-forwarded-for': '1.2.3.4',
        'X-Forwarded-Host': 'victim.localhost',
        forwarded: 'host=victim',
        'x-request-id': 'mine',
        connection: 'close, x-secret-hop',
        'x-secret-hop': '1',
        'x-kept': 'yes',
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      },
    });
    const seen = JSON.parse(body).headers;
    assert.equal(seen['x-shopmind-tenant'], undefined);
    assert.equal(seen.forwarded, undefined);
    assert.equal(seen['x-secret-hop'], undefined);
    assert.equal(seen['x-kept'], 'yes');
    assert.equal(seen['x-forwarded-for'], '127.0.0.1');
    assert.equal(seen['x-forwarded-host'], 'acme.localhost');
    assert.equal(seen['x-forwarded-proto'], 'http');
    assert.match(seen['x-request-id'], /^req_[0-9a-f]{32}$/);
    assert.equal(seen.traceparent, '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01');
    assert.equal(headers['x-request-id'], seen['x-request-id']);
  });

  test('says "no shop here" for unknown hosts, as problem or as page, and names no host', async () => {
    await world.route('acme', simple('acme.localhost', 'runtime'));
    const problem = await world.ask('other.localhost', '/');
    assert.equal(problem.status, 404);
    assert.equal(problem.headers['content-type'], 'application/problem+json');
    assert.match(problem.body, /no shop here/i);
    assert.doesNotMatch(problem.body, /acme/);
    const page = await world.ask('other.localhost', '/', { headers: { accept: 'text/html,*/*' } });
    assert.match(page.headers['content-type'] ?? '', /text\/html/);
    assert.match(page.body, /There is no shop here/);
  });

  test('answers 503 with Retry-After while no Pod is ready', async () => {
    const pod = await echo('a');
    await world.service('runtime', [], { notReady: [pod.port] });
    await world.route('acme', simple('acme.localhost', 'runtime'));
    const answer = await world.ask('acme.localhost', '/');
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['retry-after'], '1');
    await world.service('runtime', [pod.port]);
    assert.equal((await world.ask('acme.localhost', '/')).status, 200);
  });

  test('lets requests wait for a Pod that is about to come, but not too many and not for those who left', async () => {
    await world.close();
    world = await startWorld({ endpointMs: 5000, maxWaiting: 2 });
    const first = await echo('first');
    await world.service('runtime', [first.port]);
    await world.route('acme', simple('acme.localhost', 'runtime'));
    await first.close();
    // Still listed, but dead: then not listed: then replaced, as when a process is killed and started again.
    const waiting = [
      world.ask('acme.localhost', '/'),
      world.ask('acme.localhost', '/', { method: 'POST', body: 'order' }),
    ];
    await world.service('runtime', []);
    await until(() => world.proxy.active() === 2, 'two wait');
    const gone = httpRequest({ port: world.port, host: '127.0.0.1', headers: { host: 'acme.localhost' } });
    gone.on('error', () => undefined);
    gone.end();
    await until(() => world.proxy.active() === 3 || gone.destroyed, 'a third has come');
    gone.destroy();
    await until(() => world.proxy.active() === 2, 'the third has gone');
    const second = await echo('second');
    await world.service('runtime', [second.port]);
    for (const answer of await Promise.all(waiting)) assert.equal(answer.headers['x-pod'], 'second');
    await until(() => world.proxy.active() === 0, 'nothing is under way');
  });

  test('prefers longer prefixes and exact paths, then methods, then headers', async () => {
    const names = ['page', 'api', 'orders', 'exact', 'post', 'canary'];
    for (const name of names) await world.service(name, [(await echo(name)).port]);
    await world.route('acme', {
      hostnames: ['acme.localhost'],
      rules: [
        { matches: [prefix('/')], backendRefs: [backend('page')] },
        { matches: [prefix('/api')], backendRefs: [backend('api')] },
        { matches: [prefix('/api/orders')], backendRefs: [backend('orders')] },
        {
          matches: [{ path: { type: 'Exact', value: '/api/orders' } }],
          backendRefs: [backend('exact')],
        },
        { matches: [{ ...prefix('/api/orders'), method: 'POST' }], backendRefs: [backend('post')] },
        {
          matches: [{ ...prefix('/api'), headers: [{ name: 'X-Canary', value: 'yes' }] }],
          backendRefs: [backend('canary')],
        },
      ],
    });
    const to = async (path: string, options = {}): Promise<string> =>
      String((await world.ask('acme.localhost', path, options)).headers['x-pod']);
    assert.equal(await to('/'), 'page');
    assert.equal(await to('/apis'), 'page');
    assert.equal(await to('/api'), 'api');
    assert.equal(await to('/api/catalog'), 'api');
    assert.equal(await to('/api/orders'), 'exact');
    assert.equal(await to('/api/orders/1'), 'orders');
    assert.equal(await to('/api/orders/1', { method: 'POST' }), 'post');
    assert.equal(await to('/api/catalog', { headers: { 'x-canary': 'yes' } }), 'canary');
  });

  test('splits by weight, which is how canaries are released', async () => {
    for (const name of ['stable', 'canary']) await world.service(name, [(await echo(name)).port]);
    await world.route('acme', {
      hostnames: ['acme.localhost'],
      rules: [{ backendRefs: [backend('stable', 9), backend('canary', 1)] }],
    });
    const chosen = Array.from({ length: 10_000 }, () => {
      const routed = world.proxy.route({
        url: '/',
        method: 'GET',
        headers: { host: 'acme.localhost' },
        // Only these are read for routing.
      } as never);
      return 'candidate' in routed ? world.proxy.choose(routed.candidate.action) : undefined;
    });
    const share =
      chosen.filter((choice) => choice?.cluster.includes('canary') === true).length / chosen.length;
    assert.ok(share > 0.08 && share < 0.12, `${share} went to the canary`);
  });

  const split = (weights: Record<string, number>, of = 'runtime'): object => ({
    parentRefs: [{ group: '', kind: 'Service', name: of, port: 8080 }],
    rules: [{ backendRefs: Object.entries(weights).map(([name, weight]) => backend(name, weight)) }],
  });

  test('one route of a Service turns the weights for every shop that leads there, and is counted', async () => {
    for (const name of ['runtime', 'runtime-canary']) await world.service(name, [(await echo(name)).port]);
    const shops = ['acme.localhost', 'fjord.localhost'];
    for (const host of shops) {
      await world.route(host, { hostnames: [host], rules: [{ backendRefs: [backend('runtime')] }] });
    }
    const series = async (): Promise<string[]> =>
      (await world.metrics.registry.metrics())
        .split('\n')
        .filter((line) => line.startsWith('shopmind_gateway_backend_requests_total{'));
    const pod = async (host: string): Promise<string | undefined> =>
      (await world.ask(host, '/')).headers['x-pod'] as string | undefined;
    assert.equal(await pod('acme.localhost'), 'runtime');
    assert.deepEqual(await series(), []);
    await world.route('runtime', split({ runtime: 0, 'runtime-canary': 100 }));
    for (const host of shops) assert.equal(await pod(host), 'runtime-canary');
    assert.deepEqual(await series(), [
      'shopmind_gateway_backend_requests_total{backend="shopmind-system/runtime-canary:8080",outcome="ok"} 2',
    ]);
    await world.route('runtime', split({ runtime: 100, 'runtime-canary': 0 }));
    for (const host of shops) assert.equal(await pod(host), 'runtime');
    assert.deepEqual(await series(), [
      'shopmind_gateway_backend_requests_total{backend="shopmind-system/runtime:8080",outcome="ok"} 2',
    ]);
    world.api.remove('httproutes', `${SYSTEM}/runtime`);
    await until(() => world.splits.of(`${SYSTEM}/runtime:8080`) === undefined, 'the split is gone');
    assert.equal(await pod('acme.localhost'), 'runtime');
  });

  test('a revision without a Pod gets nothing as long as another has some', async () => {
    await world.service('runtime', [(await echo('runtime')).port]);
    await world.service('runtime-canary', []);
    await world.route('acme', {
      hostnames: ['acme.localhost'],
      rules: [{ backendRefs: [backend('runtime')] }],
    });
    await world.route('runtime', split({ runtime: 1, 'runtime-canary': 99 }));
    for (let n = 0; n < 20; n += 1) assert.equal((await world.ask('acme.localhost', '/')).status, 200);
  });

  test('nobody shares out the requests of a Service in another namespace', async () => {
    for (const name of ['runtime', 'thief']) await world.service(name, [(await echo(name)).port]);
    await world.route('acme', {
      hostnames: ['acme.localhost'],
      rules: [{ backendRefs: [backend('runtime')] }],
    });
    const theirs = {
      ...split({ thief: 1 }),
      parentRefs: [{ group: '', kind: 'Service', name: 'runtime', namespace: SYSTEM, port: 8080 }],
    };
    await world.route('theft', theirs, { namespace: 'tenant-evil' });
    assert.equal((await world.ask('acme.localhost', '/')).headers['x-pod'], 'runtime');
  });

  test('a revision that answers 500, breaks off or never answers is counted as failing, a client that left is not', async () => {
    const bad = await world.pod((request, response) => {
      if (request.url === '/500') response.writeHead(500).end();
      else if (request.url === '/404') response.writeHead(404).end();
      else if (request.url === '/broken') {
        response.writeHead(200, { 'content-length': '10' });
        response.write('abc', () => request.socket.destroy());
      } else request.socket.destroy();
    });
    await world.service('runtime', []);
    await world.service('runtime-canary', [bad.port]);
    await world.route('acme', {
      hostnames: ['acme.localhost'],
      rules: [{ backendRefs: [backend('runtime')] }],
    });
    await world.route('runtime', split({ runtime: 0, 'runtime-canary': 100 }));
    await world.ask('acme.localhost', '/500');
    await world.ask('acme.localhost', '/404');
    await assert.rejects(world.ask('acme.localhost', '/broken'));
    assert.equal((await world.ask('acme.localhost', '/reset', { method: 'POST' })).status, 502);
    const text = await world.metrics.registry.metrics();
    assert.match(text, /backend_requests_total\{backend="[^"]*canary:8080",outcome="error"\} 3/);
    assert.match(text, /backend_requests_total\{backend="[^"]*canary:8080",outcome="ok"\} 1/);
    assert.match(text, /backend_request_duration_seconds_count\{backend="[^"]*canary:8080"\} 4/);
  });

  test('rewrites, redirects and changes headers as the route says', async () => {
    await world.service('runtime', [(await echo('a')).port]);
    await world.route('acme', {
      hostnames: ['acme.localhost'],
      rules: [
        {
          matches: [prefix('/old')],
          filters: [
            {
              type: 'URLRewrite',
              urlRewrite: {
                hostname: 'inner',
                path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' },
              },
            },
            {
              type: 'RequestHeaderModifier',
              requestHeaderModifier: { set: [{ name: 'X-Set', value: '1' }], remove: ['x-gone'] },
            },
            {
              type: 'ResponseHeaderModifier',
              responseHeaderModifier: { add: [{ name: 'X-Out', value: '2' }], remove: ['x-pod'] },
            },
          ],
          backendRefs: [backend('runtime')],
        },
        {
          matches: [prefix('/moved')],
          filters: [
            {
              type: 'RequestRedirect',
              requestRedirect: {
                scheme: 'https',
                hostname: 'www.example',
                path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' },
                statusCode: 301,
              },
            },
          ],
        },
      ],
    });
    const answer = await world.ask('acme.localhost', '/old/a?b=c', { headers: { 'x-gone': '1' } });
    const seen = JSON.parse(answer.body);
    assert.equal(seen.url, '/new/a?b=c');
    assert.equal(seen.headers.host, 'inner');
    assert.equal(seen.headers['x-set'], '1');
    assert.equal(seen.headers['x-gone'], undefined);
    assert.equal(answer.headers['x-out'], '2');
    assert.equal(answer.headers['x-pod'], undefined);
    const moved = await world.ask('acme.localhost', '/moved/x?y=1');
    assert.equal(moved.status, 301);
    assert.equal(moved.headers.location, 'https://www.example/x?y=1');
  });

  test('tries another Pod when one cannot be reached, with the body it holds', async () => {
    const [alive, dead] = [await echo('alive'), await echo('dead')];
    await world.service('runtime', [alive.port, dead.port]);
    await world.route('acme', simple('acme.localhost', 'runtime'));
    await dead.close();
    for (let index = 0; index < 20; index += 1) {
      const answer = await world.ask('acme.localhost', '/', { method: 'POST', body: `order ${index}` });
      assert.equal(answer.headers['x-pod'], 'alive');
      assert.equal(JSON.parse(answer.body).body, `order ${index}`);
    }
  });

  test('loses no request while Pods are replaced one after another', async (context) => {
    let generation = [await echo('a'), await echo('b')];
    await world.service(
      'runtime',
      generation.map(({ port }) => port),
    );
    await world.route('acme', simple('acme.localhost', 'runtime'));
    let isRolling = true;
    context.after(() => void (isRolling = false));
    const failures: number[] = [];
    let answered = 0;
    const shopper = async (): Promise<void> => {
      while (isRolling) {
        const answer = await world.ask('acme.localhost', '/', { method: 'POST', body: 'order' });
        answered += 1;
        if (answer.status !== 200) failures.push(answer.status);
      }
    };
    const shoppers = Array.from({ length: 6 }, shopper);
    for (let round = 0; round < 5; round += 1) {
      const next = [await echo('c'), await echo('d')];
      await world.service(
        'runtime',
        [...generation, ...next].map(({ port }) => port),
      );
      const seen = answered;
      await until(() => answered > seen + 20, 'shoppers are at it');
      const old = generation;
      generation = next;
      await world.service(
        'runtime',
        next.map(({ port }) => port),
      );
      await until(() => world.proxy.active() === 0 || answered > seen + 60, 'old requests are through');
      for (const pod of old) await pod.close();
    }
    isRolling = false;
    await Promise.all(shoppers);
    assert.deepEqual(failures, []);
  });

  test('does not repeat a POST that a Pod may have carried out, but a GET', async () => {
    let calls = 0;
    const pod = await world.pod((request) => {
      calls += 1;
      request.on('data', () => undefined);
      request.on('end', () => request.socket.destroy());
    });
    await world.service('runtime', [pod.port]);
    await world.route('acme', simple('acme.localhost', 'runtime'));
    const post = await world.ask('acme.localhost', '/', { method: 'POST', body: 'pay' });
    assert.equal(post.status, 502);
    assert.equal(calls, 1);
    assert.equal((await world.ask('acme.localhost', '/')).status, 502);
    assert.ok(calls > 2);
  });

  test('takes a Pod out that fails again and again, and asks it again later', async () => {
    const [good, bad] = [
      await echo('good'),
      await world.pod((_request, response) => void response.writeHead(503).end('broken')),
    ];
    const third = await echo('third');
    await world.service('runtime', [good.port, bad.port, third.port]);
    await world.route('acme', simple('acme.localhost', 'runtime'));
    for (let index = 0; index < 60; index += 1) await world.ask('acme.localhost', '/');
    const statuses = new Set<number>();
    for (let index = 0; index < 20; index += 1) statuses.add((await world.ask('acme.localhost', '/')).status);
    assert.deepEqual([...statuses], [200]);
    assert.match(await world.metrics.registry.metrics(), /shopmind_gateway_ejections_total 1/);
  });

  test('gives up on a Pod that does not answer in time', async () => {
    const pod = await world.pod(() => undefined);
    await world.service('runtime', [pod.port]);
    await world.route('acme', {
      hostnames: ['acme.localhost'],
      rules: [{ backendRefs: [backend('runtime')], timeouts: { request: '50ms' } }],
    });
    const answer = await world.ask('acme.localhost', '/');
    assert.equal(answer.status, 504);
    assert.equal(JSON.parse(answer.body).code, 'timeout');
  });

  test('cuts the connection when an answer breaks off, so that nobody takes half for whole', async () => {
    const pod = await world.pod((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half');
      setImmediate(() => response.destroy());
    });
    await world.service('runtime', [pod.port]);
    await world.route('acme', simple('acme.localhost', 'runtime'));
    await assert.rejects(world.ask('acme.localhost', '/'), { code: 'ECONNRESET' });
  });

  test('tells the Pod when the client has gone', async () => {
    let closed = false;
    const pod = await world.pod((request, response) => {
      response.writeHead(200);
      response.write('first');
      request.socket.on('close', () => (closed = true));
    });
    await world.service('runtime', [pod.port]);
    await world.route('acme', simple('acme.localhost', 'runtime'));
    const outgoing = httpRequest({
      port: world.port,
      host: '127.0.0.1',
      headers: { host: 'acme.localhost' },
    });
    outgoing.on('error', () => undefined);
    outgoing.end();
    await new Promise((resolve) => outgoing.once('response', (incoming) => incoming.once('data', resolve)));
    outgoing.destroy();
    await until(() => closed, 'the Pod’s connection is closed');
    await until(() => world.proxy.active() === 0, 'nothing is under way');
  });

  test('lets events through as they come', async () => {
    let send = (_text: string): void => undefined;
    const pod = await world.pod((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      send = (text) => void response.write(text);
    });
    await world.service('runtime', [pod.port]);
    await world.route('acme', simple('acme.localhost', 'runtime'));
    const outgoing = httpRequest({
      port: world.port,
      host: '127.0.0.1',
      headers: { host: 'acme.localhost' },
    });
    outgoing.end();
    const incoming = await new Promise<IncomingMessage>((resolve) => outgoing.once('response', resolve));
    for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
      const seen = new Promise((resolve) => incoming.once('data', (chunk) => resolve(String(chunk))));
      send(text);
      assert.equal(await seen, text);
    }
    outgoing.destroy();
  });

  /** A Pod that takes WebSockets and says again whatever it hears. */
  const talker = async (): Promise<{ port: number; close(): Promise<void> }> => {
    const pod = await world.pod((_request, response) => void response.end());
    pod.server.on('upgrade', (request, socket) => {
      const accept = createHash('sha1')
        .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\nx-for: ${request.headers['x-forwarded-for']}\r\n\r\n`,
      );
      socket.pipe(socket);
    });
    return pod;
  };

  const talk = async (host: string): Promise<[IncomingMessage, Duplex]> => {
    const outgoing = httpRequest({
      port: world.port,
      host: '127.0.0.1',
      path: '/api/chat',
      headers: {
        host,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-version': '13',
      },
    });
    outgoing.end();
    return new Promise((resolve) =>
      outgoing.once('upgrade', (message, joined) => resolve([message, joined])),
    );
  };

  test('joins WebSockets', async () => {
    await world.service('runtime', [(await talker()).port]);
    await world.route('acme', simple('acme.localhost', 'runtime'));
    const [incoming, socket] = await talk('acme.localhost');
    assert.equal(incoming.headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    assert.equal(incoming.headers['x-for'], '127.0.0.1');
    const seen = new Promise((resolve) => socket.once('data', (chunk) => resolve(String(chunk))));
    socket.write('ping');
    assert.equal(await seen, 'ping');
    socket.destroy();
  });

  test('those who talk leave a Pod’s room to those who ask, of their shop and of others', async () => {
    await world.close();
    world = await startWorld({ maxPerEndpoint: 2 });
    await world.service('runtime', [(await talker()).port]);
    await world.route('acme', simple('acme.localhost', 'runtime'));
    await world.route('bolt', simple('bolt.localhost', 'runtime'));
    const sockets = [];
    for (let index = 0; index < 3; index += 1) sockets.push((await talk('acme.localhost'))[1]);
    assert.equal((await world.ask('bolt.localhost', '/')).status, 200);
    for (const socket of sockets) socket.destroy();
  });

  test('who asks and does not read holds a Pod for a moment only', async () => {
    await world.close();
    world = await startWorld({ unreadMs: 50 });
    let isHeld = false;
    const pod = await world.pod((request, response) => {
      isHeld = true;
      request.socket.once('close', () => (isHeld = false));
      // More than any socket on the way takes by itself.
      response.end(Buffer.alloc(64 * 1024 * 1024));
    });
    await world.service('runtime', [pod.port]);
    await world.route('acme', simple('acme.localhost', 'runtime'));
    const socket = connect(world.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nhost: acme.localhost\r\n\r\n');
    await until(() => isHeld, 'the Pod answers');
    await until(() => !isHeld && world.proxy.active() === 0, 'the Pod is free again');
    socket.destroy();
  });

  test('limits a tenant’s requests, not its neighbour’s', async () => {
    await world.service('runtime', [(await echo('a')).port]);
    await world.route('acme', simple('acme.localhost', 'runtime'), {
      annotations: { 'shopmind.ai/requests-per-minute': '3' },
    });
    await world.route('bolt', simple('bolt.localhost', 'runtime'));
    const statuses = [];
    for (let index = 0; index < 5; index += 1) statuses.push((await world.ask('acme.localhost', '/')).status);
    assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
    const refused = await world.ask('acme.localhost', '/');
    assert.equal(JSON.parse(refused.body).code, 'rate_limited');
    assert.ok(Number(refused.headers['retry-after']) >= 1);
    assert.equal((await world.ask('bolt.localhost', '/')).status, 200);
  });

  test('shuts a suspended shop', async () => {
    await world.service('runtime', [(await echo('a')).port]);
    await world.route('acme', simple('acme.localhost', 'runtime'), {
      annotations: { 'shopmind.ai/suspended': 'Acme is <closed> for now.' },
    });
    const page = await world.ask('acme.localhost', '/', { headers: { accept: 'text/html' } });
    assert.equal(page.status, 503);
    assert.match(page.body, /Acme is &lt;closed> for now/);
  });

  test('leaves a host to the tenant that claimed it first', async () => {
    for (const name of ['a', 'b']) await world.service(name, [(await echo(name)).port]);
    await world.route('acme', simple('acme.localhost', 'a'), { creationTimestamp: '2026-01-01T00:00:00Z' });
    await world.route('thief', {
      hostnames: ['acme.localhost', 'thief.localhost'],
      rules: [{ matches: [prefix('/checkout')], backendRefs: [backend('b')] }],
    });
    assert.equal((await world.ask('acme.localhost', '/checkout')).headers['x-pod'], 'a');
    assert.equal((await world.ask('thief.localhost', '/checkout')).headers['x-pod'], 'b');
    assert.deepEqual(world.table.lostHosts(`${SYSTEM}/thief`), ['acme.localhost']);
    world.api.remove('httproutes', `${SYSTEM}/acme`);
    await until(() => world.table.size === 1, 'the first owner is gone');
    assert.equal((await world.ask('acme.localhost', '/checkout')).headers['x-pod'], 'b');
  });

  test('points across namespaces only where a grant allows it', async () => {
    const pod = await echo('store');
    await world.service('storefront', [pod.port]);
    await world.route(
      'acme',
      {
        hostnames: ['acme.localhost'],
        rules: [{ backendRefs: [{ ...backend('storefront'), namespace: SYSTEM }] }],
      },
      { namespace: 'tenant-acme' },
    );
    assert.equal((await world.ask('acme.localhost', '/')).status, 500);
    world.api.put('referencegrants', {
      apiVersion: 'gateway.networking.k8s.io/v1beta1',
      kind: 'ReferenceGrant',
      metadata: { name: 'tenant-acme', namespace: SYSTEM },
      spec: {
        from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'tenant-acme' }],
        to: [{ group: '', kind: 'Service', name: 'storefront' }],
      },
    });
    await until(() => world.clusters.size(`${SYSTEM}/storefront:8080`) === 1, 'the grant is seen');
    assert.equal((await world.ask('acme.localhost', '/')).status, 200);
  });

  test('serves wildcards, and exact names before them', async () => {
    for (const name of ['wild', 'exact']) await world.service(name, [(await echo(name)).port]);
    await world.route('wild', simple('*.shops.example', 'wild'));
    await world.route('exact', simple('a.shops.example', 'exact'));
    assert.equal((await world.ask('b.shops.example', '/')).headers['x-pod'], 'wild');
    assert.equal((await world.ask('x.y.shops.example', '/')).headers['x-pod'], 'wild');
    assert.equal((await world.ask('a.shops.example', '/')).headers['x-pod'], 'exact');
    assert.equal((await world.ask('shops.example', '/')).status, 404);
  });

  test('ignores routes of other gateways', async () => {
    await world.route('other', { parentRefs: [{ name: 'else' }], ...simple('other.localhost', 'runtime') });
    assert.equal((await world.ask('other.localhost', '/')).status, 404);
  });

  test('goes on with what it knows while the API server is away', async () => {
    await world.service('runtime', [(await echo('a')).port]);
    await world.route('acme', simple('acme.localhost', 'runtime'));
    world.api.intercept(() => ({ kind: 'reset' }));
    for (const watch of world.api.watches) watch.cut();
    await until(
      () => world.api.requests.some(({ query }) => query.get('watch') === 'true'),
      'it tries again',
    );
    assert.equal((await world.ask('acme.localhost', '/')).status, 200);
  });

  test('refuses bodies that are too large, stated or not', async () => {
    await world.close();
    world = await startWorld({ maxBodyBytes: 100_000 });
    await world.service('runtime', [(await echo('a')).port]);
    await world.route('acme', simple('acme.localhost', 'runtime'));
    const body = 'x'.repeat(150_000);
    assert.equal((await world.ask('acme.localhost', '/', { method: 'POST', body })).status, 413);
    const headers = { 'transfer-encoding': 'chunked' };
    assert.equal((await world.ask('acme.localhost', '/', { method: 'POST', body, headers })).status, 413);
  });

  test('believes a balancer in front of it, and nobody else', async () => {
    await world.close();
    world = await startWorld({}, '127.0.0.0/8, 10.0.0.0/8');
    await world.service('runtime', [(await echo('a')).port]);
    await world.route('acme', simple('acme.localhost', 'runtime'));
    const { body } = await world.ask('acme.localhost', '/', {
      headers: { 'x-forwarded-for': '6.6.6.6, 203.0.113.9, 10.1.2.3', 'x-forwarded-proto': 'https' },
    });
    const seen = JSON.parse(body).headers;
    assert.equal(seen['x-forwarded-for'], '203.0.113.9');
    assert.equal(seen['x-forwarded-proto'], 'https');
  });

  test('routes and forwards by the same name, whatever else the request says', async () => {
    await world.service('runtime', [(await echo('a')).port]);
    await world.route('acme', simple('acme.localhost', 'runtime'));
    const socket = connect(world.port, '127.0.0.1');
    socket.write(
      'GET http://ACME.localhost:8080/x HTTP/1.1\r\nHost: victim.localhost\r\nConnection: close\r\n\r\n',
    );
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    assert.match(text, /"host":"acme.localhost:8080"/);
    assert.match(text, /"x-forwarded-host":"acme.localhost:8080"/);
    assert.doesNotMatch(text, /victim/);
  });

  test('does not wait for clients that trickle their headers or body', async () => {
    await world.close();
    world = await startWorld({ headersMs: 80, requestMs: 160 });
    await world.service('runtime', [(await echo('a')).port]);
    await world.route('acme', simple('acme.localhost', 'runtime'));
    for (const head of [
      'GET / HTTP/1.1\r\nhost: acme.localhost\r\nx-slow: ',
      'POST / HTTP/1.1\r\nhost: acme.localhost\r\ncontent-length: 100\r\n\r\nonly this',
    ]) {
      const socket = connect(world.port, '127.0.0.1');
      socket.write(head);
      const answer = await new Promise((resolve) => socket.once('data', (chunk) => resolve(String(chunk))));
      assert.match(String(answer), /^HTTP\/1\.1 408 /);
      socket.destroy();
    }
    await until(() => world.proxy.active() === 0, 'nothing is under way');
  });

  for (const path of ['/a/../api', '/a/%2e%2e/api', '/..', '/a\\b', '/a/.%2E/', '/%00', '/a/..;/b', '/.']) {
    test(`refuses the path ${path}`, async () => {
      await world.route('acme', simple('acme.localhost', 'runtime'));
      assert.equal((await world.ask('acme.localhost', path)).status, 400);
    });
  }

  for (const head of [
    'GET / HTTP/1.1\r\nhost: a b\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'GET / HTTP/1.1\r\nhost: a\r\nx: 1\n y: 2\r\n\r\n',
    `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
    'garbage\r\n\r\n',
  ]) {
    test(`answers 4xx to ${JSON.stringify(head.slice(0, 60))}`, async () => {
      const socket = connect(world.port, '127.0.0.1');
      socket.write(head);
      const answer = await new Promise((resolve) => socket.once('data', (chunk) => resolve(String(chunk))));
      assert.match(String(answer), /^HTTP\/1\.1 4\d\d /);
      socket.destroy();
    });
  }
});
