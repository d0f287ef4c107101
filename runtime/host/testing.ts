/** A whole runtime process in a test: real PostgreSQL, real HTTP, its own folder for blobs. */
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { ownFolder } from '../../tests/support/owned.ts';
import type { HostConfig } from './config.ts';
import { createHost, type Host, type HostParts } from './host.ts';

export const ADMIN_KEY = 'the-merchants-key';
/** For `addTenant(…, secrets)`. */
export const ADMIN_SECRETS = { 'admin-key-hash': createHash('sha256').update(ADMIN_KEY).digest('hex') };

export interface TestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  readonly text: string;
  /** The parsed body; the test that names the type checks what it reads of it. */
  json<T = Record<string, unknown>>(): T;
}

export interface TestCall {
  readonly json?: unknown;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestHost {
  readonly host: Host;
  readonly port: number;
  readonly adminPort: number;
  readonly grpcPort: number;
  /** Calls as the tenant's host name. */
  call(tenant: string, method: string, path: string, options?: TestCall): Promise<TestAnswer>;
  /** The same with the tenant's admin key. */
  merchant(tenant: string, method: string, path: string, options?: TestCall): Promise<TestAnswer>;
  /** What the merchant is answered, which has to be of this status; nothing where the body is empty. */
  managed<T>(tenant: string, method: string, path: string, json?: object, status?: number): Promise<T>;
  /** An event as another domain would tell it. */
  emit(tenant: string, topic: string, type: string, key: string, payload: unknown): Promise<void>;
  /** Resolves when all events are handled, and the tasks that come of them. @param rounds how often a task makes the next one */
  settled(rounds: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startTestHost(
  config: Pick<HostConfig, 'databaseUrl' | 'secretsKey' | 'domains'> & Partial<HostConfig>,
  parts: HostParts = {},
): Promise<TestHost> {
  const folder = ownFolder('blobs');
  const full: HostConfig = {
    address: '127.0.0.1',
    port: 0,
    adminPort: 0,
    grpcPort: 0,
    logLevel: 'silent',
    tenant: undefined,
    databaseConnections: 8,
    blobsUrl: pathToFileURL(`${folder}/`).href,
    sourcesUrl: undefined,
    paymentsUrl: undefined,
    paymentsPublicOrigin: undefined,
    peers: new Map(),
    backends: {},
    ...config,
  };
  const log = pino({ level: process.env['TEST_LOG'] ?? 'silent' });
  const host = await createHost(full, log, { checkAnswers: true, sweepMilliseconds: 100, ...parts });
  await host.start();
  const { port } = host.server.address() as AddressInfo; // it listens on TCP
  const { port: adminPort } = host.admin.address() as AddressInfo; // as above
  const { port: grpcPort } = host.grpc.address() as AddressInfo; // as above
  const call: TestHost['call'] = (tenant, method, path, options = {}) =>
    send(port, `${tenant}.localhost`, method, path, options);
  const merchant: TestHost['merchant'] = (tenant, method, path, { headers, ...options } = {}) =>
    call(tenant, method, path, {
      ...options,
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'idempotency-key': randomUUID(), ...headers },
    });
  return {
    host,
    port,
    adminPort,
    grpcPort,
    call,
    merchant,
    async managed<T>(tenant: string, method: string, path: string, json?: object, status = 200): Promise<T> {
      const answer = await merchant(tenant, method, path, json === undefined ? {} : { json });
      assert.equal(answer.status, status, answer.text);
      // The test that names the type checks what it reads of it; an empty body has none.
      return (answer.text === '' ? undefined : answer.json<T>()) as T;
    },
    emit: (tenant, topic, type, key, payload) =>
      host.sql.transaction(tenant, (tx) => tx.emit({ topic, type: `${topic}.${type}`, key, payload })),
    async settled(rounds) {
      await host.events.flush();
      await host.events.settled();
      for (let round = 0; round < rounds; round++) await host.tasks.settled();
    },
    async stop() {
      await host.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function send(
  port: number,
  host: string,
  method: string,
  path: string,
  { json, body, headers }: TestCall = {},
): Promise<TestAnswer> {
  const payload = json === undefined ? body : JSON.stringify(json);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        agent: false,
        headers: {
          host,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...(payload === undefined ? {} : { 'content-length': Buffer.byteLength(payload) }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const bytes = Buffer.concat(chunks);
          const text = bytes.toString('utf8');
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            bytes,
            text,
            json: <T>() => JSON.parse(text) as T, // see TestAnswer
          });
        });
      },
    );
    outgoing.once('error', reject);
    outgoing.end(payload);
  });
}
