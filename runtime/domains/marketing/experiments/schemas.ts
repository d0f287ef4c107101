/** The shapes of experiments, as merchants plan them and as they are told what came of them. */
import { z } from 'zod';
import { flagKey, split, targetingKey, variantName } from '../flags/schemas.ts';

export const experimentId = z.string().regex(/^exp_[0-9a-f]{32}$/, 'an id of an experiment');
export const goal = z.string().regex(/^[a-z][a-z0-9-]{0,38}$/, 'a lower-case name');
/** Told by orders themselves; a page cannot say that they happened. */
export const ORDER_GOALS = ['order', 'refund'] as const;

export const plan = z.strictObject({
  name: z.string().trim().min(1).max(120),
  flagKey,
  /** What the others are compared with. */
  control: variantName,
  /** Who gets what; the control is among them. Fixed while it runs. */
  shares: split,
  /** What more people shall do. */
  goal,
  /** What must not become worse; an experiment that makes it so ends by itself. */
  guards: z
    .array(z.strictObject({ goal, worse: z.enum(['less', 'more']) }))
    .max(5)
    .default([]),
  /** Chance of finding a difference that is not there, over the whole life of the experiment and all its variants. */
  alpha: z.number().min(0.0001).max(0.2).default(0.05),
  /** Size of difference that is expected, as a share of people: 0.01 is one in a hundred. It shapes the interval, not the verdict. */
  scale: z.number().min(0.0001).max(0.5).default(0.01),
  /** How long somebody has, from their first sight of it, to do what is counted. They are counted when it is over. */
  windowHours: z
    .number()
    .min(0)
    .max(24 * 60)
    .default(24 * 7),
});
export const planInput = plan
  .refine(
    ({ control, shares }) => {
      const given = shares.filter(({ weight }) => weight > 0).map(({ variant }) => variant);
      return given.includes(control) && given.length >= 2;
    },
    { path: ['shares'], message: 'the control and another variant need weights' },
  )
  .refine(({ shares }) => new Set(shares.map(({ variant }) => variant)).size === shares.length, {
    path: ['shares'],
    message: 'each variant may be listed once',
  })
  .refine(
    ({ goal: main, guards }) => new Set([main, ...guards.map((guard) => guard.goal)]).size > guards.length,
    { path: ['guards'], message: 'each goal may be named once' },
  );

export const state = z.enum(['draft', 'running', 'ended']);
export const verdict = z.enum(['undecided', 'better', 'worse', 'harmful', 'untrustworthy']);

const interval = z.object({ low: z.number(), high: z.number() });
export const comparison = z.object({
  goal,
  variant: variantName,
  /** Of people whose time is over. */
  control: z.object({ people: z.int(), did: z.int() }),
  treated: z.object({ people: z.int(), did: z.int() }),
  /** Always valid: it may be looked at whenever, and acted on. */
  pValue: z.number(),
  /** Of the difference of the rates; asymptotic. */
  difference: interval,
  significant: z.boolean(),
});
export const experiment = z.object({
  id: experimentId,
  state,
  plan,
  createdAt: z.string(),
  startedAt: z.string().optional(),
  endedAt: z.string().optional(),
  /** Why it ended. */
  endedBy: z.enum(['merchant', 'guard', 'mismatch']).optional(),
});
export const results = z.object({
  experiment,
  verdict,
  /** People who take part, by variant, those whose time is not over among them. */
  exposed: z.record(z.string(), z.int()),
  /** Evidence that people do not come into the groups in their shares, as p-value: below 0.001 nothing here can be believed. */
  ratioPValue: z.number(),
  comparisons: z.array(comparison),
});
export const experimentList = z.object({ experiments: z.array(experiment) });
export const ofExperiment = z.strictObject({ id: experimentId });

export const exposureInput = z.strictObject({
  flagKey,
  context: z.object({ targetingKey }).catchall(z.unknown()),
});
export const goalInput = z
  .strictObject({
    targetingKey,
    goal: goal.optional(),
    /** An order that was just placed: it counts as goal `order` once it is confirmed. */
    orderId: z.string().max(80).optional(),
  })
  .refine(({ goal: name, orderId }) => (name === undefined) !== (orderId === undefined), 'a goal or an order')
  .refine(
    ({ goal: name }) => !ORDER_GOALS.some((one) => one === name),
    'orders tell of themselves: say orderId',
  );

export type Plan = z.infer<typeof plan>;
export type Experiment = z.infer<typeof experiment>;
export type Comparison = z.infer<typeof comparison>;
export type Verdict = z.infer<typeof verdict>;
export type Results = z.infer<typeof results>;
