/**
 * The payments port on the `stripe` package: Stripe itself, or the local processor that speaks the same protocol.
 * Keys are each tenant's own, read from the secrets port at every call, so that a rotated key works at once.
 */
import { Agent } from 'node:http';
import type { Stripe } from 'stripe';
import { createCircuit, guarded, type CircuitWatch, type Guarded } from '../circuit/circuit.ts';
import { ShopError } from '../errors.ts';
import type {
  BalanceEntry,
  PaymentDispute,
  PaymentIntent,
  Payments,
  PaymentWebhook,
  Payout,
  Secrets,
  TenantId,
} from '../ports.ts';
import { fromStripe, toStripe } from './units.ts';

export interface StripePaymentsOptions {
  readonly secrets: Secrets;
  /** Base URL of a processor with Stripe's protocol; absent: Stripe itself. */
  readonly url: string | undefined;
  /** Where browsers reach the processor; absent: Stripe's own script. */
  readonly publicOrigin: string | undefined;
  /** For one try of one request. */
  readonly timeoutMs?: number;
  /** Tries after the first; safe, because every write carries an idempotency key. */
  readonly retries?: number;
  /** Told when the processor is taken to be away, and when it has answered again. */
  readonly watch?: CircuitWatch;
  /** Milliseconds of a clock that never goes back. Default: the process's own. */
  readonly now?: () => number;
}

/** Names under which the operator keeps a tenant's keys. */
const SECRET_KEY = 'payments-secret-key';
const PUBLISHABLE_KEY = 'payments-publishable-key';
const WEBHOOK_SECRET = 'payments-webhook-secret';

/** Signatures older than this are refused, as Stripe advises. */
const TOLERANCE_SECONDS = 300;
const EXPAND = ['latest_charge'];
/** For a look that says what became of refunds, too. */
const WITH_REFUNDS = ['latest_charge.refunds'];
/** Requests in a row that were given up until nobody asks for a moment. Each has been tried several times already. */
const FAILURES = 5;
const REST_MS = 1_000;

