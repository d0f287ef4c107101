/** The shapes of segments, campaigns and reminders. */
import { z } from 'zod';
import { program } from '../loyalty/schemas.ts';

const range = z
  .strictObject({ atLeast: z.int().min(0).optional(), atMost: z.int().min(0).optional() })
  .refine((one) => one.atLeast !== undefined || one.atMost !== undefined, 'at least a bound');
const days = z
  .strictObject({
    within: z.int().min(1).max(3_650).optional(),
    notWithin: z.int().min(1).max(3_650).optional(),
  })
  .refine((one) => one.within !== undefined || one.notWithin !== undefined, 'within or notWithin');

/** Customers for whom everything holds; an empty one is all of them. */
export const segment = z.strictObject({
  orders: range.optional(),
  /** In minor units of the currency, refunds taken off. */
  spent: range.safeExtend({ currency: z.string().regex(/^[A-Z]{3}$/) }).optional(),
  lastOrderDays: days.optional(),
  registeredDays: days.optional(),
  languages: z
    .array(z.string().regex(/^[a-z]{2,3}$/))
    .min(1)
    .max(20)
    .optional(),
});
export const segmentCount = z.object({ customers: z.int() });

const text = z.string().trim().min(1).max(2_000);
export const channels = z
  .array(z.enum(['mail', 'sms', 'push']))
  .min(1)
  .max(3);
const fields = {
  name: z.string().trim().min(1).max(120),
  segment,
  channels,
  content: z.strictObject({
    title: text.max(200),
    paragraphs: z.array(text).min(1).max(20),
    /** What the link is called. */
    label: text.max(80),
    /** On the shop's own pages: `/collections/spring`. */
    path: z
      .string()
      .max(500)
      .regex(/^\/(?!\/)[^\s\\]*$/, 'a path of the shop, such as /collections/spring'),
  }),
};
export const campaignInput = z.strictObject({
  ...fields,
  /** Absent: at once. */
  sendAt: z.iso.datetime().optional(),
});
export const campaignId = z.string().regex(/^cmp_[0-9a-f]{32}$/, 'an id of a campaign');
export const ofCampaign = z.strictObject({ id: campaignId });
export const campaign = z.object({
  id: campaignId,
  state: z.enum(['scheduled', 'sending', 'sent', 'cancelled']),
  ...fields,
  sendAt: z.string(),
  /** Customers of the segment so far; who did not ask for news gets none of it. */
  reached: z.int(),
  createdAt: z.string(),
  endedAt: z.string().optional(),
});
export const campaignList = z.object({ campaigns: z.array(campaign) });

export const settings = z.strictObject({
  abandonedCarts: z
    .strictObject({
      enabled: z.boolean().default(false),
      /** Since the cart was touched last. */
      afterMinutes: z
        .int()
        .min(15)
        .max(7 * 24 * 60)
        .default(4 * 60),
      channels: channels.default(['mail']),
    })
    .prefault({}),
  loyalty: program.prefault({}),
});

export type Segment = z.infer<typeof segment>;
export type CampaignInput = z.infer<typeof campaignInput>;
export type Campaign = z.infer<typeof campaign>;
export type Settings = z.infer<typeof settings>;
