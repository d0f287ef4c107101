/**
 * The law of PayPal's messages: repeated, out of order, at once, and refused as long as PayPal itself does not know what they are about, they
 * leave one capture and one refund, and everybody is told once. They are the real ones of the stand-in, kept on their way and delivered here.
 */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { until } from '../../../tests/support/wait.ts';
import { ShopError } from '../../platform/errors.ts';
import { approveAsPayer } from '../../platform/payments/testing/paypal.ts';
import type { Payments } from '../../platform/ports.ts';
import type { Cart, MerchantOrder } from '../orders/schemas.ts';
import {
  ADDRESS,
  openPayPalAccount,
  startTestShop,
  type Placed,
  type TestShop,
} from '../orders/testing/shop.ts';
import type { PaymentStart } from './schemas.ts';

interface Letter {
  readonly raw: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the message, whichever transmission of it this is. */
  readonly id: string;
  readonly type: string;
}

let shop: TestShop;
let post: Server;
/** What the stand-in sent since the run began. */
let letters: Letter[] = [];
/** Messages that are about what PayPal does not know yet, and how often they are still refused for that. */
const unknown = new Map<string, number>();
let keys = 0;
/** On a slow machine what is asked of PayPal may take too long: then it tells again. */
const AWAY: ReadonlySet<number> = new Set([503, 504]);

before(async () => {
  post = createServer(async (request, response) => {
    const raw = Buffer.concat(await request.toArray());
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(
        ([name]) => name.startsWith('paypal-') || name === 'content-type',
      ),
    ) as Record<string, string>; // each comes once
    const { id, event_type: type } = JSON.parse(raw.toString()) as { id: string; event_type: string };
    letters.push({ raw, headers, id, type });
    response.end();
  });
  await new Promise<void>((resolve) => post.listen(0, '127.0.0.1', resolve));
  shop = await startTestShop({
    paypal: true,
    // Nothing is found by asking: all that the shop knows it was told.
    payments: { reconcileSeconds: 3_600, quietSeconds: 3_600 },
    between: (payments): Payments => ({
      ...payments,
      async verifyWebhook(tenant, message) {
        const told = await payments.verifyWebhook(tenant, message);
        const refusals = unknown.get(told.id) ?? 0;
        unknown.set(told.id, refusals - 1);
        if (refusals > 0) throw new ShopError('not_found', 'PayPal does not know this yet.');
        return told;
      },
    }),
  });
  await openPayPalAccount(shop.processor.origin, `http://127.0.0.1:${(post.address() as AddressInfo).port}/`);
  await shop.sell('mug', 1500, 10_000);
});
after(async () => {
  await shop.stop();
  post.close();
  post.closeAllConnections();
});

interface Telling {
  /** Which of the letters that have come so far is delivered next; modulo their number. */
  readonly picks: readonly number[];
  /** How many are delivered at the same time. */
  readonly atOnce: number;
  /** How often the first, the second, … message is refused, because PayPal does not know yet what it is about. */
  readonly refusals: readonly number[];
}

const telling: fc.Arbitrary<Telling> = fc.record({
  picks: fc.array(fc.nat(1_000), { maxLength: 12 }),
  atOnce: fc.integer({ min: 1, max: 4 }),
  refusals: fc.array(fc.nat(2), { maxLength: 5 }),
});

/** @returns the status that each was answered with */
function deliver(some: readonly Letter[]): Promise<readonly number[]> {
  return Promise.all(
    some.map(async ({ raw, headers }) => {
      const { status } = await shop.call('POST', '/api/payments/webhooks/paypal', { raw, headers });
      return status;
    }),
  );
}

