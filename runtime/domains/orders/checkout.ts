/**
 * Turns a cart into an order that holds its units and waits for its payment: one transaction, then one call to payments.
 * A checkout that was cut off is repeated safely: a cart becomes one order, and the answer can be had again.
 */
import type { Caller, Platform } from '../../platform/domain.ts';
import { ShopError, type Problem } from '../../platform/errors.ts';
import type { SqlValue, Tenant, TenantId, Transaction } from '../../platform/ports.ts';
import { paymentOfCheckout } from '../payments/schemas.ts';
import { hashOf, newNumber, newToken } from './access.ts';
import { soldParts, wantsOf } from './bundles/goods.ts';
import { NOT_SPENT, spending } from './gift-cards/store.ts';
import type { Approval } from '../accounts/schemas.ts';
import {
  allow,
  askApproval,
  bought,
  changedMeanwhile,
  noteCompany,
  refuseWishes,
  type Allowed,
  type CompanyBuyer,
  type Content,
} from './companies/purchase.ts';
import { cartPrice, problemOf, readCart, readerOf, shopperOf, snapshotOf, type StoredCart } from './carts.ts';
import {
  allocateTaken,
  readTaken,
  bundleTasks,
  stockEvents,
  TAKEN,
  takeValues,
  TAKING,
  type StockChange,
  type Taken,
  type TakenRow,
} from './inventory.ts';
import { requirePayable } from './payable.ts';
import type { Price } from './pricing.ts';
import { buyerOf as promotionBuyerOf, NOT_REDEEMED, redeeming, redemptionsOf } from './promotions/store.ts';
import { changeOrder, lockOrder, noSuchOrder, orderEvent, showOrder, type StoredOrder } from './store.ts';
import type { Rounds } from './rounds.ts';
import type { OrdersSettings } from './settings.ts';
import type { Address, AskApproval, CheckoutInput, CheckoutResult, PaymentStart } from './schemas.ts';

export interface Buyer {
  readonly email: string;
  readonly shippingAddress: Address;
  readonly shippingMethod: string;
}

/** Who it is, what groups they are in, and for whom they buy. */
type Buying = Pick<Caller, 'customerId' | 'groups' | 'company'>;

/** Brings an order that has nothing to be paid to where a paid one would be. */
export type Settle = (tenant: Tenant, orderId: string) => Promise<StoredOrder>;

/**
 * @throws ShopError `out_of_stock` with the lines that lack units, `conflict` when prices changed, `invalid_input` for what is
 *   missing, `not_found` for the cart, `gone` when the cart's order has ended, `unavailable` while payments cannot be reached
 *   (the order stands; ask again with the same cart)
 */
export async function checkout(
  platform: Platform,
  settings: OrdersSettings,
  rounds: Rounds,
  tenant: Tenant,
  settle: Settle,
  caller: Buying,
  input: CheckoutInput,
): Promise<CheckoutResult> {
  const token = newToken();
  const reader = readerOf(platform, tenant.id);
  const asking = { ...shopperOf(caller), email: input.email };
  // Outside of the transaction, which takes the cart only if it still has the version that was read.
  const cart = await readCart(reader, tenant.id, input.cartId, platform.clock.now(), asking);
  const isOrdered = cart.status === 'ordered';
  const allowed = isOrdered ? undefined : await allowForCompany(platform, tenant, caller, cart, input);
  const at = platform.clock.now();
  const plans = !isOrdered && rounds.areDue(tenant.id);
  const order = await platform.sql.transaction(tenant.id, (tx) =>
    isOrdered
      ? resume(tx, tenant, cart, token)
      : place(platform, settings, tx, tenant, cart, input, token, allowed, plans),
  );
  if (plans) rounds.arePlanned(tenant.id, at);
  if (order.due === 0) return { order: showOrder(await settle(tenant, order.id)), token };
  const payment = await startPayment(platform, tenant, order, { isNew: !isOrdered });
  return { order: showOrder(order), token, payment };
}

/**
 * What the browser needs to pay this order; may be asked again and again.
 * @param what is to be paid, and how the shopper chose to; absent: the order, as before or as the shop usually does
 */
