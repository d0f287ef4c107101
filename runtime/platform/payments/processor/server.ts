/**
 * The processor's HTTP: keys, idempotency, the `/v1` API, the pages, and the operator's administration.
 * Every answer is sent only after what it says is on the disk.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { jsonIn } from '../../json/index.ts';
import { isSame } from '../../secrets/same.ts';
import { readAccount } from './accounts.ts';
import { answerApi } from './api.ts';
import { payOut } from './balance.ts';
import { badRequest, noSuch, ok, refuse, type Reply } from './errors.ts';
import { decodeForm, text, type Form } from './form.ts';
import { answerChallenge } from './intents.ts';
import { readSettings, type Knobs } from './knobs.ts';
import { API_VERSION, openLedger, type Ledger } from './ledger.ts';
import { approvalPage, cardPage, challengePage, messagePage, readAssets } from './pages.ts';
import { readPayPalAccount } from './paypal/accounts.ts';
import {
  answerPayer,
  answerPayPal,
  orderToApprove,
  rowsOf,
  type PayPalServerOptions,
} from './paypal/server.ts';
import type { Signer } from './paypal/signer.ts';
import type { Account, Store } from './store.ts';
import type { Courier } from './webhooks.ts';

export interface ProcessorServerOptions {
  readonly store: Store;
  readonly courier: Courier;
  readonly knobs: Knobs;
  readonly now: () => Date;
  /** Of PayPal's messages. */
  readonly signer: () => Promise<Signer>;
  /** What the operator must show to change accounts. */
  readonly adminSecret: string;
  /** Where browsers reach us; absent: wherever the request at hand came to. */
  readonly publicOrigin: string | undefined;
  /** Allows `/_admin/knobs`. */
  readonly forTests: boolean;
  readonly warn: (facts: object, message: string) => void;
}

const MAX_BODY = 65_536;
const FORM = 'application/x-www-form-urlencoded';

interface Incoming {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly body: string;
  readonly id: string;
}

export function createProcessorServer(options: ProcessorServerOptions): Server {
  const assets = readAssets();
  const cards = cardPage();
  const server = createServer((request, response) => {
    const id = `req_${randomBytes(10).toString('hex')}`;
    response.setHeader('request-id', id);
    response.setHeader('cache-control', 'no-store');
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('referrer-policy', 'no-referrer');
    serve(options, assets, cards, request, response, id).catch((cause: unknown) => {
      options.warn({ err: cause, request: id }, 'request failed');
      const problem = {
        type: 'api_error' as const,
        message: 'The processor failed; nothing was changed. Try again.',
      };
      if (!response.headersSent) sendJson(response, refuse(500, problem));
      else response.destroy();
    });
  });
  server.requestTimeout = 30_000;
  server.headersTimeout = 10_000;
  server.keepAliveTimeout = 65_000;
  return server;
}

async function serve(
  options: ProcessorServerOptions,
  assets: ReturnType<typeof readAssets>,
  cards: string,
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://processor');
  const file = assets[url.pathname];
  if (file !== undefined && request.method === 'GET') {
    response.setHeader('cache-control', 'public, max-age=300');
    response.writeHead(200, { 'content-type': file.type, etag: file.etag });
    response.end(file.body);
    return;
  }
  if (url.pathname === '/elements/card' && request.method === 'GET') {
    sendPage(response, cards, originOf(url.searchParams.get('return_origin')));
    return;
  }
  if (request.method === 'OPTIONS' && url.pathname.startsWith('/v1/')) {
    allowBrowsers(response);
    response.writeHead(204).end();
    return;
  }
  const body = await readBody(request);
  if (body === undefined) {
    response.setHeader('connection', 'close');
    sendJson(
      response,
      refuse(413, {
        type: 'invalid_request_error',
        message: `Request bodies have at most ${MAX_BODY} bytes.`,
      }),
    );
    return;
  }
  const incoming: Incoming = { request, response, url, body, id };
  if (url.pathname.startsWith('/v1/')) await serveApi(options, incoming);
  else if (url.pathname.startsWith('/paypal/')) await servePayPal(options, incoming);
  else if (url.pathname.startsWith('/challenge/')) await serveChallenge(options, incoming);
  else if (url.pathname.startsWith('/_admin/')) await serveAdmin(options, incoming);
  else if (url.pathname === '/')
    sendPage(response, messagePage('Payments', 'This is the local payment processor.'), undefined);
  else sendJson(response, noSuch('page', url.pathname));
}

