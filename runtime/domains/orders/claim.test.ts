import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ShopError } from '../../platform/errors.ts';
import { claimCart } from './claim.ts';
import { startTestShop, type TestShop } from './testing/shop.ts';
import type { Cart } from './schemas.ts';

describe('a cart that is claimed at log-in', () => {
  let shop: TestShop;

  before(async () => {
    shop = await startTestShop();
    for (const id of ['mug', 'cap', 'pen']) await shop.sell(id, 1000, 100);
  });
  after(() => shop.stop());

  async function cartOf(lines: Readonly<Record<string, number>>, currency = 'EUR'): Promise<string> {
    const body = {
      currency,
      lines: Object.entries(lines).map(([variantId, quantity]) => ({ variantId, quantity })),
    };
    return (await shop.call<Cart>('POST', '/api/orders/carts', { body })).body.id;
  }

  function claim(customer: string, cartId?: string, groups: readonly string[] = []): Promise<string> {
    const { sql, clock } = shop.host.platform;
    return sql.transaction(shop.tenant, (tx) =>
      claimCart(tx, shop.tenant, customer, cartId, { now: clock.now(), groups }),
    );
  }

  async function linesOf(cartId: string): Promise<Record<string, number>> {
    const { body } = await shop.call<Cart>('GET', `/api/orders/carts/${cartId}`);
    return Object.fromEntries(body.lines.map(({ variantId, quantity }) => [variantId, quantity]));
  }

  const isMissing = (error: unknown): boolean => error instanceof ShopError && error.code === 'not_found';

  it('has what was in both, the larger quantity of what is in both, and nothing twice', async () => {
    const elsewhere = await cartOf({ mug: 3, cap: 1 });
    assert.equal(await claim('cus_ada', elsewhere), elsewhere);
    const here = await cartOf({ mug: 1, pen: 2 });
    assert.equal(await claim('cus_ada', here), here);
    assert.deepEqual(await linesOf(here), { mug: 3, cap: 1, pen: 2 });
    assert.equal((await shop.call('GET', `/api/orders/carts/${elsewhere}`)).status, 404);
    await claim('cus_ada', here);
    assert.deepEqual(await linesOf(here), { mug: 3, cap: 1, pen: 2 });
    assert.equal(await claim('cus_ada'), here, 'and is found on another device');
  });

  it('is one although two devices claim theirs at once', async () => {
    const carts = await Promise.all([cartOf({ mug: 1 }), cartOf({ cap: 2 }), cartOf({ pen: 3 })]);
    const claimed = await Promise.allSettled(carts.map((cart) => claim('cus_grace', cart)));
    assert.ok(claimed.some(({ status }) => status === 'fulfilled'));
    assert.deepEqual(await linesOf(await claim('cus_grace')), { mug: 1, cap: 2, pen: 3 });
  });

  it('keeps currencies apart', async () => {
    const dollars = await cartOf({ mug: 1 }, 'USD');
    await claim('cus_joan', dollars);
    const euros = await cartOf({ cap: 1 });
    await claim('cus_joan', euros);
    assert.deepEqual([await linesOf(euros), await linesOf(dollars)], [{ cap: 1 }, { mug: 1 }]);
  });

  it('is never another customer’s, nor a guest’s to claim', async () => {
    const cart = await cartOf({ mug: 1 });
    await claim('cus_mary', cart);
    await assert.rejects(claim('cus_eve', cart), isMissing);
    await assert.rejects(claim('cus_nobody'), isMissing);
    const guest = await shop.call('POST', '/api/orders/carts/claim', { body: { cartId: cart } });
    assert.equal(guest.status, 401);
  });
});
