/**
 * Reads the gateway's own two families out of Prometheus' text format, and makes figures of them. Pure.
 */
import { REQUESTS, SECONDS } from '../../resources/queries.ts';
import type { Figures } from './traffic.ts';

/** Counters of one backend at one gateway, as far as they have got. */
export interface Counters {
  readonly ok: number;
  readonly error: number;
  /** Upper bound in seconds (`Infinity` for the last) to requests up to it. */
  readonly buckets: ReadonlyMap<number, number>;
}

export const NOTHING: Counters = { ok: 0, error: 0, buckets: new Map() };

/** The counters of one backend in a scrape; those it does not mention are zero. Requests cancelled by clients do not count. */
export function countersOf(text: string, backend: string): Counters {
  let ok = 0;
  let error = 0;
  const buckets = new Map<number, number>();
  for (const line of text.split('\n')) {
    if (!line.startsWith(REQUESTS) && !line.startsWith(`${SECONDS}_bucket`)) continue;
    const sample = parseSample(line);
    if (sample?.labels.get('backend') !== backend) continue;
    const outcome = sample.labels.get('outcome');
    if (outcome === 'ok') ok += sample.value;
    else if (outcome === 'error') error += sample.value;
    const bound = sample.labels.get('le');
    if (bound !== undefined) buckets.set(bound === '+Inf' ? Infinity : Number(bound), sample.value);
  }
  return { ok, error, buckets };
}

/** What was counted between two scrapes. A counter that is smaller than before began anew: the process was restarted. */
export function growth(before: Counters, now: Counters): Counters {
  const isNew =
    now.ok + now.error < before.ok + before.error || now.error < before.error || now.ok < before.ok;
  if (isNew) return now;
  const buckets = new Map(
    [...now.buckets].map(([bound, count]) => [bound, Math.max(0, count - (before.buckets.get(bound) ?? 0))]),
  );
  return { ok: now.ok - before.ok, error: now.error - before.error, buckets };
}

export function sum(a: Counters, b: Counters): Counters {
  const buckets = new Map(a.buckets);
  for (const [bound, count] of b.buckets) buckets.set(bound, (buckets.get(bound) ?? 0) + count);
  return { ok: a.ok + b.ok, error: a.error + b.error, buckets };
}

export function figuresOf({ ok, error, buckets }: Counters, missing?: string): Figures {
  const seconds = quantile(0.99, buckets);
  return {
    requests: ok + error,
    errors: error,
    p99Ms: seconds === undefined ? undefined : seconds * 1000,
    missing,
  };
}

/**
 * The quantile of a histogram, in the unit of its bounds, as Prometheus' `histogram_quantile` has it: linear within the
 * bucket it falls into; the largest finite bound when it falls beyond. `undefined` without observations.
 */
export function quantile(q: number, buckets: ReadonlyMap<number, number>): number | undefined {
  const sorted = [...buckets].toSorted(([a], [b]) => a - b);
  const total = sorted.at(-1)?.[1] ?? 0;
  if (total === 0) return undefined;
  const rank = q * total;
  let lower = 0;
  let below = 0;
  for (const [bound, count] of sorted) {
    if (count >= rank && count > below) {
      return bound === Infinity ? lower : lower + ((bound - lower) * (rank - below)) / (count - below);
    }
    if (bound !== Infinity) lower = bound;
    below = count;
  }
  return lower;
}

interface Sample {
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/** `name{label="value",…} 12` */
function parseSample(line: string): Sample | undefined {
  const close = line.lastIndexOf('}');
  const value = Number(
    line
      .slice(close + 1)
      .trim()
      .split(' ')[0],
  );
  if (close < 0 || !Number.isFinite(value)) return undefined;
  const labels = new Map<string, string>();
  for (const [, name = '', quoted = ''] of line.slice(0, close).matchAll(LABEL)) {
    labels.set(
      name,
      quoted.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
    );
  }
  return { labels, value };
}
