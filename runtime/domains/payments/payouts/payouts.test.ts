/** Payouts of the processor against our payments: what agrees, what is healed, what is told, and who is cut off goes on. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ShopError } from '../../../platform/errors.ts';
import type { Payments } from '../../../platform/ports.ts';
import { KEYS, paidOrder, startTestShop, type TestShop } from '../../orders/testing/shop.ts';
import type { Difference, Payout } from './schemas.ts';

const ROUTE = '/api/admin/payments';
const PAGE = 2;

describe('payouts', () => {
  let shop: TestShop;
  /** Pages that the provider still refuses, after the first of a payout. */
  let refusals = 0;
  let pagesRead = 0;

  before(async () => {
    shop = await startTestShop({
      payments: { payouts: { findSeconds: 3_600, overdueSeconds: 0, pages: 1 } },
      between: (payments): Payments => ({
        ...payments,
        // The same movements, two a page, as if there were many.
        async listEntries(tenant, { payoutId, cursor }) {
          const { entries } = await payments.listEntries(tenant, { payoutId });
          const from = cursor === undefined ? 0 : entries.findIndex(({ id }) => id === cursor) + 1;
          if (from > 0 && refusals > 0) {
            refusals -= 1;
            throw new ShopError('unavailable', 'The processor is away.');
          }
          pagesRead += 1;
          const page = entries.slice(from, from + PAGE);
          const more = from + PAGE < entries.length;
          return { entries: page, next: more ? page.at(-1)?.id : undefined };
        },
      }),
    });
    await shop.sell('mug', 1500, 1_000);
  });
  after(() => shop.stop());

  /** Pays out what is on the balance. @returns the payout */
  async function payOut(): Promise<{ id: string; amount: number }> {
    const answer = await fetch(`${shop.processor.origin}/_admin/payouts`, {
      method: 'POST',
      headers: { authorization: 'Bearer processor-admin' },
      body: JSON.stringify({ account: shop.tenant }),
    });
    const { payouts } = (await answer.json()) as { payouts: { id: string; amount: number }[] };
    assert.ok(payouts[0], 'there was something to pay out');
    return payouts[0];
  }

  async function compared(id: string): Promise<Payout> {
    const found = await shop.until(
      async () => {
        const { body } = await shop.merchant<{ payouts: Payout[] }>('GET', `${ROUTE}/payouts`);
        return body.payouts.find((each) => each.id === id);
      },
      (payout) => payout?.state === 'compared',
      `${id} is compared`,
    );
    return found ?? assert.fail();
  }

  const differences = async (query: string): Promise<Difference[]> =>
    (await shop.merchant<{ differences: Difference[] }>('GET', `${ROUTE}/differences?${query}`)).body
      .differences;

  const stripe = (path: string, form: Record<string, string>) =>
    fetch(`${shop.processor.origin}/v1/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEYS.secretKey}` },
      body: new URLSearchParams(form),
    });

  const intentOf = async (orderId: string): Promise<string> => {
    const [row] = await shop.rows<{ intent_id: string }>(
      'select intent_id from shop.payments_payments where order_id = $1',
      [orderId],
    );
    return row?.intent_id ?? '';
  };

  /** Waits for the processor's message, which would mend by itself what a test breaks. */
  async function heardOf(orderId: string, type: string): Promise<void> {
    await shop.until(
      () =>
        shop.rows('select 1 from shop.payments_webhooks where order_id = $1 and type = $2', [orderId, type]),
      (heard) => heard.length > 0,
      `${type} is heard of`,
    );
  }

  it('that agree are shown with what they are made of', async () => {
    const orders = [
      await paidOrder(shop, { mug: 1 }),
      await paidOrder(shop, { mug: 2 }),
      await paidOrder(shop, { mug: 1 }),
    ];
    await shop.host.platform.call(shop.tenant, 'payments', 'refund', {
      orderId: orders[0]?.id,
      amount: 500,
      key: 'five',
    });
    const { id, amount } = await payOut();
    const payout = await compared(id);
    const total = orders.reduce((sum, { totals }) => sum + totals.total, 0);
    assert.deepEqual([payout.entries, payout.charges, payout.refunds, payout.disputes], [4, total, -500, 0]);
    assert.equal(payout.amount, amount);
    assert.equal(
      payout.charges + payout.refunds + payout.disputes + payout.others - payout.fees,
      payout.amount,
    );
    assert.equal(payout.differences, 0);
    assert.deepEqual(await differences(`payoutId=${id}`), []);
    await shop.host.events.settled();
    const told = await shop.rows<{ times: number }>(
      `select count(*)::int as times from shop.event_log where type = 'payments.payout.compared' and key = $1`,
      [id],
    );
    assert.deepEqual(told, [{ times: 1 }]);
  });

  it('teach us of what we had lost, and say so', async () => {
    const order = await paidOrder(shop, { mug: 1 });
    const intent = await intentOf(order.id);
    // As after a restore of the database from before it was paid, and one from before its refund.
    const refunded = await paidOrder(shop, { mug: 1 });
    await shop.host.platform.call(shop.tenant, 'payments', 'refund', {
      orderId: refunded.id,
      amount: 700,
      key: 'seven',
    });
    await heardOf(order.id, 'payment_intent.succeeded');
    await heardOf(refunded.id, 'charge.refunded');
    await shop.rows('delete from shop.payments_payments where order_id = $1', [order.id]);
    await shop.rows('update shop.payments_payments set refunded = 0 where order_id = $1', [refunded.id]);
    const payout = await compared((await payOut()).id);
    assert.equal(payout.differences, 0, 'all healed');
    const found = await differences(`payoutId=${payout.id}`);
    assert.deepEqual(
      found.map(({ kind, what, intentId, healed }) => [kind, what, intentId, healed]).toSorted(),
      [
        ['amount_differs', 'refund', await intentOf(refunded.id), true],
        ['missing_here', 'charge', intent, true],
      ].toSorted(),
    );
    const [row] = await shop.rows<{ status: string; captured: number; payout_id: string }>(
      'select status, captured::int, payout_id from shop.payments_payments where order_id = $1',
      [order.id],
    );
    assert.deepEqual(row, { status: 'captured', captured: order.totals.total, payout_id: payout.id });
  });

  it('name what is none of ours, and what nobody can explain', async () => {
    const order = await paidOrder(shop, { mug: 1 });
    const made = await stripe('payment_intents', {
      amount: '4200',
      currency: 'eur',
      confirm: 'true',
      payment_method: 'pm_card_visa',
    });
    const { id: foreign } = (await made.json()) as { id: string };
    const ours = await intentOf(order.id);
    await heardOf(order.id, 'payment_intent.succeeded');
    await shop.rows(
      'update shop.payments_payments set amount = amount + 7, captured = captured + 7 where intent_id = $1',
      [ours],
    );
    const payout = await compared((await payOut()).id);
    assert.equal(payout.differences, 2);
    const found = await differences(`payoutId=${payout.id}&open=true`);
    const shown = found.map(({ kind, intentId, here, there, healed }) => ({
      kind,
      intentId,
      here,
      there,
      healed,
    }));
    const { total } = order.totals;
    assert.deepEqual(
      new Set(shown),
      new Set([
        { kind: 'missing_here', intentId: foreign, here: 0, there: 4200, healed: false },
        { kind: 'amount_differs', intentId: ours, here: total + 7, there: total, healed: false },
      ]),
    );
  });

  it('learn of a dispute whose message was lost', async () => {
    const order = await paidOrder(shop, { mug: 1 });
    const intent = await intentOf(order.id);
    const { body } = await shop.merchant<{ disputes: unknown[] }>('GET', `${ROUTE}/disputes`);
    assert.deepEqual(body.disputes, []);
    // A dispute that nobody tells us of.
    const card = await stripe('payment_intents', {
      amount: String(order.totals.total),
      currency: 'eur',
      'metadata[order_id]': order.id,
      'metadata[payment_id]': `pay_${'d'.repeat(32)}`,
      'metadata[tenant]': shop.tenant,
      capture_method: 'manual',
      confirm: 'true',
      payment_method: 'pm_card_createDispute',
    });
    await shop.knobs({ dropWebhooks: 100 });
    const { id } = (await card.json()) as { id: string };
    assert.notEqual(id, intent);
    await stripe(`payment_intents/${id}/capture`, {});
    // More on the balance than the dispute takes.
    await paidOrder(shop, { mug: 3 });
    const payout = payOut();
    await shop.merchant('POST', `${ROUTE}/payouts/compare`);
    const { disputes, differences: open } = await compared((await payout).id);
    await shop.knobs({});
    assert.equal(disputes, -order.totals.total);
    assert.equal(open, 0);
    const after = await shop.merchant<{ disputes: { amount: number; status: string }[] }>(
      'GET',
      `${ROUTE}/disputes`,
    );
    assert.deepEqual(
      after.body.disputes.map(({ amount, status }) => [amount, status]),
      [[order.totals.total, 'needs_response']],
    );
  });

  it('are compared to the end, each page once, although the provider goes away between', async () => {
    for (let each = 0; each < 5; each += 1) await paidOrder(shop, { mug: 1 });
    refusals = 2;
    pagesRead = 0;
    const payout = await compared((await payOut()).id);
    assert.equal(refusals, 0);
    assert.equal(payout.entries, 5);
    assert.equal(pagesRead, 3);
    assert.equal(
      payout.charges + payout.refunds + payout.disputes + payout.others - payout.fees,
      payout.amount,
    );
  });

  it('miss what we say was taken long ago', async () => {
    const order = await paidOrder(shop, { mug: 1 });
    await compared((await payOut()).id);
    const id = `pay_${'e'.repeat(32)}`;
    await shop.rows(
      `insert into shop.payments_payments (tenant_id, id, order_id, intent_id, status, amount, currency, captured, created_at, updated_at)
       values ('acme', $1, $2, 'pi_nobody', 'captured', 990, 'EUR', 990, now() - interval '1 day', now())`,
      [id, order.id],
    );
    await shop.merchant('POST', `${ROUTE}/payouts/compare`);
    const found = await shop.until(
      async () => (await differences('open=true')).find((each) => each.id === id),
      (difference) => difference !== undefined,
      'it is found to be missing',
    );
    assert.ok(found);
    const { kind, what, here, there, orderId } = found;
    assert.deepEqual([kind, what, here, there, orderId], ['missing_there', 'charge', 990, 0, order.id]);
  });

  it('are the merchant’s business only, and come in pages', async () => {
    for (const path of ['payouts', 'differences'])
      assert.equal((await shop.call('GET', `${ROUTE}/${path}`)).status, 401);
    assert.equal((await shop.call('POST', `${ROUTE}/payouts/compare`)).status, 401);
    const all = await shop.merchant<{ payouts: Payout[] }>('GET', `${ROUTE}/payouts`);
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await shop.merchant<{ payouts: Payout[]; nextCursor?: string }>(
        'GET',
        `${ROUTE}/payouts?limit=2${cursor}`,
      );
      seen.push(...body.payouts.map(({ id }) => id));
      if (body.nextCursor === undefined) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    assert.deepEqual(
      seen,
      all.body.payouts.map(({ id }) => id),
    );
  });
});