// ── the API ──────────────────────────────────────────────────────────────────────────────────────

async function serveApi(options: ProcessorServerOptions, incoming: Incoming): Promise<void> {
  const { request, response, url, body } = incoming;
  allowBrowsers(response);
  response.setHeader('stripe-version', headerOf(request, 'stripe-version') ?? API_VERSION);
  const form = readForm(request, url, body);
  if ('status' in form) return sendJson(response, form);
  const found = options.store.accountByKey(keyOf(request) ?? text(form.value, 'key') ?? '');
  if (found === undefined) {
    return sendJson(
      response,
      refuse(401, {
        type: 'invalid_request_error',
        message: 'Invalid API Key provided. Send it as `Authorization: Bearer sk_test_…`.',
      }),
    );
  }
  const slow = options.knobs.slowMs(found.account.id);
  if (slow > 0) await new Promise((resolve) => setTimeout(resolve, slow));
  const failure = options.knobs.failRequest(found.account.id);
  if (failure !== undefined) {
    return sendJson(
      response,
      refuse(failure, { type: 'api_error', message: 'This failure was asked for by a test.' }),
    );
  }
  const path = url.pathname.slice('/v1/'.length).split('/').map(safeDecode);
  const method = request.method ?? 'GET';
  const act = (ledger: Ledger): Reply =>
    answerApi(ledger, { method, path, form: form.value, secret: found.secret });
  if (method === 'GET') return sendJson(response, act(ledgerFor(options, incoming, found.account)));
  const key = headerOf(request, 'idempotency-key');
  if (key !== undefined && (key.length > 255 || key === '')) {
    return sendJson(
      response,
      badRequest('Idempotency keys have 1 to 255 characters.', undefined, 'idempotency_key_invalid'),
    );
  }
  const outcome = await options.store.commit(() =>
    once(
      options,
      found.account,
      key === undefined ? undefined : `${found.secret ? 's' : 'p'}:${key}`,
      fingerprint(method, url, body),
      () => act(ledgerFor(options, incoming, found.account)),
    ),
  );
  options.courier.wake();
  if (options.knobs.loseReply(found.account.id)) {
    request.socket.destroy();
    return;
  }
  if (key !== undefined) response.setHeader('idempotency-key', key);
  if (outcome.replayed) response.setHeader('idempotent-replayed', 'true');
  send(response, outcome.status, 'application/json', outcome.body);
}

/** Runs `act` for the first request with a key and repeats its answer for every later one. */
function once(
  options: ProcessorServerOptions,
  account: Account,
  key: string | undefined,
  print: string,
  act: () => Reply,
): { status: number; body: string; replayed: boolean } {
  const before = key === undefined ? undefined : options.store.remembered(account.id, key);
  if (before !== undefined && before.fingerprint !== print) {
    const message =
      'Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than the one given if you meant to execute a different request.';
    const reply = refuse(400, { type: 'idempotency_error', message });
    return { status: reply.status, body: JSON.stringify(reply.body), replayed: false };
  }
  if (before !== undefined) return { status: before.status, body: before.body, replayed: true };
  const reply = act();
  const body = JSON.stringify(reply.body);
  if (key !== undefined) {
    options.store.remember(
      account.id,
      key,
      { fingerprint: print, status: reply.status, body },
      options.now().getTime(),
    );
  }
  return { status: reply.status, body, replayed: false };
}

function fingerprint(method: string, url: URL, body: string): string {
  return createHash('sha256')
    .update(`${method}\n${url.pathname}\n${url.search}\n${body}`)
    .digest('base64url');
}

