/** The stand-in's HTTP, below `/paypal`: tokens, PayPal's REST, its signer's certificate, and the page where a payer agrees. */
import { createHmac, randomUUID } from 'node:crypto';
import { jsonIn } from '../../../json/index.ts';
import { isSame } from '../../../secrets/same.ts';
import type { Reply } from '../errors.ts';
import type { Knobs } from '../knobs.ts';
import type { Store } from '../store.ts';
import { acceptClaim, notesIn, provideEvidence, shownDispute } from './disputes.ts';
import { searchTransactions } from './ledger.ts';
import type { Choice, PayPalAccount, PayPalOrder } from './objects.ts';
import { at, noSuchResource, unprocessable, type PayPalBooks } from './books.ts';
import {
  approve,
  authorize,
  belonging,
  captureAuthorization,
  createOrder,
  refundCapture,
  shownOrder,
  voidAuthorization,
} from './orders.ts';
import type { Signer } from './signer.ts';

export interface PayPalServerOptions {
  readonly store: Store;
  readonly now: () => Date;
  readonly signer: () => Promise<Signer>;
  /** Base of the API as browsers reach it. */
  readonly publicUrl: string;
  /** How long the first try of a message to an account waits; a test's knob. */
  readonly delayMs: (account: string) => number;
  readonly knobs: Knobs;
}

export interface PayPalRequest {
  readonly method: string;
  /** After `/paypal`. */
  readonly path: string;
  readonly body: string;
  readonly authorization: string | undefined;
  readonly requestId: string | undefined;
  readonly query: URLSearchParams;
  readonly contentType: string | undefined;
}

/** Below this name an account's rows are in the store that all share. */
export function rowsOf(tenant: string): string {
  return `${PREFIX}${tenant}`;
}
export const PREFIX = 'paypal:';

const TOKEN_SECONDS = 32_400;
const LONGEST_KEY = 108;

/** @returns `lost` when all was done, and a test wants nobody to hear of it */
export async function answerPayPal(
  options: PayPalServerOptions,
  request: PayPalRequest,
): Promise<Reply | 'lost'> {
  const { path, method } = request;
  if (path === '/v1/oauth2/token' && method === 'POST') return grant(options, request);
  const caller = callerOf(options, request.authorization);
  if (caller === undefined) return { status: 401, body: { error: 'invalid_token', name: 'INVALID_TOKEN' } };
  const body = request.body === '' ? {} : jsonIn(partOf(request));
  if (body === undefined) return { status: 400, body: { name: 'INVALID_REQUEST', message: 'Send JSON.' } };
  if (method === 'GET') {
    if (path.startsWith('/v1/customer/disputes')) return readDisputes(options.store, caller, request);
    if (path === '/v1/reporting/transactions')
      return searchTransactions(options.store, caller, request.query, options.now());
    return read(books(options, caller), path);
  }
  const key = request.requestId;
  if (key !== undefined && (key === '' || key.length > LONGEST_KEY))
    return unprocessable('INVALID_STRING_LENGTH');
  const failure = options.knobs.failRequest(caller);
  if (failure !== undefined) return { status: failure, body: { name: 'INTERNAL_SERVER_ERROR' } };
  const done = await options.store.commit(() => {
    const before = key === undefined ? undefined : options.store.remembered(caller, `${path} ${key}`);
    // The parser of this process wrote it.
    if (before !== undefined) return { status: 200, body: JSON.parse(before.body) as unknown };
    const reply =
      writeDispute(options.store, caller, books(options, caller), path, body) ??
      write(books(options, caller), path, body);
    if (key !== undefined && reply.status < 300) {
      const kept = { fingerprint: '', status: reply.status, body: JSON.stringify(reply.body) };
      options.store.remember(caller, `${path} ${key}`, kept, options.now().getTime());
    }
    return reply;
  });
  return options.knobs.loseReply(caller) ? 'lost' : done;
}

/** The order that a payer was sent to agree to; whoever has its id may. */
export function orderToApprove(options: PayPalServerOptions, id: string): PayPalOrder | undefined {
  return options.store.find('paypal_order', id)?.value;
}

