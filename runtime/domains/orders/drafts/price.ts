/** What a draft comes to, by the same function as a cart. Pure. */
import type { StoredLine } from '../carts.ts';
import { priceOf, type Price } from '../pricing.ts';
import type { StoredCandidate } from '../promotions/store.ts';
import type { Rules } from '../rules.ts';
import type { Address } from '../schemas.ts';
import type { ShippingOffer } from '../shipping/rates.ts';
import type { DraftDiscount, DraftLine, DraftShipping } from './schemas.ts';

/** What of a price is written down with an offer. */
export type Agreed = Pick<
  Price,
  'totals' | 'lineDiscounts' | 'lineTaxes' | 'shippingTax' | 'discounts' | 'method'
>;

export interface Priced {
  /** At the prices that were agreed on. */
  readonly lines: readonly StoredLine[];
  readonly price: Agreed;
}

export interface Draftable {
  readonly id: string;
  readonly currency: string;
  readonly lines: readonly DraftLine[];
  readonly shipping: DraftShipping;
  readonly shippingAddress: Address | undefined;
  readonly discount: DraftDiscount | undefined;
  readonly rules: Rules;
}

/**
 * The merchant says what is off: promotions do not come by themselves.
 * @param items what the catalogue says of the lines' variants
 */
export function priceDraft(draft: Draftable, items: readonly StoredLine[], now: Date): Priced {
  const lines = draft.lines.flatMap(({ variantId, quantity, unitPrice }) => {
    const item = items.find((each) => each.variantId === variantId);
    return item === undefined ? [] : [{ ...item, quantity, unitPrice: unitPrice ?? item.unitPrice }];
  });
  const { totals, lineDiscounts, lineTaxes, shippingTax, discounts, method } = priceOf(
    {
      currency: draft.currency,
      lines: lines.map((line) => ({ ...line, unitPrice: line.unitPrice ?? 0 })),
      method: draft.shipping.method ?? AGREED,
      carriage: carriageOf(draft.shipping),
      to: draft.shippingAddress,
      rules: draft.rules,
      codes: [],
      candidates: draft.discount === undefined ? [] : [candidateOf(draft, draft.discount)],
      giftCards: [],
      signedIn: false,
      orderedBefore: false,
    },
    now,
  );
  return { lines, price: { totals, lineDiscounts, lineTaxes, shippingTax, discounts, method } };
}

const AGREED = 'agreed';

function carriageOf({ title, amount }: DraftShipping): ShippingOffer | undefined {
  if (title === undefined || amount === undefined) return undefined;
  return { id: AGREED, title, amount, minDays: 0, maxDays: 0, pickup: false };
}

/** As a promotion that nobody else has: so it is shared over lines and taxes as all discounts are. */
function candidateOf(
  { id, currency }: Pick<Draftable, 'id' | 'currency'>,
  { basisPoints, amount, reason }: DraftDiscount,
): StoredCandidate {
  return {
    id,
    version: 1,
    code: undefined,
    title: reason,
    benefit:
      basisPoints === undefined
        ? { kind: 'fixed', amount: { [currency]: amount ?? 0 }, each: false }
        : { kind: 'percent', basisPoints },
    conditions: { customers: 'everyone' },
    combinesWith: [],
    priority: 0,
    startsAt: undefined,
    endsAt: undefined,
    usesLeft: undefined,
    usesLeftForBuyer: undefined,
    most: undefined,
  };
}
