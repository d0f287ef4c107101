/**
 * The life of a payment intent: created, confirmed, perhaps challenged, captured, cancelled, refunded, disputed.
 * Every function reads and writes one ledger and answers in Stripe's shape.
 */
import { bookCharge, bookDispute, bookRefund } from './balance.ts';
import { DECLINES, isDecline, namedCard, readCard, type Decline } from './cards.ts';
import { badRequest, noSuch, ok, refuse, type Reply } from './errors.ts';
import { nested, text, type Form } from './form.ts';
import type { Ledger } from './ledger.ts';
import type { Charge, Dispute, Intent, Metadata, Method, Refund } from './objects.ts';

const CAPTURE_METHODS = ['automatic', 'automatic_async', 'manual'] as const;
const CANCELLABLE = [
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
  'processing',
  'requires_capture',
];
const UPDATABLE = ['requires_payment_method', 'requires_confirmation', 'requires_action'];
const MAX_AMOUNT = 99_999_999_999;
/** Seconds until the answer to a dispute is due. */
const ANSWER_WITHIN = 7 * 86_400;

export function createIntent(ledger: Ledger, form: Form): Reply {
  const amount = integer(text(form, 'amount'));
  if (amount === undefined)
    return badRequest('Missing required param: amount.', 'amount', 'parameter_missing');
  const wrong = amountProblem(amount, 'amount');
  if (wrong !== undefined) return wrong;
  const currency = text(form, 'currency')?.toLowerCase();
  if (currency === undefined)
    return badRequest('Missing required param: currency.', 'currency', 'parameter_missing');
  if (!/^[a-z]{3}$/.test(currency)) return badRequest(`Invalid currency: ${currency}.`, 'currency');
  const capture = text(form, 'capture_method') ?? 'automatic_async';
  const captureMethod = CAPTURE_METHODS.find((each) => each === capture);
  if (captureMethod === undefined)
    return badRequest(
      `Invalid capture_method: must be one of ${CAPTURE_METHODS.join(', ')}`,
      'capture_method',
    );
  const metadata = metadataOf(form);
  if ('status' in metadata) return metadata;
  const id = ledger.newId('pi');
  const intent: Intent = {
    id,
    object: 'payment_intent',
    amount,
    amount_capturable: 0,
    amount_received: 0,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: captureMethod,
    client_secret: `${id}_secret_${ledger.newSecret()}`,
    confirmation_method: 'automatic',
    created: ledger.seconds,
    currency,
    customer: null,
    description: text(form, 'description') ?? null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    metadata: metadata.value,
    next_action: null,
    payment_method: null,
    payment_method_types: ['card'],
    receipt_email: text(form, 'receipt_email') ?? null,
    status: 'requires_payment_method',
  };
  ledger.put('payment_intent', intent);
  ledger.tell('payment_intent.created', intent);
  return text(form, 'confirm') === 'true' ? confirmIntent(ledger, intent, form) : ok(intent);
}

export function updateIntent(ledger: Ledger, intent: Intent, form: Form): Reply {
  const metadata = metadataOf(form);
  if ('status' in metadata) return metadata;
  const amount = integer(text(form, 'amount')) ?? intent.amount;
  const wrong = amountProblem(amount, 'amount');
  if (wrong !== undefined) return wrong;
  if (amount !== intent.amount && !UPDATABLE.includes(intent.status)) {
    return unexpected(
      intent,
      `This PaymentIntent's amount could not be updated because it has a status of ${intent.status}.`,
    );
  }
  const changed: Intent = {
    ...intent,
    amount,
    description: text(form, 'description') ?? intent.description,
    receipt_email: text(form, 'receipt_email') ?? intent.receipt_email,
    metadata: Object.fromEntries(
      Object.entries({ ...intent.metadata, ...metadata.value }).filter(([, value]) => value !== ''),
    ),
  };
  ledger.put('payment_intent', changed);
  return ok(changed);
}

