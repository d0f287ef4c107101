import assert from 'node:assert/strict';
import { connect as connectHttp2, createServer } from 'node:http2';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { manualClock } from '../../operator/kube/testing/clock.ts';
import { until } from '../../operator/kube/testing/wait.ts';
import { createHolds, type Party } from './holds.ts';
import { startWorld, type World } from './testing/world.ts';

const SLOW_MS = 2_000;
/** Of which a client has 8 for a moment and 2 for long, a shop 12 and 8, all together 14 and 12. */
const CONNECTIONS = 16;
const MOST = {
  client: { waiting: 8, slow: 2 },
  shop: { waiting: 12, slow: 8 },
  all: { waiting: 14, slow: 12 },
} as const;

const STEP = fc.oneof(
  { weight: 6, arbitrary: fc.record({ client: fc.nat(5), tenant: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ ends: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ passes: fc.constantFrom(1, SLOW_MS / 2, SLOW_MS) }) },
);

test('whatever clients do, nobody has more than a share, and what is over is forgotten', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { maxLength: 120 }), async (steps) => {
      const clock = manualClock();
      const holds = createHolds({ clock, slowMs: SLOW_MS, connections: CONNECTIONS });
      const live = new Map<number, { client: string; tenant: string; since: number; end: () => void }>();
      const most = (kind: 'waiting' | 'slow', party: Party, name: string): void => {
        const own = [...live.values()].filter(
          ({ client, tenant, since }) =>
            (party === 'all' || (party === 'client' ? client : tenant) === name) &&
            (kind === 'waiting' || clock.monotonic() - since >= SLOW_MS),
        );
        assert.ok(own.length <= MOST[party][kind], `${own.length} of ${party} ${name} are ${kind}`);
      };
      let id = 0;
      for (const step of steps) {
        if ('passes' in step) await clock.advance(step.passes);
        else if ('ends' in step) {
          const [key] = [...live.keys()].slice(step.ends % Math.max(1, live.size));
          if (key !== undefined) live.get(key)?.end();
          if (key !== undefined) live.delete(key);
        } else {
          const own = (id += 1);
          const [client, tenant] = [`192.0.2.${step.client}`, `shop-${step.tenant}`];
          let isRefused = false;
          const end = holds.begin({ pod: 'pod:1', tenant, client }, () => {
            isRefused = true;
            live.delete(own);
          });
          if (!isRefused) live.set(own, { client, tenant, since: clock.monotonic(), end });
        }
        for (const { client, tenant } of live.values())
          for (const kind of ['waiting', 'slow'] as const) {
            most(kind, 'client', client);
            most(kind, 'shop', tenant);
            most(kind, 'all', '');
          }
      }
      // Ended twice is ended once.
      for (const { end } of live.values()) {
        end();
        end();
      }
      assert.equal(clock.pending, 0);
      const refused: Party[] = [];
      for (let index = 0; index <= MOST.client.waiting; index += 1)
        holds.begin({ pod: 'pod:1', tenant: 'shop-0', client: '192.0.2.0' }, (whose) => refused.push(whose));
      assert.deepEqual(refused, ['client']);
    }),
  );
});

test('the shares of one Pod are not those of another', () => {
  const holds = createHolds({ clock: manualClock(), slowMs: SLOW_MS, connections: CONNECTIONS });
  const refused: string[] = [];
  for (const pod of ['pod:1', 'pod:2'])
    for (let index = 0; index < MOST.client.waiting; index += 1)
      holds.begin({ pod, tenant: 'acme', client: '192.0.2.1' }, () => refused.push(pod));
  assert.deepEqual(refused, []);
});

