/**
 * The orders domain, ready to be hosted: its routes, what it hears, and its tasks. Logic lives in the files beside this one.
 */
import { z } from 'zod';
import type {
  CreateService,
  DomainService,
  Platform,
  RouteHandler,
  RouteRequest,
} from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { EventHandler, TaskHandler, Tenant } from '../../platform/ports.ts';
import { paymentOfCheckout, type PaymentEvent } from '../payments/schemas.ts';
import { requireAccess, requireSight } from './access.ts';
import { createActions } from './actions.ts';
import type { SetBackorder } from './backorders/schemas.ts';
import { missingOf, setBackorder } from './backorders/store.ts';
import {
  addGiftCard,
  removeGiftCard,
  cartPrice,
  changeCart,
  addCode,
  createCart,
  patchCart,
  putLine,
  readCart,
  readerOf,
  removeCode,
  removeLine,
  shopperOf,
  showCart,
  type Reader,
  type Shopper,
} from './carts.ts';
import { availabilityOfBundles } from './bundles/contents.ts';
import { createBundleTelling } from './bundles/store.ts';
import { claimCart } from './claim.ts';
import { askCartApproval, checkout, startPayment } from './checkout.ts';
import { companyBuyer, orderOfSpending, spendingFacts } from './companies/purchase.ts';
import {
  heardApproval,
  heardDispute,
  heardPayment,
  orders,
  type decidedExchange,
  type toldCompany,
  type toldDraft,
} from './definition.ts';
import { availabilityOf, levels, tellStock } from './inventory.ts';
import { createDrafts } from './drafts/actions.ts';
import { draftRoutes } from './drafts/routes.ts';
import { editRoutes } from './edits/routes.ts';
import { findIdleCarts, idleCartsInput } from './idle.ts';
import { locationRoutes } from './locations/routes.ts';
import { nextStep } from './machine.ts';
import { hearOfPriceList } from './prices/hearing.ts';
import { hearOfProduct } from './products.ts';
import { fulfilmentRoutes } from './fulfilment/routes.ts';
import { giftCardRoutes } from './gift-cards/routes.ts';
import { issueGiftCardFor } from './gift-cards/schemas.ts';
import { issueCardFor } from './gift-cards/store.ts';
import { promotionRoutes } from './promotions/routes.ts';
import { journalRoutes } from './journal/routes.ts';
import { returnRoutes } from './returns/routes.ts';
import { orderOfWaiting } from './returns/store.ts';
import { createSaga, knowsCapture, newFacts, noteOf, type Round } from './saga.ts';
import type * as s from './schemas.ts';
import { SETTINGS, type OrdersSettings } from './settings.ts';
import {
  changeOrder,
  findOrder,
  lockOrder,
  readOrder,
  shownCompany,
  showOrder,
  showToMerchant,
  type StoredOrder,
} from './store.ts';
import { createRounds } from './rounds.ts';
import { RULES, rulesRoutes, type Rules } from './rules.ts';
import { shippingOffers, type ShippingOffer } from './shipping/rates.ts';

export const createService: CreateService = (platform) => createOrders(platform, SETTINGS);

