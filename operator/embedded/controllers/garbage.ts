/**
 * Garbage collection: what belongs to an owner goes when the owner has gone, waits with it, or is set free,
 * as the deletion asked for.
 */
import { isConflict, isNotFound, type Api } from './machinery/client.ts';
import type { Context, Controller } from './machinery/controller.ts';
import { createQueue } from './machinery/queue.ts';
import {
  apiVersionOf,
  CRDS,
  EVENTS,
  type KubeObject,
  type OwnerReference,
  type AnyResource,
} from './machinery/wire.ts';
import { discover } from './discovery.ts';

export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';

export interface Vertex {
  readonly resource: AnyResource;
  readonly object: KubeObject;
}

export type Verdict =
  | { readonly do: 'nothing' }
  /** Some owners live: the references to the others go. */
  | { readonly do: 'keep'; readonly references: OwnerReference[] }
  | { readonly do: 'delete'; readonly propagationPolicy: 'Background' | 'Foreground' };

export type OwnerState = 'present' | 'absent' | 'waiting';

/** What becomes of an object that is not on its way out, given the state of each of its owners. */
export function judge(
  object: KubeObject,
  states: ReadonlyMap<string, OwnerState>,
  hasDependents: boolean,
): Verdict {
  const owners = object.metadata.ownerReferences ?? [];
  if (owners.length === 0 || object.metadata.deletionTimestamp) return { do: 'nothing' };
  const living = owners.filter(({ uid }) => states.get(uid) === 'present');
  const waiting = owners.some(({ uid }) => states.get(uid) === 'waiting');
  if (living.length === owners.length) return { do: 'nothing' };
  if (living.length > 0) return { do: 'keep', references: living };
  return { do: 'delete', propagationPolicy: waiting && hasDependents ? 'Foreground' : 'Background' };
}

/** Whether an owner that waits for its dependents still has to wait for this one. */
export const blocks = (object: KubeObject, owner: string): boolean =>
  object.metadata.ownerReferences?.some(
    ({ uid, blockOwnerDeletion }) => uid === owner && blockOwnerDeletion,
  ) ?? false;

const REDISCOVER_MS = 50;
/** Uids that are known to be gone; a uid never comes back. */
const REMEMBERED_ABSENT = 2_000;

