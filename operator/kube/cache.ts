/**
 * What a reflector has seen of one resource: objects by key, and by any index asked for. Kept as JSON text, a third of the
 * memory of objects, and parsed for whoever asks; a reconcile asks for a handful.
 * Objects are frozen: they are shared by every reader, so a reconciler builds new ones.
 */
import { compareVersions, keyOfObject, type Key, type KubeObject } from './types.ts';

/** Names the index values of an object, for example its tenant label; an object may have none or several. */
export type Indexer<T extends KubeObject> = (object: T) => readonly string[];

export interface Change<T extends KubeObject> {
  readonly type: 'added' | 'updated' | 'deleted';
  readonly object: T;
  /** What was cached before; absent for `added`. */
  readonly previous?: T;
}

export interface Cache<T extends KubeObject = KubeObject> {
  get(key: Key): T | undefined;
  has(key: Key): boolean;
  readonly size: number;
  /** In no particular order. Do not change the cache while iterating. */
  values(): IterableIterator<T>;
  keys(): IterableIterator<Key>;
  inNamespace(namespace: string): readonly T[];
  /** Objects whose label `name` has this value. O(number of objects found) once the label was asked for. */
  withLabel(name: string, value: string): readonly T[];
  /** Objects for which the indexer named `index` gave this value. Throws on an unknown index. */
  byIndex(index: string, value: string): readonly T[];
}

/** The side a reflector writes to. */
export interface WritableCache<T extends KubeObject = KubeObject> extends Cache<T> {
  /** Stores unless what is cached is newer. Returns the change, or `undefined` when nothing changed. */
  upsert(object: T): Change<T> | undefined;
  /** Removes unless what is cached is another, later object of the same name. */
  remove(object: T): Change<T> | undefined;
  /** Makes the cache equal to a list; returns what differed. */
  replace(objects: readonly T[]): Change<T>[];
}

export function createCache<T extends KubeObject = KubeObject>(
  indexers: Readonly<Record<string, Indexer<T>>> = {},
): WritableCache<T> {
  const entries = new Map<Key, Entry<T>>();
  const indices = new Map<string, Index<T>>();
  for (const [name, indexer] of Object.entries(indexers)) indices.set(`index:${name}`, createIndex(indexer));
  indices.set(
    NAMESPACE,
    createIndex((object) => [object.metadata.namespace ?? '']),
  );

  /** Label indices come to be when first asked for. */
  const labelIndex = (label: string): Index<T> => {
    const name = `label:${label}`;
    const known = indices.get(name);
    if (known !== undefined) return known;
    const index = createIndex<T>((object) => {
      const value = object.metadata.labels?.[label];
      return value === undefined ? [] : [value];
    });
    for (const [key, entry] of entries) index.add(key, read(entry));
    indices.set(name, index);
    return index;
  };

  const lookUp = (index: Index<T>, value: string): T[] => {
    const found: T[] = [];
    for (const key of index.keys(value)) {
      const entry = entries.get(key);
      if (entry !== undefined) found.push(read(entry));
    }
    return found;
  };

  const store = (key: Key, object: T, previous: T | undefined): void => {
    for (const index of indices.values()) {
      if (previous !== undefined) index.remove(key, previous);
      index.add(key, object);
    }
    entries.set(key, entryOf(object));
  };

  const drop = (key: Key, previous: T): void => {
    for (const index of indices.values()) index.remove(key, previous);
    entries.delete(key);
  };

  const put = (object: T): Change<T> | undefined => {
    const key = keyOfObject(object);
    const before = entries.get(key);
    if (before !== undefined && isSame(before, object)) return undefined;
    const previous = before === undefined ? undefined : read(before);
    store(key, deepFreeze(object), previous);
    return previous === undefined ? { type: 'added', object } : { type: 'updated', object, previous };
  };

  return {
    get(key) {
      const entry = entries.get(key);
      return entry === undefined ? undefined : read(entry);
    },
    has: (key) => entries.has(key),
    get size() {
      return entries.size;
    },
    values: () => entries.values().map(read),
    keys: () => entries.keys(),
    inNamespace: (namespace) => lookUp(mustHave(indices.get(NAMESPACE), NAMESPACE), namespace),
    withLabel: (name, value) => lookUp(labelIndex(name), value),
    byIndex: (name, value) => lookUp(mustHave(indices.get(`index:${name}`), name), value),

    upsert(object) {
      const before = entries.get(keyOfObject(object));
      if (before !== undefined && isOlder(object, before)) return undefined;
      return put(object);
    },

    remove(object) {
      const key = keyOfObject(object);
      const before = entries.get(key);
      if (before === undefined) return undefined;
      if (before.uid !== object.metadata.uid && isOlder(object, before)) return undefined;
      const previous = read(before);
      drop(key, previous);
      return { type: 'deleted', object: previous, previous };
    },

    replace(list) {
      const changes: Change<T>[] = [];
      const listed = new Set<Key>();
      for (const object of list) {
        listed.add(keyOfObject(object));
        const change = put(object);
        if (change !== undefined) changes.push(change);
      }
      for (const [key, entry] of entries) {
        if (listed.has(key)) continue;
        const previous = read(entry);
        drop(key, previous);
        changes.push({ type: 'deleted', object: previous, previous });
      }
      return changes;
    },
  };
}

