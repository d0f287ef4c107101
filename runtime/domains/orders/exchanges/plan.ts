/**
 * What an exchange comes to: goods that come back pay for goods that go out, and somebody pays or gets back the difference. Pure.
 *
 * One law holds before and after: total + lowered = gift + outside + credited + captured + owed (`edits/money.ts`). Goods that go out
 * raise the total, as lines that an edit adds; those that come back pay of it what they were paid with (`returns/shares.ts`). What they
 * are worth beyond that spares what else is owed, or goes back as money, once they have come.
 */
import { ShopError, type Problem } from '../../../platform/errors.ts';
import type { StoredLine } from '../carts.ts';
import { owedBy, settle, type Balance, type Settlement } from '../edits/money.ts';
import { priceEdit, type Editable, type PricedEdit } from '../edits/price.ts';
import type { EditLine } from '../edits/schemas.ts';
import type { Units } from '../fulfilment/schemas.ts';
import { isSame, quantityOf } from '../fulfilment/units.ts';
import type { ReturnLine } from '../returns/schemas.ts';
import { sharesOf, worth, type RefundedLine } from '../returns/shares.ts';
import type { Rewriting, Today } from '../rewrite.ts';
import type { Rules } from '../rules.ts';
import { shareOut } from '../shares.ts';
import type { OrderLine } from '../store.ts';
import { sum } from '../sums.ts';
import type { Exchange, ExchangeSums, ExchangeTerms, Outgoing } from './schemas.ts';

/** As much of an order as an exchange depends on. */
export type Exchangeable = Editable & Balance;

/** What it is worked out on, beside the order. */
export interface Ground extends Today {
  /** Units whose price has gone back, or pays for others. */
  readonly gone: readonly Units[];
  /** Money that may still go back. */
  readonly left: number;
}

export interface ExchangePlan extends Rewriting {
  readonly lines: readonly Outgoing[];
  /** What each line that comes back counts for. */
  readonly counted: readonly RefundedLine[];
  readonly sums: ExchangeSums;
}

/**
 * @param back units that come back
 * @param id of the return; names what is off the goods that go out
 * @throws ShopError `invalid_input` with all that cannot be, `conflict` for units that were paid back
 */
export function planExchange(
  order: Exchangeable,
  back: readonly Units[],
  terms: Pick<ExchangeTerms, 'lines' | 'fee'>,
  ground: Ground,
  id: string,
): ExchangePlan {
  const shares = sharesOf(order, ground.gone, back);
  const goingOut = agreedLines(order, back, terms, ground);
  const changes = goingOut.map(({ change }) => change);
  const priced = priceEdit(order, changes, ground.items, ground.rules, id);
  const goods = priced.total - order.total;
  const owed = owedBy(order);
  const isEven =
    goingOut.every(({ atPaid }) => atPaid) &&
    back.every(
      ({ variantId, bundle, quantity }) =>
        bundle === undefined && unitsInsteadOf(terms.lines, variantId) === quantity,
    );
  // An even exchange is even to the minor unit, however taxes were rounded. Else they count for no more than they could be paid back
  // with, or pay of what is owed.
  const worthOfAll = isEven ? goods : Math.min(sum(shares.map(({ amount }) => amount)), ground.left + owed);
  refuseFee(terms.fee, worthOfAll);
  // No more than its own goods, so that each exchange can be undone whatever becomes of others.
  const credited = Math.min(worthOfAll - terms.fee, goods);
  const settlement = settle(order, priced.total, false, order.credited + credited);
  return {
    priced,
    settlement,
    lines: terms.lines.map((line) => named(line, priced)),
    counted: countedAs(shares, worthOfAll),
    sums: {
      worth: worthOfAll,
      fee: terms.fee,
      goods,
      difference: goods + terms.fee - worthOfAll,
      credited,
      refund: worthOfAll - terms.fee - credited,
      owed: settlement.owed,
    },
  };
}

