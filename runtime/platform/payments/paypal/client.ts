/**
 * PayPal's REST by HTTP: a token for each merchant, kept until shortly before its end; requests that are tried again under their id;
 * refusals in the shop's words.
 */
import { createHash } from 'node:crypto';
import { z, type ZodType } from 'zod';
import { createCircuit, guarded, type CircuitWatch, type Guarded } from '../../circuit/circuit.ts';
import { ShopError, type ErrorCode } from '../../errors.ts';
import { jsonIn } from '../../json/index.ts';

/** Who asks, and whom. */
export interface Merchant {
  /** Without a slash at its end: `https://api-m.paypal.com`. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface PayPalRequest<Out> {
  readonly method: 'GET' | 'POST';
  /** From `/v1` or `/v2` on. */
  readonly path: string;
  readonly body?: object;
  /** Instead of a body: its part `input` is JSON. */
  readonly form?: FormData;
  /** Makes a request happen once, as long as PayPal remembers it. */
  readonly id?: string;
  readonly answer: ZodType<Out>;
}

export interface PayPalClient {
  /** @throws ShopError; `issueOf` tells PayPal's own name of what was wrong */
  ask<Out>(merchant: Merchant, request: PayPalRequest<Out>): Promise<Out>;
}

export interface PayPalClientOptions {
  /** For one try of one request. */
  readonly timeoutMs: number;
  /** Tries after the first. */
  readonly retries: number;
  /** Milliseconds since any moment. */
  readonly monotonic: () => number;
  /** Told when nobody asks any more, and when it answers again. */
  readonly watch?: CircuitWatch | undefined;
}

/** What PayPal calls the reason of a refusal: `ORDER_NOT_APPROVED`. */
function issueOf(error: unknown): string | undefined {
  return error instanceof ShopError && error.cause instanceof Refusal ? error.cause.issue : undefined;
}

class Refusal extends Error {
  readonly status: number;
  readonly issue: string;
  constructor(status: number, issue: string, message: string) {
    super(`PayPal answered ${status} ${issue}: ${message}`);
    this.name = 'Refusal';
    this.status = status;
    this.issue = issue;
  }
}

const granted = z.object({ access_token: z.string().min(1), expires_in: z.number() });
const refused = z.object({
  name: z.string().optional(),
  message: z.string().optional(),
  error: z.string().optional(),
  details: z.array(z.object({ issue: z.string().optional(), description: z.string().optional() })).optional(),
});

/** A token is not used for the last minute of its life. */
const SPARE_MS = 60_000;
/** Merchants whose tokens are kept; beyond that the oldest are asked for again. */
const MOST_TOKENS = 5_000;
/** PayPal's bound for request ids. */
const LONGEST_ID = 108;
const MOST_BYTES = 2_097_152;
/** Requests in a row that were given up until nobody asks for a moment. Each has been tried several times already. */
const FAILURES = 5;
const REST_MS = 1_000;

interface Token {
  readonly value: string;
  readonly until: number;
}

