/**
 * gRPC over HTTP/2 (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md), without TLS: that is the mesh's, or the edge's.
 * It knows frames, deadlines and trailers; what a method does is given to it.
 */
import { randomUUID } from 'node:crypto';
import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Logger } from 'pino';
import { ShopError, STATUS_OF } from '../../platform/errors.ts';
import { isCall, millisecondsIn } from '../../platform/grpc.ts';
import type { SpanOptions, Tracer } from '../../platform/tracing/tracer.ts';
import type { Method } from './proto.ts';
import { trailersOf, Unimplemented } from './status.ts';
import { decode, encode, type Json } from './wire.ts';

export interface Call {
  readonly requestId: string;
  /** Metadata; with `host`, by which the shop is known. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Aborted when the deadline has passed, or the client has gone. */
  readonly signal: AbortSignal;
}

export interface ServedMethod {
  readonly method: Method;
  /** What it is called in metrics: `catalog.listProducts`. */
  readonly operation: string;
  /** A larger message is refused before it is read. */
  readonly messageBytes: number;
  /** Answers, one or many. Messages come as the client sends them: of a method that takes one, there is one. */
  answer(call: Call, messages: AsyncIterable<Json>): AsyncIterable<Json>;
}

export interface GrpcOptions {
  /** By `/package.Service/Method`; is asked with the first call. */
  readonly methods: () => Promise<ReadonlyMap<string, ServedMethod>>;
  readonly log: Logger;
  readonly tracer: Tracer;
  readonly observe: (route: string, method: string, status: number, seconds: number) => void;
}

export interface GrpcServer {
  readonly server: Http2Server;
  /** Takes no more calls, lets those that run come to their end, and ends the others. */
  stop(): Promise<void>;
}

const STOP_MS = 20_000;
/** Of calls that set themselves no deadline. */
const MOST_MS = 60_000;
const PREFIX = 5;

export function createGrpcServer({ methods, log, tracer, observe }: GrpcOptions): GrpcServer {
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer({
    // The gateway lets in 16 KiB, and adds to it who asks.
    settings: { maxConcurrentStreams: 100, maxHeaderListSize: 24_576 },
    maxSessionMemory: 16,
    // It passes on that callers have gone, those of all shops on one connection; how often each may, it bounds itself.
    streamResetBurst: 100_000,
    streamResetRate: 10_000,
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    // A connection that says nothing for so long is not missed: clients open another.
    session.setTimeout(300_000, () => session.close());
    session.on('error', (error) => log.debug({ err: error }, 'a gRPC connection failed'));
  });
  server.on('stream', (stream, headers) => void answer(stream, headers));

  async function answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const started = performance.now();
    const given = headers['x-request-id'];
    const requestId = typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
    stream.on('error', (error) => log.debug({ err: error, requestId }, 'a gRPC stream failed'));
    if (headers[':method'] !== 'POST' || !isCall(headers['content-type'])) {
      stream.respond({ ':status': 415, 'x-request-id': requestId }, { endStream: true });
      return;
    }
    let operation = 'unknown';
    let status = 200;
    try {
      const served = (await methods()).get(headers[':path'] ?? '');
      if (served === undefined) throw new Unimplemented(`There is no method ${headers[':path']}.`);
      operation = served.operation;
      const parent = headers['traceparent'];
      const about: SpanOptions = {
        kind: 'server',
        parent: typeof parent === 'string' ? parent : 'none',
        attributes: { 'rpc.system': 'grpc', 'rpc.method': operation },
      };
      await tracer.run(`grpc ${operation}`, about, () =>
        within(stream, served, { requestId, headers: plain(headers) }),
      );
    } catch (error) {
      const code = error instanceof ShopError ? error.code : 'internal';
      status = error instanceof Unimplemented ? 501 : STATUS_OF[code];
      if (status === 500) log.error({ err: error, requestId, operation }, 'call failed');
      finish(stream, trailersOf(error, requestId), requestId);
    }
    observe(operation, 'GRPC', status, (performance.now() - started) / 1_000);
  }

  async function stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (!server.listening) return resolve();
      const force = setTimeout(() => {
        for (const session of sessions) session.destroy();
      }, STOP_MS);
      server.close(() => {
        clearTimeout(force);
        resolve();
      });
      for (const session of sessions) session.close();
    });
  }

  return { server, stop };
}

