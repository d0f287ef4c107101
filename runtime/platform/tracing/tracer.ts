/**
 * Spans of what this process does, by OpenTelemetry's model. Where one stands follows the calls by AsyncLocalStorage, so that ports and
 * domains need not hand it on; to other processes and to later it goes as a traceparent.
 *
 * Whether a trace is recorded is decided where it begins, by its id, and followed by whoever goes on with it. What fails is kept in any
 * case: the span, and what it is part of in this process up to where the work came in.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { ShopError, STATUS_OF } from '../errors.ts';
import type { Tracing } from '../ports.ts';
import { createExporter, type ExporterOptions, type TraceReport } from './export.ts';
import {
  idOf,
  newTraceId,
  type Attributes,
  type AttributeValue,
  type Link,
  type Span,
  type SpanKind,
} from './span.ts';
import { formatTraceparent, parseTraceparent } from './traceparent.ts';

export interface SpanOptions {
  /** Default `internal`. */
  readonly kind?: SpanKind;
  /** What it is part of: a span, a traceparent, or `none`. Default: where the caller stands. What is no traceparent is `none`. */
  readonly parent?: Span | string | 'none';
  /** Its parent is a stranger's: they may say which trace it is, and not whether it is recorded. */
  readonly isOutside?: boolean;
  /** Of a span without a parent. Default: a new one. */
  readonly traceId?: string;
  /** Traceparents of what it has to do with although it is no part of it. */
  readonly links?: readonly string[];
  /** Belongs to the span from now on. */
  readonly attributes?: Attributes;
}

export interface Tracer extends Tracing {
  /** False: nothing is recorded, and nothing costs anything. */
  readonly isOn: boolean;
  /** Begins a span; whoever begins it ends it. */
  begin(name: string, options?: SpanOptions): Span;
  set(span: Span, name: string, value: AttributeValue): void;
  /** It is known only now what the work is. */
  rename(span: Span, name: string): void;
  /** The work has failed for a reason that is ours. @param why of few different values, a status or a code */
  fail(span: Span, why: string): void;
  /** @param error what the work threw */
  end(span: Span, error?: unknown): void;
  /** What is begun in `work`, and later by what it has started, is part of the span. */
  within<T>(span: Span, work: () => T): T;
  /** A span for as long as `work` takes. */
  run<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>;
  /** Of a span, for whoever goes on elsewhere. */
  traceparentOf(span: Span): string;
  /** For a request to another process: none where nothing is traced. */
  headers(): { readonly traceparent?: string };
  /** For each line of the log. */
  logFields(): { readonly traceId?: string };
  /** What became of the spans; undefined while tracing is off. */
  report(): TraceReport | undefined;
  /** Sends what is left, if that takes no more than a moment. */
  close(): Promise<void>;
}

export interface TracerOptions extends Pick<ExporterOptions, 'goodbyeMilliseconds'> {
  /** Of an OTLP/HTTP receiver; without a path `/v1/traces` is meant. Absent: tracing is off. */
  readonly url: string | undefined;
  /** How many of the traces that begin here are recorded: 0 to 1. */
  readonly ratio: number;
  /** `service.name` and what else is so of all spans of this process. */
  readonly resource: Readonly<Record<string, string | undefined>>;
  /** Called when sending begins to fail, and not again until it has worked. */
  readonly onTrouble: (error: unknown) => void;
}

export function createTracer(options: TracerOptions): Tracer {
  const { url, ratio } = options;
  return url === undefined ? noTracer : createRecorder({ ...options, url }, ratio);
}