export function createPayPalClient(options: PayPalClientOptions): PayPalClient {
  const tokens = new Map<string, Promise<Token>>();
  /** By address: PayPal, its sandbox and the stand-in are not away together. */
  const guards = new Map<string, Guarded>();

  function guardOf({ url }: Merchant): Guarded {
    const known = guards.get(url);
    if (known !== undefined) return known;
    const { watch } = options;
    const circuit = createCircuit({
      failures: FAILURES,
      restMilliseconds: REST_MS,
      now: options.monotonic,
      ...(watch === undefined ? {} : { watch }),
    });
    const guard: Guarded = { circuit, isAway, refusal: () => unreached() };
    guards.set(url, guard);
    return guard;
  }

  async function tokenOf(merchant: Merchant): Promise<string> {
    const name = nameOf(merchant);
    const known = await tokens.get(name)?.catch(() => undefined);
    if (known !== undefined && known.until > options.monotonic()) return known.value;
    const asked = grant(merchant);
    tokens.delete(name);
    tokens.set(name, asked);
    for (const oldest of tokens.keys()) {
      if (tokens.size <= MOST_TOKENS) break;
      tokens.delete(oldest);
    }
    try {
      return (await asked).value;
    } catch (error) {
      if (tokens.get(name) === asked) tokens.delete(name);
      throw error;
    }
  }

  async function grant(merchant: Merchant): Promise<Token> {
    const began = options.monotonic();
    const login = Buffer.from(`${merchant.clientId}:${merchant.clientSecret}`).toString('base64');
    const { access_token: value, expires_in: seconds } = await patiently(() =>
      send(
        `${merchant.url}/v1/oauth2/token`,
        {
          method: 'POST',
          headers: { authorization: `Basic ${login}`, 'content-type': 'application/x-www-form-urlencoded' },
          body: 'grant_type=client_credentials',
        },
        granted,
      ),
    );
    return { value, until: began + seconds * 1000 - SPARE_MS };
  }

  async function once<Out>(merchant: Merchant, request: PayPalRequest<Out>): Promise<Out> {
    const token = await tokenOf(merchant);
    const { method, path, body, form, id, answer } = request;
    const init: RequestInit = {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(form === undefined ? { 'content-type': 'application/json' } : {}),
        prefer: 'return=representation',
        ...(id === undefined ? {} : { 'paypal-request-id': shortened(id) }),
      },
      ...(method === 'GET' ? {} : { body: form ?? JSON.stringify(body ?? {}) }),
    };
    try {
      return await send(`${merchant.url}${path}`, init, answer);
    } catch (error) {
      // It may have been withdrawn before its time: the next try asks for another.
      if (issueOf(error) === 'INVALID_TOKEN') tokens.delete(nameOf(merchant));
      throw error;
    }
  }

  /** What passes by itself is tried again; so is a request whose token was withdrawn, once. */
  async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await attempt();
      } catch (error) {
        const passes = error instanceof ShopError && error.code === 'unavailable' && issueOf(error) !== KEYS;
        if (tries >= options.retries || !passes) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** tries * (0.5 + Math.random())));
      }
    }
  }

  async function send<Out>(url: string, init: RequestInit, answer: ZodType<Out>): Promise<Out> {
    const { status, text } = await exchange(url, init, options.timeoutMs);
    const body = jsonIn(text);
    if (status < 200 || status > 299) throw toShopError(status, body);
    const read = answer.safeParse(body);
    if (read.success) return read.data;
    throw new ShopError('internal', 'PayPal answered what nobody understands.', {
      cause: read.error,
      remedy: 'Compare the answer with PayPal’s reference; its API may have changed.',
    });
  }

  return {
    ask: (merchant, request) => guarded(guardOf(merchant), () => patiently(() => once(merchant, request))),
  };
}

/** A changed secret is another login. */
function nameOf({ url, clientId, clientSecret }: Merchant): string {
  return createHash('sha256')
    .update(JSON.stringify([url, clientId, clientSecret]))
    .digest('base64url');
}

function shortened(id: string): string {
  return id.length <= LONGEST_ID ? id : createHash('sha256').update(id).digest('hex');
}

/** Follows nowhere: what we show is for PayPal's eyes. */
export async function exchange(
  url: string,
  init: RequestInit,
  timeoutMs: number,
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const answer = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
    return { status: answer.status, text: await textOf(answer) };
  } catch (cause) {
    if (cause instanceof ShopError) throw cause;
    throw unreached(cause);
  }
}

function unreached(cause?: unknown): ShopError {
  return new ShopError('unavailable', 'PayPal cannot be reached.', {
    cause,
    remedy: 'Try again in a moment; nothing is charged twice.',
    retryAfterSeconds: 2,
  });
}

/** Wrong keys and too many questions are one merchant's business; whoever says so is there. */
function isAway(error: unknown): boolean {
  if (!(error instanceof ShopError) || error.code !== 'unavailable') return false;
  return !(error.cause instanceof Refusal) || error.cause.status >= 500;
}