/** Once PayPal tells of it: delivers what has come, as told, and then whatever was not taken yet, until all is and `is` says so. */
async function tellUntil(
  type: string,
  { picks, atOnce, refusals }: Telling,
  is: () => Promise<MerchantOrder | undefined>,
): Promise<MerchantOrder> {
  const taken = new Set<Letter>();
  const seen = new Set<string>();
  async function hand(some: readonly Letter[]): Promise<void> {
    for (const { id } of some) {
      if (!seen.has(id)) unknown.set(id, refusals[seen.size] ?? 0);
      seen.add(id);
    }
    const answers = await deliver(some);
    answers.forEach((status, index) => {
      const letter = some[index];
      assert.ok(status === 200 || status === 404 || AWAY.has(status), `it was answered ${status}`);
      if (status === 200 && letter !== undefined) taken.add(letter);
    });
  }
  await until(() => Promise.resolve(letters.some((letter) => letter.type === type) || undefined), {
    withinMs: 30_000,
    what: `PayPal tells ${type}`,
  });
  for (let next = 0; next < picks.length; next += atOnce)
    await hand(picks.slice(next, next + atOnce).flatMap((pick) => letters[pick % letters.length] ?? []));
  return until(
    async () => {
      await hand(letters.filter((letter) => !taken.has(letter)));
      await shop.host.events.settled();
      await shop.host.tasks.settled();
      return letters.every((letter) => taken.has(letter)) ? is() : undefined;
    },
    { withinMs: 30_000, what: 'the order gets there by what it is told' },
  );
}

async function approved(): Promise<string> {
  const lines = [{ variantId: 'mug', quantity: 1 }];
  const { body: cart } = await shop.call<Cart>('POST', '/api/orders/carts', { body: { lines } });
  const { body: placed } = await shop.call<Placed>('POST', '/api/orders/checkout', {
    headers: { 'idempotency-key': `told-order-${(keys += 1)}` },
    body: { cartId: cart.id, email: 'ada@example.com', shippingAddress: ADDRESS },
  });
  const path = `/api/orders/${placed.order.id}/payment?token=${placed.token}&provider=paypal`;
  const { body: started } = await shop.call<PaymentStart>('POST', path);
  await approveAsPayer(started.approveUrl ?? '', 'approve');
  return placed.order.id;
}

const orderIn = (id: string, status: string) => async (): Promise<MerchantOrder | undefined> => {
  const { body } = await shop.merchant<MerchantOrder>('GET', `/api/admin/orders/orders/${id}`);
  return body.status === status ? body : undefined;
};

test('however PayPal’s messages come, an order is captured once, refunded once, and all are taken in the end', async () => {
  await fc.assert(
    fc.asyncProperty(telling, telling, async (ofPayment, ofRefund) => {
      letters = [];
      const id = await approved();
      const paid = await tellUntil('CHECKOUT.ORDER.APPROVED', ofPayment, orderIn(id, 'confirmed'));
      const { total } = paid.totals;
      await shop.merchant('POST', `/api/admin/orders/orders/${id}/refund`, {
        headers: { 'idempotency-key': `told-refund-${id}` },
        body: { amount: total },
      });
      await tellUntil('PAYMENT.CAPTURE.REFUNDED', ofRefund, orderIn(id, 'refunded'));
      // Long afterwards all of it again, the last first, and at once.
      const again = await deliver(letters.toReversed());
      assert.ok(
        again.every((status) => status === 200 || AWAY.has(status)),
        again.join(),
      );
      await shop.host.events.settled();
      await shop.host.tasks.settled();

      const [payment] = await shop.rows<{ intent: string; captured: number; refunded: number }>(
        'select intent_id as intent, captured::int, refunded::int from shop.payments_payments where order_id = $1',
        [id],
      );
      assert.deepEqual([payment?.captured, payment?.refunded], [total, total]);
      const atPayPal = await shop.host.platform.payments.retrieve(shop.tenant, payment?.intent ?? '');
      assert.deepEqual([atPayPal.amountCaptured, atPayPal.amountRefunded], [total, total]);
      const told = await shop.rows<{ type: string; times: number }>(
        `select type, count(*)::int as times from shop.event_log
         where key = $1 and type like 'payments.payment.%' group by 1 order by 1`,
        [id],
      );
      assert.deepEqual(told, [
        { type: 'payments.payment.authorized', times: 1 },
        { type: 'payments.payment.captured', times: 1 },
        { type: 'payments.payment.refunded', times: 1 },
      ]);
      const twice = await shop.rows(
        'select event_id from shop.payments_webhooks where order_id = $1 group by 1 having count(*) > 1',
        [id],
      );
      assert.deepEqual(twice, []);
    }),
    { numRuns: 10 },
  );
});
