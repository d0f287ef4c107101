/**
 * The taxes of an order. Pure. For every rate the sum of what it is on is taxed and rounded once, half up, as an invoice states it
 * (EN 16931, BR-CO-17); the lines share that amount by largest remainder, so that what they say adds up to what is paid.
 */
import { isSelected, type Selectable } from '../selection.ts';
import { portionOf, shareOut } from '../shares.ts';
import type { TaxPart, TaxRules } from './schemas.ts';

export interface Taxable extends Selectable {
  readonly taxable: boolean;
  /** What is paid for the line, less discounts. */
  readonly amount: number;
  /** By which it was sold, whatever the rules say now. */
  readonly rate?: Rate | undefined;
}

export interface Taxed {
  readonly included: boolean;
  readonly amount: number;
  /** In the order in which the lines bring them, shipping last. */
  readonly parts: readonly TaxPart[];
  /** For each line, in their order. */
  readonly lines: readonly LineTax[];
  readonly shipping: LineTax;
}

export interface LineTax {
  readonly amount: number;
  readonly rateBasisPoints: number;
}

export interface Rate {
  readonly name: string;
  readonly basisPoints: number;
}

const STANDARD = 'standard';
const UNTAXED: Rate = { name: '', basisPoints: 0 };

/** A shop that has said nothing: prices include the usual value added tax. */
export const USUAL_RULES: TaxRules = {
  pricesInclude: true,
  shippingClass: STANDARD,
  usualRates: true,
  rates: [],
  classes: [],
};

/**
 * @param to of delivery; undefined while it is not known, which leaves the tax at nothing
 * @param shippingRate by which it was sold, whatever the rules say now
 */
export function taxesOf(
  rules: TaxRules = USUAL_RULES,
  to: { readonly country: string; readonly region?: string | undefined } | undefined,
  lines: readonly Taxable[],
  shipping: number,
  shippingRate?: Rate,
): Taxed {
  const rateOf = (name: string | null): Rate =>
    to === undefined || name === null ? UNTAXED : lookUp(rules, to, name);
  const items = [
    ...lines.map((line) => ({
      amount: line.amount,
      rate: line.rate ?? (line.taxable ? rateOf(classOf(rules, line)) : UNTAXED),
    })),
    { amount: shipping, rate: shippingRate ?? rateOf(rules.shippingClass) },
  ];
  const taxes = items.map(() => 0);
  const parts: TaxPart[] = [];
  for (const rate of distinct(items.map((item) => item.rate))) {
    const weights = items.map((item) => (isSame(item.rate, rate) ? item.amount : 0));
    const base = weights.reduce((sum, weight) => sum + weight, 0);
    const amount = (rules.pricesInclude ? includedTax : portionOf)(base, rate.basisPoints);
    for (const [index, share] of shareOut(amount, weights).entries())
      taxes[index] = (taxes[index] ?? 0) + share;
    if (base > 0 && rate.basisPoints > 0)
      parts.push({ name: rate.name, rateBasisPoints: rate.basisPoints, base, amount });
  }
  const taxed = items.map(({ rate }, index) => ({
    amount: taxes[index] ?? 0,
    rateBasisPoints: rate.basisPoints,
  }));
  return {
    included: rules.pricesInclude,
    amount: taxes.reduce((sum, tax) => sum + tax, 0),
    parts,
    lines: taxed.slice(0, -1),
    shipping: taxed.at(-1) ?? { amount: 0, rateBasisPoints: 0 },
  };
}

/** The part of a gross amount that is tax, rounded half up: gross × rate ÷ (1 + rate). */
export function includedTax(gross: number, rateBasisPoints: number): number {
  const divisor = 10_000n + BigInt(rateBasisPoints);
  return Number((BigInt(gross) * BigInt(rateBasisPoints) * 2n + divisor) / (divisor * 2n));
}

function classOf({ classes }: TaxRules, line: Taxable): string {
  return classes.find(({ of }) => isSelected(line, of))?.class ?? STANDARD;
}

function lookUp(
  { rates, usualRates }: TaxRules,
  to: { readonly country: string; readonly region?: string | undefined },
  name: string,
): Rate {
  const region = to.region?.toLowerCase();
  const here = rates.filter((rate) => rate.country === to.country && rate.class === name);
  const known =
    here.find((rate) => rate.region !== undefined && rate.region.toLowerCase() === region) ??
    here.find((rate) => rate.region === undefined);
  if (known !== undefined) return known;
  if (name !== STANDARD || !usualRates) return UNTAXED;
  return { name: '', basisPoints: USUAL[to.country] ?? 0 };
}

function isSame(a: Rate, b: Rate): boolean {
  return a.name === b.name && a.basisPoints === b.basisPoints;
}

function distinct(rates: readonly Rate[]): readonly Rate[] {
  return rates.filter((rate, index) => rates.findIndex((each) => isSame(each, rate)) === index);
}

/**
 * Standard rates of value added tax in basis points, by country of delivery. Countries that are not listed add none (sales tax is
 * the merchant's to say).
 */
const USUAL: Readonly<Record<string, number>> = {
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
