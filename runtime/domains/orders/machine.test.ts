import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  isLegal,
  isSettled,
  mayCancel,
  nextStep,
  statusAfterRefund,
  type OrderState,
  type Step,
} from './machine.ts';
import type { OrderStatus } from './schemas.ts';

/** The world around an order, as far as the machine can tell: a processor's intent, a shelf, people, a clock. */
interface World {
  readonly order: OrderState;
  readonly intent: 'pending' | 'authorized' | 'captured' | 'cancelled';
  readonly intentRefunded: number;
  readonly captures: number;
  readonly free: number;
  readonly now: number;
  readonly trail: readonly OrderStatus[];
}

type Deed =
  | 'authorize'
  | 'void'
  | 'hear'
  | 'step'
  | 'step'
  | 'abandon'
  | 'cancel'
  | 'fulfil'
  | 'refund'
  | 'time'
  | 'othersBuy'
  | 'othersReturn';

const TOTAL = 100;
const START: World = {
  order: {
    status: 'pending_payment',
    stock: 'held',
    payment: 'none',
    due: TOTAL,
    captured: 0,
    refunded: 0,
    cancelActor: undefined,
    holdExpiresAt: new Date(1000),
    refundRequested: false,
  },
  intent: 'pending',
  intentRefunded: 0,
  captures: 0,
  free: 1,
  now: 0,
  trail: ['pending_payment'],
};

function change(world: World, order: Partial<OrderState>): World {
  const next = { ...world.order, ...order };
  const moved = next.status !== world.order.status;
  if (moved) assert.ok(isLegal(world.order.status, next.status), `${world.order.status} → ${next.status}`);
  return { ...world, order: next, trail: moved ? [...world.trail, next.status] : world.trail };
}

/** Facts only grow, as in the saga. */
function hear(world: World): World {
  const rank = { none: 0, pending: 1, authorized: 2, captured: 3, cancelled: 3 };
  const payment = rank[world.intent] > rank[world.order.payment] ? world.intent : world.order.payment;
  const captured = world.intent === 'captured' ? TOTAL : 0;
  const refunded = Math.max(world.order.refunded, world.intentRefunded);
  const status =
    refunded > world.order.refunded
      ? statusAfterRefund({ status: world.order.status, captured }, refunded)
      : undefined;
  return change(world, { payment, captured, refunded, ...(status === undefined ? {} : { status }) });
}

function perform(world: World, step: Step): World {
  const { order } = world;
  switch (step.do) {
    case 'rest':
    case 'wait':
      return world;
    case 'expire': {
      const known = hear(world);
      if (nextStep(known.order, new Date(known.now)).do !== 'expire') return known;
      return { ...change(known, { status: 'expired', stock: 'released' }), free: known.free + 1 };
    }
    case 'commitStock':
      assert.equal(order.stock, 'held');
      return change(world, { status: 'authorized', stock: 'committed' });
    case 'retakeStock':
      assert.equal(order.stock, 'released');
      return world.free > 0
        ? { ...change(world, { status: 'authorized', stock: 'committed' }), free: world.free - 1 }
        : change(world, { status: 'cancelled' });
    case 'capture':
      assert.equal(order.stock, 'committed', 'money is only taken for units that are ours');
      if (world.intent !== 'authorized') return hear(world);
      return hear({ ...world, intent: 'captured', captures: world.captures + 1 });
    case 'confirm':
      return change(world, { status: 'confirmed' });
    case 'cancel': {
      const taken = order.stock === 'held' || order.stock === 'committed';
      const ended = change(world, { status: 'cancelled', ...(taken ? { stock: 'released' as const } : {}) });
      return taken ? { ...ended, free: world.free + 1 } : ended;
    }
    case 'cancelPayment':
      return hear(world.intent === 'captured' ? world : { ...world, intent: 'cancelled' });
    case 'returnPayment':
      return hear({ ...world, intentRefunded: TOTAL });
    case 'refund':
      return change(hear({ ...world, intentRefunded: Math.min(TOTAL, world.intentRefunded + 60) }), {
        refundRequested: false,
      });
  }
}

