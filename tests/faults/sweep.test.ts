/**
 * The operator dies at every single write of a tenant's life, and each time the next one ends where the undisturbed
 * operator ended. The quick profile takes a sample of the writes.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Moment } from './holding.ts';
import { DEDICATED, ending, MOVED, POOLED, type Life } from './lives.ts';
import { EVERY, FULL, report } from './profile.ts';
import { describeFailures, sweep, undisturbed, type Baseline, type CrashPoint } from './sweep.ts';
import { createWorld, type World } from './world.ts';

const LIVES: readonly (readonly [name: string, life: Life])[] = [
  ['a pooled tenant', POOLED],
  ['a dedicated tenant', DEDICATED],
  ['a tenant that moves', MOVED],
  ['a pooled tenant with deletionPolicy Retain', ending('pooled', 'Retain')],
  ['a pooled tenant with deletionPolicy Snapshot', ending('pooled', 'Snapshot')],
  ['a dedicated tenant with deletionPolicy Retain', ending('dedicated', 'Retain')],
  ['a dedicated tenant with deletionPolicy Snapshot', ending('dedicated', 'Snapshot')],
];

/** Writes at which the quick profile kills; the full one kills at all of them. */
const SAMPLES: Readonly<Record<Moment, readonly number[]>> = {
  'after an API write': [4, 11],
  'before an API write': [7],
  'after an SQL write': [6],
};

describe('killed at a write', { timeout: 6 * 3_600_000 }, () => {
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(() => world.close());

  for (const [at, [who, life]] of LIVES.entries()) {
    if (!FULL && at > 2) continue;
    describe(who, () => {
      let baseline: Baseline;
      before(async () => {
        baseline = await undisturbed(world, life, `t${at}base`);
      });
      for (const [nth, moment] of (Object.keys(SAMPLES) as Moment[]).entries()) {
        test(`${who}, killed ${moment}, ends as if nothing had happened`, async () => {
          const began = performance.now();
          const points = await sweep(world, baseline, {
            life,
            moment,
            every: EVERY,
            prefix: `t${at}x${nth}x`,
            onPoint: progress,
            ...(FULL ? {} : { indices: SAMPLES[moment] }),
          });
          tell(who, moment, points, began);
          assert.ok(points.length > 0);
          assert.equal(describeFailures(points), '');
        });
      }
    });
  }
});

/** Hours are long without a word: each crash point of the full profile is told as it is passed. */
function progress({ step, moment, index, write, milliseconds, failure }: CrashPoint): void {
  if (!FULL && failure === undefined) return;
  const what = `${step}, killed ${moment} ${index} (${write}): ${failure ?? `converged in ${milliseconds} ms`}`;
  process.stdout.write(`${new Date().toISOString()} ${what}\n`);
}

/** One line of the table. */
function tell(who: string, moment: Moment, points: readonly CrashPoint[], began: number): void {
  const byStep = Map.groupBy(points, ({ step }) => step);
  report({
    scenario: `${who}, killed ${moment}`,
    tried: points.length,
    converged: points.filter(({ failure }) => failure === undefined).length,
    seconds: (performance.now() - began) / 1000,
    steps: Object.fromEntries([...byStep].map(([step, own]) => [step, own.length])),
  });
}
