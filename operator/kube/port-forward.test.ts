/**
 * Ports of Pods through an API server: bytes both ways, errors in the node's words, refusals with a remedy. The server of the
 * test speaks the protocol as kubelet does.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { after, before, test } from 'node:test';
import type { Connection } from './kubeconfig.ts';
import { KubeError } from './errors.ts';
import { openPodPort } from './port-forward.ts';

const PORT = 5432;
let server: Server;
const upgraded = new Set<Duplex>();
let asked: { url: string; authorization: string | undefined; protocol: string | undefined };

before(async () => {
  server = createServer((_request, response) => response.writeHead(403).end('{}'));
  server.on('upgrade', (request, socket: Duplex) => {
    upgraded.add(socket);
    asked = {
      url: request.url ?? '',
      authorization: request.headers.authorization,
      protocol: request.headers['sec-websocket-protocol'],
    };
    if (asked.url.includes('/forbidden/'))
      return void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n`,
    );
    serveEcho(socket, asked.url.includes('/broken/'));
    return undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

after(() => {
  server.close();
  // The server knows nothing any more of those that were upgraded.
  for (const socket of upgraded) socket.destroy();
});

function connection(): Connection {
  const { port } = server.address() as AddressInfo;
  return {
    server: new URL(`http://127.0.0.1:${port}/prefix`),
    tls: {},
    namespace: 'default',
    authorization: () => 'Bearer t',
  };
}

test('bytes go both ways, in order, whatever their size', async () => {
  const stream = await openPodPort(connection(), { namespace: 'n', name: 'p' }, PORT);
  assert.deepEqual(asked, {
    url: `/prefix/api/v1/namespaces/n/pods/p/portforward?ports=${PORT}`,
    authorization: 'Bearer t',
    protocol: 'v4.channel.k8s.io',
  });
  const sent = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
  stream.write(sent.subarray(0, 10));
  stream.write(sent.subarray(10));
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length >= sent.length) break;
  }
  assert.ok(Buffer.concat(chunks).equals(sent));
});

test('what the node cannot do ends the stream in its words', async () => {
  const stream = await openPodPort(connection(), { namespace: 'n', name: 'broken' }, PORT);
  stream.resume();
  const [error] = (await once(stream, 'error')) as [Error];
  assert.match(error.message, /connection refused/);
});

test('a refusal is an error of the server, with the permission to ask for', async () => {
  await assert.rejects(
    openPodPort(connection(), { namespace: 'n', name: 'forbidden' }, PORT),
    (error) => error instanceof KubeError && /can-i create pods\/portforward -n n/.test(error.remedy ?? ''),
  );
});

/** Port numbers on both channels, then every byte back; or an error on the second one. */
function serveEcho(socket: Duplex, isBroken: boolean): void {
  const port = Buffer.from([PORT & 255, PORT >> 8]);
  socket.write(frame(Buffer.concat([Buffer.from([0]), port])));
  socket.write(frame(Buffer.concat([Buffer.from([1]), port])));
  if (isBroken)
    return void socket.write(frame(Buffer.from('\u0001dial tcp 127.0.0.1:5432: connection refused')));
  let pending = Buffer.alloc(0);
  socket.on('data', (part: Buffer) => {
    pending = Buffer.concat([pending, part]);
    for (let read = unframe(pending); read !== undefined; read = unframe(pending)) {
      pending = pending.subarray(read.size);
      if (read.opcode === 8) return void socket.end();
      if (read.opcode === 2) socket.write(frame(read.payload));
    }
    return undefined;
  });
  socket.on('error', () => undefined);
  return undefined;
}

/** A binary message in one frame (RFC 6455, section 5.2). */
function frame(payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x82;
  if (length < 126) head[1] = length;
  else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

/** A client's frames are masked. */
function unframe(data: Buffer): { opcode: number; payload: Buffer; size: number } | undefined {
  if (data.length < 2) return undefined;
  const short = (data[1] ?? 0) & 127;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (data.length < 6 + extra) return undefined;
  const length = extra === 0 ? short : extra === 2 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2));
  const start = 6 + extra;
  if (data.length < start + length) return undefined;
  const mask = data.subarray(2 + extra, start);
  const payload = Buffer.from(
    data.subarray(start, start + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0)),
  );
  return { opcode: (data[0] ?? 0) & 15, payload, size: start + length };
}
