/**
 * The kinds of notifications there are: what each is about, by which ways it goes, and what its templates may name.
 * Data only: definition, templates and handlers are drawn from it.
 */
import { z } from 'zod';
import type { ZodType } from 'zod';

export const CHANNELS = ['mail', 'sms', 'push'] as const;
export type Channel = (typeof CHANNELS)[number];

/** What recipients may switch off, each by itself. */
export const CATEGORIES = [
  'account',
  'orders',
  'marketing',
  'wishes',
  'reviews',
  'merchant',
  // Whatever is gathered for a day: who ends it by its link hears of none of it.
  'digest',
] as const;
export type Category = (typeof CATEGORIES)[number];
/** Of which only who asked for it hears: for the category itself, or else for news. */
export const BY_CONSENT = ['marketing', 'wishes', 'reviews'] as const satisfies readonly Category[];

export interface Kind {
  readonly category: Category;
  readonly channels: readonly Channel[];
  /** By mail it goes to everybody, whatever they prefer: a contract was made, or an account is concerned. */
  readonly required: boolean;
  /** It is of one by one no news: by mail it waits for the day's digest, whatever its recipients prefer. */
  readonly gathered?: boolean;
  readonly variables: ZodType;
  /** It carries a way in: its variables go when it was sent, and its words are not the merchant's to change. */
  readonly secret?: boolean;
  /** For previews. */
  readonly sample: Readonly<Record<string, unknown>>;
}

const money = z.object({ amount: z.int(), currency: z.string().regex(/^[A-Z]{3}$/) });
const link = z.url();
const text = z.string().max(2_000);
const line = z.object({ title: text, quantity: z.int(), total: money });
const order = { number: text, link };
/** What somebody wants to buy for their company, and what was said of it. */
const purchase = { company: text, total: money, link, words: text.optional() };

/** What every template may name beside its own. */
export const common = z.object({
  shop: z.object({ name: text, link }),
  recipient: z.object({ name: text }),
});

const eur = (amount: number): object => ({ amount, currency: 'EUR' });
const sampleOrder = { number: '7K4M-92QX', link: 'https://shop.example/orders/1' };
const samplePurchase = {
  company: 'Acme Ltd',
  total: eur(153_000),
  link: 'https://shop.example/account/company',
};
const sampleLines = [
  { title: 'Trail boots', quantity: 1, total: eur(12_900) },
  { title: 'Wool socks', quantity: 2, total: eur(2_400) },
];

