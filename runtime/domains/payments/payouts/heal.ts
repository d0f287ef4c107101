/**
 * Where a payout differs from our payments, the provider is asked anew, and what it says is booked.
 */
import type { Platform } from '../../../platform/domain.ts';
import type { Books } from '../books.ts';
import type { BookedDisputes } from '../disputes/booking.ts';
import { namedBy } from '../named.ts';
import type { Heal } from './payouts.ts';

/** @returns what differences of payouts and of disputes are healed with */
export function createHeal(platform: Platform, books: Books, disputes: BookedDisputes): Heal {
  return async (tenant, { intentId, disputeId }) => {
    const intent = await platform.payments.retrieve(tenant, intentId);
    const which = intent.metadata['tenant'] === tenant ? namedBy(intent) : undefined;
    // Somebody else takes money by the same account.
    if (which === undefined) return;
    await books.learn(tenant, which, intent);
    if (disputeId === undefined) return;
    await disputes.book(tenant, which, await platform.payments.retrieveDispute(tenant, disputeId));
  };
}
