/** Refunds that look done and fail later: seen however it is heard of, owed again, told to the merchant, and asked for anew. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { until } from '../../../tests/support/wait.ts';
import type { PaymentIntent, Payments, PaymentWebhook } from '../../platform/ports.ts';
import type { MerchantOrder } from '../orders/schemas.ts';
import { paidOrder, startTestShop, type TestShop } from '../orders/testing/shop.ts';
import { LOOK_FOR_DISPUTES } from './tasks.ts';

const LONG = 30_000;
const REFUNDS_FAIL_CARD = '4000000000005126';

/** A shop whose refunds fail when a test says so. */
async function shopWithBank() {
  const messages = new Map<string, PaymentWebhook>();
  /** By intent: what was sent back, and what of it failed. */
  const sent = new Map<string, number>();
  const failed = new Map<string, number>();
  const keys = new Set<string>();
  /** Intents that the processor itself returns money of. */
  const real = new Set<string>();
  let names = 0;
  const shop: TestShop = await startTestShop({
    payments: { quietSeconds: 3_600 },
    between: (payments): Payments => {
      const retrieve: Payments['retrieve'] = async (tenant, id) => {
        const intent = await payments.retrieve(tenant, id);
        if (real.has(id)) return intent;
        const back = failed.get(id) ?? 0;
        return { ...intent, amountRefunded: (sent.get(id) ?? 0) - back, amountBounced: back };
      };
      return {
        ...payments,
        retrieve,
        async refund(tenant, id, amount, key) {
          if (real.has(id)) return payments.refund(tenant, id, amount, key);
          if (!keys.has(key)) sent.set(id, (sent.get(id) ?? 0) + amount);
          keys.add(key);
          return retrieve(tenant, id);
        },
        async verifyWebhook(tenant, message) {
          return messages.get(message.rawBody.toString()) ?? payments.verifyWebhook(tenant, message);
        },
      };
    },
  });
  await shop.sell('mug', 1500, 1_000_000);

  const seen = async (id: string): Promise<MerchantOrder> =>
    (await shop.merchant<MerchantOrder>('GET', `/api/admin/orders/orders/${id}`)).body;
  const intentOf = (order: MerchantOrder): Promise<PaymentIntent> =>
    shop.host.platform.payments.retrieve(shop.tenant, order.payment.intentId ?? '');

  return {
    shop,
    seen,
    intentOf,
    real: ({ payment }: MerchantOrder) => void real.add(payment.intentId ?? ''),
    post: (id: string, path: string, body: object = {}) =>
      shop.merchant<MerchantOrder & { readonly code?: string }>(
        'POST',
        `/api/admin/orders/orders/${id}/${path}`,
        { body, headers: { 'idempotency-key': `bounced-${(names += 1)}` } },
      ),
    /** A bank sends something back; nobody is told. */
    fail({ payment: { intentId = '' } }: MerchantOrder, amount: number): void {
      failed.set(intentId, (failed.get(intentId) ?? 0) + amount);
    },
    /** The processor's message, with what was so when it was written. */
    async tell(intent: PaymentIntent): Promise<void> {
      const name = `told-${(names += 1)}`;
      messages.set(name, { id: `evt_${name}`, type: 'refund.failed', createdAt: new Date(), intent });
      const raw = Buffer.from(name);
      assert.equal((await shop.call('POST', '/api/payments/webhooks/stripe', { raw })).status, 200);
    },
    becomes: (id: string, what: string, is: (order: MerchantOrder) => boolean): Promise<MerchantOrder> =>
      until(
        async () => {
          const order = await seen(id);
          return is(order) ? order : undefined;
        },
        { withinMs: LONG, what, tell: async () => JSON.stringify(await seen(id)) },
      ),
  };
}

