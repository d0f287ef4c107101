/**
 * The HTTPS side of admission and conversion: a few paths, bounded bodies, an answer or a precise refusal.
 */
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { CONVERSION } from '../../crds/index.ts';
import type { Pair } from './certificate.ts';
import { convertObjects } from './conversion.ts';
import { defaultTenant } from './defaults.ts';
import { reviewTenant } from './review.ts';
import type { Surroundings } from './review.ts';

export const VALIDATE_PATH = '/validate/shopmindtenants';
export const DEFAULT_PATH = '/default/shopmindtenants';
export const CONVERT_PATH = CONVERSION.path;
/** etcd takes 1.5 MiB; an update carries the object twice. */
const MAX_REVIEW = 4 * 1024 * 1024;
/** A page of a list, 500 objects by default, is converted in one review. */
const MAX_CONVERSION = 64 * 1024 * 1024;

export interface AdmissionOptions {
  /** What answers depend on; `undefined` while it is not known yet: reviews are answered 503 then, conversions are not. */
  readonly around: () => Surroundings | undefined;
}

export interface AdmissionServer {
  readonly port: number;
  /** New connections get this certificate; those that are open stay as they are. */
  use(serving: Pair): void;
  /** Cuts whatever is open, handshakes included: nobody who connects can keep the process from ending. */
  close(): Promise<void>;
}

interface Route {
  readonly maxBody: number;
  /** The answer, or `undefined` while it cannot be given. */
  readonly answer: (body: unknown) => Promise<object | undefined>;
}

/** Rejects with the error of `listen`, for example EADDRINUSE. */
export async function serveAdmission(
  options: AdmissionOptions & {
    readonly host: string;
    /** 0 takes a free one. */
    readonly port: number;
    readonly serving: Pair;
    readonly log: Logger;
  },
): Promise<AdmissionServer> {
  const { serving, log } = options;
  const routes = routesOf(options);
  const server = createServer(contextOf(serving), (request, response) => {
    respond(request, response, routes).catch((error: unknown) => {
      log.warn({ err: error, path: request.url }, 'a review could not be answered');
      if (!response.headersSent) response.writeHead(400, { 'content-type': 'text/plain' });
      response.end(`${error instanceof Error ? error.message : 'bad request'}\n`);
    });
  });
  server.requestTimeout = 10_000;
  // HTTP counts a connection once its handshake is through; one that never says a word is open all the same.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    // A TCP server's address is never a pipe's string.
    port: (server.address() as AddressInfo).port,
    use: (pair) => server.setSecureContext(contextOf(pair)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function contextOf({ cert, key }: Pair): { cert: string; key: string; minVersion: 'TLSv1.2' } {
  return { cert, key, minVersion: 'TLSv1.2' };
}

function routesOf({ around }: AdmissionOptions): ReadonlyMap<string, Route> {
  const review = (answer: (body: unknown, known: Surroundings) => Promise<object>): Route => ({
    maxBody: MAX_REVIEW,
    answer: async (body) => {
      const known = around();
      return known === undefined ? undefined : answer(body, known);
    },
  });
  return new Map([
    [VALIDATE_PATH, review(reviewTenant)],
    [DEFAULT_PATH, review(async (body, known) => defaultTenant(body, known.baseDomain()))],
    [CONVERT_PATH, { maxBody: MAX_CONVERSION, answer: async (body) => convertObjects(body) }],
  ]);
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  routes: ReadonlyMap<string, Route>,
): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  const route = routes.get(path);
  if (request.method !== 'POST' || route === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end(`POST ${[...routes.keys()].join(', ')}\n`);
    return;
  }
  const body = await read(request, route.maxBody);
  if (body === undefined) {
    response.writeHead(413, { 'content-type': 'text/plain', connection: 'close' }).end('too large\n');
    return;
  }
  const answer = await route.answer(JSON.parse(body));
  if (answer === undefined) {
    response
      .writeHead(503, { 'content-type': 'text/plain' })
      .end('the operator has not read the cluster yet\n');
    return;
  }
  const text = JSON.stringify(answer);
  response
    .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text);
}

async function read(request: IncomingMessage, maxBody: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    // Without an encoding set, an incoming message yields buffers.
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > maxBody) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
