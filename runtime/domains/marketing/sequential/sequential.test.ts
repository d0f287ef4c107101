/**
 * The laws of the sequential tests: what is never to be exceeded is checked by enumeration where it can be, and by many experiments
 * without any effect that are looked at after every person. Chance has a fixed seed, so that a run is every run.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { differenceInterval } from './difference.ts';
import { ALARM, isMismatch, logGamma, ratioEvidence } from './sample-ratio.ts';
import { look, NOTHING_SEEN, pValue, type Count, type TwoProportions } from './two-proportions.ts';

const ALPHA = 0.05;

/** Mulberry32: small, and good enough to throw coins. */
function chanceFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Throws coins for people who come by turns of chance; a look after each. @returns what was seen, when it stopped or at the end */
function experiment(
  chance: () => number,
  rates: { readonly control: number; readonly variant: number },
  people: number,
  stop: (seen: TwoProportions) => boolean,
): TwoProportions {
  let seen = NOTHING_SEEN;
  let block: { control: Count; variant: Count } = { control: none(), variant: none() };
  for (let n = 0; n < people; n++) {
    const group = chance() < 0.5 ? 'control' : 'variant';
    const did = chance() < rates[group] ? 1 : 0;
    block = { ...block, [group]: { people: block[group].people + 1, did: block[group].did + did } };
    const next = look(seen, block);
    if (next !== seen) block = { control: none(), variant: none() };
    seen = next;
    if (stop(seen)) break;
  }
  return seen;
}

const none = (): Count => ({ people: 0, did: 0 });
const isSignificant = (seen: TwoProportions): boolean => pValue(seen) <= ALPHA;

for (const rate of [0.005, 0.05, 0.3, 0.5, 0.97])
  test(`without an effect, at a rate of ${rate}, at most one experiment in twenty ever finds one, however often it is looked at`, () => {
    const chance = chanceFrom(1 + rate * 1_000);
    const runs = 400;
    let found = 0;
    for (let run = 0; run < runs; run++)
      if (isSignificant(experiment(chance, { control: rate, variant: rate }, 2_000, isSignificant)))
        found += 1;
    assert.ok(found / runs <= ALPHA, `${found} of ${runs}`);
  });

test('the ordinary test, looked at as often, finds effects that are not there: it is why this one is needed', () => {
  const chance = chanceFrom(7);
  const runs = 200;
  let found = 0;
  for (let run = 0; run < runs; run++) {
    const seen = experiment(chance, { control: 0.3, variant: 0.3 }, 2_000, ({ control, variant }) => {
      if (control.people < 20 || variant.people < 20) return false;
      const both = (control.did + variant.did) / (control.people + variant.people);
      const error = Math.sqrt(both * (1 - both) * (1 / control.people + 1 / variant.people));
      return Math.abs(variant.did / variant.people - control.did / control.people) > 1.96 * error;
    });
    if (seen.control.people + seen.variant.people < 1_990) found += 1;
  }
  assert.ok(found / runs > 3 * ALPHA, `${found} of ${runs}`);
});

test('an effect is found: four in five of those that double a rate of 5 %, within 2,500 people', () => {
  const chance = chanceFrom(11);
  const runs = 100;
  let found = 0;
  for (let run = 0; run < runs; run++)
    if (isSignificant(experiment(chance, { control: 0.05, variant: 0.1 }, 2_500, isSignificant))) found += 1;
  assert.ok(found >= 80, `${found} of ${runs}`);
});

const count = (most: number): fc.Arbitrary<Count> =>
  fc.tuple(fc.nat(most), fc.nat(most)).map(([a, b]) => ({ people: Math.max(a, b), did: Math.min(a, b) }));

test('whatever was seen before, a block’s expected factor is at most one under every common rate', () => {
  fc.assert(
    fc.property(
      count(200),
      count(200),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      (control, variant, a, b, rate) => {
        const before: TwoProportions = { ...NOTHING_SEEN, control, variant };
        let expected = 0;
        for (let x = 0; x <= a; x++)
          for (let y = 0; y <= b; y++) {
            const after = look(before, { control: { people: a, did: x }, variant: { people: b, did: y } });
            expected += binomial(a, x, rate) * binomial(b, y, rate) * Math.exp(after.logEvidence);
          }
        assert.ok(expected <= 1 + 1e-9, `${expected}`);
      },
    ),
    { seed: 5, numRuns: 300 },
  );
});