const KIND_TABLE = {
  'accounts.welcome': {
    category: 'account',
    channels: ['mail'],
    required: true,
    variables: z.object({ link }),
    sample: { link: 'https://shop.example/account' },
  },
  'accounts.registration': {
    category: 'account',
    channels: ['mail'],
    required: true,
    secret: true,
    variables: z.object({ link }),
    sample: { link: 'https://shop.example/api/accounts/pages/register#token' },
  },
  'accounts.known': {
    category: 'account',
    channels: ['mail'],
    required: true,
    secret: true,
    variables: z.object({ link }),
    sample: { link: 'https://shop.example/api/accounts/pages/reset#token' },
  },
  'accounts.reset': {
    category: 'account',
    channels: ['mail'],
    required: true,
    secret: true,
    variables: z.object({ link }),
    sample: { link: 'https://shop.example/api/accounts/pages/reset#token' },
  },
  'accounts.erasure': {
    category: 'account',
    channels: ['mail'],
    required: true,
    variables: z.object({ link, due: z.iso.datetime() }),
    sample: { link: 'https://shop.example/account/data', due: '2026-03-31T09:30:00.000Z' },
  },
  'accounts.erased': {
    category: 'account',
    channels: ['mail'],
    required: true,
    variables: z.object({}),
    sample: {},
  },
  'accounts.signed_out': {
    category: 'account',
    channels: ['mail'],
    required: true,
    variables: z.object({ link }),
    sample: { link: 'https://shop.example/account/forgot' },
  },
  'accounts.password': {
    category: 'account',
    channels: ['mail'],
    required: true,
    variables: z.object({ link }),
    sample: { link: 'https://shop.example/account/forgot' },
  },
  'staff.password': {
    category: 'account',
    channels: ['mail'],
    required: true,
    variables: z.object({}),
    sample: {},
  },
  'staff.signed_out': {
    category: 'account',
    channels: ['mail'],
    required: true,
    variables: z.object({}),
    sample: {},
  },
  'staff.invitation': {
    category: 'account',
    channels: ['mail'],
    required: true,
    secret: true,
    variables: z.object({ link }),
    sample: { link: 'https://shop.example/api/accounts/pages/join#token' },
  },
  'companies.invitation': {
    category: 'account',
    channels: ['mail'],
    required: true,
    secret: true,
    variables: z.object({ company: text, link }),
    sample: {
      company: 'Acme Ltd',
      link: 'https://shop.example/api/accounts/pages/company#token',
    },
  },
  'companies.approved': {
    category: 'account',
    channels: ['mail'],
    required: true,
    variables: z.object({ company: text, link }),
    sample: { company: 'Acme Ltd', link: 'https://shop.example/account/company' },
  },
  'companies.approval': {
    category: 'account',
    channels: ['mail'],
    required: true,
    variables: z.object({ ...purchase, buyer: text }),
    sample: { ...samplePurchase, buyer: 'Ada Lovelace', words: 'For the new warehouse.' },
  },
  'companies.granted': {
    category: 'account',
    channels: ['mail'],
    required: true,
    variables: z.object(purchase),
    sample: samplePurchase,
  },
  'companies.declined': {
    category: 'account',
    channels: ['mail'],
    required: true,
    variables: z.object(purchase),
    sample: { ...samplePurchase, words: 'Next quarter, please.' },
  },
  'orders.confirmed': {
    category: 'orders',
    channels: ['mail', 'sms', 'push'],
    required: true,
    variables: z.object({ ...order, placedAt: z.iso.datetime(), total: money, lines: z.array(line) }),
    sample: { ...sampleOrder, placedAt: '2026-03-01T09:30:00.000Z', total: eur(15_300), lines: sampleLines },
  },
  'orders.paid': {
    category: 'orders',
    channels: ['mail'],
    required: true,
    variables: z.object({ ...order, amount: money, at: z.iso.datetime() }),
    sample: { ...sampleOrder, amount: eur(15_300), at: '2026-03-01T09:31:00.000Z' },
  },
  'orders.shipped': {
    category: 'orders',
    channels: ['mail', 'sms', 'push'],
    required: false,
    // Of one parcel: what is in it, and by what number its carrier knows it.
    variables: z.object({
      ...order,
      lines: z.array(line),
      tracking: text.optional(),
      follow: link.optional(),
    }),
    sample: {
      ...sampleOrder,
      lines: sampleLines,
      tracking: 'DHL 00340434161094',
      follow: 'https://carrier.example/00340434161094',
    },
  },
  'orders.refunded': {
    category: 'orders',
    channels: ['mail', 'push'],
    required: true,
    variables: z.object({ ...order, refunded: money, total: money }),
    sample: { ...sampleOrder, refunded: eur(2_400), total: eur(15_300) },
  },
  'orders.cancelled': {
    category: 'orders',
    channels: ['mail', 'push'],
    required: true,
    variables: z.object({ ...order, reason: text.optional() }),
    sample: { ...sampleOrder, reason: 'The last pair was damaged in our warehouse.' },
  },
  'orders.edited': {
    category: 'orders',
    channels: ['mail'],
    required: true,
    secret: true,
    // `owed` where it is dearer than what was paid.
    variables: z.object({
      ...order,
      total: money,
      lines: z.array(line),
      owed: money.optional(),
      words: text.optional(),
    }),
    sample: {
      ...sampleOrder,
      total: eur(15_300),
      lines: sampleLines,
      owed: eur(1_200),
      words: 'One pair of socks more, as you asked.',
    },
  },
  'orders.exchange': {
    category: 'orders',
    channels: ['mail'],
    required: true,
    secret: true,
    // Goods that go out for others; `owed` where they are dearer, `back` where something goes back.
    variables: z.object({
      ...order,
      lines: z.array(line),
      owed: money.optional(),
      back: money.optional(),
      words: text.optional(),
    }),
    sample: {
      ...sampleOrder,
      lines: [{ title: 'Trail boots · 43', quantity: 1, total: eur(12_900) }],
      owed: eur(1_200),
      words: 'Please use the label in the box.',
    },
  },
  'orders.offer': {
    category: 'orders',
    channels: ['mail'],
    required: true,
    secret: true,
    variables: z.object({ ...order, total: money, validUntil: z.iso.datetime(), words: text.optional() }),
    sample: {
      number: '7K4M-92QX',
      link: 'https://shop.example/offers/1',
      total: eur(15_300),
      validUntil: '2026-03-15T09:30:00.000Z',
      words: 'As agreed on the telephone.',
    },
  },
  'orders.message': {
    category: 'orders',
    channels: ['mail'],
    required: true,
    secret: true,
    variables: z.object({ ...order, words: text }),
    sample: {
      number: '7K4M-92QX',
      link: 'https://shop.example/offers/1',
      words: 'Would the blue one do, too?',
    },
  },
  'marketing.cart': {
    category: 'marketing',
    channels: ['mail', 'push'],
    required: false,
    variables: z.object({ lines: z.array(line), total: money, link }),
    sample: { lines: sampleLines, total: eur(15_300), link: 'https://shop.example/cart' },
  },
  'marketing.campaign': {
    category: 'marketing',
    channels: ['mail', 'sms', 'push'],
    required: false,
    variables: z.object({ title: text, paragraphs: z.array(text).max(50), label: text, link }),
    sample: {
      title: 'Spring is here',
      paragraphs: ['New jackets have come in.', 'The first hundred orders go out with a pair of socks.'],
      label: 'Have a look',
      link: 'https://shop.example/collections/spring',
    },
  },
  'reviews.request': {
    category: 'reviews',
    channels: ['mail'],
    required: false,
    // What of the order its customer has not reviewed yet; each item leads to its product.
    variables: z.object({
      ...order,
      items: z
        .array(z.object({ title: text, link }))
        .min(1)
        .max(50),
    }),
    sample: {
      ...sampleOrder,
      items: [
        { title: 'Trail boots', link: 'https://shop.example/products/trail-boots#reviews' },
        { title: 'Wool socks', link: 'https://shop.example/products/wool-socks#reviews' },
      ],
    },
  },
  'wishes.back': {
    category: 'wishes',
    channels: ['mail', 'push'],
    required: false,
    variables: z.object({
      items: z
        .array(z.object({ title: text, link }))
        .min(1)
        .max(50),
      link,
    }),
    sample: {
      items: [{ title: 'Trail boots, 42', link: 'https://shop.example/products/trail-boots' }],
      link: 'https://shop.example/products/trail-boots',
    },
  },
  'wishes.cheaper': {
    category: 'wishes',
    channels: ['mail', 'push'],
    required: false,
    // Each at what it costs now.
    variables: z.object({
      items: z
        .array(z.object({ title: text, link, price: money }))
        .min(1)
        .max(50),
      link,
    }),
    sample: {
      items: [
        {
          title: 'Trail boots, 42',
          link: 'https://shop.example/products/trail-boots',
          price: eur(9_900),
        },
      ],
      link: 'https://shop.example/products/trail-boots',
    },
  },
  // Somebody named this mailbox: nothing else is sent there until it has answered.
  'alerts.confirm': {
    category: 'wishes',
    channels: ['mail'],
    required: true,
    secret: true,
    variables: z.object({ product: text, link }),
    sample: { product: 'Trail boots, 42', link: 'https://shop.example/alerts?token=token' },
  },
  // The one message that was asked for by name.
  'alerts.back': {
    category: 'wishes',
    channels: ['mail'],
    required: true,
    variables: z.object({ product: text, link }),
    sample: { product: 'Trail boots, 42', link: 'https://shop.example/products/trail-boots' },
  },
  'merchant.order': {
    category: 'merchant',
    channels: ['mail'],
    required: false,
    variables: z.object({ ...order, total: money, lines: z.array(line) }),
    sample: { ...sampleOrder, total: eur(15_300), lines: sampleLines },
  },
  'merchant.quote': {
    category: 'merchant',
    channels: ['mail'],
    required: false,
    // What its customer said, where they said something.
    variables: z.object({ number: text, email: text, words: text.optional() }),
    sample: { number: '7K4M-92QX', email: 'ada@example.com', words: 'What would forty of these cost?' },
  },
  'merchant.company': {
    category: 'merchant',
    channels: ['mail'],
    required: false,
    variables: z.object({ company: text, country: text, taxId: text.optional() }),
    sample: { company: 'Acme Ltd', country: 'DE', taxId: 'DE123456789' },
  },
  'merchant.review': {
    category: 'merchant',
    channels: ['mail'],
    required: false,
    gathered: true,
    variables: z.object({ product: text, rating: z.int().min(1).max(5), link }),
    sample: { product: 'Trail boots', rating: 4, link: 'https://shop.example/products/trail-boots#reviews' },
  },
  'merchant.dispute': {
    category: 'merchant',
    channels: ['mail'],
    required: true,
    variables: z.object({ ...order, amount: money }),
    sample: { ...sampleOrder, amount: eur(15_300) },
  },
  'merchant.refund_failed': {
    category: 'merchant',
    channels: ['mail'],
    required: true,
    variables: z.object({ ...order, amount: money }),
    sample: { ...sampleOrder, amount: eur(4_900) },
  },
  'merchant.webhook': {
    category: 'merchant',
    channels: ['mail'],
    required: true,
    // The host of its address, and since when it has taken nothing.
    variables: z.object({ receiver: text, description: text.optional(), since: z.iso.datetime() }),
    sample: {
      receiver: 'erp.example.com',
      description: 'stock keeping',
      since: '2026-03-01T09:30:00.000Z',
    },
  },
  digest: {
    category: 'digest',
    channels: ['mail'],
    required: false,
    variables: z.object({ items: z.array(z.object({ title: text, at: z.iso.datetime(), link })) }),
    sample: {
      items: [
        {
          title: 'Your order 7K4M-92QX is on its way',
          at: '2026-03-01T09:30:00.000Z',
          link: 'https://shop.example/orders/1',
        },
      ],
    },
  },
  'contact.code': {
    category: 'account',
    channels: ['sms'],
    required: true,
    secret: true,
    variables: z.object({ code: text }),
    sample: { code: '493025' },
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof KIND_TABLE;

export const KINDS: Readonly<Record<KindName, Kind>> = KIND_TABLE;
// The keys of a literal are its names.
export const KIND_NAMES = Object.keys(KIND_TABLE) as [KindName, ...KindName[]];
