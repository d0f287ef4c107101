/** What Prometheus reads: requests by route, what becomes of events and how far they lag, how many tasks wait or died. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { EventMeter } from '../platform/events/meter.ts';
import type { ReplicaReport } from '../platform/sql/replica.ts';
import type { TraceReport } from '../platform/tracing/export.ts';
import { countSpans } from '../platform/tracing/metric.ts';
import type { SocketMeter } from './sockets/server.ts';

export interface Metrics {
  observeRequest(route: string, method: string, status: number, seconds: number): void;
  readonly events: EventMeter;
  readonly sockets: SocketMeter;
  /** The text format; asks the sources first. */
  text(): Promise<string>;
}

export interface MetricsSources {
  readonly lag: () => Promise<ReadonlyMap<string, number>>;
  readonly tasks: () => Promise<readonly { name: string; state: string; count: number }[]>;
  /** `undefined` without a replica. */
  readonly replication?: () => ReplicaReport | undefined;
  /** Open WebSockets by name. */
  readonly sockets?: () => ReadonlyMap<string, number>;
  /** Systems that are asked, and whether each is taken to be away. */
  readonly circuits?: () => ReadonlyMap<string, boolean>;
  /** `undefined` while tracing is off. */
  readonly traces?: () => TraceReport | undefined;
}

export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to answer, by route.',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const failures = new Counter({
    name: 'shopmind_scrape_failures_total',
    help: 'Times the database could not be asked for the gauges below.',
    registers: [registry],
  });
  const lag = new Gauge({
    name: 'shopmind_event_lag',
    help: 'Published events that a consumer has not handled yet.',
    labelNames: ['consumer'],
    registers: [registry],
  });
  const tasks = new Gauge({
    name: 'shopmind_tasks',
    help: 'Tasks in the queue, by name and state.',
    labelNames: ['task', 'state'],
    registers: [registry],
  });

  const replicaReads = new Gauge({
    name: 'shopmind_replica_reads',
    help: 'Reads that might be a little old, since the start: answered by the standby, or passed on to the primary.',
    labelNames: ['by'],
    registers: [registry],
  });
  const replicaLag = new Gauge({
    name: 'shopmind_replica_lag_seconds',
    help: 'Age of the newest state of the primary that the standby was seen to have.',
    registers: [registry],
  });

  function refreshReplica(): void {
    const report = sources.replication?.();
    if (report === undefined) return;
    replicaReads.set({ by: 'standby' }, report.answered);
    replicaReads.set({ by: 'primary' }, report.passedOn);
    if (report.lagMilliseconds !== undefined) replicaLag.set(report.lagMilliseconds / 1000);
  }

  const connections = new Gauge({
    name: 'shopmind_socket_connections',
    help: 'Open WebSockets.',
    labelNames: ['socket'],
    registers: [registry],
  });

  const open = new Gauge({
    name: 'shopmind_circuit_open',
    help: '1 while a system is taken to be away and asked by one in a while only.',
    labelNames: ['system'],
    registers: [registry],
  });

  countSpans(registry, () => sources.traces?.());

  async function refresh(): Promise<void> {
    refreshReplica();
    for (const [system, isOpen] of sources.circuits?.() ?? []) open.set({ system }, isOpen ? 1 : 0);
    for (const [socket, count] of sources.sockets?.() ?? []) connections.set({ socket }, count);
    try {
      const [lags, counts] = await Promise.all([sources.lag(), sources.tasks()]);
      lag.reset();
      tasks.reset();
      for (const [consumer, count] of lags) lag.set({ consumer }, count);
      for (const { name, state, count } of counts) tasks.set({ task: name, state }, count);
    } catch {
      // The database being away must not hide the process's own metrics.
      failures.inc();
    }
  }

  return {
    observeRequest: (route, method, status, seconds) => duration.observe({ route, method, status }, seconds),
    events: meterEvents(registry),
    sockets: meterSockets(registry),
    async text() {
      await refresh();
      return registry.metrics();
    },
  };
}

function meterSockets(registry: Registry): SocketMeter {
  const heard = new Counter({
    name: 'shopmind_socket_messages_total',
    help: 'Messages of clients: taken, or refused for coming too fast.',
    labelNames: ['socket', 'outcome'],
    registers: [registry],
  });
  const closed = new Counter({
    name: 'shopmind_socket_closed_total',
    help: 'WebSockets that ended, by closing code; 4001: read too slowly, 1006: gone without a word.',
    labelNames: ['socket', 'code'],
    registers: [registry],
  });
  return {
    heard: (socket, outcome) => heard.inc({ socket, outcome }),
    closed: (socket, code) => closed.inc({ socket, code: CODES.has(code) ? code : 'other' }),
  };
}

/** Clients choose codes: those that nobody knows are counted as one. */
const CODES: ReadonlySet<number> = new Set([
  1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011, 4001, 4002, 4003,
]);

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

function meterEvents(registry: Registry): EventMeter {
  const registers = [registry];
  const published = new Counter({
    name: 'shopmind_events_published_total',
    help: 'Events handed over to whoever carries them.',
    labelNames: ['topic'],
    registers,
  });
  const waited = new Histogram({
    name: 'shopmind_event_publish_delay_seconds',
    help: 'Time from the oldest of some events being emitted until they were handed over.',
    labelNames: ['topic'],
    buckets: SECONDS,
    registers,
  });
  const delivered = new Counter({
    name: 'shopmind_events_delivered_total',
    help: 'Events that a handler took.',
    labelNames: ['consumer'],
    registers,
  });
  const duration = new Histogram({
    name: 'shopmind_event_transaction_duration_seconds',
    help: 'Duration of the transactions in which events were handled.',
    labelNames: ['consumer'],
    buckets: SECONDS,
    registers,
  });
  const age = new Histogram({
    name: 'shopmind_event_age_seconds',
    help: 'Age of the oldest event of a transaction when it had been handled.',
    labelNames: ['consumer'],
    buckets: SECONDS,
    registers,
  });
  const retries = new Counter({
    name: 'shopmind_event_retries_total',
    help: 'Failures of handlers after which the event is tried again.',
    labelNames: ['consumer'],
    registers,
  });
  const dead = new Counter({
    name: 'shopmind_event_dead_letters_total',
    help: 'Events that were given up.',
    labelNames: ['consumer', 'topic'],
    registers,
  });
  return {
    published(topic, events, afterMilliseconds) {
      published.inc({ topic }, events);
      waited.observe({ topic }, Math.max(0, afterMilliseconds) / 1_000);
    },
    delivered(consumer, events, milliseconds, oldestMilliseconds) {
      delivered.inc({ consumer }, events);
      duration.observe({ consumer }, milliseconds / 1_000);
      age.observe({ consumer }, Math.max(0, oldestMilliseconds) / 1_000);
    },
    retried: (consumer) => retries.inc({ consumer }),
    died: (consumer, topic) => dead.inc({ consumer, topic }),
  };
}
