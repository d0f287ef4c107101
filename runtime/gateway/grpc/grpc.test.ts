/** Calls of gRPC through the gateway, between grpc-js as the client and grpc-js as the Pod: neither knows that we are between them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type handleBidiStreamingCall,
  type handleUnaryCall,
  type ServiceError,
} from '@grpc/grpc-js';
import { until } from '../../../operator/kube/testing/wait.ts';
import { startWorld, type World } from '../testing/world.ts';

const asIs = (message: Buffer): Buffer => message;
const method = (name: string, isStream = false) => ({
  path: `/shopmind.v1.EchoService/${name}`,
  requestStream: isStream,
  responseStream: isStream,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
});
const SERVICE = { say: method('Say'), talk: method('Talk', true) };

interface Pod {
  readonly port: number;
  /** Calls it has heard of. */
  heard: number;
  /** Calls whose caller has gone, as it noticed. */
  cancelled: number;
  say: handleUnaryCall<Buffer, Buffer>;
  talk: handleBidiStreamingCall<Buffer, Buffer>;
  stop(): void;
}

async function startPod(port = 0): Promise<Pod> {
  const server = new Server();
  const pod: Pod = {
    port: 0,
    heard: 0,
    cancelled: 0,
    say: (call, reply) => reply(null, call.request),
    talk: (call) => {
      call.on('data', (message: Buffer) => call.write(message)).on('end', () => call.end());
    },
    stop: () => server.forceShutdown(),
  };
  server.addService(SERVICE, {
    say: ((call, reply) => {
      pod.heard += 1;
      call.on('cancelled', () => (pod.cancelled += 1));
      pod.say(call, reply);
    }) satisfies handleUnaryCall<Buffer, Buffer>,
    talk: ((call) => {
      pod.heard += 1;
      call.on('cancelled', () => (pod.cancelled += 1));
      pod.talk(call);
    }) satisfies handleBidiStreamingCall<Buffer, Buffer>,
  });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, got) =>
      error === null ? resolve(got) : reject(error),
    );
  });
  return Object.assign(pod, { port: bound });
}

