/**
 * What the processor keeps: accounts, objects, webhook deliveries and idempotency keys, in one SQLite file.
 * Writes that arrive together share one commit, so that each answer is durable without one disk flush each.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Event, Intent, Kind, Kinds } from './objects.ts';

export interface Account {
  readonly id: string;
  readonly secretKey: string;
  readonly publishableKey: string;
  readonly webhookSecret: string;
  readonly webhookUrl: string;
  /** `Host` header of deliveries where the URL's own host is not what the receiver goes by. */
  readonly webhookHost: string | undefined;
  /** Types of event that are sent; undefined: those that a shop acts on. */
  readonly enabledEvents: readonly string[] | undefined;
}

export interface Delivery {
  readonly account: string;
  readonly event: string;
  readonly endpoint: string;
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly dueAt: number;
}

export interface RememberedReply {
  readonly fingerprint: string;
  readonly status: number;
  readonly body: string;
}

export interface ListQuery {
  readonly limit: number;
  readonly startingAfter?: string | undefined;
  readonly endingBefore?: string | undefined;
  readonly createdFrom?: number | undefined;
  readonly createdTo?: number | undefined;
  /** Only objects that belong to this one (a charge's refunds, an event's type). */
  readonly parent?: string | undefined;
}

/** Reads and writes; writes are only allowed inside `commit`. */
export interface Store {
  account(id: string): Account | undefined;
  accountByKey(key: string): { account: Account; secret: boolean } | undefined;
  /** The intent of whichever account, for a browser that holds its client secret. */
  intentBySecret(id: string, clientSecret: string): { account: Account; intent: Intent } | undefined;
  putAccount(account: Account): void;
  deleteAccount(id: string): boolean;
  get<K extends Kind>(account: string, kind: K, id: string): Kinds[K] | undefined;
  /** Of whichever account has it, for who knows nothing but its id. */
  find<K extends Kind>(
    kind: K,
    id: string,
  ): { readonly account: string; readonly value: Kinds[K] } | undefined;
  put<K extends Kind>(account: string, kind: K, value: Kinds[K], parent?: string): void;
  remove(account: string, kind: Kind, id: string): void;
  /** Newest first. */
  list<K extends Kind>(account: string, kind: K, query: ListQuery): { data: Kinds[K][]; hasMore: boolean };
  event(account: string, event: Event, endpoints: readonly string[], dueAt: number): void;
  /** An event that an endpoint is to be told of. */
  owe(account: string, event: string, endpoint: string, dueAt: number): void;
  /** Earliest first; `without` names accounts that have enough under way. */
  dueDeliveries(now: number, limit: number, without: readonly string[]): Delivery[];
  /** An account's own, earliest first. */
  dueDeliveriesOf(account: string, now: number, limit: number): Delivery[];
  nextDueAt(): number | undefined;
  postpone(delivery: Delivery, dueAt: number): void;
  settle(delivery: Delivery): void;
  remembered(account: string, key: string): RememberedReply | undefined;
  remember(account: string, key: string, reply: RememberedReply, now: number): void;
  /** Forgets events and keys that Stripe would have forgotten too. */
  prune(now: number): void;
  /** Runs `work` in a transaction that other callers' work may share; resolves when it is on the disk. */
  commit<T>(work: () => T): Promise<T>;
  close(): void;
}

/** A page that is written again and again goes into the file once in 4,000 of them. */
const SETTINGS = `
  pragma journal_mode = wal;
  pragma synchronous = full;
  pragma busy_timeout = 5000;
  pragma cache_size = -8000;
  pragma wal_autocheckpoint = 4000;
`;

/**
 * Bodies in the order of their making, so that those of one commit share their pages: by their ids, which are chance, each was a page of its own.
 * An id is found in an index without bodies.
 */
const SCHEMA = `
  create table if not exists accounts (
    id text primary key, secret_key text not null unique, publishable_key text not null unique, body text not null
  ) without rowid;
  create table if not exists objects (
    sequence integer primary key, account text not null, kind text not null, id text not null, created integer not null,
    parent text, body text not null
  );
  create unique index if not exists objects_by_name on objects (id, kind, account);
  create index if not exists objects_by_age on objects (account, kind, sequence);
  create index if not exists objects_by_parent on objects (account, kind, parent, sequence) where parent is not null;
  create table if not exists deliveries (
    account text not null, event text not null, endpoint text not null, attempt integer not null, due_at integer not null,
    primary key (account, event, endpoint)
  ) without rowid;
  create index if not exists deliveries_due on deliveries (due_at);
  create index if not exists deliveries_due_of on deliveries (account, due_at);
  create table if not exists replies (
    account text not null, key text not null, fingerprint text not null, status integer not null, body text not null,
    at integer not null
  );
  create unique index if not exists replies_by_key on replies (account, key);
`;

