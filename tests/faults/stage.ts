/**
 * What stands around the operator in these tests, played by this process: a node whose Pods are ready at once, a
 * gateway that takes every route, the runtimes of all tenants, the payment processor, and names for them.
 * Everything is asked of the API server like anybody else would, so the server may be any.
 */
import http from 'node:http';
import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { decode, encode, AUTHORITATIVE_ANSWER } from 'dns-packet';
import type { Pool } from 'pg';
import { pino } from 'pino';
import type { Client } from '../../operator/kube/client.ts';
import { isConflict, isNotFound } from '../../operator/kube/errors.ts';
import { createReflector } from '../../operator/kube/reflector.ts';
import { httpRoutes, nodes, pods, type Node, type Pod } from '../../operator/kube/resources.ts';
import type { KubeObject } from '../../operator/kube/types.ts';

export const NODE = 'stage';

export interface Stage {
  /** Address of every runtime; port 8080. */
  readonly address: string;
  /** `127.0.0.1:<port>` of the server that knows the cluster's names. */
  readonly dns: string;
  readonly processorUrl: string;
  /** Accounts at the processor, by id. */
  readonly accounts: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Imports that were really started, by tenant: their sources. */
  readonly imports: ReadonlyMap<string, readonly string[]>;
  /** Whether new Pods become ready. */
  podsReady: boolean;
  close(): Promise<void>;
}

export interface StageOptions {
  readonly client: Client;
  /** Superuser's connections to the data plane: a runtime knows the tenants the directory knows. */
  readonly database: Pool;
  /** A loopback address nobody else uses. */
  readonly address: string;
  /** The API server has no scheduler of its own. */
  readonly schedules: boolean;
}

export async function startStage(options: StageOptions): Promise<Stage> {
  const stop = new AbortController();
  const runtimes = await startRuntimes(options);
  const processor = await startProcessor();
  const names = await startNames(options.address);
  await ensureNode(options.client);
  const state = { podsReady: true };
  const following = [
    playNode(options, state, stop.signal),
    playGateway(options.client, stop.signal),
    options.schedules ? beat(options.client, stop.signal) : Promise.resolve(),
  ];
  return {
    address: options.address,
    dns: names.address,
    processorUrl: processor.url,
    accounts: processor.accounts,
    imports: runtimes.imports,
    get podsReady() {
      return state.podsReady;
    },
    set podsReady(ready) {
      state.podsReady = ready;
    },
    async close() {
      stop.abort();
      await Promise.all(following);
      await Promise.all([runtimes.close(), processor.close(), names.close()]);
    },
  };
}

// ── the node ─────────────────────────────────────────────────────────────────────────────────────

const log = pino({ level: 'silent' });

async function ensureNode(client: Client): Promise<void> {
  const node: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: NODE, labels: { 'kubernetes.io/hostname': NODE } },
  };
  if ((await client.find(nodes, { name: NODE })) === undefined) await client.create(nodes, node);
  await client.patch(
    nodes,
    { name: NODE },
    { kind: 'merge', body: { status: nodeStatus() } },
    { subresource: 'status' },
  );
}

const nodeStatus = (): object => ({
  capacity: { cpu: '1000', memory: '1000Gi', pods: '10000' },
  allocatable: { cpu: '1000', memory: '1000Gi', pods: '10000' },
  conditions: [
    { type: 'Ready', status: 'True', reason: 'Played', lastHeartbeatTime: new Date().toISOString() },
  ],
});

/** A node that says nothing for long is taken for dead by whoever watches nodes. */
async function beat(client: Client, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const body = { status: nodeStatus() };
    await client
      .patch(nodes, { name: NODE }, { kind: 'merge', body }, { subresource: 'status' })
      .catch(() => undefined);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, 10_000);
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
      signal.addEventListener('abort', done);
    });
  }
}

/** Pods are bound, ready and gone at once. */
function playNode(
  { client, address, schedules }: StageOptions,
  state: { readonly podsReady: boolean },
  signal: AbortSignal,
): Promise<void> {
  const reflector = createReflector<Pod>({ client, type: pods, log });
  reflector.onChange(({ type, object }) => {
    if (type !== 'deleted') void quietly(() => play(object));
  });

  async function play(pod: Pod): Promise<void> {
    const { name, namespace = '', uid } = pod.metadata;
    if (pod.metadata.deletionTimestamp !== undefined) {
      await client.delete(pods, { name, namespace }, { uid, gracePeriodSeconds: 0 });
      return;
    }
    if (pod.spec?.nodeName === undefined) {
      if (schedules) await bind(client, pod);
      return;
    }
    if (!state.podsReady || pod.status?.phase === 'Running') return;
    const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const status = {
      phase: 'Running',
      podIP: address,
      podIPs: [{ ip: address }],
      startTime: now,
      conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((each) => ({
        type: each,
        status: 'True',
        lastTransitionTime: now,
      })),
      containerStatuses: (pod.spec.containers ?? []).map(({ name: container, image }) => ({
        name: container,
        image,
        imageID: '',
        ready: true,
        started: true,
        restartCount: 0,
        state: { running: { startedAt: now } },
      })),
    };
    await client.patch(
      pods,
      { name, namespace },
      { kind: 'merge', body: { metadata: { uid }, status } },
      { subresource: 'status' },
    );
  }
  return reflector.run(signal);
}

async function bind(client: Client, { metadata: { name, namespace = '', uid } }: Pod): Promise<void> {
  await client.raw('POST', `/api/v1/namespaces/${namespace}/pods/${name}/binding`, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: NODE },
    }),
  });
}

