/** The laws of exchanges, over anything that may happen to a paid order: its money, its units, and what undoing leaves. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { owedBy } from '../edits/money.ts';
import type { Units } from '../fulfilment/schemas.ts';
import { sharesOf } from '../returns/shares.ts';
import { sum } from '../sums.ts';
import { bought, goods, HIGHER, item, RATES } from '../testing/bought.ts';
import { planEnding, planExchange, planUndoing, type Exchangeable, type Ground } from './plan.ts';
import type { Exchange, ExchangeTerms } from './schemas.ts';

const TODAY = ['a', 'b', 'c', 'd', 'e', 'f'].map((id, index) => item(id, 700 * index + 1));

/** An order whose goods have all been shipped, and what has happened to it since. */
interface World {
  readonly order: Exchangeable;
  /** What went back as money, of what was paid. */
  readonly returned: number;
  readonly gone: readonly Units[];
  readonly open: readonly {
    readonly id: string;
    readonly back: readonly Units[];
    readonly exchange: Exchange;
  }[];
}

function shipped(order: ReturnType<typeof bought>, gift: number): World {
  const paid = { lowered: 0, gift, outside: 0, credited: 0, captured: order.total - gift };
  return { order: { ...order, ...paid, lines: allShipped(order.lines) }, returned: 0, gone: [], open: [] };
}

function allShipped(lines: Exchangeable['lines']): Exchangeable['lines'] {
  return lines.map((line) => ({ ...line, shipped: line.quantity }));
}

const paidIn = ({ order }: World): number => order.captured + order.gift + order.outside;
const left = (world: World): number => paidIn(world) - world.returned;

function groundOf(world: World): Ground {
  const items = TODAY.filter(({ variantId }) => lineOf(world, variantId) === undefined);
  return { items, rules: RATES, gone: world.gone, left: left(world) };
}

function lineOf({ order }: World, variantId: string) {
  return order.lines.find((line) => line.variantId === variantId);
}

/** As the shop does it when it is agreed. */
function agree(
  world: World,
  back: readonly Units[],
  terms: Pick<ExchangeTerms, 'lines' | 'fee'>,
  id: string,
): World {
  const plan = planExchange(world.order, back, terms, groundOf(world), id);
  const { priced, settlement, sums, counted, lines } = plan;
  assert.equal(settlement.refund, 0, 'nothing goes back before the goods have come');
  assert.ok(
    sums.credited >= 0 && sums.refund >= 0 && sums.owed === owedBy({ ...world.order, ...after(plan) }),
  );
  assert.equal(sum(counted.map(({ amount }) => amount)), sums.worth);
  assert.equal(
    sums.worth,
    sums.fee + sums.credited + sums.refund,
    'what came back is kept, pays, or goes back',
  );
  const exchange: Exchange = {
    lines: [...lines],
    send: 'at_once',
    fee: terms.fee,
    sums,
    counted: [...counted],
  };
  return {
    ...world,
    order: { ...world.order, ...after({ priced, settlement }) },
    gone: [...world.gone, ...back],
    open: [...world.open, { id, back, exchange }],
  };
}

/** The order's lines and sums, as a rewriting has them. */
function after({
  priced,
  settlement,
}: ReturnType<typeof planUndoing>): Pick<
  Exchangeable,
  'lines' | 'discounts' | 'total' | 'lowered' | 'credited' | 'taxParts' | 'taxRate' | 'shippingTax'
> {
  const { lines, discounts, total, tax, taxRate } = priced;
  const { lowered, credited } = settlement;
  return {
    lines,
    discounts,
    total,
    lowered,
    credited,
    taxParts: tax.parts,
    taxRate,
    shippingTax: tax.shipping.amount,
  };
}

function undo(world: World, at: number): World {
  const known = world.open[at];
  const waits = known?.exchange.lines.every(({ variantId, quantity }) => {
    const line = lineOf(world, variantId);
    return line !== undefined && line.quantity - line.shipped >= quantity;
  });
  if (known === undefined || waits !== true) return world;
  const plan = planUndoing(world.order, known.exchange, RATES, known.id);
  return {
    order: { ...world.order, ...after(plan) },
    returned: world.returned + Math.min(plan.settlement.refund, left(world)),
    gone: without(world.gone, known.back),
    open: world.open.filter((each) => each !== known),
  };
}

