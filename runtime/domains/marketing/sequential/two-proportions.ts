/**
 * Whether two groups differ in how many of them do something, asked as often as one likes: an e-process for two proportions.
 *
 * R. Turner, A. Ly, P. Grünwald, "Generic E-variables for exact sequential k-sample tests that allow for optional stopping", Journal of
 * Statistical Planning and Inference 230 (2024), arXiv:2106.02693. It is exact: where both groups have one rate, whatever it is, the
 * chance that the evidence ever reaches 1/α is at most α (Ville), for any number of people and any reason to look or to stop.
 *
 * People come in blocks. For a block of a people in one group and b in the other, with rates p and q guessed from the blocks before it
 * and r = (a·p + b·q) / (a + b), the evidence is multiplied by the likelihood of what they did under (p, q), over that under (r, r).
 * Under one common rate its expectation is at most 1: it is A^a · B^b with (a·A + b·B) / (a + b) = 1, so the inequality of arithmetic and
 * geometric means says so.
 */

/** Of one group: how many people, and how many of them did it. */
export interface Count {
  readonly people: number;
  readonly did: number;
}

export interface TwoProportions {
  /** Natural logarithm of the evidence against "they do not differ". */
  readonly logEvidence: number;
  /** The most there ever was: what was once significant stays so. */
  readonly mostLogEvidence: number;
  readonly control: Count;
  readonly variant: Count;
}

const NOBODY: Count = { people: 0, did: 0 };
export const NOTHING_SEEN: TwoProportions = {
  logEvidence: 0,
  mostLogEvidence: 0,
  control: NOBODY,
  variant: NOBODY,
};

/**
 * Looks at a further block: small ones find more, because each is judged by what those before it taught, and the first by nothing. Who is
 * in a block must not depend on what they did. One in which a group has nobody says nothing, and is kept for the next: give the sums since the last block
 * that was taken, which are the differences to `control` and `variant` of the answer.
 * @param block those of whom it is known, each once
 * @throws RangeError for counts that cannot be
 */
export function look(
  before: TwoProportions,
  block: { readonly control: Count; readonly variant: Count },
): TwoProportions {
  const { control, variant } = block;
  check(control);
  check(variant);
  if (control.people === 0 || variant.people === 0) return before;
  const p = guess(before.control, before.variant);
  const q = guess(before.variant, before.control);
  const r = (control.people * p + variant.people * q) / (control.people + variant.people);
  const gain =
    logLikelihood(control, p) + logLikelihood(variant, q) - logLikelihood(sum(control, variant), r);
  const logEvidence = before.logEvidence + gain;
  return {
    logEvidence,
    mostLogEvidence: Math.max(before.mostLogEvidence, logEvidence),
    control: sum(before.control, control),
    variant: sum(before.variant, variant),
  };
}

/** An always-valid p-value: under "they do not differ" it is ever at or below x with a chance of at most x. */
export function pValue({ mostLogEvidence }: TwoProportions): number {
  return Math.min(1, Math.exp(-mostLogEvidence));
}

/** How much the other group counts in the guess of a rate, in people: a first guess is near it, and not at nought. */
const SHARED = 2;

/** Rate that the blocks before make likely: shrunk to the rate of both, that one to a half. Any guess is valid; a good one finds more. */
function guess(own: Count, other: Count): number {
  const both = (own.did + other.did + 0.5) / (own.people + other.people + 1);
  return (own.did + SHARED * both) / (own.people + SHARED);
}

function logLikelihood({ people, did }: Count, rate: number): number {
  return did * Math.log(rate) + (people - did) * Math.log1p(-rate);
}

function sum(a: Count, b: Count): Count {
  return { people: a.people + b.people, did: a.did + b.did };
}

function check({ people, did }: Count): void {
  if (!Number.isSafeInteger(people) || !Number.isSafeInteger(did) || did < 0 || people < did)
    throw new RangeError(`${did} of ${people} is no count of people`);
}