/** Counted up when the tables become others, or have another index; files made before it counted say 0. */
const VERSION = 3;

/** What a release left that did not count yet, in the tables of this one. */
const UPGRADE = `
  drop index objects_by_id; drop index objects_by_age; drop index objects_by_parent;
  alter table objects rename to former_objects;
  alter table replies rename to former_replies;
  ${SCHEMA}
  insert into objects select sequence, account, kind, id, created, parent, body from former_objects order by sequence;
  insert into replies select account, key, fingerprint, status, body, at from former_replies;
  drop table former_objects; drop table former_replies;
`;

const DAY = 86_400_000;

interface Job {
  readonly run: () => void;
  readonly done: () => void;
  readonly failed: (cause: unknown) => void;
}

/** Opens, and when needed creates, the store in a folder. */
export function openStore(folder: string): Store {
  mkdirSync(folder, { recursive: true });
  const db = new DatabaseSync(join(folder, 'processor.sqlite'));
  db.exec(SETTINGS);
  prepare(db);
  const statements = new Map<string, StatementSync>();
  const sql = (text: string): StatementSync => {
    const known = statements.get(text);
    if (known !== undefined) return known;
    const made = db.prepare(text);
    statements.set(text, made);
    return made;
  };
  let sequence = Number(sql('select coalesce(max(sequence), 0) as last from objects').get()?.['last'] ?? 0);
  let waiting: Job[] = [];

  const flush = (): void => {
    if (waiting.length === 0) return;
    const jobs = waiting;
    waiting = [];
    const finished: (() => void)[] = [];
    try {
      sql('begin immediate').run();
      for (const job of jobs) finished.push(attempt(db, sql, job));
      sql('commit').run();
    } catch (cause) {
      if (db.isTransaction) db.exec('rollback');
      for (const job of jobs) job.failed(cause);
      return;
    }
    for (const finish of finished) finish();
  };

  return {
    account: (id) => accountOf(sql('select body from accounts where id = ?').get(id)),
    accountByKey(key) {
      const row = sql(
        'select body, secret_key from accounts where secret_key = ?1 or publishable_key = ?1',
      ).get(key);
      const account = accountOf(row);
      return account === undefined ? undefined : { account, secret: row?.['secret_key'] === key };
    },
    intentBySecret(id, clientSecret) {
      const row = sql("select account, body from objects where kind = 'payment_intent' and id = ?").get(id);
      const intent = parsed<Intent>(row);
      if (intent === undefined || intent.client_secret !== clientSecret) return undefined;
      const account = this.account(String(row?.['account']));
      return account === undefined ? undefined : { account, intent };
    },
    putAccount(account) {
      sql(
        `insert into accounts (id, secret_key, publishable_key, body) values (?, ?, ?, ?) on conflict (id) do update
         set secret_key = excluded.secret_key, publishable_key = excluded.publishable_key, body = excluded.body`,
      ).run(account.id, account.secretKey, account.publishableKey, JSON.stringify(account));
    },
    deleteAccount(id) {
      for (const table of ['objects', 'deliveries', 'replies'])
        sql(`delete from ${table} where account = ?`).run(id);
      return sql('delete from accounts where id = ?').run(id).changes > 0;
    },
    get: (account, kind, id) =>
      parsed(
        sql('select body from objects where account = ? and kind = ? and id = ?').get(account, kind, id),
      ),
    find<K extends Kind>(kind: K, id: string) {
      const row = sql('select account, body from objects where id = ? and kind = ?').get(id, kind);
      const value = parsed<Kinds[K]>(row);
      return value === undefined ? undefined : { account: String(row?.['account']), value };
    },
    put(account, kind, value, parent) {
      sequence += 1;
      sql(
        `insert into objects (account, kind, id, created, sequence, parent, body) values (?, ?, ?, ?, ?, ?, ?)
         on conflict (id, kind, account) do update set body = excluded.body`,
      ).run(account, kind, value.id, value.created, sequence, parent ?? null, JSON.stringify(value));
    },
    remove(account, kind, id) {
      sql('delete from objects where account = ? and kind = ? and id = ?').run(account, kind, id);
    },
    list<K extends Kind>(account: string, kind: K, query: ListQuery) {
      const at = (id: string | undefined): number | null =>
        id === undefined
          ? null
          : Number(
              sql('select sequence from objects where account = ? and kind = ? and id = ?').get(
                account,
                kind,
                id,
              )?.['sequence'] ?? -1,
            );
      const backwards = query.endingBefore !== undefined;
      const isOwned = query.parent !== undefined;
      const rows = sql(
        `select body from objects where account = ?1 and kind = ?2 and ${isOwned ? 'parent = ?3' : '?3 is null'}
         and (?4 is null or sequence < ?4) and (?5 is null or sequence > ?5)
         and (?6 is null or created >= ?6) and (?7 is null or created <= ?7)
         order by sequence ${backwards ? 'asc' : 'desc'} limit ?8`,
      ).all(
        account,
        kind,
        query.parent ?? null,
        at(query.startingAfter),
        at(query.endingBefore),
        query.createdFrom ?? null,
        query.createdTo ?? null,
        query.limit + 1,
      );
      const data = rows.slice(0, query.limit).flatMap((row) => parsed<Kinds[K]>(row) ?? []);
      return { data: backwards ? data.toReversed() : data, hasMore: rows.length > query.limit };
    },
    event(account, event, endpoints, dueAt) {
      this.put(account, 'event', event, event.type);
      for (const endpoint of endpoints) this.owe(account, event.id, endpoint, dueAt);
    },
    owe(account, event, endpoint, dueAt) {
      sql('insert into deliveries (account, event, endpoint, attempt, due_at) values (?, ?, ?, 0, ?)').run(
        account,
        event,
        endpoint,
        dueAt,
      );
    },
    dueDeliveries: (now, limit, without) =>
      sql(
        `select account, event, endpoint, attempt, due_at from deliveries
         where due_at <= ? and account not in (select value from json_each(?)) order by due_at limit ?`,
      )
        .all(now, JSON.stringify(without), limit)
        .map(deliveryOf),
    dueDeliveriesOf: (account, now, limit) =>
      sql(
        `select account, event, endpoint, attempt, due_at from deliveries where account = ? and due_at <= ? order by due_at limit ?`,
      )
        .all(account, now, limit)
        .map(deliveryOf),
    nextDueAt() {
      const next = sql('select min(due_at) as next from deliveries').get()?.['next'];
      return next === null || next === undefined ? undefined : Number(next);
    },
    postpone(delivery, dueAt) {
      sql(
        'update deliveries set attempt = attempt + 1, due_at = ? where account = ? and event = ? and endpoint = ?',
      ).run(dueAt, delivery.account, delivery.event, delivery.endpoint);
    },
    settle(delivery) {
      sql('delete from deliveries where account = ? and event = ? and endpoint = ?').run(
        delivery.account,
        delivery.event,
        delivery.endpoint,
      );
    },
    remembered(account, key) {
      const row = sql('select fingerprint, status, body from replies where account = ? and key = ?').get(
        account,
        key,
      );
      if (row === undefined) return undefined;
      return {
        fingerprint: String(row['fingerprint']),
        status: Number(row['status']),
        body: String(row['body']),
      };
    },
    remember(account, key, reply, now) {
      sql('insert into replies (account, key, fingerprint, status, body, at) values (?, ?, ?, ?, ?, ?)').run(
        account,
        key,
        reply.fingerprint,
        reply.status,
        reply.body,
        now,
      );
    },
    prune(now) {
      sql('delete from replies where at < ?').run(now - DAY);
      sql("delete from objects where kind in ('event', 'paypal_event') and created < ?").run(
        (now - 30 * DAY) / 1000,
      );
    },
    commit<T>(work: () => T): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        let value: T | undefined;
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({
          run: () => {
            value = work();
          },
          // `run` has returned when `done` is called, so the value is there.
          done: () => resolve(value as T),
          failed: reject,
        });
      });
    },
    close() {
      if (waiting.length > 0) flush();
      db.close();
    },
  };
}

