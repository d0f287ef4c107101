/**
 * MongoDB as a system of the data plane: a database for each scope, whose runtimes may change documents and nothing else; a collection,
 * validated and indexed, for each that a domain declares. A pooled tenant's documents go with the tenant.
 */
import { MongoClient, MongoServerError, type Db } from 'mongodb';
import { formatAddress, parseAddress, withLogin } from '../../../runtime/platform/address/index.ts';
import { MONGODB_PORT, mongoSettings } from '../../../runtime/platform/address/mongodb/index.ts';
import { documentDatabase } from '../../../runtime/platform/names/index.ts';
import { SystemError } from '../system.ts';
import type { PlannedScope, Scope, System } from '../system.ts';
import { observeDatabase } from './observe.ts';
import { planAccess, planDatabase, RUNTIME_ROLE } from './plan.ts';
import type { Action, Desired } from './plan.ts';

export interface MongoOptions {
  /** Throws when this process may not change anything any more; asked before every change. */
  readonly mayAct?: () => void;
  /** Until a server is found, in milliseconds. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Until a server that was asked answers, in milliseconds; an index goes on being built behind it. Default 30,000. */
  readonly answerTimeoutMs?: number;
}

/** Another operator did it first: NamespaceNotFound, IndexNotFound, UserNotFound, RoleNotFound, NamespaceExists, role and user exist. */
const DONE_ALREADY: ReadonlySet<unknown> = new Set([26, 27, 11, 31, 48, 51_002, 51_003]);
/** Unauthorized, AuthenticationFailed. */
const REFUSED: ReadonlySet<unknown> = new Set([13, 18]);
/** Documents of a tenant that are removed in one go. */
const BATCH = 1_000;

