/** An order that came to nothing before it was paid leaves the offer that it was made of as it was. */
import type { TenantId, Transaction } from '../../../platform/ports.ts';
import { changeDraft, lockDraft } from './store.ts';

/**
 * Before the order is changed, in the same transaction: whoever takes an offer locks it first, too.
 * @param order where it was made of a cart, nothing happens
 */
export async function reopenDraft(
  tx: Transaction,
  tenant: TenantId,
  order: { readonly id: string; readonly cartId: string },
  now: Date,
): Promise<void> {
  if (!order.cartId.startsWith('drf_')) return;
  const draft = await lockDraft(tx, tenant, order.cartId, { now, groups: [] });
  if (draft?.state !== 'ordered' || draft.orderId !== order.id) return;
  await changeDraft(tx, tenant, draft, { state: 'offered', orderId: undefined }, { actor: 'system', now });
  // It may be over by now; the task that would have said so found it ordered.
  const runAt = draft.validUntil ?? now;
  const key = `${draft.id}-again-${draft.version}`;
  await tx.enqueue({ name: 'orders.draft-due', payload: { draftId: draft.id }, key, runAt });
}
