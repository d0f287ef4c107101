/**
 * The life of a CustomResourceDefinition: its names are accepted, it is established, and when it is
 * deleted its objects go first.
 */
import { ensureApiServices } from '../api-services.ts';
import { ADMIN } from '../authn.ts';
import type { Cluster } from '../cluster.ts';
import { ApiError } from '../errors.ts';
import {
  at,
  clone,
  equal,
  fields,
  items,
  text,
  timestamp,
  type Json,
  type JsonObject,
  type KubeObject,
} from '../objects.ts';
import { deleteObject } from '../registry/delete.ts';
import { untracked } from '../registry/managed.ts';
import { OWN_DELETE, OWN_WRITE } from '../registry/options.ts';
import { updateObject } from '../registry/update.ts';
import type { Writer } from '../registry/write.ts';
import type { ResourceType } from '../resources.ts';
import type { Part } from '../rules.ts';

const RETRY_MS = 2_000;
const FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

export interface Lifecycle {
  /** Looks after a definition by name, soon. */
  attend(name: string): void;
  stop(): void;
}

export function createLifecycle(cluster: Cluster): Lifecycle {
  const type = definitionType(cluster);
  const writer: Writer = { user: ADMIN, warnings: new Set() };
  const waiting = new Map<string, () => void>();
  let stopped = false;

  /** What is awaited here is already decided when it runs, so that a name has no two runs that differ. */
  async function look(name: string): Promise<void> {
    if (stopped) return;
    await ensureApiServices(cluster);
    const entry = cluster.store.get({ resource: type.storage, namespace: '', name });
    if (!entry) return;
    const crd = cluster.codec.read(entry, type);
    if (crd.metadata.deletionTimestamp === undefined) await establish(crd);
    else await cleanUp(crd);
  }

  async function establish(crd: KubeObject): Promise<void> {
    if (!crd.metadata.finalizers?.includes(FINALIZER))
      await change(crd, '', (object) => {
        object.metadata.finalizers = [...(object.metadata.finalizers ?? []), FINALIZER];
      });
    await change(crd, 'status', (object) => {
      object['status'] = establishedStatus(object, conflictOf(object), cluster.now());
    });
  }

  /** Another definition of the group that has taken one of its names. */
  function conflictOf(crd: KubeObject): string | undefined {
    const mine = namesOf(crd);
    const group = at(crd, 'spec', 'group');
    for (const entry of cluster.store.list(type.storage)) {
      const other = cluster.codec.read(entry, type);
      if (other.metadata.name === crd.metadata.name || at(other, 'spec', 'group') !== group) continue;
      if (isOlder(crd, other)) continue;
      const taken = namesOf(other).find((name) => mine.includes(name));
      if (taken !== undefined) return taken;
    }
    return undefined;
  }

  async function cleanUp(crd: KubeObject): Promise<void> {
    if (!crd.metadata.finalizers?.includes(FINALIZER)) return;
    await change(crd, 'status', (object) => {
      object['status'] = withCondition(
        fields(object['status']),
        cluster.now(),
        'Terminating',
        'True',
        'InstanceDeletionInProgress',
        'CustomResource deletion is in progress',
      );
    });
    const storage = `${text(at(crd, 'spec', 'group'))}/${text(at(crd, 'spec', 'names', 'plural'))}`;
    const stored = cluster.catalog.storageType(storage);
    if (stored)
      for (const { namespace, name } of cluster.store.list(storage))
        await ignoringGone(deleteObject(cluster, { type: stored, namespace, name }, OWN_DELETE, writer));
    if (cluster.store.count(storage) > 0) return awaitEmpty(crd.metadata.name, storage);
    waiting.get(crd.metadata.name)?.();
    waiting.delete(crd.metadata.name);
    await change(crd, '', (object) => {
      object.metadata.finalizers = (object.metadata.finalizers ?? []).filter(
        (finalizer) => finalizer !== FINALIZER,
      );
    });
  }

  /** Objects with finalizers go when these are removed; the last one's going wakes the definition again. */
  function awaitEmpty(name: string, storage: string): void {
    if (waiting.has(name)) return;
    waiting.set(
      name,
      cluster.store.watch(storage, cluster.store.revision(), (change) => {
        if (change.type === 'DELETED' && cluster.store.count(storage) === 0) attend(name);
      }),
    );
  }

  function change(crd: KubeObject, part: Part, edit: (object: KubeObject) => void): Promise<unknown> {
    const wanted = (old: KubeObject): KubeObject => {
      const object = clone(old);
      edit(object);
      return object;
    };
    const target = { type, namespace: '', name: crd.metadata.name };
    return ignoringGone(updateObject(cluster, target, { part, wanted, track: untracked }, OWN_WRITE, writer));
  }

  function attend(name: string): void {
    if (stopped) return;
    // Writing while the store is telling of a write would let watchers see the two out of order.
    queueMicrotask(() => {
      look(name).catch((error: unknown) => {
        if (stopped) return;
        cluster.log.error({ err: error, crd: name }, 'a custom resource definition could not be attended to');
        // A conversion webhook that is down now may be up later; until then its objects cannot be deleted.
        setTimeout(() => attend(name), RETRY_MS).unref();
      });
    });
  }

  return {
    attend,
    stop() {
      stopped = true;
      for (const unsubscribe of waiting.values()) unsubscribe();
    },
  };
}

