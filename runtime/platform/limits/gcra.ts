/**
 * A bucket of tokens as one number: the time at which it will be full again (generic cell rate algorithm, ITU-T I.371). Pure.
 * The bucket holds a minute's tokens, or an hour's, so that a change of the rate keeps the share that is used.
 */
export const WINDOW_MS = { minute: 60_000, hour: 3_600_000 } as const;

export interface Taken {
  /** When the bucket will be full again, in the milliseconds of `now`. */
  readonly fullAt: number;
  /** 0: there was a token. Otherwise whole seconds until the next. */
  readonly wait: number;
}

/**
 * @param fullAt as the last call answered; anything past is a full bucket
 * @param most tokens that the bucket holds, and that come back in `windowMs`
 */
export function takeToken(fullAt: number, now: number, most: number, windowMs: number): Taken {
  const interval = windowMs / most;
  const next = Math.max(fullAt, now) + interval;
  const late = next - now - windowMs;
  // A thousandth of a millisecond is what adding up fractions may cost.
  if (late <= 0.001) return { fullAt: next, wait: 0 };
  return { fullAt, wait: Math.max(1, Math.ceil(late / 1_000)) };
}
