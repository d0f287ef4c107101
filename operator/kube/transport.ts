/**
 * HTTP to one API server over kept-alive connections: whole answers and streams of lines, both bounded in time and size.
 * Knows nothing of Kubernetes but its errors.
 */
import http from 'node:http';
import https from 'node:https';
import { StringDecoder } from 'node:string_decoder';
import type { Clock } from './clock.ts';
import { KubeError } from './errors.ts';
import type { Connection } from './kubeconfig.ts';

export interface TransportRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Longest time to the end of the answer; for streams, to its headers. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface TransportAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface LineHandlers {
  readonly onLine: (line: string) => void;
  /** Called when the server has accepted the stream. */
  readonly onOpen?: (() => void) | undefined;
  /** A stream silent for this long is taken for half-open and broken off. */
  readonly inactivityMs: number;
}

export interface Transport {
  request(request: TransportRequest): Promise<TransportAnswer>;
  /** Resolves with the answer's status and, unless it is 200, its body; for 200 resolves when the stream ends. */
  lines(request: TransportRequest, handlers: LineHandlers): Promise<TransportAnswer>;
  close(): void;
}

/** An answer larger than this is an error: a page of 500 large objects is far below. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;
const MAX_LINE_CHARS = 32 * 1024 * 1024;

export function createTransport(connection: Connection, clock: Clock): Transport {
  const { server, tls } = connection;
  const secure = server.protocol === 'https:';
  const agent = secure
    ? new https.Agent({ keepAlive: true, keepAliveMsecs: 15_000, scheduling: 'lifo', ...tls })
    : new http.Agent({ keepAlive: true, keepAliveMsecs: 15_000, scheduling: 'lifo' });
  const prefix = server.pathname === '/' ? '' : server.pathname.replace(/\/$/, '');
  const base = {
    agent,
    hostname: server.hostname.replace(/^\[|\]$/g, ''),
    port: server.port === '' ? (secure ? 443 : 80) : Number(server.port),
  };

  /** Resolves when the headers are there. Every failure is a KubeError. */
  async function open(request: TransportRequest): Promise<Opened> {
    const authorization = await connection.authorization();
    const headers: Record<string, string | number> = { accept: 'application/json', ...request.headers };
    if (authorization !== undefined) headers['authorization'] = authorization;
    if (request.body !== undefined) headers['content-length'] = Buffer.byteLength(request.body);
    return new Promise((resolve, reject) => {
      if (request.signal?.aborted === true) return reject(aborted(request));
      const outgoing = (secure ? https : http).request({
        ...base,
        method: request.method,
        path: prefix + request.path,
        headers,
      });
      let failure: Error | undefined;
      // Destroying the request surfaces as "aborted" on the answer; the first reason is the true one.
      const fail = (error: unknown): void => {
        failure ??= asError(error);
        // Without the error: a complete answer's socket may already be the agent's, where nobody listens for it.
        outgoing.destroy();
      };
      const onAbort = (): void => fail(aborted(request));
      const cancel = clock.after(request.timeoutMs, () => fail(timedOut(request)));
      request.signal?.addEventListener('abort', onAbort, { once: true });
      const settle = (): void => {
        cancel();
        request.signal?.removeEventListener('abort', onAbort);
      };
      outgoing.on('error', (error) => {
        settle();
        reject(unreachable(failure ?? error, request, server, outgoing.reusedSocket));
      });
      outgoing.on('response', (incoming) =>
        resolve({ incoming, fail, cancel, settle, reason: (error) => failure ?? error }),
      );
      outgoing.end(request.body);
    });
  }

  return {
    async request(request) {
      const { incoming, settle, reason } = await open(request);
      try {
        return {
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: await wholeBody(incoming),
        };
      } catch (error) {
        throw unreachable(reason(error), request, server, false);
      } finally {
        settle();
      }
    },

    async lines(request, handlers) {
      const { incoming, settle, cancel, fail, reason } = await open(request);
      const answer = { status: incoming.statusCode ?? 0, headers: incoming.headers };
      let thrown: { readonly error: unknown } | undefined;
      const onLine = (line: string): void => {
        try {
          handlers.onLine(line);
        } catch (error) {
          thrown = { error };
          throw error;
        }
      };
      try {
        if (answer.status !== 200) return { ...answer, body: await wholeBody(incoming) };
        cancel();
        handlers.onOpen?.();
        await streamLines(incoming, { ...handlers, onLine }, clock, fail);
        return { ...answer, body: '' };
      } catch (error) {
        // What a handler throws is its own, not the connection's.
        if (thrown !== undefined) throw thrown.error;
        throw unreachable(reason(error), request, server, false);
      } finally {
        settle();
        incoming.destroy();
      }
    },

    close: () => agent.destroy(),
  };
}

