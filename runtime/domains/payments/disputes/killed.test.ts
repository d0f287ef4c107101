/** Refunds that wait for a bank, and whose runtime is killed between any two steps: they go back once, or are the bank's. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { kill } from '../../../../tests/support/ended.ts';
import type { MerchantOrder } from '../../orders/schemas.ts';
import { MERCHANT, patiently, startKilledShop, type KilledShop } from '../../orders/testing/killed-shop.ts';
import { ask, payAsBrowser } from '../../orders/testing/shop.ts';
import type { Dispute } from './schemas.ts';

const DISPUTED_CARD = '4000000000000259';
let shop: KilledShop;

before(async () => {
  shop = await startKilledShop();
});
after(() => shop.stop());

/** As a merchant's program asks: with one key, until it is answered. */
function insist<T>(path: string, body: object | undefined, key: string): Promise<T> {
  return patiently(async () => {
    const answer = await ask<T>(shop.port, 'POST', path, {
      ...(body === undefined ? {} : { body }),
      headers: { ...MERCHANT, 'idempotency-key': `waits-${key}` },
    });
    return answer.status === 200 ? answer.body : undefined;
  });
}

function seen<T>(path: string, is: (found: T) => boolean): Promise<T> {
  return patiently(async () => {
    const { body } = await ask<T>(shop.port, 'GET', path, { headers: MERCHANT });
    return is(body) ? body : undefined;
  });
}

async function contestedOrder(): Promise<{ readonly at: string; readonly dispute: string }> {
  const placed = await shop.checkOut(await shop.newCart('contested', 5));
  assert.ok(placed !== 'out_of_stock');
  await patiently(async () => {
    const paid = await payAsBrowser(shop.origin, placed.payment, DISPUTED_CARD);
    return paid === 'requires_capture' || paid === 'payment_intent_unexpected_state' ? true : undefined;
  });
  const { disputes } = await seen<{ disputes: Dispute[] }>('/api/admin/payments/disputes?limit=100', (page) =>
    page.disputes.some(({ orderId }) => orderId === placed.order.id),
  );
  const found = disputes.find(({ orderId }) => orderId === placed.order.id);
  return {
    at: `/api/admin/orders/orders/${placed.order.id}`,
    dispute: `/api/admin/payments/disputes/${found?.id}`,
  };
}

test('what waits for a bank goes back once, or is the bank’s, wherever between two steps its runtime was killed', async (context) => {
  await shop.stock('contested', 1_000);
  const ended: { readonly at: string; readonly isWon: boolean }[] = [];
  const everyOne = process.env['ALL_PLACES'] === '1';
  const places = everyOne ? { step: 1 } : { step: 12, most: 4 };
  const { crashes } = await shop.inTurn(places, async (number, arm) => {
    const { at, dispute } = await contestedOrder();
    const isWon = number % 2 === 1;
    arm();
    const lines = [{ variantId: 'contested', quantity: 1 }];
    await insist<MerchantOrder>(`${at}/cancel-units`, { lines }, `units-${number}`);
    await seen<MerchantOrder>(at, ({ refunds }) => refunds[0]?.state === 'waiting');
    const text = isWon ? 'winning_evidence' : 'losing_evidence';
    await insist<Dispute>(`${dispute}/evidence`, { text }, `decided-${number}`);
    await seen<MerchantOrder>(at, ({ refunds }) => refunds[0]?.state === 'done');
    ended.push({ at, isWon });
  });
  context.diagnostic(`killed after each of ${crashes.join(', ')}`);
  assert.ok(crashes.length >= 1);
  const runtime = await shop.startRuntime();
  for (const { at, isWon } of ended) {
    const order = await seen<MerchantOrder>(at, ({ refunded }) => refunded > 0);
    const [refund] = order.refunds;
    assert.deepEqual(
      [order.refunds.length, refund?.amount, refund?.lost, order.refunded],
      isWon ? [1, 2000, 0, 2000] : [1, 2000, 2000, order.captured],
    );
  }
  await kill(runtime);
});
