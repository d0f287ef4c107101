/**
 * The documents port on MongoDB: a collection of the scope's database for each that is declared, tenants side by side in it. What a document
 * can be found by is kept beside its body, so that an equality never looks into arrays, as MongoDB's own would.
 */
import { randomUUID } from 'node:crypto';
import {
  MongoClient,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
  type Collection,
  type Db,
} from 'mongodb';
import { mongoSettings } from '../address/mongodb/index.ts';
import type { CollectionDefinition } from '../definition.ts';
import { ShopError } from '../errors.ts';
import { documentKey } from '../names/index.ts';
import type { Documents, JsonObject, StoredDocument } from '../ports.ts';
import { checkedTenantId } from '../tenant-id.ts';
import { ABSENT, documentRules, type IndexedValue } from './rules.ts';

export interface MongoDocumentsOptions {
  /** `mongodb://…/<database>`; throws for one that cannot be right. */
  readonly address: string;
  readonly collections: readonly CollectionDefinition[];
  /** Until a server is found, in milliseconds. Default 3,000. */
  readonly connectTimeoutMs?: number;
  /** Until a server that was asked answers, in milliseconds. Default 10,000. */
  readonly answerTimeoutMs?: number;
}

interface Stored {
  readonly _id: string;
  readonly tenant: string;
  readonly version: string;
  readonly body: JsonObject;
  /** What it can be found by. */
  readonly fields: Readonly<Record<string, IndexedValue>>;
}

/** Two upserts of a new document meet; the second then finds it there. */
const TRIES = 5;
const DUPLICATE_KEY = 11_000;

/** Opens nothing until it is used. */
export function createMongoDocuments(options: MongoDocumentsOptions): Documents {
  const rules = documentRules(options.collections);
  const connection = connect(options);

  const ask = async <T>(name: string, work: (collection: Collection<Stored>) => Promise<T>): Promise<T> => {
    try {
      const database = await connection.database();
      return await work(database.collection<Stored>(name));
    } catch (error) {
      throw toShopError(error);
    }
  };

  return {
    async get(tenant, collection, id) {
      rules.place(collection, id);
      const _id = documentKey(checkedTenantId(tenant), id);
      const found = await ask(collection, (stored) => stored.findOne({ _id }));
      return found === null ? undefined : documentOf(found);
    },

    async put(tenant, collection, id, body, expected) {
      rules.place(collection, id);
      const { json, fields } = rules.body(collection, body);
      const document: Stored = {
        _id: documentKey(checkedTenantId(tenant), id),
        tenant,
        version: randomUUID(),
        // A plain one of its own: the caller's may have changed when it is sent.
        body: JSON.parse(json) as JsonObject,
        fields: Object.fromEntries(fields),
      };
      const written = await ask(collection, (stored) => write(stored, document, expected));
      if (!written) throw differs(collection, id);
      return document.version;
    },

    async find(tenant, collection, query) {
      const where = rules.query(collection, query);
      const filter = {
        tenant: checkedTenantId(tenant),
        ...Object.fromEntries(where.map(([field, value]) => [`fields.${field}`, value])),
        ...(query.after === undefined ? {} : { _id: { $gt: documentKey(tenant, query.after) } }),
      };
      const rows = await ask(collection, (stored) =>
        stored
          .find(filter)
          .sort({ _id: 1 })
          .limit(query.limit + 1)
          .toArray(),
      );
      const documents = rows.slice(0, query.limit).map(documentOf);
      const last = documents.at(-1);
      return rows.length > query.limit && last !== undefined ? { documents, next: last.id } : { documents };
    },

    async delete(tenant, collection, id, expected) {
      rules.place(collection, id);
      const _id = documentKey(checkedTenantId(tenant), id);
      const fits = await ask(collection, async (stored) => {
        if (expected === ABSENT) return (await stored.findOne({ _id })) === null;
        const version = expected === undefined ? {} : { version: expected };
        const { deletedCount } = await stored.deleteOne({ _id, ...version });
        return expected === undefined || deletedCount === 1;
      });
      if (!fits) throw differs(collection, id);
    },

    close: () => connection.close(),
  };
}