/** All of its tables, or those of before. */
function prepare(db: DatabaseSync): void {
  const version = Number(db.prepare('pragma user_version').get()?.['user_version']);
  if (version === VERSION) return;
  const isThere = db.prepare("select 1 from sqlite_schema where name = 'objects'").get() !== undefined;
  db.exec(
    `begin immediate; ${isThere && version === 0 ? UPGRADE : SCHEMA} pragma user_version = ${VERSION}; commit`,
  );
}

/** Runs one job so that its failure undoes only itself; what to tell its caller waits for the commit. */
function attempt(db: DatabaseSync, sql: (text: string) => StatementSync, job: Job): () => void {
  sql('savepoint job').run();
  try {
    job.run();
    sql('release job').run();
    return job.done;
  } catch (cause) {
    // Of some failures, a disk that is full or temporary files that cannot be made, SQLite has undone everything already.
    if (!db.isTransaction) throw cause;
    db.exec('rollback to job; release job');
    return () => job.failed(cause);
  }
}

// The rows are written by this file only, with the types they are read as.
function parsed<T>(row: Record<string, unknown> | undefined): T | undefined {
  return row === undefined ? undefined : (JSON.parse(String(row['body'])) as T);
}

function deliveryOf(row: Record<string, unknown>): Delivery {
  return {
    account: String(row['account']),
    event: String(row['event']),
    endpoint: String(row['endpoint']),
    attempt: Number(row['attempt']),
    dueAt: Number(row['due_at']),
  };
}

function accountOf(row: Record<string, unknown> | undefined): Account | undefined {
  return parsed<Account>(row);
}