async function textOf(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.byteLength;
    if (size > MOST_BYTES) throw new ShopError('internal', 'PayPal answered more than anybody reads.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const KEYS = 'AUTHENTICATION_FAILURE';

/** What a shop can do about each refusal that it may meet; PayPal's own words stay in `cause`. */
const ISSUES: Readonly<Record<string, readonly [ErrorCode, message: string, remedy: string]>> = {
  ORDER_NOT_APPROVED: [
    'illegal_transition',
    'The shopper has not agreed at PayPal.',
    'Read the payment again.',
  ],
  ORDER_ALREADY_AUTHORIZED: [
    'illegal_transition',
    'The payment is reserved already.',
    'Read the payment again.',
  ],
  ORDER_EXPIRED: ['illegal_transition', 'The payment was given up at PayPal.', 'Read the payment again.'],
  ORDER_ALREADY_COMPLETED: ['illegal_transition', 'The payment is done already.', 'Read the payment again.'],
  AUTHORIZATION_ALREADY_CAPTURED: [
    'illegal_transition',
    'The payment is taken already.',
    'Read the payment again.',
  ],
  PREVIOUSLY_CAPTURED: ['illegal_transition', 'The payment is taken already.', 'Read the payment again.'],
  AUTHORIZATION_VOIDED: ['illegal_transition', 'The payment was released.', 'Read the payment again.'],
  PREVIOUSLY_VOIDED: ['illegal_transition', 'The payment was released.', 'Read the payment again.'],
  AUTHORIZATION_EXPIRED: ['illegal_transition', 'The reservation has ended.', 'Read the payment again.'],
  ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE: [
    'illegal_transition',
    'The dispute does not wait for this.',
    'Read the dispute again.',
  ],
  INSTRUMENT_DECLINED: [
    'payment_declined',
    'PayPal declined the payment.',
    'Choose another way to pay there.',
  ],
  PAYER_CANNOT_PAY: ['payment_declined', 'PayPal declined the payment.', 'Choose another way to pay.'],
  TRANSACTION_REFUSED: ['payment_declined', 'PayPal refused the payment.', 'Choose another way to pay.'],
  CAPTURE_FULLY_REFUNDED: [
    'conflict',
    'Everything was returned already.',
    'Read what is captured and refunded already.',
  ],
  REFUND_AMOUNT_EXCEEDED: [
    'conflict',
    'More than was taken cannot be returned.',
    'Read what is captured and refunded already.',
  ],
  CANNOT_PROCESS_REFUNDS: [
    'conflict',
    'PayPal returns nothing of this payment any more.',
    'Read what is captured and refunded already.',
  ],
  CAPTURE_DISPUTED_PARTIAL_REFUND_NOT_ALLOWED: [
    'conflict',
    'Of a disputed payment parts cannot be returned.',
    'Settle the dispute first.',
  ],
  REFUND_CAPTURE_CURRENCY_MISMATCH: [
    'invalid_input',
    'The payment was made in another currency.',
    'Correct the request.',
  ],
};

function toShopError(status: number, body: unknown): ShopError {
  const said = refused.safeParse(body);
  const { name, error, message, details } = said.success ? said.data : {};
  const issue = details?.[0]?.issue ?? name ?? error ?? '';
  const cause = new Refusal(
    status,
    status === 401 && issue === '' ? KEYS : issue,
    (details?.[0]?.description ?? message ?? '').slice(0, 500),
  );
  const known = ISSUES[issue];
  if (known !== undefined) return new ShopError(known[0], known[1], { cause, remedy: known[2] });
  if (issue === 'INVALID_TOKEN')
    return new ShopError('unavailable', 'PayPal does not know our token any more.', {
      cause,
      remedy: 'Try again.',
    });
  if (status === 401 || status === 403)
    return new ShopError('unavailable', 'PayPal does not accept our keys.', {
      cause: new Refusal(status, KEYS, issue),
      remedy: "Check the tenant's PayPal client id and secret, and what its app may do.",
    });
  if (status === 404)
    return new ShopError('not_found', 'PayPal does not know this.', { cause, remedy: 'Check the id.' });
  if (status === 409 || status === 429 || status >= 500)
    return new ShopError('unavailable', 'PayPal cannot be asked just now.', {
      cause,
      remedy: 'Try again in a moment; nothing is charged twice.',
      retryAfterSeconds: 2,
    });
  return new ShopError('invalid_input', 'PayPal refused the request.', {
    cause,
    remedy: 'Correct the request; the log has PayPal’s words.',
  });
}
