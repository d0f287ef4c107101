/** The shapes that enter and leave the notifications domain. */
import { z } from 'zod';
import { CATEGORIES, CHANNELS, KIND_NAMES } from './kinds.ts';

export const channel = z.enum(CHANNELS);
export const category = z.enum(CATEGORIES);
export const kind = z.enum(KIND_NAMES);
export const email = z.email().max(254);
export const phone = z.string().regex(/^\+[1-9][0-9]{6,14}$/, 'a number in full, such as +4915112345678');
export const locale = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'a language tag such as de or de-CH')
  // Money and moments are written in it.
  .refine(isLanguage, 'a language tag such as de or de-CH');
export const mode = z.enum(['on', 'off', 'daily']);
export const deliveryState = z.enum([
  'waiting',
  'gathered',
  'digested',
  'sent',
  'declined',
  'suppressed',
  'bounced',
  'failed',
]);

const plainLine = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}*$/u, 'no control characters');
const id = z.string().regex(/^[a-z]{3}_[0-9a-f]{32}$/, 'an id');

// ── templates ────────────────────────────────────────────────────────────────────────────────────

export const templateKey = z.strictObject({ kind, channel, locale });
const source = {
  /** Of mail and push. */
  subject: z.string().max(500).optional(),
  /** Of mail: what stands between the shop's head and foot. */
  html: z.string().max(50_000).optional(),
  text: z.string().min(1).max(50_000),
};
export const templateSource = z.object(source);
export const templateInput = z.strictObject({
  ...source,
  /** The version that is replaced; 0: there is none of the merchant's own yet. Absent: whatever there is. */
  version: z.int().min(0).optional(),
});
export const templateView = z.object({
  kind,
  channel,
  locale,
  ...source,
  /** 0: built in. */
  version: z.int(),
  /** What it may name, and of which type. */
  variables: z.array(z.string()),
});
export const templateList = z.object({
  templates: z.array(
    z.object({
      kind,
      channel,
      category,
      required: z.boolean(),
      /** Languages with a built-in template. */
      builtIn: z.array(z.string()),
      /** Languages with one of the merchant's own. */
      own: z.array(z.string()),
    }),
  ),
});
export const previewInput = z.strictObject({ kind, channel, locale, source: templateSource.optional() });
export const preview = z.object({
  locale,
  subject: z.string().optional(),
  html: z.string().optional(),
  text: z.string(),
});
export const testInput = z.strictObject({
  kind,
  channel: z.enum(['mail', 'sms']),
  locale: locale.optional(),
  to: z.string().max(254),
});
export const queued = z.object({ id: z.string() });

// ── the log ──────────────────────────────────────────────────────────────────────────────────────

