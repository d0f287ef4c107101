/** Parcels: what merchants say of them, and what of them is shown. */
import { z } from 'zod';
import { locationId } from '../locations/schemas.ts';

const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}*$/u, 'no control characters');

export const fulfilmentId = z
  .string()
  .regex(/^ful_[0-9a-f]{32}$/, 'a fulfilment id: ful_ and 32 hexadecimal digits');

const variantId = z.string().min(1).max(80);
const quantity = z.int().min(1).max(99_900);

/**
 * Units of goods. A variant is in an order by one line at most, and so names it; a bundle's names so many of each of its parts.
 * A part is named by its own variant, with the bundle's beside it where it is in the order otherwise too.
 */
export const units = z.object({ variantId, bundle: variantId.optional(), quantity });
export const ONCE = 'name each variant once';

export const unitsList = z.array(z.strictObject(units.shape)).min(1).max(100).refine(isOnceEach, ONCE);

export function isOnceEach(
  lines: readonly { readonly variantId: string; readonly bundle?: string | undefined }[],
): boolean {
  return new Set(lines.map(({ variantId, bundle }) => `${variantId} ${bundle ?? ''}`)).size === lines.length;
}

const tracking = {
  carrier: line(80).optional(),
  trackingNumber: line(120).optional(),
  trackingUrl: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .optional(),
};

export const createFulfilment = z.strictObject({
  /** What is in the parcel; absent: all that has not left yet. */
  lines: unitsList.optional(),
  /** The location it leaves from, where the order was promised units there; absent: whichever has promised them. */
  locationId: locationId.optional(),
  ...tracking,
});

export const updateFulfilment = z.strictObject({
  ...tracking,
  /** That it has arrived. */
  delivered: z.literal(true).optional(),
});

export const fulfilment = z.object({
  id: z.string(),
  lines: z.array(units),
  carrier: z.string().optional(),
  trackingNumber: z.string().optional(),
  trackingUrl: z.string().optional(),
  locationId: z.string().optional(),
  shippedAt: z.string(),
  deliveredAt: z.string().optional(),
});

/** How far the goods have come, whatever became of the money. */
export const progress = z.enum(['none', 'partial', 'shipped', 'delivered']);

export type CreateFulfilment = z.infer<typeof createFulfilment>;
export type Fulfilment = z.infer<typeof fulfilment>;
export type Progress = z.infer<typeof progress>;
export type Units = z.infer<typeof units>;
export type UpdateFulfilment = z.infer<typeof updateFulfilment>;
