/** What orders, payments, accounts and webhooks tell, and who is told of it. */
import { z } from 'zod';
import type { Platform } from '../../platform/domain.ts';
import type { EventHandler, StoredEvent, Tenant, Transaction } from '../../platform/ports.ts';
import type { Contact, Contacts } from './contacts.ts';
import type { KindName } from './kinds.ts';
import { nextHour, type Notifier } from './notify.ts';
import type { Settings } from './schemas.ts';
import { settingsOf } from './settings.ts';

/** As much of others' events as we use; more fields may come. */
const money = z.object({ amount: z.int(), currency: z.string() });
const order = z.object({
  orderId: z.string(),
  number: z.string(),
  email: z.string(),
  customerId: z.string().optional(),
  total: money,
  refunded: z.int(),
  lines: z.array(
    z.object({
      variantId: z.string(),
      title: z.string(),
      quantity: z.int(),
      unitPrice: z.int(),
      /** Of a bundle: what is in one, and what of its price that is. */
      parts: z
        .array(z.object({ variantId: z.string(), title: z.string(), quantity: z.int(), amount: z.int() }))
        .optional(),
    }),
  ),
  reason: z.string().optional(),
  ended: z.string().optional(),
  /** Of events about a parcel. */
  fulfilment: z
    .object({
      lines: z.array(z.object({ variantId: z.string(), bundle: z.string().optional(), quantity: z.int() })),
      carrier: z.string().optional(),
      trackingNumber: z.string().optional(),
      trackingUrl: z.string().optional(),
    })
    .optional(),
  at: z.string(),
});
const payment = z.object({
  orderId: z.string(),
  captured: z.int(),
  /** Of a refund that failed: in sum, what came back to the shop. */
  bounced: z.int().optional(),
  currency: z.string(),
  amount: z.int(),
  at: z.string(),
});
const customer = z.object({
  id: z.string(),
  email: z.string(),
  firstName: z.string(),
  lastName: z.string(),
  locale: z.string().nullable(),
  acceptsMarketing: z.boolean().optional(),
});
const draft = z.object({
  number: z.string(),
  actor: z.string(),
  email: z.string().optional(),
  message: z.string().optional(),
});
const company = z.object({ name: z.string(), country: z.string(), taxId: z.string().nullable() });
const review = z.object({
  id: z.string(),
  rating: z.int(),
  state: z.string(),
  version: z.int(),
  /** Those told before there was this say no more than which it is. */
  product: z.object({ title: z.string(), handle: z.string() }).optional(),
  pictures: z.array(z.object({ state: z.string() })).default([]),
});
const disabled = z.object({ host: z.string(), description: z.string(), failingSince: z.string() });
type Order = z.infer<typeof order>;
/** A payment that was heard of before its order. */
const paid = z.object({
  source: z.string(),
  kind: z.enum(['orders.paid', 'merchant.dispute', 'merchant.refund_failed']),
  amount: money,
  at: z.string(),
});
type Paid = z.infer<typeof paid>;

/** What happened longer ago is no news: a shop that gets this domain later, or comes back from a backup, writes nobody about old orders. */
const NEWS_MS = 24 * 60 * 60 * 1_000;

export function createHearing(
  { tenants, clock, originOf }: Platform,
  { contacts, notifier }: { readonly contacts: Contacts; readonly notifier: Notifier },
): Readonly<
  Record<'order' | 'draft' | 'payment' | 'customer' | 'company' | 'subscription' | 'review', EventHandler>
