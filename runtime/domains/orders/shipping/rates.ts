/**
 * Which ways there are to ship a cart, and what each costs. Pure. A shop that has said nothing ships everywhere at two flat rates.
 */
import type { Method, ShippingRules, Zone } from './schemas.ts';

export interface Parcel {
  readonly currency: string;
  /** Of the goods, before discounts: a coupon never makes shipping dearer. */
  readonly subtotal: number;
  readonly grams: number;
  /** Whether anything in it is shipped at all. */
  readonly shipped: boolean;
}

export interface Destination {
  readonly country: string;
  readonly region?: string | undefined;
}

export interface ShippingOffer {
  readonly id: string;
  readonly title: string;
  readonly amount: number;
  readonly minDays: number;
  readonly maxDays: number;
  readonly pickup: boolean;
}

/**
 * In the merchant's order; empty where nothing goes.
 * @param to undefined while it is not known
 */
export function shippingOffers(
  rules: ShippingRules | undefined,
  to: Destination | undefined,
  parcel: Parcel,
): readonly ShippingOffer[] {
  if (rules === undefined) return usualOffers(parcel);
  const methods = zoneOf(rules.zones, to)?.methods ?? [];
  return methods.flatMap((method) => {
    const amount = parcel.shipped ? priceOf(method, parcel) : 0;
    const { id, title, minDays, maxDays, pickup } = method;
    return amount === undefined ? [] : [{ id, title, amount, minDays, maxDays, pickup }];
  });
}

/** The zone that names the place most closely: its region, its country, everywhere else. */
export function zoneOf(zones: readonly Zone[], to: Destination | undefined): Zone | undefined {
  if (to === undefined) return zones[0];
  const region = to.region?.toLowerCase();
  const names = (zone: Zone, whole: boolean): boolean =>
    zone.places?.some(
      ({ country, regions }) =>
        country === to.country &&
        (whole ? regions === undefined : (regions ?? []).some((each) => each.toLowerCase() === region)),
    ) ?? false;
  return (
    zones.find((zone) => names(zone, false)) ??
    zones.find((zone) => names(zone, true)) ??
    zones.find((zone) => zone.places === undefined)
  );
}

/** Undefined where the method is not to be had. */
function priceOf({ rate, freeFrom }: Method, { currency, subtotal, grams }: Parcel): number | undefined {
  const price = priceBy(rate, currency, subtotal, grams);
  const free = freeFrom?.[currency];
  return price !== undefined && free !== undefined && subtotal >= free ? 0 : price;
}

function priceBy(
  rate: Method['rate'],
  currency: string,
  subtotal: number,
  grams: number,
): number | undefined {
  switch (rate.by) {
    case 'order':
      return rate.price[currency];
    case 'weight':
      return rate.bands.find(({ upToGrams }) => upToGrams === undefined || grams <= upToGrams)?.price[
        currency
      ];
    case 'price':
      return rate.bands
        .filter(({ from }) => (from[currency] ?? Number.POSITIVE_INFINITY) <= subtotal)
        .toSorted((a, b) => (a.from[currency] ?? 0) - (b.from[currency] ?? 0))
        .at(-1)?.price[currency];
  }
}

// ── a shop that has said nothing ─────────────────────────────────────────────────────────────────

/** In hundredths of a unit of money that is worth about a euro; scaled for others. */
const USUAL = [
  { id: 'standard', title: 'Standard', price: 490, freeFrom: 7_500, minDays: 2, maxDays: 4 },
  { id: 'express', title: 'Express', price: 1_290, freeFrom: undefined, minDays: 1, maxDays: 1 },
] as const;

/** How many minor units of a currency stand for about one cent of a euro; 1 where it is not listed. */
const SCALE: Readonly<Record<string, number>> = {
  JPY: 1.6,
  KRW: 16,
  SEK: 11,
  NOK: 11,
  DKK: 7.5,
  CZK: 25,
  PLN: 4.3,
  HUF: 400,
  INR: 95,
};

function usualOffers({ currency, subtotal, shipped }: Parcel): readonly ShippingOffer[] {
  const scale = SCALE[currency] ?? 1;
  return USUAL.map(({ id, title, price, freeFrom, minDays, maxDays }) => {
    const free = !shipped || (freeFrom !== undefined && subtotal >= roundTo(freeFrom * scale, 10));
    return {
      id,
      title,
      amount: free ? 0 : roundTo(price * scale, 10),
      minDays,
      maxDays,
      pickup: false,
    };
  });
}

function roundTo(amount: number, step: number): number {
  return Math.round(amount / step) * step;
}
