/**
 * Refunds that failed later, of which nobody told: PayPal has no message for it, and one of Stripe's may be lost. Payments that something of was
 * sent back are looked at again for a month.
 */
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { TenantId } from '../../platform/ports.ts';
import type { Intents } from './intents.ts';
import { seconds } from './seconds.ts';
import { COLUMNS, fromRow, hasIntent, type PaymentRow } from './store.ts';

/** So long a bank may take to send a refund back. */
const LOOK_BACK_DAYS = 30;
/** In one round; who was looked at longest ago comes first. */
const MOST = 100;

/** @returns one round, for a task that comes again by itself */
export function createBounces(
  platform: Platform,
  intents: Pick<Intents, 'refresh'>,
): (tenant: TenantId, signal: AbortSignal) => Promise<void> {
  return async (tenant, signal) => {
    const now = platform.clock.now();
    const { rows } = await platform.sql.query<PaymentRow>(
      tenant,
      `select ${COLUMNS} from payments_payments p where tenant_id = $1 and status = 'captured' and refunded > lost
         and exists (select from payments_refunds r where r.tenant_id = $1 and r.order_id = p.order_id and r.payment_id = p.id
           and r.state = 'done' and r.requested_at > $2)
       order by synced_at nulls first limit ${MOST}`,
      [tenant, seconds(now, -LOOK_BACK_DAYS * 86_400)],
    );
    for (const payment of rows.map(fromRow).filter(hasIntent)) {
      signal.throwIfAborted();
      await platform.sql.query(
        tenant,
        'update payments_payments set synced_at = $3 where tenant_id = $1 and id = $2',
        [tenant, payment.id, now],
      );
      try {
        await intents.refresh(tenant, payment);
      } catch (error) {
        if (!(error instanceof ShopError)) throw error;
        platform.log.warn(
          { err: error, tenant, payment: payment.id },
          'what became of a refund could not be asked; the next round tries again',
        );
      }
    }
  };
}
