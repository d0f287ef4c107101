/**
 * Shoppers who come at a fixed rate whatever the shop does, and a merchant who sends goods: each wants step after step and goes on asking,
 * as a patient browser would, until it is answered rightly. What was acknowledged is written down for the oracle.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Shop, ShopRequest, ShopResponse } from '../../support/shop.ts';
import { ADDRESS, confirmCard } from '../../support/shopper.ts';
import type { Step } from './steps.ts';

export interface ShoppersOptions {
  readonly shop: Shop;
  readonly processor: Shop;
  /** The shop with the merchant's key. */
  readonly merchant: Shop;
  readonly perSecond: number;
  readonly goods: readonly Goods[];
  /** Who log in; some of the others ask for an account and buy as guests. */
  readonly customers: readonly Credentials[];
  /** Begins the e-mail addresses and handles of these shoppers: nobody else's. */
  readonly name: string;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export interface Goods {
  readonly handle: string;
  readonly variantId: string;
  /** Path of a picture. */
  readonly picture: string | undefined;
}

/** What the shop said yes to. */
export interface Acknowledged {
  /** Addresses of those who asked for an account. */
  readonly registrations: readonly string[];
  readonly orders: readonly PlacedOrder[];
  /** Ids of the orders among them whose payment the processor took. */
  readonly paid: ReadonlySet<string>;
  readonly uploads: readonly Upload[];
}

export interface PlacedOrder {
  readonly id: string;
  readonly email: string;
  readonly total: number;
}

export interface Upload {
  readonly importId: string;
  readonly handle: string;
}

export interface Shoppers {
  readonly steps: readonly Step[];
  readonly acknowledged: Acknowledged;
  /** Answers that no patience mends. */
  readonly wrong: readonly string[];
  /** Nobody comes any more; resolves when those inside have left. */
  stop(): Promise<void>;
}

/** One answer is waited for so long, ms; then the shopper asks again. */
const ANSWER_MS = 10_000;
/** How long a shopper goes on asking, ms. */
const PATIENCE_MS = 120_000;
const UPLOAD_EVERY_MS = 2_000;
/** Of the shoppers, one in so many is new and asks for an account. */
const NEW_EVERY = 4;

