/**
 * The operator's figures under the names dashboards already know: controller-runtime's and client-go's.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ObservedRequest } from './client.ts';
import type { ControllerMetrics } from './controller.ts';

export interface Metrics extends ControllerMetrics {
  readonly registry: Registry;
  /** For `ClientOptions.observe`. */
  observeRequest(request: ObservedRequest): void;
  leader(lease: string, isLeader: boolean): void;
}

const RECONCILE_BUCKETS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5,
  1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];
const QUEUE_BUCKETS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10];
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

export function createMetrics(registry: Registry = new Registry()): Metrics {
  const registers = [registry];
  const counter = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
  ): Counter<Label> => new Counter({ name, help, labelNames: [...labelNames], registers });
  const gauge = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
  ): Gauge<Label> => new Gauge({ name, help, labelNames: [...labelNames], registers });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    buckets: readonly number[],
  ): Histogram<Label> =>
    new Histogram({ name, help, labelNames: [...labelNames], buckets: [...buckets], registers });

  const requests = counter('rest_client_requests_total', 'HTTP requests to the API server.', [
    'code',
    'method',
    'host',
  ]);
  const requestSeconds = histogram(
    'rest_client_request_duration_seconds',
    'Request latency in seconds, watches left out.',
    ['verb', 'host'],
    REQUEST_BUCKETS,
  );
  const reconciles = counter('controller_runtime_reconcile_total', 'Reconciliations per controller.', [
    'controller',
    'result',
  ]);
  const errors = counter(
    'controller_runtime_reconcile_errors_total',
    'Reconciliation errors per controller.',
    ['controller'],
  );
  const terminal = counter(
    'controller_runtime_terminal_reconcile_errors_total',
    'Reconciliation errors that are not retried.',
    ['controller'],
  );
  const seconds = histogram(
    'controller_runtime_reconcile_time_seconds',
    'Length of time per reconciliation.',
    ['controller'],
    RECONCILE_BUCKETS,
  );
  const active = gauge('controller_runtime_active_workers', 'Workers busy now.', ['controller']);
  const max = gauge('controller_runtime_max_concurrent_reconciles', 'Workers at most.', ['controller']);
  const depth = gauge('workqueue_depth', 'Keys waiting now.', ['name', 'controller']);
  const adds = counter('workqueue_adds_total', 'Adds handled by the queue.', ['name', 'controller']);
  const retries = counter('workqueue_retries_total', 'Retries handled by the queue.', ['name', 'controller']);
  const waited = histogram(
    'workqueue_queue_duration_seconds',
    'Seconds a key stays in the queue before it is worked on.',
    ['name', 'controller'],
    QUEUE_BUCKETS,
  );
  const worked = histogram(
    'workqueue_work_duration_seconds',
    'Seconds the work on a key takes.',
    ['name', 'controller'],
    QUEUE_BUCKETS,
  );
  const readers = new Map<string, () => { sumSeconds: number; longestSeconds: number }>();
  const unfinished = (name: string, help: string, pick: 'sumSeconds' | 'longestSeconds'): void =>
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: ['name', 'controller'],
        registers: [],
        collect() {
          for (const [controller, read] of readers) this.set({ name: controller, controller }, read()[pick]);
        },
      }),
    );
  unfinished(
    'workqueue_unfinished_work_seconds',
    'Seconds of work that is under way and not observed by work_duration yet.',
    'sumSeconds',
  );
  unfinished(
    'workqueue_longest_running_processor_seconds',
    'Seconds the longest running worker has been at it.',
    'longestSeconds',
  );
  const leader = gauge('leader_election_master_status', '1 while this process holds the lease.', ['name']);
  const breakers = counter(
    'controller_circuit_breaker_opens_total',
    'How often the circuit breaker of some key opened.',
    ['controller'],
  );
  const lateCaches = counter(
    'controller_writes_unseen_total',
    'How often a cache did not show a controller’s own write in time.',
    ['controller'],
  );

  return {
    registry,

    observeRequest({ method, host, code, verb, seconds: taken }) {
      requests.inc({ code, method, host });
      if (verb !== 'watch') requestSeconds.observe({ verb, host }, taken);
    },

    leader: (name, isLeader) => leader.set({ name }, isLeader ? 1 : 0),

    queue(controller) {
      const labels = { name: controller, controller };
      depth.set(labels, 0);
      return {
        added: () => adds.inc(labels),
        depth: (waiting) => depth.set(labels, waiting),
        started: (waitedSeconds) => waited.observe(labels, waitedSeconds),
        finished: (workedSeconds) => worked.observe(labels, workedSeconds),
        retried: () => retries.inc(labels),
      };
    },

    watchUnfinished: (controller, read) => void readers.set(controller, read),

    reconciled(controller, result, taken) {
      reconciles.inc({ controller, result: result === 'terminal' ? 'error' : result });
      if (result === 'error' || result === 'terminal') errors.inc({ controller });
      if (result === 'terminal') terminal.inc({ controller });
      seconds.observe({ controller }, taken);
    },

    activeWorkers: (controller, count) => active.set({ controller }, count),
    maxWorkers: (controller, count) => max.set({ controller }, count),
    breakerOpened: (controller) => breakers.inc({ controller }),
    writesTimedOut: (controller) => lateCaches.inc({ controller }),
  };
}