/** @returns where the payer's browser goes next; undefined when nobody said, or there is no such order */
export async function answerPayer(
  options: PayPalServerOptions,
  id: string,
  choice: Choice | 'cancel',
): Promise<string | undefined> {
  const found = options.store.find('paypal_order', id);
  if (found === undefined) return undefined;
  if (choice === 'cancel') return withToken(found.value.cancelUrl, { token: id });
  await options.store.commit(() => {
    const theirs = books(options, found.account);
    const order = theirs.order(id);
    if (order !== undefined) approve(theirs, order, choice);
  });
  return withToken(found.value.returnUrl, { token: id, PayerID: 'LOCALPAYER000' });
}

function withToken(url: string | undefined, query: Readonly<Record<string, string>>): string | undefined {
  if (url === undefined) return undefined;
  const to = new URL(url);
  for (const [name, value] of Object.entries(query)) to.searchParams.set(name, value);
  return to.href;
}

/** Forms with files have their JSON in a part called `input`. */
function partOf({ body, contentType }: PayPalRequest): string {
  const [, boundary] = /^multipart\/form-data;.*boundary="?([^";]+)/.exec(contentType ?? '') ?? [];
  if (boundary === undefined) return body;
  const part = body.split(`--${boundary}`).find((each) => /name="input"/.test(each)) ?? '';
  return part.slice(part.indexOf('\r\n\r\n')).trim();
}

function readDisputes(store: Store, account: string, { path, query }: PayPalRequest): Reply {
  const id = path.slice('/v1/customer/disputes/'.length);
  if (id !== '') {
    const dispute = store.get(account, 'paypal_dispute', id);
    return dispute === undefined ? noSuchResource() : { status: 200, body: shownDispute(dispute) };
  }
  const about = query.get('disputed_transaction_id');
  if (about !== null) {
    const all = store.list(account, 'paypal_dispute', { limit: 1_000 }).data;
    const items = all.filter(({ capture }) => capture === about).map(shownDispute);
    return { status: 200, body: { items, links: [] } };
  }
  const since = Date.parse(query.get('start_time') ?? '');
  const { data, hasMore } = store.list(account, 'paypal_dispute', {
    limit: Math.min(Number(query.get('page_size') ?? 10) || 10, 50),
    startingAfter: query.get('next_page_token') ?? undefined,
    ...(Number.isNaN(since) ? {} : { createdFrom: Math.floor(since / 1000) }),
  });
  const next = `/v1/customer/disputes?next_page_token=${data.at(-1)?.id ?? ''}`;
  const links = hasMore ? [{ rel: 'next', method: 'GET', href: next }] : [];
  return { status: 200, body: { items: data.map(shownDispute), links } };
}

function read(theirs: PayPalBooks, path: string): Reply {
  const [, kind = '', id = ''] =
    /^\/v2\/(checkout\/orders|payments\/(?:authorizations|captures))\/([A-Z0-9]+)$/.exec(path) ?? [];
  if (kind === 'checkout/orders') {
    const order = theirs.order(id);
    return order === undefined
      ? noSuchResource()
      : { status: 200, body: shownOrder(order, theirs.publicUrl) };
  }
  const order = kind === '' ? undefined : theirs.holding(id);
  const part = [order?.authorization, order?.capture].find((each) => each?.id === id);
  return order === undefined || part === undefined
    ? noSuchResource()
    : { status: 200, body: { ...part, ...belonging(order) } };
}

function writeDispute(
  store: Store,
  account: string,
  theirs: PayPalBooks,
  path: string,
  body: unknown,
): Reply | undefined {
  const [, id, action] =
    /^\/v1\/customer\/disputes\/([\w-]+)\/(provide-evidence|accept-claim)$/.exec(path) ?? [];
  if (id === undefined) return undefined;
  const dispute = store.get(account, 'paypal_dispute', id);
  if (dispute === undefined) return noSuchResource();
  return action === 'accept-claim'
    ? acceptClaim(theirs, dispute)
    : provideEvidence(theirs, dispute, notesIn(body));
}

