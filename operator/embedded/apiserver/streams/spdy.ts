/**
 * The part of SPDY/3.1 that kubectl speaks after an upgrade: the client opens streams with headers, and both sides send
 * data on them and end them. Windows are not kept, as kubectl's own implementation does not keep them either.
 */
import type { Duplex } from 'node:stream';
import { constants, createDeflate, createInflate } from 'node:zlib';
import { DICTIONARY } from './dictionary.ts';

export interface Stream {
  readonly headers: ReadonlyMap<string, string>;
  write(data: Buffer | string): void;
  /** Ends this side of the stream. */
  end(): void;
  /** Called with what the client sends; null when the client has ended its side. */
  onData: (data: Buffer | null) => void;
}

const VERSION = 3;
const TYPE = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;
const FIN = 1;
const FRAME_HEADER = 8;
/** kubectl sends far smaller ones. */
const LARGEST_FRAME = 1024 * 1024;
const LARGEST_CHUNK = 32 * 1024;

/**
 * Serves streams on a connection until it ends.
 * @param onStream called for every stream that the client opens, before anything is read from it
 */
export async function serveSpdy(socket: Duplex, onStream: (stream: Stream) => void): Promise<void> {
  const headers = createHeaderCodec();
  const streams = new Map<number, Stream>();
  /** Frames go out in order, and compressed headers depend on those before them. */
  let outgoing = Promise.resolve();
  const writeAfter = async (earlier: Promise<void>, frame: () => Promise<Buffer> | Buffer): Promise<void> => {
    await earlier;
    const bytes = await frame();
    if (!socket.destroyed) socket.write(bytes);
  };
  const send = (frame: () => Promise<Buffer> | Buffer): void => {
    outgoing = writeAfter(outgoing, frame).catch((error: Error) => void socket.destroy(error));
  };

  async function handle(frame: Frame): Promise<void> {
    if (frame.control === undefined) {
      const stream = streams.get(frame.stream);
      if (frame.body.length > 0) stream?.onData(frame.body);
      if (frame.flags & FIN) stream?.onData(null);
      return;
    }
    if (frame.control === TYPE.ping) send(() => controlFrame(TYPE.ping, frame.body));
    if (frame.control === TYPE.rstStream) streams.get(frame.body.readUInt32BE(0) & 0x7fffffff)?.onData(null);
    if (frame.control === TYPE.synStream) await open(frame);
  }

  async function open(frame: Frame): Promise<void> {
    const id = frame.body.readUInt32BE(0) & 0x7fffffff;
    const given = await headers.read(frame.body.subarray(10));
    const stream = createStream(id, given, send);
    streams.set(id, stream);
    send(async () => {
      const block = await headers.write();
      const head = Buffer.alloc(4);
      head.writeUInt32BE(id);
      return controlFrame(TYPE.synReply, Buffer.concat([head, block]));
    });
    onStream(stream);
    if (frame.flags & FIN) stream.onData(null);
  }

  try {
    for await (const frame of frames(socket)) await handle(frame);
  } finally {
    for (const stream of streams.values()) stream.onData(null);
    headers.close();
    socket.destroy();
  }
}

function createStream(
  id: number,
  headers: ReadonlyMap<string, string>,
  send: (frame: () => Buffer) => void,
): Stream {
  let ended = false;
  return {
    headers,
    onData: () => undefined,
    write(data) {
      if (ended) return;
      const bytes = Buffer.from(data);
      for (let at = 0; at < bytes.length; at += LARGEST_CHUNK) {
        const part = bytes.subarray(at, at + LARGEST_CHUNK);
        send(() => dataFrame(id, 0, part));
      }
    },
    end() {
      if (ended) return;
      ended = true;
      send(() => dataFrame(id, FIN, Buffer.alloc(0)));
    },
  };
}

interface Frame {
  /** Undefined for data. */
  readonly control: number | undefined;
  readonly stream: number;
  readonly flags: number;
  readonly body: Buffer;
}

async function* frames(socket: Duplex): AsyncGenerator<Frame> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const part of socket) {
    // No encoding is set on the socket.
    pending = Buffer.concat([pending, part as Buffer]);
    while (pending.length >= FRAME_HEADER) {
      const first = pending.readUInt32BE(0);
      const flags = pending.readUInt8(4);
      const length = pending.readUIntBE(5, 3);
      if (length > LARGEST_FRAME) throw new RangeError('a frame is too large');
      if (pending.length < FRAME_HEADER + length) break;
      const body = Buffer.from(pending.subarray(FRAME_HEADER, FRAME_HEADER + length));
      pending = pending.subarray(FRAME_HEADER + length);
      const isControl = first >= 0x80000000;
      yield { control: isControl ? first & 0xffff : undefined, stream: isControl ? 0 : first, flags, body };
    }
  }
}

function controlFrame(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(FRAME_HEADER);
  head.writeUInt16BE(0x8000 | VERSION, 0);
  head.writeUInt16BE(type, 2);
  head.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([head, body]);
}

function dataFrame(stream: number, flags: number, body: Buffer): Buffer {
  const head = Buffer.alloc(FRAME_HEADER);
  head.writeUInt32BE(stream, 0);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([head, body]);
}

interface HeaderCodec {
  read(block: Buffer): Promise<Map<string, string>>;
  /** A block without headers. */
  write(): Promise<Buffer>;
  close(): void;
}

/** Header blocks are pieces of one compressed stream in each direction. */
function createHeaderCodec(): HeaderCodec {
  const inflater = createInflate({ dictionary: DICTIONARY });
  const deflater = createDeflate({ dictionary: DICTIONARY });
  return {
    async read(block) {
      await new Promise<void>((resolve, reject) => {
        inflater.once('error', reject);
        inflater.write(block, () => {
          inflater.off('error', reject);
          resolve();
        });
      });
      return readHeaders(asBuffer(inflater.read()));
    },
    async write() {
      deflater.write(Buffer.alloc(4));
      await new Promise<void>((resolve) => deflater.flush(constants.Z_SYNC_FLUSH, () => resolve()));
      return asBuffer(deflater.read());
    },
    close() {
      inflater.close();
      deflater.close();
    },
  };
}

const asBuffer = (read: unknown): Buffer => (Buffer.isBuffer(read) ? read : Buffer.alloc(0));

function readHeaders(block: Buffer): Map<string, string> {
  const headers = new Map<string, string>();
  let at = 0;
  const text = (): string => {
    const length = block.readUInt32BE(at);
    at += 4 + length;
    return block.subarray(at - length, at).toString();
  };
  const count = block.readUInt32BE(0);
  at = 4;
  for (let index = 0; index < count; index += 1) headers.set(text(), text());
  return headers;
}