/** They come until `stop`. */
export function startShoppers(options: ShoppersOptions): Shoppers {
  const { shop, processor, merchant, goods, name, perSecond, customers } = options;
  const steps: Step[] = [];
  const wrong: string[] = [];
  const registrations: string[] = [];
  const orders: PlacedOrder[] = [];
  const paid = new Set<string>();
  const uploads: Upload[] = [];
  const inside = new Set<Promise<void>>();
  let stopped = false;

  /** One step: asks until `good` is answered. @throws Error when it is answered wrongly, or patience is over */
  async function want(
    kind: string,
    wanted: number,
    ask: () => Promise<ShopResponse>,
    good: (answer: ShopResponse) => boolean,
  ): Promise<ShopResponse> {
    const step: Step = { kind, wanted, refusals: [] };
    steps.push(step);
    for (let pause = 50; ; pause = Math.min(pause * 2, 1_000)) {
      const answer = await ask().catch((error: unknown) => reasonOf(error));
      if (typeof answer !== 'string' && good(answer)) {
        step.ended = performance.now();
        return answer;
      }
      const reason = typeof answer === 'string' ? answer : refusalOf(answer);
      if (reason === undefined) throw new Error(`${kind}: ${describe(answer)}`);
      step.refusals.push(reason);
      if (performance.now() - wanted > PATIENCE_MS) throw new Error(`${kind}: gave up after ${reason}`);
      await sleep(pause);
    }
  }

  const call =
    (of: Shop, method: string, path: string, request: ShopRequest = {}) =>
    () =>
      of(method, path, { ...request, timeoutMs: ANSWER_MS });
  const is = (status: number) => (answer: ShopResponse) => answer.status === status;
  const now = (): number => performance.now();

  async function visit(n: number, arrived: number): Promise<void> {
    const wares = goods[n % goods.length];
    if (wares === undefined) throw new Error('there is nothing to buy');
    const page = `/api/catalog/products?limit=${10 + (n % 20)}`;
    await want('browse', arrived, call(shop, 'GET', page), is(200));
    await want('browse', now(), call(shop, 'GET', `/api/catalog/products/${wares.handle}`), is(200));
    if (wares.picture !== undefined) await want('picture', now(), call(shop, 'GET', wares.picture), is(200));
    const headers = await enter(n);
    const cart = await want(
      'cart',
      now(),
      call(shop, 'POST', '/api/orders/carts', {
        headers,
        json: { lines: [{ variantId: wares.variantId, quantity: 1 + (n % 3) }] },
      }),
      is(201),
    );
    await order(n, headers, cart.json<{ id: string }>().id);
  }

  /** @returns what a customer's requests carry; a guest's nothing */
  async function enter(n: number): Promise<Readonly<Record<string, string>>> {
    const known = customers[n % Math.max(1, customers.length)];
    if (n % NEW_EVERY === 0 || known === undefined) {
      const json = { email: `${name}-customer-${n}@example.com`, firstName: 'Ada', lastName: 'Byron' };
      await want('register', now(), call(shop, 'POST', '/api/accounts/register', { json }), is(202));
      registrations.push(json.email);
      return {};
    }
    const json = known;
    const answer = await want('log in', now(), call(shop, 'POST', '/api/accounts/login', { json }), is(200));
    return { authorization: `Bearer ${answer.json<{ token: string }>().token}` };
  }

  async function order(n: number, headers: Readonly<Record<string, string>>, cartId: string): Promise<void> {
    const email = `${name}-order-${n}@example.com`;
    const checkout = await want(
      'checkout',
      now(),
      call(shop, 'POST', '/api/orders/checkout', {
        headers: { ...headers, 'idempotency-key': randomUUID() },
        json: { cartId, email, shippingAddress: ADDRESS },
      }),
      is(201),
    );
    const { order: made, token, payment } = checkout.json<CheckoutAnswer>();
    orders.push({ id: made.id, email, total: made.totals.total });
    await want('pay', now(), () => confirmCard(processor, payment), isPaid);
    paid.add(made.id);
    await want(
      'confirmed',
      now(),
      watch(call(shop, 'GET', `/api/orders/${made.id}?token=${token}`)),
      (answer) => answer.status === 200 && answer.json<{ status: string }>().status === 'confirmed',
    );
  }

  /** Looks until the order is confirmed, or something else is answered. */
  function watch(look: () => Promise<ShopResponse>): () => Promise<ShopResponse> {
    const began = now();
    return async () => {
      // Who waits for long looks less often, or waiting would be most of the load.
      for (let pause = 200; ; pause = Math.min(pause * 1.3, 2_000)) {
        const answer = await look();
        const waits =
          answer.status === 200 &&
          ['pending_payment', 'authorized'].includes(answer.json<{ status: string }>().status);
        if (!waits || now() - began > PATIENCE_MS) return answer;
        await sleep(pause);
      }
    };
  }

  /** A product of its own each time, so that what came of it can be told. */
  async function upload(n: number, wanted: number): Promise<void> {
    const handle = `${name}-goods-${n}`;
    const csv = `Handle,Title,Status,Published,Variant Price\n${handle},Goods ${n},active,true,9.90\n`;
    const answer = await want(
      'upload',
      wanted,
      call(merchant, 'POST', '/api/admin/catalog/imports', {
        body: csv,
        headers: { 'content-type': 'text/csv' },
      }),
      is(202),
    );
    uploads.push({ importId: answer.json<{ id: string }>().id, handle });
  }

  /** Each at its time: who was late to be sent is counted from when it should have been. */
  async function arrivals(everyMs: number, visitOf: (n: number, at: number) => Promise<void>): Promise<void> {
    const began = now();
    for (let n = 0; !stopped; n++) {
      const at = began + n * everyMs;
      await sleep(Math.max(0, at - now()));
      if (stopped) return;
      const visiting = visitOf(n, at)
        .catch((error: unknown) => void wrong.push(error instanceof Error ? error.message : String(error)))
        .finally(() => inside.delete(visiting));
      inside.add(visiting);
    }
  }

  const coming = [arrivals(1_000 / perSecond, visit), arrivals(UPLOAD_EVERY_MS, upload)];
  return {
    steps,
    wrong,
    acknowledged: { registrations, orders, paid, uploads },
    async stop() {
      stopped = true;
      await Promise.all(coming);
      await Promise.all(inside);
    },
  };
}

interface CheckoutAnswer {
  readonly order: { readonly id: string; readonly totals: { readonly total: number } };
  readonly token: string;
  readonly payment: {
    readonly intentId: string;
    readonly clientSecret: string;
    readonly publishableKey: string;
  };
}

/** Confirmed now, or by an earlier try whose answer was lost. */
function isPaid(answer: ShopResponse): boolean {
  if (answer.status === 200) return true;
  if (answer.status !== 400) return false;
  const { error } = answer.json<{ error: { code?: string; payment_intent?: { status: string } } }>();
  return (
    error.code === 'payment_intent_unexpected_state' &&
    ['requires_capture', 'succeeded'].includes(error.payment_intent?.status ?? '')
  );
}

function describe(answer: string | ShopResponse): string {
  return typeof answer === 'string' ? answer : `${answer.status} ${answer.text.slice(0, 300)}`;
}

/** Why it may go well the next time; undefined: it will not. */
function refusalOf({ status, text }: ShopResponse): string | undefined {
  if ([429, 500, 502, 503, 504].includes(status)) return String(status);
  return text.includes('idempotency_in_flight') ? 'in flight' : undefined;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : 'no answer';
}