/** Pays with the method in the form: authorises, asks for a challenge, or refuses with 402. */
export function confirmIntent(ledger: Ledger, intent: Intent, form: Form): Reply {
  if (!UPDATABLE.includes(intent.status)) {
    return unexpected(
      intent,
      `You cannot confirm this PaymentIntent because it has a status of ${intent.status}.`,
    );
  }
  const method = methodOf(ledger, form, intent);
  if (method === undefined) {
    return badRequest(
      "You cannot confirm this PaymentIntent because it's missing a payment method. Provide payment_method or payment_method_data.",
      'payment_method',
      'payment_intent_unexpected_state',
    );
  }
  if ('status' in method) return method;
  if (method.behaviour.startsWith('authenticate'))
    return challenge(ledger, intent, method, text(form, 'return_url') ?? null);
  return isDecline(method.behaviour)
    ? decline(ledger, intent, method, method.behaviour)
    : authorise(ledger, intent, method);
}

/** The cardholder answered the bank's challenge. */
export function answerChallenge(ledger: Ledger, intent: Intent, passed: boolean): Reply {
  const method =
    intent.payment_method === null ? undefined : ledger.get('payment_method', intent.payment_method);
  if (intent.status !== 'requires_action' || method === undefined) {
    return unexpected(
      intent,
      `This PaymentIntent has a status of ${intent.status}; there is no challenge to answer.`,
    );
  }
  if (!passed) return failAuthentication(ledger, intent, method);
  if (method.behaviour === 'authenticate_then_decline')
    return decline(ledger, intent, method, 'generic_decline');
  if (method.behaviour === 'authenticate_then_insufficient_funds')
    return decline(ledger, intent, method, 'insufficient_funds');
  return authorise(ledger, intent, method);
}

export function captureIntent(ledger: Ledger, intent: Intent, form: Form): Reply {
  const charge = chargeOf(ledger, intent);
  if (intent.status !== 'requires_capture' || charge === undefined) {
    return unexpected(
      intent,
      `This PaymentIntent could not be captured because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.`,
    );
  }
  const amount = integer(text(form, 'amount_to_capture')) ?? intent.amount_capturable;
  const wrong = amountProblem(amount, 'amount_to_capture');
  if (wrong !== undefined) return wrong;
  if (amount > intent.amount_capturable) {
    return badRequest(
      `The payment could not be captured because the requested capture amount is greater than the amount you can capture for this charge.`,
      'amount_to_capture',
      'amount_too_large',
    );
  }
  const captured: Charge = { ...charge, captured: true, amount_captured: amount };
  const done: Intent = { ...intent, status: 'succeeded', amount_capturable: 0, amount_received: amount };
  ledger.put('charge', captured);
  ledger.put('payment_intent', done);
  bookCharge(ledger, captured);
  ledger.tell('charge.captured', captured);
  ledger.tell('payment_intent.succeeded', done);
  dispute(ledger, done, captured);
  return ok(done);
}

export function cancelIntent(ledger: Ledger, intent: Intent, form: Form): Reply {
  if (!CANCELLABLE.includes(intent.status)) {
    return unexpected(
      intent,
      `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be canceled: ${CANCELLABLE.join(', ')}.`,
    );
  }
  const done: Intent = {
    ...intent,
    status: 'canceled',
    amount_capturable: 0,
    canceled_at: ledger.seconds,
    cancellation_reason: text(form, 'cancellation_reason') ?? null,
    next_action: null,
  };
  ledger.put('payment_intent', done);
  const charge = chargeOf(ledger, intent);
  if (intent.status === 'requires_capture' && charge !== undefined) {
    const released: Charge = { ...charge, amount_refunded: charge.amount, refunded: true };
    ledger.put('charge', released);
    ledger.tell('charge.refunded', released);
  }
  ledger.tell('payment_intent.canceled', done);
  return ok(done);
}

