/**
 * Finds what got lost between the processor and us: a task compares payments that are not settled with the processor, and rests after
 * two rounds that found none.
 */
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { PaymentIntent, TenantId } from '../../platform/ports.ts';
import type { Books } from './books.ts';
import { DISPUTES, type FindDisputes } from './disputes/find.ts';
import type { Endings } from './endings.ts';
import type { Intents } from './intents.ts';
import { namedBy } from './named.ts';
import { isStray, observe } from './observe.ts';
import { PAYOUTS, type Payouts } from './payouts/payouts.ts';
import { seconds } from './seconds.ts';
import type { PaymentsSettings } from './settings.ts';
import { COLUMNS, fromRow, hasIntent, type PaymentRow, type WithIntent } from './store.ts';
import { nextReconcile } from './tasks.ts';
import { forgetMessages } from './webhooks.ts';

/** Pages of the processor's list that are compared in one run of the task. */
const MOST_PAGES = 5;
/** Of those that no list holds, how many are asked for in one run. */
const MOST_ALONE = 50;

/** What a round works with. */
export interface Compared {
  readonly books: Books;
  readonly intents: Intents;
  readonly endings: Pick<Endings, 'release'>;
  readonly payouts: Payouts;
  readonly disputes: FindDisputes;
}

/** @returns one round of the task; `wasIdle` where the one before found nothing */
export function createReconcile(
  platform: Platform,
  settings: PaymentsSettings,
  { books, intents, endings, payouts, disputes }: Compared,
): (tenant: TenantId, wasIdle: boolean, signal: AbortSignal) => Promise<void> {
  const now = (): Date => platform.clock.now();

  async function reconcile(tenant: TenantId, wasIdle: boolean, signal: AbortSignal): Promise<void> {
    const { rows } = await platform.sql.query<PaymentRow & { quiet: boolean }>(
      tenant,
      `select ${COLUMNS}, updated_at < $2 as quiet from payments_payments
       where tenant_id = $1 and status in ('pending', 'authorized')
       order by greatest(updated_at, synced_at) limit 500`,
      [tenant, seconds(now(), -settings.quietSeconds)],
    );
    const quiet = rows.filter((row) => row.quiet).map(fromRow);
    // The list answers for most with one request; the few it does not hold are asked for one by one.
    const listed = quiet.length > 0 ? await compareList(tenant, signal) : new Set<string>();
    const alone = quiet.filter((each) => !listed.has(each.id)).slice(0, MOST_ALONE);
    for (const payment of alone.filter(hasIntent)) {
      signal.throwIfAborted();
      await compareOne(tenant, payment);
    }
    const orphans = await closeOrphans(tenant, signal);
    await forgetMessages(platform.sql, tenant, now());
    const payoutsAt = seconds(now(), settings.payouts?.findSeconds ?? PAYOUTS.findSeconds);
    const disputesAt = seconds(now(), settings.disputes?.findSeconds ?? DISPUTES.findSeconds);
    await platform.sql.transaction(tenant, (tx) =>
      tx.enqueue({ ...payouts.planned, runAt: payoutsAt }, { ...disputes.planned, runAt: disputesAt }),
    );
    const idle = rows.length === 0 && !orphans;
    // A payment that was being written during this round is there for the next one.
    if (!idle || !wasIdle)
      await platform.sql.transaction(tenant, (tx) => tx.enqueue(nextReconcile(now(), settings, idle)));
  }

  /** A provider that cannot be asked keeps nobody from asking the other. Who was asked stands behind the others next time. */
  async function compareOne(tenant: TenantId, payment: WithIntent): Promise<void> {
    const { id } = payment;
    const asked = 'update payments_payments set synced_at = $3 where tenant_id = $1 and id = $2';
    await platform.sql.query(tenant, asked, [tenant, id, now()]);
    try {
      await intents.refresh(tenant, payment);
    } catch (error) {
      if (!(error instanceof ShopError)) throw error;
      platform.log.warn(
        { err: error, tenant, payment: id },
        'a payment could not be compared; the next round tries again',
      );
    }
  }

  /** @returns the payments whose intents the processor's list held */
  async function compareList(tenant: TenantId, signal: AbortSignal): Promise<Set<string>> {
    const listed = new Set<string>();
    for await (const page of recentIntents(tenant, signal)) {
      const ours = page.flatMap((intent) => {
        const which = intent.metadata['tenant'] === tenant ? namedBy(intent) : undefined;
        return which === undefined ? [] : [{ which, intent }];
      });
      const { rows } = await platform.sql.query<PaymentRow>(
        tenant,
        `select ${COLUMNS} from payments_payments where tenant_id = $1 and id = any ($2::text[])`,
        [tenant, ours.map(({ which }) => which.paymentId)],
      );
      const known = new Map(rows.map((row) => [row.id, fromRow(row)]));
      for (const { which, intent } of ours) {
        const payment = known.get(which.paymentId);
        // One that the payment has left says nothing of how it stands.
        if (payment === undefined || !isStray(payment, intent)) listed.add(which.paymentId);
        const isNews =
          payment === undefined
            ? intent.status !== 'requires_payment_method'
            : isStray(payment, intent)
              ? intent.status === 'requires_capture'
              : observe(payment, intent).happened.length > 0;
        if (isNews) await books.learn(tenant, which, intent);
      }
    }
    return listed;
  }

  /** Intents of payments that were given up before we knew of the intent. @returns whether there may be more */
  async function closeOrphans(tenant: TenantId, signal: AbortSignal): Promise<boolean> {
    const { rows } = await platform.sql.query<{ id: string }>(
      tenant,
      `select id from payments_payments where tenant_id = $1 and intent_id is null and status = 'cancelled'
       and created_at > $2 limit 500`,
      [tenant, seconds(now(), -settings.lookBackSeconds)],
    );
    if (rows.length === 0) return false;
    const given = new Set(rows.map((row) => row.id));
    for await (const page of recentIntents(tenant, signal)) {
      for (const intent of page) {
        const which = namedBy(intent);
        if (which === undefined || !given.has(which.paymentId) || intent.status === 'canceled') continue;
        platform.log.warn(
          { tenant, payment: which.paymentId, intent: intent.id },
          'an intent of a payment that was given up is cancelled',
        );
        await endings.release(tenant, which, intent.id);
      }
    }
    return true;
  }

  async function* recentIntents(
    tenant: TenantId,
    signal: AbortSignal,
  ): AsyncGenerator<readonly PaymentIntent[]> {
    let before: string | undefined;
    const since = seconds(now(), -settings.lookBackSeconds);
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      signal.throwIfAborted();
      const page = await platform.payments.list(tenant, {
        since,
        ...(before === undefined ? {} : { before }),
      });
      yield page.intents;
      before = page.intents.at(-1)?.id;
      if (!page.more || before === undefined) return;
    }
  }

  return reconcile;
}
