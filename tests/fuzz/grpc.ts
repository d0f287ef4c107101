/** Calls over gRPC that no client library would make: frames that lie about their length, bytes that are no message, metadata of any kind. */
import { readFileSync } from 'node:fs';
import { connect, type ClientHttp2Session } from 'node:http2';
import type { Actor } from './actors.ts';
import type { Finding } from './oracles.ts';
import type { Random } from './random.ts';

export interface GrpcCall {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface GrpcProbe {
  /** One call, and what is wrong with its end; nothing for nearly all. */
  probe(
    actor: Actor,
    random: Random,
  ): Promise<{ readonly call: GrpcCall; readonly findings: readonly Finding[] }>;
  close(): void;
}

/** @param withinMs ends that come later are none */
export function createGrpcProbe(port: number, withinMs: number): GrpcProbe {
  const methods = methodsOf(readFileSync(new URL('../../docs/api/shopmind.proto', import.meta.url), 'utf8'));
  let session: ClientHttp2Session | undefined;
  const open = (): ClientHttp2Session => {
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    session = connect(`http://127.0.0.1:${port}`);
    // A server may end a connection over what came by it; the next call opens another.
    session.on('error', () => undefined);
    return session;
  };
  return {
    async probe(actor, random) {
      const call: GrpcCall = {
        method: random.chance(0.95) ? random.pick(methods) : random.pick(NO_METHODS),
        headers: {
          ':authority': actor.host,
          'content-type': random.chance(0.9)
            ? 'application/grpc'
            : random.pick(['application/grpc+json', 'text/plain']),
          te: 'trailers',
          ...(actor.authorization === undefined ? {} : { authorization: actor.authorization }),
          ...(random.chance(0.5) ? { 'idempotency-key': `fuzz-${random.index(2 ** 31)}` } : {}),
          ...(random.chance(0.2)
            ? { 'grpc-timeout': random.pick(['0n', '1S', '99999999H', '-1S', 'x']) }
            : {}),
        },
        body: random.pick(BODIES)(random),
      };
      return { call, findings: judge(await end(open(), call, withinMs)) };
    },
    close: () => session?.destroy(),
  };
}

/** `/shopmind.v1.CatalogService/ListProducts`, for each of the file. */
export function methodsOf(proto: string): string[] {
  let service = '';
  const methods: string[] = [];
  for (const line of proto.split('\n')) {
    service = /^service (\w+)/.exec(line)?.[1] ?? service;
    const method = /^\s*rpc (\w+)/.exec(line)?.[1];
    if (method !== undefined) methods.push(`/shopmind.v1.${service}/${method}`);
  }
  return methods;
}

const NO_METHODS = [
  '/',
  '/x',
  '/shopmind.v1.CatalogService/',
  '/__proto__/constructor',
  '/shopmind.v1.CatalogService/ListProducts/x',
];

const BODIES: readonly ((random: Random) => Buffer)[] = [
  () => Buffer.alloc(0),
  () => framed(Buffer.alloc(0)),
  (random) => framed(noise(random, 40)),
  (random) => framed(noise(random, 2_000)),
  // Field 1 as text that is no UTF-8, and as NUL.
  () => framed(Buffer.from([0x0a, 2, 0xc0, 0x80])),
  () => framed(Buffer.from([0x0a, 1, 0x00])),
  // Field 1 as the largest varint, and as one that never ends.
  () => framed(Buffer.from([0x08, ...Array.from({ length: 9 }, () => 0xff), 0x01])),
  () => framed(Buffer.from([0x08, ...Array.from({ length: 30 }, () => 0xff)])),
  // Messages within messages, and groups, which nobody uses any more.
  () => framed(nested(60)),
  () => framed(nested(100)),
  () => framed(Buffer.alloc(10_000, 0x0b)),
  // A length that says more, less, or far too much; a flag for compression.
  (random) => lying(noise(random, 10), 20),
  (random) => lying(noise(random, 10), 3),
  (random) => lying(noise(random, 10), 0xffffffff),
  (random) => Buffer.concat([Buffer.from([1]), framed(noise(random, 10)).subarray(1)]),
  (random) => Buffer.concat([framed(noise(random, 5)), framed(noise(random, 5))]),
  (random) => framed(noise(random, 10)).subarray(0, 3),
];

function noise(random: Random, most: number): Buffer {
  return Buffer.from(Array.from({ length: random.index(most) }, () => random.index(256)));
}

function framed(message: Buffer): Buffer {
  return lying(message, message.length);
}

function lying(message: Buffer, length: number): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

function nested(depth: number): Buffer {
  let message: Buffer = Buffer.alloc(0);
  for (let level = 0; level < depth; level += 1)
    message = Buffer.concat([Buffer.from([0x0a]), varint(message.length), message]);
  return message;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

interface End {
  readonly status: number | undefined;
  readonly message: string;
  readonly failure: string | undefined;
}

function end(
  session: ClientHttp2Session,
  { method, headers, body }: GrpcCall,
  withinMs: number,
): Promise<End> {
  return new Promise((resolve) => {
    let [status, message]: [number | undefined, string] = [undefined, ''];
    const note = (from: Readonly<Record<string, unknown>>): void => {
      if (from['grpc-status'] !== undefined) status = Number(from['grpc-status']);
      if (from['grpc-message'] !== undefined) message = String(from['grpc-message']);
      // What is no gRPC is answered as HTTP.
      if (status === undefined && Number(from[':status']) >= 400) status = -Number(from[':status']);
    };
    const stream = session.request({ ':method': 'POST', ':path': method, ...headers });
    stream.setTimeout(withinMs, () => {
      resolve({ status, message, failure: `no end within ${withinMs} ms` });
      stream.destroy();
    });
    stream.on('response', note);
    stream.on('trailers', note);
    // Told by `close`, which comes after it.
    stream.on('error', () => undefined);
    stream.once('close', () => resolve({ status, message, failure: undefined }));
    stream.resume();
    stream.end(body);
  });
}

/** INTERNAL and UNKNOWN are bugs of the server (status.proto); a stream that is reset without a status was refused by HTTP/2 itself. */
function judge({ status, message, failure }: End): Finding[] {
  if (failure !== undefined) return [{ kind: 'no answer', what: failure }];
  if (status === 13 || status === 2 || (status !== undefined && status <= -500))
    return [{ kind: 'server error', what: `gRPC ${status} ${decodeURIComponent(message).slice(0, 100)}` }];
  return [];
}
