/**
 * The `/v1` routes: which request does what, and which key may ask for it.
 * A secret key may do everything; a publishable key may only confirm and read one intent whose client secret it shows.
 */
import {
  answerDispute,
  cancelIntent,
  captureIntent,
  closeDispute,
  confirmIntent,
  createIntent,
  createMethod,
  createRefund,
  shownMethod,
  updateIntent,
} from './intents.ts';
import { badRequest, noSuch, ok, refuse, type Reply } from './errors.ts';
import { nested, text, texts, type Form } from './form.ts';
import type { Ledger } from './ledger.ts';
import type { BalanceTransaction, Charge, Endpoint, Intent, Kind, Kinds, Metadata } from './objects.ts';

export interface ApiRequest {
  readonly method: string;
  /** Decoded segments after `/v1`. */
  readonly path: readonly string[];
  readonly form: Form;
  /** False for a publishable key. */
  readonly secret: boolean;
}

type Handler = (ledger: Ledger, request: ApiRequest, id: string) => Reply;

const SECRET_ROUTES: Readonly<Record<string, Handler>> = {
  'POST payment_intents': (ledger, { form }) => createIntent(ledger, form),
  'GET payment_intents': (ledger, { form }) => list(ledger, 'payment_intent', form, '/v1/payment_intents'),
  'GET payment_intents/:id': withIntent((_ledger, intent) => ok(intent)),
  'POST payment_intents/:id': withIntent((ledger, intent, form) => updateIntent(ledger, intent, form)),
  'POST payment_intents/:id/confirm': withIntent((ledger, intent, form) =>
    confirmIntent(ledger, intent, form),
  ),
  'POST payment_intents/:id/capture': withIntent((ledger, intent, form) =>
    captureIntent(ledger, intent, form),
  ),
  'POST payment_intents/:id/cancel': withIntent((ledger, intent, form) => cancelIntent(ledger, intent, form)),
  'POST refunds': (ledger, { form }) => createRefund(ledger, form),
  'GET refunds': (ledger, { form }) =>
    list(ledger, 'refund', form, '/v1/refunds', refundParent(ledger, form)),
  'GET refunds/:id': (ledger, _request, id) => one(ledger, 'refund', id),
  'GET charges': (ledger, { form }) =>
    list(ledger, 'charge', form, '/v1/charges', text(form, 'payment_intent')),
  'GET charges/:id': (ledger, _request, id) => one(ledger, 'charge', id),
  'GET disputes': (ledger, { form }) => list(ledger, 'dispute', form, '/v1/disputes', text(form, 'charge')),
  'GET disputes/:id': (ledger, _request, id) => one(ledger, 'dispute', id),
  'POST disputes/:id': (ledger, { form }, id) => {
    const found = ledger.get('dispute', id);
    return found === undefined ? noSuch('dispute', id) : answerDispute(ledger, found, form);
  },
  'POST disputes/:id/close': (ledger, _request, id) => {
    const found = ledger.get('dispute', id);
    return found === undefined ? noSuch('dispute', id) : closeDispute(ledger, found);
  },
  'GET payouts': (ledger, { form }) => list(ledger, 'payout', form, '/v1/payouts'),
  'GET payouts/:id': (ledger, _request, id) => one(ledger, 'payout', id),
  'GET balance_transactions': listBalance,
  'GET events': (ledger, { form }) => list(ledger, 'event', form, '/v1/events', text(form, 'type')),
  'GET events/:id': (ledger, _request, id) => one(ledger, 'event', id),
  'POST payment_methods': (ledger, { form }) => createMethod(ledger, form),
  'GET payment_methods/:id': (ledger, _request, id) => {
    const found = ledger.get('payment_method', id);
    return found === undefined ? noSuch('PaymentMethod', id) : ok(shownMethod(found));
  },
  'POST webhook_endpoints': (ledger, { form }) => createEndpoint(ledger, form),
  'GET webhook_endpoints': (ledger, { form }) => listEndpoints(ledger, form),
  'GET webhook_endpoints/:id': withEndpoint((_ledger, endpoint) => ok(shownEndpoint(endpoint))),
  'POST webhook_endpoints/:id': withEndpoint(updateEndpoint),
  'DELETE webhook_endpoints/:id': withEndpoint((ledger, endpoint) => {
    ledger.remove('webhook_endpoint', endpoint.id);
    return ok({ id: endpoint.id, object: 'webhook_endpoint', deleted: true });
  }),
};

