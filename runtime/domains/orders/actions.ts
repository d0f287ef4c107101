/**
 * What people ask of an order: pay again, give up, cancel, refund. An action notes the wish and, where money or the
 * world outside is concerned, leaves the doing to the saga, which it pushes at once.
 */
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { Tenant, TenantId, Transaction } from '../../platform/ports.ts';
import { readerOf } from './carts.ts';
import { createEdits, type Edits } from './edits/actions.ts';
import { ENDED } from './ended.ts';
import { createExchanges, type Exchanges } from './exchanges/actions.ts';
import { mayCancel, type OrderState } from './machine.ts';
import { askRefund, refundIdOf, requireGranted, type Wish } from './refunds.ts';
import { createReturns, type Returns } from './returns/actions.ts';
import type { Saga } from './saga.ts';
import type { OrdersSettings } from './settings.ts';
import { changeOrder, readOrder, withOrder, type StoredOrder } from './store.ts';

export interface Actions {
  /** For an order that has nothing to be paid: what the payment's arrival would set off. */
  settle(tenant: Tenant, orderId: string): Promise<StoredOrder>;
  /** Holds the units a little longer. */
  extendHold(tenant: Tenant, orderId: string): Promise<StoredOrder>;
  abandon(tenant: Tenant, orderId: string): Promise<StoredOrder>;
  cancel(tenant: Tenant, orderId: string, reason: string | undefined): Promise<StoredOrder>;
  /**
   * @param key of the request: asking twice with one key refunds once
   * @throws ShopError `conflict` where the processor has refused it already; where it cannot be asked now, the saga goes on asking
   */
  refund(tenant: Tenant, orderId: string, key: string, wish: Omit<Wish, 'id'>): Promise<StoredOrder>;
  readonly returns: Returns;
  readonly exchanges: Exchanges;
  readonly edits: Edits;
}

/** The task does what the request could not finish. */
const SAFETY_NET_MS = 5_000;

export function createActions(platform: Platform, settings: OrdersSettings, saga: Saga): Actions {
  const now = (): Date => platform.clock.now();
  const exchanges = createExchanges(platform);

  /** Lets the saga act on the wish at once; if that fails, the task goes on. */
  async function push(tenant: TenantId, orderId: string): Promise<StoredOrder> {
    await saga.advance(tenant, orderId, AbortSignal.timeout(SAFETY_NET_MS)).catch((error: unknown) => {
      platform.log.warn({ err: error, tenant, order: orderId }, 'the saga goes on in the background');
    });
    return readOrder(readerOf(platform, tenant), tenant, orderId);
  }

  function later(tx: Transaction, orderId: string): Promise<void> {
    const runAt = new Date(now().getTime() + SAFETY_NET_MS);
    return tx.enqueue({ name: 'orders.advance-order', payload: { orderId }, key: orderId, runAt });
  }

  async function askToCancel(
    tenant: Tenant,
    orderId: string,
    actor: 'shopper' | 'merchant',
    reason: string,
    allowed: (order: OrderState) => boolean,
  ): Promise<StoredOrder> {
    await withOrder(platform, tenant.id, orderId, async (tx, order) => {
      if (order.status === 'cancelled' || order.cancelActor !== undefined) return;
      if (!allowed(order)) throw cannot(order, 'cancelled', 'Refund it instead, if it is paid.');
      await changeOrder(
        tx,
        tenant.id,
        order,
        { cancel_actor: actor, reason, settled: false },
        { actor, now: now() },
      );
      await later(tx, orderId);
    });
    return push(tenant.id, orderId);
  }

  return {
    settle: (tenant, orderId) => push(tenant.id, orderId),

    extendHold: (tenant, orderId) =>
      withOrder(platform, tenant.id, orderId, async (tx, order) => {
        if (order.status !== 'pending_payment' || order.cancelActor !== undefined) {
          throw cannot(order, 'paid', 'Start again from the cart.');
        }
        const latest = order.placedAt.getTime() + settings.longestHoldSeconds * 1000;
        const wanted = Math.min(now().getTime() + settings.extendSeconds * 1000, latest);
        if (wanted <= order.holdExpiresAt.getTime()) return order;
        return changeOrder(
          tx,
          tenant.id,
          order,
          { hold_expires_at: new Date(wanted) },
          { actor: 'shopper', now: now() },
        );
      }),

    abandon: (tenant, orderId) =>
      askToCancel(tenant, orderId, 'shopper', ENDED.given_up, (order) => order.status === 'pending_payment'),

    cancel: (tenant, orderId, reason) =>
      askToCancel(
        tenant,
        orderId,
        'merchant',
        reason ?? ENDED.by_shop,
        (order) => mayCancel(order) || order.status === 'authorized',
      ),

    async refund(tenant, orderId, key, wish) {
      const id = refundIdOf(key);
      await withOrder(platform, tenant.id, orderId, async (tx, order) => {
        await askRefund(tx, tenant.id, order, { ...wish, id }, now());
        await later(tx, orderId);
      });
      const order = await push(tenant.id, orderId);
      await requireGranted(readerOf(platform, tenant.id), tenant.id, orderId, id);
      return order;
    },

    returns: createReturns(platform, later, push, exchanges),
    exchanges,
    edits: createEdits(platform, later, push),
  };
}

function cannot(order: StoredOrder, what: string, remedy: string): ShopError {
  return new ShopError('illegal_transition', `An order that is ${order.status} cannot be ${what}.`, {
    remedy,
  });
}
