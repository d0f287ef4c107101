/**
 * What an experiment has shown so far, and what is to be made of it. Pure: what is stored goes in and comes out.
 * Each variant is compared with the control for each goal by a test of its own; Bonferroni keeps their common chance of error.
 */
import { z } from 'zod';
import { differenceInterval } from '../sequential/difference.ts';
import { isMismatch } from '../sequential/sample-ratio.ts';
import { look, NOTHING_SEEN, pValue, type Count } from '../sequential/two-proportions.ts';
import type { Comparison, Plan, Verdict } from './schemas.ts';

const count = z.object({ people: z.int(), did: z.int() });
const test = z.object({
  logEvidence: z.number(),
  mostLogEvidence: z.number(),
  control: count,
  variant: count,
  /** Of groups that were not both there yet: they wait for the next block. */
  waiting: z.object({ control: count, variant: count }),
});
type Test = z.infer<typeof test>;
/** By `<goal>/<variant>`, as it is stored. */
export const seen = z.record(z.string(), test);
export type Seen = z.infer<typeof seen>;

/** Somebody whose time is over. */
export interface Person {
  readonly variant: string;
  /** Goals they reached in their time. */
  readonly did: readonly string[];
}

/** @param people each once over all looks, in the order in which they came: it says nothing of what they did */
export function lookAt(before: Seen, plan: Plan, people: readonly Person[]): Seen {
  const pairs = goalsOf(plan).flatMap((goal) => treatedOf(plan).map((variant) => ({ goal, variant })));
  return Object.fromEntries(
    pairs.map(({ goal, variant }) => {
      const concerned = people.filter((one) => one.variant === variant || one.variant === plan.control);
      const known = before[`${goal}/${variant}`] ?? { ...NOTHING_SEEN, waiting: NOBODY };
      return [`${goal}/${variant}`, concerned.reduce((seen, person) => add(seen, plan, goal, person), known)];
    }),
  );
}

/** A block is complete as soon as both groups have somebody in it. */
function add({ waiting, ...known }: Test, plan: Plan, goal: string, { variant, did }: Person): Test {
  const group = variant === plan.control ? 'control' : 'variant';
  const count = waiting[group];
  const block = {
    ...waiting,
    [group]: { people: count.people + 1, did: count.did + (did.includes(goal) ? 1 : 0) },
  };
  const next = look(known, block);
  return next === known ? { ...known, waiting: block } : { ...next, waiting: NOBODY };
}

export function comparisonsOf(seenSoFar: Seen, plan: Plan): readonly Comparison[] {
  return goalsOf(plan).flatMap((goal) =>
    treatedOf(plan).map((variant) => {
      const known = seenSoFar[`${goal}/${variant}`] ?? { ...NOTHING_SEEN, waiting: NOBODY };
      const [control, treated] = [
        sum(known.control, known.waiting.control),
        sum(known.variant, known.waiting.variant),
      ];
      const level = levelOf(plan, goal);
      return {
        goal,
        variant,
        control,
        treated,
        pValue: pValue(known),
        difference: differenceInterval(control, treated, level, plan.scale),
        significant: pValue(known) <= level,
      };
    }),
  );
}

/** @param ratioEvidence as `sample-ratio.ts` has it */
export function verdictOf(comparisons: readonly Comparison[], plan: Plan, ratioEvidence: number): Verdict {
  if (isMismatch(ratioEvidence)) return 'untrustworthy';
  const isHarmed = ({ goal, significant, ...groups }: Comparison): boolean => {
    const guard = plan.guards.find((one) => one.goal === goal);
    return guard !== undefined && significant && rose(groups) === (guard.worse === 'more');
  };
  if (comparisons.some(isHarmed)) return 'harmful';
  const decided = comparisons.filter(({ goal, significant }) => goal === plan.goal && significant);
  if (decided.length === 0) return 'undecided';
  return decided.some(rose) ? 'better' : 'worse';
}

function rose({ control, treated }: Pick<Comparison, 'control' | 'treated'>): boolean {
  return treated.did * control.people > control.did * treated.people;
}

/** All variants share the error of the goal; all guards and variants share as much again. */
function levelOf(plan: Plan, goal: string): number {
  const variants = treatedOf(plan).length;
  return plan.alpha / (goal === plan.goal ? variants : variants * plan.guards.length);
}

function goalsOf({ goal, guards }: Plan): readonly string[] {
  return [goal, ...guards.map((guard) => guard.goal)];
}

/** Variants that are given out, but the control. */
function treatedOf({ control, shares }: Plan): readonly string[] {
  return shares
    .filter(({ variant, weight }) => weight > 0 && variant !== control)
    .map(({ variant }) => variant);
}

function sum(a: Count, b: Count): Count {
  return { people: a.people + b.people, did: a.did + b.did };
}

const NOBODY = { control: { people: 0, did: 0 }, variant: { people: 0, did: 0 } };
