/**
 * A whole gateway for tests: an API server that misbehaves on request, Pods that are plain servers, and a client.
 */
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { systemClock } from '../../../operator/kube/clock.ts';
import { startFakeServer, type FakeServer } from '../../../operator/kube/testing/fake-server.ts';
import { testLog, type TestLog } from '../../../operator/kube/testing/log.ts';
import { until } from '../../../operator/kube/testing/wait.ts';
import { createNewId } from '../../platform/ids.ts';
import { noTracer, type Tracer } from '../../platform/tracing/tracer.ts';
import { createAdmission } from '../admission.ts';
import { PROBLEMS } from '../answers.ts';
import { createClusters, type Clusters } from '../clusters.ts';
import { DEFAULT_LIMITS, parseNetworks, type Limits } from '../config.ts';
import { byProtocol, createDiscovery, withoutTraces, type Discovery } from '../discovery.ts';
import { createCalls, type Calls } from '../grpc/calls.ts';
import { openLink, type Link } from '../grpc/links.ts';
import { createCallServer } from '../grpc/server.ts';
import { trustIn } from '../headers.ts';
import { createHolds } from '../holds.ts';
import { createTenantLimits } from '../limits.ts';
import { createGatewayMetrics, type GatewayMetrics } from '../metrics.ts';
import { openPool, type Pool } from '../pool.ts';
import { createProxy, type Proxy } from '../proxy.ts';
import { createGatewayServer, drain, listen } from '../server.ts';
import { createSplits, type Splits } from '../splits.ts';
import { createTable, type RouteTable } from '../table.ts';
import { createUpgrades, refuseSocket } from '../upgrade.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

export interface PodServer {
  readonly server: Server;
  readonly port: number;
  close(): Promise<void>;
}

export interface World {
  readonly api: FakeServer;
  readonly port: number;
  readonly table: RouteTable;
  readonly splits: Splits;
  readonly clusters: Clusters<Pool>;
  readonly callClusters: Clusters<Link>;
  readonly proxy: Proxy;
  readonly metrics: GatewayMetrics;
  readonly discovery: Discovery;
  readonly log: TestLog;
  readonly server: Server;
  readonly calls: Calls;
  /** As when the process is told to stop. */
  drain(ms: number): Promise<void>;
  pod(handler: RequestListener): Promise<PodServer>;
  /** A Service whose Pods listen on these ports; call again to change them. Its own port is 8080, or 9080 where it speaks HTTP/2. */
  service(
    name: string,
    ports: readonly number[],
    options?: { namespace?: string; notReady?: readonly number[]; isHttp2?: boolean },
  ): Promise<void>;
  route(name: string, spec: object, metadata?: object): Promise<void>;
  ask(host: string, path: string, ask?: Ask): Promise<Answer>;
  close(): Promise<void>;
}

export const SYSTEM = 'shopmind-system';

