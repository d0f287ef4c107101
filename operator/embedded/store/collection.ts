/**
 * The objects of one resource in memory, ordered by namespace and name, so that a page or a
 * namespace is a slice and not a scan.
 */

/** One version of one object; immutable, so that snapshots and history may share it. */
export interface Entry {
  readonly namespace: string;
  readonly name: string;
  /** Global revision of the write that made it; also its `metadata.resourceVersion`. */
  readonly revision: number;
  /** API version the text is written in, such as `v1`. */
  readonly version: string;
  /** The object as JSON, `metadata.resourceVersion` included. */
  readonly json: string;
}

export interface Collection {
  readonly size: number;
  get(namespace: string, name: string): Entry | undefined;
  set(entry: Entry): void;
  remove(namespace: string, name: string): void;
  /** All entries in order, or only those of one namespace. */
  entries(namespace?: string): Entry[];
}

/** Sorts before every character a name may hold, so `a/x` stands before `a-b/x`. */
const SEPARATOR = '\u0000';

/** The order of lists: by namespace, then by name. */
export const keyOf = (namespace: string, name: string): string => namespace + SEPARATOR + name;

export function createCollection(): Collection {
  const byKey = new Map<string, Entry>();
  const keys: string[] = [];

  function slice(namespace: string | undefined): readonly string[] {
    if (namespace === undefined) return keys;
    const from = lowerBound(keys, namespace + SEPARATOR);
    return keys.slice(from, lowerBound(keys, `${namespace}\u0001`));
  }

  return {
    get size() {
      return keys.length;
    },
    get: (namespace, name) => byKey.get(keyOf(namespace, name)),
    set(entry) {
      const key = keyOf(entry.namespace, entry.name);
      if (!byKey.has(key)) keys.splice(lowerBound(keys, key), 0, key);
      byKey.set(key, entry);
    },
    remove(namespace, name) {
      const key = keyOf(namespace, name);
      if (byKey.delete(key)) keys.splice(lowerBound(keys, key), 1);
    },
    entries(namespace) {
      const found: Entry[] = [];
      for (const key of slice(namespace)) {
        const entry = byKey.get(key);
        if (entry) found.push(entry);
      }
      return found;
    },
  };
}

/** Index of the first key that is not less than the one sought. */
function lowerBound(keys: readonly string[], sought: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? '') < sought) low = middle + 1;
    else high = middle;
  }
  return low;
}