/** Somebody else was quicker, or the server is away and the reflector will tell again. */
async function quietly(act: () => Promise<void>): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      if (isNotFound(error) || isConflict(error)) return;
      await new Promise((resolve) => setTimeout(resolve, 100 * (attempt + 1)));
    }
  }
}

// ── the gateway ──────────────────────────────────────────────────────────────────────────────────

type Route = KubeObject & { status?: { parents?: { conditions?: { observedGeneration?: number }[] }[] } };

function playGateway(client: Client, signal: AbortSignal): Promise<void> {
  const reflector = createReflector<Route>({ client, type: httpRoutes as never, log });
  reflector.onChange(({ type, object }) => {
    const { generation = 0, name, namespace = '', deletionTimestamp } = object.metadata;
    const seen = object.status?.parents?.[0]?.conditions?.[0]?.observedGeneration;
    if (type === 'deleted' || deletionTimestamp !== undefined || seen === generation) return;
    const condition = (kind: string): object => ({
      type: kind,
      status: 'True',
      reason: kind === 'Accepted' ? 'Accepted' : 'ResolvedRefs',
      message: '',
      observedGeneration: generation,
      lastTransitionTime: '2026-01-01T00:00:00Z',
    });
    const parents = [
      {
        parentRef: { name: 'shopmind', namespace: 'shopmind-system' },
        controllerName: 'shopmind.ai/gateway',
        conditions: [condition('Accepted'), condition('ResolvedRefs')],
      },
    ];
    void quietly(async () => {
      const body = { status: { parents } };
      await client.patch(httpRoutes, { name, namespace }, { kind: 'merge', body }, { subresource: 'status' });
    });
  });
  return reflector.run(signal);
}

// ── the runtimes ─────────────────────────────────────────────────────────────────────────────────

interface Runtimes {
  readonly imports: Map<string, string[]>;
  close(): Promise<void>;
}

/** One server for all: serves whom the directory has, and imports once for each key. */
async function startRuntimes({ database, address }: StageOptions): Promise<Runtimes> {
  const imports = new Map<string, string[]>();
  const byKey = new Map<string, object>();
  const byId = new Map<string, object>();

  const tenantOf = async (host: string): Promise<string | undefined> => {
    const { rows } = await database.query<{ id: string }>(
      'select id from platform.tenants where $1 = any (hosts) and not suspended',
      [host],
    );
    return rows[0]?.id;
  };

  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const host = String(request.headers['x-forwarded-host'] ?? '');
    const body = await bodyOf(request);
    const tenant = await tenantOf(host).catch(() => undefined);
    const reply = (code: number, json: unknown): void => {
      response.writeHead(code, { 'content-type': 'application/json' });
      response.end(JSON.stringify(json));
    };
    if (tenant === undefined) return reply(404, { title: 'no such shop' });
    if (request.url === '/api/store') return reply(200, {});
    const [, id] = /^\/api\/admin\/catalog\/imports\/(.+)$/.exec(request.url ?? '') ?? [];
    if (id !== undefined) {
      const known = byId.get(id);
      return known === undefined ? reply(404, { title: 'no such import' }) : reply(200, known);
    }
    const key = `${tenant}/${String(request.headers['idempotency-key'] ?? '')}`;
    let report = byKey.get(key);
    if (report === undefined) {
      const { source } = JSON.parse(body) as { source: string };
      const started = imports.get(tenant) ?? [];
      imports.set(tenant, [...started, source]);
      report = reportOf(`import-${byKey.size + 1}`);
      byKey.set(key, report);
      byId.set(`import-${byKey.size}`, report);
    }
    return reply(202, report);
  }

  const server = http.createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(8080, address);
  await once(server, 'listening');
  return { imports, close: () => closing(server) };
}

const reportOf = (id: string): object => ({
  id,
  state: 'succeeded',
  rows: 3,
  products: { created: 3, updated: 0, unchanged: 0, rejected: 0 },
  problems: [],
  problemCount: 0,
  error: null,
});

// ── the processor ────────────────────────────────────────────────────────────────────────────────

interface Processor {
  readonly url: string;
  readonly accounts: Map<string, Record<string, string>>;
  close(): Promise<void>;
}

async function startProcessor(): Promise<Processor> {
  const accounts = new Map<string, Record<string, string>>();
  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    if (request.method === 'POST' && request.url === '/_admin/accounts') {
      const account = JSON.parse(body) as Record<string, string>;
      accounts.set(account['id'] ?? '', account);
    }
    const [, gone] = /^\/_admin\/accounts\/(.+)$/.exec(request.url ?? '') ?? [];
    if (request.method === 'DELETE' && gone !== undefined) accounts.delete(gone);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{}');
  }
  const server = http.createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server on TCP has an address with a port.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, accounts, close: () => closing(server) };
}

// ── names ────────────────────────────────────────────────────────────────────────────────────────

/** Every name of the cluster is the one server that plays all runtimes. */
async function startNames(address: string): Promise<{ address: string; close(): Promise<void> }> {
  const socket = createSocket('udp4');
  socket.on('message', (message, peer) => {
    const { id = 0, questions = [] } = decode(message);
    const answers = questions
      .filter(({ type }) => type === 'A')
      .map(({ name }) => ({ type: 'A' as const, name, ttl: 1, data: address }));
    socket.send(
      encode({ type: 'response', id, flags: AUTHORITATIVE_ANSWER, questions, answers }),
      peer.port,
      peer.address,
    );
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

async function bodyOf(request: http.IncomingMessage): Promise<string> {
  let body = '';
  request.setEncoding('utf8');
  for await (const chunk of request) body += chunk;
  return body;
}

function closing(server: http.Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