describe('connections to a Pod', () => {
  let world: World;
  const sockets: Socket[] = [];
  /** Requests whose answers the Pod has not finished, and all that came. */
  let answering = 0;
  let asked = 0;
  const LARGE = Buffer.alloc(64 * 1024 * 1024); // more than any socket on the way takes by itself

  beforeEach(async () => {
    [answering, asked] = [0, 0];
    world = await startWorld(
      { podConnections: CONNECTIONS, maxPerEndpoint: 64, slowMs: 20, unreadMs: 600_000 },
      '127.0.0.1',
    );
    const pod = await world.pod((request, response) => {
      if (request.url !== '/large')
        return void request.resume().on('end', () => response.end(`said ${request.headers.host}`));
      asked += 1;
      answering += 1;
      response.once('close', () => (answering -= 1));
      response.end(LARGE);
    });
    await world.service('runtime', [pod.port]);
    for (const name of ['acme', 'bolt'])
      await world.route(name, {
        hostnames: [`${name}.localhost`],
        rules: [{ backendRefs: [{ name: 'runtime', port: 8080 }] }],
      });
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await until(() => world.proxy.active() === 0, 'nothing is left under way');
    await world.close();
  });

  function begin(head: string, from: string): Socket {
    const socket = connect(world.port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.write(`${head} HTTP/1.1\r\nhost: acme.localhost\r\nx-forwarded-for: ${from}\r\n`);
    return socket;
  }

  /** Sends the beginning of a body, and nothing more. @returns what is answered, as far as it has come */
  function upload(from: string): { answer: string } {
    const heard = { answer: '' };
    const socket = begin('POST /', from);
    socket.on('data', (chunk) => (heard.answer += String(chunk)));
    socket.write('content-length: 1000000\r\n\r\nbegun');
    return heard;
  }

  const asking = (host: string, from: string, body = '') =>
    world.ask(host, '/', { method: 'POST', headers: { 'x-forwarded-for': from }, body });

  test('who sends slowly has a share of them, from whichever address of a network, and the others are answered', async () => {
    const uploads = Array.from({ length: 40 }, (_, index) => upload(`2001:db8::${index}`));
    const refused = (): typeof uploads => uploads.filter(({ answer }) => answer.endsWith('}'));
    await until(() => refused().length === 38, 'all but two were refused');
    for (const { answer } of refused()) {
      assert.match(answer, /^HTTP\/1\.1 429 /);
      assert.match(answer, /\r\nretry-after: 10\r\n/i);
      assert.match(answer, /"code":"rate_limited"/);
    }
    const others = await asking('acme.localhost', '2001:db8:0:1::1', 'x'.repeat(500_000));
    assert.equal(others.body, 'said acme.localhost');
    // And whoever is beyond their share may ask what keeps nobody waiting.
    assert.equal((await asking('acme.localhost', '2001:db8::1')).status, 200);
  });

  test('who does not read has a share of them', async () => {
    for (let index = 0; index < 40; index += 1) begin('GET /large', '192.0.2.1').write('\r\n');
    await until(() => asked === 40 && answering === 2, 'all but two were cut off');
    assert.equal((await asking('acme.localhost', '192.0.2.2')).status, 200);
  });

  test('a shop whose clients are slow leaves half of them to the others', async () => {
    const uploads = Array.from({ length: 40 }, (_, index) => upload(`192.0.2.${index}`));
    const refused = (): typeof uploads => uploads.filter(({ answer }) => answer.endsWith('}'));
    await until(() => refused().length === 32, 'all but eight were refused');
    for (const { answer } of refused()) {
      assert.match(answer, /^HTTP\/1\.1 503 /);
      assert.match(answer, /\r\nretry-after: 5\r\n/i);
    }
    const answer = await asking('bolt.localhost', '198.51.100.1', 'x'.repeat(500_000));
    assert.equal(answer.body, 'said bolt.localhost');
  });

  test('a call of gRPC that its client does not end is held to the same', async () => {
    const pod = createServer();
    pod.on('stream', (stream) => {
      stream.on('error', () => undefined).resume();
      stream.once('end', () => stream.respond({ ':status': 200, 'grpc-status': '0' }, { endStream: true }));
    });
    await new Promise<void>((resolve) => pod.listen(0, '127.0.0.1', resolve));
    await world.service('echo', [(pod.address() as AddressInfo).port], { isHttp2: true }); // it listens on TCP
    await world.route('calls', {
      hostnames: ['calls.localhost'],
      rules: [{ backendRefs: [{ name: 'echo', port: 9080 }] }],
    });
    const session = connectHttp2(`http://127.0.0.1:${world.port}`);
    const codes: unknown[] = [];
    const call = (from: string) =>
      session
        .request({
          ':method': 'POST',
          ':path': '/shopmind.v1.EchoService/Say',
          ':authority': 'calls.localhost',
          'content-type': 'application/grpc',
          'x-forwarded-for': from,
        })
        .on('response', (given) => codes.push(given['grpc-status']))
        .on('error', () => undefined)
        .resume();
    try {
      for (let index = 0; index < 40; index += 1) call('192.0.2.1');
      // An eighth of 64 are left.
      await until(() => codes.length === 32, 'all but eight were refused');
      assert.deepEqual(new Set(codes.splice(0)), new Set(['8']));
      for (const from of ['192.0.2.1', '192.0.2.2']) call(from).end();
      await until(() => codes.length === 2, 'a call that is ended is answered');
      assert.deepEqual(codes, ['0', '0']);
    } finally {
      session.destroy();
      await until(() => world.calls.active() === 0, 'no call is under way');
      pod.close();
    }
  });
});
