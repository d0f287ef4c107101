/** How many spans there were, as a metric: the same name and words in runtimes, gateways and the operator. */
import { Counter, type Registry } from 'prom-client';
import type { TraceReport } from './export.ts';

/** @param report of the tracer; undefined while tracing is off */
export function countSpans(registry: Registry, report: () => TraceReport | undefined): void {
  registry.registerMetric(
    new Counter({
      name: 'shopmind_trace_spans_total',
      help: 'Spans by what became of them: sent, or dropped for want of room, of a receiver, or because it would not have them.',
      labelNames: ['outcome'],
      registers: [],
      collect() {
        this.reset();
        for (const [outcome, count] of Object.entries(report() ?? {})) this.inc({ outcome }, count);
      },
    }),
  );
}
