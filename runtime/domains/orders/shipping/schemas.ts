/** What a merchant says of shipping: zones of the world, and the ways to ship there with their rates. */
import { z } from 'zod';

const MAX_AMOUNT = 99_999_999_999;
/** Minor units by currency; in a currency that is not named, the method is not offered. */
const prices = z
  .record(z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code such as EUR'), z.int().min(0).max(MAX_AMOUNT))
  .refine((given) => Object.keys(given).length > 0, 'name at least one currency');

export const shippingMethodId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'lower-case letters, digits and dashes, such as standard');

const ascending = (bounds: readonly (number | undefined)[]): boolean =>
  bounds.every(
    (bound, index) =>
      index === 0 || bound === undefined || (bounds[index - 1] ?? Number.POSITIVE_INFINITY) < bound,
  ) && bounds.slice(0, -1).every((bound) => bound !== undefined);

export const rate = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('order'), price: prices }),
  /** The first band that is wide enough; what is heavier than all of them is not carried. */
  z.strictObject({
    by: z.literal('weight'),
    bands: z
      .array(z.strictObject({ upToGrams: z.int().min(1).max(100_000_000).optional(), price: prices }))
      .min(1)
      .max(50)
      .refine(
        (bands) => ascending(bands.map(({ upToGrams }) => upToGrams)),
        'bands grow, and only the last may be without an end',
      ),
  }),
  /** The band with the highest `from` that the goods reach, before discounts. */
  z.strictObject({
    by: z.literal('price'),
    bands: z
      .array(z.strictObject({ from: prices, price: prices }))
      .min(1)
      .max(50),
  }),
]);

export const method = z.strictObject({
  id: shippingMethodId,
  title: z.string().trim().min(1).max(80),
  rate,
  /** For nothing from so much on, before discounts. */
  freeFrom: prices.optional(),
  minDays: z.int().min(0).max(365),
  maxDays: z.int().min(0).max(365),
  /** The shopper comes and takes it. */
  pickup: z.boolean().default(false),
});

export const zone = z.strictObject({
  name: z.string().trim().min(1).max(80),
  /** Absent: everywhere that no other zone names. */
  places: z
    .array(
      z.strictObject({
        country: z.string().regex(/^[A-Z]{2}$/, 'an ISO 3166-1 alpha-2 code such as DE'),
        /** As in addresses, in letters of any size: `CA`, `California`. Absent: the whole country. */
        regions: z.array(z.string().trim().min(1).max(120)).min(1).max(200).optional(),
      }),
    )
    .min(1)
    .max(250)
    .optional(),
  methods: z
    .array(method)
    .min(1)
    .max(20)
    .refine(
      (methods) => new Set(methods.map(({ id }) => id)).size === methods.length,
      'each id once in a zone',
    ),
});

export const shippingRules = z.strictObject({
  /** The first is where shoppers are taken to be until they say where. */
  zones: z.array(zone).min(1).max(100),
});

export type Method = z.infer<typeof method>;
export type ShippingRules = z.infer<typeof shippingRules>;
export type Zone = z.infer<typeof zone>;