export function createRefund(ledger: Ledger, form: Form): Reply {
  const intentId = text(form, 'payment_intent');
  const intent = intentId === undefined ? undefined : ledger.get('payment_intent', intentId);
  if (intentId !== undefined && intent === undefined)
    return noSuch('payment_intent', intentId, 'payment_intent');
  const chargeId = text(form, 'charge') ?? intent?.latest_charge ?? undefined;
  if (chargeId === undefined)
    return badRequest(
      'One of the following params should be provided for this request: payment_intent or charge.',
    );
  const charge = ledger.get('charge', chargeId);
  if (charge === undefined) return noSuch('charge', chargeId, 'charge');
  if (!charge.captured || !charge.paid) {
    return badRequest(
      `Charge ${charge.id} has not been captured; cancel its PaymentIntent instead.`,
      'charge',
      'charge_not_refundable',
    );
  }
  const left = charge.amount_captured - charge.amount_refunded;
  if (left === 0)
    return badRequest(`Charge ${charge.id} has already been refunded.`, undefined, 'charge_already_refunded');
  if (charge.disputed)
    return badRequest(
      `Charge ${charge.id} has been charged back; cannot issue a refund.`,
      undefined,
      'charge_disputed',
    );
  const amount = integer(text(form, 'amount')) ?? left;
  const wrong = amountProblem(amount, 'amount');
  if (wrong !== undefined) return wrong;
  if (amount > left) {
    return badRequest(
      `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`,
      'amount',
      'amount_too_large',
    );
  }
  const metadata = metadataOf(form);
  if ('status' in metadata) return metadata;
  const behaviour = ledger.get('payment_method', charge.payment_method)?.behaviour;
  const refund: Refund = {
    id: ledger.newId('re'),
    object: 'refund',
    amount,
    charge: charge.id,
    created: ledger.seconds,
    currency: charge.currency,
    metadata: metadata.value,
    payment_intent: charge.payment_intent,
    reason: text(form, 'reason') ?? null,
    status: behaviour === 'refund_pends' ? 'pending' : 'succeeded',
  };
  const refunded = charge.amount_refunded + amount;
  const changed: Charge = {
    ...charge,
    amount_refunded: refunded,
    refunded: refunded === charge.amount_captured,
  };
  ledger.put('refund', refund, charge.id);
  ledger.put('charge', changed);
  bookRefund(ledger, refund);
  ledger.tell('refund.created', refund);
  ledger.tell('charge.refunded', changed);
  if (behaviour === 'refund_fails') bounceRefund(ledger, refund, charge);
  if (behaviour === 'refund_pends') endRefund(ledger, refund);
  return ok(refund);
}

/** Evidence decides at once, by Stripe's magic words; without them the dispute waits under review. */
export function answerDispute(ledger: Ledger, found: Dispute, form: Form): Reply {
  if (found.status === 'won' || found.status === 'lost')
    return badRequest('This dispute is already closed.', undefined, 'dispute_closed');
  const evidence = text(form, 'evidence', 'uncategorized_text') ?? '';
  const status =
    evidence === 'winning_evidence' ? 'won' : evidence === 'losing_evidence' ? 'lost' : 'under_review';
  const details = {
    ...found.evidence_details,
    has_evidence: true,
    submission_count: found.evidence_details.submission_count + 1,
  };
  return settleDispute(ledger, {
    ...found,
    status,
    evidence: { uncategorized_text: evidence },
    evidence_details: details,
  });
}

export function closeDispute(ledger: Ledger, found: Dispute): Reply {
  if (found.status === 'won' || found.status === 'lost')
    return badRequest('This dispute is already closed.', undefined, 'dispute_closed');
  return settleDispute(ledger, { ...found, status: 'lost' });
}

/** A stored card from the fields in `card[…]`, for a later confirmation. */
export function createMethod(ledger: Ledger, form: Form): Reply {
  const method = typedMethod(ledger, form);
  if ('status' in method) return method;
  ledger.put('payment_method', method);
  return ok(shownMethod(method));
}

export function shownMethod(method: Method): Omit<Method, 'behaviour'> {
  const { behaviour: _behaviour, ...shown } = method;
  return shown;
}

// ── outcomes ─────────────────────────────────────────────────────────────────────────────────────

function authorise(ledger: Ledger, intent: Intent, method: Method): Reply {
  const automatic = intent.capture_method !== 'manual';
  const charge = newCharge(ledger, intent, method, automatic);
  const done: Intent = {
    ...intent,
    status: automatic ? 'succeeded' : 'requires_capture',
    amount_capturable: automatic ? 0 : intent.amount,
    amount_received: automatic ? intent.amount : 0,
    last_payment_error: null,
    latest_charge: charge.id,
    next_action: null,
    payment_method: method.id,
  };
  ledger.put('charge', charge, intent.id);
  ledger.put('payment_method', method);
  ledger.put('payment_intent', done);
  ledger.tell('charge.succeeded', charge);
  ledger.tell(automatic ? 'payment_intent.succeeded' : 'payment_intent.amount_capturable_updated', done);
  if (automatic) {
    bookCharge(ledger, charge);
    dispute(ledger, done, charge);
  }
  return ok(done);
}

