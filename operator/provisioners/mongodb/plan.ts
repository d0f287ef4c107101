/** What a scope's database shall hold, and the commands that make it so of what it holds. Pure; every command is one of MongoDB's own. */
import { isDeepStrictEqual } from 'node:util';
import type { CollectionDefinition } from '../../../runtime/platform/definition.ts';
import { documentDatabase } from '../../../runtime/platform/names/index.ts';
import type { Login } from '../system.ts';
import { userPrefix } from '../logins.ts';

/** A document that is sent to the server. */
export type Command = Readonly<Record<string, unknown>>;

export interface Action {
  /** Without secrets. */
  readonly text: string;
  readonly command: Command;
}

export interface Index {
  readonly name: string;
  /** In order. */
  readonly key: Readonly<Record<string, number>>;
}

export interface Privilege {
  readonly resource: Readonly<Record<string, unknown>>;
  readonly actions: readonly string[];
}

export interface Observed {
  /** By name. */
  readonly collections: ReadonlyMap<
    string,
    { readonly validator: unknown; readonly indexes: readonly Index[] }
  >;
  /** Absent: the server has no users, and no validators. */
  readonly access?: {
    /** Of the runtime's role; absent: there is no such role. */
    readonly privileges?: readonly Privilege[];
    readonly users: readonly { readonly user: string; readonly roles: readonly Role[] }[];
  };
}

export interface Role {
  readonly role: string;
  readonly db: string;
}

export interface Desired {
  readonly scope: string;
  readonly collections: readonly CollectionDefinition[];
  /** Absent: logins are nobody's business now. */
  readonly logins?: readonly Login[];
}

/** What runtimes may do: neither make, change nor drop anything but documents. */
export const RUNTIME_ROLE = 'runtime';
const RUNTIME_ACTIONS = ['find', 'insert', 'remove', 'update'];

/** Begins the names of our indexes: others are somebody else's, and stay. */
const OURS = 'shopmind.';

/** What the runtime's adapter writes (runtime/platform/documents/mongodb.ts), and nothing else. */
export const VALIDATOR = {
  $jsonSchema: {
    bsonType: 'object',
    required: ['_id', 'tenant', 'version', 'body', 'fields'],
    additionalProperties: false,
    properties: {
      _id: { bsonType: 'string' },
      tenant: { bsonType: 'string' },
      version: { bsonType: 'string' },
      body: { bsonType: 'object' },
      fields: { bsonType: 'object' },
    },
  },
};

/**
 * In an order in which a kill anywhere leaves nothing that is wrong: collections, indexes, the role before those who have it.
 * Collections that nothing declares any more stay, for they hold data; users of the scope beside the desired ones go.
 */
export function planDatabase(desired: Desired, observed: Observed): readonly Action[] {
  return [
    ...desired.collections.flatMap((collection) => planCollection(collection, observed)),
    ...planAccess(desired, observed),
  ];
}

/** @param logins who may stay */
export function planAccess(
  { scope, logins }: Pick<Desired, 'scope' | 'logins'>,
  { access }: Observed,
): readonly Action[] {
  if (access === undefined || logins === undefined) return [];
  const db = documentDatabase(scope);
  const roles: readonly Role[] = [{ role: RUNTIME_ROLE, db }];
  const known = new Map(access.users.map(({ user, roles: has }) => [user, has]));
  const wanted = new Set(logins.map(({ user }) => user));
  return [
    ...(logins.length === 0 ? [] : planRole(db, access.privileges)),
    ...logins.flatMap(({ user, password }): Action[] => {
      const has = known.get(user);
      // A login's name holds a digest of its password: who has the name has the password.
      if (has === undefined)
        return [
          { text: `CREATE USER ${user} IN ${db}`, command: { createUser: user, pwd: password, roles } },
        ];
      return isDeepStrictEqual(has, roles)
        ? []
        : [{ text: `ALTER USER ${user} IN ${db}`, command: { updateUser: user, roles } }];
    }),
    ...[...known.keys()]
      .filter((user) => user.startsWith(userPrefix(scope)) && !wanted.has(user))
      .map((user) => ({ text: `DROP USER ${user} IN ${db}`, command: { dropUser: user } })),
  ];
}

/** What may be found by a field, in the order of pages; the first serves those who ask for no field. */
export function indexesOf({ indexed }: CollectionDefinition): readonly Index[] {
  return [
    { name: `${OURS}tenant`, key: { tenant: 1, _id: 1 } },
    ...indexed.map((field) => ({
      name: `${OURS}by.${field}`,
      key: { tenant: 1, [`fields.${field}`]: 1, _id: 1 },
    })),
  ];
}

function planRole(db: string, known: readonly Privilege[] | undefined): readonly Action[] {
  // An empty name of a collection means all of the database but the system's.
  const privileges: readonly Privilege[] = [{ resource: { db, collection: '' }, actions: RUNTIME_ACTIONS }];
  if (known === undefined)
    return [
      {
        text: `CREATE ROLE ${RUNTIME_ROLE} IN ${db}`,
        command: { createRole: RUNTIME_ROLE, privileges, roles: [] },
      },
    ];
  const sorted = known.map(({ resource, actions }) => ({ resource, actions: actions.toSorted() }));
  return isDeepStrictEqual(sorted, privileges)
    ? []
    : [
        {
          text: `ALTER ROLE ${RUNTIME_ROLE} IN ${db}`,
          command: { updateRole: RUNTIME_ROLE, privileges, roles: [] },
        },
      ];
}

function planCollection(
  collection: CollectionDefinition,
  { collections, access }: Observed,
): readonly Action[] {
  const { name } = collection;
  const known = collections.get(name);
  const rules =
    access === undefined
      ? {}
      : { validator: VALIDATOR, validationLevel: 'strict', validationAction: 'error' };
  const made: Action[] = [];
  if (known === undefined)
    made.push({ text: `CREATE COLLECTION ${name}`, command: { create: name, ...rules } });
  else if (access !== undefined && !isDeepStrictEqual(known.validator, VALIDATOR))
    made.push({ text: `ALTER VALIDATOR OF ${name}`, command: { collMod: name, ...rules } });
  return [...made, ...planIndexes(collection, known?.indexes ?? [])];
}

function planIndexes(collection: CollectionDefinition, known: readonly Index[]): readonly Action[] {
  const { name } = collection;
  const wanted = indexesOf(collection);
  const isKept = (index: Index): boolean => wanted.some((one) => isSame(one, index));
  // One that is not as it should be goes before the right one of its name comes.
  const dropped = known
    .filter((index) => index.name.startsWith(OURS) && !isKept(index))
    .map((index) => ({
      text: `DROP INDEX ${index.name} ON ${name}`,
      command: { dropIndexes: name, index: index.name },
    }));
  const created = wanted
    .filter((index) => !known.some((one) => isSame(one, index)))
    .map((index) => ({
      text: `CREATE INDEX ${index.name} ON ${name} (${Object.keys(index.key).join(', ')})`,
      command: { createIndexes: name, indexes: [index] },
    }));
  return [...dropped, ...created];
}

/** The order of an index's fields matters. */
function isSame(a: Index, b: Index): boolean {
  return a.name === b.name && isDeepStrictEqual(Object.entries(a.key), Object.entries(b.key));
}
