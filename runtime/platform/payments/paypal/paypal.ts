/**
 * The payments port on PayPal: orders that the shopper approves on PayPal's page, reserved and taken by the shop. Keys are each
 * tenant's own, read from the secrets port at every call, so that a rotated key works at once.
 */
import { z } from 'zod';
import type { CircuitWatch } from '../../circuit/circuit.ts';
import { ShopError } from '../../errors.ts';
import type {
  BalanceEntry,
  Clock,
  PaymentDispute,
  PaymentIntent,
  Payments,
  Secrets,
  TenantId,
} from '../../ports.ts';
import { isPayable, toDecimal } from './amounts.ts';
import { createPayPalClient, type Merchant, type PayPalRequest } from './client.ts';
import {
  authorizationOf,
  capture,
  captureOf,
  DECLINED,
  PREFIX,
  noteOf,
  order,
  orderIdOf,
  toIntent,
  type Order,
} from './orders.ts';
import { dispute, disputeIdOf, disputePage, toDispute, type Dispute } from './disputes.ts';
import {
  captureIn,
  dayOf,
  dayPath,
  daysUntil,
  kindOf,
  lookPath,
  toEntry,
  transactionPage,
  wholeUntil,
} from './ledger.ts';
import { createWebhookReader, type PayPalEvent } from './webhooks.ts';

export interface PayPalPaymentsOptions {
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** Base of the stand-in's API, for tenants whose account is there; absent: none is. */
  readonly url: string | undefined;
  readonly timeoutMs?: number;
  readonly retries?: number;
  /** Told when PayPal does not answer, and when it does again. */
  readonly watch?: CircuitWatch;
}

/** Names under which the operator keeps a tenant's keys. */
const PAYPAL_CLIENT_ID = 'paypal-client-id';
const PAYPAL_CLIENT_SECRET = 'paypal-client-secret';
const PAYPAL_WEBHOOK_ID = 'paypal-webhook-id';
const PAYPAL_ENVIRONMENT = 'paypal-environment';

/** Where PayPal is. `local` is the stand-in. */
const ENVIRONMENTS: Readonly<Record<string, { readonly url: string; readonly hosts: readonly string[] }>> = {
  live: { url: 'https://api-m.paypal.com', hosts: ['api.paypal.com', 'api-m.paypal.com'] },
  sandbox: {
    url: 'https://api-m.sandbox.paypal.com',
    hosts: ['api.sandbox.paypal.com', 'api-m.sandbox.paypal.com'],
  },
};

