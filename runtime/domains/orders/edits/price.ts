/**
 * What a paid order comes to once it is edited. Pure.
 *
 * What was agreed stays: a line keeps its price and the tax rate it was sold by, units keep their share of the discounts they were
 * bought with. Units that come to a line get no share of a promotion, for nobody looks whether it is still on; the merchant says what
 * else is off. Shipping stays as it was paid.
 */
import { ShopError, type Problem } from '../../../platform/errors.ts';
import { begun, soldParts } from '../bundles/goods.ts';
import { snapshotOf, type StoredLine } from '../carts.ts';
import type { Units } from '../fulfilment/schemas.ts';
import { requirePayable } from '../payable.ts';
import { mainRate, totalOf } from '../pricing.ts';
import type { Discount } from '../promotions/schemas.ts';
import { worth } from '../returns/shares.ts';
import type { Rules } from '../rules.ts';
import { MAX_LINES, type Address } from '../schemas.ts';
import { portionOf, shareOut } from '../shares.ts';
import type { OrderLine } from '../store.ts';
import { sum } from '../sums.ts';
import type { TaxPart } from '../taxes/schemas.ts';
import { includedTax, taxesOf, USUAL_RULES, type Rate, type Taxed } from '../taxes/taxes.ts';
import type { EditLine, LineDiscount } from './schemas.ts';

/** As much of an order as its price depends on. */
export interface Editable {
  readonly lines: readonly OrderLine[];
  readonly discounts: readonly Discount[];
  readonly shipping: number;
  readonly shippingTax: number;
  readonly shippingAddress: Address;
  readonly taxIncluded: boolean;
  readonly taxRate: number;
  readonly taxParts: readonly TaxPart[];
}

export interface PricedEdit {
  readonly lines: readonly OrderLine[];
  readonly subtotal: number;
  readonly discount: number;
  readonly discounts: readonly Discount[];
  readonly tax: Taxed;
  readonly taxRate: number;
  readonly total: number;
  /** Units that come to the order, and that are taken out of it; each variant once. */
  readonly added: readonly Units[];
  readonly removed: readonly Units[];
}

/**
 * @param items what the catalogue says of variants that the order does not have
 * @param editId names discounts of this edit
 * @throws ShopError `invalid_input` with all that cannot be
 */
export function priceEdit(
  order: Editable,
  changes: readonly EditLine[],
  items: readonly StoredLine[],
  rules: Rules,
  editId: string,
): PricedEdit {
  refuseImpossible(order, changes, items);
  const kept = order.lines.map((line) => changed(line, changeOf(changes, line.variantId)));
  const fresh = changes
    .filter(({ variantId }) => lineOf(order, variantId) === undefined)
    .flatMap((change) => {
      const item = items.find(({ variantId }) => variantId === change.variantId);
      return item === undefined ? [] : [{ item, line: lineFrom(item, change) }];
    });
  const standing = kept.filter(({ quantity }) => quantity > 0);
  const { included, ...tax } = taxesOf(
    { ...(rules.taxes ?? USUAL_RULES), pricesInclude: order.taxIncluded },
    order.shippingAddress,
    [
      ...standing.map((line) => ({
        ...UNSELECTED,
        productId: line.productId,
        amount: paidFor(line),
        rate: rateOf(order, line.taxRate),
      })),
      ...fresh.map(({ item, line }) => ({ ...item, amount: paidFor(line) })),
    ],
    order.shipping,
    shippingRateOf(order),
  );
  const lines = [...standing, ...fresh.map(({ line }) => line)].map((line, index) => ({
    ...line,
    tax: tax.lines[index]?.amount ?? 0,
    taxRate: tax.lines[index]?.rateBasisPoints ?? 0,
  }));
  const subtotal = sum(lines.map(({ quantity, unitPrice }) => quantity * unitPrice));
  const discount = sum(lines.map((line) => line.discount));
  const total = totalOf(subtotal, discount, order.shipping, { included, amount: tax.amount });
  requirePayable({ subtotal, total });
  return {
    lines,
    subtotal,
    discount,
    discounts: discountsOf(order, changes, lines, editId),
    tax: { included, ...tax },
    taxRate: mainRate(tax.parts),
    total,
    ...unitsOf(order, lines),
  };
}

function refuseImpossible(order: Editable, changes: readonly EditLine[], items: readonly StoredLine[]): void {
  const problems = changes.flatMap((change, index): Problem[] => {
    const at = (field: string, what: string): Problem => ({ where: `/lines/${index}/${field}`, what });
    const line = lineOf(order, change.variantId);
    if (line === undefined) {
      const item = items.find(({ variantId }) => variantId === change.variantId);
      if (item === undefined) return [at('variantId', 'neither in the order nor in the shop')];
      if (change.quantity === 0) return [at('quantity', 'the order has none of it')];
      const priceless = change.unitPrice === undefined && item.unitPrice === undefined;
      return priceless ? [at('unitPrice', 'not for sale in this currency: name a price')] : [];
    }
    const gone = begun(line);
    if (change.quantity < gone) return [at('quantity', `at least ${gone}: these have left or were given up`)];
    return change.unitPrice === undefined
      ? []
      : [at('unitPrice', 'a line that was paid keeps its price: give a discount')];
  });
  const left = order.lines.filter(({ variantId }) => changeOf(changes, variantId)?.quantity !== 0);
  const more = changes.filter(({ variantId }) => lineOf(order, variantId) === undefined);
  if (left.length + more.length === 0)
    problems.push({ where: '/lines', what: 'nothing is left of the order' });
  if (left.length + more.length > MAX_LINES)
    problems.push({ where: '/lines', what: `an order has at most ${MAX_LINES} lines` });
  if (problems.length === 0) return;
  throw new ShopError('invalid_input', 'The order cannot be edited like that.', {
    remedy: 'Change what has not left yet; cancel the order where nothing is to be left of it.',
    problems,
  });
}

