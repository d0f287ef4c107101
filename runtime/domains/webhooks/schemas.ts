/** The shapes of webhooks: subscriptions, deliveries, and what is told when a subscription is switched off. */
import { z } from 'zod';

const idOf = (prefix: string, what: string) =>
  z.string().regex(new RegExp(`^${prefix}_[0-9a-f]{32}$`), `an id of a ${what}`);
export const subscriptionId = idOf('whk', 'subscription');
export const deliveryId = idOf('dlv', 'delivery');
export const ofSubscription = z.strictObject({ id: subscriptionId });
export const ofDelivery = z.strictObject({ id: deliveryId });

const eventPattern = z
  .string()
  .max(100)
  .regex(
    /^(?:\*|[a-z]+\.\*|[a-z]+\.[a-z]+\.(?:\*|[a-z-]+))$/,
    'a type such as orders.order.placed, its beginning such as orders.*, or *',
  );
const fields = {
  /** https, at port 443 of a public address. */
  url: z.string().min(1).max(2_048),
  description: z.string().trim().max(200),
  /** Types, `<domain>.*`, `<domain>.<noun>.*`, or `*`. */
  events: z.array(eventPattern).min(1).max(50),
  enabled: z.boolean(),
};
export const subscriptionInput = z.strictObject({
  ...fields,
  description: fields.description.default(''),
  enabled: fields.enabled.default(true),
});
export const subscriptionPatch = z.strictObject({
  url: fields.url.optional(),
  description: fields.description.optional(),
  events: fields.events.optional(),
  /** On again: what happened meanwhile, for a week at most, is sent now. */
  enabled: fields.enabled.optional(),
});
export const disabledBecause = z.enum(['merchant', 'gone', 'failing']);
const subscriptionFields = {
  id: subscriptionId,
  ...fields,
  disabledBecause: disabledBecause.optional(),
  disabledAt: z.string().optional(),
  /** Attempts without success since the last that had any. */
  failures: z.int(),
  failingSince: z.string().optional(),
  /** Until when the secret before the present one signs as well. */
  formerSecretUntil: z.string().optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
};
export const subscription = z.object(subscriptionFields);
export const subscriptionList = z.object({ subscriptions: z.array(subscription) });
/** The one time it is told. */
export const newSubscription = z.object({ ...subscriptionFields, secret: z.string() });

export const rotation = z.strictObject({
  /** For how long the present secret goes on signing beside the new one. */
  overlapHours: z.int().min(0).max(168).default(24),
});
export const rotated = z.object({ secret: z.string(), formerSecretUntil: z.string() });

export const eventTypes = z.object({ types: z.array(z.string()) });

export const deliveryState = z.enum(['waiting', 'sending', 'held', 'delivered', 'failed']);
export const attempt = z.object({
  at: z.string(),
  milliseconds: z.int(),
  /** What was answered; absent: nothing was. */
  status: z.int().optional(),
  /** Why nothing was. */
  problem: z.string().optional(),
  /** How the answer began. */
  answer: z.string().optional(),
});
const deliveryFields = {
  id: deliveryId,
  subscriptionId,
  /** Header `webhook-id`: the same for all its attempts, for replays, and for all subscriptions. */
  messageId: z.string(),
  type: z.string(),
  /** `held`: until its subscription is on again. */
  state: deliveryState,
  /** Since it was made or replayed. */
  attempts: z.int(),
  lastAttempt: attempt.optional(),
  nextAttemptAt: z.string().optional(),
  createdAt: z.string(),
  endedAt: z.string().optional(),
};
export const delivery = z.object(deliveryFields);
export const deliveryDetail = z.object({
  ...deliveryFields,
  /** The last twenty. */
  history: z.array(attempt),
  /** As it is sent, to the letter. */
  body: z.string(),
});
export const deliveryQuery = z.object({
  subscriptionId: subscriptionId.optional(),
  state: deliveryState.optional(),
  type: z.string().max(100).optional(),
  cursor: deliveryId.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
export const deliveryPage = z.object({ deliveries: z.array(delivery), nextCursor: z.string().optional() });

export const replayInput = z.strictObject({
  /** Of what was to be told from then on … */
  from: z.iso.datetime(),
  /** … and before this. Default: now. */
  to: z.iso.datetime().optional(),
  /** What was delivered is sent again too. */
  delivered: z.boolean().default(false),
});
export const replaying = z.object({ deliveries: z.int() });
export const replayTask = z.strictObject({
  subscriptionId,
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  delivered: z.boolean(),
  /** What ended later has been sent again already. */
  askedAt: z.iso.datetime(),
  after: z.string(),
});

/** Of `webhooks.subscription.disabled`. An address may hold secrets of whoever chose it: its host is told. */
export const subscriptionDisabled = z.object({
  subscriptionId: z.string(),
  description: z.string(),
  host: z.string(),
  because: z.enum(['gone', 'failing']),
  failures: z.int(),
  failingSince: z.string(),
  at: z.string(),
});

export type Attempt = z.infer<typeof attempt>;
export type DeliveryQuery = z.infer<typeof deliveryQuery>;
export type DeliveryState = z.infer<typeof deliveryState>;
export type ReplayInput = z.infer<typeof replayInput>;
export type ReplayTask = z.infer<typeof replayTask>;
export type Subscription = z.infer<typeof subscription>;
export type SubscriptionDisabled = z.infer<typeof subscriptionDisabled>;
export type SubscriptionInput = z.infer<typeof subscriptionInput>;
export type SubscriptionPatch = z.infer<typeof subscriptionPatch>;
