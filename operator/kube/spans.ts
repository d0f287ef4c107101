/**
 * Where the spans of reconciles go, of those who trace; whoever has them decides what a trace is made of. Here is only what the machinery
 * and the controllers say of their work.
 */

/** Says something of a span that is known only while it lasts. */
export type Note = (name: string, value: string | number) => void;

/** Fixed words, names of tenants and numbers: no keys of objects, no statements, no messages. */
export type SpanFacts = Readonly<Record<string, string | number>>;

export interface Spans {
  /** A trace of its own. */
  trace<T>(name: string, facts: SpanFacts, work: (note: Note) => Promise<T>): Promise<T>;
  /** A part of the trace that the caller stands in; outside of any only the work is done. */
  part<T>(name: string, facts: SpanFacts, work: (note: Note) => Promise<T>): Promise<T>;
  /** The same of what somebody else does for us. */
  call<T>(name: string, facts: SpanFacts, work: (note: Note) => Promise<T>): Promise<T>;
}

const ignore: Note = () => undefined;

/** Nothing is traced, and the work is done. */
export const NO_SPANS: Spans = {
  trace: (_name, _facts, work) => work(ignore),
  part: (_name, _facts, work) => work(ignore),
  call: (_name, _facts, work) => work(ignore),
};
