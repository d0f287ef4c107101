/** The shapes of feature flags, as merchants write them and as OFREP (OpenFeature's remote evaluation protocol) answers them. */
import { z } from 'zod';

export const flagKey = z
  .string()
  .regex(/^[a-z][a-z0-9]*([.-][a-z0-9]+)*$/, 'lower-case words with dots or dashes between them')
  .max(64);
export const variantName = z.string().regex(/^[a-z0-9]([a-z0-9_-]{0,38}[a-z0-9])?$/, 'a lower-case name');
const value = z.union([z.boolean(), z.string().max(1_000), z.number()]);
/** Who it is that flags are asked for: a customer's id, or what a page keeps of its visitor. */
export const targetingKey = z.string().min(1).max(128);

export const split = z
  .array(z.strictObject({ variant: variantName, weight: z.int().min(0).max(10_000) }))
  .min(1)
  .max(10)
  .refine((parts) => parts.some(({ weight }) => weight > 0), 'one of them must have a weight');

const condition = z.discriminatedUnion('is', [
  z.strictObject({
    attribute: z.string().max(64),
    is: z.literal('one-of'),
    values: z.array(value).min(1).max(100),
  }),
  z.strictObject({
    attribute: z.string().max(64),
    is: z.literal('none-of'),
    values: z.array(value).min(1).max(100),
  }),
  z.strictObject({ attribute: z.string().max(64), is: z.literal('at-least'), value: z.number() }),
  z.strictObject({ attribute: z.string().max(64), is: z.literal('at-most'), value: z.number() }),
]);

const MOST_VARIANTS = 100;

const fields = {
  summary: z.string().trim().max(500).default(''),
  enabled: z.boolean(),
  /** By name; all of one type. */
  variants: z
    .record(variantName, value)
    .refine((all) => Object.keys(all).length <= MOST_VARIANTS, `at most ${MOST_VARIANTS} variants`),
  /** Served while the flag is off, and the answer where nobody can be told apart. */
  off: variantName,
  /** The first whose conditions all hold is served. */
  rules: z
    .array(z.strictObject({ when: z.array(condition).min(1).max(10), serve: split }))
    .max(20)
    .default([]),
  /** Served to everybody else. */
  serve: split,
};

export const flagInput = z
  .strictObject({
    ...fields,
    /** The version that is replaced; 0: there is none yet. Absent: whatever there is. */
    version: z.int().min(0).optional(),
  })
  .refine(
    ({ variants, off, rules, serve }) =>
      [off, ...[...rules.map((rule) => rule.serve), serve].flat().map(({ variant }) => variant)].every(
        (name) => Object.hasOwn(variants, name),
      ),
    { path: ['variants'], message: 'every variant that is served has a value' },
  )
  .refine(({ variants }) => new Set(Object.values(variants).map((one) => typeof one)).size <= 1, {
    path: ['variants'],
    message: 'the values are of one type',
  });
export const flag = z.object({
  key: flagKey,
  version: z.int(),
  ...fields,
  /** The experiment that gives it out at present. */
  experimentId: z.string().optional(),
  updatedAt: z.string(),
});
export const flagList = z.object({ flags: z.array(flag) });

export const evaluationInput = z.object({
  context: z.object({ targetingKey: targetingKey.optional() }).catchall(z.unknown()).default({}),
});
export const reason = z.enum(['STATIC', 'SPLIT', 'TARGETING_MATCH', 'DISABLED', 'DEFAULT']);
export const errorCode = z.enum(['FLAG_NOT_FOUND', 'TARGETING_KEY_MISSING', 'TYPE_MISMATCH']);
/** Of one flag: either a value with its reason, or an error's code. */
export const evaluation = z.object({
  key: z.string(),
  value: value.optional(),
  variant: z.string().optional(),
  reason: reason.optional(),
  errorCode: errorCode.optional(),
  errorDetails: z.string().optional(),
});
export const evaluations = z.object({ flags: z.array(evaluation) });

export type Flag = z.infer<typeof flag>;
export type FlagInput = z.infer<typeof flagInput>;
export type FlagValue = z.infer<typeof value>;
export type Split = z.infer<typeof split>;
export type Condition = z.infer<typeof condition>;
export type Reason = z.infer<typeof reason>;
export type ErrorCode = z.infer<typeof errorCode>;
export type Evaluation = z.infer<typeof evaluation>;
export type Context = z.infer<typeof evaluationInput>['context'];
