/** One payments port of several providers: an intent's id says who has it, and each shop offers those whose keys it has. */
import { ShopError } from '../errors.ts';
import type { PaymentProvider, Payments } from '../ports.ts';

/** @param id of an intent, a dispute or a payout */
export function providerOf(id: string): PaymentProvider {
  return id.startsWith('paypal_') ? 'paypal' : 'stripe';
}

export function choosePayments(by: Readonly<Record<PaymentProvider, Payments>>): Payments {
  const of = (id: string): Payments => by[providerOf(id)];
  const providers: Payments['providers'] = async (tenant, price) => {
    const offered = await Promise.all([by.stripe, by.paypal].map((each) => each.providers(tenant, price)));
    return offered.flat();
  };
  return {
    providers,
    async createIntent(tenant, input) {
      const { provider = (await providers(tenant, input))[0] } = input;
      if (provider !== undefined) return by[provider].createIntent(tenant, input);
      throw new ShopError('unavailable', 'This shop cannot take payments yet.', {
        remedy: 'The tenant has no payment keys; the operator writes them when payments are set up.',
      });
    },
    retrieve: (tenant, id) => of(id).retrieve(tenant, id),
    // Only Stripe has a list.
    async list(tenant, input) {
      const offered = await by.stripe.providers(tenant, { amount: 0, currency: 'XXX' });
      return offered.length === 0 ? { intents: [], more: false } : by.stripe.list(tenant, input);
    },
    confirm: (tenant, id, key) => of(id).confirm(tenant, id, key),
    capture: (tenant, id, key) => of(id).capture(tenant, id, key),
    cancel: (tenant, id, key) => of(id).cancel(tenant, id, key),
    refund: (tenant, id, amount, key) => of(id).refund(tenant, id, amount, key),
    listDisputes: (tenant, input) => by[input.provider].listDisputes(tenant, input),
    listPayouts: (tenant, input) => by[input.provider].listPayouts(tenant, input),
    listEntries: (tenant, input) => of(input.payoutId).listEntries(tenant, input),
    retrieveDispute: (tenant, id) => of(id).retrieveDispute(tenant, id),
    contestDispute: (tenant, id, text, key) => of(id).contestDispute(tenant, id, text, key),
    concedeDispute: (tenant, id, key) => of(id).concedeDispute(tenant, id, key),
    verifyWebhook: (tenant, message) => by[message.provider].verifyWebhook(tenant, message),
    browserConfig: (tenant, provider) => by[provider].browserConfig(tenant, provider),
  };
}
