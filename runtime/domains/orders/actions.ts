/**
 * What people ask of an order: pay again, give up, cancel, refund. An action notes the wish and, where money or the
 * world outside is concerned, leaves the doing to the saga, which it pushes at once.
 */
import { createHash } from 'node:crypto';
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { Tenant, TenantId, Transaction } from '../../platform/ports.ts';
import { readerOf } from './carts.ts';
import { splitRefund } from './gift-cards/spread.ts';
import { returnToCards } from './gift-cards/store.ts';
import { mayCancel, statusAfterRefund, type OrderState } from './machine.ts';
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
  /** @param key of the request: asking twice with one key refunds once */
  refund(
    tenant: Tenant,
    orderId: string,
    key: string,
    amount: number | undefined,
    reason: string | undefined,
  ): Promise<StoredOrder>;
}

/** The task does what the request could not finish. */
const SAFETY_NET_MS = 5_000;

export function createActions(platform: Platform, settings: OrdersSettings, saga: Saga): Actions {
  const now = (): Date => platform.clock.now();

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
      askToCancel(
        tenant,
        orderId,
        'shopper',
        'Given up by the shopper.',
        (order) => order.status === 'pending_payment',
      ),

    cancel: (tenant, orderId, reason) =>
      askToCancel(
        tenant,
        orderId,
        'merchant',
        reason ?? 'Cancelled by the shop.',
        (order) => mayCancel(order) || order.status === 'authorized',
      ),

    async refund(tenant, orderId, key, amount, reason) {
      await withOrder(platform, tenant.id, orderId, async (tx, order) => {
        const id = `ref_${createHash('sha256').update(key).digest('hex').slice(0, 32)}`;
        const open = await openRefunds(tx, tenant.id, orderId);
        if (open.ids.includes(id)) return;
        const paid = order.captured - order.refunded - open.amount;
        const left = paid + order.gift - order.giftRefunded;
        if (!isPaid(order) || order.cancelActor !== undefined || left === 0) {
          throw cannot(order, 'refunded', 'Only money that was taken and not yet returned can be refunded.');
        }
        if (amount !== undefined && amount > left) {
          throw new ShopError(
            'conflict',
            `Only ${left} ${order.currency} (minor units) are left to refund.`,
            {
              remedy: 'Refund at most what is left.',
              problems: [{ where: '/amount', what: `at most ${left}` }],
            },
          );
        }
        const { payment, giftCards } = splitRefund(amount ?? left, paid);
        await tx.query(
          `insert into orders_refunds (tenant_id, order_id, id, amount, gift_amount, state, actor, reason, requested_at)
           values ($1, $2, $3, $4, $5, case when $4::bigint = 0 then 'done' else 'requested' end, 'merchant', $6, $7)`,
          [tenant.id, orderId, id, payment, giftCards, reason ?? null, now()],
        );
        // The ledgers are ours: what goes to gift cards goes with the wish.
        if (giftCards > 0) await returnToCards(tx, tenant.id, orderId, giftCards, now());
        const giftRefunded = order.giftRefunded + giftCards;
        const all = { status: order.status, captured: order.captured + order.gift };
        const status = giftCards === 0 ? undefined : statusAfterRefund(all, order.refunded + giftRefunded);
        await changeOrder(
          tx,
          tenant.id,
          order,
          {
            settled: false,
            gift_refunded: giftRefunded,
            ...(status === undefined || status === order.status ? {} : { status }),
            ...(reason === undefined ? {} : { reason }),
          },
          { actor: 'merchant', now: now() },
        );
        await later(tx, orderId);
      });
      return push(tenant.id, orderId);
    },
  };
}

/** By card, by gift cards, or because there was nothing to pay. */
function isPaid(order: StoredOrder): boolean {
  if (order.due > 0) return order.payment === 'captured';
  return ['confirmed', 'partially_fulfilled', 'fulfilled', 'delivered', 'partially_refunded'].includes(
    order.status,
  );
}

/** Refunds of any state by id, and the sum of those not done yet. */
async function openRefunds(
  tx: Transaction,
  tenant: TenantId,
  orderId: string,
): Promise<{ ids: readonly string[]; amount: number }> {
  const { rows } = await tx.query<{ id: string; amount: number; state: string }>(
    'select id, amount, state from orders_refunds where tenant_id = $1 and order_id = $2',
    [tenant, orderId],
  );
  const open = rows.filter((row) => row.state === 'requested');
  return { ids: rows.map((row) => row.id), amount: open.reduce((sum, row) => sum + row.amount, 0) };
}

function cannot(order: StoredOrder, what: string, remedy: string): ShopError {
  return new ShopError('illegal_transition', `An order that is ${order.status} cannot be ${what}.`, {
    remedy,
  });
}
