/**
 * What a domain's code is to the host: a function from ports to handlers.
 * The host owns HTTP, tenancy, idempotency and transactions' events; the domain owns its logic.
 */
import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import type {
  Analytics,
  Blobs,
  Cache,
  Clock,
  Documents,
  EventHandler,
  NewId,
  Payments,
  PubSub,
  RateLimits,
  Search,
  Secrets,
  Sql,
  TaskHandler,
  Tenant,
  Tenants,
  Transaction,
} from './ports.ts';
import type { DomainDefinition } from './definition.ts';

/** Everything a domain may use. Nothing else is reachable from a handler. */
export interface Platform {
  readonly sql: Sql;
  readonly blobs: Blobs;
  readonly cache: Cache;
  /** Between the processes that host the tenant. */
  readonly pubsub: PubSub;
  /** Where nothing is shared, each process counts by itself: no limit that security rests on belongs here. */
  readonly limits: RateLimits;
  readonly documents: Documents;
  readonly analytics: Analytics;
  readonly search: Search;
  readonly payments: Payments;
  readonly secrets: Secrets;
  readonly tenants: Tenants;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Logger;
  /** Base of relative catalogue sources: a `file:` or `https:` URL that ends in a slash. */
  readonly sourcesUrl?: string;
  /** Calls an operation of another domain: in process when hosted together, over HTTP otherwise. Must be idempotent. */
  readonly call: <Out>(tenant: string, domain: string, operation: string, input: unknown) => Promise<Out>;
}

/** Who is calling, as the host established it from host name and token. */
export interface Caller {
  readonly kind: 'shopper' | 'customer' | 'merchant' | 'provider' | 'operator';
  /** Set for customers: the account's id. */
  readonly customerId: string | undefined;
}

export interface RouteRequest {
  readonly tenant: Tenant;
  readonly caller: Caller;
  /** Parsed by the route's schemas; `unknown` here because the handler narrows with its own definition's types. */
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly requestId: string;
  readonly signal: AbortSignal;
  /**
   * Of idempotent routes: writes the answer down in the transaction that earns it, so that whoever repeats the request hears it
   * although nobody knows what became of the first one. A route that must not take effect twice, and cannot tell by itself, calls it
   * last in its transaction. Elsewhere it does nothing.
   * @throws ShopError `idempotency_in_flight` when another request with the key has taken over: the transaction has to be left
   */
  readonly earn: (tx: Transaction, response: RouteResponse) => Promise<RouteResponse>;
}

export interface RouteResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Serialised as JSON. */
  readonly json?: unknown;
  /** JSON that is text already, for answers that are kept; exclusive with `json`. */
  readonly jsonText?: string;
  /** Sent as is; exclusive with `json`. */
  readonly bytes?: Buffer | Readable;
}

export type RouteHandler = (request: RouteRequest) => Promise<RouteResponse>;

/** A call from another domain; the input is parsed by the domain that serves it. */
export type Operation = (tenant: Tenant, input: unknown) => Promise<unknown>;

/** One domain, ready to be hosted. Keys of `routes` are the definition's route ids; the host refuses a missing one. */
export interface DomainService {
  readonly definition: DomainDefinition;
  readonly routes: Readonly<Record<string, RouteHandler>>;
  /** Topic to handler, for every topic in `definition.consumes`. */
  readonly consumers: Readonly<Record<string, EventHandler>>;
  /** Task name to handler, for every task in `definition.tasks`. */
  readonly tasks: Readonly<Record<string, TaskHandler>>;
  readonly operations: Readonly<Record<string, Operation>>;
  /** Resolves a bearer token or session cookie to a customer; only the accounts domain has it. */
  readonly authenticate?: (tenant: Tenant, token: string) => Promise<{ customerId: string } | undefined>;
}

/** Each `runtime/domains/<domain>/service.ts` exports this as `createService`. */
export type CreateService = (platform: Platform) => DomainService;
