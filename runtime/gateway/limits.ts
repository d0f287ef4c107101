/**
 * How many requests a tenant may make, so that one shop's rush is not another's outage. Each gateway counts by itself and at once;
 * where a count is shared, it is asked beside the request, and what it refuses is refused here from then on: no request waits for it.
 */
import type { Clock } from '../../operator/kube/clock.ts';
import { createMemoryLimits } from '../platform/limits/memory.ts';
import type { RateLimits } from '../platform/ports.ts';

export interface TenantLimits {
  /** 0: let it through. Otherwise the seconds until the next token. */
  take(tenant: string, perMinute: number): number;
  /** Forgets tenants whose buckets are full again. */
  sweep(): void;
}

const REQUESTS = 'requests';

/** @param shared counts for all gateways together; absent: with several, a tenant's limit is that of one times their number */
export function createTenantLimits(clock: Pick<Clock, 'monotonic'>, shared?: RateLimits): TenantLimits {
  const now = (): number => clock.monotonic();
  const own = createMemoryLimits(now);
  const refusedUntil = new Map<string, number>();

  async function tell(limits: RateLimits, tenant: string, perMinute: number): Promise<void> {
    const wait = await limits.take(tenant, REQUESTS, perMinute);
    if (wait > 0) refusedUntil.set(tenant, now() + wait * 1_000);
  }

  return {
    take(tenant, perMinute) {
      const rest = (refusedUntil.get(tenant) ?? 0) - now();
      if (rest > 0) return Math.ceil(rest / 1_000);
      const wait = own.takeNow(tenant, REQUESTS, perMinute);
      if (wait === 0 && shared !== undefined) void tell(shared, tenant, perMinute);
      return wait;
    },
    sweep() {
      own.sweep();
      for (const [tenant, until] of refusedUntil) if (until <= now()) refusedUntil.delete(tenant);
    },
  };
}