/** One object at rest. */
interface Entry<T extends KubeObject> {
  readonly text: string;
  readonly uid: string | undefined;
  readonly version: string | undefined;
  /** What readers share while any of them holds it. */
  parsed: WeakRef<T> | undefined;
}

function entryOf<T extends KubeObject>(object: T): Entry<T> {
  const { uid, resourceVersion: version } = object.metadata;
  return { text: JSON.stringify(object), uid, version, parsed: new WeakRef(object) };
}

function read<T extends KubeObject>(entry: Entry<T>): T {
  const shared = entry.parsed?.deref();
  if (shared !== undefined) return shared;
  // The text was made of a T, and JSON is all an object of the API is.
  const object = deepFreeze(JSON.parse(entry.text) as T);
  entry.parsed = new WeakRef(object);
  return object;
}

const NAMESPACE = 'namespace';

interface Index<T extends KubeObject> {
  add(key: Key, object: T): void;
  remove(key: Key, object: T): void;
  keys(value: string): Iterable<Key>;
}

function createIndex<T extends KubeObject>(indexer: Indexer<T>): Index<T> {
  const byValue = new Map<string, Set<Key>>();
  return {
    add(key, object) {
      for (const value of indexer(object)) {
        const keys = byValue.get(value);
        if (keys === undefined) byValue.set(value, new Set([key]));
        else keys.add(key);
      }
    },
    remove(key, object) {
      for (const value of indexer(object)) {
        const keys = byValue.get(value);
        keys?.delete(key);
        if (keys?.size === 0) byValue.delete(value);
      }
    },
    keys: (value) => byValue.get(value) ?? [],
  };
}

/** Same object at the same version: a replayed event. */
function isSame({ version, uid }: Versioned, { metadata }: KubeObject): boolean {
  return version !== undefined && version === metadata.resourceVersion && uid === metadata.uid;
}

const isOlder = ({ metadata }: KubeObject, { version }: Versioned): boolean =>
  (compareVersions(metadata.resourceVersion, version) ?? 0) < 0;

type Versioned = Pick<Entry<KubeObject>, 'uid' | 'version'>;

/**
 * What no reconciler reads and what makes up two thirds of an object's memory: managed fields and kubectl's copy of
 * the last applied manifest. Changes its argument, which nobody else holds yet.
 */
export function trim<T extends KubeObject>(object: T): T {
  delete object.metadata.managedFields;
  if (object.metadata.annotations?.[LAST_APPLIED] !== undefined)
    delete object.metadata.annotations[LAST_APPLIED];
  return object;
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Freezes plain JSON in place, all the way down. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

function mustHave<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new RangeError(`the cache has no index named "${name}"`);
  return value;
}
