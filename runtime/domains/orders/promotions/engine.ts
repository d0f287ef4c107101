/**
 * Which promotions a cart gets and what each takes off, as a pure function: the cheapest choice among those that may be had together.
 *
 * Every promotion is of a class: product (off some lines), order (off all of them) or shipping. Two may be had together when each
 * allows the other's class. Within a choice, a line gets the best of its product discounts and no second one; order discounts follow,
 * one after the other, on what is left; shipping comes last. Minimums are judged on the goods before any discount, so that a further
 * promotion never takes another away: the more there are, the less it costs.
 */
import { isSelected, type Selectable, type Selection } from '../selection.ts';
import { portionOf, shareOut } from '../shares.ts';
import type { CodeProblem, Discount, PromotionClass, Rule } from './schemas.ts';
import { sum } from '../sums.ts';

export interface Goods extends Selectable {
  readonly quantity: number;
  readonly unitPrice: number;
}

/** A promotion, with all that its use by this shopper depends on. */
export interface Candidate extends Rule {
  readonly id: string;
  /** Absent: it applies by itself. */
  readonly code: string | undefined;
  readonly startsAt: Date | undefined;
  readonly endsAt: Date | undefined;
  readonly usesLeft: number | undefined;
  readonly usesLeftForBuyer: number | undefined;
}

export interface Basket {
  readonly currency: string;
  readonly goods: readonly Goods[];
  /** What shipping costs before discounts. */
  readonly shipping: number;
  readonly signedIn: boolean;
  /** Whether the shopper has ordered before; false while it is not known who they are. */
  readonly orderedBefore: boolean;
}

export interface Outcome {
  /** Off each of the goods, in their order. */
  readonly lines: readonly number[];
  readonly shipping: number;
  /** What each promotion took, shipping last; Σ amounts = Σ lines + shipping. */
  readonly discounts: readonly Discount[];
  /** By code, why it takes nothing off. */
  readonly problems: ReadonlyMap<string, CodeProblem>;
}

/** @param now decides which promotions have begun and not ended */
export function applyPromotions(basket: Basket, candidates: readonly Candidate[], now: Date): Outcome {
  const problems = new Map<string, CodeProblem>();
  const offers: Offer[] = [];
  for (const candidate of candidates.toSorted(byRank)) {
    const offer = offerOf(candidate, basket, now);
    if (typeof offer !== 'string') offers.push(offer);
    else if (candidate.code !== undefined) problems.set(candidate.code, offer);
  }
  let best = settle(basket, []);
  for (const choice of largestChoices(offers)) {
    const settled = settle(basket, choice);
    // Of equally good ones the first: choices come in the order of their ranks.
    if (settled.off > best.off) best = settled;
  }
  const applied = new Set(best.discounts.map(({ promotionId }) => promotionId));
  for (const { id, code } of offers)
    if (code !== undefined && !applied.has(id)) problems.set(code, 'not_combined');
  return { lines: best.lines, shipping: best.shipping, discounts: best.discounts, problems };
}

/** Whether both may take something off the same order. */
export function combines(
  a: Pick<Offer, 'class' | 'combinesWith'>,
  b: Pick<Offer, 'class' | 'combinesWith'>,
): boolean {
  return a.combinesWith.includes(b.class) && b.combinesWith.includes(a.class);
}

/** The class of what a promotion does. */
export function classOf({ benefit }: Pick<Rule, 'benefit'>): PromotionClass {
  switch (benefit.kind) {
    case 'free_shipping':
      return 'shipping';
    case 'buy_x_get_y':
      return 'product';
    case 'percent':
    case 'fixed':
      return benefit.of === undefined ? 'order' : 'product';
  }
}

/** A promotion that this shopper may have. */
interface Offer extends Candidate {
  readonly class: PromotionClass;
  /** Of class product: off each of the goods, if it were alone. */
  readonly perLine: readonly number[];
}

interface Settled extends Omit<Outcome, 'problems'> {
  readonly off: number;
}

