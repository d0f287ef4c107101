/**
 * What the gateways counted for each tenant between two looks. Pure.
 */
import { quantile, type Sample } from './prometheus.ts';

export interface Traffic {
  readonly requestsPerSecond: number;
  /** Share of answers of 500 and above, 0 to 1; `undefined` without requests. */
  readonly errors: number | undefined;
  /** `undefined` when nothing was ever counted. */
  readonly p99Milliseconds: number | undefined;
}

const REQUESTS = 'shopmind_gateway_requests_total';
const SECONDS = 'shopmind_gateway_tenant_request_duration_seconds_bucket';

/**
 * @param before,after samples of all gateways together
 * @param seconds between them
 */
export function trafficOf(
  before: readonly Sample[],
  after: readonly Sample[],
  seconds: number,
): ReadonlyMap<string, Traffic> {
  const [was, is] = [sums(before), sums(after)];
  return new Map(
    [...is].map(([tenant, now]) => {
      const then = was.get(tenant);
      // A gateway that started anew counts from zero: then all it has is news.
      const since = (value: number, old = 0): number => (value >= old ? value - old : value);
      const requests = since(now.requests, then?.requests);
      const errors = since(now.errors, then?.errors);
      const fresh = new Map(
        [...now.buckets].map(([bound, count]) => [bound, since(count, then?.buckets.get(bound))]),
      );
      const p99 = quantile(0.99, fresh) ?? quantile(0.99, now.buckets);
      return [
        tenant,
        {
          requestsPerSecond: requests / seconds,
          errors: requests === 0 ? undefined : errors / requests,
          p99Milliseconds: p99 === undefined ? undefined : p99 * 1000,
        },
      ];
    }),
  );
}

interface Sums {
  requests: number;
  errors: number;
  readonly buckets: Map<number, number>;
}

function sums(samples: readonly Sample[]): ReadonlyMap<string, Sums> {
  const all = new Map<string, Sums>();
  for (const { name, labels, value } of samples) {
    const { tenant } = labels;
    if (tenant === undefined || tenant === '' || (name !== REQUESTS && name !== SECONDS)) continue;
    const mine = all.get(tenant) ?? { requests: 0, errors: 0, buckets: new Map() };
    all.set(tenant, mine);
    if (name === SECONDS) {
      const bound = labels['le'] === '+Inf' ? Infinity : Number(labels['le']);
      mine.buckets.set(bound, (mine.buckets.get(bound) ?? 0) + value);
      continue;
    }
    mine.requests += value;
    if (Number(labels['status']) >= 500) mine.errors += value;
  }
  return all;
}
