/** Connections that speak HTTP/2 and mean no good, written frame by frame: each is cut or bounded, and everybody else is served. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2, constants, createServer, type Http2Server } from 'node:http2';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { until } from '../../../operator/kube/testing/wait.ts';
import { startWorld, type World } from '../testing/world.ts';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const TYPE = { headers: 1, reset: 3, settings: 4, ping: 6, continuation: 9 } as const;
const END_STREAM = 1;
const END_HEADERS = 4;
const PATH = '/shopmind.v1.EchoService/Say';

function frame(type: number, flags: number, id: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}

/** HPACK without tables: literals, never indexed. */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0x10]), text(name), text(value)]);
}

function text(words: string): Buffer {
  assert.ok(words.length < 127);
  return Buffer.concat([Buffer.from([words.length]), Buffer.from(words)]);
}

const CALL = Buffer.concat([
  literal(':method', 'POST'),
  literal(':scheme', 'http'),
  literal(':path', PATH),
  literal(':authority', 'acme.localhost'),
  literal('content-type', 'application/grpc'),
  literal('te', 'trailers'),
]);
const RESET = Buffer.from([0, 0, 0, 8]);

describe('HTTP/2 that means no good', () => {
  let world: World;
  let pod: Http2Server;
  let heard = 0;
  const sockets: Socket[] = [];

  before(async () => {
    world = await startWorld({ keepAliveMs: 400, headersMs: 400 });
    pod = createServer();
    pod.on('stream', (stream) => {
      heard += 1;
      stream.on('error', () => undefined);
      stream.resume();
      // Answers whoever waits for it.
      setImmediate(() => {
        if (!stream.destroyed) stream.respond({ ':status': 200, 'grpc-status': '0' }, { endStream: true });
      });
    });
    pod.on('session', (session) => session.on('error', () => undefined));
    await new Promise<void>((resolve) => pod.listen(0, '127.0.0.1', resolve));
    await world.service('echo', [(pod.address() as AddressInfo).port], { isHttp2: true });
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
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    // Whatever it was, the others have not noticed.
    assert.equal((await world.ask('acme.localhost', '/')).body, 'page');
    assert.deepEqual(await call(), { status: '0', reset: 0 });
    await until(() => world.calls.active() === 0, 'nothing is left under way');
  });
  after(async () => {
    await world.close();
    pod.close();
  });

  async function open(): Promise<Socket & { isCut(): boolean }> {
    const socket = connect(world.port, '127.0.0.1');
    sockets.push(socket);
    let isCut = false;
    socket.on('error', () => undefined).on('close', () => (isCut = true));
    // What the gateway says is read and forgotten.
    socket.resume();
    await once(socket, 'connect');
    return Object.assign(socket, { isCut: () => isCut });
  }

  async function begin() {
    const socket = await open();
    socket.write(Buffer.concat([PREFACE, frame(TYPE.settings, 0, 0)]));
    return socket;
  }

  /** Writes as long as the connection lives. @returns how many of them were taken */
  async function flood(socket: Socket & { isCut(): boolean }, most: number, next: (index: number) => Buffer) {
    for (let index = 0; index < most; index += 1) {
      if (socket.isCut() || socket.destroyed) return index;
      if (!socket.write(next(index)))
        await new Promise<void>((resolve) => {
          socket.once('drain', resolve).once('close', () => resolve());
        });
      else if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return most;
  }

  function call(headers: Record<string, string> = {}): Promise<{ status: unknown; reset: number }> {
    const session = connectHttp2(`http://127.0.0.1:${world.port}`);
    return new Promise((resolve) => {
      let status: unknown;
      const stream = session.request({
        ':method': 'POST',
        ':path': PATH,
        ':authority': 'acme.localhost',
        'content-type': 'application/grpc',
        ...headers,
      });
      session.on('error', () => undefined);
      stream.on('response', (given) => (status = given['grpc-status']));
      stream.on('error', () => undefined);
      stream.on('close', () => {
        resolve({ status, reset: stream.rstCode });
        session.close();
      });
      stream.resume().end();
    });
  }

  test('calls begun and taken back at once are cut off, and few of them reach a Pod', async () => {
    heard = 0;
    const socket = await begin();
    const pair = (index: number): Buffer =>
      Buffer.concat([
        frame(TYPE.headers, END_HEADERS | END_STREAM, 1 + 2 * index, CALL),
        frame(TYPE.reset, 0, 1 + 2 * index, RESET),
      ]);
    await flood(socket, 50_000, pair);
    await until(() => socket.isCut(), 'the connection is cut');
    assert.ok(heard < 2_000, `${heard} of 50,000 were begun`);
  });

  test('headers that never end are cut off', async () => {
    const socket = await begin();
    socket.write(frame(TYPE.headers, END_STREAM, 1, CALL));
    const more = frame(TYPE.continuation, 0, 1, literal('x-more', 'x'.repeat(100)));
    await flood(socket, 100_000, () => more);
    await until(() => socket.isCut(), 'the connection is cut');
  });

  test('headers that unpack to much more than was sent are refused, before anybody hears of them', async () => {
    heard = 0;
    const socket = await begin();
    // Put into the table once, with the next index of it (62), and then said a thousand times.
    const stored = Buffer.concat([Buffer.from([0x40]), text('x-bomb'), text('y'.repeat(120))]);
    const again = Buffer.alloc(1_000, 0x80 | 62);
    socket.write(frame(TYPE.headers, END_HEADERS | END_STREAM, 1, Buffer.concat([CALL, stored, again])));
    socket.write(frame(TYPE.ping, 0, 0, Buffer.alloc(8)));
    await until(() => world.calls.active() === 0 || socket.isCut(), 'it is refused');
    assert.equal(heard, 0);
    const large = await call({ 'x-large': 'x'.repeat(20_000) });
    assert.equal(large.status, undefined);
    assert.notEqual(large.reset, 0);
    assert.equal(heard, 0);
  });

  test('who opens more calls than one may has the rest refused', async () => {
    const session = await begin();
    const refused: number[] = [];
    session.on('data', (bytes: Buffer) => {
      // Frames may come in pieces; one whole RST_STREAM with REFUSED_STREAM among them is enough.
      const at = bytes.indexOf(Buffer.from([0, 0, 4, TYPE.reset, 0]));
      if (at >= 0 && bytes.length >= at + 13) refused.push(bytes.readUInt32BE(at + 9));
    });
    for (let index = 0; index < 150; index += 1)
      session.write(frame(TYPE.headers, END_HEADERS, 1 + 2 * index, CALL));
    await until(() => refused.length > 0 || session.isCut(), 'calls are refused');
    assert.ok(refused.includes(constants.NGHTTP2_REFUSED_STREAM) || session.isCut(), String(refused));
    assert.ok(world.calls.active() <= 100, String(world.calls.active()));
  });

  test('who only pings is not busy', async () => {
    const socket = await begin();
    const ping = setInterval(() => socket.write(frame(TYPE.ping, 0, 0, Buffer.alloc(8))), 20);
    await until(() => socket.isCut(), 'the connection is closed');
    clearInterval(ping);
  });

  test('who says nothing, or too little to tell what it speaks, is cut', async () => {
    for (const words of ['', 'P', 'PR']) {
      const socket = await open();
      if (words !== '') socket.write(words);
      await until(() => socket.isCut(), `"${words}" is cut`);
    }
  });

  test('what begins like HTTP/2 and is none is cut', async () => {
    const socket = await open();
    socket.write('PRINT everything HTTP/1.1\r\nhost: acme.localhost\r\n\r\n');
    await until(() => socket.isCut(), 'the connection is cut');
  });

  test('a method of HTTP/1 that begins like the preface is a method, however slowly it comes', async () => {
    const socket = connect(world.port, '127.0.0.1');
    sockets.push(socket);
    for (const part of [
      'P',
      'R',
      'OPFIND / HTTP/1.1\r\n',
      'host: acme.localhost\r\nconnection: close\r\n\r\n',
    ]) {
      socket.write(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const parts: Buffer[] = [];
    for await (const part of socket as AsyncIterable<Buffer>) parts.push(part);
    assert.match(String(Buffer.concat(parts)), /^HTTP\/1\.1 200 OK[^]*page/);
  });

  test('a page is not asked over HTTP/2 here, and clients are told by what it is', async () => {
    const answer = await call({ ':method': 'GET', 'content-type': 'text/html' });
    assert.deepEqual(answer, { status: undefined, reset: constants.NGHTTP2_HTTP_1_1_REQUIRED });
  });
});
