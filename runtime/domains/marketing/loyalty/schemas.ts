/** The shapes of loyalty points. */
import { z } from 'zod';

const MOST = 100_000_000;

export const program = z.strictObject({
  enabled: z.boolean().default(false),
  /** Orders in others earn nothing. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'an ISO 4217 code such as EUR')
    .default('EUR'),
  /** Minor units that earn a point: 100 is a point for each euro. */
  perPoint: z.int().min(1).max(MOST).default(100),
  /** Minor units that a point is worth. */
  worth: z.int().min(1).max(MOST).default(1),
  /** Fewest points that become a gift card. */
  least: z.int().min(1).max(MOST).default(100),
});

export const redemptionId = z.string().regex(/^gft_[0-9a-f]{32}$/, 'an id of a redemption');
export const entry = z.object({
  sequence: z.int(),
  kind: z.enum(['earned', 'taken', 'spent', 'granted']),
  points: z.int(),
  balance: z.int(),
  orderId: z.string().optional(),
  note: z.string().optional(),
  at: z.string(),
});
export const redemption = z.object({
  id: redemptionId,
  points: z.int(),
  amount: z.int(),
  currency: z.string(),
  at: z.string(),
});
export const account = z.object({
  balance: z.int(),
  program,
  /** The last fifty. */
  entries: z.array(entry),
  redemptions: z.array(redemption),
});
export const redeemInput = z.strictObject({ points: z.int().min(1).max(MOST) });
export const ofRedemption = z.strictObject({ id: redemptionId });
export const pointsCard = z.object({ code: z.string(), amount: z.int(), currency: z.string() });
export const ofCustomer = z.strictObject({ customerId: z.string().min(1).max(80) });
export const grantInput = z.strictObject({
  /** Below nothing: taken back. */
  points: z
    .int()
    .min(-MOST)
    .max(MOST)
    .refine((points) => points !== 0, 'some points'),
  note: z.string().trim().min(1).max(200),
});

export type Program = z.infer<typeof program>;
export type Account = z.infer<typeof account>;
export type Entry = z.infer<typeof entry>;
export type Redemption = z.infer<typeof redemption>;