/** @param adminAddress `mongodb://admin:…@one:27017,two:27017/?replicaSet=rs0` */
export function createMongodb(adminAddress: string, options: MongoOptions = {}): System {
  const { mayAct = () => undefined, connectTimeoutMs = 5_000, answerTimeoutMs = 30_000 } = options;
  const address = parseAddress(adminAddress, MONGODB_PORT);
  const { uri, auth, authSource, emulator } = mongoSettings(adminAddress);
  let opening: Promise<MongoClient> | undefined;

  /** A client that could not connect at first never does, so that the next visit has a new one. */
  async function client(): Promise<MongoClient> {
    if (opening !== undefined) return opening;
    const fresh = new MongoClient(uri, {
      ...(auth === undefined ? {} : { auth, authSource }),
      appName: 'shopmind-operator',
      maxPoolSize: 4,
      connectTimeoutMS: connectTimeoutMs,
      serverSelectionTimeoutMS: connectTimeoutMs,
      waitQueueTimeoutMS: connectTimeoutMs,
      socketTimeoutMS: answerTimeoutMs,
      writeConcern: { w: 'majority' },
    });
    opening = fresh.connect().catch(async (error: unknown) => {
      opening = undefined;
      await fresh.close();
      throw error;
    });
    return opening;
  }

  const databaseOf = async (scope: string): Promise<Db> => (await client()).db(documentDatabase(scope));

  const changes = (desired: Desired): Promise<readonly Action[]> =>
    explained(`READ DATABASE ${documentDatabase(desired.scope)}`, async () =>
      planDatabase(desired, await observeDatabase(await databaseOf(desired.scope), emulator)),
    );

  async function apply(scope: string, planned: readonly Action[]): Promise<readonly string[]> {
    const done: string[] = [];
    for (const { text, command } of planned) {
      mayAct();
      if (await explained(text, async () => once(await databaseOf(scope), command))) done.push(text);
    }
    return done;
  }

  const setAccess = async (scope: string, logins: readonly Scope['login'][]): Promise<readonly string[]> =>
    apply(
      scope,
      await explained(`READ USERS OF ${scope}`, async () =>
        planAccess({ scope, logins }, await observeDatabase(await databaseOf(scope), emulator)),
      ),
    );

  return {
    name: 'mongodb',
    plan: async (scope) => (await changes(desiredOf(scope))).map(({ text }) => text),
    ensure: async (scope) => apply(scope.name, await changes(desiredOf(scope))),
    // A tenant's documents come into its scope's collections when they are written.
    ensureTenant: () => Promise.resolve([]),
    async removeTenant(scope, tenant) {
      const what = `DELETE DOCUMENTS OF ${tenant}`;
      const database = await explained(what, () => databaseOf(scope));
      const listed = await explained(what, () => database.listCollections({}, { nameOnly: true }).toArray());
      const done: string[] = [];
      for (const { name } of listed) {
        let count = 0;
        for (let more = true; more;) {
          mayAct();
          const removed = await explained(`${what} FROM ${name}`, () => removeSome(database, name, tenant));
          count += removed;
          more = removed > 0;
        }
        if (count > 0) done.push(`DELETE ${count} DOCUMENTS OF ${tenant} FROM ${name}`);
      }
      return done;
    },
    async remove(scope) {
      // First those who write, or their last words would stay.
      const done = [...(await setAccess(scope, []))];
      const name = documentDatabase(scope);
      const database = await explained(`READ DATABASE ${name}`, () => databaseOf(scope));
      const seen = await explained(`READ DATABASE ${name}`, () => observeDatabase(database, emulator));
      if (seen.access?.privileges !== undefined)
        done.push(
          ...(await apply(scope, [
            { text: `DROP ROLE ${RUNTIME_ROLE} IN ${name}`, command: { dropRole: RUNTIME_ROLE } },
          ])),
        );
      if (seen.collections.size > 0)
        done.push(...(await apply(scope, [{ text: `DROP DATABASE ${name}`, command: { dropDatabase: 1 } }])));
      return done;
    },
    close: (scope) => setAccess(scope, []),
    address({ name, login }) {
      const { authSource: _adminsOwn, ...rest } = address.options;
      const place = { ...address, path: documentDatabase(name), options: rest };
      return formatAddress(
        emulator
          ? { ...place, user: undefined, password: undefined }
          : withLogin(place, login.user, login.password),
      );
    },
    ping: () =>
      explained('PING', async () => {
        await (await client()).db('admin').command({ ping: 1 });
      }),
    async end() {
      const opened = await opening?.catch(() => undefined);
      await opened?.close();
    },
  };
}

function desiredOf({ name, domains, login, formerLogin }: PlannedScope): Desired {
  const collections = domains.flatMap((domain) => domain.collections ?? []);
  if (login === undefined) return { scope: name, collections };
  return {
    scope: name,
    collections,
    logins: formerLogin === undefined ? [login] : [login, formerLogin],
  };
}

/** @returns false when another operator has done it meanwhile */
async function once(database: Db, command: Action['command']): Promise<boolean> {
  try {
    await database.command(command);
    return true;
  } catch (error) {
    if (error instanceof MongoServerError && DONE_ALREADY.has(error.code)) return false;
    throw error;
  }
}

/** Along the tenant's own index, so that no step holds the server for long. @returns how many went; 0: none was left */
async function removeSome(database: Db, name: string, tenant: string): Promise<number> {
  const collection = database.collection<{ _id: string; tenant: string }>(name);
  const page = await collection.find({ tenant }, { projection: { _id: 1 }, limit: BATCH }).toArray();
  if (page.length === 0) return 0;
  await collection.deleteMany({ _id: { $in: page.map(({ _id }) => _id) } });
  // Counted as found: another operator may have removed some of them a moment before.
  return page.length;
}

async function explained<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof SystemError) throw cause;
    const refused = cause instanceof MongoServerError && REFUSED.has(cause.code);
    throw new SystemError('mongodb', action, {
      transient: !refused,
      cause,
      remedy: refused
        ? 'give the login of DOCUMENTS_ADMIN_URL the roles readWriteAnyDatabase, dbAdminAnyDatabase and userAdminAnyDatabase'
        : 'see that a primary of DOCUMENTS_URL can be reached; it is tried again',
    });
  }
}
