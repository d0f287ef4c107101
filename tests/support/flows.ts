/** What a flow must look like among the spans that a receiver has: one trace, whole, with its steps below one another. */
import type { SeenSpan, TraceReceiver } from './traces.ts';
import { until } from './wait.ts';

/** Steps that are below one another, not always directly: who does it, and what it is called. */
export type Chain = readonly `${string}: ${string}`[];

export interface TracedFlow {
  /** What its first span is called, besides the gateway's. */
  readonly begins: string;
  readonly tenant: string;
  readonly chains: readonly (readonly string[])[];
}

/** Resolves when the flow is one trace that has all of its chains. @throws Error with what the traces lack */
export async function oneTrace(receiver: TraceReceiver, flow: TracedFlow): Promise<void> {
  await until(
    () =>
      tracesOf(receiver, flow).some((trace) => faultsOf(trace, flow.chains).length === 0) ? true : undefined,
    {
      withinMs: 60_000,
      everyMs: 200,
      what: 'the flow is one trace',
      tell: () =>
        Promise.resolve(
          tracesOf(receiver, flow)
            .map((trace) => tell(trace, flow.chains))
            .join('\n\n') || 'nothing',
        ),
    },
  );
}

/** Those in which something called so was done for the shop. */
function tracesOf(
  { spans }: TraceReceiver,
  { begins, tenant }: TracedFlow,
): readonly (readonly SeenSpan[])[] {
  const ids = new Set(
    spans
      .filter(({ name, attributes }) => name === begins && attributes['shopmind.tenant'] === tenant)
      .map(({ traceId }) => traceId),
  );
  return [...ids].map((id) => spans.filter(({ traceId }) => traceId === id));
}

/** What is wrong with a trace, by now. */
function faultsOf(trace: readonly SeenSpan[], chains: readonly (readonly string[])[]): readonly string[] {
  const known = new Map(trace.map((span) => [span.id, span]));
  const roots = trace.filter(({ parentId }) => parentId === '');
  const orphans = trace.filter(({ parentId }) => parentId !== '' && !known.has(parentId));
  return [
    ...(roots.length === 1
      ? []
      : [`${roots.length} beginnings: ${roots.map(({ name }) => name).join(', ')}`]),
    ...orphans.map(({ name }) => `the parent of "${name}" is missing`),
    ...chains
      .filter((chain) => !trace.some((span) => endsChain(span, chain, known)))
      .map((chain) => `not there: ${chain.join(' → ')}`),
  ];
}

/** Whether the span is the chain's last step, with the others above it in their order. */
function endsChain(span: SeenSpan, chain: readonly string[], known: ReadonlyMap<string, SeenSpan>): boolean {
  const left = [...chain];
  const isNext = ({ service, name }: SeenSpan): boolean => {
    const step = left.at(-1);
    return step !== undefined && `${service}: ${name}`.startsWith(step);
  };
  if (!isNext(span)) return false;
  for (let at: SeenSpan | undefined = span; at !== undefined; at = known.get(at.parentId))
    if (isNext(at)) left.pop();
  return left.length === 0;
}

function tell(trace: readonly SeenSpan[], chains: readonly (readonly string[])[]): string {
  const known = new Set(trace.map(({ id }) => id));
  const lines: string[] = [];
  const draw = (span: SeenSpan, depth: number): void => {
    lines.push(
      `${'  '.repeat(depth)}${span.service}: ${span.name} (${Number(span.ended - span.begun) / 1e6} ms${span.isFailed ? ', failed' : ''})`,
    );
    for (const child of trace.filter(({ parentId }) => parentId === span.id)) draw(child, depth + 1);
  };
  for (const span of trace) if (!known.has(span.parentId)) draw(span, span.parentId === '' ? 0 : 1);
  return [`trace ${trace[0]?.traceId}`, ...faultsOf(trace, chains), ...lines].join('\n');
}