export function startPayment(
  platform: Platform,
  tenant: Tenant,
  order: StoredOrder,
  {
    id,
    amount,
    token,
    provider,
    isNew = false,
  }: {
    readonly id?: string;
    readonly amount?: number;
    readonly token?: string | undefined;
    readonly provider?: PaymentStart['provider'] | undefined;
    /** Whether the order was placed by this very request. */
    readonly isNew?: boolean;
  } = {},
): Promise<PaymentStart> {
  return platform.call<PaymentStart>(tenant.id, 'payments', 'createIntent', {
    paymentId: id ?? paymentOfCheckout(order.id),
    orderId: order.id,
    amount: amount ?? order.due,
    currency: order.currency,
    tokenHash: token === undefined ? order.tokenHashes[0] : hashOf(token),
    ...(provider === undefined ? {} : { provider }),
    ...(isNew ? { isNew } : {}),
  });
}

/** The first answer got lost: the same order, under one more token. @throws ShopError `gone` when that has ended */
export async function resume(
  tx: Transaction,
  tenant: Tenant,
  { orderId = '' }: Pick<StoredCart, 'orderId'>,
  token: string,
): Promise<StoredOrder> {
  const order = await lockOrder(tx, tenant.id, orderId);
  if (order === undefined) throw noSuchOrder(orderId);
  // Of an order with nothing to pay the saga may be anywhere on its way when the answer was lost.
  const isOnItsWay = order.due === 0 && (order.status === 'authorized' || order.status === 'confirmed');
  const open = order.status === 'pending_payment' || isOnItsWay;
  if (!open || order.tokenHashes.length >= MOST_TOKENS) {
    throw new ShopError('gone', `This has become order ${order.number}, which is ${order.status}.`, {
      remedy: 'Look at that order, or start again.',
    });
  }
  await tx.query(
    `update orders_orders set token_hashes = token_hashes || $3::text, version = version + 1
     where tenant_id = $1 and id = $2`,
    [tenant.id, order.id, hashOf(token)],
  );
  return order;
}
const MOST_TOKENS = 8;

async function place(
  platform: Platform,
  settings: OrdersSettings,
  tx: Transaction,
  tenant: Tenant,
  cart: StoredCart,
  input: CheckoutInput,
  token: string,
  allowed: Allowed | undefined,
  plans: boolean,
): Promise<StoredOrder> {
  const now = platform.clock.now();
  const { buyer, price } = requireSellable(cart, input, now);
  const made = newOrder(platform, settings, cart, buyer, price, token, now);
  const order = allowed === undefined ? made : bought(made, allowed, contentOf(cart, buyer, price), now);
  const { lacking, changes, notRedeemed, notSpent } = await write(tx, tenant.id, cart, order, price);
  if (lacking.length > 0) throw outOfStock(cart.lines, lacking);
  if (notRedeemed.length > 0) throw usedUp(order, notRedeemed);
  if (notSpent.length > 0) throw spentElsewhere(notSpent);
  await noteCompany(tx, tenant.id, order);
  const owed = order.outside === 0 ? order : await onAccount(tx, tenant.id, order);
  await tellPlaced(tx, settings, owed, changes, plans);
  return owed;
}

/** What is paid later is an entry of its own in the journal: carts know of no other means to pay. */
function onAccount(tx: Transaction, tenant: TenantId, order: StoredOrder): Promise<StoredOrder> {
  const by = { actor: 'shopper', now: order.placedAt };
  return changeOrder(tx, tenant, order, { outside: order.outside }, by);
}

/** @throws ShopError as `checkout` */
function requireSellable(
  cart: StoredCart,
  input: Omit<CheckoutInput, 'cartId'>,
  now: Date,
): { readonly buyer: Buyer; readonly price: Price } {
  const buyer = buyerOf(cart, input);
  const price = cartPrice(cart, now, buyer.shippingMethod, buyer.shippingAddress);
  refuseUndeliverable(price, buyer, input.shippingMethod);
  refuseUnsellable(cart, price, input.expectedTotal);
  requirePayable(price.totals);
  return { buyer, price };
}

/** For who buys for a company: whether they may, before anything is locked. */
async function allowForCompany(
  platform: Platform,
  tenant: Tenant,
  { customerId, company }: Buying,
  cart: StoredCart,
  input: CheckoutInput,
): Promise<Allowed | undefined> {
  if (company === undefined || customerId === undefined) {
    refuseWishes(input);
    return undefined;
  }
  const { buyer, price } = requireSellable(cart, input, platform.clock.now());
  return allow(platform, tenant, { customerId, company }, contentOf(cart, buyer, price), input);
}

