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