function end(world: World, at: number, accept: (quantity: number) => number): World {
  const known = world.open[at];
  if (known === undefined) return world;
  const found = known.back.map((line) => ({
    ...line,
    reason: 'other' as const,
    accepted: accept(line.quantity),
  }));
  const { counted, credited, settlement, refund } = planEnding(world.order, known.exchange, found);
  const agreed = known.exchange.sums;
  assert.ok(agreed && credited >= 0 && refund >= 0 && credited + refund <= agreed.worth);
  assert.equal(settlement.refund, 0);
  assert.ok(refund === 0 || settlement.owed === 0, 'nobody is paid back while something is owed');
  return {
    order: { ...world.order, credited: settlement.credited },
    returned: world.returned + Math.min(refund, left(world)),
    gone: [...without(world.gone, known.back), ...counted],
    open: world.open.filter((each) => each !== known),
  };
}

function without(all: readonly Units[], some: readonly Units[]): readonly Units[] {
  const rest = [...all];
  for (const { variantId, quantity } of some) rest.push({ variantId, quantity: -quantity });
  return rest;
}

function assertLaws(world: World): void {
  const { order, gone } = world;
  const owed = owedBy(order);
  assert.equal(
    order.total + order.lowered,
    order.gift + order.outside + order.credited + order.captured + owed,
  );
  assert.ok(owed >= 0 && order.credited >= 0 && order.lowered >= 0, JSON.stringify(order));
  assert.ok(world.returned >= 0 && world.returned <= paidIn(world), 'no more goes back than was paid');
  for (const { variantId, quantity } of order.lines) {
    const away = sum(gone.filter((each) => each.variantId === variantId).map((each) => each.quantity));
    assert.ok(away >= 0 && away <= quantity, 'a unit counts once');
  }
}

type Chance = (below: number) => number;

function anExchange(world: World, chance: Chance, id: string): World {
  const backs = world.order.lines.flatMap(({ variantId, shipped: quantity }): Units[] => {
    const most =
      quantity - sum(world.gone.filter((each) => each.variantId === variantId).map((each) => each.quantity));
    const units = Math.min(chance(4), most);
    return units > 0 ? [{ variantId, quantity: units }] : [];
  });
  const wanted = TODAY.filter(() => chance(4) === 0).map(({ variantId }) => ({
    variantId,
    quantity: 1 + chance(2),
  }));
  if (backs.length === 0 || wanted.length === 0) return world;
  const lines = wanted.map((line) =>
    chance(3) === 0 && lineOf(world, line.variantId) === undefined
      ? { ...line, unitPrice: chance(3_000) }
      : line,
  );
  const worthAll = Math.min(
    sum(sharesOf(world.order, world.gone, backs).map(({ amount }) => amount)),
    left(world) + owedBy(world.order),
  );
  return agree(world, backs, { lines, fee: chance(3) === 0 ? chance(worthAll + 1) : 0 }, id);
}