function ledgerFor(options: ProcessorServerOptions, incoming: Incoming, of: Account): Ledger {
  return openLedger(options.store, of, options.now(), {
    publicOrigin: options.publicOrigin ?? originOfRequest(incoming.request),
    request: { id: incoming.id, idempotencyKey: headerOf(incoming.request, 'idempotency-key') },
    delayMs: () => options.knobs.firstDelayMs(of.id),
  });
}

// ── PayPal ───────────────────────────────────────────────────────────────────────────────────────

async function servePayPal(options: ProcessorServerOptions, incoming: Incoming): Promise<void> {
  const { request, response, url, body } = incoming;
  const path = url.pathname.slice('/paypal'.length);
  const method = request.method ?? 'GET';
  const theirs: PayPalServerOptions = {
    store: options.store,
    now: options.now,
    signer: options.signer,
    publicUrl: `${options.publicOrigin ?? originOfRequest(request)}/paypal`,
    delayMs: (account) => options.knobs.firstDelayMs(account),
    knobs: options.knobs,
  };
  if (path === '/checkoutnow') return servePayer(theirs, options, incoming);
  if (path.startsWith('/v1/notifications/certs/')) {
    const { name, chain } = await options.signer();
    if (path.endsWith(`/${name}`)) return send(response, 200, 'application/x-x509-ca-cert', chain);
    return sendJson(response, noSuch('certificate', path));
  }
  const reply = await answerPayPal(theirs, {
    method,
    path,
    body,
    authorization: headerOf(request, 'authorization'),
    requestId: headerOf(request, 'paypal-request-id'),
    query: url.searchParams,
    contentType: headerOf(request, 'content-type'),
  });
  options.courier.wake();
  if (reply === 'lost') request.socket.destroy();
  else sendJson(response, reply);
}

/** The page where a payer agrees, and chooses what shall become of the payment. */
async function servePayer(
  theirs: PayPalServerOptions,
  options: ProcessorServerOptions,
  { request, response, url, body }: Incoming,
): Promise<void> {
  const id = url.searchParams.get('token') ?? '';
  const order = orderToApprove(theirs, id);
  if (order?.status !== 'PAYER_ACTION_REQUIRED') {
    const page = messagePage('Nothing to approve', 'This payment does not exist, or does not wait for you.');
    return sendPage(response, page, undefined, 404);
  }
  if (request.method !== 'POST')
    return sendPage(response, approvalPage(id, order.amount.value, order.amount.currency_code), undefined);
  const outcome = new URLSearchParams(body).get('outcome');
  const choice = (['approve', 'decline', 'dispute'] as const).find((each) => each === outcome) ?? 'cancel';
  const next = await answerPayer(theirs, id, choice);
  options.courier.wake();
  if (next !== undefined) response.writeHead(303, { location: next }).end();
  else sendPage(response, messagePage('Thank you', 'You can go back to the shop now.'), undefined);
}

// ── the challenge ────────────────────────────────────────────────────────────────────────────────

