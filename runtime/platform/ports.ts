/**
 * The ports: what a domain may ask of the world, and the contract each adapter keeps.
 * Every port has an embedded and a production adapter; one contract suite runs on both.
 */
import type { Readable } from 'node:stream';

/** A tenant's id is its ShopMindTenant's name: a DNS label of at most 40 characters, checked at every border. */
export type TenantId = string;

/** Time that tests can turn. */
export interface Clock {
  now(): Date;
}

/** Sortable, unique ids (UUID version 7, RFC 9562) with a readable prefix: `ord_0192…`. */
export type NewId = (prefix: string) => string;

// ── sql ──────────────────────────────────────────────────────────────────────────────────────────

export type SqlValue = string | number | bigint | boolean | Date | Buffer | null | readonly SqlValue[];

export interface SqlResult<Row> {
  readonly rows: Row[];
  readonly rowCount: number;
}

/** Runs statements as one tenant. Tables are named without a schema; row-level security hides every other tenant. */
export interface SqlRunner {
  /** Throws ShopError `conflict` on a unique violation, `unavailable` when the server is gone, `timeout` past the limit. */
  query<Row = Record<string, unknown>>(text: string, values?: readonly SqlValue[]): Promise<SqlResult<Row>>;
}

/** Statements that are asked for before any is awaited go to the server together; the first that fails, fails all of them. */
export interface Transaction extends SqlRunner {
  /**
   * Runs a statement that changes something along with the commit, without a way to the server of its own: for whoever needs no
   * answer. What is asked for later in this transaction does not see what it does.
   */
  atEnd(text: string, values?: readonly SqlValue[]): void;
  /** Adds events to the outbox: they are published if, and only if, this transaction commits. */
  emit(...events: readonly NewEvent[]): Promise<void>;
  /** Adds tasks in the same transaction. A task with a `key` that already waits is not added twice. */
  enqueue(...tasks: readonly NewTask[]): Promise<void>;
}

export interface ReadOptions {
  /**
   * A read may answer what was committed so long ago, and no longer: it may come from a replica then. Absent, or where there is
   * no replica that is so far: from the primary.
   */
  readonly stalenessMilliseconds?: number;
}

export interface SqlStatement {
  readonly text: string;
  readonly values?: readonly SqlValue[];
}

export interface QueriesOptions {
  /** Told if none of the statements fails. */
  readonly emit?: readonly NewEvent[];
  /**
   * Not together with others of the tenant: for statements that lock several rows which others lock too, in an order that keeps them from waiting
   * for each other. Two of them in one transaction would have no such order.
   */
  readonly alone?: boolean;
}

