/**
 * Tells each account's endpoints what happened: signed, at least once, with back-off until it is accepted.
 * What is owed is in the store, so a killed processor goes on where it was.
 */
import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { endpointsOf } from './ledger.ts';
import type { Knobs } from './knobs.ts';
import type { Delivery, Store } from './store.ts';

export interface Courier {
  /** Looks for due deliveries now; called after each commit that told of something. */
  wake(): void;
  stop(): Promise<void>;
}

/** What is sent: the event as its receiver reads it, with what proves whose it is. */
export interface Letter {
  readonly url: string;
  /** `Host` header where it is not the URL's. */
  readonly host: string | undefined;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface CourierOptions {
  /** Signed at the moment of sending; undefined: there is nothing to send any more. */
  readonly letter: (delivery: Delivery, now: Date) => Promise<Letter | undefined>;
  readonly store: Store;
  readonly knobs: Knobs;
  readonly now: () => Date;
  /** Where names under `.localhost` are sent, because resolvers do not agree on them (RFC 6761, section 6.3). */
  readonly gatewayUrl: string | undefined;
  readonly warn: (facts: object, message: string) => void;
}

const AT_ONCE = 32;
/** One shop that answers slowly must not hold up the others. */
const PER_ACCOUNT = 12;
/** A look at all that is due passes over what waits for its account's share, however much that is: so many times as long none is taken again. */
const REST_TIMES = 50;
const TIMEOUT_MS = 10_000;
const LONGEST_WAIT_MS = 3_600_000;
const MAX_ATTEMPTS = 24;

/** Stripe's scheme: HMAC-SHA256 over `<seconds>.<body>`. */
export function signature(secret: string, seconds: number, body: string): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}

/** How long to wait before the next try: doubles from a quarter of a second to an hour, spread by up to a quarter. */
function backOff(attempt: number, random: number): number {
  return Math.min(250 * 2 ** attempt, LONGEST_WAIT_MS) * (0.75 + random / 2);
}

/** One of an account's events as Stripe sends it. */
export function stripeLetter(store: Store, delivery: Delivery, now: Date): Letter | undefined {
  const account = store.account(delivery.account);
  const event = store.get(delivery.account, 'event', delivery.event);
  const endpoint = account && endpointsOf(store, account, 0).find((each) => each.id === delivery.endpoint);
  if (event === undefined || endpoint === undefined) return undefined;
  const body = JSON.stringify(event);
  const signed = signature(endpoint.secret, Math.floor(now.getTime() / 1000), body);
  return {
    url: endpoint.url,
    host: endpoint.host ?? undefined,
    body,
    headers: { 'stripe-signature': signed },
  };
}

