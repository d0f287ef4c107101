/**
 * How many requests a tenant may make: a token bucket each, so that one shop's rush is not another's outage.
 * Each gateway counts by itself; with several, a tenant's limit is that of one times their number.
 */
import type { Clock } from '../../operator/kube/clock.ts';

export interface TenantLimits {
  /** 0: let it through. Otherwise the seconds until the next token. */
  take(tenant: string, perMinute: number): number;
  /** Forgets tenants whose buckets are full again. */
  sweep(): void;
}

interface Bucket {
  tokens: number;
  at: number;
  perMinute: number;
}

/** A bucket holds one minute's requests. */
export function createTenantLimits(clock: Clock): TenantLimits {
  const buckets = new Map<string, Bucket>();

  const refill = (bucket: Bucket, now: number): void => {
    bucket.tokens = Math.min(
      bucket.perMinute,
      bucket.tokens + ((now - bucket.at) / 60_000) * bucket.perMinute,
    );
    bucket.at = now;
  };

  return {
    take(tenant, perMinute) {
      const now = clock.monotonic();
      let bucket = buckets.get(tenant);
      if (bucket === undefined) {
        bucket = { tokens: perMinute, at: now, perMinute };
        buckets.set(tenant, bucket);
      } else {
        refill(bucket, now);
        if (bucket.perMinute !== perMinute) {
          bucket.tokens *= perMinute / bucket.perMinute;
          bucket.perMinute = perMinute;
        }
      }
      if (bucket.tokens < 1) return Math.max(1, Math.ceil(((1 - bucket.tokens) * 60) / perMinute));
      bucket.tokens -= 1;
      return 0;
    },

    sweep() {
      const now = clock.monotonic();
      for (const [tenant, bucket] of buckets) {
        refill(bucket, now);
        if (bucket.tokens >= bucket.perMinute) buckets.delete(tenant);
      }
    },
  };
}
