/** What a member of a company may spend, as the form says it. Pure. */
import { minorUnits } from './money.ts';

const PERIODS = ['day', 'week', 'month'] as const;

export interface Limits {
  readonly currency: string;
  readonly period: (typeof PERIODS)[number];
  /** Minor units. */
  readonly perOrder?: number;
  readonly perPeriod?: number;
}

/**
 * @returns null where no limit is set: both fields are empty; undefined where something was typed that is no amount, so that a slip
 * never lets somebody spend without end
 */
export function limitsOf(form: FormData): Limits | null | undefined {
  const typed = (name: string): string => {
    const value = form.get(name);
    return typeof value === 'string' ? value.trim() : '';
  };
  const currency = typed('currency');
  const limits: { perOrder?: number; perPeriod?: number } = {};
  for (const name of ['perOrder', 'perPeriod'] as const) {
    if (typed(name) === '') continue;
    const amount = minorUnits(typed(name), currency);
    if (amount === undefined) return undefined;
    limits[name] = amount;
  }
  if (Object.keys(limits).length === 0) return null;
  return { currency, period: PERIODS.find((each) => each === typed('period')) ?? 'month', ...limits };
}