describe('a refund that fails later', () => {
  let bank: Awaited<ReturnType<typeof shopWithBank>>;

  before(async () => {
    bank = await shopWithBank();
  });
  after(() => bank.shop.stop());

  const paid = (mugs = 2) => paidOrder(bank.shop, { mug: mugs });

  it('is told to the merchant, is the shop’s again, and is asked for anew', async () => {
    const order = await paid();
    const { body: refunded } = await bank.post(order.id, 'refund');
    assert.deepEqual([refunded.status, refunded.refunded], ['refunded', order.captured]);
    bank.fail(order, 1000);
    const message = await bank.intentOf(order);
    for (const _ of [1, 2]) await bank.tell(message);
    const failed = await bank.becomes(order.id, 'it failed', ({ bounced }) => bounced === 1000);
    assert.deepEqual([failed.status, failed.refunded], ['partially_refunded', order.captured - 1000]);
    const notes = failed.history.filter(({ reason }) => reason?.includes('failed later') === true);
    assert.deepEqual([notes.length, notes[0]?.reason?.includes('1000 EUR')], [1, true]);
    const { body: again } = await bank.post(order.id, 'refund');
    assert.deepEqual([again.status, again.refunded, again.bounced], ['refunded', order.captured, 1000]);
    assert.equal((await bank.intentOf(order)).amountRefunded, order.captured);
    await bank.shop.host.events.settled();
    const told = await bank.shop.rows<{ type: string; count: number }>(
      `select type, count(*)::int from shop.event_log where key = $1 and type like '%refund_failed' group by type order by type`,
      [order.id],
    );
    assert.deepEqual(told, [
      { type: 'orders.order.refund_failed', count: 1 },
      { type: 'payments.payment.refund_failed', count: 1 },
    ]);
  });

  it('is found where nobody tells of it', async () => {
    const order = await paid();
    await bank.post(order.id, 'refund', { amount: 700 });
    bank.fail(order, 700);
    await bank.shop.host.platform.sql.transaction(bank.shop.tenant, (tx) => tx.enqueue(LOOK_FOR_DISPUTES));
    const found = await bank.becomes(order.id, 'it is found', ({ bounced }) => bounced === 700);
    assert.equal(found.refunded, 0);
  });

  it('of a cancelled order is not asked for without end, but by the merchant', async () => {
    const order = await paid();
    const { body: cancelled } = await bank.post(order.id, 'cancel');
    assert.deepEqual([cancelled.status, cancelled.refunded], ['cancelled', order.captured]);
    bank.fail(order, order.captured);
    await bank.tell(await bank.intentOf(order));
    await bank.becomes(order.id, 'it failed', ({ bounced }) => bounced === order.captured);
    await bank.shop.host.events.settled();
    await bank.shop.host.tasks.settled();
    assert.equal((await bank.seen(order.id)).refunded, 0);
    const { status, body } = await bank.post(order.id, 'refund');
    assert.deepEqual([status, body.status, body.refunded], [200, 'cancelled', order.captured]);
  });

  it('of the processor’s own card is heard of by its message', async () => {
    const order = await paidOrder(bank.shop, { mug: 2 }, undefined, REFUNDS_FAIL_CARD);
    bank.real(order);
    assert.equal((await bank.post(order.id, 'refund', { amount: 500 })).status, 200);
    const failed = await bank.becomes(order.id, 'it failed', ({ bounced }) => bounced === 500);
    assert.equal(failed.refunded, 0);
  });

  it('leaves what went back and stayed there, whatever fails, is asked for and is told, in any order', async () => {
    const act = fc.oneof(
      fc.record({ do: fc.constant('refund' as const), amount: fc.integer({ min: 1, max: 2_000 }) }),
      fc.record({ do: fc.constant('fail' as const), share: fc.integer({ min: 1, max: 100 }) }),
      fc.record({ do: fc.constant('tell' as const), which: fc.nat(20) }),
      fc.record({ do: fc.constant('cancel' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 10 }), async (acts) => {
        const order = await paid();
        const looks: PaymentIntent[] = [];
        for (const each of acts) {
          if (each.do === 'refund') await bank.post(order.id, 'refund', { amount: each.amount });
          if (each.do === 'cancel') await bank.post(order.id, 'cancel');
          if (each.do === 'fail') {
            const { amountRefunded } = await bank.intentOf(order);
            bank.fail(order, Math.ceil((amountRefunded * each.share) / 100));
          }
          looks.push(await bank.intentOf(order));
          const look = each.do === 'tell' ? looks[each.which % looks.length] : undefined;
          if (look !== undefined) await bank.tell(look);
        }
        for (const look of looks.toReversed()) await bank.tell(look);
        const { amountRefunded, amountBounced = 0, amountCaptured } = await bank.intentOf(order);
        assert.ok(amountRefunded <= amountCaptured, 'never more than was taken');
        const { refunded } = await bank.becomes(
          order.id,
          'the order knows it',
          (found) => found.refunded === amountRefunded && found.bounced === amountBounced,
        );
        // What failed and was not asked for anew is the shop's, and can be had.
        const { body } = await bank.post(order.id, 'refund');
        if (refunded < amountCaptured) assert.equal(body.refunded, amountCaptured, JSON.stringify(body));
      }),
      { numRuns: 12 },
    );
  });
});