> {
  interface Shop {
    readonly tenant: Tenant;
    readonly settings: Settings;
    readonly origin: string;
  }

  async function shopOf(tx: Transaction, id: string): Promise<Shop> {
    const tenant = await tenants.byId(id);
    // Throwing has the event come again, when the directory has caught up.
    if (tenant === undefined) throw new Error(`tenant ${id} is not in the directory yet`);
    const { settings } = await settingsOf(tx, id);
    return { tenant, settings, origin: originOf(tenant) };
  }

  async function tell(
    tx: Transaction,
    shop: Shop,
    source: string,
    kind: KindName,
    to: readonly Contact[],
    variables: unknown,
  ): Promise<void> {
    const digestAt = nextHour(clock.now(), shop.settings.digestHour, shop.settings.zone);
    await notifier.notify(tx, shop.tenant.id, { source, kind, contacts: to, variables, digestAt });
  }

  async function merchants(tx: Transaction, { tenant, settings }: Shop): Promise<Contact[]> {
    const found: Contact[] = [];
    for (const address of settings.merchant.emails)
      found.push(await contacts.ensure(tx, tenant.id, { channel: 'mail', address }));
    return found;
  }

  async function tellOfPayment(tx: Transaction, shop: Shop, about: Paid, known: KnownOrder): Promise<void> {
    const variables = {
      number: known.number,
      link: `${shop.origin}/orders/${known.orderId}`,
      amount: about.amount,
      at: about.at,
    };
    const to =
      about.kind !== 'orders.paid'
        ? await merchants(tx, shop)
        : await notifier.reach(tx, shop.tenant.id, { email: known.email, customerId: known.customerId });
    await tell(tx, shop, about.source, about.kind, to, variables);
  }

  /** Keeps whom an order is of, and returns payments that were heard of before. */
  async function remember(tx: Transaction, tenant: string, heard: Order): Promise<readonly Paid[]> {
    const { rows } = await tx.query<{ paid: unknown }>(
      `with before as (
         select paid from notifications_orders where tenant_id = $1 and order_id = $2 for update
       ), kept as (
         insert into notifications_orders (tenant_id, order_id, number, email, customer_id)
         select $1, $2, $3, $4, $5 from (select count(*) from before) as locked
         on conflict (tenant_id, order_id) do update set number = excluded.number, email = excluded.email,
           customer_id = excluded.customer_id, paid = null
       )
       select paid from before`,
      [tenant, heard.orderId, heard.number, heard.email, heard.customerId ?? null],
    );
    const waiting = rows[0]?.paid;
    return waiting === undefined || waiting === null ? [] : z.array(paid).parse(waiting);
  }

  return {
    async order(event, tx) {
      const heard = order.parse(event.payload);
      const waiting = await remember(tx, event.tenant, heard);
      const isTold = ORDER_STEPS_TOLD.has(event.type);
      if (isOld(event, clock.now()) || (!isTold && waiting.length === 0)) return;
      const shop = await shopOf(tx, event.tenant);
      const to = await notifier.reach(tx, event.tenant, heard);
      for (const about of waiting) await tellOfPayment(tx, shop, about, heard);
      const link = `${shop.origin}/orders/${heard.orderId}`;
      const common = { number: heard.number, link };
      const lines = linesOf(heard);
      const say = (kind: KindName, more: object): Promise<void> =>
        tell(tx, shop, event.id, kind, to, { ...common, ...more });
      switch (event.type) {
        case 'orders.order.confirmed':
          await say('orders.confirmed', { placedAt: heard.at, total: heard.total, lines });
          return tell(tx, shop, event.id, 'merchant.order', await merchants(tx, shop), {
            ...common,
            total: heard.total,
            lines,
          });
        case 'orders.order.fulfilment_shipped':
          return say('orders.shipped', parcelOf(heard));
        case 'orders.order.refunded':
          return say('orders.refunded', {
            refunded: { ...heard.total, amount: heard.refunded },
            total: heard.total,
          });
        case 'orders.order.cancelled':
          return say(
            'orders.cancelled',
            // What no person wrote stands there in English.
            heard.reason === undefined || heard.ended !== undefined
              ? {}
              : { reason: heard.reason.slice(0, 2_000) },
          );
        default:
      }
    },

    async draft(event, tx) {
      const { number, actor, email, message } = draft.parse(event.payload);
      // What the merchant does, they know.
      if (actor !== 'shopper' || email === undefined || isOld(event, clock.now())) return;
      if (!['orders.draft.requested', 'orders.draft.said', 'orders.draft.declined'].includes(event.type))
        return;
      const shop = await shopOf(tx, event.tenant);
      await tell(tx, shop, event.id, 'merchant.quote', await merchants(tx, shop), {
        number,
        email,
        ...(message === undefined ? {} : { words: message }),
      });
    },

    async payment(event, tx) {
      const kind = PAYMENT_KINDS[event.type];
      if (kind === undefined || isOld(event, clock.now())) return;
      const heard = payment.parse(event.payload);
      const taken = heard.captured > 0 ? heard.captured : heard.amount;
      const amount = {
        amount: kind === 'merchant.refund_failed' ? (heard.bounced ?? 0) : taken,
        currency: heard.currency,
      };
      const about: Paid = { source: event.id, kind, amount, at: heard.at };
      const { rows } = await tx.query<OrderRow>(
        `insert into notifications_orders as o (tenant_id, order_id, paid) values ($1, $2, jsonb_build_array($3::jsonb))
         on conflict (tenant_id, order_id) do update set
           paid = case when o.email is null then coalesce(o.paid, '[]'::jsonb) || excluded.paid end
         returning number, email, customer_id`,
        [event.tenant, heard.orderId, JSON.stringify(about)],
      );
      const known = knownOrder(heard.orderId, rows[0]);
      if (known !== undefined) await tellOfPayment(tx, await shopOf(tx, event.tenant), about, known);
    },

    async customer(event, tx) {
      const heard = customer.parse(event.payload);
      const name = heard.firstName.trim();
      const isNew = event.type === 'accounts.customer.registered' && !isOld(event, clock.now());
      // Before the contact, as whoever sends a mail does: a shop's first settings are written when they are read.
      const shop = isNew ? await shopOf(tx, event.tenant) : undefined;
      const mailbox = await contacts.ensure(tx, event.tenant, {
        channel: 'mail',
        address: heard.email,
        customerId: heard.id,
        name,
        locale: heard.locale ?? undefined,
      });
      const accepts = heard.acceptsMarketing;
      // What was chosen in a message's link stays until the account says something new.
      if (accepts !== undefined && accepts !== mailbox.details.accepts) {
        await contacts.note(tx, event.tenant, mailbox.id, { accepts });
        await contacts.prefer(tx, event.tenant, mailbox.id, { marketing: accepts ? 'on' : 'off' });
      }
      if (shop === undefined) return;
      await tell(tx, shop, event.id, 'accounts.welcome', [mailbox], { link: `${shop.origin}/account` });
    },

    async company(event, tx) {
      if (event.type !== 'accounts.company.requested' || isOld(event, clock.now())) return;
      const { name, country, taxId } = company.parse(event.payload);
      const shop = await shopOf(tx, event.tenant);
      await tell(tx, shop, event.id, 'merchant.company', await merchants(tx, shop), {
        company: name,
        country,
        ...(taxId === null ? {} : { taxId }),
      });
    },

    async review(event, tx) {
      const { id, rating, state, version, product, pictures } = review.parse(event.payload);
      const waits = state === 'pending' || pictures.some((picture) => picture.state === 'waiting');
      if (!waits || product === undefined || isOld(event, clock.now())) return;
      const shop = await shopOf(tx, event.tenant);
      if (shop.settings.merchant.reviews === 'off') return;
      // An edit waits anew, and is told anew.
      await tell(tx, shop, `${id}:${version}`, 'merchant.review', await merchants(tx, shop), {
        product: product.title.slice(0, 2_000),
        rating,
        link: `${shop.origin}/products/${encodeURIComponent(product.handle)}#reviews`,
      });
    },

    async subscription(event, tx) {
      if (isOld(event, clock.now())) return;
      const { host, description, failingSince } = disabled.parse(event.payload);
      const shop = await shopOf(tx, event.tenant);
      await tell(tx, shop, event.id, 'merchant.webhook', await merchants(tx, shop), {
        receiver: host,
        ...(description === '' ? {} : { description }),
        since: failingSince,
      });
    },
  };
}

