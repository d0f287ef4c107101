/** Several payments of one order, as the processor and orders see them; what one payment goes through is in orders' tests. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { ShopError } from '../../platform/errors.ts';
import { paidOrder, startTestShop, type TestShop } from '../orders/testing/shop.ts';
import { paymentOfCheckout, type Payment, type PaymentStart } from './schemas.ts';

describe('an order with several payments', () => {
  let shop: TestShop;
  /** What the processor says to a refund. */
  let refusal: ShopError | undefined;
  const token = 'a-token-of-the-order-0001';
  const tokenHash = createHash('sha256').update(token).digest('hex');

  before(async () => {
    shop = await startTestShop({
      between: (payments) => ({
        ...payments,
        refund: (...args) => (refusal === undefined ? payments.refund(...args) : Promise.reject(refusal)),
      }),
    });
    await shop.sell('mug', 1500, 100);
  });
  after(() => shop.stop());

  function ask<T>(operation: string, input: unknown): Promise<T> {
    return shop.host.platform.call<T>(shop.tenant, 'payments', operation, input);
  }

  async function surcharge(orderId: string, amount: number): Promise<PaymentStart> {
    const paymentId = shop.host.platform.newId('pay');
    return ask('createIntent', { paymentId, orderId, amount, currency: 'EUR', tokenHash });
  }

  const until = (orderId: string, paymentId: string, status: Payment['status']): Promise<Payment> =>
    shop.until(
      () => ask<Payment>('get', { orderId, paymentId }),
      (payment) => payment.status === status,
      `the payment is ${status}`,
    );

  async function withSurcharge(amount: number): Promise<{ orderId: string; second: string; first: string }> {
    const { id: orderId } = await paidOrder(shop, { mug: 1 });
    const started = await surcharge(orderId, amount);
    assert.equal(await shop.pay(started), 'requires_capture');
    await until(orderId, started.paymentId, 'authorized');
    await ask('capture', { orderId, paymentId: started.paymentId });
    return { orderId, first: paymentOfCheckout(orderId), second: started.paymentId };
  }

  it('captures each once, although every webhook comes four times and out of order', async () => {
    await shop.knobs({ duplicates: 3, shuffleMs: 100 });
    const { orderId, first, second } = await withSurcharge(700);
    assert.equal((await until(orderId, second, 'captured')).captured, 700);
    await shop.host.events.settled();
    const told = await shop.rows<{ payment: string; times: number }>(
      `select payload ->> 'paymentId' as payment, count(*)::int as times from shop.event_log
       where type = 'payments.payment.captured' and key = $1 group by 1 order by 1`,
      [orderId],
    );
    assert.deepEqual(told, [
      { payment: first, times: 1 },
      { payment: second, times: 1 },
    ]);
    await shop.knobs({});
  });

  it('returns from the newest first, the same wish once, and never more than all took', async () => {
    const { orderId, first, second } = await withSurcharge(700);
    const refund = (amount: number, key: string) =>
      ask<{ payments: Payment[] }>('refund', { orderId, amount, key });
    const shown = ({ payments }: { payments: Payment[] }) =>
      payments
        .toSorted((a, b) => (a.paymentId < b.paymentId ? 1 : -1))
        .map((payment) => [payment.paymentId, payment.refunded]);
    assert.deepEqual(shown(await refund(200, 'one')), [[second, 200]]);
    const over = await refund(900, 'two');
    assert.deepEqual(shown(over), [
      [second, 700],
      [first, 400],
    ]);
    assert.deepEqual(shown(await refund(900, 'two')), shown(over));
    const left = 1500 + 490 - 400;
    await assert.rejects(refund(left + 1, 'three'), { code: 'conflict' });
    assert.deepEqual(shown(await refund(left, 'four')), [[first, 1990]]);
  });

  it('takes what the processor refuses from nothing that is left', async () => {
    const { orderId } = await withSurcharge(700);
    refusal = new ShopError('invalid_input', 'The charge is too old to be refunded.');
    await assert.rejects(ask('refund', { orderId, amount: 700, key: 'refused' }), refusal);
    refusal = undefined;
    const { payments } = await ask<{ payments: Payment[] }>('refund', { orderId, amount: 2690, key: 'all' });
    assert.equal(
      payments.reduce((sum, { refunded }) => sum + refunded, 0),
      2690,
    );
  });

  it('shows a shopper the first, or the one they name, with the token of that one', async () => {
    const { orderId, second } = await withSurcharge(700);
    const of = (query: string) => shop.call<Payment>('GET', `/api/payments/orders/${orderId}?${query}`);
    const seen = await of(`token=${token}&paymentId=${second}`);
    assert.equal(seen.body.amount, 700);
    assert.equal((await of(`token=${token}`)).status, 404, 'the first one has another token');
    const other = await paidOrder(shop, { mug: 1 });
    const path = `/api/payments/orders/${other.id}?token=${token}&paymentId=${second}`;
    assert.equal((await shop.call('GET', path)).status, 404, 'of another order');
    await assert.rejects(ask('get', { orderId: other.id, paymentId: second }), { code: 'not_found' });
  });

  it('knows payments from before they had ids by their orders', async () => {
    const { admin } = shop.database;
    const client = await admin.connect();
    const run = async (file: string): Promise<void> => {
      const text = await readFile(new URL(`./migrations/${file}.sql`, import.meta.url), 'utf8');
      await client.query(text);
    };
    await client.query('begin; create schema before; set local search_path = before');
    await run('001-payments');
    const orderId = `ord_${'ab'.repeat(16)}`;
    await client.query(
      `insert into payments_payments (tenant_id, order_id, status, amount, currency, created_at, updated_at)
       values ('acme', $1, 'pending', 5, 'EUR', now(), now())`,
      [orderId],
    );
    await client.query(`insert into payments_refunds values ('acme', $1, 'a-key', 5, 'done', now())`, [
      orderId,
    ]);
    await run('002-trace');
    await run('003-payment-ids');
    const { rows } = await client.query(
      'select p.id, r.payment_id from payments_payments p join payments_refunds r using (tenant_id, order_id)',
    );
    await client.query('rollback');
    client.release();
    const id = paymentOfCheckout(orderId);
    assert.deepEqual(rows, [{ id, payment_id: id }]);
  });
});
