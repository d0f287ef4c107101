/** Watches: what changed since a revision and from now on, as one stream of JSON lines. */
import type { ServerResponse } from 'node:http';
import { HistoryGone, restamped, type Change, type ChangeType, type Entry } from '../store/store.ts';
import type { Cluster } from './cluster.ts';
import { ApiError, badRequest, expired, internal } from './errors.ts';
import { objectText } from './forms.ts';
import { revisionOf, selectionOf, tooNew, type Selection } from './list.ts';
import type { Form } from './negotiation.ts';
import { numberOf } from './registry/options.ts';
import { apiVersionOf, type ResourceType } from './resources.ts';
import type { IncludeObject } from './table/table.ts';

export interface WatchRequest {
  readonly type: ResourceType;
  /** Undefined for all namespaces. */
  readonly namespace: string | undefined;
  /** Given where the old form of watching one object by its path was used. */
  readonly name: string | undefined;
  readonly query: URLSearchParams;
  readonly form: Form;
  readonly include: IncludeObject;
}

const BOOKMARK_INTERVAL_MS = 30_000;
const SHORTEST_DEFAULT_SECONDS = 1_800;
/** What a client may leave unread before it is cut off; it can watch again from where it was. */
const MOST_UNREAD_BYTES = 8 * 1024 * 1024;
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** Definitions of columns hold no brackets, and come before everything that an object may hold. */
const COLUMNS = /"columnDefinitions":\[[^\]]*\]/;

/** Lines are written once for each change, version and form, however many watch. */
const lines = new WeakMap<Change, Map<string, string>>();

/**
 * Answers a watch until the client goes, the time is up or it falls too far behind.
 * @returns stops the watch
 * @throws {ApiError} 410 when the history no longer reaches back
 */
export function serveWatch(cluster: Cluster, request: WatchRequest, response: ServerResponse): () => void {
  const { type, query } = request;
  const selection = selectionOf(query, type);
  const name = request.name ?? selection.name;
  const present = cluster.store.revision();
  const start = startOf(query, present);
  const wantsBookmarks = query.get('allowWatchBookmarks') === 'true';
  const initial = start.initial ? cluster.store.list(type.storage, request.namespace) : [];
  const include = request.include;

  let stopped = false;
  let unsubscribe = (): void => {};
  let sent = start.after;
  /** What the client asked for at once may be of any size; only what it leaves unread later counts against it. */
  let mostUnread = Number.POSITIVE_INFINITY;
  const write = (line: string): void => {
    if (stopped) return;
    response.write(line);
    if (response.writableLength > mostUnread) {
      cluster.log.warn({ resource: type.plural }, 'a watch was cut because its client reads too slowly');
      stop();
      response.destroy();
    }
  };
  /** Only the first table of a watch says what its columns are. */
  let titles = request.form === 'table';
  const titled = (line: string): string => {
    if (request.form !== 'table' || titles) {
      titles = false;
      return line;
    }
    return line.replace(COLUMNS, '"columnDefinitions":null');
  };
  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    unsubscribe();
    clearInterval(bookmarks);
    clearTimeout(deadline);
  };
  const fail = (error: unknown): void => {
    if (stopped) return;
    const told = error instanceof ApiError ? error : internal('an event could not be told', error);
    if (told !== error) cluster.log.error({ err: error, resource: type.plural }, 'a watch failed');
    write(errorLine(told));
    stop();
    response.end();
  };
  const inOrder = createOrder(fail);
  const bookmark = (): void => {
    // What was written up to this revision is told before it or waits in the same order.
    const revision = cluster.store.revision();
    inOrder(undefined, () => write(bookmarkLine(cluster, request, revision)));
  };
  const bookmarks = setInterval(() => {
    if (wantsBookmarks && cluster.store.revision() > sent) {
      sent = cluster.store.revision();
      bookmark();
    }
  }, BOOKMARK_INTERVAL_MS);
  bookmarks.unref();
  const seconds = numberOf(query, 'timeoutSeconds') || SHORTEST_DEFAULT_SECONDS * (1 + Math.random());
  const deadline = setTimeout(() => {
    if (wantsBookmarks) bookmark();
    inOrder(undefined, () => {
      stop();
      response.end();
    });
  }, seconds * 1_000);
  deadline.unref();

  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  response.on('close', stop);
  inOrder(cluster.codec.prepare(initial, type), () => {
    for (const entry of initial)
      if (isSelected(cluster, request, selection, name, entry))
        write(titled(lineOf('ADDED', objectText(cluster, type, entry, request.form, include))));
    if (start.endOfInitial) write(bookmarkLine(cluster, request, present, { [INITIAL_EVENTS_END]: 'true' }));
  });

  const listener = (change: Change): void => {
    if (request.namespace !== undefined && change.entry.namespace !== request.namespace) return;
    if (name !== undefined && change.entry.name !== name) return;
    const { entry, previous } = change;
    const shown = selection.matches && previous ? [previous, entry] : [entry];
    inOrder(cluster.codec.prepare(shown, type), () => {
      const seen = transition(cluster, request, selection, change);
      if (seen) write(titled(changeLine(cluster, request, change, seen)));
    });
  };
  try {
    unsubscribe = cluster.store.watch(type.storage, start.after, listener);
    inOrder(undefined, () => {
      mostUnread = response.writableLength + MOST_UNREAD_BYTES;
    });
  } catch (error) {
    stop();
    if (!(error instanceof HistoryGone)) throw error;
    response.end(errorLine(expired(start.after, error.oldest)));
  }
  return () => {
    stop();
    response.end();
  };
}