/**
 * Sends what is in a cart for approval, as it is now.
 * @throws ShopError as `checkout`; `forbidden` for who buys for no company
 */
export async function askCartApproval(
  platform: Platform,
  tenant: Tenant,
  buyer: CompanyBuyer,
  cartId: string,
  { message, purchaseOrder, ...input }: AskApproval,
): Promise<Approval> {
  const now = platform.clock.now();
  const shopper = { ...shopperOf(buyer), email: input.email };
  const cart = await readCart(readerOf(platform, tenant.id), tenant.id, cartId, now, shopper);
  if (cart.status === 'ordered')
    throw new ShopError('gone', 'This cart has become an order.', { remedy: 'Start a new cart.' });
  // Whoever asks has seen what it comes to now, and is told again by the approval.
  const expectedTotal = cartPrice(cart, now, input.shippingMethod, input.shippingAddress).totals.total;
  const { buyer: to, price } = requireSellable(cart, { ...input, expectedTotal }, now);
  const content = { ...contentOf(cart, to, price), lines: cart.lines };
  return askApproval(platform, tenant, buyer, content, { message, purchaseOrder });
}

function contentOf(
  { id, currency, lines }: StoredCart,
  { shippingAddress }: Buyer,
  { totals: { total } }: Price,
): Content {
  return { id, currency, lines, shippingAddress, total };
}

/**
 * In the transaction that makes it: what others hear of it, and the tasks that carry it on.
 * @param plans whether to plan those that look after all orders, too
 */
export async function tellPlaced(
  tx: Transaction,
  settings: OrdersSettings,
  order: StoredOrder,
  changes: readonly StockChange[],
  plans = true,
): Promise<void> {
  if (order.due === 0)
    await tx.enqueue({ name: 'orders.advance-order', payload: { orderId: order.id }, key: order.id });
  await tx.emit(orderEvent('placed', order), ...stockEvents(changes));
  const bundles = bundleTasks(changes);
  if (bundles.length > 0) await tx.enqueue(...bundles);
  if (!plans) return;
  const runAt = after(order.placedAt, settings.sweepSeconds);
  await tx.enqueue(
    { name: 'orders.expire-due', payload: {}, key: 'expire', runAt: order.holdExpiresAt },
    { name: 'orders.sweep', payload: {}, key: 'sweep', runAt },
  );
}

function buyerOf(cart: StoredCart, input: Omit<CheckoutInput, 'cartId'>): Buyer {
  const email = input.email ?? cart.email;
  const shippingAddress = input.shippingAddress ?? cart.shippingAddress;
  if (email !== undefined && shippingAddress !== undefined) {
    return { email, shippingAddress, shippingMethod: input.shippingMethod ?? cart.shippingMethod };
  }
  const problems: Problem[] = [];
  if (email === undefined) problems.push({ where: '/email', what: 'missing, and the cart has none' });
  if (shippingAddress === undefined)
    problems.push({ where: '/shippingAddress', what: 'missing, and the cart has none' });
  throw new ShopError('invalid_input', 'The checkout lacks what an order needs.', {
    problems,
    remedy: 'Send the missing fields.',
  });
}

function refuseUndeliverable(
  { method }: Price,
  { shippingAddress }: Buyer,
  wanted: string | undefined,
): void {
  if (method === undefined) {
    throw new ShopError('invalid_input', `Nothing is shipped to ${shippingAddress.country} from here.`, {
      remedy: 'Give another address.',
      problems: [{ where: '/shippingAddress/country', what: 'not shipped to' }],
    });
  }
  if (wanted !== undefined && wanted !== method.id) {
    throw new ShopError('invalid_input', `There is no way ${wanted} to ship this order to that address.`, {
      remedy: 'Choose one of /api/orders/shipping-methods for this cart.',
      problems: [{ where: '/shippingMethod', what: 'not offered' }],
    });
  }
}

