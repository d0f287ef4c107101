/**
 * By how much two rates differ, as an interval that may be looked at as often as one likes.
 *
 * R. Johari, L. Pekelis, D. Walsh, "Always Valid Inference: Continuous Monitoring of A/B Tests", Operations Research 70 (2022),
 * arXiv:1512.04922: the mixture sequential probability ratio test with a normal prior, turned round. The variance is estimated, so it is
 * exact for many people only: the verdict is `two-proportions.ts`'s, and this says how large.
 */
import type { Count } from './two-proportions.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Of the variant's rate less the control's.
 * @param alpha chance that it ever misses the truth, for many people
 * @param scale size of the differences that are expected, as 0.01; fixed before the first look
 * @throws RangeError
 */
export function differenceInterval(control: Count, variant: Count, alpha: number, scale: number): Interval {
  if (!(alpha > 0 && alpha < 1) || !(scale > 0))
    throw new RangeError('alpha lies between 0 and 1, and a scale is positive');
  if (control.people === 0 || variant.people === 0) return { low: -1, high: 1 };
  const difference = variant.did / variant.people - control.did / control.people;
  const variance = varianceOf(control) + varianceOf(variant);
  const mixed = variance + scale ** 2;
  const width = Math.sqrt(
    ((2 * variance * mixed) / scale ** 2) * (Math.log(1 / alpha) + 0.5 * Math.log(mixed / variance)),
  );
  return { low: Math.max(-1, difference - width), high: Math.min(1, difference + width) };
}

/** Of a rate; with one who did and one who did not added, so that nobody is sure after three people. */
function varianceOf({ people, did }: Count): number {
  const rate = (did + 1) / (people + 2);
  return (rate * (1 - rate)) / people;
}
