import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ADDRESS, confirmedOrder, startTestShop, type Placed, type TestShop } from '../testing/shop.ts';
import type { Cart } from '../schemas.ts';

interface Journal {
  readonly entries: readonly {
    readonly at: string;
    readonly actor: string;
    readonly change: Readonly<Record<string, unknown>>;
  }[];
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly differences: readonly unknown[];
}
interface Check {
  readonly checked: number;
  readonly unknown: number;
  readonly differing: readonly { readonly orderId: string; readonly differences: readonly unknown[] }[];
  readonly nextCursor: string | null;
}

describe('the journal of an order', () => {
  let shop: TestShop;
  let keys = 0;
  before(async () => {
    shop = await startTestShop();
    await shop.sell('mug', 1500, 100);
  });
  after(() => shop.stop());

  async function paidOrder(): Promise<Placed> {
    const body = { lines: [{ variantId: 'mug', quantity: 2 }] };
    const { body: cart } = await shop.call<Cart>('POST', '/api/orders/carts', { body });
    const { body: placed } = await shop.call<Placed>('POST', '/api/orders/checkout', {
      body: { cartId: cart.id, email: 'ada@example.com', shippingAddress: ADDRESS },
      headers: { 'idempotency-key': `journal-key-${(keys += 1)}` },
    });
    await shop.pay(placed.payment);
    await confirmedOrder(shop, placed.order.id);
    return placed;
  }

  const journalOf = async (orderId: string, at = ''): Promise<Journal> =>
    (await shop.merchant<Journal>('GET', `/api/admin/orders/orders/${orderId}/journal${at}`)).body;
  const check = async (query = ''): Promise<Check> =>
    (await shop.merchant<Check>('GET', `/api/admin/orders/journals/check${query}`)).body;

  it('says who made what of it, and what it was at any moment', async () => {
    const { order } = await paidOrder();
    const { entries, facts, differences } = await journalOf(order.id);
    assert.deepEqual(differences, []);
    assert.equal(facts?.['status'], 'confirmed');
    assert.equal(facts?.['captured'], order.totals.total);
    const statuses = entries.flatMap(({ change }) => change['status'] ?? []);
    assert.deepEqual(statuses, ['authorized', 'confirmed']);
    const [first, ...later] = entries;
    assert.equal(first?.actor, 'shopper');
    assert.ok(later.every(({ actor }) => actor !== 'shopper'));
    const then = await journalOf(order.id, `?at=${encodeURIComponent(first.at)}`);
    assert.deepEqual([then.facts?.['status'], then.facts?.['captured']], ['pending_payment', 0]);
  });

  it('is opened by merchants, and there is none of an order that is not theirs', async () => {
    const { order } = await paidOrder();
    assert.equal((await shop.call('GET', `/api/admin/orders/orders/${order.id}/journal`)).status, 401);
    const nobodys = `ord_${'0'.repeat(32)}`;
    assert.equal((await shop.merchant('GET', `/api/admin/orders/orders/${nobodys}/journal`)).status, 404);
  });

  it('tells of an order that was changed behind its back, page by page', async () => {
    const { order } = await paidOrder();
    const all = await check();
    assert.deepEqual([all.differing, all.unknown, all.nextCursor], [[], 0, null]);
    const change = 'update shop.orders_orders set refunded = $2 where id = $1';
    await shop.rows(change, [order.id, 500]);
    try {
      const found: Check['differing'][number][] = [];
      let pages = 0;
      for (let cursor: string | null = ''; cursor !== null; pages += 1) {
        const page: Check = await check(`?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
        found.push(...page.differing);
        cursor = page.nextCursor;
      }
      assert.ok(pages >= all.checked);
      assert.deepEqual(found, [
        { orderId: order.id, differences: [{ fact: 'refunded', journal: 0, order: 500 }] },
      ]);
    } finally {
      await shop.rows(change, [order.id, 0]);
    }
  });
});
