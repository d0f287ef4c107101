/**
 * One server is taken from a shop in use and given back: shoppers come before, meanwhile and afterwards, at the same rate. Tells what
 * they were acknowledged, what became of it, and how long it took until the shop was as quick as before.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { adminToken } from '../../support/cluster.ts';
import { newCustomer } from '../../support/customers.ts';
import type { Shop } from '../../support/shop.ts';
import { until } from '../../support/wait.ts';
import { TENANT, type RealShop } from '../real-shop.ts';
import { judge, leftToDo, type Verdict } from './oracle.ts';
import type { Fault, Server } from './servers.ts';
import { startShoppers, type Credentials, type Goods } from './shoppers.ts';
import { normalAfter, p99, tookOf, within, type Span, type Step } from './steps.ts';

export interface OutageOptions {
  readonly server: Server;
  readonly fault: Fault;
  readonly perSecond: number;
  /** For how long the shop is watched before, ms. */
  readonly beforeMs: number;
  /** For how long the server is away, ms; a restart takes what it takes. */
  readonly awayMs: number;
  /** How many times slower than before is still normal; and how many ms, if that is more. */
  readonly slack: number;
  readonly slackMs: number;
}

export interface OutageReport extends Verdict {
  readonly server: string;
  readonly fault: Fault;
  readonly acknowledged: { readonly orders: number; readonly paid: number; readonly others: number };
  /** Answers of the shop that cannot be right whatever is away. */
  readonly wrong: readonly string[];
  /** Still to be done when patience was over. */
  readonly left: readonly string[];
  /** ms */
  readonly awayMs: number;
  readonly before: Times;
  readonly away: Times & { readonly steps: number; readonly refused: Readonly<Record<string, number>> };
  /** From the server's return until requests, and the way from payment to confirmation, were as quick as before; undefined: never. */
  readonly normalMs: { readonly requests: number | undefined; readonly orders: number | undefined };
  /** Second by second since the server's return, what was refused or slow, by kind of step: where to look. */
  readonly trouble: readonly string[];
  /** From the server's return until whatever anybody had wanted before it was done, ms. */
  readonly backlogMs: number;
}

/** 99 of 100 took no longer, ms. */
interface Times {
  readonly requests: number;
  readonly orders: number;
}

/** The way from payment to confirmation, which is no request but the work of tasks and events. */
const ORDERS = 'confirmed';
const WINDOW_MS = 5_000;
/** How long after the return the shop is watched at most. */
const WATCH_MS = 90_000;

/** Goods that are never sold out. */
export async function stockUp({ shop, client }: RealShop): Promise<readonly Goods[]> {
  const merchant = withKey(shop, await adminToken(client, TENANT, `tenant-${TENANT}`));
  const page = await shop('GET', '/api/catalog/products?limit=20');
  const { products } = page.json<{ products: readonly { handle: string }[] }>();
  const goods: Goods[] = [];
  for (const { handle } of products) {
    const answer = await shop('GET', `/api/catalog/products/${handle}`);
    const { variants, images } = answer.json<{
      variants: readonly { id: string }[];
      images: readonly { url: string }[];
    }>();
    const [variant] = variants;
    if (variant === undefined) throw new Error(`${handle} has no variant`);
    await until(() => stock(merchant, variant.id), {
      withinMs: 60_000,
      everyMs: 250,
      what: `${handle} is known to orders, which hears of it by an event`,
    });
    goods.push({ handle, variantId: variant.id, picture: images[0]?.url });
  }
  return goods;
}

async function stock(merchant: Shop, variantId: string): Promise<true> {
  const counted = await merchant('POST', `/api/admin/orders/stock/${variantId}`, {
    json: { onHand: 1_000_000, reason: 'outages' },
    headers: { 'idempotency-key': randomUUID() },
  });
  if (counted.status !== 200) throw new Error(`stock of ${variantId}: ${counted.status} ${counted.text}`);
  return true;
}