/** With other times than the usual, for tests. */
export function createOrders(platform: Platform, settings: OrdersSettings): DomainService {
  const saga = createSaga(platform, settings);
  const actions = createActions(platform, settings, saga);
  const drafts = createDrafts(platform, settings, actions.settle);
  const rounds = createRounds(platform.clock, settings);
  const now = (): Date => platform.clock.now();

  async function cartAfter(request: RouteRequest, cartId: string): Promise<{ json: unknown }> {
    const { tenant, caller } = request;
    const cart = await readCart(readerOf(platform, tenant.id), tenant.id, cartId, now(), shopperOf(caller));
    return { json: showCart(cart, now()) };
  }

  async function visibleOrder(request: RouteRequest, require = requireAccess): Promise<StoredOrder> {
    const { orderId } = ofOrder(request);
    const order = await readOrder(readerOf(platform, request.tenant.id), request.tenant.id, orderId);
    // The host parsed the query with the route's schema.
    require(order, request.caller, (request.query as z.infer<typeof s.tokenQuery> | undefined)?.token);
    return order;
  }

  async function merchantView(tenant: Tenant, order: StoredOrder): Promise<{ json: unknown }> {
    return { json: await showToMerchant(readerOf(platform, tenant.id), tenant.id, order) };
  }

  // In every handler the host has parsed params, query and body with the schemas of the route, so that the casts hold.
  const routes: Record<string, RouteHandler> = {
    async createCart(request) {
      const input = request.body as z.infer<typeof s.newCart>;
      return {
        status: 201,
        json: await createCart(platform, request.tenant, shopperOf(request.caller), input),
      };
    },
    async claimCart(request) {
      const { tenant, caller, body } = request;
      const { cartId } = body as z.infer<typeof s.claimCart>;
      const customerId = signedIn(caller.customerId, 'Sign in to keep your cart.');
      const id = await platform.sql.transaction(tenant.id, (tx) =>
        claimCart(tx, tenant.id, customerId, cartId, { now: now(), groups: caller.groups ?? [] }),
      );
      return cartAfter(request, id);
    },
    getCart: (request) => cartAfter(request, ofCart(request)),
    patchCart: (request) =>
      changed(request, (sql, at) =>
        patchCart(sql, request.tenant, ofCart(request), request.body as z.infer<typeof s.patchCart>, {
          now: at,
          groups: request.caller.groups ?? [],
        }),
      ),
    addLine: (request) => put(request, request.body as z.infer<typeof s.addLine>, 'add'),
    setLine: (request) => {
      const { variantId } = request.params as { variantId: string };
      const { quantity } = request.body as z.infer<typeof s.setLine>;
      return quantity === 0 ? remove(request, variantId) : put(request, { variantId, quantity }, 'set');
    },
    removeLine: (request) => remove(request, (request.params as { variantId: string }).variantId),
    addCode: (request) => {
      const { code } = request.body as z.infer<typeof s.cartCodes>;
      return changed(request, (sql, at) => addCode(sql, request.tenant.id, ofCart(request), code, at));
    },
    removeCode: (request) => {
      const { code } = request.params as { code: string };
      return changed(request, (sql, at) => removeCode(sql, request.tenant.id, ofCart(request), code, at));
    },
    addGiftCard: (request) => {
      const { code } = request.body as z.infer<typeof s.cartGiftCode>;
      return changed(request, (sql, at) => addGiftCard(sql, request.tenant.id, ofCart(request), code, at));
    },
    removeGiftCard: (request) => {
      const { giftCardId } = request.params as { giftCardId: string };
      return changed(request, (sql, at) =>
        removeGiftCard(sql, request.tenant.id, ofCart(request), giftCardId, at),
      );
    },
    listShippingMethods: async ({ tenant, caller, query }) => ({
      json: { methods: await shippingMethods(tenant, shopperOf(caller), query as ShippingQuery) },
    }),
    async getAvailability({ tenant, query }) {
      const { variantIds } = query as z.infer<typeof s.stockQuery>;
      const known = await levels(readerOf(platform, tenant.id), tenant.id, variantIds);
      const own = known.map((level) => ({
        variantId: level.variantId,
        availability: availabilityOf(level.available, level.tracked, level.backorder.limit),
        expectedAt: level.available > 0 ? undefined : level.backorder.expectedAt,
      }));
      const rest = variantIds.filter((id) => !own.some(({ variantId }) => variantId === id));
      const bundles = await availabilityOfBundles(readerOf(platform, tenant.id), tenant.id, rest);
      return { json: { stock: [...own, ...bundles] } };
    },
    async checkout(request) {
      const input = request.body as s.CheckoutInput;
      const { tenant, caller } = request;
      const result = await checkout(platform, settings, rounds, tenant, actions.settle, caller, input);
      return { status: 201, json: result };
    },
    async askCartApproval(request) {
      const { tenant, caller, body } = request;
      const wish = body as s.AskApproval;
      return {
        status: 201,
        json: await askCartApproval(platform, tenant, companyBuyer(caller), ofCart(request), wish),
      };
    },
    async listMyOrders({ tenant, caller, query }) {
      const customerId = signedIn(caller.customerId, 'Sign in to see your orders.');
      return { json: await list(tenant, query as ListQuery, customerId) };
    },
    async listCompanyOrders({ tenant, caller, query }) {
      const { customerId, company } = companyBuyer(caller);
      const whose = company.role === 'admin' ? undefined : customerId;
      return { json: await list(tenant, { ...(query as ListQuery), company: company.id }, whose) };
    },
    async getOrder(request) {
      const order = await visibleOrder(request, requireSight);
      const missing = await missingOf(readerOf(platform, request.tenant.id), request.tenant.id, order);
      return { json: { ...showOrder(order), missing } };
    },
    async resumePayment(request) {
      const { tenant } = request;
      const order = await visibleOrder(request);
      const { provider, token } = request.query as z.infer<typeof s.paymentQuery>; // parsed by the host
      // An edit may have made it dearer since it was paid.
      const surcharge = await actions.edits.surchargeOf(tenant, order);
      if (surcharge !== undefined) {
        const { id, amount } = surcharge;
        // Whoever pays it may follow it by the token they came with.
        return { json: await startPayment(platform, tenant, order, { id, amount, token, provider }) };
      }
      const held = await actions.extendHold(tenant, order.id);
      return { json: await startPayment(platform, tenant, held, { provider }) };
    },
    async abandonOrder(request) {
      const order = await visibleOrder(request);
      return { json: showOrder(await actions.abandon(request.tenant, order.id)) };
    },
    async listOrders({ tenant, query }) {
      return { json: await list(tenant, query as ListQuery, undefined) };
    },
    getOrderForMerchant: async (request) => merchantView(request.tenant, await visibleOrder(request)),
    async cancelOrder(request) {
      const { reason } = request.body as z.infer<typeof s.cancelOrder>;
      return merchantView(
        request.tenant,
        await actions.cancel(request.tenant, ofOrder(request).orderId, reason),
      );
    },
    async refundOrder(request) {
      const wish = request.body as z.infer<typeof s.refundOrder>;
      const key = request.headers['idempotency-key'] ?? request.requestId;
      return merchantView(
        request.tenant,
        await actions.refund(request.tenant, ofOrder(request).orderId, key, wish),
      );
    },
    ...draftRoutes(platform, drafts),
    ...fulfilmentRoutes(platform),
    ...journalRoutes(platform),
    ...returnRoutes(platform, actions.returns, visibleOrder),
    ...editRoutes(platform, actions.edits),
    ...giftCardRoutes(platform),
    ...promotionRoutes(platform),
    ...rulesRoutes(platform),
    async listStock({ tenant, query }) {
      const { variantIds } = query as z.infer<typeof s.stockQuery>;
      return { json: { stock: await levels(readerOf(platform, tenant.id), tenant.id, variantIds) } };
    },
    async setBackorder({ tenant, params, body }) {
      const { variantId } = params as { variantId: string };
      const wish = body as SetBackorder;
      const level = await platform.sql.transaction(tenant.id, async (tx) => {
        const set = await setBackorder(tx, tenant.id, variantId, wish, now());
        await tellStock(tx, set.changes);
        return set.level;
      });
      return { json: level };
    },
    ...locationRoutes(platform),
  };

  async function shippingMethods(
    tenant: Tenant,
    shopper: Shopper,
    { cartId, currency = tenant.currencies[0] ?? 'EUR', subtotal = 0, country, region }: ShippingQuery,
  ): Promise<s.ShippingMethod[]> {
    const to = country === undefined ? undefined : { country, region };
    const reader = readerOf(platform, tenant.id);
    const shown = (used: string, offers: readonly ShippingOffer[]): s.ShippingMethod[] =>
      offers.map(({ amount, ...offer }) => ({ ...offer, price: { amount, currency: used } }));
    if (cartId !== undefined) {
      const cart = await readCart(reader, tenant.id, cartId, now(), shopper);
      const address = to ?? cart.shippingAddress;
      return shown(cart.currency, cartPrice(cart, now(), cart.shippingMethod, address).offers);
    }
    const { rows } = await reader.query<{ rules: Rules | null }>(`select ${RULES} as rules`, [tenant.id]);
    const parcel = { currency, subtotal, grams: 0, shipped: true };
    return shown(currency, shippingOffers(rows[0]?.rules?.shipping, to, parcel));
  }

  /** The cart as it is after a change. */
  async function changed(
    request: RouteRequest,
    change: (sql: Reader, now: Date) => Promise<void>,
  ): Promise<{ json: s.Cart }> {
    const { tenant, caller } = request;
    return { json: await changeCart(platform, tenant.id, ofCart(request), shopperOf(caller), change) };
  }

  function put(
    request: RouteRequest,
    line: { variantId: string; quantity: number },
    how: 'add' | 'set',
  ): Promise<{ json: s.Cart }> {
    return changed(request, (sql, at) =>
      putLine(sql, request.tenant.id, ofCart(request), line, how, at, request.caller.groups ?? []),
    );
  }

  function remove(request: RouteRequest, variantId: string): Promise<{ json: s.Cart }> {
    return changed(request, (sql, at) => removeLine(sql, request.tenant.id, ofCart(request), variantId, at));
  }

  /** Newest first: order ids grow with time. */
  async function list(
    tenant: Tenant,
    query: ListQuery,
    customerId: string | undefined,
  ): Promise<s.OrderPage> {
    const { rows } = await platform.sql.query<SummaryRow>(
      tenant.id,
      `select o.id, o.number, o.status, o.fulfilled_at, o.email, o.total, o.currency, o.refunded, o.placed_at, o.company,
         (select coalesce(sum(l.quantity), 0)::int from orders_order_lines l where l.tenant_id = $1 and l.order_id = o.id) as items
       from orders_orders o
       where o.tenant_id = $1 and ($2::text is null or o.status = $2) and ($3::text is null or o.id < $3)
         and ($4::text is null or o.customer_id = $4) and ($6::text is null or (o.company is not null and o.company ->> 'id' = $6))
       order by o.id desc limit $5`,
      [
        tenant.id,
        query.status ?? null,
        query.cursor ?? null,
        customerId ?? null,
        query.limit + 1,
        query.company ?? null,
      ],
    );
    const page = rows.slice(0, query.limit);
    return {
      orders: page.map((row) => ({
        id: row.id,
        number: row.number,
        status: row.status,
        fulfilled: row.fulfilled_at !== null,
        email: row.email,
        total: { amount: row.total, currency: row.currency },
        refunded: row.refunded,
        itemCount: row.items,
        placedAt: row.placed_at.toISOString(),
        company: shownCompany(row.company),
      })),
      nextCursor: rows.length > query.limit ? page.at(-1)?.id : undefined,
    };
  }

  /** Notes what became of the payment, and wakes the saga where that calls for something. */
  const hearOfPayment: EventHandler = async (event, tx) => {
    const facts = named(heardPayment.parse(event.payload));
    if (event.type === 'payments.payment.authorized') {
      // What calls for most is done beside the other orders' events, not between them.
      return tx.enqueue({ name: 'orders.hear-payment', payload: facts, key: facts.paymentId });
    }
    if (await knowsCapture(tx, event.tenant, facts)) return;
    const order = await lockOrder(tx, event.tenant, facts.orderId);
    if (order === undefined) return;
    const change = newFacts(order, facts);
    const by = { actor: 'payments', now: now() };
    const known =
      change === undefined
        ? order
        : await changeOrder(
            tx,
            event.tenant,
            order,
            { ...change, settled: false },
            { ...by, ...noteOf(order, change) },
          );
    const step = nextStep(known, now());
    if (step.do === 'wait' || (step.do === 'rest' && change === undefined)) return;
    await tx.enqueue({ name: 'orders.advance-order', payload: { orderId: order.id }, key: order.id });
  };

  /** A bank has decided: what it had kept from going back may go now, or has gone. */
  const hearOfDispute: EventHandler = async (event, tx) => {
    if (!DECIDED.has(event.type)) return;
    const { orderId } = heardDispute.parse(event.payload);
    const order = await findOrder(tx, event.tenant, orderId);
    if (order === undefined || nextStep(order, now()).do === 'rest') return;
    await tx.enqueue({ name: 'orders.advance-order', payload: { orderId }, key: orderId });
  };

  /** A company has answered: an exchange that waits for it goes on, beside its other events. */
  const hearOfCompany: EventHandler = async (event, tx) => {
    const decision = ANSWERS.get(event.type);
    const { purchaseId: returnId } = heardApproval.parse(event.payload);
    if (decision === undefined || returnId === undefined) return;
    const orderId = await orderOfWaiting(tx, event.tenant, returnId);
    if (orderId === undefined) return;
    const payload = { orderId, returnId, decision };
    await tx.enqueue({ name: 'orders.exchange-decided', payload, key: returnId });
  };

  const advanceOrder: TaskHandler = ({ tenant, payload, signal }) => {
    // The task queue parsed the payload with the task's schema.
    const { orderId } = payload as { orderId: string };
    return saga.advance(tenant, orderId, signal);
  };

  async function tenantOf(id: string): Promise<Tenant> {
    const known = await platform.tenants.byId(id);
    // Throwing has the task come again, when the directory has caught up.
    if (known === undefined) throw new Error(`tenant ${id} is not in the directory yet`);
    return known;
  }

  return {
    definition: orders,
    routes,
    hearsApart: true,
    consumers: {
      'catalog.product': hearOfProduct,
      'catalog.price-list': hearOfPriceList,
      'payments.payment': hearOfPayment,
      'payments.dispute': hearOfDispute,
      'accounts.company': hearOfCompany,
    },
    // The task queue parsed each payload with the task's schema.
    tasks: {
      'orders.advance-order': advanceOrder,
      'orders.look-again': ({ tenant, payload, signal }) => {
        const { orderId, looks } = payload as { orderId: string; looks: number };
        return saga.lookAgain(tenant, orderId, looks, signal);
      },
      'orders.hear-payment': ({ tenant, payload, signal }) => {
        const facts = named(payload as z.infer<typeof heardPayment>);
        return saga.hear(tenant, facts.orderId, facts, signal);
      },
      'orders.draft-due': ({ tenant, payload }) =>
        drafts.due(tenant, (payload as { draftId: string }).draftId),
      'orders.tell-draft': async ({ tenant, payload }) => {
        const { draftId, version, what } = payload as z.infer<typeof toldDraft>;
        return drafts.tell(await tenantOf(tenant), draftId, version, what);
      },
      'orders.tell-edit': async ({ tenant, payload }) => {
        const { orderId, editId } = payload as { orderId: string; editId: string };
        return actions.edits.tell(await tenantOf(tenant), orderId, editId);
      },
      'orders.exchange-due': async ({ tenant, payload }) => {
        const { orderId, returnId } = payload as { orderId: string; returnId: string };
        return actions.returns.due(await tenantOf(tenant), orderId, returnId);
      },
      'orders.tell-exchange': async ({ tenant, payload }) => {
        const { orderId, returnId } = payload as { orderId: string; returnId: string };
        return actions.exchanges.tell(await tenantOf(tenant), orderId, returnId);
      },
      'orders.tell-company': async ({ tenant, payload }) => {
        const { orderId, returnId, message } = payload as z.infer<typeof toldCompany>;
        return actions.returns.tellCompany(await tenantOf(tenant), orderId, returnId, message);
      },
      'orders.exchange-decided': async ({ tenant, payload }) => {
        const { orderId, returnId, decision } = payload as z.infer<typeof decidedExchange>;
        return actions.returns.decided(await tenantOf(tenant), orderId, returnId, decision);
      },
      'orders.tell-spending': async ({ tenant, payload }) => {
        const { orderId } = payload as { orderId: string };
        const facts = await spendingFacts(readerOf(platform, tenant), tenant, orderId);
        if (facts !== undefined) await platform.call(tenant, 'accounts', 'noteSpending', facts);
      },
      'orders.tell-bundles': createBundleTelling(platform),
      'orders.expire-due': ({ tenant, payload, signal }) => saga.expireDue(tenant, payload as Round, signal),
      'orders.sweep': ({ tenant, payload, signal }) => saga.sweep(tenant, payload as Round, signal),
    },
    operations: {
      /** For whoever gives cards for something else than money. The same id is the same card. */
      issueGiftCardFor: (tenant, input) =>
        platform.sql.transaction(tenant.id, (tx) =>
          issueCardFor(tx, tenant.id, issueGiftCardFor.parse(input), now()),
        ),
      /** For accounts: which order a reservation became, if any. */
      spendingOf: (tenant, input) =>
        orderOfSpending(readerOf(platform, tenant.id), tenant.id, spendingInput.parse(input).spendingId),
      /** For whoever reminds people of what they left. */
      idleCarts: (tenant, input) =>
        findIdleCarts(readerOf(platform, tenant.id), tenant.id, idleCartsInput.parse(input)),
    },
  };
}