function act(world: World, deed: Deed): World {
  const { order } = world;
  switch (deed) {
    case 'authorize':
      return world.intent === 'pending' ? { ...world, intent: 'authorized' } : world;
    case 'void':
      return world.intent === 'authorized' ? { ...world, intent: 'cancelled' } : world;
    case 'hear':
      return hear(world);
    case 'step':
      return perform(world, nextStep(order, new Date(world.now)));
    case 'abandon':
      return order.status === 'pending_payment' ? change(world, { cancelActor: 'shopper' }) : world;
    case 'cancel':
      return mayCancel(order) ? change(world, { cancelActor: 'merchant' }) : world;
    case 'fulfil': {
      const may =
        (order.status === 'confirmed' || order.status === 'partially_refunded') &&
        order.cancelActor === undefined &&
        order.stock === 'committed';
      if (!may) return world;
      return change(world, {
        stock: 'shipped',
        ...(order.status === 'confirmed' ? { status: 'fulfilled' as const } : {}),
      });
    }
    case 'refund':
      return order.payment === 'captured' && order.refunded < TOTAL
        ? change(world, { refundRequested: true })
        : world;
    case 'time':
      return { ...world, now: world.now + 600 };
    case 'othersBuy':
      return { ...world, free: Math.max(0, world.free - 1) };
    case 'othersReturn':
      return { ...world, free: world.free + 1 };
  }
}

const DEEDS: readonly Deed[] = [
  'authorize',
  'void',
  'hear',
  'step',
  'step',
  'abandon',
  'cancel',
  'fulfil',
  'refund',
  'time',
  'othersBuy',
  'othersReturn',
];

describe('the life of an order', () => {
  it('comes to rest from wherever people, money and time have brought it, with money and units in their places', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...DEEDS), { maxLength: 40 }), (deeds) => {
        let world = deeds.reduce(act, START);
        // Then nobody acts any more, every message arrives, and time passes.
        world = hear({ ...world, now: 10_000 });
        for (let steps = 0; !isSettled(world.order, new Date(world.now)); steps += 1) {
          assert.ok(steps < 12, `no rest after ${world.trail.join(' → ')}`);
          world = hear(perform(world, nextStep(world.order, new Date(world.now))));
        }
        assertAtRest(world);
      }),
      { numRuns: 5_000 },
    );
  });

  it('asks for the units again when the money comes after the hold', () => {
    const { order } = perform({ ...START, now: 2000 }, nextStep(START.order, new Date(2000)));
    assert.equal(order.status, 'expired');
    assert.deepEqual(nextStep({ ...order, payment: 'authorized' }, new Date(2000)), { do: 'retakeStock' });
  });

  it('knows no way out of the end', () => {
    const all: OrderStatus[] = [
      'pending_payment',
      'authorized',
      'confirmed',
      'fulfilled',
      'partially_refunded',
      'refunded',
      'cancelled',
      'expired',
    ];
    for (const to of all) {
      assert.ok(!isLegal('cancelled', to));
      assert.ok(!isLegal('refunded', to));
      assert.ok(!isLegal(to, 'pending_payment'));
    }
  });
});

function assertAtRest({ order, intent, intentRefunded, captures }: World): void {
  assert.ok(captures <= 1);
  const what = JSON.stringify({ order, intent, intentRefunded });
  if (order.status === 'cancelled' || order.status === 'expired') {
    assert.equal(order.stock, 'released', what);
    assert.ok(intent === 'cancelled' || (intent === 'captured' && intentRefunded === TOTAL), what);
    return;
  }
  assert.ok(order.stock === 'committed' || order.stock === 'shipped', what);
  assert.equal(intent, 'captured', what);
  assert.ok(['confirmed', 'fulfilled', 'partially_refunded', 'refunded'].includes(order.status), what);
  if (order.status === 'refunded') assert.equal(intentRefunded, TOTAL, what);
}
