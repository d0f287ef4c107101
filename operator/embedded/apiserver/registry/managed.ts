/** Keeps `metadata.managedFields`: which manager set which field by which operation. */
import { keepOldTimes, trackUpdate, type WriteContext } from '../../patch/apply.ts';
import type { Cluster } from '../cluster.ts';
import { timestamp, type KubeObject } from '../objects.ts';
import { apiVersionOf, type ResourceType } from '../resources.ts';
import type { Part } from '../rules.ts';
import type { WriteOptions } from './options.ts';

export type Track = (object: KubeObject, old: KubeObject | undefined) => KubeObject;

/** Records what a plain write (create, update, patch) sets. */
export function tracked(cluster: Cluster, type: ResourceType, part: Part, options: WriteOptions): Track {
  const context = writeContext(cluster, type, part, options);
  return (object, old) => {
    const next = trackUpdate(old, object, context);
    // Both functions give back the object they were given, with other managedFields.
    return (old === undefined ? next : keepOldTimes(old, next)) as KubeObject;
  };
}

/** For objects whose managedFields an apply has set already. */
export const applied: Track = (object, old) =>
  // As above.
  old === undefined ? object : (keepOldTimes(old, object) as KubeObject);

/** For the server's own writes, which manage nothing. */
export const untracked: Track = (object) => object;

export function writeContext(
  cluster: Cluster,
  type: ResourceType,
  part: Part,
  options: WriteOptions,
): WriteContext {
  const rules = cluster.rulesOf(type);
  const resetFields = resetFieldsOf(type, part);
  return {
    schema: rules.wholeSchema ?? rules.schema,
    apiVersion: apiVersionOf(type),
    manager: options.fieldManager,
    now: timestamp(cluster.now()),
    ...(part === '' ? {} : { subresource: part }),
    ...(resetFields.length === 0 ? {} : { resetFields }),
  };
}

const STATUS: readonly (readonly string[])[] = [['status']];
const ALL_BUT_STATUS: readonly (readonly string[])[] = [
  ['spec'],
  ['metadata', 'labels'],
  ['metadata', 'annotations'],
  ['metadata', 'finalizers'],
  ['metadata', 'ownerReferences'],
];

/** What a write to this part cannot change and therefore does not own. */
function resetFieldsOf(type: ResourceType, part: Part): readonly (readonly string[])[] {
  if (part === 'status') return ALL_BUT_STATUS;
  return part === '' && type.subresources.some(({ name }) => name === 'status') ? STATUS : [];
}
