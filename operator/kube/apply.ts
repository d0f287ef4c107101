/**
 * Server-side apply that writes only when something would change.
 *
 * An apply is left out when the live object carries the hash of this very intent (so nothing was taken out of the
 * intent since) and either says everything the intent says, or is, status aside, what our last apply left behind.
 * The annotation survives restarts, the comparison finds drift, and the memory covers values the server spells
 * differently (`0.5` CPU becomes `500m`): one apply that changes nothing, then silence.
 */
import { hashOf, isSubset, sameJson } from './canonical.ts';
import type { CallOptions, Client } from './client.ts';
import type { Cache } from './cache.ts';
import {
  compareVersions,
  keyOf,
  keyOfObject,
  resourceName,
  type KubeObject,
  type ResourceType,
} from './types.ts';

export interface ApplierOptions {
  /** The one field manager of this operator, for example `shopmind`. */
  readonly fieldManager: string;
  /** Annotation that holds the hash of the intent, for example `shopmind.ai/applied`. */
  readonly hashAnnotation: string;
  /** The cache of a resource. Without one every apply is sent, because nothing is known of the live object. */
  readonly cacheOf: (type: ResourceType) => Cache | undefined;
}

export interface Applied<T extends KubeObject> {
  readonly object: T;
  readonly outcome: 'created' | 'configured' | 'unchanged';
}

export interface Applier {
  /**
   * Makes the server's object say what `intent` says, taking fields over from others. Fields that were in the last
   * intent and are not in this one are removed; fields never stated are left alone.
   * @throws KubeError Conflict when `onlyNew` and the object exists already
   */
  apply<T extends KubeObject>(
    client: Client,
    type: ResourceType<T>,
    intent: KubeObject,
    options?: CallOptions & { readonly onlyNew?: boolean },
  ): Promise<Applied<T>>;
  /** The same for the status of a cached object, under the field manager `<manager>-status`. */
  applyStatus<T extends KubeObject>(
    client: Client,
    type: ResourceType<T>,
    live: T,
    status: object,
    options?: CallOptions,
  ): Promise<Applied<T>>;
}

/** What our last apply of an object left behind. */
interface Memory {
  readonly uid: string | undefined;
  readonly intent: string;
  readonly version: string | undefined;
  /** Of the object as the cache shows it; unknown until it does. */
  readonly fingerprint: string | undefined;
}

const MAX_MEMORIES = 50_000;

export function createApplier(options: ApplierOptions): Applier {
  const { fieldManager, hashAnnotation } = options;
  const memories = new Map<string, Memory>();

  /** Whether `live` still is what the apply of this intent made of it. Learns the fingerprint when the version fits. */
  const isRemembered = (id: string, intent: string, live: KubeObject, part: unknown): boolean => {
    const memory = memories.get(id);
    if (memory === undefined || memory.intent !== intent || memory.uid !== live.metadata.uid) return false;
    const age = compareVersions(live.metadata.resourceVersion, memory.version);
    // The cache has not seen our apply yet: what it shows says nothing about drift.
    if (age !== undefined && age < 0) return true;
    const fingerprint = hashOf(part);
    if (live.metadata.resourceVersion === memory.version) {
      memories.set(id, { ...memory, fingerprint });
      return true;
    }
    return fingerprint === memory.fingerprint;
  };

  const remember = (id: string, intent: string, object: KubeObject, part: unknown): void => {
    const { uid, resourceVersion } = object.metadata;
    // Deleted objects leave their memory behind; a forgotten one costs a single apply without effect.
    if (memories.size >= MAX_MEMORIES) for (const oldest of memories.keys().take(1)) memories.delete(oldest);
    memories.set(id, { uid, intent, version: resourceVersion, fingerprint: hashOf(part) });
  };

  return {
    async apply<T extends KubeObject>(
      client: Client,
      type: ResourceType<T>,
      intent: KubeObject,
      { onlyNew = false, ...call }: CallOptions & { readonly onlyNew?: boolean } = {},
    ): Promise<Applied<T>> {
      const hash = hashOf(intent);
      const stamped = withAnnotation(intent, hashAnnotation, hash);
      const id = `${resourceName(type)}/${keyOf(intent.metadata)}`;
      // A cache of this resource holds objects of this type.
      const live = options.cacheOf(type)?.get(keyOf(intent.metadata)) as T | undefined;
      if (live !== undefined) {
        const isAsStated = live.metadata.annotations?.[hashAnnotation] === hash && isSubset(stamped, live);
        if (isAsStated || isRemembered(id, hash, live, stated(live)))
          return { object: live, outcome: 'unchanged' };
      }
      const sent = onlyNew ? atVersion(stamped, NO_VERSION) : stamped;
      const object = await client.apply<T>(type, sent, { ...call, fieldManager, force: true });
      remember(id, hash, object, stated(object));
      const unchanged =
        live !== undefined && live.metadata.resourceVersion === object.metadata.resourceVersion;
      return { object, outcome: live === undefined ? 'created' : unchanged ? 'unchanged' : 'configured' };
    },

    async applyStatus<T extends KubeObject>(
      client: Client,
      type: ResourceType<T>,
      live: T,
      status: object,
      call: CallOptions = {},
    ): Promise<Applied<T>> {
      const hash = hashOf(status);
      const id = `${resourceName(type)}/${keyOfObject(live)}/status`;
      const liveStatus = statusOf(live);
      if (sameJson(status, liveStatus) || isRemembered(id, hash, live, liveStatus)) {
        return { object: live, outcome: 'unchanged' };
      }
      const { name, namespace, uid } = live.metadata;
      const intent = {
        apiVersion: live.apiVersion,
        kind: live.kind,
        metadata: {
          name,
          ...(namespace === undefined ? {} : { namespace }),
          ...(uid === undefined ? {} : { uid }),
        },
        status,
      };
      const object = await client.apply<T>(type, intent, {
        ...call,
        fieldManager: `${fieldManager}-status`,
        force: true,
        subresource: 'status',
      });
      remember(id, hash, object, statusOf(object));
      return { object, outcome: 'configured' };
    },
  };
}

function withAnnotation(object: KubeObject, name: string, value: string): KubeObject {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, [name]: value } } };
}

/**
 * A version that no object has: etcd's own first revision is the empty store. An apply that names a version makes what is not there
 * and conflicts with what is there at another one.
 */
const NO_VERSION = '1';

function atVersion(object: KubeObject, resourceVersion: string): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion } };
}

/** What people and controllers state, as opposed to what the server counts and reports. */
function stated(object: KubeObject): unknown {
  const { status: _, metadata, ...rest } = object as KubeObject & { status?: unknown };
  const { name, namespace, labels, annotations, finalizers, ownerReferences, deletionTimestamp } = metadata;
  return {
    ...rest,
    metadata: { name, namespace, labels, annotations, finalizers, ownerReferences, deletionTimestamp },
  };
}

/** Any object may have a status; the base type does not know of it. */
const statusOf = (object: KubeObject): unknown => (object as KubeObject & { status?: unknown }).status;