export async function startWorld(
  limits: Partial<Limits> = {},
  trusted = '',
  tracer: Tracer = noTracer,
): Promise<World> {
  const api = await startFakeServer();
  const log = testLog();
  const allLimits = { ...DEFAULT_LIMITS, endpointMs: 20, podConnections: 64, ...limits };
  const config = {
    limits: allLimits,
    forwardedProto: 'http',
    trustedProxies: parseNetworks(trusted),
  } as const;
  const table = createTable();
  const splits = createSplits();
  const clusters = createClusters<Pool>({
    open: (address) => openPool(address, allLimits.connectMs, allLimits.podConnections),
    close: (pool) => void pool.close(),
    clock: systemClock,
    maxActive: allLimits.maxPerEndpoint,
  });
  const callClusters = createClusters<Link>({
    open: (address) => openLink(address, allLimits.connectMs),
    close: (link) => link.close(),
    clock: systemClock,
    maxActive: allLimits.maxPerEndpoint,
  });
  const newId = createNewId(systemClock);
  const metrics = createGatewayMetrics({ connections: () => 0, active: () => 0, routes: () => table.size });
  const discovery = createDiscovery({
    client: api.client(),
    log: log.log,
    gateway: { namespace: SYSTEM, name: 'shopmind' },
    table,
    splits,
    clusters: byProtocol({ http1: withoutTraces(clusters, metrics), h2c: callClusters }),
  });
  const proxy = createProxy({
    table,
    splits,
    clusters,
    limits: createTenantLimits(systemClock),
    holds: createHolds({
      clock: systemClock,
      slowMs: allLimits.slowMs,
      connections: allLimits.podConnections,
    }),
    metrics,
    config,
    newId,
    clock: systemClock,
    log: log.log,
    tracer,
    isHttp2: callClusters.has,
    isComplete: () => discovery.missing() === undefined,
  });
  const upgrades = createUpgrades({ proxy, clusters, config, newId, tracer });
  const calls = createCalls({
    proxy,
    clusters: callClusters,
    holds: createHolds({
      clock: systemClock,
      slowMs: allLimits.slowMs,
      connections: allLimits.maxPerEndpoint,
    }),
    metrics,
    config,
    newId,
    clock: systemClock,
    log: log.log,
    tracer,
  });
  const callServer = createCallServer(calls.handle, allLimits, log.log);
  const isLetIn = createAdmission({
    most: allLimits.maxConnections,
    isTrusted: trustIn(config.trustedProxies),
    refuse: (socket) => refuseSocket(socket, PROBLEMS.crowded, newId('req')),
  });
  const server = createGatewayServer(proxy, upgrades, callServer, allLimits, isLetIn);
  await listen(server, 0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const stop = new AbortController();
  const running = discovery.run(stop.signal);
  const pods: PodServer[] = [];
  await until(() => discovery.missing() === undefined, 'the gateway knows its routes');

  return {
    api,
    port,
    table,
    splits,
    clusters,
    callClusters,
    proxy,
    metrics,
    discovery,
    log,
    server,
    calls,
    drain: (ms) => drain(server, callServer, ms),

    async pod(handler) {
      const pod = await startPod(handler);
      pods.push(pod);
      return pod;
    },

    async service(name, ports, { namespace = SYSTEM, notReady = [], isHttp2 = false } = {}) {
      const own = isHttp2
        ? { name: 'grpc', port: 9080, appProtocol: 'kubernetes.io/h2c' }
        : { name: 'http', port: 8080 };
      const list = isHttp2 ? callClusters : clusters;
      api.put('services', {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace },
        spec: { ports: [own] },
      });
      for (const [index, podPort] of [...ports, ...notReady].entries()) {
        api.put('endpointslices', {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: { name: `${name}-${index}`, namespace, labels: { 'kubernetes.io/service-name': name } },
          addressType: 'IPv4',
          ports: [{ name: own.name, port: podPort }],
          endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: !notReady.includes(podPort) } }],
        });
      }
      for (
        let index = ports.length + notReady.length;
        api.get('endpointslices', `${namespace}/${name}-${index}`) !== undefined;
        index += 1
      ) {
        api.remove('endpointslices', `${namespace}/${name}-${index}`);
      }
      const cluster = `${namespace}/${name}:${own.port}`;
      if (list.has(cluster)) {
        await until(() => list.size(cluster) === ports.length, `${cluster} has ${ports.length} Pods`);
      }
    },

    async route(name, spec, metadata = {}) {
      api.put('httproutes', {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRoute',
        metadata: {
          name,
          namespace: SYSTEM,
          creationTimestamp: '2026-11-24T00:00:00Z',
          labels: { 'shopmind.ai/tenant': name },
          ...metadata,
        },
        spec: { parentRefs: [{ name: 'shopmind', namespace: SYSTEM }], ...spec },
      });
      const version = api.version;
      await until(
        () => Number(discovery.routes.observedVersion() ?? '0') >= version,
        `route ${name} is known`,
      );
    },

    ask: (host, path, ask = {}) => askPort(port, host, path, ask),

    async close() {
      stop.abort();
      await running;
      upgrades.closeAll();
      await drain(server, callServer, 0);
      for (const pod of pods) await pod.close();
      for (const list of [clusters, callClusters]) for (const name of list.names()) list.delete(name);
      await api.close();
    },
  };
}

export async function startPod(handler: RequestListener, port = 0): Promise<PodServer> {
  const server = createServer(handler);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    server,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

export function askPort(port: number, host: string, path: string, ask: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        port,
        host: '127.0.0.1',
        path,
        method: ask.method ?? 'GET',
        headers: { host, ...ask.headers },
        agent: false,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(ask.body);
  });
}
