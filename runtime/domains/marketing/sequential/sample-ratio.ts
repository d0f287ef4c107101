/**
 * Whether people came into the groups of an experiment in the shares it gives out. Where not, something loses some of them, and nothing
 * that the experiment says can be believed (a sample ratio mismatch).
 *
 * M. Lindon, A. Malek, "Anytime-Valid Inference for Multinomial Count Data", NeurIPS 2022, arXiv:2011.03567: the Bayes factor of a Dirichlet
 * prior around the shares against the shares. Exact, and may be looked at after every single person.
 */

/** How firmly the prior expects the shares themselves: large finds small deviations, late; small finds large ones soon. */
const CONCENTRATION = 10;
/** One false alarm in a thousand experiments, however long each goes on. */
export const ALARM = 0.001;

/**
 * @param counts of people by group
 * @param shares of each, positive; their sum is what is whole
 * @returns natural logarithm of the evidence against the shares
 * @throws RangeError
 */
export function ratioEvidence(counts: readonly number[], shares: readonly number[]): number {
  const whole = shares.reduce((a, b) => a + b, 0);
  if (counts.length !== shares.length || counts.length < 2 || shares.some((share) => !(share > 0)))
    throw new RangeError('each group needs a positive share, and there must be two');
  const people = counts.reduce((a, b) => a + b, 0);
  const parts = counts.map((count, n) => {
    const share = (shares[n] ?? 0) / whole;
    const prior = CONCENTRATION * share;
    return logGamma(prior + count) - logGamma(prior) - count * Math.log(share);
  });
  return parts.reduce((a, b) => a + b, logGamma(CONCENTRATION) - logGamma(CONCENTRATION + people));
}

export function isMismatch(logEvidence: number): boolean {
  return logEvidence >= -Math.log(ALARM);
}

/** Lanczos' approximation with g = 7 and nine terms (relative error below 1e-13); for positive x. */
const LANCZOS = [
  0.999_999_999_999_809_93, 676.520_368_121_885_1, -1_259.139_216_722_402_8, 771.323_428_777_653_13,
  -176.615_029_162_140_59, 12.507_343_278_686_905, -0.138_571_095_265_720_12, 9.984_369_578_019_571_6e-6,
  1.505_632_735_149_311_6e-7,
];

export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const [first = 0, ...rest] = LANCZOS;
  const series = rest.reduce((sum, term, n) => sum + term / (x + n), first);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
}