/** The order as if it had never been agreed to: what goods paid of it goes with the goods it was for. Whoever asks has seen to it that they wait. */
export function planUndoing(
  order: Exchangeable,
  { lines, sums }: Exchange,
  rules: Rules,
  id: string,
): Rewriting {
  const changes = lines.map(({ variantId, quantity }) => ({
    variantId,
    quantity: (lineOf(order, variantId)?.quantity ?? quantity) - quantity,
  }));
  const priced = priceEdit(withoutOwnDiscounts(order, lines, id), changes, [], rules, id);
  // Taxes of a line are rounded as a whole: where others were exchanged for more of it meanwhile, these units may come to a little less or
  // more than they were agreed for, which is nothing to be paid.
  const rounding = order.total - priced.total - (sums?.goods ?? 0);
  const credited = Math.max(order.credited - (sums?.credited ?? 0) - rounding, 0);
  return { priced, settlement: settle(order, priced.total, false, credited) };
}

export interface Ending {
  /** What was good enough, and what of it counts for how much. */
  readonly counted: readonly RefundedLine[];
  /** What of that pays of the order. */
  readonly credited: number;
  readonly settlement: Settlement;
  /** What goes back as money. */
  readonly refund: number;
}

/**
 * What becomes of the money, now that it is known what came back. Where that is less than was agreed, its goods are owed for; what is
 * left of it first spares what is owed.
 */
export function planEnding(
  order: Balance,
  { counted = [], sums, fee }: Exchange,
  found: readonly ReturnLine[],
): Ending {
  const good = counted.flatMap(({ quantity, amount, ...goods }) => {
    const accepted = found.find((line) => isSame(line, goods))?.accepted ?? 0;
    return accepted === 0
      ? []
      : [{ ...goods, quantity: accepted, amount: worth(amount, quantity, accepted) }];
  });
  const agreed = sums?.credited ?? 0;
  const rest = Math.max(sum(good.map(({ amount }) => amount)) - fee, 0);
  const kept = Math.min(rest, agreed);
  const spared = Math.min(rest - kept, owedBy(order));
  const credited = kept + spared;
  // Below nothing by what taxes were rounded by, see `planUndoing`.
  const settlement = settle(order, order.total, false, Math.max(order.credited - agreed + credited, 0));
  return { counted: good, credited, settlement, refund: rest - credited };
}

interface AgreedLine {
  readonly change: EditLine;
  /** It costs exactly what the units instead of which it goes were paid with. */
  readonly atPaid: boolean;
}

/** @throws ShopError `invalid_input` */
function agreedLines(
  order: Exchangeable,
  back: readonly Units[],
  { lines }: Pick<ExchangeTerms, 'lines'>,
  ground: Ground,
): readonly AgreedLine[] {
  const problems: Problem[] = [];
  const agreed = lines.map((line, index): AgreedLine => {
    const at = (field: string, what: string): void =>
      void problems.push({ where: `/exchange/lines/${index}/${field}`, what });
    const { variantId, quantity, insteadOf, unitPrice } = line;
    const known = lineOf(order, variantId);
    const total = (known?.quantity ?? 0) + quantity;
    if (insteadOf !== undefined && unitPrice !== undefined)
      at('unitPrice', 'goes for what was paid, or for a price');
    const replaced = insteadOf === undefined ? undefined : lineOf(order, insteadOf);
    const before = lines.slice(0, index);
    const why =
      insteadOf === undefined
        ? undefined
        : whyNot(line, insteadOf, replaced, back, before, known, ground.items);
    if (why !== undefined) at('insteadOf', why);
    const price = known?.unitPrice ?? replaced?.unitPrice ?? unitPrice;
    const asked =
      replaced !== undefined && why === undefined
        ? paidForUnits(replaced, back, ground.gone, before, quantity)
        : unitPrice === undefined
          ? undefined
          : quantity * unitPrice;
    const off = asked === undefined || price === undefined ? 0 : quantity * price - asked;
    if (off < 0 && unitPrice !== undefined) at('unitPrice', `at most ${price}, as the order has it`);
    return {
      change: {
        variantId,
        quantity: total,
        ...(known === undefined && price !== undefined ? { unitPrice: price } : {}),
        ...(off > 0 ? { discount: { amount: off, reason: 'Exchange' } } : {}),
      },
      atPaid: replaced !== undefined && off >= 0,
    };
  });
  if (problems.length > 0) {
    throw new ShopError('invalid_input', 'The goods cannot be exchanged like that.', {
      remedy: 'Name goods of the shop, and what they go instead of.',
      problems,
    });
  }
  return agreed;
}

