/**
 * HTTP/2 from clients, for calls of gRPC: what a connection may have and do, so that none costs more than it brings.
 */
import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Limits } from '../config.ts';

export interface CallServer {
  /** A connection that has begun to speak HTTP/2. */
  serve(socket: Socket): void;
  /** Tells every client that no more calls are taken here; those under way go on. */
  goAway(): void;
  /** Ends every connection, with what is under way on it. */
  cut(): void;
}

export type AnswerCall = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** Calls under way on one connection. */
const MOST_CALLS = 100;

/**
 * Each figure is an attack that has brought servers down: many calls at once, calls begun and taken back at once (Rapid Reset,
 * CVE-2023-44487), headers without end (CONTINUATION flood, CVE-2024-27316; nghttp2 itself cuts after eight such frames), headers that
 * unpack to far more than was sent, frames that are none, and memory kept busy by windows that never open.
 */
const BOUNDS = {
  maxHeaderListPairs: 100,
  maxSessionMemory: 16,
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  maxOutstandingPings: 10,
  maxOutstandingSettings: 10,
  streamResetBurst: 500,
  streamResetRate: 50,
} as const;

export function createCallServer(answer: AnswerCall, limits: Limits, log: Logger): CallServer {
  const sessions = new Set<ServerHttp2Session>();
  const server: Http2Server = createServer({
    ...BOUNDS,
    settings: {
      enablePush: false,
      maxConcurrentStreams: MOST_CALLS,
      maxHeaderListSize: limits.maxHeaderBytes,
    },
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.on('error', (error) => log.debug({ err: error }, 'an HTTP/2 connection of a client failed'));
    closeWhenIdle(session, limits.keepAliveMs);
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', (error) => log.debug({ err: error }, 'a call of a client broke off'));
    // Node holds clients to it only after they have heard of it.
    if (sizeOf(headers) > limits.maxHeaderBytes) stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    else answer(stream, headers);
  });

  return {
    serve: (socket) => void server.emit('connection', socket),
    goAway() {
      for (const session of sessions) session.close();
    },
    cut() {
      for (const session of sessions) session.destroy();
    },
  };
}

/** As HTTP/2 counts: 32 for each entry besides its letters. */
function sizeOf(headers: IncomingHttpHeaders): number {
  let size = 0;
  for (const [name, value] of Object.entries(headers)) size += 32 + name.length + String(value).length;
  return size;
}

/** By calls, not by bytes: a client that only pings would be busy for ever. */
function closeWhenIdle(session: ServerHttp2Session, ms: number): void {
  let calls = 0;
  const wait = (): NodeJS.Timeout => setTimeout(() => session.close(), ms);
  let timer = wait();
  session.on('stream', (stream) => {
    calls += 1;
    clearTimeout(timer);
    stream.once('close', () => {
      calls -= 1;
      if (calls === 0 && !session.closed) timer = wait();
    });
  });
  session.once('close', () => clearTimeout(timer));
}