function createRecorder(options: TracerOptions & { readonly url: string }, ratio: number): Tracer {
  const exporter = createExporter(options);
  const place = new AsyncLocalStorage<Span>();

  function begin(
    name: string,
    {
      kind = 'internal',
      parent: given,
      isOutside = false,
      traceId: own,
      links,
      attributes = {},
    }: SpanOptions = {},
  ): Span {
    const parent = given === undefined ? place.getStore() : typeof given === 'string' ? undefined : given;
    const remote = parent === undefined ? parseTraceparent(given) : undefined;
    const traceId = parent?.traceId ?? remote?.traceId ?? own ?? newTraceId();
    const isSampled =
      parent?.isSampled ?? (remote === undefined || isOutside ? isDrawn(traceId, ratio) : remote.isSampled);
    return {
      traceId,
      id: '',
      remoteParentId: remote?.spanId ?? '',
      parent,
      name,
      kind,
      begunAt: performance.now(),
      endedAt: 0,
      attributes,
      links: links === undefined ? NO_LINKS : linksTo(links),
      isSampled,
      isKept: isSampled,
      isFailed: false,
    };
  }

  function fail(span: Span, why: string): void {
    span.isFailed = true;
    span.attributes['error.type'] = why;
    for (let at: Span | undefined = span; at !== undefined && !at.isKept; at = at.parent) {
      at.isKept = true;
      // It did not wait for what it had started.
      if (at.endedAt !== 0) exporter.push(at);
    }
  }

  function end(span: Span, error?: unknown): void {
    if (error !== undefined) {
      const why = reasonOf(error);
      if (why.isOurs) fail(span, why.name);
      else span.attributes['error.type'] = why.name;
    }
    span.endedAt = performance.now();
    if (span.isKept) exporter.push(span);
  }

  function traceparentOf(span: Span): string {
    return formatTraceparent({ traceId: span.traceId, spanId: idOf(span), isSampled: span.isSampled });
  }

  async function run<T>(name: string, about: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
    const span = begin(name, about);
    try {
      const result = await place.run(span, work, span);
      end(span);
      return result;
    } catch (error) {
      end(span, error);
      throw error;
    }
  }

  /** Part of the trace it comes from, with a link to where it is done: the two do not know of each other. */
  function goOn<T>(name: string, from: string, work: () => Promise<T>): Promise<T> {
    const here = place.getStore();
    return run(name, { parent: from, links: here === undefined ? [] : [traceparentOf(here)] }, work);
  }

  /** The work is part of the first one's trace; each of the others has a span that says where it was done. */
  function together<T>(name: string, origins: readonly string[], work: () => Promise<T>): Promise<T> {
    const [first, ...others] = origins;
    if (first === undefined) return run(name, {}, work);
    return run(name, { parent: first, links: others }, async (span) => {
      const here = [traceparentOf(span)];
      const beside = others.map((parent) => begin(name, { parent, links: here }));
      try {
        return await work();
      } finally {
        for (const each of beside) end(each);
      }
    });
  }

  return {
    isOn: true,
    begin,
    set(span, name, value) {
      span.attributes[name] = value;
    },
    rename(span, name) {
      span.name = name;
    },
    fail,
    end,
    within: (span, work) => place.run(span, work),
    run,
    traceparentOf,
    here() {
      const span = place.getStore();
      return span && traceparentOf(span);
    },
    span(name, work, from) {
      if (from === undefined) return run(name, {}, work);
      return typeof from === 'string' ? goOn(name, from, work) : together(name, [...new Set(from)], work);
    },
    headers() {
      const span = place.getStore();
      return span === undefined ? NOTHING : { traceparent: traceparentOf(span) };
    },
    logFields() {
      const span = place.getStore();
      return span === undefined ? NOTHING : { traceId: span.traceId };
    },
    report: exporter.report,
    close: exporter.close,
  };
}

const NO_LINKS: readonly Link[] = [];
const NOTHING = {};

/** The same answer in every process, so that a trace is recorded whole or not at all. */
function isDrawn(traceId: string, ratio: number): boolean {
  return ratio >= 1 || Number.parseInt(traceId.slice(-8), 16) < ratio * 2 ** 32;
}

function linksTo(traceparents: readonly string[]): readonly Link[] {
  return traceparents.flatMap((text) => {
    const context = parseTraceparent(text);
    return context === undefined ? [] : [{ traceId: context.traceId, spanId: context.spanId }];
  });
}

/** Of a ShopError its code: messages name things that are nobody else's business. A refusal is no failure of ours. */
function reasonOf(error: unknown): { readonly name: string; readonly isOurs: boolean } {
  if (error instanceof ShopError) return { name: error.code, isOurs: STATUS_OF[error.code] >= 500 };
  return { name: error instanceof Error ? error.name : typeof error, isOurs: true };
}

/** What is begun while tracing is off. */
export const NO_SPAN: Span = Object.freeze<Span>({
  traceId: '',
  id: '',
  remoteParentId: '',
  parent: undefined,
  name: '',
  kind: 'internal',
  begunAt: 0,
  endedAt: 0,
  attributes: Object.freeze({}),
  links: NO_LINKS,
  isSampled: false,
  isKept: false,
  isFailed: false,
});

/** What stands where tracing is off: the work is done, and that is all. */
export const noTracer: Tracer = {
  isOn: false,
  begin: () => NO_SPAN,
  set: () => undefined,
  rename: () => undefined,
  fail: () => undefined,
  end: () => undefined,
  within: (_span, work) => work(),
  run: (_name, _options, work) => work(NO_SPAN),
  traceparentOf: () => '',
  here: () => undefined,
  span: (_name, work) => work(),
  headers: () => NOTHING,
  logFields: () => NOTHING,
  report: () => undefined,
  close: () => Promise.resolve(),
};
