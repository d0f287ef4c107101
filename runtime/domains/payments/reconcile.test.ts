/** The task that compares, where it finds what cannot be put right: it goes on with the rest. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestShop, type TestShop } from '../orders/testing/shop.ts';
import { paymentOfCheckout } from './schemas.ts';

describe('the comparison with the processor', () => {
  let shop: TestShop;

  before(async () => {
    // Nothing is compared before it is asked for, and nobody tells.
    shop = await startTestShop({ payments: { reconcileSeconds: 3_600 } });
    await shop.knobs({ dropWebhooks: 100 });
  });
  after(() => shop.stop());

  it('goes on where an intent has taken money of which its payment was given up', async () => {
    const { platform, tasks } = shop.host;
    const orderId = `ord_${'ab'.repeat(16)}`;
    const which = { orderId, paymentId: paymentOfCheckout(orderId) };
    const { status } = await platform.call<{ status: string }>(shop.tenant, 'payments', 'cancel', which);
    assert.equal(status, 'cancelled');
    // By somebody at the processor, who has the shop's keys.
    const intent = await platform.payments.createIntent(shop.tenant, {
      amount: 1500,
      currency: 'EUR',
      provider: 'stripe',
      metadata: { order_id: orderId, payment_id: which.paymentId, tenant: shop.tenant },
      idempotencyKey: 'made-by-hand',
    });
    const browser = await platform.payments.browserConfig(shop.tenant, 'stripe');
    assert.equal(await shop.pay({ ...intent, ...browser, intentId: intent.id }), 'requires_capture');
    await platform.payments.capture(shop.tenant, intent.id, 'taken-by-hand');
    await platform.sql.transaction(shop.tenant, (tx) =>
      tx.enqueue({ name: 'payments.reconcile', payload: {}, key: 'at-once' }),
    );
    await tasks.settled();
    const waiting = await shop.rows<{ name: string; key: string }>(
      `select name, key from shop.tasks where key = 'at-once' or name = 'payments.find-payouts'`,
    );
    assert.deepEqual(waiting, [{ name: 'payments.find-payouts', key: 'find-payouts' }]);
  });
});