/** The `stripe` package takes a quarter of a second and 35 MB to load, so it is loaded at the first payment. */
export function createStripePayments(options: StripePaymentsOptions): Payments {
  let loading: Promise<Stripe> | undefined;
  const client = (): Promise<Stripe> => (loading ??= connect(options));
  // A processor that is away would hold every checkout for as long as the tries of its request take.
  const guard: Guarded = {
    circuit: createCircuit({
      failures: FAILURES,
      restMilliseconds: REST_MS,
      ...(options.now === undefined ? {} : { now: options.now }),
      ...(options.watch === undefined ? {} : { watch: options.watch }),
    }),
    isAway,
    refusal: () => unreached(),
  };

  async function keyOf(tenant: TenantId, name: string): Promise<string> {
    const key = await options.secrets.get(tenant, name);
    if (key !== undefined && key !== '') return key;
    throw new ShopError('unavailable', 'This shop cannot take payments yet.', {
      remedy: `The tenant's secret ${name} is missing; the operator writes it when payments are set up.`,
    });
  }

  async function ask<T>(
    tenant: TenantId,
    work: (stripe: Stripe, request: { apiKey: string }) => Promise<T>,
  ): Promise<T> {
    const apiKey = await keyOf(tenant, SECRET_KEY);
    const stripe = await client();
    try {
      return await guarded(guard, () => work(stripe, { apiKey }));
    } catch (cause) {
      throw toShopError(cause);
    }
  }

  const retrieve: Payments['retrieve'] = (tenant, id) =>
    ask(tenant, async (stripe, request) => {
      const intent = await stripe.paymentIntents.retrieve(id, { expand: WITH_REFUNDS }, request);
      if (intent.status !== 'succeeded') return toIntent(intent);
      return { ...toIntent(intent), ...sumsOf(await refundsOf(stripe, intent, request)) };
    });

  const retrieveDispute: Payments['retrieveDispute'] = (tenant, id) =>
    ask(tenant, async (stripe, request) => toDispute(await stripe.disputes.retrieve(id, {}, request)));

  return {
    retrieve,
    retrieveDispute,
    listDisputes: (tenant, { since, cursor }) =>
      ask(tenant, async (stripe, request) => {
        const page = await stripe.disputes.list(
          {
            limit: 100,
            created: { gte: Math.floor(since.getTime() / 1000) },
            ...(cursor === undefined ? {} : { starting_after: cursor }),
          },
          request,
        );
        return {
          disputes: page.data.map(toDispute),
          next: page.has_more ? page.data.at(-1)?.id : undefined,
        };
      }),
    listPayouts: (tenant, { since, cursor }) =>
      ask(tenant, async (stripe, request) => {
        const page = await stripe.payouts.list(
          {
            limit: 100,
            created: { gte: Math.floor(since.getTime() / 1000) },
            ...(cursor === undefined ? {} : { starting_after: cursor }),
          },
          request,
        );
        // Only of automatic payouts Stripe knows what they are made of.
        const payouts = page.data.filter(({ automatic, status }) => automatic && status === 'paid');
        return { payouts: payouts.map(toPayout), next: page.has_more ? page.data.at(-1)?.id : undefined };
      }),
    listEntries: (tenant, { payoutId, cursor }) =>
      ask(tenant, async (stripe, request) => {
        const page = await stripe.balanceTransactions.list(
          {
            payout: payoutId,
            limit: 100,
            expand: ['data.source'],
            ...(cursor === undefined ? {} : { starting_after: cursor }),
          },
          request,
        );
        return {
          entries: page.data.filter(({ type }) => type !== 'payout').map(toEntry),
          next: page.has_more ? page.data.at(-1)?.id : undefined,
        };
      }),
    contestDispute: (tenant, id, text, idempotencyKey) =>
      ask(tenant, async (stripe, request) =>
        toDispute(
          await stripe.disputes.update(
            id,
            { evidence: { uncategorized_text: text }, submit: true },
            { ...request, idempotencyKey },
          ),
        ),
      ),
    concedeDispute: (tenant, id, idempotencyKey) =>
      ask(tenant, async (stripe, request) =>
        toDispute(await stripe.disputes.close(id, {}, { ...request, idempotencyKey })),
      ),
    async providers(tenant) {
      // Empty: the shop took cards before, and does no more.
      return ['', undefined].includes(await options.secrets.get(tenant, SECRET_KEY)) ? [] : ['stripe'];
    },
    createIntent: (tenant, { amount, currency, metadata, idempotencyKey }) =>
      ask(tenant, async (stripe, request) =>
        toIntent(
          await stripe.paymentIntents.create(
            {
              amount: toStripe(amount, currency),
              currency: currency.toLowerCase(),
              metadata,
              capture_method: 'manual',
              allowed_payment_method_types: ['card'],
              expand: EXPAND,
            },
            { ...request, idempotencyKey },
          ),
        ),
      ),
    list: (tenant, { since, before }) =>
      ask(tenant, async (stripe, request) => {
        const page = await stripe.paymentIntents.list(
          {
            limit: 100,
            created: { gte: Math.floor(since.getTime() / 1000) },
            ...(before === undefined ? {} : { starting_after: before }),
          },
          request,
        );
        return { intents: page.data.map(toIntent), more: page.has_more };
      }),
    // The shopper's browser confirms; a server does so for who has agreed elsewhere.
    confirm: (tenant, id, idempotencyKey) =>
      ask(tenant, async (stripe, request) =>
        toIntent(await stripe.paymentIntents.confirm(id, { expand: EXPAND }, { ...request, idempotencyKey })),
      ),
    capture: (tenant, id, idempotencyKey) =>
      ask(tenant, async (stripe, request) =>
        toIntent(await stripe.paymentIntents.capture(id, { expand: EXPAND }, { ...request, idempotencyKey })),
      ),
    cancel: (tenant, id, idempotencyKey) =>
      ask(tenant, async (stripe, request) =>
        toIntent(await stripe.paymentIntents.cancel(id, { expand: EXPAND }, { ...request, idempotencyKey })),
      ),
    async refund(tenant, id, amount, idempotencyKey) {
      const { currency } = await retrieve(tenant, id);
      await ask(tenant, (stripe, request) =>
        stripe.refunds.create(
          { payment_intent: id, amount: toStripe(amount, currency) },
          { ...request, idempotencyKey },
        ),
      );
      return retrieve(tenant, id);
    },
    async verifyWebhook(tenant, { rawBody, headers }) {
      const secret = await keyOf(tenant, WEBHOOK_SECRET);
      const stripe = await client();
      const event = readEvent(stripe, rawBody, headers['stripe-signature'] ?? '', secret);
      const disputeId = disputeIn(event.object);
      return {
        ...event.facts,
        intent: await intentOf(tenant, event, retrieve),
        // Not as the message has it: messages may be late.
        ...(disputeId === undefined ? {} : { dispute: await retrieveDispute(tenant, disputeId) }),
      };
    },
    async browserConfig(tenant) {
      const publishableKey = await keyOf(tenant, PUBLISHABLE_KEY);
      return { publishableKey, processorOrigin: options.publicOrigin ?? 'https://js.stripe.com' };
    },
  };
}

