/**
 * A payment as the shopper who waits for it sees it, opened by the token of its order.
 */
import { createHash } from 'node:crypto';
import type { Platform, RouteHandler } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { TenantId } from '../../platform/ports.ts';
import type { Intents } from './intents.ts';
import type { StoredPayment } from './observe.ts';
import * as s from './schemas.ts';
import { seconds } from './seconds.ts';
import type { PaymentsSettings } from './settings.ts';
import { findPayment, hasIntent, noPayment } from './store.ts';

/** @returns the route of a payment's public status */
export function createStatus(platform: Platform, settings: PaymentsSettings, intents: Intents): RouteHandler {
  const now = (): Date => platform.clock.now();

  const getPaymentStatus: RouteHandler = async ({ tenant, params, query }) => {
    // Both were parsed by the host with the route's schemas.
    const { orderId } = params as { orderId: string };
    const { token, paymentId } = query as { token: string; paymentId?: string };
    const payment = await findPayment(platform.sql, tenant.id, paymentId ?? s.paymentOfCheckout(orderId));
    if (
      payment?.tokenHash === undefined ||
      payment.orderId !== orderId ||
      payment.tokenHash !== createHash('sha256').update(token).digest('hex')
    )
      throw noPayment(orderId);
    const current = payment.status === 'pending' ? await glance(tenant.id, payment) : payment;
    const { id, status, amount, currency, captured, refunded, problem } = current;
    return { json: { paymentId: id, orderId, status, amount, currency, captured, refunded, problem } };
  };

  /** A shopper waits for this payment: a lost webhook must not make them wait for the task. */
  async function glance(tenant: TenantId, payment: StoredPayment): Promise<StoredPayment> {
    const { id } = payment;
    const { rowCount } = await platform.sql.query(
      tenant,
      `update payments_payments set synced_at = $3 where tenant_id = $1 and id = $2
       and coalesce(synced_at, created_at) < $4`,
      [tenant, id, now(), seconds(now(), -settings.glanceSeconds)],
    );
    if (rowCount === 0 || !hasIntent(payment)) return payment;
    try {
      return await intents.refresh(tenant, payment);
    } catch (error) {
      if (!(error instanceof ShopError)) throw error;
      platform.log.warn(
        { err: error, tenant, payment: id },
        'the processor could not be asked; the shopper sees what we know',
      );
      return payment;
    }
  }

  return getPaymentStatus;
}
