import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  isLegal,
  isSettled,
  mayCancel,
  mayEdit,
  mayExchange,
  mayShip,
  nextStep,
  owedOf,
  REST,
  statusAfterRefund,
  type OrderState,
  type Step,
} from './machine.ts';
import {
  areDelivered,
  moved,
  statusAfterMoving,
  stockOf,
  waiting,
  type LineUnits,
} from './fulfilment/units.ts';
import type { OrderStatus } from './schemas.ts';

/** The world around an order, as far as the machine can tell: a processor's intent, a shelf, people, a clock. */
interface World {
  readonly order: OrderState;
  readonly intent: 'pending' | 'authorized' | 'captured' | 'cancelled';
  readonly intentRefunded: number;
  /** By a refund that payments have noted, and that did not come to its end: it counts as returned there. */
  readonly promised: number;
  readonly captures: number;
  readonly free: number;
  readonly now: number;
  readonly trail: readonly OrderStatus[];
  /** The one line of the order, and its parcels. */
  readonly line: LineUnits;
  readonly parcels: readonly { readonly deliveredAt?: number | undefined }[];
  /** What an edit made it dearer by, at the processor. */
  readonly surcharge: {
    readonly intent: World['intent'];
    readonly refunded: number;
    readonly captures: number;
  };
}

type Deed =
  | 'authorize'
  | 'void'
  | 'hear'
  | 'step'
  | 'step'
  | 'abandon'
  | 'cancel'
  | 'ship'
  | 'giveUp'
  | 'deliver'
  | 'refund'
  | 'refundCutOff'
  | 'edit'
  | 'doWithout'
  | 'exchange'
  | 'keep'
  | 'paySurcharge'
  | 'captureUnheard'
  | 'time'
  | 'othersBuy'
  | 'othersReturn';

const TOTAL = 100;
const DEARER = 40;
const START: World = {
  order: {
    status: 'pending_payment',
    stock: 'held',
    payment: 'none',
    due: TOTAL,
    captured: 0,
    refunded: 0,
    bounced: 0,
    cancelActor: undefined,
    holdExpiresAt: new Date(1000),
    refundRequested: false,
    surcharges: [],
  },
  intent: 'pending',
  intentRefunded: 0,
  promised: 0,
  captures: 0,
  free: 1,
  now: 0,
  trail: ['pending_payment'],
  line: { variantId: 'a', quantity: 3, shipped: 0, cancelled: 0 },
  parcels: [],
  surcharge: { intent: 'pending', refunded: 0, captures: 0 },
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
  const later = (known: OrderState['payment'], intent: World['intent']) =>
    rank[intent] > rank[known] ? intent : known;
  const surcharges = world.order.surcharges.map((each) => {
    const payment = later(each.payment, world.surcharge.intent);
    const { refunded } = world.surcharge;
    return { ...each, payment, captured: payment === 'captured' ? DEARER : 0, refunded };
  });
  const counted = surcharges.filter(({ wanted }) => wanted);
  const captured =
    (world.intent === 'captured' ? TOTAL : 0) + counted.reduce((sum, each) => sum + each.captured, 0);
  const refunded = world.intentRefunded + counted.reduce((sum, each) => sum + each.refunded, 0);
  const status =
    refunded > world.order.refunded
      ? statusAfterRefund({ status: world.order.status, captured }, refunded)
      : undefined;
  return change(world, {
    payment: later(world.order.payment, world.intent),
    surcharges,
    captured,
    refunded,
    ...(status === undefined ? {} : { status }),
  });
}

