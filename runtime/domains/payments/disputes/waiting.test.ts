/**
 * What a deed is to be paid back for while a bank contests the payment: it waits, goes back by itself once the bank has decided for the shop, and
 * is lowered by what the bank took.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { until } from '../../../../tests/support/wait.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { Payments, PaymentWebhook } from '../../../platform/ports.ts';
import type { MerchantOrder } from '../../orders/schemas.ts';
import { paidOrder, startTestShop, type TestShop } from '../../orders/testing/shop.ts';
import type { PaymentStart } from '../schemas.ts';
import type { DisputeStatus } from './schemas.ts';

const LONG = 30_000;
const UNITS = 6;

/** Behind each request a task goes on with what it could not finish; by then it has. */
const BEHIND_REQUEST_MS = 10_000;

type End = Extract<DisputeStatus, 'won' | 'lost'>;
interface Contested {
  readonly intentId: string;
  readonly reference: string;
  readonly amount: number;
}

/** A shop whose payments are contested, and decided upon, when a test says so. */
async function shopWithBank() {
  const messages = new Map<string, PaymentWebhook>();
  /** Intents that a bank contests now; of these a processor returns nothing. */
  const contested = new Set<string>();
  /** Keys: what is asked for twice under one is one refund. */
  const returned = new Set<string>();
  let told = 0;
  let aheadMs = 0;
  const shop: TestShop = await startTestShop({
    clock: { now: () => new Date(Date.now() + aheadMs) },
    // What the processor does not know of is not to be looked for there.
    payments: { quietSeconds: 3_600 },
    between: (payments): Payments => ({
      ...payments,
      retrieve: async (...which) => ({
        ...(await payments.retrieve(...which)),
        ...(contested.has(which[1]) ? { disputed: true } : {}),
      }),
      async refund(tenant, intentId, amount, key) {
        if (contested.has(intentId)) throw new ShopError('conflict', 'A bank contests it.');
        const intent = await payments.refund(tenant, intentId, amount, key);
        returned.add(key);
        return intent;
      },
      async verifyWebhook(tenant, message) {
        return messages.get(message.rawBody.toString()) ?? payments.verifyWebhook(tenant, message);
      },
    }),
  });
  await shop.sell('mug', 1500, 1_000_000);

  async function tell({ intentId, reference: id, amount }: Contested, status: DisputeStatus): Promise<void> {
    const intent = await shop.host.platform.payments.retrieve(shop.tenant, intentId);
    const openedAt = new Date();
    const name = `told-${(told += 1)}`;
    const about = { id, intentId, status, reason: 'fraudulent', amount, currency: 'EUR', openedAt };
    messages.set(name, {
      id: `evt_${name}`,
      type: 'charge.dispute.updated',
      createdAt: openedAt,
      intent: { ...intent, disputed: true },
      dispute: { ...about, dueAt: undefined },
    });
    const { status: answer } = await shop.call('POST', '/api/payments/webhooks/stripe', {
      raw: Buffer.from(name),
    });
    assert.equal(answer, 200);
  }

  /** What was told is known to the order, too. */
  async function heard(): Promise<void> {
    aheadMs += BEHIND_REQUEST_MS;
    await shop.host.events.settled();
    await shop.host.tasks.settled();
  }

  let keys = 0;
  const post = (id: string, path: string, body: object = {}) =>
    shop.merchant<MerchantOrder & { readonly code?: string }>(
      'POST',
      `/api/admin/orders/orders/${id}/${path}`,
      { body, headers: { 'idempotency-key': `waiting-${(keys += 1)}` } },
    );
  const seen = async (id: string): Promise<MerchantOrder> =>
    (await shop.merchant<MerchantOrder>('GET', `/api/admin/orders/orders/${id}`)).body;

  async function done(id: string, path: string, body?: object): Promise<MerchantOrder> {
    const answer = await post(id, path, body);
    assert.ok(answer.status < 300, JSON.stringify(answer.body));
    return answer.body;
  }

  return {
    shop,
    done,
    post,
    seen,
    /** How many refunds the processor made. */
    returned: () => returned.size,
    async contest({ payment }: MerchantOrder, amount: number): Promise<Contested> {
      const intentId = payment.intentId ?? '';
      const one = { intentId, reference: `dp_waiting${(told += 1)}`, amount };
      contested.add(intentId);
      await tell(one, 'needs_response');
      await heard();
      return one;
    },
    async decide(one: Contested, end: End): Promise<void> {
      contested.delete(one.intentId);
      await tell(one, end);
      await heard();
    },
    /** Nobody has anything to do for it any more. */
    settled: (id: string): Promise<MerchantOrder> =>
      until(
        async () => {
          await heard();
          const order = await seen(id);
          const isBack = order.status !== 'cancelled' || order.refunded === order.captured;
          return isBack && order.refunds.every(({ state }) => state === 'done') ? order : undefined;
        },
        { withinMs: LONG, what: 'nothing waits', tell: async () => JSON.stringify((await seen(id)).refunds) },
      ),
    async edited(id: string, quantity: number): Promise<MerchantOrder> {
      const lines = [{ variantId: 'mug', quantity }];
      const { body } = await shop.merchant<{ id: string; version: number }>(
        'POST',
        `/api/admin/orders/orders/${id}/edits`,
        { body: { lines }, headers: { 'idempotency-key': `waiting-${(keys += 1)}` } },
      );
      return done(id, `edits/${body.id}/commit`, { version: body.version });
    },
  };
}

