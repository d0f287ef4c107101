/**
 * The way of facts into the analytics store. They are written down with what caused them, in its transaction, and shipped in batches by a
 * task: a store that is away holds nobody up and loses nothing, and gets few large writes instead of many small ones.
 */
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { Fact, TaskHandler, TenantId, Transaction } from '../../platform/ports.ts';

/** Rows of a batch: with fifty facts each, no more than a batch may hold. */
const ROWS = 200;
const KEPT_MS = 24 * 60 * 60 * 1_000;
/** So many rows may wait before pages are told to come later. Events are taken in always. */
const CROWD = 50_000;
const CROWD_LOOKED_AFTER_MS = 5_000;

export const SHIP = 'analytics.ship';

export interface Intake {
  /**
   * @param id of what they come from: the same id twice within a day is taken in once
   * @returns whether there was something, for the first time
   */
  write(tx: Transaction, tenant: TenantId, id: string, facts: readonly Fact[]): Promise<boolean>;
  /** @throws ShopError `unavailable` while too much waits to be shipped */
  checkRoom(tenant: TenantId): Promise<void>;
  readonly ship: TaskHandler;
}

export function createIntake({ sql, analytics, clock, newId }: Platform): Intake {
  const crowds = new Map<TenantId, { readonly until: number; readonly full: boolean }>();

  /** Batches that were begun and not ended, by whomever; else a new one. */
  async function nextBatches(tenant: TenantId): Promise<readonly string[]> {
    return sql.transaction(tenant, async (tx) => {
      const begun = await begunIn(tx, tenant);
      if (begun.length > 0) return begun;
      const batch = newId('fb');
      const { rowCount } = await tx.query(
        `update analytics_intake set batch = $2 where tenant_id = $1 and id in (
           select id from analytics_intake where tenant_id = $1 and shipped_at is null and batch is null
           order by received_at limit $3 for update
         )`,
        [tenant, batch, ROWS],
      );
      // Another worker may have begun them a moment before, and lost the task to us: nobody else comes back for them.
      return rowCount === 0 ? begunIn(tx, tenant) : [batch];
    });
  }

  async function begunIn(tx: Transaction, tenant: TenantId): Promise<readonly string[]> {
    const { rows } = await tx.query<{ batch: string }>(
      'select distinct batch from analytics_intake where tenant_id = $1 and shipped_at is null and batch is not null order by batch',
      [tenant],
    );
    return rows.map(({ batch }) => batch);
  }

  async function shipBatch(tenant: TenantId, batch: string): Promise<void> {
    const { rows } = await sql.query<{ facts: readonly StoredFact[] }>(
      tenant,
      'select facts from analytics_intake where tenant_id = $1 and batch = $2 and shipped_at is null order by id',
      [tenant, batch],
    );
    const facts = rows.flatMap((row) => row.facts).map((fact) => ({ ...fact, at: new Date(fact.at) }));
    if (facts.length > 0) await analytics.append(tenant, { id: batch, facts });
    await sql.query(
      tenant,
      `update analytics_intake set shipped_at = $3, facts = '[]' where tenant_id = $1 and batch = $2 and shipped_at is null`,
      [tenant, batch, clock.now()],
    );
  }

  return {
    async write(tx, tenant, id, facts) {
      if (facts.length === 0) return false;
      const { rowCount } = await tx.query(
        `insert into analytics_intake (tenant_id, id, facts, received_at) values ($1, $2, $3, $4)
         on conflict (tenant_id, id) do nothing`,
        [tenant, id, JSON.stringify(facts), clock.now()],
      );
      await tx.enqueue({ name: SHIP, payload: {}, key: 'ship' });
      return rowCount > 0;
    },

    async checkRoom(tenant) {
      const now = clock.now().getTime();
      let crowd = crowds.get(tenant);
      if (crowd === undefined || crowd.until <= now) {
        const { rows } = await sql.query(
          tenant,
          'select 1 from analytics_intake where tenant_id = $1 and shipped_at is null offset $2 limit 1',
          [tenant, CROWD],
        );
        if (crowds.size > 10_000) crowds.clear();
        crowd = { until: now + CROWD_LOOKED_AFTER_MS, full: rows.length > 0 };
        crowds.set(tenant, crowd);
      }
      if (crowd.full)
        throw new ShopError('unavailable', 'Too much waits to be counted.', {
          remedy: 'Send it again in a while.',
          retryAfterSeconds: 60,
        });
    },

    async ship({ tenant, signal }) {
      for (;;) {
        const batches = await nextBatches(tenant);
        if (batches.length === 0) break;
        for (const batch of batches) {
          signal.throwIfAborted();
          await shipBatch(tenant, batch);
        }
      }
      await sql.query(tenant, 'delete from analytics_intake where tenant_id = $1 and shipped_at < $2', [
        tenant,
        new Date(clock.now().getTime() - KEPT_MS),
      ]);
    },
  };
}

/** A fact as JSON keeps it. */
type StoredFact = Omit<Fact, 'at'> & { readonly at: string };
