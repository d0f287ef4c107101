import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { claimCart } from '../claim.ts';
import { ADDRESS, startTestShop, type TestShop } from '../testing/shop.ts';
import type { Cart } from '../schemas.ts';

describe('what shoppers accept of a cart at once', () => {
  let shop: TestShop;
  let keys = 0;

  before(async () => {
    shop = await startTestShop();
    await shop.sell('mug', 1_000, 100);
    await shop.sell('cap', 2_000, 100, { prices: [{ amount: 2_000, currency: 'EUR' }] });
    await shop.host.platform.sql.transaction(shop.tenant, (tx) =>
      tx.emit({
        topic: 'catalog.price-list',
        type: 'catalog.price-list.upserted',
        key: 'pls_club',
        payload: {
          id: 'pls_club',
          version: 1,
          currency: 'EUR',
          groups: ['grp_club'],
          startsAt: null,
          endsAt: null,
          offBasisPoints: 1_000,
          enabled: true,
        },
      }),
    );
    await shop.host.events.settled();
  });
  after(() => shop.stop());

  const cartOf = async (units: Readonly<Record<string, number>>): Promise<Cart> => {
    const lines = Object.entries(units).map(([variantId, quantity]) => ({ variantId, quantity }));
    return (await shop.call<Cart>('POST', '/api/orders/carts', { body: { lines } })).body;
  };
  const patch = (id: string, body: object) =>
    shop.call<Cart & { code?: string }>('PATCH', `/api/orders/carts/${id}`, { body });
  const prices = ({ currency, lines }: Cart) =>
    lines.map(({ variantId, unitPrice, problem }) => {
      assert.equal(unitPrice.currency, currency);
      return [variantId, unitPrice.amount, problem];
    });
  const buy = (cartId: string) =>
    shop.call<{ code?: string; order?: { totals: { currency: string } } }>('POST', '/api/orders/checkout', {
      body: { cartId, email: 'ada@example.com', shippingAddress: ADDRESS },
      headers: { 'idempotency-key': `accepting-key-${(keys += 1)}` },
    });

  it('is another currency: its prices of today, and nothing for what has none in it', async () => {
    const { id } = await cartOf({ mug: 2, cap: 1 });
    const dollars = await patch(id, { currency: 'USD', email: 'ada@example.com' });
    assert.equal(dollars.status, 200, JSON.stringify(dollars.body));
    assert.deepEqual(prices(dollars.body), [
      ['cap', 0, 'unavailable'],
      ['mug', 1_100, undefined],
    ]);
    assert.equal(dollars.body.totals.subtotal, 2_200);
    assert.equal(dollars.body.email, 'ada@example.com');
    assert.equal((await buy(id)).body.code, 'conflict');
    const euros = await patch(id, { currency: 'EUR' });
    assert.deepEqual(prices(euros.body), [
      ['cap', 2_000, undefined],
      ['mug', 1_000, undefined],
    ]);
    await shop.call('DELETE', `/api/orders/carts/${id}/lines/cap`);
    await patch(id, { currency: 'USD' });
    const bought = await buy(id);
    assert.equal(bought.status, 201, JSON.stringify(bought.body));
    assert.equal(bought.body.order?.totals.currency, 'USD');
    assert.equal((await patch(id, { currency: 'EUR' })).status, 410, 'it is an order now');
  });

  it('is one of the shop’s currencies, and other changes accept nothing', async () => {
    const { id } = await cartOf({ mug: 1 });
    const yen = await patch(id, { currency: 'JPY' });
    assert.equal(yen.body.code, 'invalid_input');
    await shop.sell('mug', 1_200, 0, { version: 2 });
    assert.equal((await patch(id, { email: 'ada@example.com' })).body.lines[0]?.problem, 'price_changed');
    assert.equal((await patch(id, { currency: 'EUR' })).body.lines[0]?.problem, undefined);
    await shop.sell('mug', 1_000, 0, { version: 3 });
  });

  it('is what costs a customer less than they accepted as a guest, and not what has become dearer', async () => {
    const { sql, clock } = shop.host.platform;
    const seen = (id: string) =>
      shop.rows<{ variant_id: string; unit_price: string }>(
        'select variant_id, unit_price from shop.orders_cart_lines where cart_id = $1 order by variant_id',
        [id],
      );
    const { id } = await cartOf({ mug: 1, cap: 1 });
    await shop.sell('cap', 3_000, 0, { version: 2, prices: [{ amount: 3_000, currency: 'EUR' }] });
    await sql.transaction(shop.tenant, (tx) =>
      claimCart(tx, shop.tenant, 'cus_ada', id, { now: clock.now(), groups: ['grp_club'] }),
    );
    assert.deepEqual(
      (await seen(id)).map((line) => [line.variant_id, Number(line.unit_price)]),
      [
        ['cap', 2_000],
        ['mug', 900],
      ],
    );
  });
});