const BROWSER_ROUTES: Readonly<Record<string, Handler>> = {
  'GET payment_intents/:id': withClientSecret((_ledger, intent) => ok(intent)),
  'POST payment_intents/:id/confirm': withClientSecret((ledger, intent, form) =>
    confirmIntent(ledger, intent, form),
  ),
  'POST payment_methods': (ledger, { form }) => createMethod(ledger, form),
};

/** Answers one request; reads and writes only through the ledger. */
export function answerApi(ledger: Ledger, request: ApiRequest): Reply {
  const [collection = '', id, action, ...rest] = request.path;
  const shape = [
    collection,
    ...(id === undefined ? [] : [':id']),
    ...(action === undefined ? [] : [action]),
  ].join('/');
  const key = `${request.method} ${shape}`;
  const handler = rest.length > 0 ? undefined : (request.secret ? SECRET_ROUTES : BROWSER_ROUTES)[key];
  if (handler !== undefined) return handler(ledger, request, id ?? '');
  if (!request.secret && SECRET_ROUTES[key] !== undefined) {
    return refuse(403, {
      type: 'invalid_request_error',
      code: 'secret_key_required',
      message: 'This API call cannot be made with a publishable API key. Please use a secret API key.',
    });
  }
  return refuse(404, {
    type: 'invalid_request_error',
    message: `Unrecognized request URL (${request.method}: /v1/${request.path.join('/')}).`,
  });
}

function withIntent(work: (ledger: Ledger, intent: Intent, form: Form) => Reply): Handler {
  return (ledger, { form }, id) => {
    const intent = ledger.get('payment_intent', id);
    if (intent === undefined) return noSuch('payment_intent', id, 'intent');
    const reply = work(ledger, intent, form);
    const expand = texts(form, 'expand');
    const withRefunds = expand.includes('latest_charge.refunds');
    const wanted = withRefunds || expand.includes('latest_charge');
    const changed = wanted && reply.status === 200 ? ledger.get('payment_intent', id) : undefined;
    return changed === undefined ? reply : expandedWithCharge(ledger, changed, withRefunds);
  };
}

/** What a browser may see: the intent whose secret it holds, without what the merchant noted on it. */
function withClientSecret(work: (ledger: Ledger, intent: Intent, form: Form) => Reply): Handler {
  return (ledger, { form }, id) => {
    const intent = ledger.get('payment_intent', id);
    if (intent === undefined || text(form, 'client_secret') !== intent.client_secret)
      return noSuch('payment_intent', id, 'intent');
    const reply = work(ledger, intent, form);
    return reply.status === 200 ? ok(forBrowser(reply.body as Intent)) : hideMetadata(reply);
  };
}

function forBrowser(intent: Intent): Omit<Intent, 'metadata' | 'receipt_email'> {
  const { metadata: _metadata, receipt_email: _email, ...shown } = intent;
  return shown;
}

function hideMetadata(reply: Reply): Reply {
  // Refusals are made in `errors.ts` and `intents.ts` with this shape.
  const { error } = reply.body as { error: { payment_intent?: Intent } };
  if (error.payment_intent === undefined) return reply;
  return { ...reply, body: { error: { ...error, payment_intent: forBrowser(error.payment_intent) } } };
}

function expandedWithCharge(ledger: Ledger, intent: Intent, withRefunds: boolean): Reply {
  const charge: Charge | undefined =
    intent.latest_charge === null ? undefined : ledger.get('charge', intent.latest_charge);
  if (charge === undefined) return ok(intent);
  return ok({
    ...intent,
    latest_charge: withRefunds ? { ...charge, refunds: newestRefunds(ledger, charge) } : charge,
  });
}

/** As many as a charge has with it. */
function newestRefunds(ledger: Ledger, { id }: Charge): object {
  const { data, hasMore } = ledger.list('refund', { limit: 10, parent: id });
  return { object: 'list', url: `/v1/charges/${id}/refunds`, has_more: hasMore, data };
}

function one<K extends Kind>(ledger: Ledger, kind: K, id: string): Reply {
  const found = ledger.get(kind, id);
  return found === undefined ? noSuch(kind, id) : ok(found);
}

function list<K extends Kind>(ledger: Ledger, kind: K, form: Form, url: string, parent?: string): Reply {
  const limit = Number(text(form, 'limit') ?? 10);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100)
    return badRequest('Invalid limit: must be between 1 and 100.', 'limit');
  const created = nested(form, 'created');
  const exact = text(form, 'created');
  const page = ledger.list<K>(kind, {
    limit,
    startingAfter: text(form, 'starting_after'),
    endingBefore: text(form, 'ending_before'),
    createdFrom: secondsOf(exact ?? (created && (text(created, 'gte') ?? above(text(created, 'gt'), 1)))),
    createdTo: secondsOf(exact ?? (created && (text(created, 'lte') ?? above(text(created, 'lt'), -1)))),
    parent,
  });
  return ok({ object: 'list', url, has_more: page.hasMore, data: page.data });
}