describe('gRPC through the gateway', () => {
  let world: World;
  let pod: Pod;
  const clients: Client[] = [];

  before(async () => {
    world = await startWorld({ endpointMs: 300, idleMs: 60_000, maxBodyBytes: 200_000 });
    pod = await startPod();
    await world.service('echo', [pod.port], { isHttp2: true });
    const page = await world.pod((_, response) => void response.end('page'));
    await world.service('page', [page.port]);
    await world.route('acme', {
      hostnames: ['acme.localhost'],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/shopmind.v1.EchoService' } }],
          backendRefs: [{ name: 'echo', port: 9080 }],
        },
        { backendRefs: [{ name: 'page', port: 8080 }] },
      ],
    });
  });
  beforeEach(async () => {
    const fresh = await startPod();
    pod.stop();
    pod = fresh;
    await world.service('echo', [pod.port], { isHttp2: true });
  });
  after(async () => {
    for (const client of clients) client.close();
    pod.stop();
    await world.close();
  });

  function client(host = 'acme.localhost', port = world.port): Client {
    const made = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.default_authority': host,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
    });
    clients.push(made);
    return made;
  }

  interface Said {
    readonly answer: string;
    readonly headers: Metadata;
    readonly trailers: Metadata;
  }

  function say(
    text: string,
    {
      by = client(),
      metadata = new Metadata(),
      ms,
      path = SERVICE.say.path,
    }: { by?: Client; metadata?: Metadata; ms?: number; path?: string } = {},
  ): Promise<Said> {
    return new Promise((resolve, reject) => {
      let headers = new Metadata();
      let trailers = new Metadata();
      let answer = '';
      by.makeUnaryRequest(
        path,
        asIs,
        asIs,
        Buffer.from(text),
        metadata,
        ms === undefined ? {} : { deadline: Date.now() + ms },
        (error, message) => {
          if (error !== null) reject(error);
          else answer = String(message);
        },
      )
        .on('metadata', (given: Metadata) => (headers = given))
        .on('status', (given) => {
          trailers = given.metadata;
          if (given.code === status.OK) resolve({ answer, headers, trailers });
        });
    });
  }

  async function refusal(asked: Promise<unknown>): Promise<ServiceError> {
    const error: unknown = await asked.then(
      () => assert.fail('it was answered'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof Error && 'code' in error, String(error));
    return error as ServiceError; // see above
  }

  test('a call, its metadata and its trailers go through, and what only we may say is said by us', async () => {
    let seen = new Metadata();
    let host = '';
    pod.say = (call, reply) => {
      seen = call.metadata;
      host = call.getHost();
      const trailers = new Metadata();
      trailers.set('counted', '7');
      trailers.set('raw-bin', Buffer.from([0, 255]));
      reply(null, Buffer.from('heard'), trailers);
    };
    const metadata = new Metadata();
    metadata.set('authorization', 'Bearer of-somebody');
    metadata.set('x-shopmind-tenant', 'other');
    metadata.set('x-forwarded-host', 'other.localhost');
    metadata.set('given-bin', Buffer.from([1, 2, 254]));
    const { answer, headers, trailers } = await say('hello', { metadata });
    assert.equal(answer, 'heard');
    assert.deepEqual(trailers.get('counted'), ['7']);
    assert.deepEqual(trailers.get('raw-bin'), [Buffer.from([0, 255])]);
    assert.match(String(headers.get('x-request-id')[0]), /^req_/);
    assert.equal(host, 'acme.localhost');
    assert.deepEqual(seen.get('authorization'), ['Bearer of-somebody']);
    assert.deepEqual(seen.get('given-bin'), [Buffer.from([1, 2, 254])]);
    assert.deepEqual(seen.get('x-shopmind-tenant'), []);
    assert.deepEqual(seen.get('x-forwarded-host'), ['acme.localhost']);
    assert.deepEqual(seen.get('x-forwarded-for'), ['127.0.0.1']);
    assert.match(String(seen.get('traceparent')[0]), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  test('a refusal of the Pod is the refusal that the client hears', async () => {
    pod.say = (_, reply) => reply({ code: status.FAILED_PRECONDITION, details: 'Not before noon.' });
    const error = await refusal(say('now'));
    assert.equal(error.code, status.FAILED_PRECONDITION);
    assert.equal(error.details, 'Not before noon.');
  });

  test('both sides talk at once, and a message is there before the next is sent', async () => {
    const call = client().makeBidiStreamRequest(SERVICE.talk.path, asIs, asIs);
    for (const text of ['one', 'two', 'three']) {
      call.write(Buffer.from(text));
      const [answer] = (await once(call, 'data')) as [Buffer];
      assert.equal(String(answer), text);
    }
    call.end();
    const [ended] = await once(call, 'status');
    assert.equal(ended.code, status.OK);
  });

  test('whoever reads slowly slows the Pod down, and gets everything', async () => {
    const message = Buffer.alloc(64 * 1024, 7);
    let written = 0;
    pod.talk = (call) => {
      const more = (): void => {
        while (written < 100) {
          written += 1;
          if (!call.write(message)) return void call.once('drain', more);
        }
        call.end();
      };
      more();
    };
    const call = client().makeBidiStreamRequest(SERVICE.talk.path, asIs, asIs);
    call.end();
    call.pause();
    await until(() => written > 0, 'the Pod has begun');
    await new Promise((resolve) => setImmediate(resolve));
    let size = 0;
    for await (const chunk of call as AsyncIterable<Buffer>) {
      if (size === 0) assert.ok(written < 100, 'the Pod has not said all before anybody listened');
      size += chunk.length;
    }
    assert.equal(size, 100 * message.length);
  });

  test('the deadline goes along, shorter by what has passed, and holds whether the Pod heeds it or not', async () => {
    const ms = 2_000;
    let left: number | undefined;
    pod.say = (call) => void (left = Number(call.getDeadline()) - Date.now());
    const error = await refusal(say('slow', { ms }));
    assert.equal(error.code, status.DEADLINE_EXCEEDED);
    assert.ok(left !== undefined && left <= ms, String(left));
    await until(() => pod.cancelled === 1, 'the Pod need not go on');
  });

  test('the time of a route ends an answer in the middle, whether the client has said all or not', async () => {
    await world.route('timed', {
      hostnames: ['timed.localhost'],
      rules: [{ backendRefs: [{ name: 'echo', port: 9080 }], timeouts: { request: '1s' } }],
    });
    pod.talk = (call) => void call.on('data', (message: Buffer) => call.write(message));
    for (const isDone of [true, false]) {
      const call = client('timed.localhost').makeBidiStreamRequest(SERVICE.talk.path, asIs, asIs);
      call.write(Buffer.from('x'));
      if (isDone) call.end();
      const failed = once(call, 'error');
      await once(call, 'data');
      const [error] = (await failed) as [ServiceError];
      assert.equal(error.code, status.DEADLINE_EXCEEDED);
      assert.equal(error.details, 'The deadline of the call has passed.');
    }
    await until(() => pod.cancelled === 2, 'the Pod need not go on');
  });

  test('who goes away takes the call along', async () => {
    const call = client()
      .makeBidiStreamRequest(SERVICE.talk.path, asIs, asIs)
      .on('error', () => undefined);
    call.write(Buffer.from('x'));
    await once(call, 'data');
    call.cancel();
    await until(() => pod.cancelled === 1, 'the Pod has noticed');
    await until(() => world.calls.active() === 0, 'nothing is under way');
  });

  test('a connection that its client ends takes along the calls on it', async () => {
    const socket = connectTcp(world.port, '127.0.0.1');
    const session = connectHttp2(`http://127.0.0.1:${world.port}`, { createConnection: () => socket });
    session.on('error', () => undefined);
    const call = session
      .request({
        ':method': 'POST',
        ':path': SERVICE.talk.path,
        ':authority': 'acme.localhost',
        'content-type': 'application/grpc',
      })
      .on('error', () => undefined);
    call.write(Buffer.from([0, 0, 0, 0, 1, 0x78]));
    await once(call, 'data');
    socket.end();
    await until(() => pod.cancelled === 1, 'the Pod has noticed');
    await until(() => world.calls.active() === 0, 'nothing is under way');
    session.destroy();
  });

  test('nobody is told which hosts there are, and a service that is not there is unimplemented', async () => {
    assert.equal((await refusal(say('x', { by: client('nobody.localhost') }))).code, status.NOT_FOUND);
    const unknown = await refusal(say('x', { path: '/shopmind.v1.NoService/Say' }));
    assert.equal(unknown.code, status.UNIMPLEMENTED);
    assert.equal(pod.heard, 0);
  });

  test('a shop that is suspended or has used up its requests says so', async () => {
    const rules = [{ backendRefs: [{ name: 'echo', port: 9080 }] }];
    const annotations = (of: object) => ({ annotations: of });
    await world.route(
      'shut',
      { hostnames: ['shut.localhost'], rules },
      annotations({ 'shopmind.ai/suspended': 'Closed for now.' }),
    );
    await world.route(
      'few',
      { hostnames: ['few.localhost'], rules },
      annotations({ 'shopmind.ai/requests-per-minute': '1' }),
    );
    const shut = await refusal(say('x', { by: client('shut.localhost') }));
    assert.equal(shut.code, status.UNAVAILABLE);
    assert.match(shut.details, /Closed for now/);
    await say('x', { by: client('few.localhost') });
    assert.equal((await refusal(say('x', { by: client('few.localhost') }))).code, status.RESOURCE_EXHAUSTED);
  });

  test('a message that is too large is cut off on its way', async () => {
    const error = await refusal(say('x'.repeat(300_000)));
    assert.equal(error.code, status.RESOURCE_EXHAUSTED);
  });

  test('a Pod that cannot be reached is passed over, and the call is made once', async () => {
    const gone = await startPod();
    gone.stop();
    await world.service('echo', [gone.port, pod.port], { isHttp2: true });
    for (let count = 1; count <= 12; count += 1) assert.equal((await say(`${count}`)).answer, `${count}`);
    assert.equal(pod.heard, 12);
  });

  test('a call waits for the first Pod, and without one it is refused after a while', async () => {
    await world.service('echo', [], { isHttp2: true });
    assert.equal((await refusal(say('x'))).code, status.UNAVAILABLE);
    const early = say('early');
    await world.service('echo', [pod.port], { isHttp2: true });
    assert.equal((await early).answer, 'early');
  });

  test('a Pod that dies in the middle is unavailable, not silent', async () => {
    const call = client().makeBidiStreamRequest(SERVICE.talk.path, asIs, asIs);
    call.write(Buffer.from('x'));
    await once(call, 'data');
    const failed = once(call, 'error');
    pod.stop();
    const [error] = (await failed) as [ServiceError];
    assert.equal(error.code, status.UNAVAILABLE);
  });

  test('hundreds of calls at once share few connections to a Pod, and none is lost', async () => {
    const by = client();
    const answers = await Promise.all(Array.from({ length: 400 }, (_, index) => say(`n${index}`, { by })));
    assert.deepEqual(
      answers.map(({ answer }) => answer),
      Array.from({ length: 400 }, (_, index) => `n${index}`),
    );
    assert.equal(pod.heard, 400);
  });

  test('whoever asks a gRPC service by HTTP/1 is told how it is asked', async () => {
    const answer = await world.ask('acme.localhost', SERVICE.say.path, { method: 'POST' });
    assert.equal(answer.status, 400);
    assert.match(answer.body, /HTTP\/2/);
    assert.equal((await world.ask('acme.localhost', '/')).body, 'page');
  });

  test('calls are counted beside requests', async () => {
    await say('x');
    const text = await world.metrics.registry.metrics();
    assert.match(text, /requests_total\{tenant="acme",class="grpc",status="200"\} \d+/);
  });

  test('a Service whose port changes its protocol is asked as it says', async () => {
    const plain = await world.pod((_, response) => void response.end('by HTTP/1'));
    const meta = { name: 'both', namespace: 'shopmind-system' };
    const tell = (appProtocol: string | undefined, port: number): void => {
      const labels = { 'kubernetes.io/service-name': 'both' };
      const ports = [{ name: 'own', port: 7000, ...(appProtocol === undefined ? {} : { appProtocol }) }];
      world.api.put('services', { apiVersion: 'v1', kind: 'Service', metadata: meta, spec: { ports } });
      world.api.put('endpointslices', {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { ...meta, labels },
        ports: [{ name: 'own', port }],
        endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
      });
    };
    await world.route('both', {
      hostnames: ['both.localhost'],
      rules: [{ backendRefs: [{ name: 'both', port: 7000 }] }],
    });
    tell(undefined, plain.port);
    await until(() => world.clusters.size('shopmind-system/both:7000') === 1, 'it is known');
    assert.equal((await world.ask('both.localhost', '/')).body, 'by HTTP/1');
    tell('kubernetes.io/h2c', pod.port);
    await until(() => world.callClusters.size('shopmind-system/both:7000') === 1, 'it is known anew');
    assert.equal((await say('x', { by: client('both.localhost') })).answer, 'x');
    assert.equal((await world.ask('both.localhost', '/')).status, 400);
  });

  test('told to stop, it lets calls under way end, and takes no new ones', async () => {
    const other = await startWorld();
    await other.service('echo', [pod.port], { isHttp2: true });
    await other.route('acme', {
      hostnames: ['acme.localhost'],
      rules: [{ backendRefs: [{ name: 'echo', port: 9080 }] }],
    });
    const by = client('acme.localhost', other.port);
    const call = by.makeBidiStreamRequest(SERVICE.talk.path, asIs, asIs);
    call.write(Buffer.from('before'));
    assert.equal(String((await once(call, 'data'))[0]), 'before');
    const drained = other.drain(30_000);
    assert.equal(
      (await refusal(say('x', { by: client('acme.localhost', other.port) }))).code,
      status.UNAVAILABLE,
    );
    call.write(Buffer.from('after'));
    assert.equal(String((await once(call, 'data'))[0]), 'after');
    call.end();
    assert.equal((await once(call, 'status'))[0].code, status.OK);
    await drained;
    await other.close();
  });
});
