/** Creating an object. */
import { StoreConflict } from '../../store/store.ts';
import type { Cluster } from '../cluster.ts';
import { alreadyExists, badRequest, forbidden, notFound } from '../errors.ts';
import { parseStored, text, fields, type KubeObject } from '../objects.ts';
import type { ResourceType } from '../resources.ts';
import { generatedName, stampNew } from './metadata.ts';
import type { Track } from './managed.ts';
import type { WriteOptions } from './options.ts';
import { assertValid, save, setDefaults, storedForm, type Writer } from './write.ts';

const NAMESPACES = { group: '', plural: 'namespaces', kind: 'Namespace' };

/**
 * Stores a new object; with `dryRun` does everything but store it.
 * @param object the caller's own; changed here
 * @param track records in managedFields what the object sets
 * @returns the object as a client sees it
 */
export async function createObject(
  cluster: Cluster,
  type: ResourceType,
  namespace: string,
  object: KubeObject,
  options: WriteOptions,
  writer: Writer,
  track: Track,
): Promise<KubeObject> {
  const { metadata } = object;
  if (metadata.namespace && metadata.namespace !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  if (metadata.resourceVersion && metadata.resourceVersion !== '0')
    throw badRequest('resourceVersion should not be set on objects to be created');
  if (!metadata.name && metadata.generateName) metadata.name = generatedName(metadata.generateName);
  if (type.namespaced) assertNamespaceOpen(cluster, type, namespace, metadata.name);
  stampNew(metadata, namespace, cluster.now());
  delete (metadata as Partial<typeof metadata>).resourceVersion;
  if (type.generation || type.custom) metadata.generation = 1;
  else delete metadata.generation;
  if (!type.statusOnCreate && type.subresources.some(({ name }) => name === 'status'))
    delete object['status'];

  const rules = cluster.rulesOf(type);
  setDefaults(cluster, type, object, undefined);
  rules.prepareCreate?.(object);
  const request = {
    operation: 'CREATE',
    type,
    subresource: '',
    namespace,
    name: metadata.name ?? '',
    old: undefined,
    user: writer.user,
    dryRun: options.dryRun,
    warnings: writer.warnings,
  } as const;
  const mutated = (await cluster.admission.mutate(cluster, { ...request, object })) ?? object;
  if (mutated !== object) setDefaults(cluster, type, mutated, undefined);
  const made = track(mutated, undefined);
  assertValid(cluster, type, made, undefined, '');
  await cluster.admission.validate(cluster, { ...request, object: made });

  const target = { type, namespace, name: made.metadata.name };
  const key = { resource: type.storage, namespace, name: target.name };
  if (cluster.store.get(key)) throw alreadyExists(type, target.name);
  if (options.dryRun) return made;
  const stored = await storedForm(cluster, type, made);
  // Admission and conversion may have taken time, in which the namespace may have begun to go.
  if (type.namespaced) assertNamespaceOpen(cluster, type, namespace, target.name);
  let entry;
  try {
    entry = save(cluster, target, undefined, stored);
  } catch (error) {
    if (error instanceof StoreConflict) throw alreadyExists(type, target.name);
    throw error;
  }
  await cluster.codec.prepare([entry], type);
  return cluster.codec.read(entry, type);
}

function assertNamespaceOpen(cluster: Cluster, type: ResourceType, namespace: string, name: string): void {
  const entry = cluster.store.get({ resource: '/namespaces', namespace: '', name: namespace });
  if (!entry) throw notFound(NAMESPACES, namespace);
  const object = parseStored(entry.json);
  if (
    object.metadata.deletionTimestamp === undefined &&
    text(fields(object['status'])['phase']) !== 'Terminating'
  )
    return;
  throw forbidden(
    type,
    name,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  );
}