function definitionType(cluster: Cluster): ResourceType {
  const type = cluster.catalog.find('apiextensions.k8s.io', 'v1', 'customresourcedefinitions');
  if (!type) throw new Error('the catalogue of built-in resources lacks CustomResourceDefinitions');
  return type;
}

const namesOf = (crd: KubeObject): string[] => {
  const names = fields(at(crd, 'spec', 'names'));
  return [names['plural'], names['singular'], names['kind'], names['listKind'], ...items(names['shortNames'])]
    .map((name) => text(name).toLowerCase())
    .filter((name) => name !== '');
};

const isOlder = (crd: KubeObject, other: KubeObject): boolean =>
  crd.metadata.creationTimestamp < other.metadata.creationTimestamp ||
  (crd.metadata.creationTimestamp === other.metadata.creationTimestamp &&
    crd.metadata.name < other.metadata.name);

function establishedStatus(crd: KubeObject, conflict: string | undefined, now: Date): JsonObject {
  let status: JsonObject = { ...fields(crd['status']), acceptedNames: fields(at(crd, 'spec', 'names')) };
  const storage = text(
    at(
      items(at(crd, 'spec', 'versions')).find((version) => at(version, 'storage') === true),
      'name',
    ),
  );
  const stored = items(status['storedVersions']).map(String);
  status['storedVersions'] = stored.includes(storage) ? stored : [...stored, storage];
  if (conflict === undefined) {
    status = withCondition(status, now, 'NamesAccepted', 'True', 'NoConflicts', 'no conflicts found');
    return withCondition(
      status,
      now,
      'Established',
      'True',
      'InitialNamesAccepted',
      'the initial names have been accepted',
    );
  }
  status = withCondition(
    status,
    now,
    'NamesAccepted',
    'False',
    'NameConflict',
    `"${conflict}" is already in use`,
  );
  return withCondition(status, now, 'Established', 'False', 'NotAccepted', 'not all names are accepted');
}

/** A status with one condition set; its transition time moves only when its status does. */
function withCondition(
  status: JsonObject,
  now: Date,
  type: string,
  value: string,
  reason: string,
  message: string,
): JsonObject {
  const conditions = items(status['conditions']);
  const before = conditions.find((condition) => at(condition, 'type') === type);
  const same = before !== undefined && at(before, 'status') === value;
  const lastTransitionTime: Json = same
    ? (at(before, 'lastTransitionTime') ?? timestamp(now))
    : timestamp(now);
  const after: JsonObject = { lastTransitionTime, message, reason, status: value, type };
  if (before !== undefined && equal(before, after)) return status;
  const next =
    before === undefined
      ? [...conditions, after]
      : conditions.map((condition) => (condition === before ? after : condition));
  return { ...status, conditions: next };
}

/** What is gone already needs nothing done to it. */
async function ignoringGone(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return undefined;
    throw error;
  }
}