/** @returns false when something else is there than expected */
async function write(
  collection: Collection<Stored>,
  document: Stored,
  expected: string | undefined,
): Promise<boolean> {
  const { _id } = document;
  if (expected === ABSENT) return !(await isDuplicate(() => collection.insertOne(document)));
  if (expected !== undefined) {
    const { matchedCount } = await collection.replaceOne({ _id, version: expected }, document);
    return matchedCount === 1;
  }
  for (let left = TRIES; left > 1; left--)
    if (!(await isDuplicate(() => collection.replaceOne({ _id }, document, { upsert: true })))) return true;
  await collection.replaceOne({ _id }, document, { upsert: true });
  return true;
}

/** Whether it failed because another was there first. */
async function isDuplicate(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch (error) {
    if (error instanceof MongoServerError && error.code === DUPLICATE_KEY) return true;
    throw error;
  }
}

interface Connection {
  database(): Promise<Db>;
  close(): Promise<void>;
}

/** A client that could not connect at first never does, so that the next question has a new one. */
function connect({
  address,
  connectTimeoutMs = 3_000,
  answerTimeoutMs = 10_000,
}: MongoDocumentsOptions): Connection {
  const { uri, auth, authSource, database } = mongoSettings(address);
  if (database === '')
    throw new Error('an address of a document store names its database: mongodb://…/<database>');
  let closed = false;
  let opening: Promise<MongoClient> | undefined;

  async function open(): Promise<MongoClient> {
    const client = new MongoClient(uri, {
      ...(auth === undefined ? {} : { auth, authSource }),
      appName: 'shopmind-runtime',
      maxPoolSize: 10,
      connectTimeoutMS: connectTimeoutMs,
      serverSelectionTimeoutMS: connectTimeoutMs,
      waitQueueTimeoutMS: connectTimeoutMs,
      socketTimeoutMS: answerTimeoutMs,
      // Durable when it resolves, on the servers that would be asked after the loss of one.
      writeConcern: { w: 'majority', journal: true },
      readPreference: 'primary',
    });
    try {
      return await client.connect();
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  return {
    async database() {
      if (closed) throw new ShopError('unavailable', 'The document store is closed.');
      if (opening === undefined) {
        const mine = open();
        opening = mine;
        mine.catch(() => (opening = opening === mine ? undefined : opening));
      }
      return (await opening).db(database);
    },
    async close() {
      closed = true;
      // One that could not be opened has been closed already.
      const client = await opening?.catch(() => undefined);
      await client?.close();
    },
  };
}

function documentOf({ _id, version, body }: Stored): StoredDocument {
  return { id: _id.slice(_id.indexOf('/') + 1), version, body };
}

function differs(collection: string, id: string): ShopError {
  return new ShopError('conflict', `${collection} ${id} is not as it was expected.`, {
    remedy: 'Read it again and decide anew.',
  });
}

/** Refusals of a login that a rotation, or the operator's next visit, puts right: AuthenticationFailed, Unauthorized. */
const REFUSED: ReadonlySet<unknown> = new Set([18, 13]);

function toShopError(cause: unknown): unknown {
  if (cause instanceof MongoNetworkTimeoutError) {
    return new ShopError('timeout', 'The document store did not answer in time.', {
      cause,
      remedy: 'Try again in a moment; a write may have been made.',
      retryAfterSeconds: 2,
    });
  }
  const away =
    cause instanceof MongoNetworkError ||
    cause instanceof MongoServerSelectionError ||
    (cause instanceof MongoServerError &&
      (REFUSED.has(cause.code) || cause.hasErrorLabel('RetryableWriteError'))) ||
    (cause instanceof Error &&
      /^Mongo(?:WaitQueueTimeout|PoolCleared|PoolClosed|TopologyClosed|NotConnected)Error$/.test(cause.name));
  if (!away) return cause;
  return new ShopError('unavailable', 'The document store cannot be reached.', {
    cause,
    remedy: 'Try again in a moment.',
    retryAfterSeconds: 2,
  });
}
