/**
 * Disputes that nobody told us of, or of which the last message was lost: a task compares the providers' lists with ours, and asks for
 * each open one of ours that no list has. What is news is booked as its message would have been.
 */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { PaymentDispute, PaymentProvider, TenantId } from '../../../platform/ports.ts';
import type { Heal } from '../payouts/payouts.ts';
import { offeredBy } from '../providers.ts';
import { nextRound, seconds } from '../seconds.ts';
import { observeDispute } from './observe.ts';
import type { DisputeStatus } from './schemas.ts';

export interface DisputesSettings {
  /** How often they are looked for. */
  readonly findSeconds: number;
}

export const DISPUTES: DisputesSettings = { findSeconds: 6 * 3_600 };
/** So long a payment can be disputed, and a bank take its time. */
const LOOK_BACK_DAYS = 180;
/** Pages of one provider's list in one run, newest first. */
const MOST_PAGES = 20;

export interface FindDisputes {
  /** For whoever takes money: planned again and again it is planned once. */
  readonly planned: { readonly name: string; readonly payload: object; readonly key: string };
  find(tenant: TenantId, signal: AbortSignal): Promise<void>;
}

interface OpenRow {
  readonly reference: string;
  readonly intent_id: string;
}

export function createFindDisputes(platform: Platform, settings: DisputesSettings, heal: Heal): FindDisputes {
  const now = (): Date => platform.clock.now();
  const planned = { name: 'payments.find-disputes', payload: {}, key: 'find-disputes' };

  async function find(tenant: TenantId, signal: AbortSignal): Promise<void> {
    const { providers } = await offeredBy(platform, tenant);
    const listed = new Set<string>();
    let isComplete = true;
    for (const provider of providers)
      isComplete =
        (await trying(tenant, { provider }, async () => {
          for await (const page of recent(tenant, provider, signal)) {
            await compare(tenant, page, signal);
            for (const { id } of page) listed.add(id);
          }
        })) && isComplete;
    await askForOpen(tenant, listed, signal);
    const runAt = seconds(now(), nextRound(settings.findSeconds, isComplete));
    await platform.sql.transaction(tenant, (tx) => tx.enqueue({ ...planned, runAt }));
  }

  async function* recent(
    tenant: TenantId,
    provider: PaymentProvider,
    signal: AbortSignal,
  ): AsyncGenerator<readonly PaymentDispute[]> {
    const since = seconds(now(), -LOOK_BACK_DAYS * 86_400);
    let cursor: string | undefined;
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      signal.throwIfAborted();
      const page = await platform.payments.listDisputes(tenant, { provider, since, cursor });
      yield page.disputes;
      cursor = page.next;
      if (cursor === undefined) return;
    }
  }

  async function compare(
    tenant: TenantId,
    page: readonly PaymentDispute[],
    signal: AbortSignal,
  ): Promise<void> {
    const { rows } = await platform.sql.query<{ reference: string; status: DisputeStatus }>(
      tenant,
      'select reference, status from payments_disputes where tenant_id = $1 and reference = any ($2::text[])',
      [tenant, page.map(({ id }) => id)],
    );
    const known = new Map(rows.map(({ reference, status }) => [reference, status]));
    for (const dispute of page) {
      signal.throwIfAborted();
      const { id, intentId } = dispute;
      if (intentId === undefined || observeDispute(known.get(id), dispute).news.length === 0) continue;
      await trying(tenant, { dispute: id }, () => heal(tenant, { what: 'dispute', intentId, disputeId: id }));
    }
  }

  /** Older than the lists go back, or beyond their pages. */
  async function askForOpen(
    tenant: TenantId,
    listed: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<void> {
    const { rows } = await platform.sql.query<OpenRow>(
      tenant,
      `select d.reference, p.intent_id from payments_disputes d
       join payments_payments p on p.tenant_id = d.tenant_id and p.id = d.payment_id
       where d.tenant_id = $1 and d.status in ('needs_response', 'under_review') and p.intent_id is not null`,
      [tenant],
    );
    for (const { reference: disputeId, intent_id: intentId } of rows) {
      signal.throwIfAborted();
      if (listed.has(disputeId)) continue;
      await trying(tenant, { dispute: disputeId }, () =>
        heal(tenant, { what: 'dispute', intentId, disputeId }),
      );
    }
  }

  /** What cannot be read now, or is none of ours, keeps nobody from the rest. @returns whether it could be read */
  async function trying(tenant: TenantId, about: object, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof ShopError)) throw error;
      if (error.code === 'not_found') return true;
      platform.log.warn({ err: error, tenant, ...about }, 'disputes could not be compared');
      return false;
    }
  }

  return { planned, find };
}
