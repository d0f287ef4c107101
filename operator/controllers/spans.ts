/**
 * Spans of the operator, by the tracer that runtimes and gateways have: a reconcile is a trace, its phases and what it asks of the API
 * server and the database are its parts. Off without `TRACES_URL`.
 */
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { NO_SPANS } from '../kube/spans.ts';
import type { SpanFacts, Spans } from '../kube/spans.ts';
import { countSpans } from '../../runtime/platform/tracing/metric.ts';
import { createTracer } from '../../runtime/platform/tracing/tracer.ts';
import { DEFAULT_RATIO } from '../../runtime/platform/tracing/index.ts';

export interface OperatorSpans extends Spans {
  /** Sends what is left, if that takes no more than a moment. */
  close(): Promise<void>;
}

export function openSpans(env: NodeJS.ProcessEnv, registry: Registry, log: Logger): OperatorSpans {
  const url = addressIn(env, log);
  if (url === undefined) return { ...NO_SPANS, close: () => Promise.resolve() };
  const tracer = createTracer({
    url,
    ratio: ratioIn(env),
    resource: {
      'service.namespace': 'shopmind',
      'service.name': 'operator',
      'service.instance.id': env['POD_NAME'] ?? String(process.pid),
    },
    onTrouble: (error) => log.warn({ err: error }, 'spans cannot be sent; what does not fit is dropped'),
  });
  countSpans(registry, () => tracer.report());
  const inside =
    (kind: 'internal' | 'client'): Spans['part'] =>
    (name, facts, work) =>
      tracer.here() === undefined
        ? work(() => undefined)
        : tracer.run(name, { kind, attributes: { ...facts } }, (span) =>
            work((word, value) => tracer.set(span, word, value)),
          );
  return {
    trace: (name, facts, work) =>
      tracer.run(name, { parent: 'none', attributes: { ...facts } }, (span) =>
        work((word, value) => tracer.set(span, word, value)),
      ),
    part: inside('internal'),
    call: inside('client'),
    close: () => tracer.close(),
  };
}

/** One that is no address is told, and traces nothing: the operator has better things to do than to stop over it. */
function addressIn({ TRACES_URL: url = '' }: NodeJS.ProcessEnv, log: Logger): string | undefined {
  if (url === '' || /^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
    return url === '' ? undefined : url;
  log.error('TRACES_URL of ConfigMap platform is no http:// or https:// URL: nothing is traced');
  return undefined;
}

function ratioIn({ TRACES_RATIO: share = '' }: NodeJS.ProcessEnv): number {
  const ratio = share === '' ? DEFAULT_RATIO : Number(share);
  return ratio >= 0 && ratio <= 1 ? ratio : DEFAULT_RATIO;
}

/** A loan of a database connection within somebody's trace: one span, however many statements it takes. */
export function statements<T>(
  spans: Spans,
  work: (count: (statements: number) => void) => Promise<T>,
): Promise<T> {
  return spans.call('postgresql', { 'db.system.name': 'postgresql' }, (note) =>
    work((count) => note('shopmind.statements', count)),
  );
}

/** What is said of what is reconciled: whose it is, and no more. */
export function factsOf(tenant: string | undefined): SpanFacts {
  return tenant === undefined ? {} : { 'shopmind.tenant': tenant };
}