function refuseUnsellable(
  cart: StoredCart,
  { totals, codes }: Price,
  expectedTotal: number | undefined,
): void {
  if (cart.lines.length === 0) {
    throw new ShopError('invalid_input', 'The cart is empty.', { remedy: 'Add something to it.' });
  }
  const unavailable = cart.lines.filter((line) => line.unitPrice === undefined);
  if (unavailable.length > 0) {
    throw new ShopError('conflict', `${titles(unavailable)} cannot be bought any more.`, {
      remedy: 'Remove the line and check out again.',
      problems: unavailable.map((line) => ({ where: `/lines/${line.variantId}`, what: 'unavailable' })),
    });
  }
  const changed = cart.lines.filter((line) => line.unitPrice !== line.seenPrice);
  // Who says what they expect to pay has seen what came of their codes.
  const useless = codes.filter(({ applied }) => !applied);
  const agreed =
    expectedTotal === undefined
      ? changed.length === 0 && useless.length === 0
      : expectedTotal === totals.total;
  if (!agreed) {
    throw new ShopError(
      'conflict',
      `The price has changed: the total is now ${totals.total} ${totals.currency} (minor units).`,
      {
        remedy: 'Show the cart again; send the new total as expectedTotal, or set the changed lines again.',
        problems: [
          ...changed.map((line) => ({
            where: `/lines/${line.variantId}`,
            what: `price_changed: was ${line.seenPrice}, is ${line.unitPrice}`,
          })),
          ...useless.map(({ code, problem }) => ({ where: `/codes/${code}`, what: problem ?? 'ended' })),
          ...(expectedTotal === undefined ? [] : [{ where: '/expectedTotal', what: `is ${totals.total}` }]),
        ],
      },
    );
  }
  const short = cart.lines.filter(
    (line) => problemOf(line) === 'out_of_stock' || problemOf(line) === 'insufficient_stock',
  );
  if (short.length > 0) throw outOfStock(cart.lines, short);
}

function spentElsewhere(cards: readonly string[]): ShopError {
  return new ShopError('conflict', 'A gift card has not as much in it any more.', {
    remedy: 'Show the cart again and check out again.',
    problems: cards.map((id) => ({ where: `/giftCards/${id}`, what: 'spent' })),
  });
}

function usedUp({ discounts }: StoredOrder, promotions: readonly string[]): ShopError {
  const gone = discounts.filter(({ promotionId }) => promotions.includes(promotionId));
  return new ShopError(
    'conflict',
    `${gone.map(({ title }) => title).join(', ')} is not to be had any more.`,
    {
      remedy: 'Show the cart again and check out again.',
      problems: gone.map(({ code, promotionId }) => ({
        where: `/codes/${code ?? promotionId}`,
        what: 'used_up',
      })),
    },
  );
}

interface Titled {
  readonly variantId: string;
  readonly title: string;
  readonly variantTitle?: string | undefined;
  readonly parts?: readonly { readonly variantId: string }[] | undefined;
}

/** @param lacking goods, or lines of them */
export function outOfStock(
  all: readonly Titled[],
  lacking: readonly { variantId: string; quantity: number; free: number }[],
): ShopError {
  const isOf = (line: Titled, id: string): boolean =>
    line.variantId === id || (line.parts ?? []).some(({ variantId }) => variantId === id);
  const lines = all.filter((line) => lacking.some((each) => isOf(line, each.variantId)));
  return new ShopError('out_of_stock', `There is not enough of ${titles(lines)}.`, {
    remedy: 'Reduce the quantity or remove the line.',
    problems: lacking.flatMap(({ variantId, free }) =>
      lines
        .filter((line) => isOf(line, variantId))
        .map((line) => ({
          where: `/lines/${line.variantId}`,
          what: free > 0 ? 'insufficient_stock' : 'out_of_stock',
        })),
    ),
  });
}

function titles(lines: readonly Titled[]): string {
  return lines.map((line) => [line.title, line.variantTitle].filter(Boolean).join(' · ')).join(', ');
}

/** What an order is made of: a cart, or what a merchant put together. */
export type Basis = Pick<StoredCart, 'id' | 'customerId' | 'currency' | 'lines'>;