async function serveChallenge(options: ProcessorServerOptions, incoming: Incoming): Promise<void> {
  const { request, response, url, body } = incoming;
  const form = readForm(request, url, body);
  if ('status' in form) return sendJson(response, form);
  const intentId = safeDecode(url.pathname.slice('/challenge/'.length));
  const secret = text(form.value, 'client_secret') ?? '';
  const found = options.store.intentBySecret(intentId, secret);
  const wantsJson = (headerOf(request, 'accept') ?? '').includes('application/json');
  if (found === undefined) {
    return wantsJson
      ? sendJson(response, noSuch('payment_intent', intentId, 'intent'))
      : sendPage(response, messagePage('Nothing to confirm', 'This payment does not exist.'), undefined, 404);
  }
  if (request.method === 'GET') {
    const { intent } = found;
    const html =
      intent.status === 'requires_action'
        ? challengePage(intent.id, secret, intent.amount, intent.currency)
        : messagePage('Nothing to confirm', 'This payment does not wait for your bank.');
    return sendPage(response, html, undefined);
  }
  const passed = text(form.value, 'outcome') === 'pass';
  const returnUrl = found.intent.next_action?.redirect_to_url.return_url;
  const reply = await options.store.commit(() => {
    const ledger = ledgerFor(options, incoming, found.account);
    const intent = ledger.get('payment_intent', intentId);
    return intent === undefined
      ? noSuch('payment_intent', intentId, 'intent')
      : answerChallenge(ledger, intent, passed);
  });
  options.courier.wake();
  if (wantsJson) return sendJson(response, reply);
  const status = reply.status === 200 ? 'succeeded' : 'failed';
  if (returnUrl !== undefined && returnUrl !== null && URL.canParse(returnUrl)) {
    const target = new URL(returnUrl);
    target.searchParams.set('payment_intent', intentId);
    target.searchParams.set('payment_intent_client_secret', secret);
    target.searchParams.set('redirect_status', status);
    response.writeHead(303, { location: target.href }).end();
    return;
  }
  sendPage(response, messagePage(`Authentication ${status}`, 'You can go back to the shop now.'), undefined);
}

// ── administration ───────────────────────────────────────────────────────────────────────────────

async function serveAdmin(options: ProcessorServerOptions, incoming: Incoming): Promise<void> {
  const { request, response, url, body } = incoming;
  // What comes through the gateway comes from outside; only the operator, inside the cluster, may change accounts.
  if (headerOf(request, 'x-forwarded-host') !== undefined)
    return sendJson(response, noSuch('page', url.pathname));
  if (!isSame(keyOf(request) ?? '', options.adminSecret)) {
    return sendJson(
      response,
      refuse(401, { type: 'authentication_error', message: 'Send the payments secret as a bearer token.' }),
    );
  }
  const [, , collection, id] = url.pathname.split('/');
  if (collection === 'accounts' && request.method === 'POST') {
    const account = readAccount(jsonIn(body));
    if (typeof account === 'string') return sendJson(response, badRequest(account));
    const taken = [account.secretKey, account.publishableKey].some((key) => {
      const owner = options.store.accountByKey(key);
      return owner !== undefined && owner.account.id !== account.id;
    });
    if (taken) {
      const problem = { type: 'invalid_request_error' as const, message: 'Another account has this key.' };
      return sendJson(response, refuse(409, problem));
    }
    await options.store.commit(() => options.store.putAccount(account));
    options.courier.wake();
    return sendJson(response, ok({ id: account.id }));
  }
  if (collection === 'paypal-accounts' && request.method === 'POST') {
    const account = readPayPalAccount(jsonIn(body));
    if (typeof account === 'string') return sendJson(response, badRequest(account));
    const { tenant, ...kept } = account;
    const rows = rowsOf(tenant);
    const owner = options.store.find('paypal_account', kept.id);
    if (owner !== undefined && owner.account !== rows)
      return sendJson(
        response,
        refuse(409, { type: 'invalid_request_error', message: 'Another account has this client id.' }),
      );
    const created = Math.floor(options.now().getTime() / 1000);
    await options.store.commit(() => {
      for (const former of options.store.list(rows, 'paypal_account', { limit: 10 }).data)
        options.store.remove(rows, 'paypal_account', former.id);
      options.store.put(rows, 'paypal_account', { ...kept, created });
    });
    options.courier.wake();
    return sendJson(response, ok({ id: tenant }));
  }
  if (collection === 'paypal-accounts' && request.method === 'DELETE' && id !== undefined) {
    const tenant = safeDecode(id);
    const deleted = await options.store.commit(() => options.store.deleteAccount(rowsOf(tenant)));
    return sendJson(response, ok({ id: tenant, deleted }));
  }
  if (collection === 'accounts' && request.method === 'DELETE' && id !== undefined) {
    const deleted = await options.store.commit(() => options.store.deleteAccount(safeDecode(id)));
    options.knobs.forget(safeDecode(id));
    return sendJson(response, ok({ id: safeDecode(id), deleted }));
  }
  if (collection === 'payouts' && request.method === 'POST' && options.forTests) {
    const account = options.store.account(knobsOf(jsonIn(body)).account ?? '');
    if (account === undefined) return sendJson(response, noSuch('account', ''));
    const payouts = await options.store.commit(() => payOut(ledgerFor(options, incoming, account)));
    options.courier.wake();
    return sendJson(response, ok({ payouts }));
  }
  if (collection === 'knobs' && request.method === 'POST' && options.forTests) {
    const { account, settings } = knobsOf(jsonIn(body));
    if (account === undefined || typeof settings === 'string') {
      return sendJson(
        response,
        badRequest(typeof settings === 'string' ? settings : 'account: expected its id'),
      );
    }
    options.knobs.turn(account, settings);
    return sendJson(response, ok({ account, settings }));
  }
  sendJson(response, noSuch('page', url.pathname));
}