export const delivery = z.object({
  id: z.string(),
  kind: z.string(),
  channel,
  recipient: z.string(),
  state: deliveryState,
  attempts: z.int(),
  problem: z.string().optional(),
  subject: z.string().optional(),
  locale: z.string().optional(),
  provider: z.string().optional(),
  reference: z.string().optional(),
  createdAt: z.string(),
  endedAt: z.string().optional(),
});
export const deliveryQuery = z.object({
  state: deliveryState.optional(),
  kind: kind.optional(),
  recipient: z.string().max(300).optional(),
  cursor: id.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
export const deliveryPage = z.object({ deliveries: z.array(delivery), nextCursor: z.string().optional() });

// ── settings and suppressions ────────────────────────────────────────────────────────────────────

export const settings = z.strictObject({
  /** Absent: the shop's name, and no-reply@ at its first host. */
  sender: z
    .strictObject({ name: plainLine(100).optional(), address: email.optional(), replyTo: email.optional() })
    .default({}),
  /** Who hears of new orders, reviews and disputes, how often of orders, and whether of reviews that wait to be read. */
  merchant: z
    .strictObject({
      emails: z.array(email).max(10).default([]),
      orders: mode.default('on'),
      reviews: mode.exclude(['on']).default('daily'),
    })
    .prefault({}),
  /** Messages to one recipient in an hour; more of them wait. */
  perHour: z.int().min(1).max(1_000).default(20),
  /** IANA time zone, of moments in messages and of the digest's hour. */
  zone: z.string().max(64).refine(isZone, 'an IANA time zone such as Europe/Oslo').default('UTC'),
  digestHour: z.int().min(0).max(23).default(8),
});
export const suppressionInput = z.strictObject({ channel, address: z.string().min(3).max(2_000) });
export const suppression = z.object({
  id: z.string(),
  channel,
  address: z.string(),
  reason: z.string(),
  at: z.string(),
});
export const suppressionPage = z.object({
  suppressions: z.array(suppression),
  nextCursor: z.string().optional(),
});
export const pageQuery = z.object({
  cursor: id.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
export const ofId = z.strictObject({ id });

// ── recipients ───────────────────────────────────────────────────────────────────────────────────

export const signed = z.object({
  token: z
    .string()
    .regex(/^con_[0-9a-f]{32}\.[a-z]{1,40}\.[A-Za-z0-9_-]{22}$/, 'the token of a link in a message'),
});
export const perhapsSigned = signed.partial();
const choices = z.partialRecord(category.exclude(['account', 'merchant', 'digest']), mode);
export const preferencesInput = z.strictObject({ preferences: choices });
export const preferences = z.object({
  contacts: z.array(
    z.object({
      id: z.string(),
      channel,
      /** Enough of it to know it by. */
      address: z.string(),
      state: z.enum(['active', 'pending', 'suppressed']),
      preferences: z.record(z.string(), mode),
    }),
  ),
});
export const subscription = z.strictObject({
  endpoint: z.url().max(2_000),
  keys: z.strictObject({
    p256dh: z.string().regex(/^[A-Za-z0-9_-]{87}=?$/, '65 bytes, base64url'),
    auth: z.string().regex(/^[A-Za-z0-9_-]{22}(==)?$/, '16 bytes, base64url'),
  }),
});
export const unsubscription = z.strictObject({ endpoint: z.url().max(2_000) });
export const pushKey = z.object({ publicKey: z.string() });
export const phoneInput = z.strictObject({ phone });
export const phoneCode = z.strictObject({ phone, code: z.string().regex(/^[0-9]{6}$/, 'six digits') });

// ── from other domains and from providers ────────────────────────────────────────────────────────

/** Asked by other domains; the same key is told once. */
export const notifyInput = z.strictObject({
  key: z.string().min(1).max(120),
  kind,
  to: z.strictObject({
    email,
    customerId: z.string().max(80).optional(),
    name: z.string().max(200).optional(),
    locale: z.string().max(35).optional(),
  }),
  channels: z.array(channel).min(1).optional(),
  variables: z.record(z.string(), z.unknown()),
});
/** At most as many as one transaction tells of in a moment. */
export const MOST_PEOPLE = 100;
export const notifyManyInput = z.strictObject({
  kind,
  channels: z
    .array(channel)
    .min(1)
    .default([...CHANNELS]),
  people: z
    .array(
      z.strictObject({
        key: z.string().min(1).max(120),
        /** A customer where the account says, or a mailbox. */
        to: z.union([
          z.strictObject({ customerId: z.string().min(1).max(80) }),
          z.strictObject({ email, locale: z.string().max(35).optional() }),
        ]),
        variables: z.record(z.string(), z.unknown()),
      }),
    )
    .min(1)
    .max(MOST_PEOPLE),
});
export const notified = z.object({
  /** New ones; none when the key was known. */
  deliveries: z.array(z.string()),
});
export const report = z.object({
  event: z.enum(['bounced', 'complained']),
  channel,
  address: z.string().min(3).max(2_000),
  /** The message it is about, where the provider says. */
  id: id.optional(),
});

// ── the outbox ───────────────────────────────────────────────────────────────────────────────────

export const outboxMessage = z.object({
  id: z.string(),
  channel,
  recipient: z.string(),
  at: z.string(),
  message: z.record(z.string(), z.unknown()),
});
export const outboxQuery = z.object({
  before: id.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
export const outboxPage = z.object({ messages: z.array(outboxMessage) });

export type Settings = z.infer<typeof settings>;
export type Mode = z.infer<typeof mode>;
export type DeliveryState = z.infer<typeof deliveryState>;
export type TemplateSource = z.infer<typeof templateSource>;
export type Choices = z.infer<typeof choices>;

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    // Intl takes it for no tag, and would write nothing in it.
    return false;
  }
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    // Intl knows no such zone.
    return false;
  }
}