export function newOrder(
  platform: Platform,
  settings: OrdersSettings,
  cart: Basis,
  buyer: Buyer,
  {
    totals,
    lineDiscounts,
    lineTaxes,
    shippingTax,
    discounts,
    method,
  }: Pick<Price, 'totals' | 'lineDiscounts' | 'lineTaxes' | 'shippingTax' | 'discounts' | 'method'>,
  token: string,
  now: Date,
): StoredOrder {
  return {
    id: platform.newId('ord'),
    number: newNumber(),
    status: 'pending_payment',
    version: 1,
    cartId: cart.id,
    customerId: cart.customerId,
    ...buyer,
    shippingMethod: method?.id ?? buyer.shippingMethod,
    shippingTitle: method?.title,
    tokenHashes: [hashOf(token)],
    currency: cart.currency,
    subtotal: totals.subtotal,
    discount: totals.discount,
    discounts,
    shipping: totals.shipping,
    tax: totals.tax.amount,
    taxRate: totals.tax.rateBasisPoints,
    taxIncluded: totals.tax.included,
    taxParts: totals.tax.parts,
    shippingTax,
    total: totals.total,
    credited: 0,
    lowered: 0,
    surcharges: [],
    gift: totals.gift,
    giftRefunded: 0,
    outside: 0,
    outsideRefunded: 0,
    due: totals.due,
    stock: 'held',
    payment: 'none',
    intentId: undefined,
    paymentProblem: undefined,
    disputed: false,
    captured: 0,
    refunded: 0,
    bounced: 0,
    cancelActor: undefined,
    refundRequested: false,
    reason: undefined,
    tracking: undefined,
    fulfilledAt: undefined,
    holdExpiresAt: after(now, settings.holdSeconds),
    placedAt: now,
    updatedAt: now,
    settled: false,
    company: undefined,
    fulfilments: [],
    returns: [],
    lines: cart.lines.map((line, index) => ({
      ...snapshotOf(line),
      parts: soldParts(line.parts),
      quantity: line.quantity,
      shipped: 0,
      cancelled: 0,
      unitPrice: line.unitPrice ?? line.seenPrice,
      discount: lineDiscounts[index] ?? 0,
      tax: lineTaxes[index]?.amount ?? 0,
      taxRate: lineTaxes[index]?.rateBasisPoints ?? 0,
    })),
  };
}

/**
 * The units, the cart's end and the order in one statement, with the uses of promotions and what gift cards pay where there are any:
 * from here to the commit others wait for them. The units are locked first.
 */
function writing({ promotions, gifts }: { readonly promotions: boolean; readonly gifts: boolean }): string {
  return `
  with ${TAKING}, ${promotions ? `${redeeming(30, ENOUGH)},` : ''}
  ${gifts ? `${spending(promotions ? 32 : 30, ENOUGH)},` : ''}
  cart as (
    update orders_carts set status = 'ordered', order_id = $2, version = version + 1, updated_at = $6
    where tenant_id = $1 and id = $7 and status = 'open' and version = $8 and ${ENOUGH} returning id
  ), ${making('shopper')}
  select ${TAKEN}, (select count(*) from cart) as carts${promotions ? `, ${NOT_REDEEMED}` : ''}${gifts ? `, ${NOT_SPENT}` : ''}
  from judged j`;
}

/** The condition that all units were to be had, in a statement with `TAKING`. */
export const ENOUGH = '(select bool_and(enough) from judged)';

/**
 * The order itself, as common table expressions of the statement that takes its units. `cart (id)` is what it is made of: without a
 * row of that, nothing is made. Parameters: those of `TAKING`, $7 and $8 id and version of what it is made of, then `orderValues`.
 * @param actor whom its history names
 * @param outside the parameter's number of what was paid by other means; absent: nothing was
 */
