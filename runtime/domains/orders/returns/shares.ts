/**
 * What units of a line are worth when money goes back. Pure.
 *
 * Of n units that were paid with an amount, k are worth ⌊amount × k ÷ n⌋, and the next ones what that grows by. So the parts of any
 * sequence of refunds add up to what was paid, whichever units come first, and none is paid back twice.
 */
import { ShopError } from '../../../platform/errors.ts';
import { meant, type SoldPart } from '../bundles/goods.ts';
import { sharesOfParts, type PaidGoods } from '../bundles/shares.ts';
import type { Units } from '../fulfilment/schemas.ts';
import { isSame, quantityOf } from '../fulfilment/units.ts';

export interface PaidLine {
  readonly variantId: string;
  readonly quantity: number;
  readonly unitPrice: number;
  /** Off the line as a whole. */
  readonly discount: number;
  readonly tax: number;
  /** Of a bundle. */
  readonly parts?: readonly Pick<SoldPart, 'variantId' | 'quantity' | 'price'>[] | undefined;
}

export interface RefundedLine extends Units {
  readonly amount: number;
}

/** As much of an order as its shares depend on. */
export interface Paid {
  readonly taxIncluded: boolean;
  readonly shipping: number;
  readonly shippingTax: number;
  readonly lines: readonly PaidLine[];
}

/** What was paid for a line: less its discount, with its tax. */
export function paidFor({ quantity, unitPrice, discount, tax }: PaidLine, taxIncluded: boolean): number {
  return quantity * unitPrice - discount + (taxIncluded ? 0 : tax);
}

export function paidForShipping({ taxIncluded, shipping, shippingTax }: Paid): number {
  return shipping + (taxIncluded ? 0 : shippingTax);
}

/** What was paid for the goods of an order, each part of a bundle by itself. */
function paidGoods({ lines, taxIncluded }: Paid): PaidGoods[] {
  return lines.flatMap((line): PaidGoods[] => {
    const { variantId, quantity, parts } = line;
    const paid = paidFor(line, taxIncluded);
    if (parts === undefined) return [{ variantId, quantity, paid }];
    const shares = sharesOfParts(paid, parts);
    return parts.map((part, index) => ({
      variantId: part.variantId,
      bundle: variantId,
      quantity: part.quantity * quantity,
      paid: shares[index] ?? 0,
    }));
  });
}

/**
 * @param before units that were refunded already, of any of the order's lines
 * @throws ShopError `conflict` for more units than there are left
 */
export function sharesOf(
  order: Paid,
  before: readonly Units[],
  wanted: readonly Units[],
): readonly RefundedLine[] {
  const goods = paidGoods(order);
  return meant(order.lines, wanted).map((units, index) => {
    const { variantId, quantity } = units;
    const line = goods.find((each) => isSame(each, units));
    const gone = quantityOf(before, units);
    const left = (line?.quantity ?? 0) - gone;
    if (line === undefined || quantity > left) {
      throw new ShopError('conflict', `Only ${left} of ${variantId} are left to refund.`, {
        remedy: 'Name units that were bought and not refunded yet.',
        problems: [{ where: `/lines/${index}/quantity`, what: `at most ${left}` }],
      });
    }
    const amount = worth(line.paid, line.quantity, gone + quantity) - worth(line.paid, line.quantity, gone);
    return { ...units, amount };
  });
}

/** What so many units of those that were paid with an amount are worth. */
export function worth(paid: number, of: number, units: number): number {
  return Number((BigInt(paid) * BigInt(units)) / BigInt(of));
}
