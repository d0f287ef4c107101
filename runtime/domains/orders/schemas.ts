/**
 * The shapes that enter and leave the orders domain: carts, orders, stock, and the events about them.
 * Parsed once at the border; everything behind it uses the inferred types.
 */
import { z } from 'zod';
import { approvalMessage, orderCompany, purchaseOrder } from './companies/schemas.ts';
import { backorder, later, missing } from './backorders/schemas.ts';
import { part, soldPart, toldPart } from './bundles/schemas.ts';
import { editedFacts } from './edits/outcome.ts';
import { ENDED_NAMES } from './ended.ts';
import { fulfilment, progress, unitsList } from './fulfilment/schemas.ts';
import { cartGiftCard, giftCode } from './gift-cards/schemas.ts';
import { cartCode, code, discount } from './promotions/schemas.ts';
import * as payments from '../payments/schemas.ts';
import { allocation, locationId } from './locations/schemas.ts';
import { returned } from './returns/schemas.ts';
import { shippingMethodId, shippingRules } from './shipping/schemas.ts';
import { taxPart, taxRules } from './taxes/schemas.ts';

/** The largest amount in minor units that any sum may reach; far below 2^53, so sums stay exact. */
export const MAX_AMOUNT = 99_999_999_999;
export const MAX_LINES = 100;
export const MAX_QUANTITY = 999;

export const currency = z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code such as EUR');
export const variantId = z
  .string()
  .min(1)
  .max(80)
  .regex(/^[A-Za-z0-9_.:-]+$/, 'letters, digits and _ . : -');
export const cartId = z.string().regex(/^cart_[0-9a-f]{32}$/, 'a cart id: cart_ and 32 hexadecimal digits');
export const orderId = z.string().regex(/^ord_[0-9a-f]{32}$/, 'an order id: ord_ and 32 hexadecimal digits');
export const accessToken = z.string().regex(/^[A-Za-z0-9_-]{20,64}$/, "the order's secret token");
export const email = z.email().max(254);
export const quantity = z.int().min(1).max(MAX_QUANTITY);

/** Minor units (cents, pence, yen) and their currency. */
export const money = z.object({ amount: z.int().min(0).max(MAX_AMOUNT), currency });

const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}*$/u, 'no control characters');

/** A postal address as a carrier needs it. */
export const address = z.strictObject({
  name: line(120),
  line1: line(200),
  line2: line(200).optional(),
  city: line(120),
  region: line(120).optional(),
  postalCode: line(20),
  country: z.string().regex(/^[A-Z]{2}$/, 'an ISO 3166-1 alpha-2 code such as DE'),
  phone: z
    .string()
    .trim()
    .regex(/^\+?[0-9 ().-]{4,30}$/, 'a telephone number')
    .optional(),
});

export const shippingMethod = z.object({
  id: shippingMethodId,
  title: z.string(),
  price: money,
  minDays: z.int(),
  maxDays: z.int(),
  pickup: z.boolean(),
});

/** `backorder`: it can be bought, and ships later. */
export const availability = z.enum(['in_stock', 'low', 'backorder', 'out']);

/** Sums of a cart or an order: total = subtotal − discount + shipping, and the tax where prices do not include it. */
export const totals = z.object({
  currency,
  /** The goods before discounts. */
  subtotal: z.int(),
  /** Off the goods. */
  discount: z.int(),
  /** What each promotion took; those of class `shipping` are off the shipping already. */
  discounts: z.array(discount),
  /** As it is to be paid. */
  shipping: z.int(),
  tax: z.object({
    amount: z.int(),
    included: z.boolean(),
    /** The rate by which most is taxed. */
    rateBasisPoints: z.int(),
    parts: z.array(taxPart),
  }),
  total: z.int(),
  /** Of the total, what gift cards pay. */
  gift: z.int(),
  /** What is left to pay by card; nothing where it was paid by other means. */
  due: z.int(),
});

export const itemSnapshot = z.object({
  variantId: z.string(),
  productId: z.string(),
  handle: z.string().optional(),
  title: z.string(),
  variantTitle: z.string().optional(),
  sku: z.string().optional(),
  image: z.string().optional(),
  options: z.record(z.string(), z.string()),
  /** Of a bundle: what is in one of it. */
  parts: z.array(part).optional(),
});

