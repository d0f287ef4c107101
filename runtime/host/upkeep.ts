/** Removes what has served its time: old events, expired idempotency keys, old facts, unused renditions. One tenant at a time. */
import type { Logger } from 'pino';
import type { Pictures } from '../platform/pictures/pictures.ts';
import type { Analytics, Clock, Tenant } from '../platform/ports.ts';
import type { PostgresSql } from '../platform/sql/postgres.ts';

export interface UpkeepOptions {
  readonly sql: Pick<PostgresSql, 'batch'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tenants: { list(): Promise<readonly Pick<Tenant, 'id'>[]> };
  readonly analytics: Pick<Analytics, 'tidy'>;
  readonly pictures: Pick<Pictures, 'tidy'>;
  readonly serves: (tenant: string) => boolean;
  /** Default one hour. */
  readonly everyMilliseconds?: number;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
const EVENTS_KEPT_DAYS = 7;
const NEXT = 'upkeep failed; the next round comes';

export function startUpkeep(options: UpkeepOptions): { close(): void } {
  const { log, tenants, serves } = options;
  let closed = false;
  const timer = setInterval(
    () => {
      void round().catch((error: unknown) => log.warn({ err: error }, NEXT));
    },
    options.everyMilliseconds ?? 60 * 60 * 1_000,
  );
  timer.unref();

  async function round(): Promise<void> {
    for (const tenant of await tenants.list()) {
      if (closed) return;
      if (!serves(tenant.id)) continue;
      // Those after it are not kept waiting by one in whom something is wrong.
      await of(tenant.id).catch((error: unknown) => log.warn({ err: error, tenant: tenant.id }, NEXT));
    }
  }

  async function of(tenant: string): Promise<void> {
    await tidy(options, tenant);
    await options.analytics.tidy?.(tenant);
    await options.pictures.tidy(tenant);
  }

  return {
    close() {
      closed = true;
      clearInterval(timer);
    },
  };
}

/** Removes one tenant's old rows. An event stays while a consumer of it is behind, or while it is the newest of its key. */
export async function tidy(
  { sql, clock }: Pick<UpkeepOptions, 'sql' | 'clock'>,
  tenant: string,
): Promise<void> {
  const ago = (days: number) => new Date(clock.now().getTime() - days * DAY_MS);
  await sql.batch(tenant, [
    { text: OLD_EVENTS, values: [tenant, ago(EVENTS_KEPT_DAYS)] },
    {
      text: 'DELETE FROM idempotency_keys WHERE tenant_id = $1 AND expires_at < $2',
      values: [tenant, clock.now()],
    },
  ]);
}

/** Newest of its key stays: a consumer that joins later still learns the present state. */
const OLD_EVENTS = `
  DELETE FROM event_log e WHERE e.tenant_id = $1 AND e.occurred_at < $2
    AND e.position <= (SELECT coalesce(min(position), 0) FROM consumer_positions WHERE tenant_id = $1)
    AND EXISTS (SELECT 1 FROM event_log n WHERE n.tenant_id = $1 AND n.topic = e.topic AND n.key = e.key AND n.position > e.position)`;
