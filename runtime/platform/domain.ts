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
  Embeddings,
  Language,
  Mail,
  NewId,
  Outbox,
  Outside,
  Payments,
  PubSub,
  RateLimits,
  Push,
  Scan,
  Sealing,
  Search,
  Secrets,
  Sms,
  Sql,
  TaskHandler,
  Tenant,
  Tenants,
  Tracing,
  Transaction,
} from './ports.ts';
import type { DomainDefinition } from './definition.ts';
import type { Pictures } from './pictures/pictures.ts';

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
  /** Renditions of pictures that a domain keeps. */
  readonly pictures: Pictures;
  /** Looks for what does harm in files. Absent: none is configured. */
  readonly scan?: Scan | undefined;
  /** Absent: no language model is configured. */
  readonly language?: Language | undefined;
  /** Absent: none are configured. */
  readonly embeddings?: Embeddings | undefined;
  readonly mail: Mail;
  readonly sms: Sms;
  readonly push: Push;
  /** What was sent to nobody, because no provider is set up. */
  readonly outbox: Outbox;
  readonly secrets: Secrets;
  readonly sealing: Sealing;
  /** For servers whose addresses merchants name. */
  readonly outside: Outside;
  readonly tenants: Tenants;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Logger;
  readonly tracing: Tracing;
  /** Base of relative catalogue sources: a `file:` or `https:` URL that ends in a slash. */
  readonly sourcesUrl?: string;
  /** Where browsers find a shop: `https://acme.example`. */
  readonly originOf: (tenant: Tenant) => string;
  /** Calls an operation of another domain: in process when hosted together, over HTTP otherwise. Must be idempotent. */
  readonly call: <Out>(tenant: string, domain: string, operation: string, input: unknown) => Promise<Out>;
}

/** Who is calling, as the host established it from host name and token. */
export interface Caller {
  readonly kind: 'shopper' | 'customer' | 'merchant' | 'provider' | 'operator';
  /** Set for customers: the account's id. */
  readonly customerId: string | undefined;
  /** Of customers: ids of the groups that the merchant has put them in, and of the company they buy for; in order. Absent: none. */
  readonly groups?: readonly string[] | undefined;
  /** Set for customers who buy for a company that may buy here. */
  readonly company?: CompanyMembership | undefined;
  /** Set for merchants who are signed in at an identity provider: who it is there. */
  readonly subject?: string | undefined;
  /** Set for members of the shop's staff: the host has seen to it that their roles are good for the route. */
  readonly staff?: StaffIdentity | undefined;
  /** Set for merchants' programs: the host has seen to it that the key is good for the route. */
  readonly key?: ApiKeyIdentity | undefined;
}

/** Whom a session is of. */
export interface CustomerIdentity {
  readonly customerId: string;
  /** As a caller's. Absent where a process of an older release says who it is. */
  readonly groups?: readonly string[] | undefined;
  readonly company?: CompanyMembership | undefined;
}

export interface CompanyMembership {
  readonly id: string;
  readonly role: 'admin' | 'approver' | 'buyer';
}

export interface ApiKeyIdentity {
  readonly id: string;
  /** `<domain>:read`, `<domain>:write`. */
  readonly scopes: readonly string[];
}

export interface StaffIdentity {
  readonly id: string;
  /** Stamp of the policy that says what they may: changes with every change of it. */
  readonly policy: string;
}

/** Who of a shop's staff has which roles, and what these are good for. */
export interface StaffPolicy {
  readonly stamp: string;
  /** Scopes are `<domain>:read` or `<domain>:write`; `*` stands for every domain, or for everything that may be done with it. */
  readonly roles: readonly { readonly id: string; readonly scopes: readonly string[] }[];
  readonly members: readonly { readonly id: string; readonly roles: readonly string[] }[];
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
   * For what a merchant's call concerns beside its own domain: whether the caller's key or roles are good for that as well.
   * @throws ShopError `forbidden`
   */
  readonly requireScope: (scope: string) => Promise<void>;
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

/**
 * One client's WebSocket. The host owns the connection (liveness, limits, order); what is said over it is the domain's.
 * @typeParam State what the domain keeps of it
 */
export interface SocketConnection<State = unknown> {
  readonly tenant: Tenant;
  /** As its cookie or header said when it connected, if it had one. */
  readonly caller: Caller;
  /** Host name it came by. */
  readonly host: string;
  readonly isOpen: boolean;
  state: State | undefined;
  /** Sends frames of `sockets/frames.ts`. One that is closed, or too slow and is closed for it, is no error. */
  write(frames: Buffer): void;
  /** Resolves when what was written has left the process, or the connection is gone: for whoever writes much at once. */
  flushed(): Promise<void>;
  /** @param code 4000 to 4999 are the domain's: docs say which */
  close(code: number, reason: string): void;
  /**
   * Who presents this token.
   * @throws ShopError `unauthenticated` or `forbidden`
   */
  identify(audience: 'shopper' | 'merchant', token: string): Promise<Caller>;
}

export interface SocketHandler<State = unknown> {
  opened(connection: SocketConnection<State>): void;
  /**
   * One message, parsed by the definition's schema. Messages of a connection come one after the other: the next when this has resolved.
   * A ShopError is told to the client; anything else is logged and told as `internal`.
   */
  heard(connection: SocketConnection<State>, message: SocketMessage): Promise<void> | void;
  closed(connection: SocketConnection<State>): void;
  /** The process is about to end: nothing is taken in any more, and what was is finished. */
  drain?(): Promise<void>;
}

export interface SocketMessage {
  /** Which of the definition's messages it is. */
  readonly t: string;
  readonly [field: string]: unknown;
}

/** One domain, ready to be hosted. Keys of `routes` are the definition's route ids; the host refuses a missing one. */
export interface DomainService {
  readonly definition: DomainDefinition;
  readonly routes: Readonly<Record<string, RouteHandler>>;
  /** Topic to handler, for every topic in `definition.consumes`. */
  readonly consumers: Readonly<Record<string, EventHandler>>;
  /** Its consumers may handle events of different keys at the same time in one transaction: see `SubscribeOptions`. */
  readonly hearsApart?: boolean;
  /** Task name to handler, for every task in `definition.tasks`. */
  readonly tasks: Readonly<Record<string, TaskHandler>>;
  readonly operations: Readonly<Record<string, Operation>>;
  /** Keys are the ids of `definition.sockets`. */
  readonly sockets?: Readonly<Record<string, SocketHandler>>;
  /** The process is about to end and gives it no more events and tasks: resolves when what it does besides is finished or given back. */
  readonly drain?: () => Promise<void>;
  /**
   * Resolves a bearer token or session cookie to a customer; only the accounts domain has it.
   * @param again of somebody who came in by it and has been here since: their browser may have exchanged it meanwhile
   */
  readonly authenticate?: (
    tenant: Tenant,
    token: string,
    again?: boolean,
  ) => Promise<CustomerIdentity | undefined>;
}

/** Each `runtime/domains/<domain>/service.ts` exports this as `createService`. */
export type CreateService = (platform: Platform) => DomainService;