export const cartLine = itemSnapshot.extend({
  quantity: z.int(),
  unitPrice: money,
  /** Before discounts. */
  total: money,
  /** Off this line, its share of what is off the whole order included. */
  discount: money,
  availability,
  /** Of its units, those that ship later. */
  later: later.optional(),
  /** Why this line cannot be bought as it stands; absent when it can. */
  problem: z.enum(['unavailable', 'out_of_stock', 'insufficient_stock', 'price_changed']).optional(),
});

export const cart = z.object({
  id: z.string(),
  status: z.enum(['open', 'ordered']),
  /** The order this cart became. */
  orderId: z.string().optional(),
  currency,
  email: z.string().optional(),
  shippingAddress: address.optional(),
  /** The one that was chosen; where it is not to be had, the first that is. */
  shippingMethod: shippingMethodId,
  /** True where nothing goes to the address. */
  undeliverable: z.boolean().optional(),
  lines: z.array(cartLine),
  itemCount: z.int(),
  /** Discount codes, with what came of them. */
  codes: z.array(cartCode),
  giftCards: z.array(cartGiftCard),
  totals,
});

export const cartCodes = z.strictObject({ code });
export const cartGiftCode = z.strictObject({ code: giftCode });

export const newCart = z.strictObject({
  /** One of the tenant's currencies; the first of them when absent. */
  currency: currency.optional(),
  lines: z.array(z.strictObject({ variantId, quantity })).max(MAX_LINES).optional(),
});

/** The cart that was filled as a guest; absent: only what was left elsewhere. */
export const claimCart = z.strictObject({ cartId: cartId.optional() });
export const addLine = z.strictObject({ variantId, quantity });
export const setLine = z.strictObject({ quantity: z.int().min(0).max(MAX_QUANTITY) });
export const patchCart = z.strictObject({
  /** One of the tenant's; lines are at today's prices in it then. */
  currency: currency.optional(),
  email: email.optional(),
  shippingAddress: address.optional(),
  shippingMethod: shippingMethodId.optional(),
});

export const checkout = z.strictObject({
  cartId,
  /** Each may be left out when the cart already has it. */
  email: email.optional(),
  shippingAddress: address.optional(),
  shippingMethod: shippingMethodId.optional(),
  /** Of who buys for a company. */
  purchaseOrder: purchaseOrder.optional(),
  /** Of who buys for a company with terms of payment: to be paid by them, and not now. */
  onAccount: z.boolean().optional(),
  /** What the shopper saw, in minor units; a different total is refused, so that nobody pays a price they did not see. */
  expectedTotal: z.int().min(0).max(MAX_AMOUNT).optional(),
});

/** Of who buys for a company: what goes beyond their limits. */
export const askApproval = z.strictObject({
  /** Each may be left out when the cart already has it. */
  email: email.optional(),
  shippingAddress: address.optional(),
  shippingMethod: shippingMethodId.optional(),
  purchaseOrder: purchaseOrder.optional(),
  message: approvalMessage.optional(),
});

export const orderStatus = z.enum([
  'pending_payment',
  'authorized',
  'confirmed',
  'partially_fulfilled',
  'fulfilled',
  'delivered',
  'partially_refunded',
  'refunded',
  'cancelled',
  'expired',
]);

export const orderLine = itemSnapshot.extend({
  quantity: z.int(),
  unitPrice: money,
  /** Before discounts. */
  total: money,
  discount: money,
  /** In the price, or on top of it, as `totals.tax` says. */
  tax: money,
  /** Units that have left. */
  shipped: z.int(),
  /** Units that were given up before they could. */
  cancelled: z.int(),
  /** Of a bundle: what is in one of it, and where that is. `shipped` and `cancelled` above count whole ones. */
  parts: z.array(soldPart).optional(),
});

