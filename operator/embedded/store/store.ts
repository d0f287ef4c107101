/**
 * The object store: every object in memory, every write durable before it is visible, one global
 * revision, and enough history to watch from a revision or to list as of one.
 */
import { createCollection, type Collection, type Entry } from './collection.ts';
import { openObjectLog, type LogRow, type ObjectLog } from './log.ts';

export type { Entry } from './collection.ts';

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** One write. A deleted object's `entry` is its last state under the revision of the deletion. */
export interface Change {
  readonly revision: number;
  readonly type: ChangeType;
  readonly entry: Entry;
  readonly previous: Entry | undefined;
}

export interface Key {
  readonly resource: string;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
}

/** Writes the object's text, given the revision the write will have. */
export type Render = (revision: number) => string;

export interface Store {
  /** Revision of the newest write; 0 before the first. */
  revision(): number;
  get(key: Key): Entry | undefined;
  count(resource: string): number;
  /**
   * Entries in order, now or as of an older revision.
   * @throws {HistoryGone} when the history no longer reaches back that far
   */
  list(resource: string, namespace?: string, at?: number): Entry[];
  /**
   * Writes an object whose present state the caller has seen.
   * @param seen the entry the write is based on; undefined to create
   * @throws {StoreConflict} when the present state is not that entry
   */
  put(key: Key, seen: Entry | undefined, version: string, render: Render): Entry;
  /**
   * @param render writes the last state, which watchers see
   * @throws {StoreConflict} as `put`
   */
  remove(key: Key, seen: Entry, version: string, render: Render): Entry;
  /**
   * Delivers every change after a revision, in order, exactly once, until the returned function is called.
   * @throws {HistoryGone} when the history no longer reaches back that far
   */
  watch(resource: string, after: number, listener: (change: Change) => void): () => void;
  /** Forgets states and changes before a revision: lists as of older ones are refused from now on. */
  forget(before: number): void;
  /** Changes after a revision that are still remembered. */
  changes(resource: string, after: number): readonly Change[];
  close(): void;
}

export class StoreConflict extends Error {
  override readonly name = 'StoreConflict';
}

export class HistoryGone extends Error {
  override readonly name = 'HistoryGone';
  readonly oldest: number;
  constructor(oldest: number) {
    super(`history before revision ${oldest} is gone`);
    this.oldest = oldest;
  }
}

export interface StoreOptions {
  /** Path of the SQLite file, or `:memory:`. */
  readonly file: string;
  /** Changes remembered for each resource; default 2,000. */
  readonly historyLength?: number;
  /** Characters of old object text kept for each resource's history; default 8 Mi. */
  readonly historyCharacters?: number;
}

const DEFAULT_HISTORY_LENGTH = 2_000;
const DEFAULT_HISTORY_CHARACTERS = 8 * 1024 * 1024;
/** Compaction waits for this many superseded rows, so that its transaction pays. */
const COMPACTION_BATCH = 256;

interface Shelf {
  readonly objects: Collection;
  readonly history: Change[];
  historyCharacters: number;
  /** Changes up to this revision are forgotten. */
  compacted: number;
  readonly listeners: Set<(change: Change) => void>;
}

