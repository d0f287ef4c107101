/** Goods that are exchanged, hosted: what becomes of goods and money, step by step, and whoever comes first. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { confirmedOrder, paidOrder, startTestShop, type TestShop } from '../testing/shop.ts';
import type { MerchantOrder, Order, PaymentStart } from '../schemas.ts';
import type { ExchangePreview } from './schemas.ts';

interface Refusal {
  readonly code: string;
  readonly detail: string;
  readonly problems?: readonly { readonly where: string; readonly what: string }[];
}

describe('exchanging goods of an order', () => {
  let shop: TestShop;
  let keys = 0;

  before(async () => {
    shop = await startTestShop();
    await shop.sell('mug', 1500, 1000);
    await shop.sell('bowl', 2500, 1000);
    await shop.sell('cup', 1000, 1000);
    await shop.sell('vase', 4000, 1);
    await shop.sell('lid', 400, 1000);
    await shop.sell('set', 1500, 0, {
      components: [
        { variantId: 'cup', quantity: 1 },
        { variantId: 'lid', quantity: 2 },
      ],
    });
    await shop.host.tasks.settled();
  });
  after(() => shop.stop());

  const key = (name = `exchange-key-${(keys += 1)}`): Record<string, string> => ({ 'idempotency-key': name });
  const post = <T = MerchantOrder>(id: string, path: string, body?: object, headers = key()) =>
    shop.merchant<T>('POST', `/api/admin/orders/orders/${id}/${path}`, {
      ...(body === undefined ? {} : { body }),
      headers,
    });

  async function shipped(units: Record<string, number>) {
    const order = await paidOrder(shop, units);
    assert.equal((await post(order.id, 'fulfilments', {})).body.status, 'fulfilled');
    return order;
  }

  const back = (variantId: string, quantity = 1) => [{ variantId, quantity, reason: 'too_small' }];

  async function done(id: string, path: string, body?: object): Promise<MerchantOrder> {
    const answer = await post(id, path, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }

  const until = (id: string, is: (order: MerchantOrder) => boolean): Promise<MerchantOrder> =>
    shop.order(id, is, `the order is so: ${String(is)}`);

  /** Receives what comes back, judges it, and ends the return. */
  async function conclude(
    id: string,
    returnId: string,
    accepted: Record<string, number>,
    more: object[] = [],
  ) {
    const judged = Object.entries(accepted).map(([variantId, quantity]) => ({
      variantId,
      accepted: quantity,
      restock: quantity,
    }));
    const lines = [...judged, ...more];
    await done(id, `returns/${returnId}/receive`);
    await done(id, `returns/${returnId}/inspect`, { lines });
    return done(id, `returns/${returnId}/refund`, {});
  }

  async function stock(variantId: string): Promise<{ on_hand: number; sold: number }> {
    const [row] = await shop.rows<{ on_hand: number; sold: number }>(
      'select on_hand, sold from shop.orders_stock where variant_id = $1',
      [variantId],
    );
    assert.ok(row);
    return row;
  }

  async function pay(order: { id: string; token: string }): Promise<void> {
    const path = `/api/orders/${order.id}/payment?token=${order.token}`;
    const { status, body } = await shop.call<PaymentStart>('POST', path);
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(await shop.pay(body), 'requires_capture');
  }

  /** What was ever to be paid is what was paid by any means, and what is owed; what went back is within what was paid. */
  function assertBalanced(order: Order): void {
    const { totals, captured, outside, credited, lowered, owed } = order;
    const means = totals.gift + outside + credited + captured + owed;
    assert.equal(totals.total + lowered, means, JSON.stringify(order));
    assert.ok(order.refunded <= captured && order.giftRefunded <= totals.gift);
  }

  const money = ({ totals, captured, credited, refunded, owed }: Order) => ({
    total: totals.total,
    captured,
    credited,
    refunded,
    owed,
  });

  it('brings something dearer: the difference is paid by a payment of its own', async () => {
    const order = await shipped({ mug: 2 });
    const before = await stock('bowl');
    const exchange = { lines: [{ variantId: 'bowl', quantity: 1 }] };
    const wish = { back: [{ variantId: 'mug', quantity: 1 }], exchange };
    const preview = await post<ExchangePreview>(order.id, 'returns/preview', wish);
    assert.deepEqual(preview.body.sums, {
      worth: 1500,
      fee: 0,
      goods: 2500,
      difference: 1000,
      credited: 1500,
      refund: 0,
      owed: 1000,
    });
    assert.deepEqual(await stock('bowl'), before, 'looking takes nothing');

    const agreed = await done(order.id, 'returns', {
      lines: back('mug'),
      exchange: { ...exchange, expectedDifference: 1000 },
    });
    assert.equal(agreed.status, 'partially_fulfilled');
    assert.equal(agreed.fulfilment, 'partial');
    assert.deepEqual(money(agreed), {
      total: 3490 + 2500,
      captured: 3490,
      credited: 1500,
      refunded: 0,
      owed: 1000,
    });
    assert.equal((await stock('bowl')).sold, before.sold + 1);
    assertBalanced(agreed);
    const early = await post<Refusal>(order.id, 'fulfilments', {});
    assert.equal(early.status, 409, 'nothing leaves before the mug has come');
    assert.match(early.body.detail, /once other goods have come back/);
    await pay(order);
    const paid = await until(order.id, ({ owed }) => owed === 0);
    assert.equal(paid.captured, 4490);

    const mugs = await stock('mug');
    const ended = await conclude(order.id, agreed.returns[0]?.id ?? '', { mug: 1 });
    assert.equal(ended.returns[0]?.state, 'exchanged');
    assert.equal((await stock('mug')).on_hand, mugs.on_hand + 1);
    const sent = await done(order.id, 'fulfilments', {});
    assert.deepEqual([sent.status, sent.fulfilment], ['fulfilled', 'shipped']);
    assert.deepEqual(money(sent), { total: 5990, captured: 4490, credited: 1500, refunded: 0, owed: 0 });
    assertBalanced(sent);

    // The mug that went back is nobody's to be paid back with; everything else is.
    const mug = { lines: [{ variantId: 'mug', quantity: 2 }] };
    assert.equal((await post(order.id, 'refund', mug)).status, 409);
    await done(order.id, 'refund', {});
    const whole = await until(order.id, ({ refunded }) => refunded === 4490);
    assert.equal(whole.status, 'refunded');
    await shop.host.events.settled();
    const told = await shop.rows<{ type: string }>(
      `select type from shop.event_log where key = $1 and type like '%.return%' order by position`,
      [order.id],
    );
    assert.deepEqual(
      told.map(({ type }) => type.replace('orders.order.return_', '')),
      ['authorised', 'received', 'inspected', 'exchanged'],
    );
  });

  it('brings something cheaper: what is left goes back once the goods have come, less what bringing them cost', async () => {
    const order = await shipped({ bowl: 1 });
    const agreed = await done(order.id, 'returns', {
      lines: back('bowl'),
      exchange: { lines: [{ variantId: 'cup', quantity: 1 }], send: 'at_once', fee: 300 },
    });
    assert.deepEqual(money(agreed), { total: 3990, captured: 2990, credited: 1000, refunded: 0, owed: 0 });
    assert.equal(agreed.returns[0]?.exchange?.sums?.refund, 2500 - 300 - 1000);
    const sent = await done(order.id, 'fulfilments', {});
    assert.equal(sent.fulfilment, 'shipped', 'it leaves at once, as was agreed');
    const late = await post<Refusal>(order.id, `returns/${agreed.returns[0]?.id}/withdraw`);
    assert.equal(late.status, 409, 'what has left cannot be let go');
    const ended = await conclude(order.id, agreed.returns[0]?.id ?? '', { bowl: 1 });
    const settled = await until(ended.id, ({ refunded }) => refunded > 0);
    assert.deepEqual(money(settled), {
      total: 3990,
      captured: 2990,
      credited: 1000,
      refunded: 1200,
      owed: 0,
    });
    assertBalanced(settled);
  });

  it('is even between variants of one product, at the price that was paid', async () => {
    const tenth = {
      title: 'A tenth off',
      benefit: { kind: 'percent', basisPoints: 1000 },
      enabled: true,
    };
    const promotion = await shop.merchant('POST', '/api/admin/orders/promotions', {
      body: tenth,
      headers: key(),
    });
    assert.equal(promotion.status, 201, JSON.stringify(promotion.body));
    const order = await shipped({ mug: 2 });
    await shop.merchant('DELETE', `/api/admin/orders/promotions/${String(promotion.body['id'])}`);
    // A mug in another glaze, which costs more by now.
    await shop.database.admin.query(
      `insert into shop.orders_variants (tenant_id, variant_id, product_id, product_version, title, options, prices, requires_shipping, published)
       values ('acme', 'mug-blue', 'prd_mug', 1, 'Product mug', '{}', '{"EUR": 1900}', true, true)`,
    );
    await shop.database.admin.query(
      `insert into shop.orders_stock (tenant_id, variant_id, on_hand, updated_at) values ('acme', 'mug-blue', 5, now())`,
    );
    const swap = (insteadOf: string) => ({ lines: [{ variantId: 'mug-blue', quantity: 1, insteadOf }] });
    const other = await post<Refusal>(order.id, 'returns', { lines: back('mug'), exchange: swap('bowl') });
    assert.match(other.body.problems?.[0]?.what ?? '', /does not come back/);
    const agreed = await done(order.id, 'returns', { lines: back('mug'), exchange: swap('mug') });
    const before = order.totals.total;
    assert.deepEqual(money(agreed), {
      total: before + 1350,
      captured: before,
      credited: 1350,
      refunded: 0,
      owed: 0,
    });
    const ended = await conclude(order.id, agreed.returns[0]?.id ?? '', { mug: 1 });
    assert.deepEqual([ended.refunded, ended.owed], [0, 0]);
    await done(order.id, 'refund', { lines: [{ variantId: 'mug-blue', quantity: 1 }] });
    // It is worth what was paid for what it replaced.
    await until(order.id, ({ refunded }) => refunded === 1350);
  });

  it('is even for a shopper’s wish only where what goes out costs no more', async () => {
    const order = await shipped({ mug: 1, cup: 1 });
    for (const [variantId, price] of [
      ['mug-gold', 90_000],
      ['mug-plain', 1_200],
      ['mug-secret', undefined],
    ] as const) {
      await shop.database.admin.query(
        `insert into shop.orders_variants (tenant_id, variant_id, product_id, product_version, title, options, prices, requires_shipping, published)
         values ('acme', $1, 'prd_mug', 1, 'Product mug', '{}', $2, true, $3)`,
        [variantId, JSON.stringify({ EUR: price ?? 1_000 }), price !== undefined],
      );
      await shop.database.admin.query(
        `insert into shop.orders_stock (tenant_id, variant_id, on_hand, updated_at) values ('acme', $1, 5, now())`,
        [variantId],
      );
    }
    const wish = (variantId: string, insteadOf?: string) => {
      const lines = [{ variantId, quantity: 1, ...(insteadOf === undefined ? {} : { insteadOf }) }];
      const path = `/api/orders/${order.id}/returns/preview?token=${order.token}`;
      const body = { back: [{ variantId: 'mug', quantity: 1 }], exchange: { lines } };
      return shop.call<ExchangePreview & Refusal>('POST', path, { body });
    };
    for (const dearer of ['mug-gold', 'mug-secret'])
      assert.deepEqual((await wish(dearer, 'mug')).body.problems, [
        { where: '/exchange/lines/0/insteadOf', what: 'costs more than that' },
      ]);
    const asked = await shop.call<Refusal>('POST', `/api/orders/${order.id}/returns?token=${order.token}`, {
      body: {
        lines: back('mug'),
        exchange: { lines: [{ variantId: 'mug-gold', quantity: 1, insteadOf: 'mug' }] },
      },
      headers: key(),
    });
    assert.equal(asked.body.code, 'invalid_input');
    assert.equal((await wish('mug-gold')).body.sums.difference, 90_000 - 1_500);
    for (const same of ['mug-plain', 'mug']) assert.equal((await wish(same, 'mug')).body.sums.difference, 0);
  });

  it('replaces a unit by another of the same variant, and is undone without a trace in money and stock', async () => {
    const order = await shipped({ mug: 3 });
    const start = await confirmedOrder(shop, order.id);
    const [mug, bowl] = [await stock('mug'), await stock('bowl')];
    const agreed = await done(order.id, 'returns', {
      lines: back('mug', 2),
      exchange: {
        lines: [
          { variantId: 'mug', quantity: 1, insteadOf: 'mug' },
          { variantId: 'bowl', quantity: 1 },
        ],
      },
    });
    assert.equal(agreed.owed, 1000);
    assert.equal(agreed.lines[0]?.quantity, 4);
    await pay(order);
    await until(order.id, ({ owed }) => owed === 0);
    const undone = await done(order.id, `returns/${agreed.returns[0]?.id}/withdraw`);
    assert.equal(undone.returns[0]?.state, 'withdrawn');
    const settled = await until(order.id, ({ refunded }) => refunded === 1000);
    assertBalanced(settled);
    assert.deepEqual(settled.totals.total, start.totals.total);
    assert.deepEqual(settled.lines, start.lines);
    assert.deepEqual([settled.credited, settled.fulfilment], [0, 'shipped']);
    assert.deepEqual([await stock('mug'), await stock('bowl')], [mug, bowl]);
    // The units may come back, or be paid back, as if nothing had been.
    await done(order.id, 'refund', { lines: [{ variantId: 'mug', quantity: 3 }] });
    await until(order.id, ({ refunded }) => refunded === 1000 + 4500);
  });

  it('is wished for by the shopper, seen beforehand, and agreed to by the merchant', async () => {
    const order = await shipped({ mug: 1 });
    const exchange = { lines: [{ variantId: 'cup', quantity: 1 }] };
    const path = `/api/orders/${order.id}/returns`;
    const seen = await shop.call<ExchangePreview>('POST', `${path}/preview?token=${order.token}`, {
      body: { back: [{ variantId: 'mug', quantity: 1 }], exchange },
    });
    assert.deepEqual([seen.status, seen.body.sums.difference], [200, -500]);
    const stranger = await shop.call('POST', `${path}/preview?token=${'x'.repeat(24)}`, {
      body: { back: [{ variantId: 'mug', quantity: 1 }], exchange },
    });
    assert.equal(stranger.status, 404);
    const free = await shop.call('POST', `${path}?token=${order.token}`, {
      body: { lines: back('mug'), exchange: { lines: [{ variantId: 'cup', quantity: 1, unitPrice: 0 }] } },
      headers: key(),
    });
    assert.equal(free.status, 400, 'shoppers name no prices');
    const asked = await shop.call<Order>('POST', `${path}?token=${order.token}`, {
      body: { lines: back('mug'), exchange },
      headers: key(),
    });
    assert.equal(asked.body.returns[0]?.state, 'requested');
    assert.equal(asked.body.returns[0]?.exchange?.lines[0]?.title, 'Product cup');
    assert.deepEqual(money(asked.body).total, order.totals.total, 'a wish changes nothing');
    const id = asked.body.returns[0]?.id ?? '';
    const wrong = await post<Refusal>(order.id, `returns/${id}/authorise`, {
      exchange: { ...exchange, expectedDifference: 0 },
    });
    assert.equal(wrong.status, 409);
    const agreed = await done(order.id, `returns/${id}/authorise`, { answer: 'Gladly.' });
    assert.equal(agreed.returns[0]?.exchange?.sums?.refund, 500);
    assert.equal((await done(order.id, `returns/${id}/authorise`, {})).totals.total, agreed.totals.total);
    const kept = await shop.call<Order>('POST', `${path}/${id}/withdraw?token=${order.token}`);
    assert.equal(kept.body.returns[0]?.state, 'withdrawn');
    assert.deepEqual(money(kept.body), money(asked.body));
  });

  it('asks for what is lacking, where less came back than was agreed', async () => {
    const order = await shipped({ mug: 2 });
    const agreed = await done(order.id, 'returns', {
      lines: back('mug', 2),
      exchange: { lines: [{ variantId: 'bowl', quantity: 1 }], send: 'at_once' },
    });
    assert.equal(agreed.returns[0]?.exchange?.sums?.refund, 500);
    await done(order.id, 'fulfilments', {});
    const ended = await conclude(order.id, agreed.returns[0]?.id ?? '', { mug: 1 });
    assert.equal(ended.returns[0]?.state, 'exchanged');
    assert.deepEqual(money(ended), { total: 5990, captured: 3490, credited: 1500, refunded: 0, owed: 1000 });
    assertBalanced(ended);
    const second = await shipped({ mug: 1 });
    const all = await done(second.id, 'returns', {
      lines: back('mug'),
      exchange: { lines: [{ variantId: 'cup', quantity: 1 }], send: 'at_once' },
    });
    const closed = await conclude(second.id, all.returns[0]?.id ?? '', { mug: 0 });
    assert.deepEqual([closed.returns[0]?.state, closed.credited, closed.owed], ['closed', 0, 1000]);
    assertBalanced(closed);
  });

  it('spares what is owed before anything goes back', async () => {
    const order = await paidOrder(shop, { mug: 1, bowl: 1 });
    await done(order.id, 'fulfilments', { lines: [{ variantId: 'bowl', quantity: 1 }] });
    const lines = [{ variantId: 'mug', quantity: 2 }];
    const edit = await post<{ id: string }>(order.id, 'edits', { lines });
    await done(order.id, `edits/${edit.body.id}/commit`, { version: 1 });
    const agreed = await done(order.id, 'returns', {
      lines: back('bowl'),
      exchange: { lines: [{ variantId: 'cup', quantity: 1 }] },
    });
    assert.deepEqual([agreed.credited, agreed.owed], [1000, 1500], 'what has not come spares nothing');
    assertBalanced(agreed);
    const blocked = await post<Refusal>(order.id, 'edits', { lines });
    assert.match(blocked.body.detail, /under way/);
    const given = await post(order.id, 'cancel-units', { lines: [{ variantId: 'cup', quantity: 1 }] });
    assert.equal(given.status, 409, 'goods of an exchange are not given up before it is');
    const parcel = await done(order.id, 'fulfilments', {});
    assert.equal(parcel.fulfilment, 'partial', 'what waits for nothing leaves');
    const undone = await done(order.id, `returns/${agreed.returns[0]?.id}/withdraw`);
    assert.deepEqual([undone.owed, undone.fulfilment], [1500, 'shipped']);
    assertBalanced(undone);
    const again = await done(order.id, 'returns', {
      lines: back('bowl'),
      exchange: { lines: [{ variantId: 'cup', quantity: 1 }] },
    });
    const ended = await conclude(order.id, again.returns[1]?.id ?? '', { bowl: 1 });
    assert.deepEqual([ended.credited, ended.owed, ended.refunded], [2500, 0, 0]);
    assertBalanced(ended);
    await until(order.id, ({ surcharges }) => surcharges.every(({ status }) => status === 'cancelled'));
  });

  it('takes a part of a bundle for another, and sends bundles, which are let go as wholes', async () => {
    const order = await shipped({ set: 1 });
    const start = await confirmedOrder(shop, order.id);
    const before = [await stock('cup'), await stock('lid')];
    const part = [{ variantId: 'lid', bundle: 'set', quantity: 1, reason: 'damaged' }];
    const agreed = await done(order.id, 'returns', {
      lines: part,
      exchange: { lines: [{ variantId: 'set', quantity: 1 }] },
    });
    const { sums, counted } = agreed.returns[0]?.exchange ?? {};
    // 4 of 18 of what the set was paid with.
    assert.deepEqual(counted, [{ variantId: 'lid', bundle: 'set', quantity: 1, amount: 333 }]);
    assert.equal(sums?.difference, 1500 - 333);
    assert.equal((await stock('lid')).sold, (before[1]?.sold ?? 0) + 2);
    assert.equal((await post(order.id, 'fulfilments', {})).status, 409, 'none of its parts leaves');
    assertBalanced(agreed);
    const undone = await done(order.id, `returns/${agreed.returns[0]?.id}/withdraw`);
    assert.deepEqual([await stock('cup'), await stock('lid')], before);
    assert.deepEqual([undone.lines, undone.owed], [start.lines, 0]);
    const other = await done(order.id, 'returns', {
      lines: part,
      exchange: { lines: [{ variantId: 'cup', quantity: 1 }] },
    });
    const ended = await conclude(order.id, other.returns[1]?.id ?? '', {}, [
      { variantId: 'lid', bundle: 'set', accepted: 1, restock: 0 },
    ]);
    assert.deepEqual([ended.credited, ended.owed], [333, 667]);
    assertBalanced(ended);
  });

  it('lets goods go whose time is over, where the others have not come back', async () => {
    const exchange = { lines: [{ variantId: 'vase', quantity: 1 }], keepDays: 7 };
    const sold = async () => (await stock('vase')).sold;
    const [late, came] = [await shipped({ mug: 1 }), await shipped({ mug: 1 })];
    const due = (id: string) =>
      shop.rows(
        `update shop.tasks set run_at = now() where name = 'orders.exchange-due' and payload ->> 'orderId' = $1`,
        [id],
      );
    const agreed = await done(late.id, 'returns', { lines: back('mug'), exchange });
    const days = (Date.parse(agreed.returns[0]?.exchange?.keptUntil ?? '') - Date.now()) / 86_400_000;
    assert.ok(days > 6.9 && days <= 7, String(days));
    assert.equal(await sold(), 1);
    await due(late.id);
    const over = await until(late.id, ({ returns }) => returns[0]?.state === 'withdrawn');
    assert.deepEqual([over.owed, over.credited, await sold()], [0, 0, 0]);
    assert.equal(over.history.at(-1)?.actor, 'system');
    const next = await done(came.id, 'returns', { lines: back('mug'), exchange });
    await done(came.id, `returns/${next.returns[0]?.id}/receive`);
    await due(came.id);
    await shop.host.tasks.settled();
    const kept = await confirmedOrder(shop, came.id);
    assert.deepEqual([kept.returns[0]?.state, await sold()], ['received', 1]);
    await done(came.id, `returns/${next.returns[0]?.id}/inspect`, {
      lines: [{ variantId: 'mug', accepted: 1, restock: 1 }],
    });
    await done(came.id, `returns/${next.returns[0]?.id}/refund`, {});
    await done(came.id, 'cancel-units', { lines: [{ variantId: 'vase', quantity: 1 }] });
    assert.equal(await sold(), 0, 'once they have come, they may be given up, for money');
  });

  it('has no goods that are not there, keeps no more than they are worth, and is of what has left', async () => {
    const order = await shipped({ mug: 1 });
    const tried = async (exchange: object) =>
      (await post<Refusal>(order.id, 'returns', { lines: back('mug'), exchange })).body;
    const none = await tried({ lines: [{ variantId: 'vase', quantity: 2 }] });
    assert.equal(none.code, 'out_of_stock');
    const fee = await tried({ lines: [{ variantId: 'cup', quantity: 1 }], fee: 1501 });
    assert.equal(fee.problems?.[0]?.what, 'at most 1500');
    const unknown = await tried({ lines: [{ variantId: 'no-such', quantity: 1 }] });
    assert.match(unknown.problems?.[0]?.what ?? '', /neither in the order nor in the shop/);
    assert.deepEqual((await confirmedOrder(shop, order.id)).returns, []);
    const waiting = await paidOrder(shop, { mug: 1 });
    const exchange = { lines: [{ variantId: 'cup', quantity: 1 }] };
    assert.equal((await post(waiting.id, 'returns', { lines: back('mug'), exchange })).status, 409);
  });

  it('happens once to a unit, whoever comes first: exchanges, refunds, and the last of the goods', async () => {
    for (let round = 0; round < 5; round += 1) {
      const order = await shipped({ mug: 1 });
      const before = await stock('vase');
      const exchange = { lines: [{ variantId: 'vase', quantity: 1 }] };
      const answers = await Promise.all([
        post(order.id, 'returns', { lines: back('mug'), exchange }),
        post(order.id, 'returns', { lines: back('mug'), exchange }),
        post(order.id, 'refund', { lines: [{ variantId: 'mug', quantity: 1 }] }),
      ]);
      assert.equal(answers.filter(({ status }) => status === 200).length, 1, JSON.stringify(answers));
      const [first, second] = answers;
      const won = [first, second].find((each) => each?.status === 200);
      const after = await until(order.id, ({ refunded }) => won !== undefined || refunded === 1500);
      assertBalanced(after);
      assert.equal((await stock('vase')).sold, before.sold + (won === undefined ? 0 : 1));
      if (won !== undefined) await done(order.id, `returns/${won.body.returns[0]?.id}/withdraw`);
      assert.deepEqual(await stock('vase'), before);
    }
    // Two orders, one vase.
    const [one, other] = [await shipped({ mug: 1 }), await shipped({ mug: 1 })];
    const exchange = { lines: [{ variantId: 'vase', quantity: 1 }] };
    const both = await Promise.all(
      [one, other].map(({ id }) => post(id, 'returns', { lines: back('mug'), exchange })),
    );
    assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 409]);
    assert.equal((await stock('vase')).sold, 1);
  });
});
