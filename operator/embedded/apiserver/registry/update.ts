/** Changing an object that exists: by a whole new one, by a patch, or in one of its parts. */
import { StoreConflict, type Entry } from '../../store/store.ts';
import type { Cluster } from '../cluster.ts';
import { ApiError, badRequest, conflict, invalid as invalidObject, notFound } from '../errors.ts';
import { invalid } from '../../schema/cause.ts';
import { clone, equal, type KubeObject } from '../objects.ts';
import type { ResourceType } from '../resources.ts';
import type { Part } from '../rules.ts';
import { keepIdentity, specDiffers } from './metadata.ts';
import type { Track } from './managed.ts';
import type { WriteOptions } from './options.ts';
import { isFinished, removeNow } from './delete.ts';
import { assertValid, save, setDefaults, storedForm, type Target, type Writer } from './write.ts';

export interface Change {
  readonly part: Part;
  /** Gives the wanted object, made of the present one, which it must not change. May run more than once. */
  readonly wanted: (old: KubeObject) => KubeObject | Promise<KubeObject>;
  /** Records in managedFields what the write sets; the last step before validation. */
  readonly track: Track;
}

/** How often a write that names no resourceVersion is tried again after losing a race. */
const ATTEMPTS = 8;

/**
 * Changes an object; a change that changes nothing is not written.
 * @returns the object as a client sees it
 */
export async function updateObject(
  cluster: Cluster,
  target: Target,
  change: Change,
  options: WriteOptions,
  writer: Writer,
): Promise<KubeObject> {
  for (let attempt = 1; ; attempt += 1) {
    const seen = cluster.store.get({
      resource: target.type.storage,
      namespace: target.namespace,
      name: target.name,
    });
    if (!seen) throw notFound(target.type, target.name);
    try {
      return await attemptUpdate(cluster, target, seen, change, options, writer);
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw error;
      if (attempt === ATTEMPTS) throw conflict(target.type, target.name);
    }
  }
}

async function attemptUpdate(
  cluster: Cluster,
  target: Target,
  seen: Entry,
  change: Change,
  options: WriteOptions,
  writer: Writer,
): Promise<KubeObject> {
  const { type } = target;
  const { part } = change;
  await cluster.codec.prepare([seen], type);
  const old = cluster.codec.read(seen, type);
  const asked = await change.wanted(old);
  assertPreconditions(type, asked, old);
  const object = restrictToPart(type, asked, old, part);
  keepIdentity(object.metadata, old.metadata);
  const rules = cluster.rulesOf(type);
  setDefaults(cluster, type, object, old);
  rules.prepareUpdate?.(object, old, part);
  const request = {
    operation: 'UPDATE',
    type,
    subresource: part,
    namespace: target.namespace,
    name: target.name,
    old,
    user: writer.user,
    dryRun: options.dryRun,
    warnings: writer.warnings,
  } as const;
  const mutated = (await cluster.admission.mutate(cluster, { ...request, object })) ?? object;
  if (mutated !== object) setDefaults(cluster, type, mutated, old);
  const made = change.track(mutated, old);
  if ((type.generation || type.custom) && specDiffers(made, old))
    made.metadata.generation = (old.metadata.generation ?? 0) + 1;
  assertValid(cluster, type, made, old, part);
  await cluster.admission.validate(cluster, { ...request, object: made });

  made.metadata.resourceVersion = old.metadata.resourceVersion;
  if (made.metadata.deletionTimestamp !== undefined && isFinished(made)) {
    if (options.dryRun) return made;
    const last = removeNow(cluster, target, seen, await storedForm(cluster, type, clone(made)));
    made.metadata.resourceVersion = last.metadata.resourceVersion;
    return made;
  }
  if (options.dryRun || equal(made, old)) return made;
  const entry = save(cluster, target, seen, await storedForm(cluster, type, made));
  await cluster.codec.prepare([entry], type);
  return cluster.codec.read(entry, type);
}

/** @throws {ApiError} 409 when the client saw another state, or another object of the same name */
function assertPreconditions(type: ResourceType, asked: KubeObject, old: KubeObject): void {
  const { metadata } = asked;
  if (metadata.name && metadata.name !== old.metadata.name)
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${old.metadata.name})`,
    );
  if (metadata.namespace && metadata.namespace !== (old.metadata.namespace ?? ''))
    throw badRequest('the namespace of the object does not match the namespace on the request');
  if (metadata.uid && metadata.uid !== old.metadata.uid)
    throw conflict(
      type,
      old.metadata.name,
      `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${old.metadata.uid}`,
    );
  if (
    metadata.resourceVersion &&
    metadata.resourceVersion !== '0' &&
    metadata.resourceVersion !== old.metadata.resourceVersion
  )
    throw conflict(type, old.metadata.name);
  if (!metadata.resourceVersion && type.custom)
    throw invalidObject(type, old.metadata.name, [
      invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
    ]);
}

/** Kinds whose controllers also label and annotate through the status subresource. */
const STATUS_WITH_METADATA = new Set(['/pods', '/nodes', '/namespaces', '/services']);

/** Takes from the wanted object only what the addressed part may change. */
function restrictToPart(type: ResourceType, asked: KubeObject, old: KubeObject, part: Part): KubeObject {
  if (part === '') return withStatusOf(type, asked, old);
  if (part !== 'status' && part !== 'approval') return asked;
  const object: KubeObject = clone(old);
  if (asked['status'] === undefined) delete object['status'];
  else object['status'] = asked['status'];
  const { managedFields, labels, annotations } = asked.metadata;
  if (managedFields !== undefined) object.metadata.managedFields = managedFields;
  if (STATUS_WITH_METADATA.has(type.storage)) {
    if (labels !== undefined) object.metadata.labels = labels;
    if (annotations !== undefined) object.metadata.annotations = annotations;
  }
  return object;
}

function withStatusOf(type: ResourceType, asked: KubeObject, old: KubeObject): KubeObject {
  if (!type.subresources.some(({ name }) => name === 'status')) return asked;
  const { status: _ignored, ...rest } = asked;
  // Leaving out a field does not change that the others are those of an object.
  const object = rest as KubeObject;
  if (old['status'] !== undefined) object['status'] = old['status'];
  return object;
}

/** Whether an error says that the object is not there. */
export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.code === 404;