function signedIn(customerId: string | undefined, message: string): string {
  if (customerId !== undefined) return customerId;
  throw new ShopError('unauthenticated', message, { remedy: 'Sign in, or use the link of the order.' });
}

/** Before payments had ids, an order's first was its only one. */
function named(heard: z.infer<typeof heardPayment>): PaymentEvent {
  return { ...heard, paymentId: heard.paymentId ?? paymentOfCheckout(heard.orderId) };
}

const ANSWERS: ReadonlyMap<string, 'approved' | 'declined'> = new Map([
  ['accounts.company.approval_granted', 'approved'],
  ['accounts.company.approval_declined', 'declined'],
]);

const DECIDED: ReadonlySet<string> = new Set(['payments.dispute.won', 'payments.dispute.lost']);

const spendingInput = z.strictObject({ spendingId: z.string().max(80) });

type ListQuery = z.infer<typeof s.merchantListQuery>;
type ShippingQuery = z.infer<typeof s.shippingQuery>;

interface SummaryRow {
  readonly id: string;
  readonly number: string;
  readonly status: s.OrderStatus;
  readonly fulfilled_at: Date | null;
  readonly email: string;
  readonly total: number;
  readonly currency: string;
  readonly refunded: number;
  readonly placed_at: Date;
  readonly company: StoredOrder['company'] | null;
  readonly items: number;
}

function ofCart(request: RouteRequest): string {
  // Parsed by the host with the route's schema.
  return (request.params as { cartId: string }).cartId;
}

function ofOrder(request: RouteRequest): { orderId: string } {
  // Parsed by the host with the route's schema.
  return request.params as { orderId: string };
}
