/**
 * What units of a line are worth when money goes back. Pure.
 *
 * Of n units that were paid with an amount, k are worth ⌊amount × k ÷ n⌋, and the next ones what that grows by. So the parts of any
 * sequence of refunds add up to what was paid, whichever units come first, and none is paid back twice.
 */
import { ShopError } from '../../../platform/errors.ts';
import type { Units } from '../fulfilment/schemas.ts';
import { sum } from '../sums.ts';

export interface PaidLine {
  readonly variantId: string;
  readonly quantity: number;
  readonly unitPrice: number;
  /** Off the line as a whole. */
  readonly discount: number;
  readonly tax: number;
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

/**
 * @param before units that were refunded already, of any of the order's lines
 * @throws ShopError `conflict` for more units than there are left
 */
export function sharesOf(
  order: Paid,
  before: readonly Units[],
  wanted: readonly Units[],
): readonly RefundedLine[] {
  return wanted.map(({ variantId, quantity }, index) => {
    const line = order.lines.find((each) => each.variantId === variantId);
    const gone = sum(before.filter((each) => each.variantId === variantId).map((each) => each.quantity));
    const left = (line?.quantity ?? 0) - gone;
    if (line === undefined || quantity > left) {
      throw new ShopError('conflict', `Only ${left} of ${variantId} are left to refund.`, {
        remedy: 'Name units that were bought and not refunded yet.',
        problems: [{ where: `/lines/${index}/quantity`, what: `at most ${left}` }],
      });
    }
    const paid = paidFor(line, order.taxIncluded);
    const amount = worth(paid, line.quantity, gone + quantity) - worth(paid, line.quantity, gone);
    return { variantId, quantity, amount };
  });
}

/** What so many units of those that were paid with an amount are worth. */
export function worth(paid: number, of: number, units: number): number {
  return Number((BigInt(paid) * BigInt(units)) / BigInt(of));
}
