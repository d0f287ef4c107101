/** Whether somebody may buy something without anybody's leave: pure, so that cart, checkout and tests say the same. */
import type { SpendingLimits } from './definition.ts';

/** Why somebody's leave is needed. */
export type Beyond = 'currency' | 'order_limit' | 'period_limit';

const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * @param total of the order; `rise`: what of that is new, where the order was bought before and becomes dearer
 * @param spent in the present period, in the limits' currency, but for what was approved; minor units
 * @returns what keeps it from being bought; undefined: nothing does
 */
export function judge(
  limits: SpendingLimits | null,
  {
    total,
    rise = total,
    currency,
  }: { readonly total: number; readonly rise?: number | undefined; readonly currency: string },
  spent: number,
): Beyond | undefined {
  if (limits === null) return undefined;
  const { perOrder, perPeriod } = limits;
  if ((perOrder === undefined && perPeriod === undefined) || rise === 0) return undefined;
  if (currency !== limits.currency) return 'currency';
  if (perOrder !== undefined && total > perOrder) return 'order_limit';
  return perPeriod !== undefined && spent + rise > perPeriod ? 'period_limit' : undefined;
}

/** When the period began that `now` is in: of the calendar, in UTC, so that it is the same for everybody. */
export function periodStart(period: SpendingLimits['period'], now: Date): Date {
  const midnight = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
  switch (period) {
    case 'day':
      return new Date(midnight);
    case 'week':
      // Sunday is 0, and the last of a week.
      return new Date(midnight - ((now.getUTCDay() + 6) % 7) * DAY_MS);
    case 'month':
      return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
  }
}
