import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ADDRESS, paidOrder, startTestShop, type TestShop } from '../testing/shop.ts';
import type { Cart, CheckoutResult, MerchantOrder, Order, StockLevel } from '../schemas.ts';

type Said = MerchantOrder & { readonly code?: string };

describe('a bundle in a shop', () => {
  let shop: TestShop;
  let keys = 0;

  before(async () => {
    shop = await startTestShop();
    await shop.sell('tent', 20_000, 40);
    await shop.sell('mat', 5_000, 60);
    await shop.sell('kit', 24_999, 0, {
      components: [
        { variantId: 'tent', quantity: 1 },
        { variantId: 'mat', quantity: 2 },
      ],
    });
    await shop.host.tasks.settled();
  });
  after(() => shop.stop());

  const key = (): Record<string, string> => ({ 'idempotency-key': `bundle-key-${(keys += 1)}` });
  const post = (id: string, path: string, body: object = {}) =>
    shop.merchant<Said>('POST', `/api/admin/orders/orders/${id}/${path}`, { body, headers: key() });
  const cartOf = async (units: Record<string, number>): Promise<Cart> => {
    const lines = Object.entries(units).map(([variantId, quantity]) => ({ variantId, quantity }));
    return (await shop.call<Cart>('POST', '/api/orders/carts', { body: { lines } })).body;
  };
  const checkOut = (cartId: string) =>
    shop.call<CheckoutResult & { code?: string; problems?: { where: string; what: string }[] }>(
      'POST',
      '/api/orders/checkout',
      { body: { cartId, email: 'ada@example.com', shippingAddress: ADDRESS }, headers: key() },
    );
  const level = async (variantId: string): Promise<StockLevel> => {
    const { body } = await shop.merchant<{ stock: StockLevel[] }>(
      'GET',
      `/api/admin/orders/stock?variantIds=${variantId}`,
    );
    assert.ok(body.stock[0]);
    return body.stock[0];
  };
  const free = async (variantId: string): Promise<number> => (await level(variantId)).available;
  const restock = async (variantId: string, onHand: number): Promise<void> => {
    const { status, body } = await shop.merchant('POST', `/api/admin/orders/stock/${variantId}`, {
      body: { onHand },
      headers: key(),
    });
    assert.equal(status, 200, JSON.stringify(body));
  };
  const availability = async (variantId: string): Promise<string | undefined> =>
    (
      await shop.call<{ stock: { availability: string }[] }>(
        'GET',
        `/api/orders/stock?variantIds=${variantId}`,
      )
    ).body.stock[0]?.availability;

  it('shows what is in it, and can be had as often as its scarcest part is good for', async () => {
    const cart = await cartOf({ kit: 3 });
    const [line] = cart.lines;
    assert.deepEqual(
      line?.parts?.map(({ variantId, title, quantity }) => [variantId, title, quantity]),
      [
        ['tent', 'Product tent', 1],
        ['mat', 'Product mat', 2],
      ],
    );
    assert.equal(line.unitPrice.amount, 24_999);
    assert.equal(line.problem, undefined);
    assert.equal((await cartOf({ kit: 31 })).lines[0]?.problem, 'insufficient_stock');
    assert.equal(await availability('kit'), 'in_stock');
    assert.equal(
      (await cartOf({ mat: 59, kit: 1 })).lines.find(({ variantId }) => variantId === 'mat')?.problem,
      'insufficient_stock',
      'what the kit before it takes is not there for it',
    );
  });

  it('takes its parts: held, sold, shipped as the wholes or the parts that a merchant names', async () => {
    const [tents, mats] = [await level('tent'), await level('mat')];
    const order = await paidOrder(shop, { kit: 2, mat: 1 });
    assert.deepEqual(
      [(await level('tent')).sold, (await level('mat')).sold],
      [tents.sold + 2, mats.sold + 5],
    );
    assert.equal(
      (await post(order.id, 'fulfilments', { lines: [{ variantId: 'kit', quantity: 3 }] })).status,
      409,
    );
    const one = await post(order.id, 'fulfilments', { lines: [{ variantId: 'kit', quantity: 1 }] });
    assert.equal(one.body.fulfilment, 'partial', JSON.stringify(one.body));
    assert.deepEqual(one.body.fulfilments[0]?.lines, [
      { variantId: 'tent', bundle: 'kit', quantity: 1 },
      { variantId: 'mat', bundle: 'kit', quantity: 2 },
    ]);
    const kit = (said: Said) => said.lines.find(({ variantId }) => variantId === 'kit');
    assert.equal(kit(one.body)?.shipped, 1);
    const tent = await post(order.id, 'fulfilments', { lines: [{ variantId: 'tent', quantity: 1 }] });
    assert.equal(kit(tent.body)?.shipped, 1, 'the second is not whole without its mats');
    assert.deepEqual(
      kit(tent.body)?.parts?.map(({ shipped }) => shipped),
      [2, 2],
    );
    const rest = await post(order.id, 'fulfilments');
    assert.equal(rest.body.status, 'fulfilled');
    assert.equal(kit(rest.body)?.shipped, 2);
    assert.deepEqual(
      [(await level('tent')).onHand, (await level('mat')).onHand],
      [tents.onHand - 2, mats.onHand - 5],
    );
  });

  it('comes back by its parts, each worth its share of what was paid, all together exactly that', async () => {
    const order = await paidOrder(shop, { kit: 1, mat: 1 });
    await post(order.id, 'fulfilments');
    const before = await free('mat');
    const asked = await shop.call<Order>('POST', `/api/orders/${order.id}/returns?token=${order.token}`, {
      body: { lines: [{ variantId: 'mat', bundle: 'kit', quantity: 1, reason: 'damaged' }] },
      headers: key(),
    });
    const id = asked.body.returns[0]?.id ?? '';
    await post(order.id, `returns/${id}/authorise`);
    await post(order.id, `returns/${id}/receive`);
    const found = { lines: [{ variantId: 'mat', accepted: 1, restock: 1 }] };
    assert.equal((await post(order.id, `returns/${id}/inspect`, found)).body.returns[0]?.state, 'inspected');
    assert.equal(await free('mat'), before + 1);
    // 24999 over 20000 + 2 × 5000: the mats were paid with 8333, of which one is worth 4166.
    const back = await post(order.id, `returns/${id}/refund`);
    assert.equal(back.body.refunded, 4_166);
    const rest = await post(order.id, 'refund', {
      lines: [
        { variantId: 'tent', quantity: 1 },
        { variantId: 'mat', bundle: 'kit', quantity: 1 },
      ],
    });
    assert.equal(rest.body.refunded, 24_999);
    const more = await post(order.id, 'refund', { lines: [{ variantId: 'kit', quantity: 1 }] });
    assert.equal(more.body.code, 'conflict');
    const own = await post(order.id, 'refund', { lines: [{ variantId: 'mat', quantity: 1 }] });
    assert.equal(own.body.refunded, 24_999 + 5_000, 'the one that was bought by itself, at its own price');
  });

  it('is given up as a whole before it leaves, and cancelled with all of its parts', async () => {
    const [tents, mats] = [await free('tent'), await free('mat')];
    const order = await paidOrder(shop, { kit: 2 });
    const given = await post(order.id, 'cancel-units', { lines: [{ variantId: 'kit', quantity: 1 }] });
    assert.equal(given.status, 200, JSON.stringify(given.body));
    assert.equal(given.body.refunded, 24_999);
    assert.equal(given.body.lines[0]?.cancelled, 1);
    assert.deepEqual([await free('tent'), await free('mat')], [tents - 1, mats - 2]);
    const cancelled = await post(order.id, 'cancel', {});
    assert.equal(cancelled.body.status, 'cancelled');
    assert.deepEqual([await free('tent'), await free('mat')], [tents, mats]);
  });

  it('is edited by the unit, with the units of its parts', async () => {
    const [tents, mats] = [await free('tent'), await free('mat')];
    const order = await paidOrder(shop, { tent: 1, kit: 1 });
    const edit = async (lines: object[]) => {
      const begun = await shop.merchant<{ id: string; version: number; lines: { parts?: object[] }[] }>(
        'POST',
        `/api/admin/orders/orders/${order.id}/edits`,
        { body: { lines }, headers: key() },
      );
      assert.equal(begun.status, 201, JSON.stringify(begun.body));
      const { id, version } = begun.body;
      return post(order.id, `edits/${id}/commit`, { version });
    };
    const three = await edit([{ variantId: 'kit', quantity: 3 }]);
    assert.equal(three.status, 200, JSON.stringify(three.body));
    assert.deepEqual([await free('tent'), await free('mat')], [tents - 4, mats - 6]);
    await post(order.id, 'fulfilments', { lines: [{ variantId: 'mat', quantity: 1 }] });
    const none = await shop.merchant<{ code: string }>('POST', `/api/admin/orders/orders/${order.id}/edits`, {
      body: { lines: [{ variantId: 'kit', quantity: 0 }] },
      headers: key(),
    });
    assert.equal(none.body.code, 'invalid_input', 'something of one of them has left');
    const one = await edit([{ variantId: 'kit', quantity: 1 }]);
    assert.equal(one.status, 200, JSON.stringify(one.body));
    assert.deepEqual([await free('tent'), await free('mat')], [tents - 2, mats - 2]);
    const rest = await post(order.id, 'fulfilments');
    assert.equal(rest.body.status, 'fulfilled');
  });

  it('cannot be bought while a part of it is not for sale, and says where goods are lacking', async () => {
    const cart = await cartOf({ kit: 1, tent: 1 });
    await shop.sell('mat', 5_000, 0, { published: false, version: 2 });
    const read = await shop.call<Cart>('GET', `/api/orders/carts/${cart.id}`);
    assert.equal(read.body.lines.find(({ variantId }) => variantId === 'kit')?.problem, 'unavailable');
    await shop.host.tasks.settled();
    assert.equal(await availability('kit'), 'out');
    assert.equal((await checkOut(cart.id)).body.code, 'conflict');
    await shop.sell('mat', 5_000, 0, { version: 3 });
    const sold = (await level('mat')).sold;
    await restock('mat', sold + 1);
    const lacking = await checkOut(cart.id);
    assert.equal(lacking.body.code, 'out_of_stock');
    assert.deepEqual(lacking.body.problems, [{ where: '/lines/kit', what: 'out_of_stock' }]);
    await restock('mat', sold + 40);
    assert.equal((await checkOut(cart.id)).status, 201);
  });

  it('has its coming and going told of, although none of its parts says more than that it is low', async () => {
    const told = async (): Promise<(string | undefined)[]> => {
      await shop.host.events.settled();
      await shop.host.tasks.settled();
      // A task tells of bundles, and what it tells is relayed afterwards.
      await shop.host.events.settled();
      return (
        await shop.rows<{ availability: string }>(
          `select payload ->> 'availability' as availability from shop.event_log
           where type = 'orders.stock.changed' and key = 'kit' order by position`,
        )
      ).map(({ availability: said }) => said);
    };
    await restock('mat', (await level('mat')).sold + (await level('mat')).held + 2);
    const before = await told();
    assert.equal(before.at(-1), 'low');
    await paidOrder(shop, { mat: 1 });
    assert.deepEqual(await told(), [...before, 'out'], 'one mat is left, and a kit needs two');
    await restock('mat', 500);
    await restock('tent', 500);
    assert.equal((await told()).at(-1), 'in_stock');
  });
});