export const order = z.object({
  id: z.string(),
  /** What people say on the telephone: unique in the tenant, for example `7K4M-92QX`. */
  number: z.string(),
  status: orderStatus,
  fulfilled: z.boolean(),
  fulfilment: progress,
  /** Its parcels, in the order in which they left. */
  fulfilments: z.array(fulfilment),
  /** Goods on their way back, or back, in the order in which they were asked for. */
  returns: z.array(returned),
  email: z.string(),
  shippingAddress: address,
  shippingMethod: shippingMethodId,
  shippingTitle: z.string().optional(),
  lines: z.array(orderLine),
  totals,
  /** Of a paid order: units that have not come in yet. */
  missing: z.array(missing).optional(),
  captured: z.int(),
  refunded: z.int(),
  /** Of what gift cards paid, what went back to them. */
  giftRefunded: z.int(),
  /** What was paid by other means, as the merchant noted, and what of that went back so. */
  outside: z.int(),
  outsideRefunded: z.int(),
  /** What goods that came back have paid of it, in exchanges. */
  credited: z.int(),
  /** By how much edits made it cheaper after it was paid: totals.total + lowered = totals.gift + outside + credited + captured + owed. */
  lowered: z.int(),
  /** What an edit or an exchange made it dearer by, and is still to be paid. */
  owed: z.int(),
  /** The payment that is to bring it. */
  owedPaymentId: z.string().optional(),
  placedAt: z.string(),
  updatedAt: z.string(),
  /** Until when the stock is held for an order that waits for its payment. */
  holdExpiresAt: z.string().optional(),
  /** Why it was cancelled, in words a shopper understands. */
  reason: z.string().optional(),
  /** Its name, where the reason is no person's words: to say it in another language. */
  ended: z.enum(ENDED_NAMES).optional(),
  tracking: z.string().optional(),
  /** For whom it was bought, where that is a company. */
  company: orderCompany.optional(),
});

/** What the browser needs to pay; for cards see `runtime/platform/payments/processor/README.md`. */
export const paymentStart = payments.paymentStart;

export const checkoutResult = z.object({
  order,
  /** Shown once: opens the order for a guest. Keep it with the order id. */
  token: z.string(),
  /** Absent where there is nothing to pay. */
  payment: paymentStart.optional(),
});

export const surcharge = z.object({
  id: z.string(),
  amount: z.int(),
  /** False once another edit has done without it. */
  wanted: z.boolean(),
  status: z.enum(['none', 'pending', 'authorized', 'captured', 'cancelled']),
  captured: z.int(),
  refunded: z.int(),
  bounced: z.int(),
  intentId: z.string().optional(),
  problem: z.string().optional(),
});

/** Money that was asked to go back, by all means together. */
export const askedRefund = z.object({
  id: z.string(),
  amount: z.int(),
  /** `waiting`: a bank contests the payment, and it goes back by itself once the bank has decided. */
  state: z.enum(['requested', 'waiting', 'done', 'refused']),
  /** Of the amount: what waits for the bank. */
  waiting: z.int(),
  /** Of the amount: what banks gave the shopper meanwhile, so that it is not paid again. */
  lost: z.int(),
  reason: z.string().optional(),
  /** Why it was refused. */
  problem: z.string().optional(),
  requestedAt: z.string(),
});

export const historyEntry = z.object({
  sequence: z.int(),
  from: orderStatus.optional(),
  to: orderStatus,
  actor: z.string(),
  reason: z.string().optional(),
  at: z.string(),
});

export const merchantOrder = order.extend({
  customerId: z.string().optional(),
  payment: z.object({ status: z.string(), intentId: z.string().optional(), problem: z.string().optional() }),
  /** Payments beside the checkout's, for what edits and exchanges made it dearer by. */
  surcharges: z.array(surcharge),
  /** Oldest first. */
  refunds: z.array(askedRefund),
  /** What was sent back through payments and failed later, as when a card is closed: it is with the shop again, and may be asked for anew. */
  bounced: z.int(),
  stock: z.enum(['held', 'committed', 'partly_shipped', 'shipped', 'released']),
  /** Units that wait at locations other than the main one. */
  allocations: z.array(allocation),
  history: z.array(historyEntry),
});

export const orderSummary = z.object({
  id: z.string(),
  number: z.string(),
  status: orderStatus,
  fulfilled: z.boolean(),
  email: z.string(),
  total: money,
  refunded: z.int(),
  itemCount: z.int(),
  placedAt: z.string(),
  company: orderCompany.optional(),
});

export const orderPage = z.object({ orders: z.array(orderSummary), nextCursor: z.string().optional() });

export const stockLevel = z.object({
  variantId: z.string(),
  onHand: z.int(),
  held: z.int(),
  sold: z.int(),
  /** On hand and promised to nobody; below 0 where backorders wait. */
  available: z.int(),
  tracked: z.boolean(),
  backorder,
});

export const adjustStock = z
  .strictObject({
    /** Units that came or went. */
    delta: z.int().min(-1_000_000).max(1_000_000).optional(),
    /** Units counted on the shelf. */
    onHand: z.int().min(0).max(10_000_000).optional(),
    /** Where; absent: at the main location. */
    locationId: locationId.optional(),
    reason: line(200).optional(),
  })
  .refine(
    (body) => (body.delta === undefined) !== (body.onHand === undefined),
    'give either delta or onHand',
  );