/** Why units cannot go out for what others were paid with. */
function whyNot(
  { variantId, quantity }: Pick<Outgoing, 'variantId' | 'quantity'>,
  insteadOf: string,
  replaced: OrderLine | undefined,
  back: readonly Units[],
  before: readonly Pick<Outgoing, 'insteadOf' | 'quantity'>[],
  known: OrderLine | undefined,
  items: readonly StoredLine[],
): string | undefined {
  const coming = unitsOf(back, insteadOf);
  if (replaced === undefined || coming === 0) return 'does not come back';
  const left = coming - unitsInsteadOf(before, insteadOf);
  if (quantity > left) return `only ${left} more come back`;
  const product = known?.productId ?? items.find((item) => item.variantId === variantId)?.productId;
  return product === undefined || product === replaced.productId ? undefined : 'is of another product';
}

function unitsInsteadOf(
  lines: readonly Pick<Outgoing, 'insteadOf' | 'quantity'>[],
  variantId: string,
): number {
  return sum(lines.filter(({ insteadOf }) => insteadOf === variantId).map(({ quantity }) => quantity));
}

/** What units that come back were paid with, before tax that was added; those after the ones that are exchanged already. */
function paidForUnits(
  line: OrderLine,
  back: readonly Units[],
  gone: readonly Units[],
  before: readonly Pick<Outgoing, 'insteadOf' | 'quantity'>[],
  quantity: number,
): number {
  const coming = unitsOf(back, line.variantId);
  const earlier = unitsOf(gone, line.variantId);
  const paid = line.quantity * line.unitPrice - line.discount;
  const all = worth(paid, line.quantity, earlier + coming) - worth(paid, line.quantity, earlier);
  const used = unitsInsteadOf(before, line.variantId);
  return worth(all, coming, used + quantity) - worth(all, coming, used);
}

/** Of a line: what is in a bundle was not paid for by itself. */
function unitsOf(units: readonly Units[], variantId: string): number {
  return quantityOf(units, { variantId });
}

function refuseFee(fee: number, most: number): void {
  if (fee <= most) return;
  throw new ShopError('invalid_input', 'More would be kept than the goods are worth that come back.', {
    remedy: 'Keep at most that.',
    problems: [{ where: '/exchange/fee', what: `at most ${most}` }],
  });
}

function countedAs(shares: readonly RefundedLine[], amount: number): readonly RefundedLine[] {
  const whole = sum(shares.map((share) => share.amount));
  const parts = shareOut(
    Math.min(amount, whole),
    shares.map((share) => share.amount),
  );
  // What taxes were rounded up by.
  const more = Math.max(amount - whole, 0);
  return shares.map((share, index) => ({ ...share, amount: (parts[index] ?? 0) + (index === 0 ? more : 0) }));
}

function named(line: ExchangeTerms['lines'][number], { lines }: PricedEdit): Outgoing {
  const { title = line.variantId, variantTitle } =
    lines.find(({ variantId }) => variantId === line.variantId) ?? {};
  return { ...line, title, variantTitle };
}

/** Without what the exchange took off the units it added: these are the last of their lines, and the first to go. */
function withoutOwnDiscounts(order: Exchangeable, out: readonly Outgoing[], id: string): Exchangeable {
  const own = new Map(out.map((line) => [discountOf(id, line.variantId), line]));
  const discounts = order.discounts.filter(({ promotionId }) => !own.has(promotionId));
  const lines = order.lines.map((line) => {
    const name = discountOf(id, line.variantId);
    const off = order.discounts.find(({ promotionId }) => promotionId === name);
    if (off === undefined) return line;
    const added = own.get(name)?.quantity ?? 0;
    const discounted = Math.max((line.discounted ?? line.quantity) - added, 0);
    return { ...line, discount: line.discount - off.amount, discounted };
  });
  return { ...order, discounts, lines };
}

/** How `priceEdit` names what it takes off a line. */
export function discountOf(id: string, variantId: string): string {
  return `${id}:${variantId}`;
}

function lineOf({ lines }: Pick<Editable, 'lines'>, variantId: string): OrderLine | undefined {
  return lines.find((line) => line.variantId === variantId);
}
