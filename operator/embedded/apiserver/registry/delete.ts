/** Deleting an object: at once, or by marking it for those who must finish first. */
import { StoreConflict, type Entry } from '../../store/store.ts';
import type { Cluster } from '../cluster.ts';
import { conflict, forbidden, notFound } from '../errors.ts';
import { at, clone, items, number, text, timestamp, type KubeObject, type ObjectMeta } from '../objects.ts';
import type { DeleteOptions } from './options.ts';
import { save, textAt, type StoredForm, type Target, type Writer } from './write.ts';

export interface Deletion {
  /** Whether the object is gone; else it is marked and stays until its finalizers are removed. */
  readonly gone: boolean;
  readonly object: KubeObject;
}

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';
const DEFAULT_POD_GRACE = 30;
const ATTEMPTS = 8;
/** A cluster is not one without these. */
const IMMORTAL = new Set(['default', 'kube-system', 'kube-public']);

/** Deletes an object as far as its grace period and finalizers allow now. */
export async function deleteObject(
  cluster: Cluster,
  target: Target,
  options: DeleteOptions,
  writer: Writer,
): Promise<Deletion> {
  const { type, namespace, name } = target;
  for (let attempt = 1; ; attempt += 1) {
    const seen = cluster.store.get({ resource: type.storage, namespace, name });
    if (!seen) throw notFound(type, name);
    await cluster.codec.prepare([seen], type);
    const old = cluster.codec.read(seen, type);
    if (type.storage === '/namespaces' && IMMORTAL.has(name))
      throw forbidden(type, name, 'this namespace may not be deleted');
    assertPreconditions(target, options, old);
    await cluster.admission.validate(cluster, {
      operation: 'DELETE',
      type,
      subresource: '',
      namespace,
      name,
      object: undefined,
      old,
      user: writer.user,
      dryRun: options.dryRun,
      warnings: writer.warnings,
    });
    try {
      const { gone, object } = deleteSeen(cluster, target, seen, options);
      return { gone, object: await cluster.codec.convert(object, type) };
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw error;
      if (attempt === ATTEMPTS) throw conflict(type, name);
    }
  }
}

function assertPreconditions({ type, name }: Target, options: DeleteOptions, { metadata }: KubeObject): void {
  if (options.uid !== undefined && options.uid !== metadata.uid)
    throw conflict(
      type,
      name,
      `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${metadata.uid}`,
    );
  if (options.resourceVersion !== undefined && options.resourceVersion !== metadata.resourceVersion)
    throw conflict(
      type,
      name,
      `Precondition failed: ResourceVersion in precondition: ${options.resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`,
    );
}

/** Works on the object as it is stored: a deletion changes nothing that versions differ in. */
function deleteSeen(cluster: Cluster, target: Target, seen: Entry, options: DeleteOptions): Deletion {
  const old = cluster.codec.stored(seen);
  const object = clone(old);
  const { metadata } = object;
  const grace = graceOf(object, options);
  const finalizers = finalizersFor(target.type.storage, metadata, options);
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;

  const firstTime = metadata.deletionTimestamp === undefined;
  if (firstTime || grace < (metadata.deletionGracePeriodSeconds ?? 0)) {
    const begun = firstTime
      ? cluster.now()
      : new Date(
          Date.parse(metadata.deletionTimestamp ?? '') - (metadata.deletionGracePeriodSeconds ?? 0) * 1_000,
        );
    metadata.deletionTimestamp = timestamp(new Date(begun.getTime() + grace * 1_000));
    metadata.deletionGracePeriodSeconds = grace;
    if (firstTime && metadata.generation !== undefined) metadata.generation += 1;
  }
  if (object.kind === 'Namespace')
    object['status'] = { ...(object['status'] as object | undefined), phase: 'Terminating' };

  if (isFinished(object)) {
    if (!options.dryRun) removeNow(cluster, target, seen, { version: seen.version, object });
    return { gone: true, object };
  }
  const unchanged = !firstTime && JSON.stringify(object) === JSON.stringify(old);
  if (options.dryRun || unchanged) return { gone: false, object };
  const entry = save(cluster, target, seen, { version: seen.version, object });
  return { gone: false, object: clone(cluster.codec.stored(entry)) };
}

/** Whether nothing holds an object that is being deleted any longer. */
export function isFinished(object: KubeObject): boolean {
  if ((object.metadata.finalizers ?? []).length > 0) return false;
  if (object.kind === 'Namespace' && items(at(object, 'spec', 'finalizers')).length > 0) return false;
  return (object.metadata.deletionGracePeriodSeconds ?? 0) === 0;
}

/** Takes the object out of the store; watchers see its last state under the revision of the deletion. */
export function removeNow(cluster: Cluster, target: Target, seen: Entry, last: StoredForm): KubeObject {
  const { type, namespace, name } = target;
  const key = { resource: type.storage, namespace, name };
  cluster.store.remove(key, seen, last.version, (revision) => textAt(last.object, revision));
  return last.object;
}

/** Seconds that a Pod's processes get to end; other kinds go at once. */
function graceOf(object: KubeObject, options: DeleteOptions): number {
  if (object.kind !== 'Pod' || object.apiVersion !== 'v1') return 0;
  const phase = text(at(object, 'status', 'phase'));
  if (text(at(object, 'spec', 'nodeName')) === '' || phase === 'Succeeded' || phase === 'Failed') return 0;
  const grace =
    options.gracePeriodSeconds ??
    number(at(object, 'spec', 'terminationGracePeriodSeconds')) ??
    DEFAULT_POD_GRACE;
  return grace < 0 ? 1 : grace;
}

/** The oldest of the workloads keeps its Pods unless told otherwise, as clients that know it from then expect. */
const ORPHANS_BY_DEFAULT = new Set(['/replicationcontrollers']);

function finalizersFor(storage: string, metadata: ObjectMeta, options: DeleteOptions): string[] {
  const present = metadata.finalizers ?? [];
  const firstTime = metadata.deletionTimestamp === undefined;
  const undecided = firstTime && !present.some((one) => one === ORPHAN || one === FOREGROUND);
  const byDefault = undecided && ORPHANS_BY_DEFAULT.has(storage) ? 'Orphan' : undefined;
  const propagation = options.propagation ?? byDefault;
  if (propagation === undefined) return [...present];
  const others = present.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND);
  if (propagation === 'Orphan') return [...others, ORPHAN];
  return propagation === 'Foreground' ? [...others, FOREGROUND] : others;
}