export async function runOutage(
  real: RealShop,
  goods: readonly Goods[],
  options: OutageOptions,
): Promise<OutageReport> {
  const { server, fault, perSecond, beforeMs, awayMs } = options;
  const name = `${server.name.toLowerCase().replaceAll(' ', '-')}-${fault}-${Date.now()}`;
  const key = await adminToken(real.client, TENANT, `tenant-${TENANT}`);
  const shoppers = startShoppers({
    shop: real.shop,
    processor: real.installation.shop('pay.localhost'),
    merchant: withKey(real.shop, key),
    customers: await customersOf(real.shop, key, name),
    perSecond,
    goods,
    name,
  });
  const { steps, acknowledged } = shoppers;
  const began = performance.now();
  await sleep(WARM_UP_MS + beforeMs);
  const gone = performance.now();
  const before = timesOf(steps, { from: began + WARM_UP_MS, to: gone });
  await server.takeAway(fault);
  if (fault !== 'restart') await sleep(awayMs);
  await server.bringBack(fault);
  const back = performance.now();
  const normalMs = await normal(steps, back, before, options);
  await shoppers.stop();
  const left = await drain(real, () => leftToDo(real, acknowledged));
  const { lost, doubled } = await judge(real, acknowledged);
  const meanwhile = within(steps, { from: gone, to: back });
  return {
    server: server.name,
    fault,
    lost,
    doubled,
    wrong: shoppers.wrong,
    left,
    acknowledged: {
      orders: acknowledged.orders.length,
      paid: acknowledged.paid.size,
      others: acknowledged.registrations.length + acknowledged.uploads.length,
    },
    awayMs: back - gone,
    before,
    away: {
      ...timesOf(steps, { from: gone, to: back }),
      steps: meanwhile.length,
      refused: countOf(meanwhile.flatMap(({ refusals }) => refusals)),
    },
    normalMs,
    trouble: troubleOf(steps, back, before, options),
    backlogMs: Math.max(
      0,
      ...steps.filter(({ wanted }) => wanted < back).map(({ ended = Infinity }) => ended - back),
    ),
  };
}

/** The first seconds of a shop in use are not its pace. */
const WARM_UP_MS = 4_000;

function withKey(shop: Shop, key: string): Shop {
  return (method, path, request = {}) =>
    shop(method, path, { ...request, headers: { ...request.headers, authorization: `Bearer ${key}` } });
}

/** So many that none of them logs in as often at once as somebody who guesses. */
async function customersOf(shop: Shop, key: string, name: string): Promise<readonly Credentials[]> {
  const all = Array.from({ length: 24 }, (_, n) => ({
    email: `${name}-known-${n}@example.com`,
    password: 'correct horse battery staple',
  }));
  await Promise.all(all.map((each) => newCustomer(shop, key, each)));
  return all;
}

function timesOf(steps: readonly Step[], span: Span): Times {
  const { requests, orders } = apart(within(steps, span));
  const now = performance.now();
  return { requests: p99(requests, now), orders: p99(orders, now) };
}

function apart(steps: readonly Step[]): { requests: readonly Step[]; orders: readonly Step[] } {
  return {
    requests: steps.filter(({ kind }) => kind !== ORDERS),
    orders: steps.filter(({ kind }) => kind === ORDERS),
  };
}

/** Watches until both are normal again, or it is no use to wait longer. */
async function normal(
  steps: readonly Step[],
  back: number,
  before: Times,
  options: OutageOptions,
): Promise<OutageReport['normalMs']> {
  const limits = limitsOf(before, options);
  const least = (WINDOW_MS / 1_000) * options.perSecond * 0.6;
  for (;;) {
    const now = performance.now();
    const { requests, orders } = apart(steps);
    const found = {
      requests: normalAfter(requests, back, now, {
        limit: limits.requests,
        window: WINDOW_MS,
        least,
      }),
      orders: normalAfter(orders, back, now, { limit: limits.orders, window: WINDOW_MS, least }),
    };
    const isBoth = found.requests !== undefined && found.orders !== undefined;
    if (isBoth || now - back > WATCH_MS) return found;
    await sleep(500);
  }
}

function limitsOf(before: Times, { slack, slackMs }: OutageOptions): Times {
  const limitOf = (p99: number): number => Math.max(p99 * slack, p99 + slackMs);
  return { requests: limitOf(before.requests), orders: limitOf(before.orders) };
}

function troubleOf(
  steps: readonly Step[],
  back: number,
  before: Times,
  options: OutageOptions,
): readonly string[] {
  const now = performance.now();
  const limits = limitsOf(before, options);
  return within(steps, { from: back, to: now }).flatMap((step) => {
    const took = tookOf(step, now);
    const isSlow = took > (step.kind === ORDERS ? limits.orders : limits.requests);
    if (!isSlow && step.refusals.length === 0) return [];
    const second = ((step.wanted - back) / 1_000).toFixed(1);
    return [`${second} s: ${step.kind} ${took.toFixed(0)} ms ${JSON.stringify(countOf(step.refusals))}`];
  });
}

/** @returns what is left to do when patience is over */
async function drain(real: RealShop, look: () => Promise<string[]>): Promise<readonly string[]> {
  let left: readonly string[] = [];
  await until(
    async () => {
      left = await look();
      return left.length === 0 ? true : undefined;
    },
    { withinMs: 180_000, everyMs: 250, what: `${real.installation.port}: everything is done` },
  ).catch((error: unknown) => {
    // What is left is the finding; that nothing could be looked at is none.
    if (left.length === 0) throw error;
  });
  return left;
}

function countOf(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