function byRank(a: Candidate, b: Candidate): number {
  return b.priority - a.priority || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function offerOf(candidate: Candidate, basket: Basket, now: Date): Offer | CodeProblem {
  const { benefit, conditions, startsAt, endsAt, usesLeft, usesLeftForBuyer } = candidate;
  if (startsAt !== undefined && now < startsAt) return 'not_started';
  if (endsAt !== undefined && now >= endsAt) return 'ended';
  if (usesLeft !== undefined && usesLeft <= 0) return 'used_up';
  if (conditions.customers === 'signed_in' && !basket.signedIn) return 'not_for_you';
  if (conditions.customers === 'first_order' && basket.orderedBefore) return 'not_for_you';
  if (usesLeftForBuyer !== undefined && usesLeftForBuyer <= 0) return 'used_up';
  const about = basket.goods.filter((goods) => isSelected(goods, aboutOf(benefit)));
  const minimum = conditions.minimumSubtotal?.[basket.currency];
  if (conditions.minimumSubtotal !== undefined && minimum === undefined) return 'nothing_to_discount';
  if (minimum !== undefined && sum(about.map(priceOf)) < minimum) return 'minimum_not_met';
  if (sum(about.map(({ quantity }) => quantity)) < (conditions.minimumQuantity ?? 0))
    return 'minimum_not_met';
  const offer: Offer = { ...candidate, class: classOf(candidate), perLine: perLineOf(candidate, basket) };
  return settle(basket, [offer]).off === 0 ? 'nothing_to_discount' : offer;
}

function aboutOf(benefit: Rule['benefit']): Selection | undefined {
  if (benefit.kind === 'free_shipping') return undefined;
  return benefit.kind === 'buy_x_get_y' ? benefit.buy.of : benefit.of;
}

function perLineOf({ benefit }: Candidate, basket: Basket): readonly number[] {
  const { goods, currency } = basket;
  if (benefit.kind === 'free_shipping') return [];
  if (benefit.kind === 'buy_x_get_y') return boughtAndGot(benefit, goods);
  const { of } = benefit;
  if (of === undefined) return [];
  if (benefit.kind === 'percent')
    return goods.map((each) => (isSelected(each, of) ? portionOf(priceOf(each), benefit.basisPoints) : 0));
  const amount = benefit.amount[currency] ?? 0;
  if (benefit.each)
    return goods.map((each) => (isSelected(each, of) ? Math.min(amount, each.unitPrice) * each.quantity : 0));
  const prices = goods.map((each) => (isSelected(each, of) ? priceOf(each) : 0));
  return shareOut(Math.min(amount, sum(prices)), prices);
}

/**
 * Off each of the goods. As often as whole sets can be made, no unit being in two of them; what is got are the cheapest units that
 * may be, so that what pays for them stays dear.
 */
function boughtAndGot(
  { buy, get, mostTimes }: Extract<Rule['benefit'], { kind: 'buy_x_get_y' }>,
  goods: readonly Goods[],
): readonly number[] {
  const roles = goods.map((each) => ({
    ...each,
    buys: isSelected(each, buy.of),
    got: isSelected(each, get.of),
  }));
  const units = (wanted: (role: (typeof roles)[number]) => boolean): number =>
    sum(roles.filter(wanted).map(({ quantity }) => quantity));
  const onlyBuy = units(({ buys, got }) => buys && !got);
  const onlyGot = units(({ buys, got }) => got && !buys);
  const either = units(({ buys, got }) => buys && got);
  const fits = (times: number): boolean =>
    Math.max(0, times * buy.quantity - onlyBuy) + Math.max(0, times * get.quantity - onlyGot) <= either;
  let times = 0;
  const most = Math.min(mostTimes ?? Number.MAX_SAFE_INTEGER, onlyBuy + onlyGot + either);
  while (times < most && fits(times + 1)) times += 1;
  let wanted = times * get.quantity;
  let mayBoth = either - Math.max(0, times * buy.quantity - onlyBuy);
  const off = goods.map(() => 0);
  const cheapest = roles
    .map((role, index) => ({ ...role, index }))
    .filter(({ got }) => got)
    .toSorted((a, b) => a.unitPrice - b.unitPrice || a.index - b.index);
  for (const { index, quantity, unitPrice, buys } of cheapest) {
    const taken = Math.min(quantity, wanted, buys ? mayBoth : quantity);
    wanted -= taken;
    if (buys) mayBoth -= taken;
    off[index] = portionOf(taken * unitPrice, get.basisPoints);
  }
  return off;
}

/** What a choice takes off. */
function settle(basket: Basket, choice: readonly Offer[]): Settled {
  const took = new Map<Offer, number>();
  const take = (offer: Offer, amount: number): void => {
    took.set(offer, (took.get(offer) ?? 0) + amount);
  };
  const off = basket.goods.map((_, index) => {
    const best = bestOf(choice, index);
    if (best === undefined) return 0;
    take(best.offer, best.amount);
    return best.amount;
  });
  for (const offer of choice.filter((each) => each.class === 'order')) {
    const left = basket.goods.map((each, index) => priceOf(each) - (off[index] ?? 0));
    const amount = orderDiscount(offer, sum(left), basket.currency);
    take(offer, amount);
    for (const [index, part] of shareOut(amount, left).entries()) off[index] = (off[index] ?? 0) + part;
  }
  const carried = choice.find((each) => each.class === 'shipping' && carries(each, basket));
  if (carried !== undefined) take(carried, basket.shipping);
  const discounts = choice.flatMap((offer) => {
    const amount = took.get(offer) ?? 0;
    const { id: promotionId, title, code } = offer;
    return amount === 0 ? [] : [{ promotionId, title, code, class: offer.class, amount }];
  });
  const order: readonly PromotionClass[] = ['product', 'order', 'shipping'];
  return {
    lines: off,
    shipping: carried === undefined ? 0 : basket.shipping,
    discounts: discounts.toSorted((a, b) => order.indexOf(a.class) - order.indexOf(b.class)),
    off: sum(discounts.map(({ amount }) => amount)),
  };
}

function bestOf(choice: readonly Offer[], index: number): { offer: Offer; amount: number } | undefined {
  let best: { offer: Offer; amount: number } | undefined;
  for (const offer of choice) {
    const amount = offer.perLine[index] ?? 0;
    if (amount > (best?.amount ?? 0)) best = { offer, amount };
  }
  return best;
}

function orderDiscount({ benefit }: Offer, left: number, currency: string): number {
  if (benefit.kind === 'percent') return portionOf(left, benefit.basisPoints);
  return benefit.kind === 'fixed' ? Math.min(left, benefit.amount[currency] ?? 0) : 0;
}

function carries({ benefit }: Offer, { shipping, currency }: Basket): boolean {
  if (benefit.kind !== 'free_shipping') return false;
  return benefit.upTo === undefined || shipping <= (benefit.upTo[currency] ?? -1);
}

/**
 * Every choice to which nothing can be added: more never costs more, so smaller ones need no look. Maximal cliques by Bron and Kerbosch
 * (1973) with the pivot of Tomita (2006), without which promotions that all combine would be tried in each of their 2ⁿ subsets. Of one
 * class, those that allow their own all combine and the others exclude each other, so there are at most about (n/3)³ choices.
 * @returns them in the order of their ranks: those with the first offer first
 */
function largestChoices(offers: readonly Offer[]): readonly (readonly Offer[])[] {
  const found: (readonly Offer[])[] = [];
  const grow = (choice: readonly Offer[], open: readonly Offer[], done: readonly Offer[]): void => {
    if (open.length === 0 && done.length === 0) found.push(choice);
    const beside = (offer: Offer) => (other: Offer) => other !== offer && combines(offer, other);
    const besidePivot = mostOf(
      [...open, ...done].map((offer) => open.filter(beside(offer))),
      ({ length }) => length,
    );
    let [left, seen] = [open, done];
    for (const offer of open.filter((each) => besidePivot?.includes(each) !== true)) {
      left = left.filter((each) => each !== offer);
      grow([...choice, offer], left.filter(beside(offer)), seen.filter(beside(offer)));
      seen = [...seen, offer];
    }
  };
  grow([], offers, []);
  const ranks = new Map(offers.map((offer, rank) => [offer, rank]));
  const rank = (offer: Offer | undefined): number => (offer && ranks.get(offer)) ?? offers.length;
  const ranked = found.map((choice) => choice.toSorted((a, b) => rank(a) - rank(b)));
  return ranked.toSorted((a, b) => {
    const differs = a.findIndex((offer, at) => offer !== b[at]);
    return rank(a[differs]) - rank(b[differs]);
  });
}

function mostOf<T>(values: readonly T[], measure: (value: T) => number): T | undefined {
  return values.reduce<T | undefined>(
    (most, value) => (most === undefined || measure(value) > measure(most) ? value : most),
    undefined,
  );
}

function priceOf({ quantity, unitPrice }: Goods): number {
  return quantity * unitPrice;
}