interface Start {
  /** Changes after this revision are sent. */
  readonly after: number;
  /** Whether the present objects come first, as ADDED. */
  readonly initial: boolean;
  readonly endOfInitial: boolean;
}

function startOf(query: URLSearchParams, present: number): Start {
  const revision = revisionOf(query);
  const sendInitialEvents = query.get('sendInitialEvents');
  const match = query.get('resourceVersionMatch');
  if (sendInitialEvents !== null && match !== 'NotOlderThan')
    throw badOption(
      'resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    );
  if (sendInitialEvents === null && match)
    throw badOption(
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    );
  if (revision !== undefined && revision > present) throw tooNew(revision, present);
  if (sendInitialEvents === 'true')
    return { after: present, initial: true, endOfInitial: query.get('allowWatchBookmarks') === 'true' };
  if (revision === undefined || revision === 0)
    return { after: present, initial: sendInitialEvents !== 'false', endOfInitial: false };
  return { after: revision, initial: false, endOfInitial: false };
}

function badOption(message: string): ApiError {
  const error = badRequest(message);
  return new ApiError(422, 'Invalid', `ListOptions.meta.k8s.io "" is invalid: ${message}`, error.details);
}

function isSelected(
  cluster: Cluster,
  request: WatchRequest,
  selection: Selection,
  name: string | undefined,
  entry: Entry,
): boolean {
  if (name !== undefined && entry.name !== name) return false;
  return !selection.matches || selection.matches(cluster.codec.read(entry, request.type));
}

/** What a change is to a watcher that sees only what it selects; undefined when it is nothing. */
function transition(
  cluster: Cluster,
  request: WatchRequest,
  selection: Selection,
  change: Change,
): ChangeType | undefined {
  const { matches } = selection;
  if (!matches) return change.type;
  const { previous, entry } = change;
  const before = previous !== undefined && matches(cluster.codec.read(previous, request.type));
  if (change.type === 'DELETED') return before ? 'DELETED' : undefined;
  const after = matches(cluster.codec.read(entry, request.type));
  if (before) return after ? 'MODIFIED' : 'DELETED';
  return after ? 'ADDED' : undefined;
}

function changeLine(cluster: Cluster, request: WatchRequest, change: Change, seen: ChangeType): string {
  const { type, form, include } = request;
  const key = `${seen} ${type.group}/${type.version} ${form} ${include}`;
  let known = lines.get(change);
  if (!known) lines.set(change, (known = new Map()));
  let line = known.get(key);
  // Ages in tables move on; everything else is the same for every watcher.
  if (line === undefined || form === 'table') {
    line = lineOf(seen, shownText(cluster, request, change, seen));
    known.set(key, line);
  }
  return line;
}

/** Whoever no longer selects an object is told of its last state that was selected, under the revision of the change. */
function shownText(cluster: Cluster, request: WatchRequest, change: Change, seen: ChangeType): string {
  const { entry, previous } = change;
  const textOf = (one: Entry) => objectText(cluster, request.type, one, request.form, request.include);
  if (seen !== 'DELETED' || change.type === 'DELETED' || !previous) return textOf(entry);
  return restamped(textOf(previous), previous.revision, entry.revision);
}

/**
 * Runs works one after another, each when its promise is kept, and at once where there is nothing to wait for.
 * @param fail is told of the first promise that is not kept or work that throws; nothing runs after it
 */
function createOrder(
  fail: (error: unknown) => void,
): (ready: Promise<void> | undefined, work: () => void) => void {
  let last: Promise<void> | undefined;
  let failed = false;

  async function run(before: Promise<void> | undefined, ready: Promise<void> | undefined, work: () => void) {
    await before;
    try {
      await ready;
      if (!failed) work();
    } catch (error) {
      if (!failed) fail(error);
      failed = true;
    }
  }

  return (ready, work) => {
    if (!last && !ready) {
      if (!failed) work();
      return;
    }
    // It is looked at in its turn; until then nobody else does.
    ready?.catch(() => undefined);
    const mine = run(last, ready, work).finally(() => {
      if (last === mine) last = undefined;
    });
    last = mine;
  };
}

const errorLine = (error: ApiError): string => lineOf('ERROR', JSON.stringify(error.toStatus()));

const lineOf = (type: string, text: string): string => `{"type":"${type}","object":${text}}\n`;

function bookmarkLine(
  cluster: Cluster,
  { type, form, include }: WatchRequest,
  revision: number,
  annotations?: Record<string, string>,
): string {
  const metadata = {
    resourceVersion: String(revision),
    creationTimestamp: null,
    ...(annotations ? { annotations } : {}),
  };
  const partial = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
  return lineOf('BOOKMARK', JSON.stringify(shape()));

  function shape(): object {
    if (form === 'object') return { kind: type.kind, apiVersion: apiVersionOf(type), metadata };
    if (form === 'metadata') return partial;
    // The one row is of no object, but its metadata is where a reader looks for annotations.
    const cells = cluster.columnsOf(type).map(() => '');
    return {
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: String(revision) },
      columnDefinitions: null,
      rows: [include === 'None' ? { cells } : { cells, object: partial }],
    };
  }
}