/** From what was paid last, as far as it goes. */
function giveBack(world: World, amount: number): World {
  const [surcharge] = world.order.surcharges;
  const isPaid = surcharge?.wanted === true && world.surcharge.intent === 'captured';
  const last = isPaid ? Math.min(amount, DEARER - world.surcharge.refunded) : 0;
  return {
    ...world,
    surcharge: { ...world.surcharge, refunded: world.surcharge.refunded + last },
    intentRefunded: Math.min(TOTAL, world.intentRefunded + amount - last),
  };
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
      assert.equal(world.promised, 0, 'payments refuse what they have promised already');
      return hear(giveBack(world, order.captured - order.refunded));
    case 'refund':
      return change(hear(giveBack({ ...world, promised: 0 }, 60)), { refundRequested: false });
    case 'letGo': {
      const line = { ...world.line, cancelled: world.line.cancelled + waiting(world.line) };
      return change({ ...world, line }, { stock: stockOf([line]) });
    }
    case 'captureSurcharge': {
      const { surcharge } = world;
      if (surcharge.intent !== 'authorized') return hear(world);
      return hear({
        ...world,
        surcharge: { ...surcharge, intent: 'captured', captures: surcharge.captures + 1 },
      });
    }
    case 'cancelSurcharge': {
      const { surcharge } = world;
      const intent = surcharge.intent === 'captured' ? 'captured' : 'cancelled';
      return hear({ ...world, surcharge: { ...surcharge, intent } });
    }
    case 'returnSurcharge':
      return hear({ ...world, surcharge: { ...world.surcharge, refunded: DEARER } });
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
    case 'ship':
      if (!mayShip(order)) return world;
      return moveOne({ ...world, parcels: [...world.parcels, {}] }, 'shipped');
    case 'giveUp':
      // The last unit of an order of which nothing has left is no line's: the whole order is cancelled.
      if (!mayShip(order) || (world.line.shipped === 0 && waiting(world.line) === 1)) return world;
      return moveOne(world, 'cancelled');
    case 'deliver': {
      const next = world.parcels.findIndex(({ deliveredAt }) => deliveredAt === undefined);
      const parcels = world.parcels.map((parcel, index) =>
        index === next ? { deliveredAt: world.now } : parcel,
      );
      return next < 0 ? world : afterMoving({ ...world, parcels });
    }
    case 'refund':
      return order.payment === 'captured' && order.refunded < order.captured
        ? change(world, { refundRequested: true })
        : world;
    case 'refundCutOff':
      return order.refundRequested ? { ...world, promised: 60 } : world;
    case 'edit': {
      if (!mayEdit(order) || order.surcharges.length > 0) return world;
      const asked = {
        id: 'pay',
        wanted: true,
        payment: 'none',
        captured: 0,
        refunded: 0,
        bounced: 0,
      } as const;
      return change(world, { due: order.due + DEARER, surcharges: [asked] });
    }
    // Of the line itself, which is even; what comes back is no matter of the order's units.
    case 'exchange': {
      if (!mayExchange(order) || world.line.quantity > 6) return world;
      const line = { ...world.line, quantity: world.line.quantity + 1 };
      return afterMoving(change({ ...world, line }, { stock: stockOf([line]) }));
    }
    case 'keep': {
      // Withdrawn, also once all the money has gone back.
      if (world.line.quantity <= 3 || waiting(world.line) === 0) return world;
      const line = { ...world.line, quantity: world.line.quantity - 1 };
      return afterMoving(change({ ...world, line }, { stock: stockOf([line]) }));
    }
    case 'doWithout': {
      const [open] = order.surcharges;
      if (!mayEdit(order) || open?.wanted !== true) return world;
      if (open.payment !== 'none' && open.payment !== 'pending') return world;
      return change(world, { due: order.due - DEARER, surcharges: [{ ...open, wanted: false }] });
    }
    // The saga took it, and was cut off before it could write that down.
    case 'captureUnheard':
      return order.surcharges.length > 0 && world.surcharge.intent === 'authorized'
        ? { ...world, surcharge: { ...world.surcharge, intent: 'captured', captures: 1 } }
        : world;
    case 'paySurcharge':
      return order.surcharges.length > 0 && world.surcharge.intent === 'pending'
        ? { ...world, surcharge: { ...world.surcharge, intent: 'authorized' } }
        : world;
    case 'time':
      return { ...world, now: world.now + 600 };
    case 'othersBuy':
      return { ...world, free: Math.max(0, world.free - 1) };
    case 'othersReturn':
      return { ...world, free: world.free + 1 };
  }
}

function moveOne(world: World, to: 'shipped' | 'cancelled'): World {
  const [line = world.line] = moved([world.line], [{ variantId: 'a', quantity: 1 }], to);
  return afterMoving(change({ ...world, line }, { stock: stockOf([line]) }));
}

function afterMoving(world: World): World {
  const { status, stock } = world.order;
  const next = statusAfterMoving(status, stock, areDelivered(world.parcels));
  return next === undefined ? world : change(world, { status: next });
}