function write(theirs: PayPalBooks, path: string, body: unknown): Reply {
  if (path === '/v2/checkout/orders') return createOrder(theirs, body);
  const [, kind = '', id = '', action = ''] =
    /^\/v2\/(checkout\/orders|payments\/(?:authorizations|captures))\/([A-Z0-9]+)\/([a-z]+)$/.exec(path) ??
    [];
  const order = kind === 'checkout/orders' ? theirs.order(id) : theirs.holding(id);
  if (order === undefined) return noSuchResource();
  switch (`${kind} ${action}`) {
    case 'checkout/orders authorize':
      return authorize(theirs, order);
    case 'payments/authorizations capture':
      return captureAuthorization(theirs, order, body);
    case 'payments/authorizations void':
      return voidAuthorization(theirs, order);
    case 'payments/captures refund':
      return refundCapture(theirs, order, body);
    default:
      return noSuchResource();
  }
}

function books(options: PayPalServerOptions, account: string): PayPalBooks {
  const { store, publicUrl } = options;
  const now = options.now();
  return {
    now,
    publicUrl,
    order: (id) => store.get(account, 'paypal_order', id),
    holding(paymentId) {
      const orderId = store.get(account, 'paypal_payment', paymentId)?.order;
      return orderId === undefined ? undefined : store.get(account, 'paypal_order', orderId);
    },
    put(order) {
      store.put(account, 'paypal_order', order);
      for (const part of [order.authorization, order.capture])
        if (part !== undefined)
          store.put(account, 'paypal_payment', { id: part.id, created: order.created, order: order.id });
    },
    putDispute: (dispute) => store.put(account, 'paypal_dispute', dispute),
    tell(type, resourceType, resource) {
      const id = `WH-${randomUUID().toUpperCase()}`;
      const event = {
        id,
        event_version: '1.0',
        create_time: now.toISOString(),
        resource_type: resourceType,
        event_type: type,
        resource,
      };
      const created = Math.floor(now.getTime() / 1000);
      store.put(account, 'paypal_event', { id, created, body: JSON.stringify(event) });
      store.owe(account, id, 'webhook', now.getTime() + options.delayMs(account));
    },
  };
}

// ── who asks ─────────────────────────────────────────────────────────────────────────────────────

function grant({ store, now }: PayPalServerOptions, { authorization, body }: PayPalRequest): Reply {
  const [, login = ''] = /^Basic (.+)$/.exec(authorization ?? '') ?? [];
  const [clientId = '', secret = ''] = Buffer.from(login, 'base64').toString('utf8').split(/:(.*)/s);
  const found = store.find('paypal_account', clientId);
  if (found === undefined || !isSame(secret, found.value.clientSecret))
    return {
      status: 401,
      body: { error: 'invalid_client', error_description: 'Client Authentication failed' },
    };
  if (new URLSearchParams(body).get('grant_type') !== 'client_credentials')
    return { status: 400, body: { error: 'unsupported_grant_type' } };
  const claims = Buffer.from(JSON.stringify([clientId, Math.floor(now().getTime() / 1000) + TOKEN_SECONDS]));
  const token = `${claims.toString('base64url')}.${proofOf(found.value, claims)}`;
  return { status: 200, body: { access_token: token, token_type: 'Bearer', expires_in: TOKEN_SECONDS } };
}

/** @returns the account's name in the store */
function callerOf(
  { store, now }: PayPalServerOptions,
  authorization: string | undefined,
): string | undefined {
  const [, text = '', proof = ''] = /^Bearer ([\w-]+)\.([\w-]+)$/.exec(authorization ?? '') ?? [];
  const claims = Buffer.from(text, 'base64url');
  const read = jsonIn(claims.toString('utf8'));
  const found = store.find('paypal_account', String(at(read, '0')));
  if (found === undefined || !isSame(proof, proofOf(found.value, claims))) return undefined;
  return Number(at(read, '1')) > now().getTime() / 1000 ? found.account : undefined;
}

function proofOf({ clientSecret }: PayPalAccount, claims: Buffer): string {
  return createHmac('sha256', clientSecret).update(claims).digest('base64url');
}
