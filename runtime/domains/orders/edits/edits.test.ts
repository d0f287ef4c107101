/** Paid orders that are edited, hosted: what becomes of lines, units and money, and who may do it when. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { confirmedOrder, paidOrder, startTestShop, type TestShop } from '../testing/shop.ts';
import type { MerchantOrder, Order, PaymentStart } from '../schemas.ts';
import type { Edit, EditLine } from './schemas.ts';

interface Refusal {
  readonly detail: string;
  readonly problems?: readonly { readonly where: string; readonly what: string }[];
}

describe('editing a paid order', () => {
  let shop: TestShop;
  let keys = 0;

  before(async () => {
    shop = await startTestShop();
    await shop.sell('mug', 1500, 100);
    await shop.sell('bowl', 2500, 100);
    await shop.sell('vase', 4000, 2);
  });
  after(() => shop.stop());

  function ask<T>(method: string, path: string, body?: unknown) {
    const headers = { 'idempotency-key': `edit-test-${(keys += 1)}` };
    return shop.merchant<T>(method, `/api/admin/orders/orders/${path}`, { body, headers });
  }

  async function begun(orderId: string, lines: readonly EditLine[], reason?: string): Promise<Edit> {
    const { status, body } = await ask<Edit>('POST', `${orderId}/edits`, { lines, reason });
    assert.equal(status, 201, JSON.stringify(body));
    return body;
  }

  async function committed(edit: Edit, more: object = {}): Promise<MerchantOrder> {
    const path = `${edit.orderId}/edits/${edit.id}/commit`;
    const { status, body } = await ask<MerchantOrder>('POST', path, { version: edit.version, ...more });
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }

  async function edited(orderId: string, lines: readonly EditLine[], more: object = {}) {
    return committed(await begun(orderId, lines), more);
  }

  async function read(orderId: string): Promise<MerchantOrder> {
    await shop.host.events.settled();
    await shop.host.tasks.settled();
    return confirmedOrder(shop, orderId);
  }

  const until = (orderId: string, is: (order: MerchantOrder) => boolean): Promise<MerchantOrder> =>
    shop.order(orderId, is, `the order is so: ${String(is)}`);

  async function pay(order: { id: string; token: string }): Promise<PaymentStart> {
    const path = `/api/orders/${order.id}/payment?token=${order.token}`;
    const { status, body } = await shop.call<PaymentStart>('POST', path);
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(await shop.pay(body), 'requires_capture');
    return body;
  }

  async function sold(variantId: string): Promise<number> {
    const [row] = await shop.rows<{ sold: number }>(
      'select sold from shop.orders_stock where variant_id = $1',
      [variantId],
    );
    return row?.sold ?? -1;
  }

  /** What was ever to be paid is what was paid and what is owed; what went back is within what was paid. */
  function assertBalanced(order: Order): void {
    const { totals, captured, outside, lowered, owed } = order;
    assert.equal(totals.total + lowered, totals.gift + outside + captured + owed, JSON.stringify(order));
    assert.ok(order.refunded <= captured && order.outsideRefunded <= outside);
  }

  const amounts = (order: Order) => [order.totals.total, order.captured, order.refunded, order.owed];

  it('shows what it would come to, and changes nothing until it is committed', async () => {
    const order = await paidOrder(shop, { mug: 2 });
    const edit = await begun(order.id, [{ variantId: 'bowl', quantity: 1 }]);
    assert.equal(edit.outcome?.before.total, 3490);
    assert.equal(edit.outcome?.after.total, 5990);
    assert.equal(edit.outcome?.owed, 2500);
    assert.deepEqual(edit.outcome?.added, [{ variantId: 'bowl', quantity: 1 }]);
    assert.deepEqual(
      edit.lines?.map((line) => [line.variantId, line.quantity]),
      [
        ['mug', 2],
        ['bowl', 1],
      ],
    );
    assert.deepEqual(amounts(await read(order.id)), [3490, 3490, 0, 0]);
    assert.equal(await sold('bowl'), 0);
    const withdrawn = await ask<Edit>('POST', `${order.id}/edits/${edit.id}/withdraw`);
    assert.equal(withdrawn.body.state, 'withdrawn');
    assert.equal((await ask('POST', `${order.id}/edits/${edit.id}/commit`, { version: 2 })).status, 409);
  });

  it('takes units and asks the shopper for the difference, which a payment of its own brings', async () => {
    const order = await paidOrder(shop, { mug: 1 });
    const before = await sold('bowl');
    const dearer = await edited(order.id, [
      { variantId: 'mug', quantity: 3 },
      { variantId: 'bowl', quantity: 2 },
    ]);
    assert.deepEqual(amounts(dearer), [9990, 1990, 0, 8000]);
    assert.equal(await sold('bowl'), before + 2);
    assertBalanced(dearer);
    assert.deepEqual(
      dearer.lines.map(({ variantId, quantity }) => [variantId, quantity]),
      [
        ['mug', 3],
        ['bowl', 2],
      ],
    );
    const seen = await shop.call<Order>('GET', `/api/orders/${order.id}?token=${order.token}`);
    assert.equal(seen.body.owed, 8000);
    const payment = await pay(order);
    assert.notEqual(payment.paymentId, order.id.replace('ord_', 'pay_'));
    const paid = await until(order.id, ({ owed }) => owed === 0);
    assert.deepEqual(amounts(paid), [9990, 9990, 0, 0]);
    assert.deepEqual(
      paid.surcharges.map(({ id, amount, status, captured }) => ({ id, amount, status, captured })),
      [{ id: payment.paymentId, amount: 8000, status: 'captured', captured: 8000 }],
    );
    assertBalanced(paid);
    assert.equal(
      (await shop.call('POST', `/api/orders/${order.id}/payment?token=${order.token}`)).status,
      409,
      'nothing is owed any more',
    );
    const refund = await ask<MerchantOrder>('POST', `${order.id}/refund`, {});
    assert.equal(refund.body.status, 'refunded');
    assert.equal(refund.body.refunded, 9990);
  });

  it('lets units go and returns what it is cheaper by', async () => {
    const order = await paidOrder(shop, { mug: 3, bowl: 1 });
    const [mugs, bowls] = [await sold('mug'), await sold('bowl')];
    const cheaper = await edited(order.id, [
      { variantId: 'mug', quantity: 1 },
      { variantId: 'bowl', quantity: 0 },
    ]);
    const settled = await until(order.id, ({ refunded }) => refunded > 0);
    assert.deepEqual(amounts(settled), [1990, 7490, 5500, 0]);
    assert.equal(settled.lowered, 5500);
    assert.equal(settled.status, 'partially_refunded');
    assert.deepEqual([await sold('mug'), await sold('bowl')], [mugs - 2, bowls - 1]);
    assert.deepEqual(
      cheaper.lines.map(({ variantId, quantity }) => [variantId, quantity]),
      [['mug', 1]],
    );
    assertBalanced(settled);
    const shipped = await ask<MerchantOrder>('POST', `${order.id}/fulfilments`, {});
    assert.equal(shipped.body.fulfilment, 'shipped');
    const rest = await ask<MerchantOrder>('POST', `${order.id}/refund`, {
      lines: [{ variantId: 'mug', quantity: 1 }],
    });
    assert.equal(rest.body.refunded, 5500 + 1500);
  });

  it('takes a discount off a line, which the order then names', async () => {
    const order = await paidOrder(shop, { mug: 2 });
    const discount = { basisPoints: 1000, reason: 'a scratch' };
    const cheaper = await edited(order.id, [{ variantId: 'mug', quantity: 2, discount }]);
    assert.equal(cheaper.totals.total, 3190);
    assert.deepEqual(
      cheaper.totals.discounts.map(({ title, amount }) => [title, amount]),
      [['a scratch', 300]],
    );
    assert.equal((await until(order.id, ({ refunded }) => refunded > 0)).refunded, 300);
    const again = await edited(order.id, [{ variantId: 'mug', quantity: 1 }]);
    assert.equal(again.totals.discount, 150, 'units take their share of it along');
  });

  it('spares what is owed before it returns anything', async () => {
    const order = await paidOrder(shop, { mug: 1 });
    await edited(order.id, [{ variantId: 'bowl', quantity: 2 }]);
    const less = await edited(order.id, [{ variantId: 'bowl', quantity: 1 }]);
    assert.deepEqual(amounts(less), [4490, 1990, 0, 2500]);
    assert.deepEqual(
      less.surcharges.map(({ amount, wanted }) => [amount, wanted]),
      [
        [5000, false],
        [2500, true],
      ],
    );
    const none = await edited(order.id, [
      { variantId: 'bowl', quantity: 0 },
      { variantId: 'mug', quantity: 1, discount: { amount: 500, reason: 'sorry' } },
    ]);
    assert.deepEqual(amounts(none).slice(0, 2), [1490, 1990]);
    const settled = await until(order.id, ({ refunded }) => refunded > 0);
    assert.deepEqual(amounts(settled), [1490, 1990, 500, 0]);
    assertBalanced(settled);
    await until(order.id, ({ surcharges }) => surcharges.every(({ status }) => status === 'cancelled'));
  });

  it('cancels a payment that an edit has done without, even where the shopper has begun it', async () => {
    const order = await paidOrder(shop, { mug: 1 });
    await edited(order.id, [{ variantId: 'bowl', quantity: 1 }]);
    const path = `/api/orders/${order.id}/payment?token=${order.token}`;
    const { body: begun } = await shop.call<PaymentStart>('POST', path);
    await edited(order.id, [{ variantId: 'bowl', quantity: 0 }]);
    await until(order.id, ({ surcharges }) => surcharges.every(({ status }) => status === 'cancelled'));
    assert.notEqual(await shop.pay(begun), 'requires_capture');
    assert.deepEqual(amounts(await read(order.id)), [1990, 1990, 0, 0]);
  });

  it('notes what was paid by other means, with the edit or later', async () => {
    const order = await paidOrder(shop, { mug: 1 });
    const paid = { means: 'cash', reference: 'till 3' };
    const first = await edited(order.id, [{ variantId: 'mug', quantity: 2 }], { paid });
    assert.deepEqual([first.outside, first.owed, first.captured], [1500, 0, 1990]);
    assert.match(first.history.at(-1)?.reason ?? '', /Edited.*cash till 3/);
    await edited(order.id, [{ variantId: 'mug', quantity: 3 }]);
    const second = await ask<MerchantOrder>('POST', `${order.id}/pay-owed`, { means: 'bank_transfer' });
    assert.deepEqual([second.body.outside, second.body.owed], [3000, 0]);
    assertBalanced(second.body);
    await until(order.id, ({ surcharges }) => surcharges.every(({ status }) => status === 'cancelled'));
    const cancelled = await ask<MerchantOrder>('POST', `${order.id}/cancel`, {});
    assert.equal(cancelled.body.status, 'cancelled');
    assert.deepEqual([cancelled.body.refunded, cancelled.body.outsideRefunded], [1990, 3000]);
  });

  it('returns all payments of an order that is cancelled, and asks for none any more', async () => {
    const order = await paidOrder(shop, { mug: 1 });
    await edited(order.id, [{ variantId: 'mug', quantity: 2 }]);
    await pay(order);
    await until(order.id, ({ owed }) => owed === 0);
    await edited(order.id, [{ variantId: 'mug', quantity: 3 }]);
    const { body } = await ask<MerchantOrder>('POST', `${order.id}/cancel`, {});
    assert.equal(body.status, 'cancelled');
    const over = await until(order.id, ({ refunded, captured }) => refunded === captured);
    assert.equal(over.captured, 3490);
    assert.equal(over.owed, 0);
    await until(order.id, ({ surcharges }) => surcharges.at(-1)?.status === 'cancelled');
    assert.equal(
      (await shop.call('POST', `/api/orders/${order.id}/payment?token=${order.token}`)).status,
      409,
    );
  });

  it('leaves what has left: no fewer units than that, and nothing of what has left as a whole', async () => {
    const order = await paidOrder(shop, { mug: 2, bowl: 1 });
    const lines = [{ variantId: 'mug', quantity: 1 }];
    await ask('POST', `${order.id}/fulfilments`, { lines });
    const tooFew = await ask<Refusal>('POST', `${order.id}/edits`, {
      lines: [{ variantId: 'mug', quantity: 0 }],
    });
    assert.equal(tooFew.status, 400);
    assert.match(tooFew.body.problems?.[0]?.what ?? '', /at least 1/);
    const rest = await edited(order.id, [
      { variantId: 'mug', quantity: 1 },
      { variantId: 'bowl', quantity: 0 },
    ]);
    assert.equal(rest.fulfilment, 'shipped', 'all that is left of it has left');
    const late = await ask<Refusal>('POST', `${order.id}/edits`, { lines: [] });
    assert.equal(late.status, 409);
    assert.match(late.body.detail, /cannot be edited/);
  });

  it('has nothing for units that are not there, and leaves the order as it was', async () => {
    const order = await paidOrder(shop, { vase: 1 });
    const edit = await begun(order.id, [
      { variantId: 'vase', quantity: 3 },
      { variantId: 'mug', quantity: 1 },
    ]);
    const mugs = await sold('mug');
    const { status, body } = await ask<Refusal>('POST', `${order.id}/edits/${edit.id}/commit`, {
      version: 1,
    });
    assert.equal(status, 409);
    assert.match(body.detail, /not enough of Product vase/);
    assert.equal(await sold('mug'), mugs);
    assert.deepEqual(amounts(await read(order.id)), [4490, 4490, 0, 0]);
  });

  it('is open once at a time, and refused when the order has moved on beneath it', async () => {
    const order = await paidOrder(shop, { mug: 2 });
    const edit = await begun(order.id, [{ variantId: 'mug', quantity: 1 }]);
    const second = await ask<Refusal>('POST', `${order.id}/edits`, { lines: [] });
    assert.equal(second.status, 409);
    assert.match(second.body.detail, /is open/);
    await ask('POST', `${order.id}/fulfilments`, { lines: [{ variantId: 'mug', quantity: 1 }] });
    const stale = await ask<Refusal>('POST', `${order.id}/edits/${edit.id}/commit`, { version: 1 });
    assert.equal(stale.status, 409);
    assert.match(stale.body.detail, /moved on/);
    const seen = await ask<Edit>('GET', `${order.id}/edits/${edit.id}`);
    assert.equal(seen.body.stale, true);
    const lines = [{ variantId: 'mug', quantity: 1 }];
    const anew = await ask<Edit>('PUT', `${order.id}/edits/${edit.id}`, { version: 1, lines });
    assert.equal(anew.body.stale, false);
    const unexpected = { version: 2, expectedTotal: 1 };
    assert.equal((await ask('POST', `${order.id}/edits/${edit.id}/commit`, unexpected)).status, 409);
    const made = await committed(anew.body, { expectedTotal: 1990 });
    assert.equal(made.fulfilment, 'shipped');
    const all = await ask<{ edits: Edit[] }>('GET', `${order.id}/edits`);
    assert.deepEqual(
      all.body.edits.map(({ state, outcome }) => [state, outcome?.after.total]),
      [['committed', 1990]],
    );
  });

  it('refuses what cannot be, naming each line', async () => {
    const order = await paidOrder(shop, { mug: 1 });
    const tried = async (lines: readonly EditLine[]): Promise<string> => {
      const { status, body } = await ask<Refusal>('POST', `${order.id}/edits`, { lines });
      assert.equal(status, 400, JSON.stringify(body));
      return body.problems?.map(({ where, what }) => `${where} ${what}`).join() ?? '';
    };
    assert.match(await tried([{ variantId: 'mug', quantity: 0 }]), /nothing is left/);
    assert.match(
      await tried([{ variantId: 'no-such', quantity: 1 }]),
      /neither in the order nor in the shop/,
    );
    assert.match(await tried([{ variantId: 'mug', quantity: 1, unitPrice: 5 }]), /keeps its price/);
    assert.match(await tried([{ variantId: 'bowl', quantity: 0 }]), /has none of it/);
  });

  it('is made once, however often and by however many it is asked for', async () => {
    const order = await paidOrder(shop, { mug: 1 });
    const edit = await begun(order.id, [{ variantId: 'mug', quantity: 2 }]);
    const before = await sold('mug');
    const path = `${order.id}/edits/${edit.id}/commit`;
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => ask<MerchantOrder>('POST', path, { version: 1 })),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 200],
    );
    assert.equal(await sold('mug'), before + 1);
    assert.equal((await read(order.id)).surcharges.length, 1);
  });

  it('ends in order whoever comes first: an edit, a parcel, a refund or a cancelling', async () => {
    for (let round = 0; round < 6; round += 1) {
      const before = await sold('bowl');
      const order = await paidOrder(shop, { bowl: 2 });
      const edit = await begun(order.id, [{ variantId: 'bowl', quantity: round % 2 === 0 ? 1 : 4 }]);
      await Promise.all([
        ask('POST', `${order.id}/edits/${edit.id}/commit`, { version: 1 }),
        ask('POST', `${order.id}/fulfilments`, { lines: [{ variantId: 'bowl', quantity: 1 }] }),
        ask('POST', `${order.id}/refund`, { amount: 700 }),
        ask('POST', `${order.id}/cancel`, {}),
      ]);
      const rest = await until(order.id, ({ status, captured, refunded, surcharges }) => {
        const isOver = status === 'cancelled';
        const idle = surcharges.every((each) =>
          each.wanted && !isOver ? true : each.status === 'cancelled',
        );
        return idle && (!isOver || refunded === captured);
      });
      if (rest.status !== 'cancelled') assertBalanced(rest);
      const waits = rest.lines.reduce((sum, line) => sum + line.quantity - line.shipped - line.cancelled, 0);
      assert.equal(await sold('bowl'), before + (rest.status === 'cancelled' ? 0 : waits));
    }
  });
});
