/**
 * The law of a dispute's messages: each says how it stood when it was read, and however often they come, in whatever order and at the same
 * time, dispute, payment and order end as if each had come once and in its turn, and everybody is told once.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { PaymentWebhook, Payments } from '../../../platform/ports.ts';
import { paidOrder, startTestShop, type TestShop } from '../../orders/testing/shop.ts';
import type { MerchantOrder } from '../../orders/schemas.ts';
import type { DisputeStatus } from './schemas.ts';

let shop: TestShop;
/** What a message of the test says, by its text. */
const messages = new Map<string, PaymentWebhook>();

before(async () => {
  shop = await startTestShop({
    between: (payments): Payments => ({
      ...payments,
      async verifyWebhook(tenant, message) {
        return messages.get(message.rawBody.toString()) ?? payments.verifyWebhook(tenant, message);
      },
    }),
  });
  await shop.sell('mug', 1500, 10_000);
});
after(() => shop.stop());

interface Telling {
  /** How the dispute goes. */
  readonly life: readonly DisputeStatus[];
  /** Which of it each message saw, in the order in which they come. */
  readonly told: readonly number[];
  /** How many come at the same time. */
  readonly atOnce: number;
}

const telling: fc.Arbitrary<Telling> = fc
  .record({
    reviewed: fc.boolean(),
    end: fc.constantFrom<DisputeStatus | undefined>('won', 'lost', 'lost', undefined),
    seed: fc.array(fc.nat(1_000), { minLength: 9, maxLength: 9 }),
    atOnce: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ reviewed, end, seed, atOnce }) => {
    const life: DisputeStatus[] = ['needs_response'];
    if (reviewed) life.push('under_review');
    if (end !== undefined) life.push(end);
    const often = life.flatMap((_status, at) => [at, at, at]);
    const told = often
      .map((at, index) => ({ at, place: seed[index] ?? 0 }))
      .toSorted((a, b) => a.place - b.place)
      .map(({ at }) => at);
    return { life, told, atOnce };
  });

let runs = 0;

/** Tells it all. Each look has one message, so repeated it is the same message. */
async function tell({ id: orderId }: MerchantOrder, { life, told, atOnce }: Telling): Promise<string> {
  runs += 1;
  const reference = `dp_law${runs}`;
  const [payment] = await shop.rows<{ intent_id: string; captured: number }>(
    'select intent_id, captured::int from shop.payments_payments where order_id = $1',
    [orderId],
  );
  assert.ok(payment);
  const intent = await shop.host.platform.payments.retrieve(shop.tenant, payment.intent_id);
  const openedAt = new Date();
  life.forEach((status, at) =>
    messages.set(`${reference}-${at}`, {
      id: `evt_${reference}_${at}`,
      type: 'charge.dispute.updated',
      createdAt: openedAt,
      intent: { ...intent, disputed: true },
      dispute: {
        id: reference,
        intentId: intent.id,
        status,
        reason: 'fraudulent',
        amount: payment.captured,
        currency: 'EUR',
        openedAt,
        dueAt: undefined,
      },
    }),
  );
  for (let next = 0; next < told.length; next += atOnce) {
    const answers = await Promise.all(
      told
        .slice(next, next + atOnce)
        .map((at) =>
          shop.call('POST', '/api/payments/webhooks/stripe', { raw: Buffer.from(`${reference}-${at}`) }),
        ),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      answers.map(() => 200),
    );
  }
  return reference;
}

test('repeated, out of order and at once, a dispute’s messages leave the same dispute, payment and order', async () => {
  await fc.assert(
    fc.asyncProperty(telling, async (given) => {
      const order = await paidOrder(shop, { mug: 1 });
      const { total } = order.totals;
      const reference = await tell(order, given);
      const last = given.life.at(-1);
      const isLost = last === 'lost';
      const [row] = await shop.rows(
        `select d.status, p.disputed, p.refunded::int, p.lost::int, p.captured::int from shop.payments_disputes d
         join shop.payments_payments p on p.id = d.payment_id where d.reference = $1`,
        [reference],
      );
      const gone = isLost ? total : 0;
      assert.deepEqual(row, { status: last, disputed: true, refunded: gone, lost: gone, captured: total });
      const after = await shop.order(order.id, ({ refunded }) => refunded === gone, 'the order hears of it');
      assert.equal(after.status, isLost ? 'refunded' : 'confirmed');
      const news = await shop.rows<{ type: string; times: number }>(
        `select type, count(*)::int as times from shop.event_log
         where key = $1 and type like 'payments.dispute.%' group by 1 order by 1`,
        [order.id],
      );
      assert.ok(
        news.every(({ times }) => times === 1),
        JSON.stringify(news),
      );
      const types = news.map(({ type }) => type.replace('payments.dispute.', ''));
      assert.ok(types.includes('opened'));
      if (last === 'won' || last === 'lost') assert.ok(types.includes(last));
      assert.ok(!types.includes(isLost ? 'won' : 'lost'));
    }),
    { numRuns: 20 },
  );
});
