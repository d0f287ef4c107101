/**
 * The shape of a domain's one definition: what it stores, says, hears and serves.
 * Data only: operator, gateway, plugin and docs load every definition without loading a handler or a client.
 */
import type { ZodType } from 'zod';

/** Everything the platform needs to know about one domain service. Nothing about a domain is written twice. */
export interface DomainDefinition {
  /** Lower-case word; the path segment under `/api/`, the prefix of topics, the name in metrics. */
  readonly name: string;
  /** One sentence for the docs and the OpenAPI document. */
  readonly summary: string;
  readonly tables: readonly TableDefinition[];
  /** Folder of ordered `NNN-name.sql` files; unqualified names, run with `search_path` set to the target schema. */
  readonly migrations: URL;
  readonly topics: readonly TopicDefinition[];
  /** Names of topics of other domains this one consumes. */
  readonly consumes: readonly string[];
  readonly tasks: readonly TaskDefinition[];
  readonly buckets: readonly BucketDefinition[];
  /** Kinds of JSON documents it keeps in the document store; absent: none. */
  readonly collections?: readonly CollectionDefinition[];
  /** Names of what is searched in it; lower-case letters. Absent: nothing. */
  readonly indices?: readonly string[];
  /** Kinds of facts it gives to analytics. Absent: none. */
  readonly facts?: readonly FactDefinition[];
  readonly routes: readonly RouteDefinition[];
  /** WebSockets it serves. Absent: none. */
  readonly sockets?: readonly SocketDefinition[];
  /** What answers of other domains may name by its id. Absent: nothing. */
  readonly entities?: readonly EntityDefinition[];
  readonly scaling: ScalingDefinition;
  readonly slo: SloDefinition;
}

/** A table and how a Citus server spreads it. The provisioner derives row-level security and grants from this. */
export interface TableDefinition {
  readonly name: string;
  /**
   * `tenant`: distributed by `tenant_id`, FORCE'd row-level security, colocated with every other tenant table.
   * `reference`: the same rows on every node, readable by all tenants, written by the operator only.
   */
  readonly spread: 'tenant' | 'reference';
  /** What the runtime role may do. Rows of an append-only table are never updated. */
  readonly access: 'read' | 'append' | 'write';
  /**
   * Background workers must find which tenants have work here: the provisioner adds a second policy, for SELECT only,
   * `current_setting('app.tenant', true) = '*'`. No tenant can be called `*`, and no port can set it.
   */
  readonly sweep?: boolean;
  /** What the table holds of a customer as a person, and what becomes of it when the person is erased. Absent: nothing. */
  readonly personal?: PersonalData;
}

export interface PersonalData {
  /**
   * Columns that name the person, by the customer's id or e-mail address: text that is one of these, JSON or bytes that contain
   * one. Or the column that leads to a row of another table that does. Or the column in which each of their names is written in
   * a way of its own, as a digest is.
   */
  readonly by:
    | readonly string[]
    | { readonly column: string; readonly of: string; readonly key: string }
    | { readonly column: string; readonly written: (name: string) => readonly string[] };
  /**
   * `delete`: the rows go. `redact`: the rows stay, and whatever in the columns of `by` is the person's becomes `erased`.
   * Columns and values: the rows stay, for accounts that must be kept, without the person.
   */
  readonly erase: 'delete' | 'redact' | Readonly<Record<string, string | null>>;
  /** Columns that the person is not given with the rows: secrets of the shop's, as a password's hash is. Absent: none. */
  readonly withhold?: readonly string[];
  /** Of the one table whose rows are the customers themselves: what they are called elsewhere, and what else is redacted there. */
  readonly person?: {
    readonly key: string;
    readonly names: readonly string[];
    readonly facts: readonly string[];
  };
}

/** A stream of events of one domain. Ordered by key within a tenant. */
export interface TopicDefinition {
  /** `<domain>.<noun>`, for example `orders.order`. Prefixed by the tenant where the broker is shared by prefix. */
  readonly name: string;
  readonly partitions: number;
  readonly retentionHours: number;
  readonly compacted: boolean;
  /** Event type (`orders.order.placed`) to the schema of its payload. */
  readonly events: Readonly<Record<string, ZodType>>;
}

/** A kind of background job: run at least once, claimed with a fenced lease, retried with back-off. */
export interface TaskDefinition {
  /** `<domain>.<verb-noun>`, for example `orders.expire-hold`. */
  readonly name: string;
  readonly payload: ZodType;
  readonly maxAttempts: number;
  /** A claim older than this is taken from its worker. */
  readonly leaseSeconds: number;
}

export interface BucketDefinition {
  readonly name: string;
  /** Whether the gateway may serve its objects without a token. */
  readonly public: boolean;
}

export interface CollectionDefinition {
  /** `<domain>.<noun>`, for example `content.page`. */
  readonly name: string;
  /** Fields at the top of the body that may be asked for: text of at most 256 letters, numbers, booleans. At most 16. */
  readonly indexed: readonly string[];
}

