/**
 * Which price counts: the cheapest of all that apply. Pure. Nobody pays more for being in a group, for a list that was added, or for
 * buying more, and the order of lists says nothing. Carts are priced by the same rule in SQL (`orders/prices/offers.ts`), where the
 * price is written down with the line; a test holds the two together.
 */
import type { Step } from './schemas.ts';

/** What lists say of one variant, in one currency. */
export interface Offer {
  /** The most that a list takes off the variant's own price, in hundredths of a percent. */
  readonly offBasisPoints: number;
  /** Of every list that has a price for it. */
  readonly steps: readonly Step[];
}

/** An amount less a share of it, rounded half up. */
export function lessShare(amount: number, basisPoints: number): number {
  return Number((BigInt(amount) * BigInt(10_000 - basisPoints) + 5_000n) / 10_000n);
}

/** Of amounts, which are less that share within bounds; undefined: each is. Exact: what lies within these lies within those, and nothing else. */
export function boundsBefore({ least, most }: Bounds, basisPoints: number): Bounds {
  const left = BigInt(10_000 - basisPoints);
  if (left === 0n) return least === undefined || least === 0 ? {} : { least: Number.MAX_SAFE_INTEGER };
  const above = least === undefined ? undefined : BigInt(least) * 10_000n - 5_000n;
  const below = most === undefined ? undefined : (BigInt(most) + 1n) * 10_000n - 5_001n;
  return {
    least: above === undefined ? undefined : above <= 0n ? 0 : Number((above + left - 1n) / left),
    most: below === undefined ? undefined : Number(below / left),
  };
}

export interface Bounds {
  readonly least?: number | undefined;
  readonly most?: number | undefined;
}

/**
 * Of one unit, when so many are bought.
 * @param own the variant's own price; undefined where it has none in the currency
 * @returns undefined where it is not for sale in this quantity
 */
export function unitPrice(own: number | undefined, offer: Offer, quantity: number): number | undefined {
  const prices = [
    ...(own === undefined ? [] : [own, lessShare(own, offer.offBasisPoints)]),
    ...offer.steps.filter(({ from }) => from <= quantity).map(({ amount }) => amount),
  ];
  return prices.length === 0 ? undefined : Math.min(...prices);
}

/** The same as steps, each cheaper than the one before: what a table of prices shows. */
export function stepsOf(own: number | undefined, offer: Offer): Step[] {
  const marks = [...new Set([1, ...offer.steps.map(({ from }) => from)])].toSorted((a, b) => a - b);
  const steps: Step[] = [];
  for (const from of marks) {
    const amount = unitPrice(own, offer, from);
    if (amount !== undefined && amount < (steps.at(-1)?.amount ?? Infinity)) steps.push({ from, amount });
  }
  return steps;
}
