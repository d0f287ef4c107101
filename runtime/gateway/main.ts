/**
 * Entry of the gateway process: puts the parts together, listens, and stops in good order.
 */
import { pino } from 'pino';
import { systemClock } from '../../operator/kube/clock.ts';
import { connect } from '../../operator/kube/client.ts';
import { serveHealth } from '../../operator/kube/health.ts';
import { createNewId } from '../platform/ids.ts';
import { GATEWAY_SCOPE } from '../platform/names/index.ts';
import type { RateLimits } from '../platform/ports.ts';
import { createTracer } from '../platform/tracing/tracer.ts';
import { createAdmission } from './admission.ts';
import { PROBLEMS } from './answers.ts';
import { createClusters } from './clusters.ts';
import { parseConfig } from './config.ts';
import { byProtocol, createDiscovery, withoutTraces } from './discovery.ts';
import { createCalls } from './grpc/calls.ts';
import { openLink, type Link } from './grpc/links.ts';
import { createCallServer } from './grpc/server.ts';
import { trustIn } from './headers.ts';
import { createHolds } from './holds.ts';
import { createTenantLimits } from './limits.ts';
import { createGatewayMetrics } from './metrics.ts';
import { openPool, type Pool } from './pool.ts';
import { createProxy } from './proxy.ts';
import { createGatewayServer, drain, listen } from './server.ts';
import { createSplits } from './splits.ts';
import { createTable } from './table.ts';
import { createUpgrades, refuseSocket } from './upgrade.ts';

const config = parseConfig(process.env);
const log = pino({ level: config.logLevel, base: { process: 'gateway' } });
const tracer = createTracer({
  url: config.traces?.url,
  ratio: config.traces?.ratio ?? 0,
  resource: {
    'service.namespace': 'shopmind',
    'service.name': 'gateway',
    'service.instance.id': process.env['HOSTNAME'] ?? String(process.pid),
  },
  onTrouble: (error) => log.warn({ err: error }, 'spans cannot be sent; what does not fit is dropped'),
});
const clock = systemClock;
const newId = createNewId(clock);
const { limits } = config;

const table = createTable();
const splits = createSplits();
const clusters = createClusters<Pool>({
  open: (address) => openPool(address, limits.connectMs, limits.podConnections),
  close: (pool) => void pool.close().catch((error: unknown) => log.debug({ err: error }, 'closing a pool')),
  clock,
  maxActive: limits.maxPerEndpoint,
});
const callClusters = createClusters<Link>({
  open: (address) => openLink(address, limits.connectMs),
  close: (link) => link.close(),
  clock,
  maxActive: limits.maxPerEndpoint,
});
const tenantLimits = createTenantLimits(
  clock,
  config.limitsUrl === undefined ? undefined : await sharedLimits(config.limitsUrl),
);
let connections = 0;
const metrics = createGatewayMetrics({
  connections: () => connections,
  active: () => proxy.active() + calls.active(),
  routes: () => table.size,
  spans: () => tracer.report(),
});
const proxy = createProxy({
  table,
  splits,
  clusters,
  limits: tenantLimits,
  holds: createHolds({ clock, slowMs: limits.slowMs, connections: limits.podConnections }),
  metrics,
  config,
  newId,
  clock,
  log,
  tracer,
  isHttp2: callClusters.has,
  isComplete: () => discovery.missing() === undefined,
});
const upgrades = createUpgrades({ proxy, clusters, config, newId, tracer });
const calls = createCalls({
  proxy,
  clusters: callClusters,
  holds: createHolds({ clock, slowMs: limits.slowMs, connections: limits.maxPerEndpoint }),
  metrics,
  config,
  newId,
  clock,
  log,
  tracer,
});
const callServer = createCallServer(calls.handle, limits, log);
const isLetIn = createAdmission({
  most: limits.maxConnections,
  isTrusted: trustIn(config.trustedProxies),
  refuse(socket) {
    metrics.shareUsedUp('address');
    refuseSocket(socket, PROBLEMS.crowded, newId('req'));
  },
});
const server = createGatewayServer(proxy, upgrades, callServer, limits, isLetIn);
server.on('connection', (socket) => {
  connections += 1;
  socket.once('close', () => {
    connections -= 1;
  });
});

const stop = new AbortController();
const client = await connect({ userAgent: 'shopmind-gateway/1' });
const discovery = createDiscovery({
  client,
  log,
  gateway: config.gateway,
  table,
  splits,
  clusters: byProtocol({ http1: withoutTraces(clusters, metrics), h2c: callClusters }),
});
const running = discovery.run(stop.signal);
const reporting = import('./status.ts').then(({ reportStatus }) =>
  reportStatus(
    {
      client,
      log,
      clock,
      gateway: config.gateway,
      discovery,
      lostHosts: table.lostHosts,
      attachedRoutes: () => table.size,
    },
    stop.signal,
  ),
);
const sweeping = setInterval(tenantLimits.sweep, 60_000);

const health = await serveHealth({
  host: config.host,
  port: config.adminPort,
  registry: metrics.registry,
  ready: {
    routes: discovery.missing,
    stopping: () => (stop.signal.aborted ? 'the gateway is stopping' : undefined),
  },
});
await listen(server, config.port, config.host);
log.info({ address: `${config.host}:${config.port}`, adminPort: health.port }, 'listening');

async function shutDown(signal: string): Promise<void> {
  if (stop.signal.aborted) return;
  log.info({ signal, active: proxy.active() + calls.active() }, 'stopping');
  stop.abort();
  clearInterval(sweeping);
  await new Promise((resolve) => setTimeout(resolve, config.drainDelayMs));
  upgrades.closeAll();
  await drain(server, callServer, config.drainMs);
  await Promise.all([running, reporting]);
  client.close();
  await tracer.close();
  await health.close();
  log.info('stopped');
  process.exit(0);
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => void shutDown(signal));
}

/** Loaded only where it is used. What Redis does not answer is let through: each gateway has counted it already. */
async function sharedLimits(address: string): Promise<RateLimits> {
  const [{ openRedis }, { createRedisLimits }, { createMemoryLimits }] = await Promise.all([
    import('../platform/redis/connection.ts'),
    import('../platform/limits/redis.ts'),
    import('../platform/limits/memory.ts'),
  ]);
  const redis = openRedis({
    address,
    watch: {
      opened: (cause) => log.warn({ err: cause }, 'the shared count of requests is not to be had'),
      closed: () => log.info('the shared count of requests is to be had again'),
    },
  });
  const alone = createMemoryLimits(() => clock.monotonic());
  setInterval(alone.sweep, 60_000).unref();
  return createRedisLimits(redis, GATEWAY_SCOPE, alone);
}
