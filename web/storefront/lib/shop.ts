/** The shop a request is for: its store, language, currency, and the calls a page makes in its name. */
import { cookies, headers } from 'next/headers';
import { notFound } from 'next/navigation';
import { cache } from 'react';
import { ApiError, createClient, toRequest } from '../../api-client/client.ts';
import type { Answer, Client, Input, OperationId, Send } from '../../api-client/client.ts';
import { wordsOf } from '../words/index.ts';
import type { Words } from '../words/index.ts';
import { createAnswerCache } from './cache.ts';
import { createSend } from './gateway.ts';
import { moneyFormatter } from './money.ts';
import type { Money } from './money.ts';
import { ratingFormatter } from './ratings.ts';

export const COOKIES = {
  cart: 'cart',
  locale: 'locale',
  currency: 'currency',
  session: 'shopmind_session',
  /** There for a day: the session's token need not be exchanged yet. */
  renewed: 'session_renewed',
  visit: 'visit',
  wishlist: 'wishlist',
  /** A guest's token, by which the chat knows them again. */
  chat: 'chat',
  /** What an app asks for that somebody signs in to: the API sets it. */
  connect: 'shopmind_connect',
} as const;

export type Store = Answer<'host.getStore'>;
export type Cart = Answer<'orders.getCart'>;

export interface Shop {
  /** `acme.localhost:8080`, as the visitor typed it. */
  readonly host: string;
  /** `http://acme.localhost:8080`. */
  readonly origin: string;
  readonly store: Store;
  readonly locale: string;
  readonly currency: string;
  readonly words: Words;
  readonly money: (value: Money) => string;
  /** Of stars. */
  readonly average: (stars: number) => string;
  /** Calls as the visitor, who may be logged in. Never cached. */
  readonly api: Client;
  /** As a customer who has just logged in. */
  readonly apiAs: (token: string) => Client;
  /** Reads what is the same for every guest, kept as long as the answer allows; where prices are in it, customers are told theirs. */
  read<Id extends OperationId>(id: Id, input: Input<Id>): Promise<Answer<Id>>;
  readonly loggedIn: boolean;
  /** The session's token was exchanged within a day. */
  readonly renewed: boolean;
  /** As the visitor, for what a page may do without: whatever takes longer than it should is broken off. */
  readonly hurried: Client;
  /** What this browser is known by, where the visitor has agreed to that. */
  readonly visitor: string | undefined;
}

/** Nobody waits longer for what a page may do without. */
const HURRY_MILLISECONDS = 400;

const answers = createAnswerCache(400, Date.now);

/** Their prices may be others for whoever is signed in. */
const PRICED: ReadonlySet<OperationId> = new Set<OperationId>([
  'catalog.getProduct',
  'catalog.getRelated',
  'catalog.listProducts',
  'catalog.listProductsByIds',
]);

/** The shop of this request; answers 404 where there is none. */
export const shop = cache(async (): Promise<Shop> => {
  const found = await findShop();
  if (found === undefined) notFound();
  return found;
});

/** The shop of this request, or nothing where the host is unknown. Other failures are thrown. */
export const findShop = cache(async (): Promise<Shop | undefined> => {
  const [head, jar] = await Promise.all([headers(), cookies()]);
  const host = head.get('x-forwarded-host') ?? head.get('host') ?? '';
  const session = jar.get(COOKIES.session)?.value;
  const forwarded = pick(head, ['x-request-id', 'traceparent', 'user-agent', 'sec-gpc', 'dnt']);
  const gateway = process.env['GATEWAY_URL'] ?? `http://${host}`;
  const store = await findStore(host, createSend(gateway, host, forwarded));
  if (store === undefined) return undefined;
  const locale = oneOf(store.locales, jar.get(COOKIES.locale)?.value, 'en');
  // What the shop says of its goods comes in the language of its pages.
  const spoken = { ...forwarded, 'accept-language': locale };
  const anonymous = createSend(gateway, host, spoken);
  const apiAs = (token: string) =>
    createClient(createSend(gateway, host, { ...spoken, authorization: `Bearer ${token}` }));
  const signed = session === undefined ? spoken : { ...spoken, authorization: `Bearer ${session}` };
  const hurried = createClient(createSend(gateway, host, signed, HURRY_MILLISECONDS));
  const api = session === undefined ? createClient(anonymous) : apiAs(session);

  /** For this request only, so that a page and its head ask once. */
  const priced = createAnswerCache(50, Date.now);

  async function read<Id extends OperationId>(id: Id, input: Input<Id>): Promise<Answer<Id>> {
    if (session === undefined || !PRICED.has(id))
      return await readKept(`${host} ${locale}`, anonymous, id, input);
    const { path } = toRequest(id, input);
    return await priced.get(path, async () => ({ value: await api.call(id, input), seconds: 60 }));
  }

  return {
    host,
    origin: `${head.get('x-forwarded-proto') === 'https' ? 'https' : 'http'}://${host}`,
    store,
    locale,
    currency: oneOf(store.currencies, jar.get(COOKIES.currency)?.value, 'EUR'),
    words: wordsOf(locale),
    money: moneyFormatter(locale),
    average: ratingFormatter(locale),
    api,
    apiAs,
    read,
    loggedIn: session !== undefined,
    renewed: jar.has(COOKIES.renewed),
    hurried,
    visitor: jar.get(COOKIES.visit)?.value,
  };
});

/** The shop at this host, or nothing where there is none. */
async function findStore(host: string, send: Send): Promise<Store | undefined> {
  try {
    return await readKept(host, send, 'host.getStore', {});
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** @param of whose answers these are: those of others are kept apart */
async function readKept<Id extends OperationId>(
  of: string,
  send: Send,
  id: Id,
  input: Input<Id>,
): Promise<Answer<Id>> {
  return await answers.get(`${of} ${toRequest(id, input).path}`, async () => {
    let seconds = 0;
    const client = createClient(async (message) => {
      const response = await send(message);
      seconds = maxAge(response.headers['cache-control']);
      return response;
    });
    return { value: await client.call(id, input), seconds };
  });
}

/** The visitor's cart, when there is one that can still be filled. */
export const currentCart = cache(async (): Promise<Cart | undefined> => {
  const [{ api }, jar] = await Promise.all([shop(), cookies()]);
  const cartId = jar.get(COOKIES.cart)?.value;
  if (cartId === undefined) return undefined;
  const cart = await orNothing(api.call('orders.getCart', { params: { cartId } }));
  return cart?.status === 'open' ? cart : undefined;
});

/** What the call answers, or nothing where the API knows no such thing. */
export async function orNothing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 404 || error.status === 410 || error.status === 400))
      return undefined;
    throw error;
  }
}

/** What the call answers, or nothing where whoever should answer is down or too slow: for what a page may do without. */
export async function unlessAway<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status >= 500) return undefined;
    throw error;
  }
}

export const nonce = async (): Promise<string | undefined> => (await headers()).get('x-nonce') ?? undefined;

/** The cookie that opens a guest's order. */
export const orderCookie = (orderId: string): string => `order_${orderId.slice(-12)}`;

const oneOf = (all: readonly string[], wanted: string | undefined, otherwise: string): string =>
  wanted !== undefined && all.includes(wanted) ? wanted : (all[0] ?? otherwise);

const maxAge = (header: string | undefined): number =>
  Number(/(?:s-maxage|max-age)=(\d{1,9})/.exec(header ?? '')?.[1] ?? 0);

function pick(head: Headers, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = head.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
}