const DEEDS: readonly Deed[] = [
  'authorize',
  'void',
  'hear',
  'step',
  'step',
  'abandon',
  'cancel',
  'ship',
  'ship',
  'giveUp',
  'deliver',
  'deliver',
  'refund',
  'refundCutOff',
  'edit',
  'edit',
  'doWithout',
  'exchange',
  'exchange',
  'keep',
  'paySurcharge',
  'paySurcharge',
  'captureUnheard',
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

  it('asks for nothing that a bank was just found to contest, and does all else', () => {
    const ended: OrderState = {
      ...START.order,
      status: 'cancelled',
      stock: 'released',
      payment: 'captured',
      captured: TOTAL,
      surcharges: [
        { id: 'a', wanted: false, payment: 'captured', captured: DEARER, refunded: 0, bounced: 0 },
        { id: 'b', wanted: false, payment: 'captured', captured: DEARER, refunded: 0, bounced: 0 },
      ],
    };
    const next = (...contested: string[]) => nextStep({ ...ended, contested }, new Date(0));
    assert.deepEqual(next(), { do: 'returnSurcharge', id: 'a' });
    assert.deepEqual(next('a'), { do: 'returnSurcharge', id: 'b' });
    assert.deepEqual(next('a', 'b'), { do: 'returnPayment' });
    assert.deepEqual(next(REST), { do: 'returnSurcharge', id: 'a' });
    assert.deepEqual(next('a', 'b', REST), { do: 'rest' });
  });

  it('returns what was taken while all the rest went back, and lets go what has not left', () => {
    const taken = {
      id: 'pay',
      wanted: true,
      payment: 'captured',
      captured: DEARER,
      refunded: 0,
      bounced: 0,
    } as const;
    const paidBack: OrderState = {
      ...START.order,
      status: 'refunded',
      stock: 'partly_shipped',
      payment: 'captured',
      captured: TOTAL + DEARER,
      refunded: TOTAL,
      surcharges: [taken],
    };
    const next = (more: Partial<OrderState>) => nextStep({ ...paidBack, ...more }, new Date(0)).do;
    assert.equal(next({}), 'returnSurcharge');
    const returned = { refunded: TOTAL + DEARER, surcharges: [{ ...taken, refunded: DEARER }] };
    assert.equal(next(returned), 'letGo');
    assert.equal(next({ ...returned, exchanging: true }), 'rest', 'an exchange decides on its units itself');
    assert.equal(next({ ...returned, stock: 'shipped' }), 'rest');
  });

  it('ends a refund that was begun before it returns the rest of a cancelled order', () => {
    const cancelled: OrderState = {
      ...START.order,
      status: 'cancelled',
      stock: 'released',
      payment: 'captured',
      captured: TOTAL,
      refundRequested: true,
    };
    assert.equal(nextStep(cancelled, new Date(0)).do, 'refund');
    assert.equal(nextStep({ ...cancelled, refundRequested: false }, new Date(0)).do, 'returnPayment');
  });

  it('does not send back again by itself what a bank sent back to the shop', () => {
    const ended: OrderState = { ...START.order, status: 'cancelled', payment: 'captured', captured: TOTAL };
    assert.equal(nextStep({ ...ended, refunded: 60, bounced: 40 }, new Date(0)).do, 'rest');
    assert.equal(nextStep({ ...ended, refunded: 59, bounced: 40 }, new Date(0)).do, 'returnPayment');
  });

  it('knows no way out of the end, but for a refund that fails later', () => {
    const all: OrderStatus[] = [
      'pending_payment',
      'authorized',
      'confirmed',
      'partially_fulfilled',
      'fulfilled',
      'delivered',
      'partially_refunded',
      'refunded',
      'cancelled',
      'expired',
    ];
    for (const to of all) {
      assert.ok(!isLegal('cancelled', to));
      assert.equal(isLegal('refunded', to), to === 'partially_refunded');
      assert.ok(!isLegal(to, 'pending_payment'));
    }
  });
});

function assertAtRest(world: World): void {
  const { order, intent, intentRefunded, captures, line, parcels, surcharge } = world;
  assert.ok(captures <= 1 && surcharge.captures <= 1);
  const what = JSON.stringify({ order, intent, intentRefunded, surcharge });
  assert.ok(owedOf(order) === 0 || owedOf(order) === DEARER, what);
  assertSurcharge(world, what);
  if (order.status === 'cancelled' || order.status === 'expired') {
    assert.equal(order.stock, 'released', what);
    assert.equal(line.shipped, 0, 'what has left is refunded, not cancelled');
    assert.ok(intent === 'cancelled' || (intent === 'captured' && intentRefunded === TOTAL), what);
    return;
  }
  assert.equal(order.stock, stockOf([line]), what);
  assert.equal(line.shipped, parcels.length, what);
  if (order.status === 'confirmed') assert.equal(line.shipped, 0, what);
  if (order.status === 'partially_fulfilled') assert.ok(line.shipped > 0 && waiting(line) > 0, what);
  if (order.status === 'fulfilled' || order.status === 'delivered') assert.equal(waiting(line), 0, what);
  if (order.status === 'delivered') assert.ok(areDelivered(parcels), what);
  if (order.status === 'fulfilled') assert.ok(!areDelivered(parcels), what);
  assert.equal(intent, 'captured', what);
  const alive = [
    'confirmed',
    'partially_fulfilled',
    'fulfilled',
    'delivered',
    'partially_refunded',
    'refunded',
  ];
  assert.ok(alive.includes(order.status), what);
  if (order.status !== 'refunded') return;
  assert.equal(order.refunded, order.captured, what);
  assert.equal(waiting(line), 0, 'nobody can buy what waits, and nobody ships it');
}

/** Nobody is charged for what an edit has done without, and nobody waits for what is over. */
function assertSurcharge({ order, surcharge }: World, what: string): void {
  const [known] = order.surcharges;
  if (known === undefined) return assert.equal(surcharge.captures, 0, what);
  const isOver = order.status === 'cancelled' || order.status === 'refunded';
  if (surcharge.intent === 'pending') return assert.ok(known.wanted && !isOver, what);
  if (surcharge.intent === 'cancelled') return;
  assert.equal(surcharge.intent, 'captured', what);
  if (!known.wanted || isOver) assert.equal(surcharge.refunded, DEARER, what);
}
