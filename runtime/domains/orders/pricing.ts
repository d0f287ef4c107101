/**
 * What a cart costs: goods at present prices, less promotions, with shipping and tax. Pure: everything it depends on was read with
 * the cart.
 */
import { drawOn, type Purse } from './gift-cards/spread.ts';
import { applyPromotions } from './promotions/engine.ts';
import type { CartCode, Discount } from './promotions/schemas.ts';
import type { StoredCandidate } from './promotions/store.ts';
import type { Rules } from './rules.ts';
import type { Selectable } from './selection.ts';
import { shippingOffers, type Destination, type ShippingOffer } from './shipping/rates.ts';
import type { TaxPart } from './taxes/schemas.ts';
import { taxesOf, type LineTax } from './taxes/taxes.ts';
import type { Totals } from './schemas.ts';
import { sum } from './sums.ts';

export interface PricedLine extends Selectable {
  readonly quantity: number;
  readonly unitPrice: number;
  readonly shipped: boolean;
  readonly taxable: boolean;
  /** Of one unit. */
  readonly grams: number;
}

export interface Priceable {
  readonly currency: string;
  readonly lines: readonly PricedLine[];
  /** The method that was chosen; where it is not to be had, the first that is takes its place. */
  readonly method: string;
  /** Undefined while it is not known. */
  readonly to: Destination | undefined;
  readonly rules: Rules;
  readonly codes: readonly string[];
  readonly candidates: readonly StoredCandidate[];
  /** In the order in which they are emptied. */
  readonly giftCards: readonly Purse[];
  readonly signedIn: boolean;
  readonly orderedBefore: boolean;
  /** The one way to ship it, where a merchant has said what that costs; absent: by the rules. */
  readonly carriage?: ShippingOffer | undefined;
}

export interface Price {
  readonly totals: Totals;
  /** The ways to ship it; empty where nothing goes. */
  readonly offers: readonly ShippingOffer[];
  readonly method: ShippingOffer | undefined;
  /** Off each line, in their order. */
  readonly lineDiscounts: readonly number[];
  readonly lineTaxes: readonly LineTax[];
  readonly shippingTax: number;
  /** What gift cards pay of the total. */
  readonly gifts: readonly Purse[];
  readonly discounts: readonly Discount[];
  readonly codes: readonly CartCode[];
}

/** @param now decides which promotions are on */
export function priceOf(given: Priceable, now: Date): Price {
  const { currency, lines, to, rules, candidates, codes, signedIn, orderedBefore } = given;
  const subtotal = sum(lines.map(({ quantity, unitPrice }) => quantity * unitPrice));
  const offers =
    given.carriage === undefined
      ? shippingOffers(rules.shipping, to, parcelOf(given, subtotal))
      : [given.carriage];
  const method = offers.find(({ id }) => id === given.method) ?? offers[0];
  const carriage = lines.length === 0 ? 0 : (method?.amount ?? 0);
  const applied = applyPromotions(
    { currency, goods: lines, shipping: carriage, signedIn, orderedBefore },
    candidates,
    now,
  );
  const discount = sum(applied.lines);
  const shipping = carriage - applied.shipping;
  const paid = lines.map((line, index) => ({
    ...line,
    amount: line.quantity * line.unitPrice - (applied.lines[index] ?? 0),
  }));
  const tax = taxesOf(rules.taxes, to, paid, shipping);
  const { included, amount, parts } = tax;
  const total = totalOf(subtotal, discount, shipping, tax);
  const gifts = drawOn(given.giftCards, total);
  const gift = sum(gifts.map((purse) => purse.amount));
  return {
    totals: {
      currency,
      subtotal,
      discount,
      discounts: [...applied.discounts],
      shipping,
      tax: { amount, included, rateBasisPoints: mainRate(parts), parts: [...parts] },
      total,
      gift,
      due: total - gift,
    },
    gifts,
    offers,
    method,
    lineDiscounts: applied.lines,
    lineTaxes: tax.lines,
    shippingTax: tax.shipping.amount,
    discounts: applied.discounts,
    codes: codes.map((code) => {
      const taken = applied.discounts.some((each) => each.code === code);
      // One that is not among the candidates has been switched off or deleted.
      return taken
        ? { code, applied: true }
        : { code, applied: false, problem: applied.problems.get(code) ?? 'ended' };
    }),
  };
}

/** What is to be paid, by whatever means. @param discount off the goods @param shipping less its discounts */
export function totalOf(
  subtotal: number,
  discount: number,
  shipping: number,
  tax: { readonly included: boolean; readonly amount: number },
): number {
  return subtotal - discount + shipping + (tax.included ? 0 : tax.amount);
}

function parcelOf({ currency, lines }: Priceable, subtotal: number) {
  const shipped = lines.filter((line) => line.shipped);
  const grams = sum(shipped.map((line) => line.grams * line.quantity));
  return { currency, subtotal, grams, shipped: shipped.length > 0 };
}

/** The rate by which most is taxed. */
export function mainRate(parts: readonly TaxPart[]): number {
  return parts.toSorted((a, b) => b.base - a.base)[0]?.rateBasisPoints ?? 0;
}
