/**
 * The storefront's process: one server for every tenant, told apart by the host the gateway forwards.
 * Waits for the build where there is none yet, then serves it; says so on the admin port.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { STOREFRONT, buildFolder, currentBuild } from './builds.ts';
import { contentSecurityPolicy } from './lib/security.ts';

// A shop's pages leave much garbage and keep little: without these the heap grows to three times its need (338 MB instead
// of 139 after 300 pages), for a fifth less CPU. Memory is what a node runs out of first.
setFlagsFromString('--max-semi-space-size=2');
setFlagsFromString('--optimize-for-size');

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const address = process.env['POD_IP'] ?? '127.0.0.1';
const port = Number(process.env['PORT'] ?? 3000);
const adminPort = Number(process.env['ADMIN_PORT'] ?? 9090);
const paymentsOrigin = process.env['PAYMENTS_PUBLIC_ORIGIN'];

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

let ready = false;
let requests = 0;
const stopping = new AbortController();

const admin = createServer((request, response) => {
  const path = request.url ?? '';
  if (path.startsWith('/livez')) answer(response, 200, 'ok\n');
  else if (path.startsWith('/readyz'))
    answer(
      response,
      ready ? 200 : 503,
      ready ? 'ok\n' : 'waiting for the build: node web/storefront/prepare.ts makes it\n',
    );
  else if (path.startsWith('/metrics')) answer(response, 200, metrics());
  else answer(response, 404, 'not found\n');
});
await listen(admin, adminPort);

process.once('SIGTERM', () => stopping.abort()).once('SIGINT', () => stopping.abort());
const hash = await awaitBuild(stopping.signal);
if (hash !== undefined) await serve(hash);
admin.close();

async function serve(build: string): Promise<void> {
  const handle = await load(build);
  const files = join(STOREFRONT, buildFolder(build), 'static');
  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    requests += 1;
    const work =
      request.url?.startsWith('/_next/static/') === true
        ? sendFile(files, request, response)
        : handle(secured(request, response), response);
    work.catch((error: unknown) => {
      process.stderr.write(
        `${JSON.stringify({ level: 'error', msg: 'a page failed', url: request.url, err: String(error) })}\n`,
      );
      if (!response.headersSent) answer(response, 500, 'Something went wrong.\n');
      else response.destroy();
    });
  });
  await listen(server, port);
  ready = true;
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
  ready = false;
  server.close();
  server.closeIdleConnections();
  const patience = pause(8_000, undefined, { ref: false });
  await Promise.race([once(server, 'close'), patience]);
  process.exit(0);
}

/** Next, on the build's folder. Loaded late: its modules are there only once the packages are installed. */
async function load(build: string): Promise<Handle> {
  Object.assign(process.env, {
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    STOREFRONT_BUILD: buildFolder(build),
  });
  const { default: next } = await import('next');
  const app = next({ dev: false, dir: STOREFRONT, hostname: address, port });
  await app.prepare();
  return app.getRequestHandler();
}

/** Gives the page a nonce, and the browser the policy that makes it count. */
function secured(request: IncomingMessage, response: ServerResponse): IncomingMessage {
  const nonce = randomBytes(16).toString('base64url');
  const policy = contentSecurityPolicy(nonce, paymentsOrigin);
  request.headers['x-nonce'] = nonce;
  request.headers['content-security-policy'] = policy;
  response.setHeader('content-security-policy', policy);
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'strict-origin-when-cross-origin');
  response.setHeader('permissions-policy', 'camera=(), microphone=(), geolocation=()');
  return request;
}

/** A file of the build; its name changes with its content, so it may be kept for ever. */
async function sendFile(folder: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const name = decodeURIComponent((request.url ?? '').slice('/_next/static/'.length).replace(/[?#].*$/, ''));
  const type = TYPES[extname(name)];
  if (type === undefined || !/^[A-Za-z0-9_~.()[\]/-]+$/.test(name) || name.includes('..'))
    return answer(response, 404, 'not found\n');
  const packed = /\bbr\b/.test(String(request.headers['accept-encoding'] ?? ''));
  for (const path of packed ? [`${name}.br`, name] : [name]) {
    const found = await stat(join(folder, path)).catch(() => undefined);
    if (found === undefined || !found.isFile()) continue;
    response.writeHead(200, {
      'content-type': type,
      'content-length': found.size,
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
      ...(path.endsWith('.br') ? { 'content-encoding': 'br' } : {}),
    });
    if (request.method === 'HEAD') response.end();
    else
      createReadStream(join(folder, path))
        .on('error', () => response.destroy())
        .pipe(response);
    return;
  }
  answer(response, 404, 'not found\n');
}

async function awaitBuild(signal: AbortSignal): Promise<string | undefined> {
  while (!signal.aborted) {
    const found = await currentBuild();
    if (found !== undefined) return found;
    await pause(200, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

async function listen(server: Server, on: number): Promise<void> {
  server.listen(on, address);
  await once(server, 'listening');
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

function metrics(): string {
  const { rss, heapUsed } = process.memoryUsage();
  return [
    '# TYPE storefront_requests_total counter',
    `storefront_requests_total ${requests}`,
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${rss}`,
    '# TYPE nodejs_heap_size_used_bytes gauge',
    `nodejs_heap_size_used_bytes ${heapUsed}`,
    '# TYPE process_cpu_seconds_total counter',
    `process_cpu_seconds_total ${(process.cpuUsage().user + process.cpuUsage().system) / 1e6}`,
    '',
  ].join('\n');
}