/** All of them: a charge has the newest ten with it. */
async function refundsOf(
  stripe: Stripe,
  { id, latest_charge: charge }: Stripe.PaymentIntent,
  request: { apiKey: string },
): Promise<readonly Stripe.Refund[]> {
  const along = typeof charge === 'object' ? charge?.refunds : undefined;
  if (along?.has_more !== true) return along?.data ?? [];
  return stripe.refunds.list({ payment_intent: id, limit: 100 }, request).autoPagingToArray({ limit: 1_000 });
}

/** A refund may fail a month after it looked done: the bank sends it back, as when the card is closed. */
function sumsOf(refunds: readonly Stripe.Refund[]): Pick<PaymentIntent, 'amountRefunded' | 'amountBounced'> {
  const sum = (some: readonly Stripe.Refund[]): number =>
    some.reduce((all, { amount, currency }) => all + fromStripe(amount, currency.toUpperCase()), 0);
  const bounced = refunds.filter(({ status }) => status === 'failed' || status === 'canceled');
  return {
    amountRefunded: sum(refunds.filter((each) => !bounced.includes(each))),
    amountBounced: sum(bounced),
  };
}

async function connect(options: StripePaymentsOptions): Promise<Stripe> {
  const { Stripe } = await import('stripe');
  const common = {
    timeout: options.timeoutMs ?? 8_000,
    maxNetworkRetries: options.retries ?? 2,
    telemetry: false,
  };
  // Every request brings its tenant's key; this one is never sent.
  const unused = 'sk_test_unused';
  if (options.url === undefined) return new Stripe(unused, common);
  const url = new URL(options.url);
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  return new Stripe(unused, {
    ...common,
    host: url.hostname,
    port,
    protocol: secure ? 'https' : 'http',
    ...(secure ? {} : { httpAgent: new Agent({ keepAlive: true, maxSockets: 32 }) }),
  });
}

interface ReadEvent {
  readonly facts: Pick<PaymentWebhook, 'id' | 'type' | 'createdAt'>;
  readonly object: unknown;
}

function readEvent(stripe: Stripe, rawBody: Buffer, signature: string, secret: string): ReadEvent {
  const { id, type, created, data } = construct(stripe, rawBody, signature, secret) ?? {};
  if (typeof id !== 'string' || typeof type !== 'string' || typeof created !== 'number')
    throw new ShopError('invalid_input', 'The webhook tells of no event.', {
      remedy: 'Send events as Stripe makes them, with id, type and created.',
    });
  return { facts: { id, type, createdAt: new Date(created * 1000) }, object: data?.object };
}