function challenge(ledger: Ledger, intent: Intent, method: Method, returnUrl: string | null): Reply {
  const url = `${ledger.publicOrigin}/challenge/${intent.id}?client_secret=${intent.client_secret}`;
  const waiting: Intent = {
    ...intent,
    status: 'requires_action',
    next_action: { type: 'redirect_to_url', redirect_to_url: { url, return_url: returnUrl } },
    payment_method: method.id,
    last_payment_error: null,
  };
  ledger.put('payment_method', method);
  ledger.put('payment_intent', waiting);
  ledger.tell('payment_intent.requires_action', waiting);
  return ok(waiting);
}

function decline(ledger: Ledger, intent: Intent, method: Method, reason: Decline): Reply {
  const { code, declineCode, message } = DECLINES[reason];
  const charge: Charge = {
    ...newCharge(ledger, intent, method, false),
    failure_code: code,
    failure_message: message,
    outcome: { type: 'issuer_declined', network_status: 'declined_by_network', reason: declineCode ?? code },
    paid: false,
    status: 'failed',
  };
  ledger.put('charge', charge, intent.id);
  ledger.tell('charge.failed', charge);
  return refusePayment(ledger, intent, method, {
    code,
    decline_code: declineCode,
    message,
    charge: charge.id,
  });
}

function failAuthentication(ledger: Ledger, intent: Intent, method: Method): Reply {
  return refusePayment(ledger, intent, method, {
    code: 'payment_intent_authentication_failure',
    message:
      'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
  });
}

function refusePayment(
  ledger: Ledger,
  intent: Intent,
  method: Method,
  why: { code: string; decline_code?: string | undefined; message: string; charge?: string },
): Reply {
  const problem = { type: 'card_error' as const, ...why };
  const failed: Intent = {
    ...intent,
    status: 'requires_payment_method',
    last_payment_error: { ...problem, payment_method: shownMethod(method) },
    latest_charge: why.charge ?? intent.latest_charge,
    next_action: null,
    payment_method: null,
  };
  ledger.put('payment_method', method);
  ledger.put('payment_intent', failed);
  ledger.tell('payment_intent.payment_failed', failed);
  return refuse(402, { ...problem, payment_intent: failed });
}

