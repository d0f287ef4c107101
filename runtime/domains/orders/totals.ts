/**
 * What an order costs: shipping rates, and the tax that its prices already include. Integers in minor units only.
 */
import type { Money, ShippingMethod, ShippingMethodId } from './schemas.ts';

interface Rate {
  readonly title: string;
  /** In hundredths of a unit of money that is worth about a euro; scaled for others. */
  readonly price: number;
  readonly freeFrom: number | undefined;
  readonly minDays: number;
  readonly maxDays: number;
}

/** One flat rate per method, the same for every tenant until tenants can set their own. */
const RATES: Readonly<Record<ShippingMethodId, Rate>> = {
  standard: { title: 'Standard', price: 490, freeFrom: 7_500, minDays: 2, maxDays: 4 },
  express: { title: 'Express', price: 1_290, freeFrom: undefined, minDays: 1, maxDays: 1 },
};

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

/**
 * Standard rates of value added tax in basis points, by country of delivery. Prices are what the shopper pays; this says how
 * much of it is tax. Countries that are not listed add none (sales tax is not computed).
 */
const TAX: Readonly<Record<string, number>> = {
  AT: 2000,
  BE: 2100,
  BG: 2000,
  CH: 810,
  CY: 1900,
  CZ: 2100,
  DE: 1900,
  DK: 2500,
  EE: 2400,
  ES: 2100,
  FI: 2550,
  FR: 2000,
  GB: 2000,
  GR: 2400,
  HR: 2500,
  HU: 2700,
  IE: 2300,
  IT: 2200,
  JP: 1000,
  LT: 2100,
  LU: 1700,
  LV: 2100,
  MT: 1800,
  NL: 2100,
  NO: 2500,
  PL: 2300,
  PT: 2300,
  RO: 2100,
  SE: 2500,
  SI: 2200,
  SK: 2300,
};

/** The ways to ship and what each costs for goods of this value. */
export function shippingMethods(subtotal: Money, shipped = true): readonly ShippingMethod[] {
  const scale = SCALE[subtotal.currency] ?? 1;
  const ids: readonly ShippingMethodId[] = ['standard', 'express'];
  return ids.map((id) => {
    const { title, price, freeFrom, minDays, maxDays } = RATES[id];
    const free = !shipped || (freeFrom !== undefined && subtotal.amount >= roundTo(freeFrom * scale, 10));
    const amount = free ? 0 : roundTo(price * scale, 10);
    return { id, title, price: { amount, currency: subtotal.currency }, minDays, maxDays };
  });
}

/** @param country of delivery; undefined while it is not known, which leaves the tax at nothing */
export function taxRate(country: string | undefined): number {
  return country === undefined ? 0 : (TAX[country] ?? 0);
}

/** The part of a gross amount that is tax, rounded half up: gross × rate ÷ (1 + rate). */
export function includedTax(gross: number, rateBasisPoints: number): number {
  const divisor = 10_000n + BigInt(rateBasisPoints);
  return Number((BigInt(gross) * BigInt(rateBasisPoints) * 2n + divisor) / (divisor * 2n));
}

function roundTo(amount: number, step: number): number {
  return Math.round(amount / step) * step;
}
