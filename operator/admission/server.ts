/**
 * The HTTPS side of admission: one path, bounded bodies, an answer or a precise refusal.
 */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Certificate } from './certificate.ts';
import { reviewTenant } from './review.ts';
import type { Surroundings } from './review.ts';

export const TENANT_PATH = '/validate/shopmindtenants';
/** etcd takes 1.5 MiB; an update carries the object twice. */
const MAX_BODY = 4 * 1024 * 1024;

export interface AdmissionServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Rejects with the error of `listen`, for example EADDRINUSE. */
export async function serveAdmission(options: {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly certificate: Certificate;
  readonly around: Surroundings;
  readonly log: Logger;
}): Promise<AdmissionServer> {
  const { certificate, around, log } = options;
  const server = createServer({ cert: certificate.cert, key: certificate.key }, (request, response) => {
    respond(request, response, around).catch((error: unknown) => {
      log.warn({ err: error }, 'an admission review could not be answered');
      if (!response.headersSent) response.writeHead(400, { 'content-type': 'text/plain' });
      response.end(`${error instanceof Error ? error.message : 'bad request'}\n`);
    });
  });
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    // A TCP server's address is never a pipe's string.
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  around: Surroundings,
): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0];
  if (request.method !== 'POST' || path !== TENANT_PATH) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end(`POST ${TENANT_PATH}\n`);
    return;
  }
  const body = await read(request);
  if (body === undefined) {
    response.writeHead(413, { 'content-type': 'text/plain', connection: 'close' }).end('too large\n');
    return;
  }
  const text = JSON.stringify(await reviewTenant(JSON.parse(body), around));
  response
    .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text);
}

async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    // Without an encoding set, an incoming message yields buffers.
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > MAX_BODY) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
