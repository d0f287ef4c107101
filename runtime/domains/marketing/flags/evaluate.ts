/** What a flag is for somebody. Pure: the same flag, context and experiment give the same answer, in whatever process. */
import { createHash } from 'node:crypto';
import type { Condition, Context, ErrorCode, Flag, FlagValue, Reason, Split } from './schemas.ts';

/** A running experiment decides for everybody whom no rule of the flag names. */
export interface Giving {
  readonly experimentId: string;
  readonly shares: Split;
}

export type Answer =
  | {
      readonly value: FlagValue;
      readonly variant: string;
      readonly reason: Reason;
      /** The answer was the experiment's: whoever hears it takes part. */
      readonly experimentId?: string;
    }
  | { readonly errorCode: ErrorCode; readonly errorDetails: string };

export function evaluate(flag: Flag, context: Context, giving?: Giving): Answer {
  const answer = (variant: string, reason: Reason, experimentId?: string): Answer => ({
    // The schema saw to it that each variant that is named is there.
    value: flag.variants[variant] as FlagValue,
    variant,
    reason,
    ...(experimentId === undefined ? {} : { experimentId }),
  });
  if (!flag.enabled) return answer(flag.off, 'DISABLED');
  const rule = flag.rules.find(({ when }) => when.every((condition) => holds(condition, context)));
  const shares = rule?.serve ?? giving?.shares ?? flag.serve;
  const [only, second] = shares.filter(({ weight }) => weight > 0);
  const chosenBy = rule === undefined ? undefined : ('TARGETING_MATCH' as const);
  if (only !== undefined && second === undefined) return answer(only.variant, chosenBy ?? 'STATIC');
  if (context.targetingKey === undefined)
    return { errorCode: 'TARGETING_KEY_MISSING', errorDetails: 'it differs by person: say targetingKey' };
  const experimentId = rule === undefined ? giving?.experimentId : undefined;
  // Another experiment shuffles people anew: what one did to them is spread evenly over the next.
  const variant = pick(shares, `${flag.key}/${experimentId ?? ''}`, context.targetingKey);
  return answer(variant, chosenBy ?? 'SPLIT', experimentId);
}

/** The variant of somebody: even over people, and the same each time. 48 bits of SHA-256 stand for a number from 0 to 1. */
export function pick(shares: Split, salt: string, targetingKey: string): string {
  const digest = createHash('sha256').update(`${salt}/${targetingKey}`).digest();
  const whole = shares.reduce((sum, { weight }) => sum + weight, 0);
  let at = (digest.readUIntBE(0, 6) / 2 ** 48) * whole;
  for (const { variant, weight } of shares) {
    at -= weight;
    if (at < 0) return variant;
  }
  throw new RangeError('shares without weight');
}

function holds(condition: Condition, context: Context): boolean {
  const value = context[condition.attribute];
  switch (condition.is) {
    case 'one-of':
      return condition.values.some((one) => one === value);
    case 'none-of':
      return condition.values.every((one) => one !== value);
    case 'at-least':
      return typeof value === 'number' && value >= condition.value;
    default:
      return typeof value === 'number' && value <= condition.value;
  }
}
