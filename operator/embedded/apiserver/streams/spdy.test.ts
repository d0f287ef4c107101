import assert from 'node:assert/strict';
import { PassThrough, Duplex } from 'node:stream';
import { test } from 'node:test';
import { constants, createDeflate } from 'node:zlib';
import { DICTIONARY } from './dictionary.ts';
import { serveSpdy } from './spdy.ts';

const FIN = 1;

function frame(head: number, flags: number, body: Buffer): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(head, 0);
  bytes.writeUInt8(flags, 4);
  bytes.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([bytes, body]);
}

/** Header blocks as a client compresses them: one stream for the whole connection. */
function headerWriter(): (headers: Record<string, string>) => Promise<Buffer> {
  const deflater = createDeflate({ dictionary: DICTIONARY });
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const text = (value: string): Buffer => Buffer.concat([number(value.length), Buffer.from(value)]);
  return async (headers) => {
    const entries = Object.entries(headers);
    deflater.write(
      Buffer.concat([
        number(entries.length),
        ...entries.flatMap(([name, value]) => [text(name), text(value)]),
      ]),
    );
    await new Promise<void>((resolve) => deflater.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    return deflater.read() as Buffer;
  };
}

async function open(
  write: ReturnType<typeof headerWriter>,
  id: number,
  headers: Record<string, string>,
): Promise<Buffer> {
  const head = Buffer.alloc(10);
  head.writeUInt32BE(id);
  return frame(0x80030001, 0, Buffer.concat([head, await write(headers)]));
}

test('streams carry their headers, their data both ways and their ends', async () => {
  const toServer = new PassThrough();
  const fromServer = new PassThrough();
  const socket = Duplex.from({ readable: toServer, writable: fromServer });
  const seen: string[] = [];
  const served = serveSpdy(socket, (stream) => {
    const name = stream.headers.get('streamtype') ?? '';
    stream.onData = (data) => {
      seen.push(`${name}: ${data === null ? 'end' : data.toString()}`);
      if (data === null) stream.end();
      else stream.write(data.toString().toUpperCase());
    };
  });
  const write = headerWriter();
  const sent = Buffer.concat([
    await open(write, 1, { streamtype: 'error', port: '80' }),
    await open(write, 3, { streamtype: 'data', port: '80' }),
    frame(3, 0, Buffer.from('hello')),
    frame(3, FIN, Buffer.alloc(0)),
    frame(0x80030006, 0, Buffer.from([0, 0, 0, 7])),
  ]);
  // In pieces, because a network keeps no frames together.
  for (let at = 0; at < sent.length; at += 7) toServer.write(sent.subarray(at, at + 7));
  let answer = Buffer.alloc(0);
  const pong = frame(0x80030006, 0, Buffer.from([0, 0, 0, 7]));
  for await (const part of fromServer) {
    answer = Buffer.concat([answer, part as Buffer]);
    if (answer.includes(pong)) break;
  }
  assert.deepEqual(seen, ['data: hello', 'data: end']);
  assert.ok(answer.includes(frame(3, 0, Buffer.from('HELLO'))));
  assert.ok(answer.includes(frame(3, FIN, Buffer.alloc(0))));
  toServer.end();
  await served.catch(() => undefined);
});

test('a frame that is too large ends the connection', async () => {
  const toServer = new PassThrough();
  const socket = Duplex.from({ readable: toServer, writable: new PassThrough() });
  const served = serveSpdy(socket, () => undefined);
  toServer.write(Buffer.from([0, 0, 0, 1, 0, 0xff, 0xff, 0xff]));
  await assert.rejects(served, /too large/);
});
