/**
 * The gateway's figures. Labels come from routes, never from requests, so that nobody outside can make new series.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { TraceReport } from '../platform/tracing/export.ts';
import { countSpans } from '../platform/tracing/metric.ts';
import type { Party } from './holds.ts';

export type RouteClass = 'api' | 'admin' | 'page' | 'grpc' | 'none';

/** `error`: a 5xx, no answer, or one that broke off. `cancelled`: the client did not wait for it. */
export type BackendOutcome = 'ok' | 'error' | 'cancelled';

export interface GatewayMetrics {
  readonly registry: Registry;
  answered(tenant: string, routeClass: RouteClass, status: number, seconds: number): void;
  /**
   * A request to one of the revisions a Service is split into, and the time from its first try to the end of the answer.
   * Only splits are counted by backend: there are as many series as deliveries under way, not as many as Services.
   */
  backendAnswered(backend: string, outcome: BackendOutcome, seconds: number): void;
  /** Takes the series of a backend away that no route leads to any more. */
  forgetBackend(backend: string): void;
  upstreamError(kind: 'connect' | 'reset' | 'timeout' | 'protocol'): void;
  retried(): void;
  ejected(): void;
  rateLimited(tenant: string): void;
  /** Somebody was refused or cut off because a share of the connections is used up: those to a Pod, or an address's to the gateway. */
  shareUsedUp(whose: Party | 'address'): void;
}

export interface Gauges {
  readonly connections: () => number;
  readonly active: () => number;
  readonly routes: () => number;
  /** By what became of them; `undefined` while nothing is traced. */
  readonly spans?: () => TraceReport | undefined;
}

export function createGatewayMetrics(gauges: Gauges): GatewayMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: 'shopmind_gateway_requests_total',
    help: 'Requests answered.',
    labelNames: ['tenant', 'class', 'status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'shopmind_gateway_request_duration_seconds',
    help: 'Time from the headers of a request to the end of its answer.',
    labelNames: ['class'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const tenantSeconds = new Histogram({
    name: 'shopmind_gateway_tenant_request_duration_seconds',
    help: 'The same by tenant, in few buckets: there may be thousands of tenants.',
    labelNames: ['tenant'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  const backendRequests = new Counter({
    name: 'shopmind_gateway_backend_requests_total',
    help: 'Requests to revisions of Services that are split by weight.',
    labelNames: ['backend', 'outcome'],
    registers,
  });
  const backendSeconds = new Histogram({
    name: 'shopmind_gateway_backend_request_duration_seconds',
    help: 'Time from the first try of a request at a revision to the end of its answer, but for those cancelled.',
    labelNames: ['backend'],
    // Up to the longest time a Pod has for an answer.
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 30, 60],
    registers,
  });
  const errors = new Counter({
    name: 'shopmind_gateway_upstream_errors_total',
    help: 'Requests to Pods that failed without an answer.',
    labelNames: ['kind'],
    registers,
  });
  const retries = new Counter({
    name: 'shopmind_gateway_retries_total',
    help: 'Requests sent again to another Pod.',
    registers,
  });
  const ejections = new Counter({
    name: 'shopmind_gateway_ejections_total',
    help: 'Pods taken out because they failed repeatedly.',
    registers,
  });
  const limited = new Counter({
    name: 'shopmind_gateway_rate_limited_total',
    help: 'Requests refused because the tenant had used up its limit.',
    labelNames: ['tenant'],
    registers,
  });
  const shares = new Counter({
    name: 'shopmind_gateway_shares_used_up_total',
    help: 'Requests and connections refused because a client, a shop, all together or an address had their share of connections.',
    labelNames: ['whose'],
    registers,
  });
  for (const [name, help, read] of [
    ['shopmind_gateway_open_connections', 'Connections of clients.', gauges.connections],
    ['shopmind_gateway_active_requests', 'Requests under way.', gauges.active],
    ['shopmind_gateway_routes', 'HTTPRoutes served.', gauges.routes],
  ] as const) {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(read());
        },
      }),
    );
  }

  countSpans(registry, () => gauges.spans?.());

  // Looking a labelled child up costs more than counting, so each is looked up once.
  const children = new Map<string, Counter.Internal>();
  const times = new Map<RouteClass, Histogram.Internal<'class'>>();
  const tenantTimes = new Map<string, Histogram.Internal<'tenant'>>();

  return {
    registry,
    answered(tenant, routeClass, status, taken) {
      const key = `${status}${routeClass}${tenant}`;
      let child = children.get(key);
      if (child === undefined) {
        child = requests.labels(tenant, routeClass, String(status));
        children.set(key, child);
      }
      child.inc();
      let time = times.get(routeClass);
      if (time === undefined) {
        time = seconds.labels(routeClass);
        times.set(routeClass, time);
      }
      time.observe(taken);
      let own = tenantTimes.get(tenant);
      if (own === undefined) {
        own = tenantSeconds.labels(tenant);
        tenantTimes.set(tenant, own);
      }
      own.observe(taken);
    },
    backendAnswered(backend, outcome, taken) {
      backendRequests.inc({ backend, outcome });
      if (outcome !== 'cancelled') backendSeconds.observe({ backend }, taken);
    },
    forgetBackend(backend) {
      for (const outcome of OUTCOMES) backendRequests.remove({ backend, outcome });
      backendSeconds.remove({ backend });
    },
    upstreamError: (kind) => errors.inc({ kind }),
    retried: () => retries.inc(),
    ejected: () => ejections.inc(),
    rateLimited: (tenant) => limited.inc({ tenant }),
    shareUsedUp: (whose) => shares.inc({ whose }),
  };
}

const OUTCOMES: readonly BackendOutcome[] = ['ok', 'error', 'cancelled'];

/** `/api/admin/…` is for merchants, the rest of `/api/` for shoppers, everything else a page. */
export function routeClassOf(path: string): RouteClass {
  if (!path.startsWith('/api')) return 'page';
  return path.startsWith('/api/admin/') ? 'admin' : 'api';
}