export function startGarbageCollector(context: Context): Controller {
  const { api, informers } = context;
  const log = context.log.child({ controller: 'garbage' });
  const vertices = new Map<string, Vertex>();
  const dependents = new Map<string, Set<string>>();
  const absent = new Set<string>();
  const followed = new Map<string, { resource: AnyResource; stop: () => void }>();
  let byKind = new Map<string, AnyResource>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const queue = createQueue({
    work,
    concurrency: 8,
    onError(uid, error, failures) {
      if (isConflict(error) || isNotFound(error)) log.debug({ uid, err: error }, 'lost a race');
      else log.warn({ uid, err: error, failures }, 'an object was not collected');
    },
  });

  // ── the graph ────────────────────────────────────────────────────────────────────────────────

  function add(resource: AnyResource, object: KubeObject): void {
    const { uid, ownerReferences = [] } = object.metadata;
    const before = vertices.get(uid)?.object.metadata.ownerReferences ?? [];
    vertices.set(uid, { resource, object });
    for (const owner of before)
      if (ownerReferences.every((one) => one.uid !== owner.uid)) unlink(owner.uid, uid);
    for (const owner of ownerReferences) {
      let set = dependents.get(owner.uid);
      if (!set) dependents.set(owner.uid, (set = new Set()));
      set.add(uid);
    }
    if (ownerReferences.length > 0 || object.metadata.deletionTimestamp) queue.add(uid);
    // An owner that begins to wait changes what its dependents have to do.
    if (isWaiting(object)) for (const dependent of dependents.get(uid) ?? []) queue.add(dependent);
  }

  function removeVertex(object: KubeObject): void {
    const { uid, ownerReferences = [] } = object.metadata;
    vertices.delete(uid);
    absent.add(uid);
    for (const old of absent) {
      if (absent.size <= REMEMBERED_ABSENT) break;
      absent.delete(old);
    }
    for (const owner of ownerReferences) {
      unlink(owner.uid, uid);
      if (vertices.has(owner.uid)) queue.add(owner.uid);
    }
    for (const dependent of dependents.get(uid) ?? []) queue.add(dependent);
  }

  function unlink(owner: string, dependent: string): void {
    const set = dependents.get(owner);
    set?.delete(dependent);
    if (set?.size === 0) dependents.delete(owner);
  }

  const dependentsOf = (uid: string): Vertex[] =>
    [...(dependents.get(uid) ?? [])].map((id) => vertices.get(id)).filter((vertex) => vertex !== undefined);

  // ── what happens to one object ───────────────────────────────────────────────────────────────

  async function work(uid: string): Promise<void> {
    const vertex = vertices.get(uid);
    if (!vertex) return;
    const { resource, object } = vertex;
    const finalizers = object.metadata.finalizers ?? [];
    if (object.metadata.deletionTimestamp) {
      if (finalizers.includes(ORPHAN)) await orphan(vertex);
      else if (finalizers.includes(FOREGROUND)) await foreground(vertex);
      return;
    }
    const states = new Map<string, OwnerState>();
    for (const owner of object.metadata.ownerReferences ?? [])
      states.set(owner.uid, await stateOf(owner, object));
    const verdict = judge(object, states, (dependents.get(uid)?.size ?? 0) > 0);
    if (verdict.do === 'keep')
      await api.patch(resource, object.metadata, {
        metadata: {
          uid,
          resourceVersion: object.metadata.resourceVersion,
          ownerReferences: verdict.references,
        },
      });
    if (verdict.do === 'delete' && verdict.propagationPolicy === 'Foreground') await breakCircle(vertex);
    if (verdict.do === 'delete')
      await ignoreGone(
        api.remove(resource, object.metadata, { uid, propagationPolicy: verdict.propagationPolicy }),
      );
  }

  /** Objects that own each other would wait for each other: one that owns who waits for it blocks nobody any more. */
  async function breakCircle({ resource, object }: Vertex): Promise<void> {
    const { uid, ownerReferences = [] } = object.metadata;
    if (!dependentsOf(uid).some((dependent) => isWaiting(dependent.object))) return;
    const references = ownerReferences.map((owner) => ({ ...owner, blockOwnerDeletion: false }));
    await ignoreGone(
      api.patch(resource, object.metadata, { metadata: { uid, ownerReferences: references } }),
    );
  }

  async function stateOf(owner: OwnerReference, object: KubeObject): Promise<OwnerState> {
    const known = vertices.get(owner.uid);
    if (known) return isWaiting(known.object) ? 'waiting' : 'present';
    if (absent.has(owner.uid)) return 'absent';
    const resource = byKind.get(`${owner.apiVersion.split('/').slice(0, -1).join('/')} ${owner.kind}`);
    // Nobody knows this kind: nothing can be said about its objects, so nothing is deleted.
    if (!resource) return 'present';
    const gone = await isGone(api, resource, owner, object.metadata.namespace ?? '');
    if (gone) absent.add(owner.uid);
    return gone ? 'absent' : 'present';
  }

  async function orphan({ resource, object }: Vertex): Promise<void> {
    const { uid } = object.metadata;
    for (const dependent of dependentsOf(uid)) {
      const { metadata } = dependent.object;
      const ownerReferences = (metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid);
      const { resourceVersion } = metadata;
      await ignoreGone(
        api.patch(dependent.resource, metadata, {
          metadata: { uid: metadata.uid, resourceVersion, ownerReferences },
        }),
      );
    }
    await dropFinalizer(resource, object, ORPHAN);
  }

  async function foreground({ resource, object }: Vertex): Promise<void> {
    const { uid } = object.metadata;
    const left = dependentsOf(uid);
    for (const { object: dependent } of left)
      if (!dependent.metadata.deletionTimestamp) queue.add(dependent.metadata.uid);
    if (left.some((dependent) => blocks(dependent.object, uid))) return;
    await dropFinalizer(resource, object, FOREGROUND);
  }

  async function dropFinalizer(resource: AnyResource, { metadata }: KubeObject, name: string): Promise<void> {
    const finalizers = (metadata.finalizers ?? []).filter((finalizer) => finalizer !== name);
    const { uid, resourceVersion } = metadata;
    await ignoreGone(api.patch(resource, metadata, { metadata: { uid, resourceVersion, finalizers } }));
  }

  // ── which kinds there are ────────────────────────────────────────────────────────────────────

  async function rediscover(): Promise<void> {
    const found = await discover(api);
    if (closed) return;
    byKind = new Map(found.map((resource) => [`${resource.group} ${resource.kind}`, resource]));
    // Events own nothing and are owned by nothing.
    const wanted = new Map(
      found
        .filter(
          ({ plural, group }) => plural !== EVENTS.plural || (group !== '' && group !== 'events.k8s.io'),
        )
        .map((resource) => [`${apiVersionOf(resource)}/${resource.plural}`, resource]),
    );
    for (const [name, { resource, stop }] of followed)
      if (!wanted.has(name)) {
        stop();
        informers.drop(resource);
        followed.delete(name);
      }
    for (const [name, resource] of wanted)
      if (!followed.has(name)) followed.set(name, { resource, stop: follow(resource) });
  }

  function follow(resource: AnyResource): () => void {
    return informers.of(resource).subscribe(({ object, previous }) => {
      if (previous && previous.metadata.uid !== object?.metadata.uid) removeVertex(previous);
      if (object) add(resource, object);
    });
  }

  function rediscoverSoon(): void {
    if (closed) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      void rediscover().catch((error: unknown) => {
        log.debug({ err: error }, 'discovery failed; it will be tried again');
        setTimeout(rediscoverSoon, 10 * REDISCOVER_MS).unref();
      });
    }, REDISCOVER_MS);
  }

  const unsubscribe = informers.of(CRDS).subscribe(rediscoverSoon);
  rediscoverSoon();

  return {
    close() {
      closed = true;
      clearTimeout(timer);
      unsubscribe();
      for (const { stop } of followed.values()) stop();
      return queue.close();
    },
  };
}

const isWaiting = (object: KubeObject): boolean =>
  object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).includes(FOREGROUND);

/** Asks the API server itself: a cache may lag behind. */
async function isGone(
  api: Api,
  resource: AnyResource,
  owner: OwnerReference,
  namespace: string,
): Promise<boolean> {
  try {
    const found = await api.get(resource, resource.namespaced ? namespace : '', owner.name);
    return found.metadata.uid !== owner.uid;
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}

async function ignoreGone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
