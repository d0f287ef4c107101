import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Platform } from '../../../platform/domain.ts';
import { createOrders } from '../service.ts';
import { SETTINGS } from '../settings.ts';
import { paidOrder, startTestShop, type TestShop } from '../testing/shop.ts';

describe('what locations cost a checkout', () => {
  /** Statements of each transaction, in the order in which they were sent. */
  const transactions: string[][] = [];
  let shop: TestShop;

  function counted(platform: Platform): Platform {
    const { sql } = platform;
    return {
      ...platform,
      sql: {
        ...sql,
        transaction: (tenant, work) =>
          sql.transaction(tenant, (tx) => {
            const statements: string[] = [];
            transactions.push(statements);
            return work({
              ...tx,
              query: (text, values) => {
                statements.push(text);
                return tx.query(text, values);
              },
            });
          }),
      },
    };
  }

  before(async () => {
    shop = await startTestShop({
      services: { orders: (platform) => createOrders(counted(platform), SETTINGS) },
    });
    await shop.sell('here', 1500, 10);
    await shop.sell('apart', 1500, 10);
  });
  after(() => shop.stop());

  async function statementsOfCheckout(variantId: string): Promise<number> {
    transactions.length = 0;
    await paidOrder(shop, { [variantId]: 2 });
    const made = transactions.filter((each) => each.some((text) => /insert into orders_orders/.test(text)));
    assert.equal(made.length, 1);
    return made[0]?.length ?? Number.NaN;
  }

  it('is nothing where the units lie at the main one, whatever other variants do', async () => {
    // The cart with all it depends on; the units, the cart's end and the order.
    assert.equal(await statementsOfCheckout('here'), 1);
    const { body: north } = await shop.merchant<{ id: string }>('POST', '/api/admin/orders/locations', {
      body: { name: 'North', priority: 1 },
      headers: { 'idempotency-key': 'cost-location-1' },
    });
    const moved = await shop.merchant('POST', '/api/admin/orders/stock/apart/transfer', {
      body: { from: 'main', to: north.id, quantity: 9 },
      headers: { 'idempotency-key': 'cost-transfer-1' },
    });
    assert.deepEqual(moved.body['levels'], [
      { locationId: 'main', onHand: 1, promised: 0, available: 1 },
      { locationId: north.id, onHand: 9, promised: 0, available: 9 },
    ]);
    assert.equal(await statementsOfCheckout('here'), 1);
  });

  it('is three statements more where they lie apart', async () => {
    assert.equal(await statementsOfCheckout('apart'), 4);
  });
});