describe('what an exchange comes to', () => {
  it('keeps the law of money and counts each unit once, whatever is agreed, undone, ended, paid and given back', () => {
    const deeds = fc.array(fc.constantFrom('agree', 'agree', 'undo', 'end', 'pay', 'kindness', 'ship'), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(
        goods,
        fc.boolean(),
        fc.nat(100),
        deeds,
        fc.infiniteStream(fc.nat()),
        (all, tenth, gift, done, stream) => {
          const draws = stream[Symbol.iterator]();
          const chance: Chance = (below) => (draws.next().value as number) % below; // the stream has no end
          const order = bought(all, RATES, tenth);
          let world = shipped(order, Math.floor((order.total * gift) / 100));
          for (const [index, deed] of done.entries()) {
            const at = world.open.length === 0 ? 0 : chance(world.open.length);
            if (deed === 'agree') world = anExchange(world, chance, `ret_${index}`);
            if (deed === 'undo') world = undo(world, at);
            if (deed === 'end') world = end(world, at, (quantity) => chance(quantity + 1));
            if (deed === 'pay')
              world = {
                ...world,
                order: { ...world.order, captured: world.order.captured + owedBy(world.order) },
              };
            if (deed === 'kindness') world = { ...world, returned: world.returned + chance(left(world) + 1) };
            if (deed === 'ship')
              world = { ...world, order: { ...world.order, lines: allShipped(world.order.lines) } };
            assertLaws(world);
          }
        },
      ),
      { numRuns: 1_500 },
    );
  });

  it('leaves lines, sums and discounts as they were where it is undone, in any order', () => {
    fc.assert(
      fc.property(
        goods,
        fc.boolean(),
        fc.constantFrom(RATES, HIGHER),
        fc.infiniteStream(fc.nat()),
        (all, tenth, rules, stream) => {
          const draws = stream[Symbol.iterator]();
          const chance: Chance = (below) => (draws.next().value as number) % below; // the stream has no end
          const start = shipped(bought(all, rules, tenth), 0);
          const one = anExchange(start, chance, 'ret_1');
          const two = anExchange(one, chance, 'ret_2');
          let world = two;
          while (world.open.length > 0) world = undo(world, chance(world.open.length));
          const shape = ({ order }: World) => ({
            total: order.total,
            owed: owedBy(order),
            discounts: order.discounts,
            lines: order.lines.map(({ variantId, quantity, discount, tax }) => ({
              variantId,
              quantity,
              discount,
              tax,
            })),
          });
          assert.deepEqual(shape(world), shape(start));
          // Nothing is left credited: where goods that came back paid of both, to the minor unit; else to the one that taxes were rounded by.
          const both = [one.order.credited, two.order.credited - one.order.credited].every(
            (each) => each > 0,
          );
          const { credited, lowered } = world.order;
          assert.ok(credited + lowered + owedBy(world.order) <= (both ? 0 : 2), JSON.stringify(world.order));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('is even between variants of one product, however the paid price came about', () => {
    fc.assert(
      fc.property(goods, fc.boolean(), fc.nat(8), fc.nat(500), (all, tenth, units, fee) => {
        const order = bought(all, RATES, tenth);
        const world = shipped(order, 0);
        const [line] = world.order.lines;
        assert.ok(line);
        const quantity = 1 + (units % line.quantity);
        const other = { ...item('other', 9_999, all[0]?.type), productId: line.productId };
        const ground = { ...groundOf(world), items: [other] };
        const terms = { lines: [{ variantId: 'other', quantity, insteadOf: line.variantId }], fee: 0 };
        const { sums } = planExchange(
          world.order,
          [{ variantId: line.variantId, quantity }],
          terms,
          ground,
          'ret_1',
        );
        assert.deepEqual([sums.difference, sums.owed, sums.refund], [0, 0, 0]);
        const kept = Math.min(fee, sums.worth);
        const withFee = planExchange(
          world.order,
          [{ variantId: line.variantId, quantity }],
          { ...terms, fee: kept },
          ground,
          'ret_1',
        );
        assert.deepEqual([withFee.sums.difference, withFee.sums.owed], [kept, kept]);
      }),
      { numRuns: 500 },
    );
  });

  const mug = { variantId: 'mug', quantity: 2, unitPrice: 1000, type: 'Thing' };
  const refusals: readonly [name: string, terms: object, where: string, what: RegExp][] = [
    ['goods that do not come back', { insteadOf: 'pot' }, 'insteadOf', /does not come back/],
    ['more than comes back', { quantity: 2, insteadOf: 'mug' }, 'insteadOf', /only 1 more/],
    ['another product', { insteadOf: 'mug' }, 'insteadOf', /another product/],
    ['two prices at once', { insteadOf: 'mug', unitPrice: 1 }, 'unitPrice', /or for a price/],
    [
      'a line for more than it was sold for',
      { variantId: 'mug', unitPrice: 1001 },
      'unitPrice',
      /at most 1000/,
    ],
  ];
  for (const [name, more, where, what] of refusals) {
    it(`is refused for ${name}`, () => {
      const world = shipped(bought([mug]), 0);
      const lines = [{ variantId: 'a', quantity: 1, ...more }];
      const back = [{ variantId: 'mug', quantity: 1 }];
      const tried = () => planExchange(world.order, back, { lines, fee: 0 }, groundOf(world), 'ret_1');
      assert.throws(tried, (error: { problems?: { where: string; what: string }[] }) =>
        (error.problems ?? []).some(
          (each) => each.where === `/exchange/lines/0/${where}` && what.test(each.what),
        ),
      );
    });
  }
});
