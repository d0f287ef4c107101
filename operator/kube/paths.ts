/**
 * Paths and queries of the Kubernetes API.
 */
import type { ListOptions, WatchOptions } from './client-types.ts';
import { apiVersionOf, type ResourceType } from './types.ts';

/** `/apis/apps/v1/namespaces/shop/deployments/web/scale?dryRun=All`; values that are `undefined` are left out. */
export function pathOf(
  type: ResourceType,
  ref: { readonly name?: string | undefined; readonly namespace?: string | undefined },
  subresource: string | undefined,
  query: Readonly<Record<string, string | undefined>>,
): string {
  let path = `${type.group === '' ? '/api' : '/apis'}/${apiVersionOf(type)}`;
  if (type.namespaced && ref.namespace !== undefined && ref.namespace !== '') {
    path += `/namespaces/${encodeURIComponent(ref.namespace)}`;
  }
  path += `/${type.plural}`;
  if (ref.name !== undefined) path += `/${encodeURIComponent(ref.name)}`;
  if (subresource !== undefined) path += `/${subresource}`;
  const set = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return set.length === 0 ? path : `${path}?${new URLSearchParams(set)}`;
}

export const listQuery = (list: ListOptions): Record<string, string | undefined> => ({
  labelSelector: list.labelSelector,
  fieldSelector: list.fieldSelector,
  limit: list.limit === undefined ? undefined : String(list.limit),
  continue: list.continue,
  resourceVersion: list.resourceVersion,
  resourceVersionMatch: list.resourceVersionMatch,
});

export const watchQuery = (watch: WatchOptions): Record<string, string | undefined> => ({
  watch: 'true',
  allowWatchBookmarks: 'true',
  labelSelector: watch.labelSelector,
  fieldSelector: watch.fieldSelector,
  resourceVersion: watch.resourceVersion,
  resourceVersionMatch: watch.resourceVersionMatch,
  sendInitialEvents: watch.sendInitialEvents === true ? 'true' : undefined,
  timeoutSeconds: watch.timeoutSeconds === undefined ? undefined : String(watch.timeoutSeconds),
});