function newCharge(ledger: Ledger, intent: Intent, method: Method, captured: boolean): Charge {
  return {
    id: ledger.newId('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: captured ? intent.amount : 0,
    amount_refunded: 0,
    captured,
    created: ledger.seconds,
    currency: intent.currency,
    disputed: false,
    failure_code: null,
    failure_message: null,
    livemode: false,
    metadata: intent.metadata,
    outcome: { type: 'authorized', network_status: 'approved_by_network', reason: null },
    paid: true,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: { type: 'card', card: method.card },
    refunded: false,
    status: 'succeeded',
  };
}

function dispute(ledger: Ledger, intent: Intent, charge: Charge): void {
  const behaviour = ledger.get('payment_method', charge.payment_method)?.behaviour;
  if (behaviour !== 'dispute_fraudulent' && behaviour !== 'dispute_not_received') return;
  const opened: Dispute = {
    id: ledger.newId('dp'),
    object: 'dispute',
    amount: charge.amount_captured,
    charge: charge.id,
    created: ledger.seconds,
    currency: charge.currency,
    evidence: {},
    evidence_details: {
      due_by: ledger.seconds + ANSWER_WITHIN,
      has_evidence: false,
      past_due: false,
      submission_count: 0,
    },
    livemode: false,
    metadata: {},
    payment_intent: intent.id,
    reason: behaviour === 'dispute_fraudulent' ? 'fraudulent' : 'product_not_received',
    status: 'needs_response',
  };
  ledger.put('dispute', opened, charge.id);
  bookDispute(ledger, opened);
  ledger.put('charge', { ...charge, disputed: true });
  ledger.tell('charge.dispute.created', opened);
  ledger.tell('charge.dispute.funds_withdrawn', opened);
}

function settleDispute(ledger: Ledger, changed: Dispute): Reply {
  ledger.put('dispute', changed);
  ledger.tell('charge.dispute.updated', changed);
  if (changed.status === 'under_review') return ok(changed);
  ledger.tell('charge.dispute.closed', changed);
  const charge = ledger.get('charge', changed.charge);
  if (changed.status === 'won' && charge !== undefined) {
    ledger.put('charge', { ...charge, disputed: false });
    bookDispute(ledger, changed, true);
    ledger.tell('charge.dispute.funds_reinstated', changed);
  }
  return ok(changed);
}

/** Looked fine at first, and comes back. */
function bounceRefund(ledger: Ledger, refund: Refund, before: Charge): void {
  const failed: Refund = { ...refund, status: 'failed', failure_reason: 'expired_or_canceled_card' };
  ledger.put('refund', failed);
  bookRefund(ledger, failed, true);
  ledger.put('charge', before);
  ledger.tell('refund.failed', failed);
  ledger.tell('charge.updated', before);
}

/** Was under way when it was answered. */
function endRefund(ledger: Ledger, refund: Refund): void {
  const done: Refund = { ...refund, status: 'succeeded' };
  ledger.put('refund', done);
  ledger.tell('refund.updated', done);
}

// ── reading the form ─────────────────────────────────────────────────────────────────────────────

function methodOf(ledger: Ledger, form: Form, intent: Intent): Method | Reply | undefined {
  const data = nested(form, 'payment_method_data');
  if (data !== undefined) return typedMethod(ledger, data);
  const id = text(form, 'payment_method') ?? intent.payment_method ?? undefined;
  if (id === undefined) return undefined;
  const card = namedCard(id, ledger.now);
  if (card !== undefined) return methodFrom(ledger, card);
  return ledger.get('payment_method', id) ?? noSuch('PaymentMethod', id, 'payment_method');
}

function typedMethod(ledger: Ledger, form: Form): Method | Reply {
  if ((text(form, 'type') ?? 'card') !== 'card')
    return badRequest('Only payment methods of type card are supported.', 'type');
  const token = text(form, 'card', 'token');
  const card =
    (token === undefined ? undefined : namedCard(token.replace(/^tok_/, 'pm_card_'), ledger.now)) ??
    readCard(
      {
        number: text(form, 'card', 'number'),
        expMonth: text(form, 'card', 'exp_month'),
        expYear: text(form, 'card', 'exp_year'),
        cvc: text(form, 'card', 'cvc'),
      },
      ledger.now,
    );
  if ('code' in card) return refuse(402, { type: 'card_error', ...card });
  return methodFrom(ledger, card);
}

function methodFrom(ledger: Ledger, card: Exclude<ReturnType<typeof namedCard>, undefined>): Method {
  return {
    id: ledger.newId('pm'),
    object: 'payment_method',
    type: 'card',
    card: {
      brand: card.brand,
      last4: card.last4,
      exp_month: card.expMonth,
      exp_year: card.expYear,
      funding: 'credit',
    },
    created: ledger.seconds,
    livemode: false,
    behaviour: card.behaviour,
  };
}

function chargeOf(ledger: Ledger, intent: Intent): Charge | undefined {
  return intent.latest_charge === null ? undefined : ledger.get('charge', intent.latest_charge);
}

function unexpected(intent: Intent, message: string): Reply {
  return refuse(400, {
    type: 'invalid_request_error',
    code: 'payment_intent_unexpected_state',
    message,
    payment_intent: intent,
  });
}

function amountProblem(amount: number, param: string): Reply | undefined {
  if (Number.isNaN(amount))
    return badRequest(`Invalid integer: ${param}`, param, 'parameter_invalid_integer');
  if (amount < 1)
    return badRequest('This value must be greater than or equal to 1.', param, 'parameter_invalid_integer');
  if (amount > MAX_AMOUNT)
    return badRequest('Amount must be no more than 999,999,999.99.', param, 'amount_too_large');
  return undefined;
}

/** Undefined when absent, NaN when it is no integer. */
function integer(value: string | undefined): number | undefined {
  if (value === undefined || value === '') return undefined;
  return /^-?\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
}

function metadataOf(form: Form): { value: Metadata } | Reply {
  const given = nested(form, 'metadata');
  if (given === undefined) return { value: {} };
  const entries = Object.entries(given);
  if (entries.length > 50) return badRequest('Metadata can have at most 50 keys.', 'metadata');
  const value: Record<string, string> = {};
  for (const [key, each] of entries) {
    if (typeof each !== 'string' || key.length > 40 || each.length > 500) {
      return badRequest(
        'Metadata keys have at most 40 characters and values, which are texts, at most 500.',
        `metadata[${key.slice(0, 40)}]`,
      );
    }
    value[key] = each;
  }
  return { value };
}
