/** Locations of stock: what merchants say of them, and what is shown. */
import { z } from 'zod';

/** The one that every shop has. */
export const MAIN = 'main';

const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}*$/u, 'no control characters');

export const locationId = z
  .string()
  .regex(/^(?:main|loc_[0-9a-f]{32})$/, 'main, or a location id: loc_ and 32 hexadecimal digits');

export const locationAddress = z.strictObject({
  line1: line(200),
  line2: line(200).optional(),
  city: line(120),
  postalCode: line(20),
  country: z.string().regex(/^[A-Z]{2}$/, 'an ISO 3166-1 alpha-2 code such as DE'),
});

export const locationInput = z.strictObject({
  name: line(120),
  address: locationAddress.optional(),
  /** The lowest is asked first. */
  priority: z.int().min(0).max(1_000),
  /** Only a location without stock can be disabled, and the main one never. */
  enabled: z.boolean().default(true),
});

export const location = z.object({
  id: z.string(),
  name: z.string(),
  address: locationAddress.optional(),
  priority: z.int(),
  enabled: z.boolean(),
});

export const levelAt = z.object({
  locationId: z.string(),
  onHand: z.int(),
  /** Held and sold. */
  promised: z.int(),
  available: z.int(),
});

export const transfer = z
  .strictObject({ from: locationId, to: locationId, quantity: z.int().min(1).max(1_000_000) })
  .refine(({ from, to }) => from !== to, 'name two locations');

/** Units of an order that come from a location other than the main one. */
export const allocation = z.object({ variantId: z.string(), locationId: z.string(), quantity: z.int() });

export type Allocation = z.infer<typeof allocation>;
export type LevelAt = z.infer<typeof levelAt>;
export type Location = z.infer<typeof location>;
export type LocationInput = z.infer<typeof locationInput>;