/** What is signed, which need not be what its type says: the package looks at the signature only. */
function construct(
  stripe: Stripe,
  rawBody: Buffer,
  signature: string,
  secret: string,
): Partial<Stripe.Event> | null {
  try {
    return stripe.webhooks.constructEvent(rawBody, signature, secret, TOLERANCE_SECONDS);
  } catch (cause) {
    throw new ShopError('unauthenticated', 'The webhook is not signed by the payment processor.', {
      cause,
      remedy: 'Send the bytes as signed, with a Stripe-Signature header not older than five minutes.',
    });
  }
}

/** Messages that are not about an intent itself, but after which the intent or its charge is worth another look. */
const LOOK_AGAIN =
  /^(?:charge\.refunded|charge\.dispute\.|refund\.failed|refund\.updated|charge\.refund\.updated|charge\.expired)/;

/** The intent inside an event, or behind the charge, refund or dispute it is about. */
async function intentOf(
  tenant: TenantId,
  { facts, object }: ReadEvent,
  retrieve: Payments['retrieve'],
): Promise<PaymentIntent | undefined> {
  if (isIntent(object)) return toIntent(object);
  if (
    !LOOK_AGAIN.test(facts.type) ||
    typeof object !== 'object' ||
    object === null ||
    !('payment_intent' in object)
  ) {
    return undefined;
  }
  return typeof object.payment_intent === 'string' ? retrieve(tenant, object.payment_intent) : undefined;
}

function disputeIn(object: unknown): string | undefined {
  if (typeof object !== 'object' || object === null) return undefined;
  const { object: kind, id } = object as Record<string, unknown>; // any object may be asked
  return kind === 'dispute' && typeof id === 'string' ? id : undefined;
}

function toPayout({ id, amount, currency, created, arrival_date: arrives }: Stripe.Payout): Payout {
  return {
    id,
    amount: fromStripe(amount, currency.toUpperCase()),
    currency: currency.toUpperCase(),
    createdAt: new Date(created * 1000),
    arrivesAt: new Date(arrives * 1000),
  };
}

function toEntry(from: Stripe.BalanceTransaction): BalanceEntry {
  const { id, amount, fee, currency, created, source } = from;
  const about =
    typeof source === 'object' && source !== null && 'payment_intent' in source ? source : undefined;
  const intent = about?.payment_intent;
  return {
    id,
    kind: KINDS[from.reporting_category] ?? 'other',
    amount: fromStripe(amount, currency.toUpperCase()),
    fee: fromStripe(fee, currency.toUpperCase()),
    currency: currency.toUpperCase(),
    at: new Date(created * 1000),
    intentId: (typeof intent === 'string' ? intent : intent?.id) ?? undefined,
    ...(about?.object === 'dispute' ? { disputeId: about.id } : {}),
  };
}

/** By Stripe's reporting categories, which are fewer than its types. */
const KINDS: Readonly<Record<string, BalanceEntry['kind']>> = {
  charge: 'charge',
  refund: 'refund',
  refund_failure: 'refund',
  partial_capture_reversal: 'refund',
  dispute: 'dispute',
  dispute_reversal: 'dispute',
  fee: 'fee',
  network_cost: 'fee',
  tax: 'fee',
};

function toDispute(dispute: Stripe.Dispute): PaymentDispute {
  const { id, amount, currency, created, reason, payment_intent: intent } = dispute;
  const due = dispute.evidence_details.due_by;
  return {
    id,
    intentId: typeof intent === 'string' ? intent : intent?.id,
    status: DISPUTED[dispute.status] ?? 'under_review',
    reason,
    amount: fromStripe(amount, currency.toUpperCase()),
    currency: currency.toUpperCase(),
    openedAt: new Date(created * 1000),
    dueAt: due === null ? undefined : new Date(due * 1000),
  };
}