/** With `expand[]=data.source` each has what moved the balance, in place of its id. */
function listBalance(ledger: Ledger, { form }: ApiRequest): Reply {
  const reply = list(ledger, 'balance_transaction', form, '/v1/balance_transactions', text(form, 'payout'));
  if (reply.status !== 200 || !texts(form, 'expand').includes('data.source')) return reply;
  const page = reply.body as { data: BalanceTransaction[] }; // as `list` has made it
  const kinds = ['charge', 'refund', 'dispute', 'payout'] as const;
  const found = (id: string): unknown =>
    kinds.map((kind) => ledger.get(kind, id)).find((each) => each !== undefined) ?? id;
  return ok({ ...page, data: page.data.map((each) => ({ ...each, source: found(each.source) })) });
}

function above(value: string | undefined, by: number): string | undefined {
  return value === undefined ? undefined : String(Number(value) + by);
}

function secondsOf(value: string | undefined): number | undefined {
  const seconds = value === undefined ? Number.NaN : Number(value);
  return Number.isFinite(seconds) ? seconds : undefined;
}

function refundParent(ledger: Ledger, form: Form): string | undefined {
  const intent = text(form, 'payment_intent');
  if (intent === undefined) return text(form, 'charge');
  return ledger.get('payment_intent', intent)?.latest_charge ?? '-';
}

// ── webhook endpoints ────────────────────────────────────────────────────────────────────────────

function withEndpoint(
  work: (ledger: Ledger, endpoint: Kinds['webhook_endpoint'], form: Form) => Reply,
): Handler {
  return (ledger, { form }, id) => {
    const endpoint = ledger.get('webhook_endpoint', id);
    return endpoint === undefined ? noSuch('webhook endpoint', id) : work(ledger, endpoint, form);
  };
}

function createEndpoint(ledger: Ledger, form: Form): Reply {
  const url = text(form, 'url') ?? '';
  if (!isWebUrl(url))
    return badRequest(
      'Invalid URL: an explicit scheme (such as https) must be provided.',
      'url',
      'url_invalid',
    );
  const events = texts(form, 'enabled_events');
  if (events.length === 0)
    return badRequest('Missing required param: enabled_events.', 'enabled_events', 'parameter_missing');
  if (ledger.list('webhook_endpoint', { limit: 16 }).data.length >= 16) {
    return badRequest('You have reached the maximum of 16 test webhook endpoints.');
  }
  const metadata: Metadata = {};
  const endpoint: Endpoint = {
    id: ledger.newId('we'),
    object: 'webhook_endpoint',
    created: ledger.seconds,
    enabled_events: events,
    livemode: false,
    metadata,
    status: 'enabled',
    url,
    secret: `whsec_${ledger.newSecret()}`,
    host: null,
  };
  ledger.put('webhook_endpoint', endpoint);
  return ok({ ...shownEndpoint(endpoint), secret: endpoint.secret });
}

function updateEndpoint(ledger: Ledger, endpoint: Endpoint, form: Form): Reply {
  const url = text(form, 'url') ?? endpoint.url;
  if (!isWebUrl(url))
    return badRequest(
      'Invalid URL: an explicit scheme (such as https) must be provided.',
      'url',
      'url_invalid',
    );
  const events = texts(form, 'enabled_events');
  const disabled = text(form, 'disabled');
  const changed: Endpoint = {
    ...endpoint,
    url,
    enabled_events: events.length === 0 ? endpoint.enabled_events : events,
    status: disabled === undefined ? endpoint.status : disabled === 'true' ? 'disabled' : 'enabled',
  };
  ledger.put('webhook_endpoint', changed);
  return ok(shownEndpoint(changed));
}

function listEndpoints(ledger: Ledger, form: Form): Reply {
  const reply = list(ledger, 'webhook_endpoint', form, '/v1/webhook_endpoints');
  if (reply.status !== 200) return reply;
  const page = reply.body as { data: Endpoint[] };
  return ok({ ...page, data: page.data.map(shownEndpoint) });
}

function shownEndpoint(endpoint: Endpoint): Omit<Endpoint, 'secret' | 'host'> {
  const { secret: _secret, host: _host, ...shown } = endpoint;
  return shown;
}

function isWebUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}
