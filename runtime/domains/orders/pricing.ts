/**
 * What a cart costs: goods at present prices, less promotions, with shipping and tax. Pure: everything it depends on was read with
 * the cart.
 */
import { applyPromotions } from './promotions/engine.ts';
import type { CartCode, Discount } from './promotions/schemas.ts';
import type { StoredCandidate } from './promotions/store.ts';
import { includedTax, shippingMethods, taxRate } from './totals.ts';
import type { ShippingMethodId, Totals } from './schemas.ts';

export interface PricedLine {
  readonly productId: string;
  readonly type: string;
  readonly vendor: string;
  readonly collections: readonly string[];
  readonly quantity: number;
  readonly unitPrice: number;
  readonly shipped: boolean;
}

export interface Priceable {
  readonly currency: string;
  readonly lines: readonly PricedLine[];
  readonly method: ShippingMethodId;
  /** Of delivery; undefined while it is not known, which leaves the tax at nothing. */
  readonly country: string | undefined;
  readonly codes: readonly string[];
  readonly candidates: readonly StoredCandidate[];
  readonly signedIn: boolean;
  readonly orderedBefore: boolean;
}

export interface Price {
  readonly totals: Totals;
  /** Off each line, in their order. */
  readonly lineDiscounts: readonly number[];
  readonly discounts: readonly Discount[];
  readonly codes: readonly CartCode[];
}

/** @param now decides which promotions are on */
export function priceOf(given: Priceable, now: Date): Price {
  const { currency, lines, method, country, candidates, codes } = given;
  const subtotal = lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0);
  const carriage = shippingOf(given, subtotal, method);
  const applied = applyPromotions(
    {
      currency,
      goods: lines,
      shipping: carriage,
      signedIn: given.signedIn,
      orderedBefore: given.orderedBefore,
    },
    candidates,
    now,
  );
  const discount = applied.lines.reduce((sum, amount) => sum + amount, 0);
  const shipping = carriage - applied.shipping;
  const total = subtotal - discount + shipping;
  const rateBasisPoints = taxRate(country);
  return {
    totals: {
      currency,
      subtotal,
      discount,
      discounts: [...applied.discounts],
      shipping,
      tax: { amount: includedTax(total, rateBasisPoints), included: true, rateBasisPoints },
      total,
    },
    lineDiscounts: applied.lines,
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

function shippingOf({ currency, lines }: Priceable, subtotal: number, method: ShippingMethodId): number {
  if (lines.length === 0) return 0;
  const shipped = lines.some((line) => line.shipped);
  const chosen = shippingMethods({ amount: subtotal, currency }, shipped).find(({ id }) => id === method);
  return chosen?.price.amount ?? 0;
}