function lineOf({ lines }: Editable, variantId: string): OrderLine | undefined {
  return lines.find((line) => line.variantId === variantId);
}

function changeOf(changes: readonly EditLine[], variantId: string): EditLine | undefined {
  return changes.find((change) => change.variantId === variantId);
}

/** What is off the units that stay. Those that came last, and got none of it, are the first to go. */
function shareKept({ discount, discounted, quantity }: OrderLine, kept: number): number {
  const units = discounted ?? quantity;
  return kept >= units ? discount : worth(discount, units, kept);
}

function changed(line: OrderLine, change: EditLine | undefined): OrderLine {
  if (change === undefined) return line;
  const { quantity } = change;
  const share = shareKept(line, quantity);
  const more = takenOff(change.discount, quantity * line.unitPrice - share);
  // What this edit takes off is off all that the line has now.
  const discounted = more > 0 ? quantity : Math.min(line.discounted ?? line.quantity, quantity);
  return {
    ...line,
    quantity,
    discount: share + more,
    discounted: discounted === quantity ? undefined : discounted,
  };
}

function lineFrom(
  item: StoredLine,
  { quantity, unitPrice = item.unitPrice ?? 0, discount }: EditLine,
): OrderLine {
  return {
    ...snapshotOf(item),
    parts: soldParts(item.parts),
    quantity,
    shipped: 0,
    cancelled: 0,
    unitPrice,
    discount: takenOff(discount, quantity * unitPrice),
    tax: 0,
    taxRate: 0,
  };
}

/** Never more than there is. */
function takenOff(discount: LineDiscount | undefined, rest: number): number {
  if (discount === undefined) return 0;
  const { amount, basisPoints = 0 } = discount;
  return Math.min(amount ?? portionOf(rest, basisPoints), rest);
}

function paidFor({ quantity, unitPrice, discount }: OrderLine): number {
  return quantity * unitPrice - discount;
}

/** Of a line whose rate is known nothing else is asked. */
const UNSELECTED = { type: '', vendor: '', taxable: true };

function rateOf({ taxParts, taxRate }: Editable, basisPoints: number): Rate {
  // Orders from before there were several rates say it of the whole.
  if (taxParts.length === 0) return { name: '', basisPoints: taxRate };
  const part = taxParts.find(({ rateBasisPoints }) => rateBasisPoints === basisPoints);
  return { name: part?.name ?? '', basisPoints };
}

/** The order says how much tax is on its shipping, and which rates it has: the one that comes to that much. */
function shippingRateOf(order: Editable): Rate {
  const { shipping, shippingTax, taxIncluded, taxParts } = order;
  const onShipping = taxIncluded ? includedTax : portionOf;
  const part = taxParts.find(
    ({ rateBasisPoints }) => Math.abs(onShipping(shipping, rateBasisPoints) - shippingTax) <= 1,
  );
  if (part !== undefined) return rateOf(order, part.rateBasisPoints);
  return shippingTax === 0 ? { name: '', basisPoints: 0 } : rateOf(order, order.taxRate);
}

/** What promotions still take off the goods, what this edit takes off besides, and what is off the shipping. */
function discountsOf(
  order: Editable,
  changes: readonly EditLine[],
  lines: readonly OrderLine[],
  editId: string,
): readonly Discount[] {
  const own = changes.flatMap(({ variantId, quantity, discount }): Discount[] => {
    const line = lines.find((each) => each.variantId === variantId);
    if (line === undefined || discount === undefined) return [];
    const before = lineOf(order, variantId);
    const share = before === undefined ? 0 : shareKept(before, quantity);
    const promotionId = `${editId}:${variantId}`;
    return [{ promotionId, title: discount.reason, class: 'product', amount: line.discount - share }];
  });
  const offGoods = order.discounts.filter((each) => each.class !== 'shipping');
  const left = sum(lines.map(({ discount }) => discount)) - sum(own.map(({ amount }) => amount));
  const shares = shareOut(
    Math.min(left, sum(offGoods.map(({ amount }) => amount))),
    offGoods.map(({ amount }) => amount),
  );
  return [
    ...offGoods.map((each, index) => ({ ...each, amount: shares[index] ?? 0 })),
    ...order.discounts.filter((each) => each.class === 'shipping'),
    ...own,
  ].filter(({ amount }) => amount > 0);
}

function unitsOf(order: Editable, lines: readonly OrderLine[]): Pick<PricedEdit, 'added' | 'removed'> {
  const ids = new Set([...order.lines, ...lines].map(({ variantId }) => variantId));
  const quantityIn = (all: readonly OrderLine[], id: string): number =>
    all.find(({ variantId }) => variantId === id)?.quantity ?? 0;
  const differences = [...ids].map((variantId) => ({
    variantId,
    quantity: quantityIn(lines, variantId) - quantityIn(order.lines, variantId),
  }));
  return {
    added: differences.filter(({ quantity }) => quantity > 0),
    removed: differences
      .filter(({ quantity }) => quantity < 0)
      .map(({ variantId, quantity }) => ({ variantId, quantity: -quantity })),
  };
}
