/**
 * One account's books during one request: reads and writes objects, and tells its endpoints what happened.
 * Lives only inside a commit of the store, so an event exists if, and only if, what it tells of is stored.
 */
import { randomBytes } from 'node:crypto';
import type { Account, ListQuery, Store } from './store.ts';
import type { Endpoint, Event, Kind, Kinds } from './objects.ts';

export const API_VERSION = '2026-06-30.processor';

/** What a merchant would tick in Stripe's dashboard for a shop such as ours; each saves a request that changes nothing. */
const DEFAULT_EVENTS = [
  'payment_intent.amount_capturable_updated',
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
  'payment_intent.canceled',
  'charge.refunded',
  'charge.dispute.created',
  'charge.dispute.closed',
  'refund.failed',
  'payout.paid',
];

export interface RequestNames {
  readonly id: string;
  readonly idempotencyKey: string | undefined;
}

export interface Ledger {
  readonly now: Date;
  /** Seconds since 1970, as every `created` is. */
  readonly seconds: number;
  readonly publicOrigin: string;
  newId(prefix: string): string;
  newSecret(): string;
  get<K extends Kind>(kind: K, id: string): Kinds[K] | undefined;
  put<K extends Kind>(kind: K, value: Kinds[K], parent?: string): void;
  remove(kind: Kind, id: string): void;
  list<K extends Kind>(kind: K, query: ListQuery): { data: Kinds[K][]; hasMore: boolean };
  /** Records an event and queues its delivery to every endpoint that wants it. */
  tell(type: string, object: unknown): void;
}

/** @param delayMs how long deliveries wait before the first try; a test's knob, zero otherwise */
export function openLedger(
  store: Store,
  account: Account,
  now: Date,
  options: { publicOrigin: string; request: RequestNames; delayMs: () => number },
): Ledger {
  const seconds = Math.floor(now.getTime() / 1000);
  const newId = (prefix: string): string => `${prefix}_${moment(now)}${letters(17)}`;
  return {
    now,
    seconds,
    publicOrigin: options.publicOrigin,
    newId,
    newSecret: () => letters(32),
    get: (kind, id) => store.get(account.id, kind, id),
    put: (kind, value, parent) => store.put(account.id, kind, value, parent),
    remove: (kind, id) => store.remove(account.id, kind, id),
    list: (kind, query) => store.list(account.id, kind, query),
    tell(type, object) {
      const endpoints = endpointsOf(store, account, seconds).filter((each) => wants(each, type));
      const event: Event = {
        id: newId('evt'),
        object: 'event',
        api_version: API_VERSION,
        created: seconds,
        data: { object },
        livemode: false,
        pending_webhooks: endpoints.length,
        request: { id: options.request.id, idempotency_key: options.request.idempotencyKey ?? null },
        type,
      };
      const ids = endpoints.map((each) => each.id);
      store.event(account.id, event, ids, now.getTime() + options.delayMs());
    },
  };
}

/** The account's own endpoint, then those it created by the API. */
export function endpointsOf(store: Store, account: Account, seconds: number): Endpoint[] {
  const own: Endpoint = {
    id: `we_${account.id}`,
    object: 'webhook_endpoint',
    created: seconds,
    enabled_events: account.enabledEvents ?? DEFAULT_EVENTS,
    livemode: false,
    metadata: {},
    status: 'enabled',
    url: account.webhookUrl,
    secret: account.webhookSecret,
    host: account.webhookHost ?? null,
  };
  return [own, ...store.list(account.id, 'webhook_endpoint', { limit: 16 }).data];
}

function wants(endpoint: Endpoint, type: string): boolean {
  return (
    endpoint.status === 'enabled' && endpoint.enabled_events.some((each) => each === '*' || each === type)
  );
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Seven characters that grow with time, as ids at Stripe do: what is made together lies together in the store's indexes. */
function moment(now: Date): string {
  let out = '';
  for (let left = now.getTime(); out.length < 7; left = Math.floor(left / 62))
    out = `${DIGITS[left % 62] ?? ''}${out}`;
  return out;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Uniform letters and digits: bytes past the largest multiple of the alphabet are thrown away. */
function letters(length: number): string {
  let out = '';
  while (out.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < 248 && out.length < length) out += ALPHABET[byte % 62];
    }
  }
  return out;
}