/** Something that happens and is counted. */
export interface FactDefinition {
  /** Lower-case word, unique over all domains: `order`. */
  readonly name: string;
  /** What facts of it differ in, and may be asked for; at most 6. */
  readonly dimensions: readonly string[];
  /** Whole numbers that are summed; at most 2. */
  readonly measures: readonly string[];
  /** Whether its measures are counted in something that must not be mixed, as currencies. */
  readonly units: boolean;
}

/** Who may call a route. `shopper`: guest or customer of the tenant. `merchant`: the tenant's admin key, or an API key or a member of the staff with the domain's scope. `provider`: whoever proves by what they send who they are: a signed webhook, an app with its secret. */
export type Audience = 'shopper' | 'customer' | 'merchant' | 'provider';

/** One HTTP route; the OpenAPI document, the gateway's routes and the typed client are drawn from it. */
export interface RouteDefinition {
  /** Unique in the domain, camelCase; the operationId is `<domain>.<id>`. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /**
   * Full path with `{parameters}`, beginning with `/api/<domain>/` or, for merchants, `/api/admin/<domain>/`; or with `/.well-known/` where a
   * standard says that it lies there (RFC 8615).
   */
  readonly path: string;
  readonly summary: string;
  readonly audience: Audience;
  /** Of a merchant's route: no API key opens it, and of the staff only owners. */
  readonly people?: boolean;
  /** Of a merchant's route: it is about whoever of the staff asks, and open to each of them; to nobody else. */
  readonly self?: boolean;
  readonly params?: ZodType;
  readonly query?: ZodType;
  /**
   * JSON body. `raw`: bytes as sent (webhooks). `stream`: the same while they come (files), as a Readable that ends with an error when
   * there are more than allowed or the sender goes away; not for idempotent routes. By GraphQL and gRPC both are one message of bytes.
   */
  readonly body?: ZodType | 'raw' | 'stream';
  readonly maxBodyBytes?: number;
  /** JSON response; absent: the handler answers bytes or nothing. */
  readonly response?: ZodType;
  readonly status?: number;
  /** True on every POST that creates something of value: `Idempotency-Key` is required, the first answer is replayed. */
  readonly idempotent?: boolean;
  /** Scripts of other sites may ask it, and read what it answers: for what looks at no cookie. */
  readonly anyOrigin?: boolean;
  /** Seconds a shared cache may keep a 200. */
  readonly cacheSeconds?: number;
  /**
   * Of such a route: customers may be answered otherwise, by the groups they are in. What guests are answered is kept as ever, and
   * told apart by who asks; what a customer of a group is answered, nobody keeps.
   */
  readonly byGroup?: boolean;
  /** Of such a route: it answers in the language of the request’s `Accept-Language`, where nothing else says which. */
  readonly byLanguage?: boolean;
}

/**
 * One WebSocket, for whoever the shop serves: connecting proves nothing but the shop's name and origin. Messages are JSON objects, told
 * apart by `t`; the OpenAPI document lists both sides of them.
 */
export interface SocketDefinition {
  /** Unique in the domain, camelCase. */
  readonly id: string;
  /** Full path without parameters, beginning with `/api/<domain>/`. */
  readonly path: string;
  readonly summary: string;
  /** Value of Sec-WebSocket-Protocol that clients offer and the server chooses; says the version. */
  readonly protocol: string;
  /** By their `t`: what clients may say. */
  readonly hears: Readonly<Record<string, ZodType>>;
  /** By their `t`: what clients are told. */
  readonly says: Readonly<Record<string, ZodType>>;
  readonly limits: SocketLimits;
}

export interface SocketLimits {
  /** Of one message that a client says, as UTF-8. */
  readonly messageBytes: number;
  /** Messages a connection may say at once, and how many a second afterwards. */
  readonly burst: number;
  readonly perSecond: number;
  /** Connections of one tenant in one process. */
  readonly connections: number;
  /** What may wait to be sent to a connection; one that reads more slowly is closed, and resumes when it comes again. */
  readonly waitingBytes: number;
}

/** Where many things are fetched by their ids at once, so that whoever follows a list's ids to them asks one time. */
export interface EntityDefinition {
  /** Fields called `<name>Id`, of whatever domain's answers, lead to it. */
  readonly name: string;
  /** Id of a GET route. Ids that it does not know it leaves out. */
  readonly route: string;
  /** Field of the route's query that takes ids, as a text with commas; its schema says how many at most. */
  readonly ids: string;
  /** Field of the route's answer with the list of what was found. */
  readonly answers: string;
  /** Field of each of these that holds its id. */
  readonly key: string;
}

export interface ScalingDefinition {
  readonly min: number;
  readonly max: number;
  /** Average CPU, percent of the request, that the autoscaler aims at. */
  readonly cpuPercent: number;
}

export interface SloDefinition {
  /** Share of requests that must not fail, for example 0.999. */
  readonly availability: number;
  readonly p99Milliseconds: number;
}
