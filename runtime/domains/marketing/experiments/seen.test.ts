import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from './schemas.ts';
import { comparisonsOf, lookAt, verdictOf, type Person, type Seen } from './seen.ts';

const PLAN: Plan = {
  name: 'One page',
  flagKey: 'checkout',
  control: 'old',
  shares: [
    { variant: 'old', weight: 1 },
    { variant: 'new', weight: 1 },
    { variant: 'newest', weight: 1 },
  ],
  goal: 'order',
  guards: [{ goal: 'refund', worse: 'more' }],
  alpha: 0.05,
  scale: 0.02,
  windowHours: 1,
};
/** Five hundred people of each variant, of whom so many ordered, and so many sent it back; in an order that chance made. */
function blockOf(orders: readonly number[], refunds: readonly number[] = [10, 10, 10]): Person[] {
  const people = PLAN.shares.flatMap(({ variant }, n) =>
    Array.from({ length: 500 }, (_, m) => ({
      variant,
      did: [...(m < (orders[n] ?? 0) ? ['order'] : []), ...(m < (refunds[n] ?? 0) ? ['refund'] : [])],
      at: (m * 7_919 + n * 104_729) % 500,
    })),
  );
  return people.toSorted((a, b) => a.at - b.at);
}
const after = (...blocks: Person[][]): Seen =>
  blocks.reduce<Seen>((seen, people) => lookAt(seen, PLAN, people), {});
const verdict = (seen: Seen): string => verdictOf(comparisonsOf(seen, PLAN), PLAN, 0);

test('one variant that does better is enough, a guard outdoes it, and people that were lost outdo everything', () => {
  const same = after(blockOf([50, 50, 50]), blockOf([52, 49, 50]));
  assert.equal(verdict(same), 'undecided');
  const better = after(blockOf([50, 50, 100]), blockOf([50, 50, 100]), blockOf([50, 50, 100]));
  assert.equal(verdict(better), 'better');
  const worse = after(blockOf([100, 100, 50]), blockOf([100, 100, 50]), blockOf([100, 100, 50]));
  assert.equal(verdict(worse), 'worse');
  const refunded = [blockOf([50, 50, 100], [5, 5, 60]), blockOf([50, 50, 100], [5, 5, 60])];
  assert.equal(verdict(after(...refunded, ...refunded)), 'harmful');
  const fewer = [blockOf([50, 50, 100], [60, 60, 5]), blockOf([50, 50, 100], [60, 60, 5])];
  assert.equal(verdict(after(...fewer, ...fewer)), 'better', 'fewer refunds do no harm');
  assert.equal(verdictOf(comparisonsOf(better, PLAN), PLAN, Math.log(1_001)), 'untrustworthy');
});

test('the level is shared: by the variants for the goal, by variants and guards for these', () => {
  const [goal, , guard] = comparisonsOf(after(blockOf([50, 50, 50])), PLAN);
  assert.ok(goal && guard);
  const widthOf = ({ low, high }: { low: number; high: number }): number => high - low;
  const alone = comparisonsOf(
    lookAt({}, { ...PLAN, shares: PLAN.shares.slice(0, 2) }, blockOf([50, 50, 50])),
    { ...PLAN, shares: PLAN.shares.slice(0, 2) },
  )[0];
  assert.ok(alone && widthOf(alone.difference) < widthOf(goal.difference), 'a single comparison is sharper');
});

test('people who come to one group only wait until the other one has somebody, and all are shown', () => {
  const of = (variant: string, ordered: number, people: number): Person[] =>
    Array.from({ length: people }, (_, n) => ({ variant, did: n < ordered ? ['order'] : [] }));
  const seen = after(of('old', 3, 7), of('old', 3, 7), [...of('new', 1, 5), ...of('new', 0, 2)]);
  const [first] = comparisonsOf(seen, PLAN);
  assert.deepEqual(first?.control, { people: 14, did: 6 });
  assert.deepEqual(first?.treated, { people: 7, did: 1 });
  assert.deepEqual(JSON.parse(JSON.stringify(seen)), seen, 'as it is stored');
});