/** An inquiry that ended, or was prevented, took nothing. */
const DISPUTED: Readonly<Record<string, PaymentDispute['status']>> = {
  needs_response: 'needs_response',
  warning_needs_response: 'needs_response',
  appeal_needs_response: 'needs_response',
  won: 'won',
  warning_closed: 'won',
  prevented: 'won',
  lost: 'lost',
};

function isIntent(object: unknown): object is Stripe.PaymentIntent {
  if (typeof object !== 'object' || object === null) return false;
  const { object: kind, id, currency, metadata } = object as Record<string, unknown>; // any object may be asked
  return (
    kind === 'payment_intent' &&
    typeof id === 'string' &&
    typeof currency === 'string' &&
    typeof metadata === 'object' &&
    metadata !== null
  );
}

/** What we keep of an intent. Refunds and disputes are known only where the charge was expanded. */
function toIntent(intent: Stripe.PaymentIntent): PaymentIntent {
  const charge =
    typeof intent.latest_charge === 'object' && intent.latest_charge !== null
      ? intent.latest_charge
      : undefined;
  // Cancelling an authorised intent releases it, which Stripe books as a refund of money that was never taken.
  const refunded = intent.status === 'succeeded' ? (charge?.amount_refunded ?? 0) : 0;
  const currency = intent.currency.toUpperCase();
  const ours = (amount: number): number => fromStripe(amount, currency);
  return {
    id: intent.id,
    status: statusOf(intent.status),
    amount: ours(intent.amount),
    amountCaptured: ours(intent.amount_received),
    amountRefunded: ours(refunded),
    currency,
    clientSecret: intent.client_secret ?? '',
    metadata: intent.metadata,
    lastError: intent.last_payment_error?.message,
    disputed: charge?.disputed ?? false,
  };
}

function statusOf(status: Stripe.PaymentIntent.Status): PaymentIntent['status'] {
  // Only a wallet that we do not offer has the one status more that the package's types know.
  return status as PaymentIntent['status'];
}

/** Says what a shop can do about a failure; the processor's own words stay in `cause`. */
function toShopError(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const { type, code } = cause as Partial<Stripe.errors.StripeError>;
  const error = (to: ShopError['code'], remedy: string, message = cause.message): ShopError =>
    new ShopError(to, message, { cause, remedy });
  if (type === 'StripeCardError') return error('payment_declined', 'Try another card.');
  if (type === 'StripeIdempotencyError')
    return error('idempotency_mismatch', 'Use a new idempotency key for a new request.');
  if (type === 'StripeAuthenticationError' || type === 'StripePermissionError') {
    return error(
      'unavailable',
      "Check the tenant's payment keys.",
      'The payment processor does not accept our keys.',
    );
  }
  if (type === 'StripeInvalidRequestError') {
    if (code === 'resource_missing') return error('not_found', 'The processor does not know this payment.');
    if (code === 'payment_intent_unexpected_state')
      return error('illegal_transition', 'Read the payment again.');
    if (code === 'dispute_closed') return error('illegal_transition', 'Read the dispute again.');
    if (code === 'charge_already_refunded' || code === 'charge_disputed' || code === 'amount_too_large') {
      return error('conflict', 'Read what is captured and refunded already.');
    }
    return error('invalid_input', 'Correct the request.');
  }
  return type === 'StripeRateLimitError' || isAway(cause) ? unreached(cause) : cause;
}

/** That a shop's key is refused, or asks too often, is that shop's own matter. */
function isAway(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  const { type } = cause as Partial<Stripe.errors.StripeError>;
  return type === 'StripeAPIError' || type === 'StripeConnectionError' || isNetwork(cause);
}

function unreached(cause?: unknown): ShopError {
  return new ShopError('unavailable', 'The payment processor cannot be reached.', {
    cause,
    remedy: 'Try again in a moment; nothing is charged twice.',
    retryAfterSeconds: 2,
  });
}

function isNetwork(cause: Error): boolean {
  return 'code' in cause && typeof cause.code === 'string' && /^E[A-Z]+$/.test(cause.code);
}
