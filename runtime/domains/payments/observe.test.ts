import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { PaymentIntent } from '../../platform/ports.ts';
import { isStray, loseTo, observe, regained, type Happening, type StoredPayment } from './observe.ts';

const PAYMENT: StoredPayment = {
  id: 'pay_1',
  orderId: 'ord_1',
  attempt: 0,
  intentId: 'pi_1',
  status: 'pending',
  amount: 1000,
  currency: 'EUR',
  captured: 0,
  refunded: 0,
  bounced: 0,
  lost: 0,
  disputed: false,
  problem: undefined,
  tokenHash: undefined,
};

const INTENT: PaymentIntent = {
  id: 'pi_1',
  status: 'requires_payment_method',
  amount: 1000,
  amountCaptured: 0,
  amountRefunded: 0,
  currency: 'EUR',
  clientSecret: 's',
  metadata: {},
  lastError: undefined,
  disputed: false,
};

/** One true history of an intent, as a processor lives it. */
const histories: fc.Arbitrary<PaymentIntent[]> = fc
  .record({
    declines: fc.integer({ min: 0, max: 2 }),
    challenged: fc.boolean(),
    end: fc.constantFrom('captured', 'cancelled', 'abandoned'),
    refunds: fc.array(fc.record({ amount: fc.integer({ min: 1, max: 400 }), bounces: fc.boolean() }), {
      maxLength: 4,
    }),
    disputed: fc.boolean(),
  })
  .map(({ declines, challenged, end, refunds, disputed }) => {
    const life: PaymentIntent[] = [INTENT];
    for (let each = 0; each < declines; each += 1)
      life.push({ ...INTENT, lastError: 'Your card was declined.' });
    if (challenged) life.push({ ...INTENT, status: 'requires_action' });
    if (end !== 'abandoned') life.push({ ...INTENT, status: 'requires_capture' });
    if (end === 'cancelled') life.push({ ...INTENT, status: 'canceled' });
    if (end !== 'captured') return life;
    const captured: PaymentIntent = { ...INTENT, status: 'succeeded', amountCaptured: 1000 };
    life.push(captured);
    let last = captured;
    const happens = (next: Partial<PaymentIntent>): void => void life.push((last = { ...last, ...next }));
    for (const { amount, bounces } of refunds) {
      const { amountRefunded: before, amountBounced = 0 } = last;
      const sent = Math.min(1000 - before, amount);
      happens({ amountRefunded: before + sent, amountBounced });
      if (bounces) happens({ amountRefunded: before, amountBounced: amountBounced + sent });
    }
    if (disputed) happens({ disputed: true });
    return life;
  });

/** The history as it may be told: every message at least once, repeated, and in any order. */
const tellings = histories.chain((life) =>
  fc
    .tuple(
      fc.array(fc.nat({ max: life.length - 1 }), { maxLength: 8 }),
      fc.array(fc.double({ noNaN: true }), { minLength: 30, maxLength: 30 }),
    )
    .map(([repeats, order]) => {
      const told = [...life.keys(), ...repeats];
      const shuffled = told
        .map((index, place) => ({ index, key: order[place] ?? 0 }))
        .toSorted((a, b) => a.key - b.key);
      return { life, told: shuffled.flatMap(({ index }) => life[index] ?? []) };
    }),
);

function tell(messages: readonly PaymentIntent[]): { payment: StoredPayment; happened: Happening[] } {
  let payment = PAYMENT;
  const happened: Happening[] = [];
  for (const message of messages) {
    const seen = observe(payment, message);
    payment = seen.payment;
    happened.push(...seen.happened);
  }
  return { payment, happened };
}

describe('observing a payment', () => {
  it('ends in the same state however the messages are repeated and shuffled', () => {
    fc.assert(
      fc.property(tellings, ({ life, told }) => {
        const { problem: _a, ...inOrder } = tell(life).payment;
        const { problem: _b, ...anyhow } = tell(told).payment;
        assert.deepEqual(anyhow, inOrder);
      }),
      { numRuns: 3_000 },
    );
  });

  it('counts as returned what stayed back, and never less of what failed', () => {
    fc.assert(
      fc.property(tellings, ({ life, told }) => {
        const { amountRefunded, amountBounced = 0, amountCaptured } = life.at(-1) ?? INTENT;
        const { payment } = tell(told);
        assert.deepEqual([payment.refunded, payment.bounced], [amountRefunded, amountBounced]);
        assert.ok(payment.refunded <= amountCaptured);
      }),
      { numRuns: 3_000 },
    );
  });

  it('tells of each thing at most once, and of authorising never after the end', () => {
    fc.assert(
      fc.property(tellings, ({ told }) => {
        const { happened } = tell(told);
        for (const once of ['authorized', 'captured', 'cancelled', 'disputed'] as const) {
          assert.ok(happened.filter((each) => each === once).length <= 1, happened.join());
        }
        const end = happened.findIndex((each) => each === 'captured' || each === 'cancelled');
        assert.ok(end < 0 || !happened.slice(end + 1).includes('authorized'), happened.join());
      }),
      { numRuns: 3_000 },
    );
  });

  it('does not take an intent over another amount or currency for ours', () => {
    for (const wrong of [{ amount: 1 }, { currency: 'USD' }]) {
      const { payment, happened } = observe(PAYMENT, {
        ...INTENT,
        status: 'succeeded',
        amountCaptured: 1000,
        ...wrong,
      });
      assert.equal(payment.status, 'pending');
      assert.deepEqual(happened, ['failed']);
    }
  });

  it('goes on with the intent that was paid, where its row was lost and an older attempt wrote it anew', () => {
    const paid: PaymentIntent = { ...INTENT, id: 'pi_2', status: 'succeeded', amountCaptured: 1000 };
    const left: StoredPayment = { ...PAYMENT, status: 'cancelled' };
    const { payment, happened } = observe(regained(left, paid), paid);
    assert.deepEqual([payment.intentId, payment.status, payment.captured], ['pi_2', 'captured', 1000]);
    assert.deepEqual(happened, ['captured']);
    const taken: StoredPayment = { ...PAYMENT, status: 'captured', captured: 1000 };
    for (const [row, intent] of [
      [taken, paid],
      [left, { ...paid, status: 'requires_capture' }],
      [left, { ...paid, amount: 900 }],
    ] as const) {
      assert.equal(regained(row, intent), row);
      assert.ok(isStray(row, intent));
    }
  });

  it('counts what a bank took back as returned, once, and beside what the shop returned', () => {
    const captured: PaymentIntent = {
      ...INTENT,
      status: 'succeeded',
      amountCaptured: 1000,
      amountRefunded: 300,
    };
    const paid = observe(PAYMENT, captured).payment;
    const { payment: lost, happened } = loseTo(paid, { amount: 500, currency: 'EUR' }, true);
    assert.deepEqual([lost.refunded, lost.lost, happened], [800, 500, ['disputed', 'refunded']]);
    assert.deepEqual(observe(lost, captured).happened, []);
    assert.equal(observe(lost, { ...captured, amountRefunded: 400 }).payment.refunded, 900);
    const { payment: all } = loseTo(lost, { amount: 500, currency: 'EUR' }, true);
    assert.deepEqual([all.refunded, all.lost], [1000, 1000]);
    assert.deepEqual(loseTo(lost, { amount: 500, currency: 'EUR' }, false).happened, []);
  });
});
