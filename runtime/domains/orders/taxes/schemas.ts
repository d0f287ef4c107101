/** What a merchant says of taxes, and what an order tells of them. */
import { z } from 'zod';
import { selection } from '../selection.ts';

const taxClass = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'lower-case letters, digits and dashes, such as reduced');
const basisPoints = z.int().min(0).max(10_000);

export const taxRules = z.strictObject({
  /** Whether prices, and those of shipping, have the tax in them; otherwise it is added. */
  pricesInclude: z.boolean(),
  /** The class by which shipping is taxed; null: it is not. */
  shippingClass: taxClass.nullable().default('standard'),
  /** Whether class `standard` is taxed by the usual rates (value added tax) where `rates` names no other. */
  usualRates: z.boolean().default(true),
  rates: z
    .array(
      z.strictObject({
        country: z.string().regex(/^[A-Z]{2}$/, 'an ISO 3166-1 alpha-2 code such as DE'),
        /** As in addresses, in letters of any size. Absent: where no rate names the region. */
        region: z.string().trim().min(1).max(120).optional(),
        class: taxClass.default('standard'),
        basisPoints,
        name: z.string().trim().min(1).max(60),
      }),
    )
    .max(1_000),
  /** Goods of other classes than `standard`; the first that names them counts. */
  classes: z
    .array(z.strictObject({ class: taxClass, of: selection }))
    .max(100)
    .default([]),
});

/** One rate of an order: on how much, and how much. */
export const taxPart = z.object({
  name: z.string(),
  rateBasisPoints: z.int(),
  /** What it is on: with the tax in it where prices include it. */
  base: z.int(),
  amount: z.int(),
});

export type TaxPart = z.infer<typeof taxPart>;
export type TaxRules = z.infer<typeof taxRules>;