export interface Sql {
  /** One statement in one round trip: BEGIN, SET LOCAL app.tenant, the statement and COMMIT are pipelined. Not retried. Under load it shares them with others of the tenant. */
  query<Row = Record<string, unknown>>(
    tenant: TenantId,
    text: string,
    values?: readonly SqlValue[],
    options?: ReadOptions,
  ): Promise<SqlResult<Row>>;
  /**
   * Several statements in one transaction and one round trip, each of which sees what those before it did: a change, and what there is after it.
   * The caller names the rows of each. Not retried.
   */
  queries<Rows extends readonly unknown[]>(
    tenant: TenantId,
    statements: readonly SqlStatement[],
    options?: QueriesOptions,
  ): Promise<{ readonly [Index in keyof Rows]: SqlResult<Rows[Index]> }>;
  /**
   * Runs `work` in one transaction as `tenant`. Serialisation failures and deadlocks are retried (at most 5 times),
   * so `work` must have no effect outside the transaction. Rolls back when `work` throws.
   */
  transaction<T>(tenant: TenantId, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Resolves when the server answers; throws ShopError `unavailable`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

// ── events ───────────────────────────────────────────────────────────────────────────────────────

export interface NewEvent {
  /** A topic some definition declares, for example `orders.order`. */
  readonly topic: string;
  /** For example `orders.order.placed`. */
  readonly type: string;
  /** Events of one topic and key keep their order. */
  readonly key: string;
  /** As JSON at most 512 KiB: `emit` throws ShopError `too_large` beyond that. */
  readonly payload: unknown;
  /** W3C traceparent of what caused it. */
  readonly trace?: string;
}

export interface StoredEvent extends NewEvent {
  readonly id: string;
  readonly tenant: TenantId;
  readonly occurredAt: Date;
}

/**
 * Handles one event inside a transaction that also writes down how far its consumer came: a redelivery has no effect.
 * Throwing delays the key with back-off; after the attempts are used up the event goes to the dead-letter topic.
 */
export type EventHandler = (event: StoredEvent, tx: Transaction) => Promise<void>;

export interface SubscribeOptions {
  /** Events of different keys may be handled at the same time in one transaction: see `events/apart.ts` for what that asks of a handler. */
  readonly apart?: boolean;
}

export interface Events {
  /** At least once, in order per tenant, topic and key. `consumer` names the group; its position survives restarts. */
  subscribe(
    consumer: string,
    topics: readonly string[],
    handler: EventHandler,
    options?: SubscribeOptions,
  ): Promise<void>;
  /** Publishes at most what is already committed in the outbox; returns when nothing is left to publish. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

// ── tasks ────────────────────────────────────────────────────────────────────────────────────────

export interface NewTask {
  readonly name: string;
  readonly payload: unknown;
  /** Not before this time. */
  readonly runAt?: Date;
  /** At most one waiting task per tenant, name and key. */
  readonly key?: string;
  /** W3C traceparent of what caused it, which it goes on with. Absent: it is what began it. */
  readonly trace?: string;
}

export interface TaskRun {
  readonly tenant: TenantId;
  readonly payload: unknown;
  readonly attempt: number;
  /** Grows with each claim: a worker that lost its lease cannot complete the task any more. */
  readonly fence: number;
  readonly signal: AbortSignal;
  /** W3C traceparent of what caused it. */
  readonly trace?: string;
}

/** Must be idempotent: it runs at least once. */
export type TaskHandler = (run: TaskRun) => Promise<void>;

export interface Tasks {
  work(name: string, handler: TaskHandler): void;
  close(): Promise<void>;
}

// ── blobs ────────────────────────────────────────────────────────────────────────────────────────

export interface Blob {
  readonly body: Readable;
  readonly contentType: string;
  readonly size: number;
  readonly etag: string;
}

/** Bytes of an object, counted from 0. Both ends belong to it, as in HTTP; without `last` it goes to the object's end. */
export interface ByteRange {
  readonly first: number;
  readonly last?: number;
}

/** What a signed address lets its holder do, and for how long. */
export interface SignedUse {
  readonly method: 'GET' | 'PUT';
  /** Seconds; at most a week. */
  readonly expiresSeconds: number;
  /** Of a PUT: the only content type that is accepted. */
  readonly contentType?: string;
  /** Of a PUT: the only length that is accepted. */
  readonly contentLength?: number;
}

/** Objects by bucket and key, under the tenant's prefix. Keys match `[a-z0-9][a-z0-9._/-]*` without `..`. */
export interface Blobs {
  /** Durable when it resolves; replaces what was there. */
  put(
    tenant: TenantId,
    bucket: string,
    key: string,
    body: Buffer | Readable,
    contentType: string,
  ): Promise<{ etag: string }>;
  /**
   * With a range the body holds those bytes only, while `size` stays that of the whole object. A range that begins behind the
   * object's end is ShopError `invalid_input`. The body must be read or destroyed.
   */
  get(tenant: TenantId, bucket: string, key: string, range?: ByteRange): Promise<Blob | undefined>;
  delete(tenant: TenantId, bucket: string, key: string): Promise<void>;
  /** An address by which a browser reads or writes the object without us. Absent where the store has no such thing. */
  signedUrl?(tenant: TenantId, bucket: string, key: string, use: SignedUse): Promise<string>;
}

// ── cache ────────────────────────────────────────────────────────────────────────────────────────

/** Best effort: a miss is always allowed. */
export interface Cache {
  get(tenant: TenantId, key: string): Promise<string | undefined>;
  set(tenant: TenantId, key: string, value: string, ttlSeconds: number): Promise<void>;
  delete(tenant: TenantId, key: string): Promise<void>;
}

// ── pub/sub, rate limits ─────────────────────────────────────────────────────────────────────────

/**
 * Tells whoever listens at this moment, in whichever process of the scope. Best effort: who is not there is not told later, so a
 * message may hasten something and never be the only way to it. Messages of one publisher on one channel keep their order; of two that
 * are the same and follow each other at once one may be heard.
 */
export interface PubSub {
  /**
   * Whether nobody outside of the scope hears what is said. Where it is not so, say ids and not what they stand for: what goes by NOTIFY
   * every login of the database may hear.
   */
  readonly isPrivate: boolean;
  /** Never rejects for want of a listener or a server. A message of more than 7,000 bytes is ShopError `too_large`. */
  publish(tenant: TenantId, channel: string, message: string): Promise<void>;
  /** Resolves when it is heard from now on. @returns ends it */
  subscribe(
    tenant: TenantId,
    channel: string,
    heard: (message: string) => void,
  ): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** A bucket of tokens for each tenant and name, which holds those of one minute, or of one hour. */
export interface RateLimits {
  /**
   * Takes one token. Where the count is shared and cannot be reached, each process counts by itself meanwhile.
   * @returns 0: there was one. Otherwise the whole seconds until the next.
   */
  take(tenant: TenantId, name: string, most: number, per?: 'minute' | 'hour'): Promise<number>;
}

// ── documents ────────────────────────────────────────────────────────────────────────────────────

/** What JSON can say. Text is well-formed Unicode without U+0000, which one of the stores cannot keep. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [field: string]: JsonValue;
}

export interface StoredDocument {
  readonly id: string;
  /** Another after every write, and never one that was there before: compare, do not count. */
  readonly version: string;
  readonly body: JsonObject;
}

export interface DocumentQuery {
  /** Fields at the top of the body that the collection declares, and what they equal: text, number or boolean. */
  readonly where: Readonly<Record<string, string | number | boolean>>;
  /** 1 to 1,000. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface DocumentPage {
  /** By id, in the order of its bytes. */
  readonly documents: readonly StoredDocument[];
  /** Absent: that was the last page. */
  readonly next?: string;
}

/**
 * JSON documents in collections that a definition declares. Each write is one document, durable when it resolves; what belongs
 * together in a transaction belongs in tables. An undeclared collection or field, an id that is not `[A-Za-z0-9][A-Za-z0-9._:-]*` of at
 * most 128 letters, and a body that is no JSON or names a field with `.` or a leading `$` are ShopError `invalid_input`; a body of
 * more than 1 MiB as JSON is `too_large`; a store that is away is `unavailable` or `timeout`.
 */
export interface Documents {
  get(tenant: TenantId, collection: string, id: string): Promise<StoredDocument | undefined>;
  /**
   * Writes the whole body; the order of its fields is not kept.
   * @param expected the version that must be there, or `'absent'`; otherwise nothing is written and ShopError `conflict` thrown.
   *   Without it, it replaces whatever is there.
   * @returns the new version
   */
  put(tenant: TenantId, collection: string, id: string, body: JsonObject, expected?: string): Promise<string>;
  /** A document that is written while pages are turned is seen once or not at all. */
  find(tenant: TenantId, collection: string, query: DocumentQuery): Promise<DocumentPage>;
  /** Fine when there is none. @param expected as for `put` */
  delete(tenant: TenantId, collection: string, id: string, expected?: string): Promise<void>;
  close(): Promise<void>;
}

// ── search ───────────────────────────────────────────────────────────────────────────────────────

/** What is searched, and in which languages: of writing and of asking alike. */
export interface SearchIndex {
  /** As a definition names it: `products`. */
  readonly name: string;
  /**
   * At least one, `nb-NO`; in each of them documents are read by its own analyzer. Of a language nobody has an analyzer for, words are
   * taken as they are.
   */
  readonly locales: readonly string[];
}

/** What it is called, what it is, what is said of it: in this order words weigh less. */
export type SearchTexts = readonly [title: string, terms: string, description: string];

export interface SearchDocument {
  readonly id: string;
  /** Grows with each change of what it describes: an older one never replaces a newer. */
  readonly version: number;
  /** In the index's first locale. */
  readonly texts: SearchTexts;
  /** In its other locales; in one that is absent it says what `texts` says. */
  readonly translations?: Readonly<Record<string, SearchTexts>>;
  /** Exact values by name, for filters and facets. Names are letters. */
  readonly keywords: Readonly<Record<string, readonly string[]>>;
  /** For ranges and sorting. Names are letters. */
  readonly numbers: Readonly<Record<string, number>>;
}

export interface SearchQuery {
  /** Every word has to be found, as it stands, in another form of its language, or as a beginning. Absent: everything. */
  readonly text?: string;
  /** Which of the index's locales the text is in, and is looked for in; absent: the first. */
  readonly locale?: string;
  /**
   * `some`: one of the words is enough, and what has more of them fits better; where nothing has any, what resembles one. Absent: all.
   */
  readonly match?: 'some';
  /** At most 16 other texts, each of which finds as well as `text` does what has its words. What is misspelt is looked for in `text` only. */
  readonly also?: readonly string[];
  /** Each has to be among the document's values. */
  readonly keywords?: Readonly<Record<string, string>>;
  readonly ranges?: Readonly<Record<string, { readonly atLeast?: number; readonly atMost?: number }>>;
  /** Ids that are not found, whatever they say; at most 500. */
  readonly without?: readonly string[];
  /** What each fits is so much better: the factors multiply. At most 16; of an explicit sort they change nothing. */
  readonly boosts?: readonly SearchBoost[];
  /** Absent: what fits best first. Documents without it come last; of a keyword with several values the first decides, by its bytes. */
  readonly sort?:
    | { readonly number: string; readonly descending: boolean }
    | { readonly keyword: string; readonly descending: boolean };
  /** Names of keywords whose values shall be counted. */
  readonly facets?: readonly string[];
  readonly limit: number;
  /** `next` of the page before, with everything else the same. */
  readonly after?: string;
}

/** Factors are greater than 0. */
export type SearchBoost = { readonly factor: number } & (
  | { readonly ids: readonly string[] }
  | { readonly keyword: string; readonly value: string }
  | { readonly number: string; readonly atLeast: number }
);

export interface SearchPage {
  readonly ids: readonly string[];
  readonly total: number;
  /** The most frequent first, at most 50 of each. */
  readonly facets: Readonly<Record<string, readonly { readonly value: string; readonly count: number }[]>>;
  /** Absent on the last page. */
  readonly next?: string;
  /** True: nothing had these words, and what resembles them is shown instead, one page of it. */
  readonly similar: boolean;
}

/** Where the documents of an index are, and how they are kept: opaque names, equal for what is the same. */
export interface SearchOrigin {
  /** What searches are answered from now. */
  readonly serving: string;
  /** What `rebuild` would leave behind: another one after a change of language, form or system, and where what there was is lost. */
  readonly wanted: string;
}

export interface Search {
  /** Throws ShopError `unavailable` when the server is gone or has nothing for the tenant yet. */
  origin(tenant: TenantId, index: SearchIndex): Promise<SearchOrigin>;
  /** Found by searches once it resolves. May be repeated, and come in any order: the newest version stays. */
  write(tenant: TenantId, index: SearchIndex, documents: readonly SearchDocument[]): Promise<void>;
  /** As `write`: what is removed at a version is not brought back by an older one. */
  remove(
    tenant: TenantId,
    index: SearchIndex,
    gone: readonly Pick<SearchDocument, 'id' | 'version'>[],
  ): Promise<void>;
  /** Throws ShopError `invalid_input` for a cursor of another search, `unavailable` when the server is gone. */
  search(tenant: TenantId, index: SearchIndex, query: SearchQuery): Promise<SearchPage>;
  /**
   * Makes the index anew of everything there is, in the index's language, while it is searched and written to; what is not in `all`
   * and was not written meanwhile is gone afterwards. `all` must be read only when it is asked for: from then on it sees every change
   * whose `write` had not begun before.
   * @returns how many documents it has been given
   */
  rebuild(
    tenant: TenantId,
    index: SearchIndex,
    all: AsyncIterable<readonly SearchDocument[]>,
  ): Promise<number>;
  close(): Promise<void>;
}

// ── analytics ────────────────────────────────────────────────────────────────────────────────────

/** Something that happened, of a kind that a definition declares. Says nothing of a person but by a pseudonym. */
export interface Fact {
  readonly kind: string;
  readonly at: Date;
  /** Pseudonym of whose doing it was: `[A-Za-z0-9._:-]`, at most 64; empty: nobody's. */
  readonly subject: string;
  /** The visit it was part of, written as a subject is; empty: none. */
  readonly session: string;
  /** What its measures are counted in, `EUR`: sums of different units are never mixed. Of kinds that have units, and no others. */
  readonly unit?: string;
  /** By name, as declared; at most 200 letters. One that is absent or empty is not counted under its name. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** By name, as declared; whole numbers, 0 when absent. */
  readonly measures: Readonly<Record<string, number>>;
}

/** Facts that are written together. The id is the writer's: the same batch twice counts once. */
export interface FactBatch {
  readonly id: string;
  /** At least one, at most 10,000. */
  readonly facts: readonly Fact[];
}

/** What every question is limited to. `from` belongs to it, `to` does not; both are whole quarters of an hour, at most 1,100 days apart. */
export interface FactSpan {
  readonly kind: string;
  readonly from: Date;
  readonly to: Date;
  /** Needed for kinds that have units. */
  readonly unit?: string;
}

/** `minute` for at most six hours, which may then begin and end with any minute. */
export type FactBucket = 'minute' | 'quarter' | 'hour' | 'day' | 'week' | 'month';

export interface Calendar {
  readonly bucket: FactBucket;
  /** IANA name of the time zone in which days, weeks (from Monday) and months begin: `Europe/Oslo`. */
  readonly zone: string;
}

export interface FactFilter {
  readonly dimension: string;
  readonly value: string;
}

export interface Amounts {
  readonly count: number;
  /** Of every measure of the kind. */
  readonly sums: Readonly<Record<string, number>>;
}

/** When a bucket begins. */
export interface SeriesPoint extends Amounts {
  readonly at: Date;
  /** Different subjects in it; only when they were asked for. */
  readonly subjects?: number;
}

export interface TopValue extends Amounts {
  readonly value: string;
}

export interface FunnelQuery extends Omit<FactSpan, 'kind' | 'unit'> {
  /** Two to six, each of another kind. */
  readonly steps: readonly { readonly kind: string; readonly where?: FactFilter }[];
  /** Whose steps follow each other. */
  readonly of: 'session' | 'subject';
  /** From the first step to the last, at most 30 days. */
  readonly withinSeconds: number;
}

export interface SessionPoint {
  readonly at: Date;
  /** Sessions that began in the bucket. */
  readonly sessions: number;
  readonly subjects: number;
  /** Facts of the kind in these sessions. */
  readonly facts: number;
  /** Sessions of one fact. */
  readonly bounces: number;
  /** From the first fact to the last, over all sessions. */
  readonly seconds: number;
}

/** Those whose first fact of the kind is in the bucket, and what became of them. */
export interface Cohort {
  readonly at: Date;
  readonly size: number;
  /** By buckets since, 0 being the first; those in which nobody came are left out. */
  readonly periods: readonly (Amounts & { readonly offset: number; readonly subjects: number })[];
}

export interface FactPage {
  /** In order of time; those of one moment by batch and place in it. */
  readonly facts: readonly Fact[];
  /** Absent on the last page. */
  readonly next?: string;
}

/**
 * What happened, in numbers. Questions have a few shapes, each bounded, each about one tenant. Facts are kept 400 days; series and
 * tops, which are kept ready by quarters of an hour, 1,100. Buckets in which nothing happened are left out. What is not declared or
 * goes past a bound is ShopError `invalid_input`; a store that is away is `unavailable` or `timeout`.
 */
export interface Analytics {
  /** Seen by every question once it resolves. To be repeated with the same facts until it does: it counts once. */
  append(tenant: TenantId, batch: FactBatch): Promise<void>;
  /** @param options.subjects whether different subjects shall be counted, which reads every fact */
  series(
    tenant: TenantId,
    query: FactSpan & Calendar & { readonly where?: FactFilter; readonly subjects?: boolean },
  ): Promise<readonly SeriesPoint[]>;
  /**
   * Values of a dimension, the greatest first by `by`: `count` or a measure.
   * @param query.limit 1 to 100
   * @param query.among these values only, 1 to 100; absent: all
   */
  top(
    tenant: TenantId,
    query: FactSpan & {
      readonly dimension: string;
      readonly by: string;
      readonly limit: number;
      readonly among?: readonly string[];
    },
  ): Promise<readonly TopValue[]>;
  /** How many did the first step, the second after it, and so on, as many numbers as steps. */
  funnel(tenant: TenantId, query: FunnelQuery): Promise<readonly number[]>;
  sessions(tenant: TenantId, query: Omit<FactSpan, 'unit'> & Calendar): Promise<readonly SessionPoint[]>;
  /** @param query.periods how many buckets each is followed for: 1 to 24. By day, week or month. */
  cohorts(
    tenant: TenantId,
    query: FactSpan & Calendar & { readonly periods: number },
  ): Promise<readonly Cohort[]>;
  /** The facts themselves, for export. @param query.limit 1 to 5,000 @param query.after `next` of the page before */
  read(
    tenant: TenantId,
    query: FactSpan & { readonly limit: number; readonly after?: string },
  ): Promise<FactPage>;
  /** Removes what has served its time, where the store does not do that by itself. */
  tidy?(tenant: TenantId): Promise<void>;
  close(): Promise<void>;
}

// ── payments ─────────────────────────────────────────────────────────────────────────────────────

export type IntentStatus =
  | 'requires_payment_method'
  | 'requires_confirmation'
  | 'requires_action'
  | 'processing'
  | 'requires_capture'
  | 'canceled'
  | 'succeeded';

/** Who takes the money. */
export type PaymentProvider = 'stripe' | 'paypal';

export interface PaymentIntent {
  /** Says whose it is as well: `paypal_…` is PayPal's. */
  readonly id: string;
  readonly status: IntentStatus;
  readonly amount: number;
  readonly amountCaptured: number;
  /** What was sent back and has not come back itself. */
  readonly amountRefunded: number;
  /** What was sent back and failed later, in sum: it is with the shop again. Absent: this look did not say. */
  readonly amountBounced?: number | undefined;
  readonly currency: string;
  /**
   * Given to the shopper's browser, which confirms with the processor directly: no card data reaches us (SAQ-A). Empty where the
   * shopper agrees on the provider's own page.
   */
  readonly clientSecret: string;
  /** The provider's page where the shopper agrees; it leads back to the `returnUrl`. Absent where the shop's page has card fields. */
  readonly approveUrl?: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly lastError: string | undefined;
  /** Whether the cardholder's bank has taken, or tries to take, the money back. */
  readonly disputed: boolean;
}

/**
 * Stripe's semantics, whoever the provider is. Every call takes an idempotency key and may be repeated safely. Amounts are minor units.
 * An intent that is `requires_confirmation` has its shopper's consent, and waits for the shop to `confirm` it.
 */
export interface Payments {
  /** Who of them the shop offers for such a price, the usual first. */
  providers(
    tenant: TenantId,
    price: { amount: number; currency: string },
  ): Promise<readonly PaymentProvider[]>;
  createIntent(tenant: TenantId, input: NewIntent): Promise<PaymentIntent>;
  retrieve(tenant: TenantId, id: string): Promise<PaymentIntent>;
  /** Newest first, at most 100, created at or after `since`; `before` is the id of the last one already seen. What has no list is not in it. */
  list(
    tenant: TenantId,
    input: { since: Date; before?: string },
  ): Promise<{ intents: readonly PaymentIntent[]; more: boolean }>;
  /** Reserves what the shopper agreed to. Declined: the intent says so, and may be agreed to again. */
  confirm(tenant: TenantId, id: string, idempotencyKey: string): Promise<PaymentIntent>;
  capture(tenant: TenantId, id: string, idempotencyKey: string): Promise<PaymentIntent>;
  /** Nothing is taken any more. Who has no way to say so to the provider relies on nobody confirming it. */
  cancel(tenant: TenantId, id: string, idempotencyKey: string): Promise<PaymentIntent>;
  refund(tenant: TenantId, id: string, amount: number, idempotencyKey: string): Promise<PaymentIntent>;
  /** Newest first, opened at or after `since`; `next` is the cursor of the following page. */
  listDisputes(
    tenant: TenantId,
    input: { provider: PaymentProvider; since: Date; cursor?: string | undefined },
  ): Promise<{ disputes: readonly PaymentDispute[]; next: string | undefined }>;
  retrieveDispute(tenant: TenantId, id: string): Promise<PaymentDispute>;
  /** Tells the bank why the payment was right. Once it is under review nothing can be added. */
  contestDispute(tenant: TenantId, id: string, text: string, idempotencyKey: string): Promise<PaymentDispute>;
  /** Leaves the money to the cardholder. */
  concedeDispute(tenant: TenantId, id: string, idempotencyKey: string): Promise<PaymentDispute>;
  /**
   * What the provider paid out to the shop, newest first, made at or after `since`. Of one that leaves the money on its account: the days
   * of its ledger, in these currencies, to which nothing comes any more.
   */
  listPayouts(
    tenant: TenantId,
    input: {
      provider: PaymentProvider;
      since: Date;
      currencies: readonly string[];
      cursor?: string | undefined;
    },
  ): Promise<{ payouts: readonly Payout[]; next: string | undefined }>;
  /** What a payout is made of, newest first, the payout itself left out. */
  listEntries(
    tenant: TenantId,
    input: { payoutId: string; cursor?: string | undefined },
  ): Promise<{ entries: readonly BalanceEntry[]; next: string | undefined }>;
  /** Verifies the signature over the raw body. Throws ShopError `unauthenticated` on a bad or old signature. */
  verifyWebhook(tenant: TenantId, message: SignedMessage): Promise<PaymentWebhook>;
  /** What the browser needs to confirm: the processor's public origin and the publishable key. Empty where it confirms elsewhere. */
  browserConfig(
    tenant: TenantId,
    provider: PaymentProvider,
  ): Promise<{ publishableKey: string; processorOrigin: string }>;
}

export interface NewIntent {
  readonly amount: number;
  readonly currency: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly idempotencyKey: string;
  /** Absent: the shop's usual. */
  readonly provider?: PaymentProvider | undefined;
  /** Where the shopper comes back to from the provider's page, whatever they did there. */
  readonly returnUrl?: string | undefined;
}

/** A provider's message as it came. Header names are in lower case. */
export interface SignedMessage {
  readonly provider: PaymentProvider;
  readonly rawBody: Buffer;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface PaymentWebhook {
  readonly id: string;
  readonly type: string;
  readonly createdAt: Date;
  /** Absent for messages that are about no intent. */
  readonly intent: PaymentIntent | undefined;
  /** Of messages about a dispute: how it stands. */
  readonly dispute?: PaymentDispute | undefined;
}

export interface Payout {
  /** Says whose it is, as an intent's does. */
  readonly id: string;
  /** What arrives, minor units. Undefined of a day of a ledger: it is what its entries come to. */
  readonly amount: number | undefined;
  readonly currency: string;
  readonly createdAt: Date;
  /** Of a day: its end. */
  readonly arrivesAt: Date;
}

/** One movement on the shop's account at a provider. */
export interface BalanceEntry {
  readonly id: string;
  /** `dispute` is money taken by one, or given back when it is won. `fee`: of the provider, beside those of payments. */
  readonly kind: 'charge' | 'refund' | 'dispute' | 'fee' | 'other';
  /** Minor units; negative where money leaves the account. Without the fee. */
  readonly amount: number;
  readonly fee: number;
  readonly currency: string;
  readonly at: Date;
  /** Whose payment it is about; absent where it is about none. */
  readonly intentId: string | undefined;
  /** Of a dispute: which. */
  readonly disputeId?: string | undefined;
}

/** A cardholder wants the money back, and their bank or the provider decides. */
export interface PaymentDispute {
  /** Says whose it is, as an intent's does. */
  readonly id: string;
  /** Absent where the payment was not made by an intent. */
  readonly intentId: string | undefined;
  /** `won`: the money stays, or has come back. `lost`: it is gone. */
  readonly status: 'needs_response' | 'under_review' | 'won' | 'lost';
  /** In the provider's words, lower case: `fraudulent`, `product_not_received`. */
  readonly reason: string;
  /** Minor units of the payment's currency. */
  readonly amount: number;
  readonly currency: string;
  readonly openedAt: Date;
  /** Until when an answer counts. */
  readonly dueAt: Date | undefined;
}

// ── mail, SMS, push ──────────────────────────────────────────────────────────────────────────────

/** What a provider said when it took a message. */
export interface Sent {
  /** Which one it was: the host of its address, or `outbox`. */
  readonly provider: string;
  /** What it calls the message. */
  readonly reference: string;
}

/**
 * Messages to people outside. A message has the sender's own id, letters, digits and `_`, at most 64: to be sent again under it until it
 * is taken. Where the provider can tell it is delivered once, and otherwise it is recognisably the same message.
 * @throws ShopError
 *   `unavailable`: it was not sent; ask later, or somebody else.
 *   `timeout`: nobody knows whether it was sent; ask again with the same id.
 *   `forbidden`: the provider refuses us: our login, our sender, what we owe.
 *   `gone`: whom it is for takes nothing, and never will: nobody has that address, or wants nothing any more.
 *   `invalid_input`: the provider refuses this message, and would again.
 */
export interface Mail {
  send(tenant: TenantId, message: MailMessage): Promise<Sent>;
}

export interface MailMessage {
  readonly id: string;
  readonly from: { readonly name: string; readonly address: string };
  readonly replyTo?: string;
  readonly to: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  /** Where a mail program unsubscribes its owner by one POST (RFC 8058). */
  readonly unsubscribe?: string;
}

/** As `Mail`. */
export interface Sms {
  send(tenant: TenantId, message: SmsMessage): Promise<Sent>;
}

export interface SmsMessage {
  readonly id: string;
  /** E.164: `+4915112345678`. */
  readonly to: string;
  readonly text: string;
}

/** As `Mail`; `gone` is a browser that has unsubscribed. */
export interface Push {
  send(tenant: TenantId, message: PushMessage): Promise<Sent>;
  /** What browsers subscribe with (VAPID, RFC 8292), base64url; undefined where no push is set up for the shop. */
  publicKey(tenant: TenantId): Promise<string | undefined>;
}

/** A browser's subscription, as its Push API gives it. */
export interface PushTarget {
  readonly endpoint: string;
  /** Both base64url. */
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

export interface PushMessage {
  readonly id: string;
  readonly to: PushTarget;
  /** What the shop's service worker shows; as JSON at most 3,000 bytes. */
  readonly content: { readonly title: string; readonly body: string; readonly url: string };
  /** Seconds the push service may keep it for a browser that is away. */
  readonly ttlSeconds: number;
}

export type MessageChannel = 'mail' | 'sms' | 'push';

/** What the embedded adapters of mail, SMS and push have taken: nobody outside has it. */
export interface Outbox {
  /** Newest first. @param query.limit 1 to 100 @param query.before an id of the page before */
  list(
    tenant: TenantId,
    query: { readonly limit: number; readonly before?: string },
  ): Promise<readonly OutboxMessage[]>;
  get(tenant: TenantId, id: string): Promise<OutboxMessage | undefined>;
}

export interface OutboxMessage {
  readonly id: string;
  readonly channel: MessageChannel;
  readonly recipient: string;
  readonly at: Date;
  readonly message: MailMessage | SmsMessage | PushMessage;
}

// ── identity ─────────────────────────────────────────────────────────────────────────────────────

/** Somebody whom the tenant's identity provider vouches for. */
export interface Person {
  /** The provider's own name for them; never given to anybody else. */
  readonly subject: string;
  /** What they may be in this shop: `merchant`, `support`, `customer`. */
  readonly roles: readonly string[];
}

export interface Identity {
  /**
   * Who presents this access token. Keys are fetched once and kept: a provider that is away is noticed by new keys only.
   * @returns undefined for whatever is no access token of this tenant: malformed, forged, expired, another tenant's, for somebody else
   * @throws ShopError `unavailable` when the provider's keys are not known and cannot be had
   */
  verify(tenant: TenantId, token: string): Promise<Person | undefined>;
}

// ── outside ──────────────────────────────────────────────────────────────────────────────────────

/**
 * Speaks to servers that a merchant named, and that nobody vouches for: over https, at addresses of the public internet only, each
 * checked before it is the very one that is connected to. Follows no redirect and heeds no proxy.
 */
export interface Outside {
  /**
   * For whoever writes an address down: what may never be asked is refused at once. What its name leads to is looked at when it is asked.
   * @throws ShopError `invalid_input`
   */
  check(address: string): URL;
  /**
   * Any status is an answer.
   * @throws ShopError
   *   `forbidden`: it leads into a network that is not the public one.
   *   `unavailable`: it was not reached, or broke off.
   *   `timeout`: it took longer than 15 s, or the signal said so.
   */
  post(address: string, message: OutsideMessage): Promise<OutsideAnswer>;
  /**
   * Asks for something that is read whole. Any status is an answer, and a redirect is not followed.
   * @throws ShopError as `post`, and `unavailable` for an answer of more than 256 KiB
   */
  read(
    address: string,
    question: OutsideQuestion,
  ): Promise<{ readonly status: number; readonly text: string }>;
}

/** With a body it is sent by POST, else it is a GET. */
export interface OutsideQuestion extends Omit<OutsideMessage, 'body'> {
  readonly body?: string;
}

export interface OutsideMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal?: AbortSignal;
}

export interface OutsideAnswer {
  readonly status: number;
  /** Seconds after which it wants to be asked again. */
  readonly retryAfterSeconds: number | undefined;
  /** At most 1,024 bytes of what it said, as a line of text. */
  readonly beginning: string;
}

// ── scan ─────────────────────────────────────────────────────────────────────────────────────────

export interface ScanResult {
  /** What harm was found, by the scanner's name for it; undefined: none that it knows. */
  readonly found: string | undefined;
  /** Who looked, for the record: `clamd`. */
  readonly by: string;
}

/** Looks for what does harm in a file. */
export interface Scan {
  /** @throws ShopError `unavailable` or `timeout`; `too_large` when the scanner takes no file of this size */
  scan(bytes: Buffer): Promise<ScanResult>;
}

// ── language ─────────────────────────────────────────────────────────────────────────────────────

export interface LanguageRequest {
  /** What it is to do, and all that it knows. */
  readonly system: string;
  readonly turns: readonly { readonly by: 'shopper' | 'assistant'; readonly text: string }[];
}

/** A language model that continues a conversation. Whoever asks it has an answer without it. */
export interface Language {
  /** Throws ShopError `unavailable`, `timeout` or `rate_limited`; never waits longer than its configuration says. */
  complete(tenant: TenantId, request: LanguageRequest, signal: AbortSignal): Promise<string>;
}

/**
 * A model that turns texts into vectors, which are near each other where the texts mean the same. Whoever asks it has an answer without it,
 * and pays for each text.
 */
export interface Embeddings {
  /** Which vectors can be compared with each other: the model and its dimensions. */
  readonly space: string;
  readonly dimensions: number;
  /** Cosine from which texts have something to do with each other, by this model. */
  readonly near: number;
  /** Texts of a tenant that may be paid for in a day. */
  readonly dailyTexts: number;
  /**
   * @param texts at most 64
   * @returns unit vectors, one for each text, in their order
   * @throws ShopError `unavailable`, `timeout` or `rate_limited`: ask later. `invalid_input`: one of the texts is refused, and would be again.
   */
  embed(tenant: TenantId, texts: readonly string[], signal: AbortSignal): Promise<readonly Float32Array[]>;
}

// ── tracing ──────────────────────────────────────────────────────────────────────────────────────

/**
 * Tells where time goes, for whoever looks at traces. Nothing depends on it, and where it is switched off only `work` is done.
 * Names are of a fixed vocabulary: nothing in them is anybody's data.
 */
export interface Tracing {
  /** W3C traceparent of where the caller stands, for whoever goes on later or elsewhere; undefined: nothing is traced. */
  here(): string | undefined;
  /**
   * Shows `work` as a step of its own, of what the caller does.
   * @param from what it goes on with instead, as `here` said then; of several, which are done together, each shows it
   */
  span<T>(name: string, work: () => Promise<T>, from?: string | readonly string[]): Promise<T>;
}

// ── secrets, tenants ─────────────────────────────────────────────────────────────────────────────

/** A tenant's secrets by name (`payments`, `admin-key-hash`, …). Values are never logged. */
export interface Secrets {
  get(tenant: TenantId, name: string): Promise<string | undefined>;
}

/** Closes what a domain keeps in its tables and has to read again; whoever reads the tables alone cannot. */
export interface Sealing {
  /** @param what it is, and whose: it opens as nothing else */
  seal(tenant: TenantId, what: string, value: Buffer): Buffer;
  /** @throws ShopError `internal` for what was sealed by another key, for another tenant, or as something else */
  open(tenant: TenantId, what: string, sealed: Buffer): Buffer;
}

/** What the runtime knows of a tenant; written by the operator, read here. */
export interface Tenant {
  readonly id: TenantId;
  readonly displayName: string;
  readonly plan: 'starter' | 'growth' | 'enterprise';
  readonly placement: 'pooled' | 'dedicated';
  readonly hosts: readonly string[];
  readonly locales: readonly string[];
  readonly currencies: readonly string[];
  readonly branding: Readonly<Record<string, unknown>>;
  /** Names of the domains that are switched on. */
  readonly domains: readonly string[];
  readonly quotas: Readonly<Record<string, number>>;
  readonly suspended: boolean;
  /** It is being moved or restored: it may be read, and changes nothing until that has ended. */
  readonly frozen: boolean;
}

/** Follows the operator's directory; at most a few seconds behind, and immediately when notified. */
export interface Tenants {
  byHost(host: string): Promise<Tenant | undefined>;
  byId(id: TenantId): Promise<Tenant | undefined>;
  list(): Promise<readonly Tenant[]>;
  close(): Promise<void>;
}