export function createPayPalPayments(options: PayPalPaymentsOptions): Payments {
  const { secrets, clock, timeoutMs = 8_000, retries = 2 } = options;
  const client = createPayPalClient({
    timeoutMs,
    retries,
    monotonic: () => performance.now(),
    watch: options.watch,
  });
  const webhooks = createWebhookReader(clock, timeoutMs);

  async function keyOf(tenant: TenantId, name: string): Promise<string> {
    const key = await secrets.get(tenant, name);
    if (key !== undefined && key !== '') return key;
    throw new ShopError('unavailable', 'This shop cannot take payments by PayPal yet.', {
      remedy: `The tenant's secret ${name} is missing; the operator writes it when PayPal is set up.`,
    });
  }

  async function environmentOf(
    tenant: TenantId,
  ): Promise<{ readonly url: string; readonly hosts: readonly string[] | undefined }> {
    const name = await keyOf(tenant, PAYPAL_ENVIRONMENT);
    if (name === 'local' && options.url !== undefined) return { url: options.url, hosts: undefined };
    const known = ENVIRONMENTS[name];
    if (known !== undefined) return known;
    throw new ShopError('unavailable', 'This shop’s PayPal account is nowhere.', {
      remedy: `Set PAYPAL_URL, or the tenant's secret ${PAYPAL_ENVIRONMENT} to live or sandbox.`,
    });
  }

  async function ask<Out>(tenant: TenantId, request: PayPalRequest<Out>): Promise<Out> {
    const [{ url }, clientId, clientSecret] = await Promise.all([
      environmentOf(tenant),
      keyOf(tenant, PAYPAL_CLIENT_ID),
      keyOf(tenant, PAYPAL_CLIENT_SECRET),
    ]);
    const merchant: Merchant = { url, clientId, clientSecret };
    return client.ask(merchant, request);
  }

  function read(tenant: TenantId, id: string): Promise<Order> {
    const orderId = orderIdOf(id);
    if (orderId === undefined) throw noSuchPayment();
    return ask(tenant, { method: 'GET', path: `/v2/checkout/orders/${orderId}`, answer: order });
  }

  const retrieve: Payments['retrieve'] = async (tenant, id) => toIntent(await read(tenant, id));

  const createIntent: Payments['createIntent'] = async (tenant, input) => {
    const { amount, currency, metadata, idempotencyKey, returnUrl } = input;
    const note = noteOf(metadata);
    if (note.length > LONGEST_NOTE)
      throw new ShopError('invalid_input', 'PayPal keeps less than is noted on this payment.', {
        remedy: `Note at most ${LONGEST_NOTE} characters.`,
      });
    const made = await ask(tenant, {
      method: 'POST',
      path: '/v2/checkout/orders',
      id: idempotencyKey,
      body: {
        intent: 'AUTHORIZE',
        purchase_units: [
          {
            reference_id: note,
            // In the merchant's own lists at PayPal.
            custom_id: metadata['payment_id'] ?? idempotencyKey.slice(0, 120),
            amount: { currency_code: currency, value: toDecimal(amount, currency) },
          },
        ],
        payment_source: {
          paypal: {
            experience_context: {
              user_action: 'PAY_NOW',
              // The shop has asked for the address, and priced its way there.
              shipping_preference: 'NO_SHIPPING',
              ...(returnUrl === undefined ? {} : { return_url: returnUrl, cancel_url: returnUrl }),
            },
          },
        },
      },
      answer: order,
    });
    return toIntent(made);
  };

  /** Without a request id: an order is authorised once, and after a refusal the payer may agree to the same order again. */
  const confirm: Payments['confirm'] = async (tenant, id) => {
    try {
      const path = `/v2/checkout/orders/${orderIdOf(id) ?? ''}/authorize`;
      await ask(tenant, { method: 'POST', path, answer: z.unknown() });
    } catch (error) {
      if (error instanceof ShopError && error.code === 'payment_declined')
        return { ...(await retrieve(tenant, id)), status: 'requires_payment_method', lastError: DECLINED };
      // Somebody else took it up meanwhile, or nobody can: what it is now is the answer.
      if (!(error instanceof ShopError) || error.code !== 'illegal_transition') throw error;
    }
    return retrieve(tenant, id);
  };

  const take: Payments['capture'] = async (tenant, id, idempotencyKey) => {
    const found = await read(tenant, id);
    const held = authorizationOf(found);
    if (held === undefined || toIntent(found).status !== 'requires_capture') throw notNow(toIntent(found));
    const [unit] = found.purchase_units;
    const path = `/v2/payments/authorizations/${held.id}/capture`;
    const body = { amount: unit?.amount, final_capture: true };
    await ask(tenant, { method: 'POST', path, id: idempotencyKey, body, answer: capture });
    return retrieve(tenant, id);
  };

  /** An order that nobody has reserved money for cannot be ended at PayPal; since only the shop reserves, it is ended by not doing so. */
  const cancel: Payments['cancel'] = async (tenant, id, idempotencyKey) => {
    const found = await read(tenant, id);
    const intent = toIntent(found);
    const held = authorizationOf(found);
    if (intent.status === 'succeeded') throw notNow(intent);
    if (intent.status === 'canceled') return intent;
    if (held === undefined || held.status === 'DENIED') return { ...intent, status: 'canceled' };
    const path = `/v2/payments/authorizations/${held.id}/void`;
    await ask(tenant, { method: 'POST', path, id: idempotencyKey, answer: z.unknown() });
    return retrieve(tenant, id);
  };

  /** PayPal forgets request ids after a while, so each refund bears its key and is looked for first. */
  const refund: Payments['refund'] = async (tenant, id, amount, idempotencyKey) => {
    const found = await read(tenant, id);
    const [unit] = found.purchase_units;
    if (unit?.payments.refunds.some(({ custom_id: key }) => key === idempotencyKey) === true)
      return toIntent(found);
    const taken = captureOf(found);
    if (taken === undefined) throw notNow(toIntent(found));
    const { currency_code: currency } = taken.amount;
    const path = `/v2/payments/captures/${taken.id}/refund`;
    const body = {
      amount: { currency_code: currency, value: toDecimal(amount, currency) },
      custom_id: idempotencyKey,
    };
    await ask(tenant, { method: 'POST', path, id: idempotencyKey, body, answer: z.unknown() });
    return retrieve(tenant, id);
  };

  /** The order that a message is about, as it is now: messages may come late and in any order. */
  async function intentOf(
    tenant: TenantId,
    { type, resource, createdAt }: PayPalEvent,
  ): Promise<PaymentIntent | undefined> {
    try {
      const orderId = await orderOf(tenant, type, resource);
      if (orderId === undefined) return undefined;
      const intent = await retrieve(tenant, `paypal_${orderId}`);
      return type.startsWith('CUSTOMER.DISPUTE.') ? { ...intent, disputed: true } : intent;
    } catch (error) {
      // An order that was never paid is forgotten after some hours: there is nothing to say of it. Until then PayPal is about to know what it
      // tells of, and tells again what was refused.
      const isOld = clock.now().getTime() - createdAt.getTime() > KNOWN_WITHIN_MS;
      if (isOld && error instanceof ShopError && error.code === 'not_found') return undefined;
      throw error;
    }
  }

  async function orderOf(tenant: TenantId, type: string, resource: unknown): Promise<string | undefined> {
    if (type.startsWith('CHECKOUT.ORDER.')) return named.safeParse(resource).data?.id;
    const told = about.safeParse(resource).data;
    const orderId = told?.supplementary_data?.related_ids?.order_id;
    if (orderId !== undefined) return orderId;
    const up = told?.links?.find(({ rel }) => rel === 'up')?.href ?? '';
    const captureId =
      told?.disputed_transactions?.[0]?.seller_transaction_id ?? /\/captures\/([A-Z0-9]+)$/.exec(up)?.[1];
    if (captureId === undefined) return undefined;
    return orderOfCapture(tenant, captureId);
  }

  async function orderOfCapture(tenant: TenantId, captureId: string): Promise<string | undefined> {
    const path = `/v2/payments/captures/${encodeURIComponent(captureId)}`;
    return (await ask(tenant, { method: 'GET', path, answer: capture })).supplementary_data?.related_ids
      ?.order_id;
  }

  async function readDispute(tenant: TenantId, id: string): Promise<Dispute> {
    const disputeId = disputeIdOf(id);
    if (disputeId === undefined) throw noSuchPayment();
    return ask(tenant, { method: 'GET', path: `/v1/customer/disputes/${disputeId}`, answer: dispute });
  }

  const retrieveDispute: Payments['retrieveDispute'] = async (tenant, id) => {
    const found = await readDispute(tenant, id);
    const captureId = found.disputed_transactions[0]?.seller_transaction_id;
    return toDispute(found, captureId === undefined ? undefined : await orderOfCapture(tenant, captureId));
  };

  const listDisputes: Payments['listDisputes'] = async (tenant, { since, cursor }) => {
    const query = new URLSearchParams({ start_time: since.toISOString(), page_size: '50' });
    if (cursor !== undefined) query.set('next_page_token', cursor);
    const path = `/v1/customer/disputes?${query.toString()}`;
    const page = await ask(tenant, { method: 'GET', path, answer: disputePage });
    const disputes: PaymentDispute[] = [];
    for (const { dispute_id: id } of page.items)
      disputes.push(await retrieveDispute(tenant, `${PREFIX}${id}`));
    const next = page.links.find(({ rel }) => rel === 'next')?.href;
    const token =
      next === undefined ? null : new URL(next, 'https://api.paypal.com').searchParams.get('next_page_token');
    return { disputes, next: token ?? undefined };
  };

  /** Needs the app's right to search transactions, which PayPal gives on demand. */
  const listPayouts: Payments['listPayouts'] = async (tenant, { since, currencies }) => {
    const now = clock.now();
    const look = await ask(tenant, { method: 'GET', path: lookPath(now), answer: transactionPage });
    return { payouts: daysUntil(since, wholeUntil(look, now), currencies), next: undefined };
  };

  const listEntries: Payments['listEntries'] = async (tenant, { payoutId, cursor = '1' }) => {
    const day = dayOf(payoutId);
    if (day === undefined) throw noSuchPayment();
    const path = dayPath(day, Number(cursor));
    const page = await ask(tenant, { method: 'GET', path, answer: transactionPage });
    const orders = new Map<string, string | undefined>();
    const entries: BalanceEntry[] = [];
    for (const { transaction_info: each } of page.transaction_details) {
      const captureId = captureIn(each);
      if (captureId !== undefined && !orders.has(captureId))
        orders.set(captureId, await known(orderOfCapture(tenant, captureId)));
      const orderId = captureId === undefined ? undefined : orders.get(captureId);
      const disputeId =
        captureId !== undefined && kindOf(each) === 'dispute'
          ? await disputeAbout(tenant, captureId)
          : undefined;
      entries.push(toEntry(each, { orderId, disputeId }));
    }
    const next = Number(cursor) < page.total_pages ? String(Number(cursor) + 1) : undefined;
    return { entries, next };
  };

  async function disputeAbout(tenant: TenantId, captureId: string): Promise<string | undefined> {
    const query = new URLSearchParams({ disputed_transaction_id: captureId });
    const path = `/v1/customer/disputes?${query.toString()}`;
    return (await ask(tenant, { method: 'GET', path, answer: disputePage })).items[0]?.dispute_id;
  }

  /** What was said before cannot be said again: how it stands is the answer. */
  async function act(tenant: TenantId, id: string, request: () => Promise<unknown>): Promise<PaymentDispute> {
    try {
      await request();
    } catch (error) {
      if (!(error instanceof ShopError) || error.code !== 'illegal_transition') throw error;
      const now = await retrieveDispute(tenant, id);
      if (now.status === 'needs_response') throw error;
      return now;
    }
    return retrieveDispute(tenant, id);
  }

  const contestDispute: Payments['contestDispute'] = (tenant, id, text, idempotencyKey) =>
    act(tenant, id, () => {
      const form = new FormData();
      const input = { evidences: [{ evidence_type: 'OTHER', notes: text }] };
      form.set('input', new Blob([JSON.stringify(input)], { type: 'application/json' }));
      const path = `/v1/customer/disputes/${disputeIdOf(id) ?? ''}/provide-evidence`;
      return ask(tenant, { method: 'POST', path, id: idempotencyKey, form, answer: z.unknown() });
    });

  const concedeDispute: Payments['concedeDispute'] = (tenant, id, idempotencyKey) =>
    act(tenant, id, () => {
      const path = `/v1/customer/disputes/${disputeIdOf(id) ?? ''}/accept-claim`;
      const body = { note: 'The shop accepts the claim.', accept_claim_type: 'REFUND' };
      return ask(tenant, { method: 'POST', path, id: idempotencyKey, body, answer: z.unknown() });
    });

  return {
    listDisputes,
    retrieveDispute,
    contestDispute,
    concedeDispute,
    async providers(tenant, price) {
      const keys = await Promise.all(
        [PAYPAL_CLIENT_ID, PAYPAL_ENVIRONMENT].map((name) => secrets.get(tenant, name)),
      );
      const isOffered = keys.every((key) => key !== undefined && key !== '');
      return isOffered && isPayable(price.amount, price.currency) ? ['paypal'] : [];
    },
    createIntent,
    retrieve,
    // PayPal lists no orders; each is asked for by its id.
    list: () => Promise.resolve({ intents: [], more: false }),
    listPayouts,
    listEntries,
    confirm,
    capture: take,
    cancel,
    refund,
    async verifyWebhook(tenant, { rawBody, headers }) {
      const webhookId = (await secrets.get(tenant, PAYPAL_WEBHOOK_ID)) ?? '';
      if (webhookId === '')
        throw new ShopError('not_found', 'This shop takes no payments by PayPal.', {
          remedy: 'Remove the webhook at PayPal, or set spec.payments.paypal.',
        });
      const from = await environmentOf(tenant);
      const event = await webhooks.read(from, webhookId, rawBody, headers);
      const { id, type, createdAt } = event;
      const disputeId = type.startsWith('CUSTOMER.DISPUTE.')
        ? disputed.safeParse(event.resource).data?.dispute_id
        : undefined;
      return {
        id,
        type,
        createdAt,
        intent: await intentOf(tenant, event),
        ...(disputeId === undefined
          ? {}
          : { dispute: await retrieveDispute(tenant, `${PREFIX}${disputeId}`) }),
      };
    },
    browserConfig: () => Promise.resolve({ publishableKey: '', processorOrigin: '' }),
  };
}

const disputed = dispute.pick({ dispute_id: true });
const LONGEST_NOTE = 256;
/** PayPal's servers know of an order within seconds of each other. */
const KNOWN_WITHIN_MS = 3_600_000;

const named = z.object({ id: z.string().regex(/^[A-Z0-9]{1,36}$/) });
const about = z.object({
  supplementary_data: z
    .object({ related_ids: z.object({ order_id: named.shape.id.optional() }).optional() })
    .optional(),
  links: z.array(z.object({ rel: z.string(), href: z.string() })).optional(),
  disputed_transactions: z.array(z.object({ seller_transaction_id: z.string().optional() })).optional(),
});

function notNow({ status }: PaymentIntent): ShopError {
  return new ShopError('illegal_transition', `The payment is ${status} at PayPal.`, {
    remedy: 'Read the payment again.',
  });
}

/** What PayPal does not know by this id is none of the shop's. */
async function known<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof ShopError && error.code === 'not_found') return undefined;
    throw error;
  }
}

function noSuchPayment(): ShopError {
  return new ShopError('not_found', 'PayPal does not know this payment.', { remedy: 'Check the id.' });
}