function binomial(n: number, k: number, rate: number): number {
  const ways = Math.exp(logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1));
  return ways * rate ** k * (1 - rate) ** (n - k);
}

test('a p-value never grows, a group with nobody says nothing, and counts that cannot be are refused', () => {
  const chance = chanceFrom(3);
  let last = 1;
  experiment(chance, { control: 0.2, variant: 0.3 }, 1_000, (seen) => {
    assert.ok(pValue(seen) <= last);
    last = pValue(seen);
    return false;
  });
  assert.equal(look(NOTHING_SEEN, { control: { people: 9, did: 3 }, variant: none() }), NOTHING_SEEN);
  for (const bad of [
    { people: 1, did: 2 },
    { people: -1, did: -1 },
    { people: 1.5, did: 0 },
  ])
    assert.throws(() => look(NOTHING_SEEN, { control: bad, variant: none() }), RangeError);
});

test('groups that fill as they should raise no alarm, after whichever person one looks', () => {
  const chance = chanceFrom(17);
  const shares = [0.5, 0.3, 0.2];
  const alarms = Array.from({ length: 300 }, () => {
    const counts = [0, 0, 0];
    for (let n = 0; n < 2_000; n++) {
      const coin = chance();
      const group = coin < 0.5 ? 0 : coin < 0.8 ? 1 : 2;
      counts[group] = (counts[group] ?? 0) + 1;
      if (isMismatch(ratioEvidence(counts, shares))) return true;
    }
    return false;
  });
  assert.ok(alarms.filter(Boolean).length <= 1, `at ${ALARM} each`);
});

test('a group that loses one person in ten is noticed', () => {
  const chance = chanceFrom(19);
  const counts = [0, 0];
  for (let n = 0; n < 20_000; n++) {
    const group = chance() < 0.5 ? 0 : 1;
    if (group === 0 || chance() < 0.9) counts[group] = (counts[group] ?? 0) + 1;
  }
  assert.ok(isMismatch(ratioEvidence(counts, [1, 1])));
});

test('one person’s expected factor of the ratio test is exactly one: it is a martingale', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(500), fc.integer({ min: 1, max: 9 })), { minLength: 2, maxLength: 4 }),
      (groups) => {
        const counts = groups.map(([n]) => n);
        const shares = groups.map(([, share]) => share);
        const whole = shares.reduce((a, b) => a + b, 0);
        const before = ratioEvidence(counts, shares);
        const expected = shares
          .map((share, n) => {
            const after = counts.map((value, m) => (m === n ? value + 1 : value));
            return (share / whole) * Math.exp(ratioEvidence(after, shares) - before);
          })
          .reduce((a, b) => a + b, 0);
        assert.ok(Math.abs(expected - 1) < 1e-9, `${expected}`);
      },
    ),
    { seed: 23, numRuns: 200 },
  );
});

test('the interval holds the truth at every look in nineteen experiments of twenty, and becomes narrow', () => {
  const chance = chanceFrom(29);
  const runs = 200;
  let missed = 0;
  let last = { low: -1, high: 1 };
  for (let run = 0; run < runs; run++) {
    const rates = { control: 0.2, variant: 0.25 };
    let isMissed = false;
    experiment(chance, rates, 3_000, ({ control, variant }) => {
      last = differenceInterval(control, variant, ALPHA, 0.05);
      isMissed = last.low > 0.05 || last.high < 0.05;
      return isMissed;
    });
    if (isMissed) missed += 1;
  }
  assert.ok(missed / runs <= ALPHA, `${missed} of ${runs}`);
  assert.ok(last.high - last.low < 0.12);
});

test('the logarithm of the gamma function is that of factorials', () => {
  let factorial = 1;
  for (let n = 1; n < 20; n++) {
    assert.ok(Math.abs(logGamma(n) - Math.log(factorial)) < 1e-10, `${n}`);
    factorial *= n;
  }
  assert.ok(Math.abs(logGamma(0.5) - Math.log(Math.sqrt(Math.PI))) < 1e-12);
});
