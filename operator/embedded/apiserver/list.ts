/** Lists: whole, by selector, as of a revision, and in pages that all show one snapshot. */
import { HistoryGone, type Entry } from '../store/store.ts';
import { keyOf } from '../store/collection.ts';
import type { Cluster } from './cluster.ts';
import { ApiError, badRequest, expired, PageExpired } from './errors.ts';
import { numberOf } from './registry/options.ts';
import type { ResourceType } from './resources.ts';
import { parseFieldSelector, parseLabelSelector, type Predicate } from './selectors.ts';

export interface Page {
  readonly entries: readonly Entry[];
  readonly revision: number;
  /** Token of the next page; empty on the last. */
  readonly next: string;
  /** How many follow; undefined where a selector makes that a guess. */
  readonly remaining: number | undefined;
}

export interface Selection {
  readonly matches: Predicate | undefined;
  /** The only name that can match, when the client asked for one. */
  readonly name: string | undefined;
}

/** @throws {ApiError} 400 for a selector that cannot be read */
export function selectionOf(query: URLSearchParams, type: ResourceType): Selection {
  const predicates: Predicate[] = [];
  const labels = query.get('labelSelector');
  if (labels) predicates.push(parseLabelSelector(labels));
  const fields = query.get('fieldSelector');
  const selector = fields ? parseFieldSelector(fields, type) : undefined;
  if (selector) predicates.push(selector.matches);
  return {
    matches: predicates.length === 0 ? undefined : (object) => predicates.every((matches) => matches(object)),
    name: selector?.name,
  };
}

interface Continuation {
  /** Undefined where the snapshot of the first page is gone and the client goes on with what there is. */
  readonly revision: number | undefined;
  /** Key of the last object given. */
  readonly after: string;
}

/**
 * One page of a resource's objects.
 * @param namespace undefined for all namespaces
 * @throws {ApiError} 410 when the snapshot of a continued list is gone
 */
export async function listPage(
  cluster: Cluster,
  type: ResourceType,
  namespace: string | undefined,
  query: URLSearchParams,
): Promise<Page> {
  const selection = selectionOf(query, type);
  const limit = numberOf(query, 'limit') ?? 0;
  if (limit < 0) throw badRequest('limit: Invalid value: must be non-negative');
  const continued = continuationOf(query);
  const asked = continued ? continued.revision : exactRevision(query, cluster.store.revision());
  const snapshot = entriesAt(cluster, type, namespace, asked, continued);
  // A snapshot list stays on its revision; a first page begins one at the present.
  const revision = asked ?? cluster.store.revision();
  const rest = continued ? snapshot.slice(firstAfter(snapshot, continued.after)) : snapshot;
  // What a selector looks at must be converted before it is known whether it belongs to the page.
  if (selection.matches) await cluster.codec.prepare(rest, type);
  const matching = rest.filter(matcher(cluster, type, selection));
  const whole = limit === 0 || matching.length <= limit;
  const entries = whole ? matching : matching.slice(0, limit);
  await cluster.codec.prepare(entries, type);
  if (whole) return { entries, revision, next: '', remaining: undefined };
  const last = entries.at(-1);
  const after = last ? keyOf(last.namespace, last.name) : '';
  return {
    entries,
    revision,
    next: tokenOf({ revision, after }),
    remaining: selection.matches ? undefined : matching.length - limit,
  };
}

function matcher(cluster: Cluster, type: ResourceType, selection: Selection): (entry: Entry) => boolean {
  const { matches, name } = selection;
  if (!matches) return () => true;
  return (entry) => (name === undefined || entry.name === name) && matches(cluster.codec.read(entry, type));
}

function entriesAt(
  cluster: Cluster,
  type: ResourceType,
  namespace: string | undefined,
  revision: number | undefined,
  continued: Continuation | undefined,
): readonly Entry[] {
  try {
    return cluster.store.list(type.storage, namespace, revision);
  } catch (error) {
    if (!(error instanceof HistoryGone)) throw error;
    if (continued) throw new PageExpired(tokenOf({ revision: undefined, after: continued.after }));
    throw expired(revision ?? 0, error.oldest);
  }
}

/** The revision a list must show exactly; undefined where the present one serves. */
function exactRevision(query: URLSearchParams, present: number): number | undefined {
  const revision = revisionOf(query);
  const match = query.get('resourceVersionMatch');
  if (match !== null && match !== '') {
    if (revision === undefined)
      throw badOption(
        'resourceVersionMatch',
        'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
      );
    if (match !== 'Exact' && match !== 'NotOlderThan')
      throw badOption(
        'resourceVersionMatch',
        `Unsupported value: "${match}": supported values: "Exact", "NotOlderThan", ""`,
      );
    if (match === 'Exact' && revision === 0)
      throw badOption(
        'resourceVersionMatch',
        'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
      );
  }
  if (revision !== undefined && revision > present) throw tooNew(revision, present);
  return match === 'Exact' ? revision : undefined;
}

/** `resourceVersion` of a query; undefined when it is absent. */
export function revisionOf(query: URLSearchParams): number | undefined {
  const value = query.get('resourceVersion');
  if (value === null || value === '') return undefined;
  if (!/^\d+$/.test(value))
    throw badOption(
      'resourceVersion',
      `Invalid value: "${value}": strconv.ParseUint: parsing "${value}": invalid syntax`,
    );
  return Number(value);
}

/** A revision that this server has not reached: the client is told to try again. */
export function tooNew(asked: number, present: number): ApiError {
  return new ApiError(504, 'Timeout', `Too large resource version: ${asked}, current: ${present}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version', field: '' }],
    retryAfterSeconds: 1,
  });
}

function badOption(name: string, message: string): ApiError {
  return new ApiError(422, 'Invalid', `ListOptions.meta.k8s.io "" is invalid: ${name}: ${message}`, {
    group: 'meta.k8s.io',
    kind: 'ListOptions',
    causes: [{ reason: 'FieldValueInvalid', message, field: name }],
  });
}

const tokenOf = ({ revision, after }: Continuation): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision ?? INCONSISTENT, start: after })).toString(
    'base64url',
  );

/** The revision of a token that continues a list whose snapshot is gone, as kube-apiserver writes it. */
const INCONSISTENT = -1;

function continuationOf(query: URLSearchParams): Continuation | undefined {
  const token = query.get('continue');
  if (token === null || token === '') return undefined;
  const revision = query.get('resourceVersion');
  if (revision !== null && revision !== '' && revision !== '0')
    throw badRequest('specifying resource version is not allowed when using continue');
  let read: unknown;
  try {
    read = JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch (cause) {
    throw badRequest('continue key is not valid: it is not a token of this server', cause);
  }
  const { rv, start } = (typeof read === 'object' && read !== null ? read : {}) as {
    rv?: unknown;
    start?: unknown;
  };
  if (typeof rv !== 'number' || typeof start !== 'string')
    throw badRequest('continue key is not valid: incorrect encoded start key');
  return { revision: rv === INCONSISTENT ? undefined : rv, after: start };
}

/** Index of the first entry behind a key; the entries are in order. */
function firstAfter(entries: readonly Entry[], key: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = entries[middle];
    if (entry && keyOf(entry.namespace, entry.name) <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}