function knobsOf(given: unknown): { account: string | undefined; settings: ReturnType<typeof readSettings> } {
  const input: Readonly<Record<string, unknown>> = { ...(typeof given === 'object' ? given : {}) };
  const account = typeof input['account'] === 'string' ? input['account'] : undefined;
  return { account, settings: readSettings(input['settings']) };
}

// ── reading and sending ──────────────────────────────────────────────────────────────────────────

/** Undefined when it is larger than any request may be. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    // Without an encoding set, an incoming message yields buffers.
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > MAX_BODY) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readForm(request: IncomingMessage, url: URL, body: string): { value: Form } | Reply {
  const type = headerOf(request, 'content-type')?.split(';')[0]?.trim().toLowerCase();
  if (body !== '' && type !== FORM) {
    return refuse(400, {
      type: 'invalid_request_error',
      message: `Send bodies as ${FORM}, not as ${type ?? 'nothing'}.`,
    });
  }
  try {
    return { value: { ...decodeForm(url.search.slice(1)), ...decodeForm(body) } };
  } catch (cause) {
    if (cause instanceof RangeError || cause instanceof TypeError)
      return badRequest(`Invalid request: ${cause.message}.`);
    throw cause;
  }
}

function keyOf(request: IncomingMessage): string | undefined {
  const header = headerOf(request, 'authorization') ?? '';
  if (header.startsWith('Bearer ')) return header.slice('Bearer '.length).trim();
  if (!header.startsWith('Basic ')) return undefined;
  return Buffer.from(header.slice('Basic '.length), 'base64').toString('utf8').split(':')[0];
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function originOfRequest(request: IncomingMessage): string {
  const proto = headerOf(request, 'x-forwarded-proto') === 'https' ? 'https' : 'http';
  const host = headerOf(request, 'x-forwarded-host') ?? headerOf(request, 'host') ?? 'localhost';
  return `${proto}://${/^[a-z0-9.:[\]-]+$/i.test(host) ? host : 'localhost'}`;
}

function originOf(value: string | null): string | undefined {
  if (value === null || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.origin : undefined;
}

function safeDecode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // A malformed escape names nothing, so it is looked up, and not found, as it stands.
    return segment;
  }
}

function allowBrowsers(response: ServerResponse): void {
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-allow-methods', 'GET, POST, OPTIONS');
  response.setHeader(
    'access-control-allow-headers',
    'authorization, content-type, idempotency-key, stripe-version',
  );
  response.setHeader('access-control-expose-headers', 'request-id');
  response.setHeader('access-control-max-age', '300');
}

/** @param framer the one origin that may embed the page; nobody when undefined */
function sendPage(response: ServerResponse, html: string, framer: string | undefined, status = 200): void {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    `frame-ancestors ${framer ?? "'none'"}`,
  ].join('; ');
  response.setHeader('content-security-policy', policy);
  send(response, status, 'text/html; charset=utf-8', html);
}

function sendJson(response: ServerResponse, reply: Reply): void {
  send(response, reply.status, 'application/json', JSON.stringify(reply.body));
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