export const cancelOrder = z.strictObject({ reason: line(500).optional() });
export const refundOrder = z.strictObject({
  /** Minor units; absent: what `lines` and `shipping` come to, and without these everything that is left. */
  amount: z.int().min(1).max(MAX_AMOUNT).optional(),
  /** Units that are paid back with what was paid for them, discounts and tax considered. */
  lines: unitsList.optional(),
  /** Of what was paid for shipping, in minor units. */
  shipping: z.int().min(0).max(MAX_AMOUNT).optional(),
  reason: line(500).optional(),
});

const variantIdList = z
  .string()
  .max(8_000)
  .transform((text) => text.split(','))
  .pipe(z.array(variantId).min(1).max(100));

export const stockQuery = z.object({ variantIds: variantIdList });
export const tokenQuery = z.object({ token: accessToken.optional() });
export const paymentQuery = tokenQuery.extend({ provider: payments.provider.optional() });
export const listQuery = z.object({
  status: orderStatus.optional(),
  cursor: orderId.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
/** Of the merchant: of one company's. */
export const merchantListQuery = listQuery.extend({ company: z.string().min(1).max(80).optional() });
export const shippingQuery = z.object({
  currency: currency.optional(),
  subtotal: z.coerce.number().int().min(0).max(MAX_AMOUNT).optional(),
  /** For what is in this cart, to its address, instead of a subtotal. */
  cartId: cartId.optional(),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'an ISO 3166-1 alpha-2 code such as DE')
    .optional(),
  region: line(120).optional(),
});

/** 0: none were set, and the usual holds. */
const version = z.int().min(0);
export const shippingRulesInput = z.strictObject({ version, rules: shippingRules });
export const shippingRulesView = z.object({ version, rules: shippingRules.optional() });
export const taxRulesInput = z.strictObject({ version, rules: taxRules });
export const taxRulesView = z.object({ version, rules: taxRules.optional() });

// ── events ───────────────────────────────────────────────────────────────────────────────────────

/** Every event about an order carries the same facts, so that a consumer needs no second read. */
export const orderEvent = z.object({
  orderId: z.string(),
  number: z.string(),
  status: orderStatus,
  email: z.string(),
  customerId: z.string().optional(),
  total: money,
  refunded: z.int(),
  lines: z.array(
    z.object({
      variantId: z.string(),
      productId: z.string(),
      title: z.string(),
      quantity: z.int(),
      unitPrice: z.int(),
      /** Of a bundle: what is in one of it. */
      parts: z.array(toldPart).optional(),
    }),
  ),
  reason: z.string().optional(),
  /** The reason's name, where it is no person's words. */
  ended: z.enum(ENDED_NAMES).optional(),
  company: orderCompany.optional(),
  at: z.string(),
});

/** About one parcel of an order. */
export const fulfilmentEvent = orderEvent.extend({ fulfilment, fulfilmentProgress: progress });

/** About an edit of it that was made. */
export const editedEvent = orderEvent.extend({ edit: editedFacts });

/** About one return of an order. */
export const returnEvent = orderEvent.extend({ return: returned });

export const stockEvent = z.object({ variantId: z.string(), productId: z.string().optional(), availability });

export type Address = z.infer<typeof address>;
export type AskApproval = z.infer<typeof askApproval>;
export type Availability = z.infer<typeof availability>;
export type Cart = z.infer<typeof cart>;
export type CartLine = z.infer<typeof cartLine>;
export type CheckoutInput = z.infer<typeof checkout>;
export type CheckoutResult = z.infer<typeof checkoutResult>;
export type ItemSnapshot = z.infer<typeof itemSnapshot>;
export type AskedRefund = z.infer<typeof askedRefund>;
export type MerchantOrder = z.infer<typeof merchantOrder>;
export type Money = z.infer<typeof money>;
export type Order = z.infer<typeof order>;
export type EditedEvent = z.infer<typeof editedEvent>;
export type FulfilmentEvent = z.infer<typeof fulfilmentEvent>;
export type OrderEvent = z.infer<typeof orderEvent>;
export type OrderPage = z.infer<typeof orderPage>;
export type OrderStatus = z.infer<typeof orderStatus>;
export type PaymentStart = z.infer<typeof paymentStart>;
export type ReturnEvent = z.infer<typeof returnEvent>;
export type ShippingMethod = z.infer<typeof shippingMethod>;
export type StockLevel = z.infer<typeof stockLevel>;
export type Totals = z.infer<typeof totals>;