/** Replies, until the deadline: then the call is over whether it has an answer or not. */
async function within(
  stream: ServerHttp2Stream,
  served: ServedMethod,
  call: Omit<Call, 'signal'>,
): Promise<void> {
  if ((call.headers['grpc-encoding'] ?? 'identity') !== 'identity') throw compressed();
  const { clientStreams, serverStreams } = served.method;
  const isStream = clientStreams === true || serverStreams === true;
  const asked = millisecondsIn(call.headers['grpc-timeout']);
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    const end = (message: string, remedy: string): void => {
      const error = new ShopError('timeout', message, { remedy });
      stop.abort(error);
      reject(error);
    };
    if (asked !== undefined || !isStream)
      timer = setTimeout(
        () => end('The deadline of the call has passed.', 'Give it more time.'),
        asked ?? MOST_MS,
      );
    stream.once('close', () => end('The caller has gone.', 'Try again.'));
  });
  try {
    await Promise.race([reply(stream, served, { ...call, signal: stop.signal }), over]);
  } finally {
    clearTimeout(timer);
  }
}

async function reply(stream: ServerHttp2Stream, served: ServedMethod, call: Call): Promise<void> {
  const { method } = served;
  const messages = messagesIn(stream, served);
  const asked = method.clientStreams === true ? messages : single(messages);
  for await (const answer of served.answer(call, asked)) {
    if (stream.destroyed || call.signal.aborted) return;
    begin(stream, call.requestId);
    const taken = stream.write(framed(encode(method.output, answer)));
    if (!taken) await drained(stream);
  }
  finish(stream, { 'grpc-status': '0' }, call.requestId);
}

/** Messages come with a byte that says whether they are compressed, and four with their length. */
async function* messagesIn(
  stream: ServerHttp2Stream,
  { method, messageBytes }: ServedMethod,
): AsyncGenerator<Json> {
  let parts: Buffer[] = [];
  let size = 0;
  let wanted = PREFIX;
  const chunks: AsyncIterable<Buffer> = stream.iterator({ destroyOnReturn: false });
  for await (const chunk of chunks) {
    parts.push(chunk);
    size += chunk.length;
    while (size >= wanted) {
      const waiting = Buffer.concat(parts);
      const end = lengthOf(waiting, messageBytes);
      parts = [waiting];
      wanted = end;
      if (size < end) break;
      yield decode(method.input, waiting.subarray(PREFIX, end));
      parts = [waiting.subarray(end)];
      size -= end;
      wanted = PREFIX;
    }
  }
  if (size > 0) throw new ShopError('invalid_input', 'The message ended too early.');
}

/** Of the first message, with what stands before it. */
function lengthOf(waiting: Buffer, messageBytes: number): number {
  if (waiting[0] !== 0) throw compressed();
  const length = waiting.readUInt32BE(1);
  if (length <= messageBytes) return PREFIX + length;
  throw new ShopError('too_large', `The message has ${length} bytes; ${messageBytes} are allowed.`, {
    remedy: 'Send less at once.',
  });
}

function compressed(): Unimplemented {
  return new Unimplemented('Compressed messages are not read: send them as they are.');
}

async function* single(messages: AsyncIterable<Json>): AsyncGenerator<Json> {
  let count = 0;
  let first: Json = {};
  for await (const message of messages) {
    count += 1;
    if (count > 1) break;
    first = message;
  }
  if (count !== 1) throw new ShopError('invalid_input', 'This method takes exactly one message.');
  yield first;
}

function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

const HEADERS = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': 'identity',
} as const;

function begin(stream: ServerHttp2Stream, requestId: string): void {
  if (!stream.headersSent)
    stream.respond({ ...HEADERS, 'x-request-id': requestId }, { waitForTrailers: true });
}

/** Without an answer before it, the status stands among the headers. */
function finish(
  stream: ServerHttp2Stream,
  trailers: Readonly<Record<string, string>>,
  requestId: string,
): void {
  if (stream.destroyed || stream.closed) return;
  stream.resume();
  if (stream.headersSent) {
    stream.once('wantTrailers', () => {
      stream.sendTrailers(trailers);
      hearNoMore(stream);
    });
    stream.end();
  } else {
    stream.respond({ ...HEADERS, ...trailers, 'x-request-id': requestId }, { endStream: true });
    hearNoMore(stream);
  }
}

/** What the client still has to say. A turn later, because closing takes back the trailers that are still on their way. */
function hearNoMore(stream: ServerHttp2Stream): void {
  setImmediate(() => {
    if (!stream.destroyed && !stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  });
}

function drained(stream: ServerHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}

function plain(headers: IncomingHttpHeaders): Record<string, string | undefined> {
  const names = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(':') ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
  );
  return { ...Object.fromEntries(names), host: headers[':authority'] ?? headers.host };
}
