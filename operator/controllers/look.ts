/**
 * How pure code looks up objects that are known: in caches in the operator, among what was fetched in the plugin.
 */
import type { Key, KubeObject, ResourceType } from '../kube/types.ts';
import type { World } from './world.ts';

export type Look = <T extends KubeObject>(type: ResourceType<T>, key: Key) => T | undefined;

export function lookIn({ cacheOf }: Pick<World, 'cacheOf'>): Look {
  return (type, key) => cacheOf(type).get(key);
}