interface Opened {
  readonly incoming: http.IncomingMessage;
  readonly fail: (error: unknown) => void;
  readonly cancel: () => void;
  readonly settle: () => void;
  /** Why the connection really broke: our own deadline or abort, or else `error`. */
  readonly reason: (error: unknown) => unknown;
}

async function wholeBody(incoming: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    // Without setEncoding a message's chunks are Buffers.
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > MAX_BODY_BYTES) throw tooLarge('the answer', MAX_BODY_BYTES);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size).toString('utf8');
}

function streamLines(
  incoming: http.IncomingMessage,
  handlers: LineHandlers,
  clock: Clock,
  fail: (error: unknown) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    let lastSeen = clock.monotonic();
    let cancel = (): void => undefined;
    // One timer that looks back, instead of a new timer for every chunk.
    const watchSilence = (): void => {
      const left = lastSeen + handlers.inactivityMs - clock.monotonic();
      if (left <= 0) return finish(silent(handlers.inactivityMs));
      cancel = clock.after(left, watchSilence);
    };
    const finish = (error?: unknown): void => {
      cancel();
      incoming.removeAllListeners('data');
      if (error === undefined) return resolve();
      fail(error);
      reject(asError(error));
    };
    incoming.on('data', (chunk: Buffer) => {
      lastSeen = clock.monotonic();
      rest += decoder.write(chunk);
      try {
        rest = deliver(rest, handlers.onLine);
      } catch (error) {
        finish(error);
      }
    });
    incoming.on('end', () => finish());
    incoming.on('error', finish);
    incoming.on('close', () => finish(incoming.complete ? undefined : cutOff()));
    watchSilence();
  });
}

/** Calls `onLine` for each whole line and returns what is left. */
function deliver(text: string, onLine: (line: string) => void): string {
  let start = 0;
  for (let end = text.indexOf('\n', start); end >= 0; end = text.indexOf('\n', start)) {
    if (end > start) onLine(text.slice(start, end));
    start = end + 1;
  }
  const rest = start === 0 ? text : text.slice(start);
  if (rest.length > MAX_LINE_CHARS) throw tooLarge('one line of the stream', MAX_LINE_CHARS);
  return rest;
}

// ── errors ───────────────────────────────────────────────────────────────────────────────────────

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

const aborted = (request: TransportRequest): KubeError =>
  new KubeError({
    code: 0,
    reason: 'Aborted',
    message: `${request.method} ${request.path} was aborted`,
    cause: request.signal?.reason,
  });

const timedOut = (request: TransportRequest): KubeError =>
  new KubeError({
    code: 0,
    reason: 'Timeout',
    message: `${request.method} ${request.path} got no answer within ${request.timeoutMs} ms`,
    retryable: true,
  });

const silent = (ms: number): KubeError =>
  new KubeError({
    code: 0,
    reason: 'Timeout',
    message: `the stream was silent for ${ms} ms, so the connection is taken for half-open`,
    retryable: true,
  });

const cutOff = (): KubeError =>
  new KubeError({ code: 0, reason: 'Unreachable', message: 'the connection was cut', retryable: true });

const tooLarge = (what: string, limit: number): KubeError =>
  new KubeError({ code: 0, reason: 'Malformed', message: `${what} is larger than ${limit} bytes` });

/** A socket the server closed while it lay idle; the request never reached it, so GETs are sent again at once. */
export const isStaleSocket = (error: unknown): boolean =>
  error instanceof KubeError && error.reason === 'Unreachable' && error.cause === STALE;

const STALE = Symbol('stale keep-alive socket');

function unreachable(error: unknown, request: TransportRequest, server: URL, reused: boolean): KubeError {
  if (error instanceof KubeError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const stale = reused && (code === 'ECONNRESET' || code === 'EPIPE');
  const certificate = /CERT|SSL|TLS|SELF_SIGNED/.test(code);
  return new KubeError({
    code: 0,
    reason: 'Unreachable',
    message: `${request.method} ${server.origin}${request.path}: ${asError(error).message}`,
    remedy: certificate
      ? 'The certificate of the server does not fit the kubeconfig: check certificate-authority-data and the server name.'
      : `Check that the API server at ${server.origin} runs and can be reached.`,
    retryable: !certificate,
    cause: stale ? STALE : error,
  });
}
