import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { paidOrder, startTestShop, type TestShop } from '../testing/shop.ts';
import type { FulfilmentEvent, MerchantOrder } from '../schemas.ts';

describe('parcels, in a shop', () => {
  let shop: TestShop;
  let keys = 0;

  before(async () => {
    shop = await startTestShop();
    await shop.sell('mug', 1500, 100);
    await shop.sell('pot', 4000, 100);
  });
  after(() => shop.stop());

  function ship(orderId: string, body: object, key = `parcel-key-${(keys += 1)}`) {
    return shop.merchant<MerchantOrder & { code?: string }>(
      'POST',
      `/api/admin/orders/orders/${orderId}/fulfilments`,
      { body, headers: { 'idempotency-key': key } },
    );
  }

  function levelOf(variantId: string): Promise<unknown> {
    return shop
      .rows('select on_hand, held, sold from shop.orders_stock where variant_id = $1', [variantId])
      .then(([row]) => row);
  }

  it('leave one after the other until nothing waits, and arrive one after the other', async () => {
    const { id } = await paidOrder(shop, { mug: 3, pot: 1 });
    const first = await ship(id, {
      lines: [{ variantId: 'mug', quantity: 2 }],
      carrier: 'DHL',
      trackingNumber: '77',
      trackingUrl: 'https://carrier.example/77',
    });
    assert.equal(first.body.status, 'partially_fulfilled');
    assert.equal(first.body.fulfilment, 'partial');
    assert.equal(first.body.stock, 'partly_shipped');
    assert.equal(first.body.tracking, '77');
    assert.deepEqual(first.body.lines.map(({ variantId, shipped }) => [variantId, shipped]).toSorted(), [
      ['mug', 2],
      ['pot', 0],
    ]);
    assert.deepEqual(await levelOf('mug'), { on_hand: 98, held: 0, sold: 1 });

    const second = await ship(id, { carrier: 'UPS' });
    assert.equal(second.body.status, 'fulfilled');
    assert.equal(second.body.fulfilment, 'shipped');
    assert.deepEqual(
      second.body.fulfilments[1]?.lines.toSorted((a, b) => a.variantId.localeCompare(b.variantId)),
      [
        { variantId: 'mug', quantity: 1 },
        { variantId: 'pot', quantity: 1 },
      ],
    );
    assert.deepEqual(await levelOf('mug'), { on_hand: 97, held: 0, sold: 0 });
    assert.equal((await ship(id, {})).status, 409);

    const [one, two] = second.body.fulfilments;
    const arrive = (parcel: string | undefined, body: object) =>
      shop.merchant<MerchantOrder>('PATCH', `/api/admin/orders/orders/${id}/fulfilments/${parcel}`, { body });
    assert.equal((await arrive(one?.id, { delivered: true })).body.status, 'fulfilled');
    assert.equal((await arrive(two?.id, { trackingNumber: '1Z' })).body.fulfilments[1]?.trackingNumber, '1Z');
    const arrived = await arrive(two?.id, { delivered: true });
    assert.equal(arrived.body.status, 'delivered');
    assert.deepEqual((await arrive(two?.id, { delivered: true })).body.fulfilments, arrived.body.fulfilments);
    assert.equal((await arrive(`ful_${'0'.repeat(32)}`, { delivered: true })).status, 404);

    await shop.host.events.settled();
    const told = await shop.rows<{ type: string; payload: FulfilmentEvent }>(
      `select type, payload from shop.event_log where key = $1 and type like 'orders.order.fulfil%' order by position`,
      [id],
    );
    assert.deepEqual(
      told.map(({ type, payload }) => [type, payload.fulfilment?.carrier]),
      [
        ['orders.order.fulfilment_shipped', 'DHL'],
        ['orders.order.fulfilled', undefined],
        ['orders.order.fulfilment_shipped', 'UPS'],
        ['orders.order.fulfilment_delivered', 'DHL'],
        ['orders.order.fulfilment_delivered', 'UPS'],
      ],
    );
  });

  it('leave once for each key, and never with more than waits', async () => {
    const { id } = await paidOrder(shop, { mug: 2 });
    const one = { lines: [{ variantId: 'mug', quantity: 1 }] };
    await Promise.all(Array.from({ length: 4 }, () => ship(id, one, 'the-same-parcel')));
    const { body } = await ship(id, one, 'the-same-parcel');
    assert.equal(body.fulfilments.length, 1);
    const refused = await ship(id, { lines: [{ variantId: 'mug', quantity: 2 }] });
    assert.equal(refused.body.code, 'conflict');
    assert.equal((await ship(id, { lines: [{ variantId: 'pot', quantity: 1 }] })).status, 409);
    const rivals = await Promise.all(Array.from({ length: 5 }, () => ship(id, one)));
    assert.equal(rivals.filter(({ status }) => status === 200).length, 1);
  });

  it('end the time in which the whole order may be cancelled', async () => {
    const { id } = await paidOrder(shop, { mug: 2 });
    await ship(id, { lines: [{ variantId: 'mug', quantity: 1 }] });
    const refused = await shop.merchant('POST', `/api/admin/orders/orders/${id}/cancel`, { body: {} });
    assert.equal(refused.body['code'], 'illegal_transition');
  });
});