export function making(actor: 'shopper' | 'merchant', outside?: number): string {
  return `made as (
    insert into orders_orders (tenant_id, id, number, status, version, cart_id, customer_id, email, token_hashes, shipping_address,
      shipping_method, currency, subtotal, shipping, tax, tax_rate, total, stock, payment, hold_expires_at, placed_at, updated_at,
      discount, discounts, shipping_title, shipping_tax, tax_included, tax_parts, gift, outside)
    select $1, $2, $9, 'pending_payment', 1, cart.id, $10, $11, $12::text[], $13::jsonb, $14, $15, $16::bigint, $17::bigint, $18::bigint,
      $19::int, $20::bigint, 'held', 'none', $21::timestamptz, $6, $6, $23::bigint, $24::jsonb,
      $25, $26::bigint, $27::boolean, $28::jsonb, $29::bigint, ${outside === undefined ? 0 : `$${outside}::bigint`} from cart
  ), lines as (
    insert into orders_order_lines (tenant_id, order_id, position, variant_id, product_id, handle, title, variant_title, sku, image,
      options, quantity, unit_price, discount, tax, tax_rate, parts)
    select $1, $2, l.position, l."variantId", l."productId", l.handle, l.title, l."variantTitle", l.sku, l.image, l.options, l.quantity,
      l."unitPrice", l.discount, l.tax, l."taxRate", l.parts
    from cart, jsonb_to_recordset($22::jsonb) as l (position integer, "variantId" text, "productId" text, handle text, title text,
      "variantTitle" text, sku text, image text, options jsonb, quantity integer, "unitPrice" bigint,
      discount bigint, tax bigint, "taxRate" integer, parts jsonb)
  ), history as (
    insert into orders_history (tenant_id, order_id, sequence, to_status, actor, at, change)
    select $1, $2, 1, 'pending_payment', '${actor}', $6, jsonb_build_object(
      'hold_expires_at', $21::timestamptz, 'total', $20::bigint, 'outside', ${outside === undefined ? 0 : `$${outside}::bigint`}) from cart
  )`;
}
/** One for each case, so that who has neither pays for neither. */
const WRITE = writing({ promotions: false, gifts: false });
const WRITE_WITH_PROMOTIONS = writing({ promotions: true, gifts: false });
const WRITE_WITH_GIFTS = writing({ promotions: false, gifts: true });
const WRITE_WITH_BOTH = writing({ promotions: true, gifts: true });

interface WrittenRow extends TakenRow {
  readonly carts: number;
  readonly not_redeemed?: readonly string[];
  readonly not_spent?: readonly string[];
}

interface Written extends Taken {
  /** Promotions that somebody else had the last use of. */
  readonly notRedeemed: readonly string[];
  /** Gift cards from which somebody else took it. */
  readonly notSpent: readonly string[];
}

async function write(
  tx: Transaction,
  tenant: string,
  cart: StoredCart,
  order: StoredOrder,
  { gifts }: Price,
): Promise<Written> {
  const { discounts } = order;
  const buyer = promotionBuyerOf(order.customerId, order.email);
  const plain = discounts.length === 0 ? WRITE : WRITE_WITH_PROMOTIONS;
  const withGifts = discounts.length === 0 ? WRITE_WITH_GIFTS : WRITE_WITH_BOTH;
  const { rows } = await tx.query<WrittenRow>(gifts.length === 0 ? plain : withGifts, [
    ...takeValues(tenant, order.id, wantsOf(order.lines), 'held', order.placedAt),
    cart.id,
    cart.version,
    ...orderValues(order),
    ...(discounts.length === 0 ? [] : redemptionsOf(discounts, cart.candidates, buyer)),
    ...(gifts.length === 0 ? [] : [JSON.stringify(gifts)]),
  ]);
  const taken = readTaken(rows);
  if (taken.lacking.length === 0 && rows[0]?.carts !== 1) throw changedMeanwhile();
  if (taken.lacking.length === 0) await allocateTaken(tx, tenant, order.id, rows, order.placedAt);
  return {
    ...taken,
    notRedeemed: rows[0]?.not_redeemed ?? [],
    notSpent: rows[0]?.not_spent ?? [],
  };
}

/** The parameters of `making`, from $9 to $29. */
export function orderValues(order: StoredOrder): readonly SqlValue[] {
  return [
    order.number,
    order.customerId ?? null,
    order.email,
    order.tokenHashes,
    JSON.stringify(order.shippingAddress),
    order.shippingMethod,
    order.currency,
    order.subtotal,
    order.shipping,
    order.tax,
    order.taxRate,
    order.total,
    order.holdExpiresAt,
    JSON.stringify(order.lines.map((line, position) => ({ ...line, position }))),
    order.discount,
    JSON.stringify(order.discounts),
    order.shippingTitle ?? null,
    order.shippingTax,
    order.taxIncluded,
    JSON.stringify(order.taxParts),
    order.gift,
  ];
}

function after(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}