type BankShop = Awaited<ReturnType<typeof shopWithBank>>;

describe('a refund of a deed, while a bank contests the payment', () => {
  let bank: BankShop;

  before(async () => {
    bank = await shopWithBank();
  });
  after(() => bank.shop.stop());

  const paid = () => paidOrder(bank.shop, { mug: UNITS });

  /** Sends it all, and has one unit back. */
  async function returnOne(id: string): Promise<MerchantOrder> {
    await bank.done(id, 'fulfilments');
    const asked = { lines: [{ variantId: 'mug', quantity: 1, reason: 'damaged' }] };
    const path = `returns/${(await bank.done(id, 'returns', asked)).returns.at(-1)?.id}`;
    await bank.done(id, `${path}/receive`);
    await bank.done(id, `${path}/inspect`, { lines: [{ variantId: 'mug', accepted: 1, restock: 0 }] });
    return bank.done(id, `${path}/refund`);
  }

  /** Sends it all, and agrees to another one instead, for less. */
  async function exchangeOne(id: string): Promise<MerchantOrder> {
    await bank.done(id, 'fulfilments');
    const asked = {
      lines: [{ variantId: 'mug', quantity: 1, reason: 'too_small' }],
      exchange: { lines: [{ variantId: 'mug', quantity: 1, unitPrice: 0 }] },
    };
    const path = `returns/${(await bank.done(id, 'returns', asked)).returns.at(-1)?.id}`;
    await bank.done(id, `${path}/receive`);
    await bank.done(id, `${path}/inspect`, { lines: [{ variantId: 'mug', accepted: 1, restock: 0 }] });
    return bank.done(id, `${path}/refund`);
  }

  const deeds: readonly (readonly [string, (id: string) => Promise<MerchantOrder>])[] = [
    ['an edit', (id) => bank.edited(id, UNITS - 1)],
    [
      'units that are given up',
      (id) => bank.done(id, 'cancel-units', { lines: [{ variantId: 'mug', quantity: 1 }] }),
    ],
    ['a return', returnOne],
    ['an exchange', exchangeOne],
  ];

  for (const [what, deed] of deeds) {
    it(`of ${what} waits where the merchant sees it, and goes back once by itself when the bank decides for the shop`, async () => {
      const order = await paid();
      const one = await bank.contest(order, order.captured);
      const before = bank.returned();
      const { refunds, refunded } = await deed(order.id);
      assert.deepEqual(
        refunds.map(({ state, amount, waiting, lost }) => [state, amount, waiting, lost]),
        [['waiting', 1500, 1500, 0]],
      );
      assert.equal(refunded, 0);
      await bank.decide(one, 'won');
      const after = await bank.settled(order.id);
      assert.deepEqual(
        after.refunds.map(({ state, amount, waiting, lost }) => [state, amount, waiting, lost]),
        [['done', 1500, 0, 0]],
      );
      assert.deepEqual([after.refunded, bank.returned()], [1500, before + 1]);
    });

    it(`of ${what} is not paid again when the bank gives the shopper the money`, async () => {
      const order = await paid();
      const one = await bank.contest(order, order.captured);
      const before = bank.returned();
      await deed(order.id);
      await bank.decide(one, 'lost');
      const after = await bank.settled(order.id);
      assert.deepEqual(
        after.refunds.map(({ state, amount, lost }) => [state, amount, lost]),
        [['done', 1500, 1500]],
      );
      assert.deepEqual([after.refunded, bank.returned()], [order.captured, before]);
    });
  }

  it('is lowered by what the bank took of it, and the rest goes back', async () => {
    const order = await paid();
    const one = await bank.contest(order, 1_000);
    await bank.edited(order.id, UNITS - 1);
    await bank.decide(one, 'lost');
    const after = await bank.settled(order.id);
    assert.deepEqual(
      after.refunds.map(({ amount, lost }) => [amount, lost]),
      [[1500, 1000]],
    );
    assert.equal(after.refunded, 1500);
  });

  it('has at once what other payments took, and waits for the rest only', async () => {
    const order = await paid();
    await bank.edited(order.id, UNITS + 1);
    const path = `/api/orders/${order.id}/payment?token=${order.token}`;
    const { body: surcharge } = await bank.shop.call<PaymentStart>('POST', path);
    assert.equal(await bank.shop.pay(surcharge), 'requires_capture');
    await until(async () => (await bank.seen(order.id)).owed === 0 || undefined, {
      withinMs: LONG,
      what: 'the surcharge is paid',
    });
    const one = await bank.contest(order, order.captured);
    const { refunded, refunds } = await bank.edited(order.id, UNITS - 1);
    assert.deepEqual([refunded, refunds[0]?.amount, refunds[0]?.waiting], [1500, 3000, 1500]);
    await bank.decide(one, 'won');
    assert.equal((await bank.settled(order.id)).refunded, 3000);
  });

  it('is refused as before where a merchant asks for nothing but money', async () => {
    const order = await paid();
    await bank.contest(order, order.captured);
    const { status, body } = await bank.post(order.id, 'refund', { amount: 500 });
    assert.deepEqual([status, body.code], [409, 'conflict']);
    assert.deepEqual(
      (await bank.seen(order.id)).refunds.map(({ state }) => state),
      ['refused'],
    );
  });

  type Act =
    | { readonly do: 'contest'; readonly share: number }
    | { readonly do: 'decide'; readonly end: End }
    | { readonly do: 'edit' | 'giveUp' | 'return' | 'cancel' };
  const act: fc.Arbitrary<Act> = fc.oneof(
    fc.record({ do: fc.constant('contest' as const), share: fc.integer({ min: 1, max: 100 }) }),
    fc.record({ do: fc.constant('decide' as const), end: fc.constantFrom<End>('won', 'lost') }),
    fc.record({
      do: fc.constantFrom('edit' as const, 'giveUp' as const, 'return' as const, 'cancel' as const),
    }),
  );

  /** Does what the order allows at the moment; a refusal is an answer, too. */
  async function doOne(id: string, what: 'edit' | 'giveUp' | 'return' | 'cancel'): Promise<void> {
    const one = [{ variantId: 'mug', quantity: 1 }];
    const order = await bank.seen(id);
    const line = order.lines[0];
    const free = (line?.quantity ?? 0) - (line?.shipped ?? 0) - (line?.cancelled ?? 0);
    const isAlive = !['cancelled', 'refunded'].includes(order.status);
    if (what === 'cancel') await bank.post(id, 'cancel');
    else if (!isAlive || free < 2) return;
    else if (what === 'edit') await bank.edited(id, (line?.quantity ?? 0) - 1);
    else if (what === 'giveUp') await bank.done(id, 'cancel-units', { lines: one });
    else {
      await bank.done(id, 'fulfilments', { lines: one });
      const asked = { lines: [{ ...one[0], reason: 'other' }] };
      const path = `returns/${(await bank.done(id, 'returns', asked)).returns.at(-1)?.id}`;
      await bank.done(id, `${path}/receive`);
      await bank.done(id, `${path}/inspect`, { lines: [{ variantId: 'mug', accepted: 1, restock: 0 }] });
      await bank.post(id, `${path}/refund`);
    }
  }

  it('pays the shopper what is owed once no bank has it, and never more than was paid', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { minLength: 3, maxLength: 9 }),
        fc.constantFrom<End>('won', 'lost'),
        async (acts, last) => {
          const order = await paid();
          let open: Contested | undefined;
          let taken = 0;
          const decide = async (end: End): Promise<void> => {
            if (open === undefined) return;
            const one = open;
            open = undefined;
            if (end === 'lost') taken += one.amount;
            await bank.decide(one, end);
          };
          for (const each of acts) {
            if (each.do === 'decide') await decide(each.end);
            else if (each.do !== 'contest') await doOne(order.id, each.do);
            else {
              const { captured, refunded } = await bank.seen(order.id);
              const amount = Math.ceil(((captured - refunded) * each.share) / 100);
              if (open === undefined && amount > 0) open = await bank.contest(order, amount);
            }
            const { captured, refunded } = await bank.seen(order.id);
            assert.ok(refunded <= captured, `${refunded} of ${captured}`);
          }
          await decide(last);
          const after = await bank.settled(order.id);
          const owed = after.refunds.reduce((sum, { amount }) => sum + amount, 0);
          const lowered = after.refunds.reduce((sum, { lost }) => sum + lost, 0);
          const expected = after.status === 'cancelled' ? after.captured : owed - lowered + taken;
          assert.equal(after.refunded, expected, JSON.stringify(after.refunds));
          assert.ok(after.refunded >= Math.min(owed, after.captured) && lowered <= taken);
          const intent = await bank.shop.host.platform.payments.retrieve(
            bank.shop.tenant,
            order.payment.intentId ?? '',
          );
          assert.equal(
            intent.amountRefunded + taken,
            after.refunded,
            'what the processor returned, and the bank',
          );
        },
      ),
      { numRuns: 16 },
    );
  });
});