/** Opens the store; reads what an earlier process acknowledged. */
export function openStore(options: StoreOptions): Store {
  const log = openObjectLog(options.file);
  const limits = {
    length: options.historyLength ?? DEFAULT_HISTORY_LENGTH,
    characters: options.historyCharacters ?? DEFAULT_HISTORY_CHARACTERS,
  };
  const shelves = new Map<string, Shelf>();
  let superseded: number[] = [];
  /** Older states may still be known here and there; that they are not asked for makes every resource alike. */
  let oldest = 0;

  function shelfOf(resource: string): Shelf {
    let shelf = shelves.get(resource);
    if (!shelf) {
      shelf = {
        objects: createCollection(),
        history: [],
        historyCharacters: 0,
        compacted: log.compacted.get(resource) ?? 0,
        listeners: new Set(),
      };
      shelves.set(resource, shelf);
    }
    return shelf;
  }

  /** Brings a row into memory: the present state, the history, and what compaction may delete. */
  function apply(row: LogRow, shelf: Shelf, body: string): Change {
    const previous = shelf.objects.get(row.namespace, row.name);
    const { namespace, name, version, revision } = row;
    const entry: Entry = { namespace, name, revision, version, json: body };
    const type = row.body === null ? 'DELETED' : previous ? 'MODIFIED' : 'ADDED';
    const change: Change = { revision, type, entry, previous };
    if (type === 'DELETED') shelf.objects.remove(namespace, name);
    else shelf.objects.set(entry);
    if (revision > shelf.compacted) remember(shelf, change);
    return change;
  }

  function remember(shelf: Shelf, change: Change): void {
    shelf.history.push(change);
    shelf.historyCharacters += weightOf(change);
    // Trimming in blocks keeps the cost of moving the array's rest away from single writes.
    if (shelf.history.length <= limits.length * 1.25 && shelf.historyCharacters <= limits.characters) return;
    drop(shelf, (_change, left) => {
      const fits = left <= limits.length && shelf.historyCharacters <= limits.characters;
      return left > 1 && !fits;
    });
  }

  /** Drops the oldest changes while a condition holds. @param condition is given how many are left */
  function drop(shelf: Shelf, condition: (change: Change, left: number) => boolean): void {
    let dropped = 0;
    for (const change of shelf.history) {
      if (!condition(change, shelf.history.length - dropped)) break;
      dropped += 1;
      shelf.historyCharacters -= weightOf(change);
      shelf.compacted = change.revision;
      if (change.previous) superseded.push(change.previous.revision);
      if (change.type === 'DELETED') superseded.push(change.revision);
    }
    shelf.history.splice(0, dropped);
  }

  function compactIfDue(): void {
    if (superseded.length < COMPACTION_BATCH) return;
    const rows = superseded;
    superseded = [];
    log.compact(rows, compactionMarks(shelves));
  }

  function write(key: Key, version: string, body: string, deleted: boolean, revision: number): Entry {
    const shelf = shelfOf(key.resource);
    const row: LogRow = {
      revision,
      resource: key.resource,
      namespace: key.namespace,
      name: key.name,
      version,
      body: deleted ? null : body,
    };
    log.append(row);
    const change = apply(row, shelf, body);
    for (const listener of shelf.listeners) listener(change);
    compactIfDue();
    return change.entry;
  }

  replay(log, shelfOf, apply);

  return {
    revision: () => log.lastRevision,
    get: (key) => shelves.get(key.resource)?.objects.get(key.namespace, key.name),
    count: (resource) => shelves.get(resource)?.objects.size ?? 0,
    list(resource, namespace, at) {
      const shelf = shelfOf(resource);
      if (at === undefined || at >= log.lastRevision) return shelf.objects.entries(namespace);
      if (at < oldest) throw new HistoryGone(oldest);
      return entriesAsOf(shelf, at, namespace);
    },
    put(key, seen, version, render) {
      if (shelfOf(key.resource).objects.get(key.namespace, key.name) !== seen) throw new StoreConflict();
      const revision = log.lastRevision + 1;
      return write(key, version, render(revision), false, revision);
    },
    remove(key, seen, version, render) {
      if (shelfOf(key.resource).objects.get(key.namespace, key.name) !== seen) throw new StoreConflict();
      const revision = log.lastRevision + 1;
      return write(key, version, render(revision), true, revision);
    },
    watch(resource, after, listener) {
      const shelf = shelfOf(resource);
      if (after < shelf.compacted) throw new HistoryGone(shelf.compacted);
      for (const change of changesAfter(shelf, after)) listener(change);
      shelf.listeners.add(listener);
      return () => shelf.listeners.delete(listener);
    },
    forget(before) {
      oldest = before;
      for (const shelf of shelves.values()) drop(shelf, (change) => change.revision < before);
      compactIfDue();
    },
    changes(resource, after) {
      const shelf = shelfOf(resource);
      if (after < shelf.compacted) throw new HistoryGone(shelf.compacted);
      return changesAfter(shelf, after);
    },
    close() {
      log.compact(superseded, compactionMarks(shelves));
      superseded = [];
      log.close();
    },
  };
}

function replay(
  log: ObjectLog,
  shelfOf: (resource: string) => Shelf,
  apply: (row: LogRow, shelf: Shelf, body: string) => Change,
): void {
  for (const row of log.rows()) {
    const shelf = shelfOf(row.resource);
    if (row.body !== null) apply(row, shelf, row.body);
    else {
      const last = shelf.objects.get(row.namespace, row.name);
      if (last) apply(row, shelf, restamped(last.json, last.revision, row.revision));
    }
  }
}

/** An object's text under another revision, as the end of an object is told: its last state under the revision of the end. */
export function restamped(json: string, from: number, to: number): string {
  return json.replace(`"resourceVersion":"${from}"`, `"resourceVersion":"${to}"`);
}

function compactionMarks(shelves: ReadonlyMap<string, Shelf>): Map<string, number> {
  const marks = new Map<string, number>();
  for (const [resource, shelf] of shelves) if (shelf.compacted > 0) marks.set(resource, shelf.compacted);
  return marks;
}

const weightOf = (change: Change): number => (change.previous ?? change.entry).json.length;

function changesAfter(shelf: Shelf, after: number): readonly Change[] {
  let first = shelf.history.length;
  while (first > 0 && (shelf.history[first - 1]?.revision ?? 0) > after) first -= 1;
  return shelf.history.slice(first);
}

/** The present state with every later change undone. */
function entriesAsOf(shelf: Shelf, at: number, namespace: string | undefined): Entry[] {
  if (at < shelf.compacted) throw new HistoryGone(shelf.compacted);
  const past = createCollection();
  for (const entry of shelf.objects.entries(namespace)) past.set(entry);
  for (const change of changesAfter(shelf, at).toReversed()) {
    if (namespace !== undefined && change.entry.namespace !== namespace) continue;
    if (change.previous) past.set(change.previous);
    else past.remove(change.entry.namespace, change.entry.name);
  }
  return past.entries(namespace);
}
