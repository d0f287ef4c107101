/**
 * The admin port of a process: `/livez`, `/readyz` and `/metrics`. Ready means every check has no complaint.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface HealthOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Each says what is wrong, or `undefined`; for example "waits for the cache of pods: connection refused". */
  readonly ready: Readonly<Record<string, () => string | undefined>>;
  /** A complaint here makes the kubelet restart the process; leave it empty unless a restart would help. */
  readonly live?: Readonly<Record<string, () => string | undefined>>;
  readonly registry?: Registry;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Rejects with the error of `listen`, for example EADDRINUSE. */
export async function serveHealth(options: HealthOptions): Promise<HealthServer> {
  const server = createServer((request, response) => void respond(options, request, response));
  server.requestTimeout = 5000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  // A TCP server's address is never a pipe's string.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type: string;
}

async function respond(
  options: HealthOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  try {
    const { status, body, type } = await answer(options, path);
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
    response.end(request.method === 'HEAD' ? undefined : body);
  } catch (error) {
    response.writeHead(500, { 'content-type': TEXT }).end(`${String(error)}\n`);
  }
}

async function answer(options: HealthOptions, path: string): Promise<Answer> {
  if (path === '/livez' || path === '/healthz') return checked(options.live ?? {});
  if (path === '/readyz') return checked(options.ready);
  if (path === '/metrics' && options.registry !== undefined) {
    return { status: 200, body: await options.registry.metrics(), type: options.registry.contentType };
  }
  return { status: 404, body: 'not found\n', type: TEXT };
}

function checked(checks: Readonly<Record<string, () => string | undefined>>): Answer {
  const lines = Object.entries(checks).map(([name, check]) => ({ name, complaint: complaintOf(check) }));
  const isFine = lines.every(({ complaint }) => complaint === undefined);
  const body = lines
    .map(({ name, complaint }) => (complaint === undefined ? `[+] ${name}\n` : `[-] ${name}: ${complaint}\n`))
    .join('');
  return { status: isFine ? 200 : 503, body: `${body}${isFine ? 'ok' : 'not ok'}\n`, type: TEXT };
}

/** A check that throws complains. */
function complaintOf(check: () => string | undefined): string | undefined {
  try {
    return check();
  } catch (error) {
    return String(error);
  }
}

const TEXT = 'text/plain; charset=utf-8';