/** The others, the placing of an order above all, are only remembered. */
const ORDER_STEPS_TOLD: ReadonlySet<string> = new Set([
  'orders.order.confirmed',
  'orders.order.fulfilment_shipped',
  'orders.order.refunded',
  'orders.order.cancelled',
]);

const PAYMENT_KINDS: Readonly<Record<string, Paid['kind']>> = {
  'payments.payment.captured': 'orders.paid',
  'payments.payment.disputed': 'merchant.dispute',
  'payments.payment.refund_failed': 'merchant.refund_failed',
};

interface OrderRow {
  readonly number: string | null;
  readonly email: string | null;
  readonly customer_id: string | null;
}

interface KnownOrder {
  readonly orderId: string;
  readonly number: string;
  readonly email: string;
  readonly customerId?: string | undefined;
}

function knownOrder(orderId: string, row: OrderRow | undefined): KnownOrder | undefined {
  if (row === undefined || row.email === null || row.number === null) return undefined;
  return { orderId, number: row.number, email: row.email, customerId: row.customer_id ?? undefined };
}

function parcelOf({ fulfilment, ...order }: Order): object {
  if (fulfilment === undefined) return { lines: linesOf(order) };
  const { carrier, trackingNumber, trackingUrl } = fulfilment;
  const tracking = [carrier, trackingNumber].filter((part) => part !== undefined).join(' ');
  return {
    lines: fulfilment.lines.flatMap((units) => sentOf(order, units)),
    ...(tracking === '' ? {} : { tracking }),
    ...(trackingUrl === undefined ? {} : { follow: trackingUrl }),
  };
}

/** Parts of a bundle are told one by one: they may leave in several parcels. */
function sentOf(
  { lines, total: { currency } }: Order,
  { variantId, bundle, quantity }: NonNullable<Order['fulfilment']>['lines'][number],
): object[] {
  const line = lines.find((each) => each.variantId === (bundle ?? variantId));
  if (line === undefined) return [];
  if (bundle === undefined)
    return linesOf({ lines: [{ ...line, quantity }], total: { amount: 0, currency } });
  const part = line.parts?.find((each) => each.variantId === variantId);
  if (part === undefined) return [];
  const amount = Math.floor((part.amount * quantity) / part.quantity);
  return [{ title: `${part.title} (${line.title})`.slice(0, 2_000), quantity, total: { amount, currency } }];
}

function linesOf({ lines, total }: Pick<Order, 'lines' | 'total'>): object[] {
  return lines.map(({ title, quantity, unitPrice }) => ({
    title: title.slice(0, 2_000),
    quantity,
    total: { amount: unitPrice * quantity, currency: total.currency },
  }));
}

function isOld({ occurredAt }: StoredEvent, now: Date): boolean {
  return now.getTime() - occurredAt.getTime() > NEWS_MS;
}