export function startCourier(options: CourierOptions): Courier {
  const { store } = options;
  const inFlight = new Map<string, Promise<void>>();
  const perAccount = new Map<string, number>();
  const agents = {
    http: new Agent({ keepAlive: true, maxSockets: AT_ONCE }),
    https: new SecureAgent({ keepAlive: true }),
  };
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  /** By `performance.now()`. */
  let restsUntil = 0;
  /** What comes next of an account; it is looked at anew whenever all is, so that nothing is begun from here that was begun from there. */
  const ahead = new Map<string, Delivery[]>();

  const look = (): void => {
    timer = undefined;
    if (stopped) return;
    ahead.clear();
    const began = performance.now();
    while (inFlight.size < AT_ONCE && beginSome());
    const dueAt = store.nextDueAt();
    const ended = performance.now();
    restsUntil = ended + REST_TIMES * (ended - began);
    if (dueAt !== undefined && inFlight.size < AT_ONCE) {
      plan(Math.max(dueAt - options.now().getTime(), inFlight.size > 0 ? 200 : 5));
    }
  };
  /** The earliest that are due and not under way, as far as an account has not its share under way. @returns whether there were any */
  const beginSome = (): boolean => {
    const busy = [...perAccount].filter(([, count]) => count >= PER_ACCOUNT).map(([account]) => account);
    // Those under way are still due in the store, so ask for enough to see past them.
    const due = store.dueDeliveries(options.now().getTime(), AT_ONCE + inFlight.size, busy);
    const before = inFlight.size;
    for (const delivery of due) {
      const isFree = inFlight.size < AT_ONCE && (perAccount.get(delivery.account) ?? 0) < PER_ACCOUNT;
      if (isFree && !inFlight.has(nameOf(delivery))) begin(delivery);
    }
    return inFlight.size > before;
  };
  /** What takes an account's place that has become free: found by its own key, past no other's, and some at a time. @returns whether there was any */
  const beginNext = (account: string): boolean => {
    const next = ahead.get(account)?.shift() ?? lookAhead(account);
    if (next !== undefined) begin(next);
    return next !== undefined;
  };
  const lookAhead = (account: string): Delivery | undefined => {
    // As above.
    const most = (perAccount.get(account) ?? 0) + PER_ACCOUNT;
    const due = store.dueDeliveriesOf(account, options.now().getTime(), most);
    const [next, ...more] = due.filter((delivery) => !inFlight.has(nameOf(delivery)));
    ahead.set(account, more);
    return next;
  };
  const begin = (delivery: Delivery): void => {
    const name = nameOf(delivery);
    const { account } = delivery;
    perAccount.set(account, (perAccount.get(account) ?? 0) + 1);
    const work = deliver(options, agents, delivery).finally(() => {
      // Where there is no room for all, whoever has waited longest is next, not the same account again.
      const isFull = inFlight.size >= AT_ONCE;
      inFlight.delete(name);
      const left = (perAccount.get(account) ?? 1) - 1;
      if (left === 0) perAccount.delete(account);
      else perAccount.set(account, left);
      if (stopped) return;
      if (isFull || !beginNext(account)) wake();
    });
    inFlight.set(name, work);
  };
  const plan = (delayMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(look, Math.min(delayMs, 60_000));
  };
  const wake = (): void => {
    if (!stopped) plan(Math.max(0, restsUntil - performance.now()));
  };
  wake();
  return {
    wake,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await Promise.allSettled(inFlight.values());
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function nameOf(delivery: Delivery): string {
  return `${delivery.account}/${delivery.event}/${delivery.endpoint}`;
}

async function deliver(
  options: CourierOptions,
  agents: { http: Agent; https: SecureAgent },
  delivery: Delivery,
): Promise<void> {
  const { store, knobs } = options;
  const { account } = delivery;
  const now = options.now();
  if (knobs.dropWebhook(account)) {
    await store.commit(() => store.settle(delivery));
    return;
  }
  const copies = 1 + knobs.duplicates(account);
  try {
    const letter = await options.letter(delivery, now);
    if (letter !== undefined)
      await Promise.all(Array.from({ length: copies }, () => send(options, agents, account, letter)));
    await store.commit(() => store.settle(delivery));
  } catch (cause) {
    const last = delivery.attempt + 1 >= MAX_ATTEMPTS;
    const facts = {
      account,
      event: delivery.event,
      attempt: delivery.attempt + 1,
      cause: String(cause),
    };
    options.warn(facts, last ? 'webhook given up' : 'webhook not accepted; will be sent again');
    const dueAt = now.getTime() + backOff(delivery.attempt, Math.random());
    await store.commit(() => (last ? store.settle(delivery) : store.postpone(delivery, dueAt)));
  }
}

/** Resolves on 2xx, rejects on everything else. */
function send(
  options: CourierOptions,
  agents: { http: Agent; https: SecureAgent },
  account: string,
  { url: to, host, body, headers }: Letter,
): Promise<void> {
  const url = new URL(to);
  const local = url.hostname.endsWith('.localhost');
  const via = local && options.gatewayUrl !== undefined ? new URL(options.gatewayUrl) : url;
  const secure = via.protocol === 'https:';
  const settings = {
    method: 'POST',
    host: via === url && local ? '127.0.0.1' : via.hostname,
    port: via.port === '' ? (secure ? 443 : 80) : Number(via.port),
    path: `${url.pathname}${url.search}`,
    timeout: TIMEOUT_MS,
    headers: {
      host: host ?? url.host,
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'ShopMind-Processor/1',
      'x-account': account,
      ...headers,
    },
  };
  return new Promise((resolve, reject) => {
    const sent = secure
      ? secureRequest({ ...settings, agent: agents.https })
      : request({ ...settings, agent: agents.http });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    sent.on('error', reject);
    sent.on('response', (answer) => {
      answer.resume();
      const status = answer.statusCode ?? 0;
      answer.on('error', reject);
      answer.on('end', () =>
        status >= 200 && status < 300 ? resolve() : reject(new Error(`answered ${status}`)),
      );
    });
    sent.end(body);
  });
}
