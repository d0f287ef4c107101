import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { paidOrder, startTestShop, type TestShop } from '../testing/shop.ts';
import type { Cart, MerchantOrder, Order } from '../schemas.ts';
import type { IssuedGiftCard } from '../gift-cards/schemas.ts';
import type { returnPage } from './schemas.ts';
import type { z } from 'zod';

type Said = MerchantOrder & { readonly code?: string };

describe('goods that come back, in a shop', () => {
  let shop: TestShop;
  let keys = 0;

  before(async () => {
    shop = await startTestShop();
    await shop.sell('mug', 1499, 1000);
    await shop.sell('pot', 300, 1000);
  });
  after(() => shop.stop());

  const key = (name = `returns-key-${(keys += 1)}`): Record<string, string> => ({ 'idempotency-key': name });
  const at = (id: string, path: string): string => `/api/admin/orders/orders/${id}/${path}`;
  const post = (id: string, path: string, body?: object, headers = key()) =>
    shop.merchant<Said>('POST', at(id, path), { ...(body === undefined ? {} : { body }), headers });
  const onHand = async (variantId: string): Promise<number> =>
    (
      await shop.rows<{ on_hand: number }>('select on_hand from shop.orders_stock where variant_id = $1', [
        variantId,
      ])
    )[0]?.on_hand ?? Number.NaN;

  async function shipped(units: Record<string, number>) {
    const order = await paidOrder(shop, units);
    assert.equal((await post(order.id, 'fulfilments', {})).body.status, 'fulfilled');
    return order;
  }

  const ask = ({ id, token }: { id: string; token: string }, quantity: number, headers = key()) =>
    shop.call<Order & { code?: string }>('POST', `/api/orders/${id}/returns?token=${token}`, {
      body: { lines: [{ variantId: 'mug', quantity, reason: 'damaged' }], note: 'It has a crack.' },
      headers,
    });

  it('are asked for by the shopper, received, inspected, and paid back to the minor unit', async () => {
    const order = await shipped({ mug: 3, pot: 1 });
    const before = await onHand('mug');
    const asked = await ask(order, 2, key('one-return'));
    assert.equal(asked.body.returns[0]?.state, 'requested');
    assert.deepEqual((await ask(order, 2, key('one-return'))).body.returns.length, 1);
    assert.equal((await ask(order, 2)).body.code, 'conflict', 'only one more has been shipped');
    const id = asked.body.returns[0]?.id ?? '';
    assert.equal((await post(order.id, `returns/${id}/receive`)).body.code, 'illegal_transition');
    assert.equal(
      (await post(order.id, `returns/${id}/authorise`, { answer: 'Use the label.' })).body.returns[0]?.answer,
      'Use the label.',
    );
    assert.equal((await post(order.id, `returns/${id}/receive`)).body.returns[0]?.state, 'received');
    const judge = (accepted: number, restock: number) =>
      post(order.id, `returns/${id}/inspect`, { lines: [{ variantId: 'mug', accepted, restock }] });
    assert.equal((await judge(3, 1)).body.code, 'invalid_input');
    assert.equal((await judge(2, 1)).body.returns[0]?.state, 'inspected');
    assert.equal((await judge(2, 1)).body.returns[0]?.state, 'inspected');
    assert.equal(await onHand('mug'), before + 1, 'asked twice, put back once');
    const refunded = await post(order.id, `returns/${id}/refund`, {});
    assert.equal(refunded.body.returns[0]?.state, 'refunded');
    assert.equal(refunded.body.refunded, 2 * 1499);
    assert.equal(refunded.body.status, 'partially_refunded');
    assert.equal(refunded.body.fulfilment, 'shipped');
    assert.equal((await post(order.id, `returns/${id}/refund`, {})).body.refunded, 2 * 1499);

    // The rest, line by line and with the shipping: exactly everything.
    const { shipping } = order.totals;
    const rest = [
      { variantId: 'mug', quantity: 1 },
      { variantId: 'pot', quantity: 1 },
    ];
    assert.equal((await post(order.id, 'refund', { lines: rest, shipping: shipping + 1 })).status, 409);
    const whole = await post(order.id, 'refund', { lines: rest, shipping });
    assert.equal(whole.body.status, 'refunded');
    assert.equal(whole.body.refunded, order.totals.total);
    assert.equal((await post(order.id, 'refund', { lines: [rest[0]] })).status, 409);

    await shop.host.events.settled();
    const told = await shop.rows<{ type: string }>(
      `select type from shop.event_log where key = $1 and type like '%.return%' order by position`,
      [order.id],
    );
    assert.deepEqual(
      told.map(({ type }) => type.replace('orders.order.return_', '')),
      ['requested', 'authorised', 'received', 'inspected', 'refunded'],
    );
  });

  it('are refused with words, withdrawn, noted by the merchant, or not good enough', async () => {
    const order = await shipped({ mug: 2 });
    const first = (await ask(order, 1)).body.returns[0]?.id ?? '';
    const declined = await post(order.id, `returns/${first}/decline`, { answer: 'It was used.' });
    assert.deepEqual(
      declined.body.returns.map(({ state, answer }) => [state, answer]),
      [['declined', 'It was used.']],
    );
    const second = (await ask(order, 2)).body.returns[1]?.id ?? '';
    const path = `/api/orders/${order.id}/returns/${second}/withdraw`;
    assert.equal((await shop.call('POST', `${path}?token=${'x'.repeat(24)}`)).status, 404);
    const kept = await shop.call<Order>('POST', `${path}?token=${order.token}`);
    assert.equal(kept.body.returns[1]?.state, 'withdrawn');
    const noted = await post(order.id, 'returns', {
      lines: [{ variantId: 'mug', quantity: 2, reason: 'wrong_item' }],
    });
    const third = noted.body.returns[2]?.id ?? '';
    assert.equal(noted.body.returns[2]?.state, 'authorised');
    const open = await shop.merchant<z.infer<typeof returnPage>>(
      'GET',
      '/api/admin/orders/returns?state=authorised',
    );
    assert.deepEqual(
      open.body.returns.map(({ id, orderId }) => [id, orderId]),
      [[third, order.id]],
    );
    await post(order.id, `returns/${third}/receive`);
    await post(order.id, `returns/${third}/inspect`, {
      lines: [{ variantId: 'mug', accepted: 0, restock: 0 }],
    });
    const closed = await post(order.id, `returns/${third}/refund`, {});
    assert.equal(closed.body.returns[2]?.state, 'closed');
    assert.equal(closed.body.refunded, 0);
    assert.equal((await ask(order, 2)).status, 200, 'what was not accepted is the shopper’s again');
  });

  it('are not what has not left: that is given up, with its money, and the rest goes on', async () => {
    const order = await paidOrder(shop, { mug: 2, pot: 1 });
    assert.equal((await ask(order, 1)).status, 409);
    const before = await onHand('mug');
    const give = (lines: object[], headers = key()) => post(order.id, 'cancel-units', { lines }, headers);
    const one = [{ variantId: 'mug', quantity: 1 }];
    const once = await give(one, key('give-up-one'));
    assert.equal(once.body.status, 'partially_refunded');
    assert.equal(once.body.refunded, 1499);
    assert.equal((await give(one, key('give-up-one'))).body.refunded, 1499);
    await post(order.id, 'fulfilments', { lines: [{ variantId: 'pot', quantity: 1 }] });
    const done = await give(one);
    assert.equal(done.body.refunded, 2 * 1499);
    assert.equal(done.body.fulfilment, 'shipped');
    assert.equal(done.body.fulfilled, true);
    assert.equal(await onHand('mug'), before, 'they never left the shelf');
    const [held] = await shop.rows<{ wrong: boolean }>(
      `select exists (select from shop.orders_stock s where s.held + s.sold <> (
         select coalesce(sum(h.quantity - h.shipped - h.cancelled), 0) from shop.orders_holds h
         where h.variant_id = s.variant_id and h.state in ('held', 'committed'))) as wrong`,
    );
    assert.equal(held?.wrong, false);
    const whole = await paidOrder(shop, { mug: 1 });
    assert.equal((await post(whole.id, 'cancel-units', { lines: one })).body.code, 'conflict');
  });

  it('pay back the card first and the gift card last', async () => {
    const card = await shop.merchant<IssuedGiftCard>('POST', '/api/admin/orders/gift-cards', {
      body: { amount: 2000, currency: 'EUR' },
      headers: key(),
    });
    const order = await paidOrder(shop, { mug: 3, pot: 1 }, (cart: Cart) =>
      shop.call('POST', `/api/orders/carts/${cart.id}/gift-cards`, { body: { code: card.body.code } }),
    );
    assert.ok(order.totals.shipping > 0);
    assert.equal(order.totals.gift, 2000);
    const first = await post(order.id, 'refund', { lines: [{ variantId: 'mug', quantity: 1 }] });
    assert.deepEqual([first.body.refunded, first.body.giftRefunded], [1499, 0]);
    const second = await post(order.id, 'refund', {
      lines: [
        { variantId: 'mug', quantity: 2 },
        { variantId: 'pot', quantity: 1 },
      ],
    });
    const goods = 3 * 1499 + 300;
    assert.equal(second.body.refunded, order.totals.due);
    assert.equal(second.body.giftRefunded, goods - order.totals.due);
    const rest = await post(order.id, 'refund', { shipping: order.totals.shipping });
    assert.equal(rest.body.giftRefunded, 2000);
    assert.equal(rest.body.status, 'refunded');
  });

  it('may be paid back with another amount, and never with more than is left', async () => {
    const order = await paidOrder(shop, { mug: 2 });
    await post(order.id, 'refund', { lines: [{ variantId: 'mug', quantity: 1 }], amount: 2000 });
    const second = await post(order.id, 'refund', { amount: 1000 });
    assert.equal(second.body.refunded, 3000);
    const rest = order.totals.total - 3000;
    const third = await post(order.id, 'refund', { lines: [{ variantId: 'mug', quantity: 1 }] });
    assert.equal(third.body.refunded, 3000 + Math.min(1499, rest));
    assert.equal(third.body.status, 'refunded');
  });
});
