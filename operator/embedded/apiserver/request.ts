/** Reads a request's path the way kube-apiserver does: group, version, namespace, resource, name, subresource. */

import { badRequest } from './errors.ts';

export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  /** Empty when the request is for all namespaces or the resource has none. */
  readonly namespace: string;
  readonly plural: string;
  /** Empty when the request is for the collection. */
  readonly name: string;
  readonly subresource: string;
  /** Whether the old form `/api/v1/watch/…` was used. */
  readonly watch: boolean;
}

/**
 * What follows the group and version of a path; undefined when the path names no resource.
 * @throws {ApiError} 400 for a malformed escape
 */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const parts = path.split('/').slice(1).map(decoded);
  if (parts.at(-1) === '') parts.pop();
  const root = parts.shift();
  if (root !== 'api' && root !== 'apis') return undefined;
  const group = root === 'api' ? '' : parts.shift();
  const version = parts.shift();
  if (group === undefined || version === undefined || parts.length === 0) return undefined;
  const watch = parts[0] === 'watch' && parts.length > 1;
  if (watch) parts.shift();
  return { group, version, watch, ...target(parts) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw badRequest(`the path holds a malformed escape: ${part}`, cause);
  }
}

type Target = Pick<ResourcePath, 'namespace' | 'plural' | 'name' | 'subresource'>;

/** Subresources of a namespace, which would otherwise read as resources within it. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

function target(parts: readonly string[]): Target {
  const [first = '', name = '', third, ...rest] = parts;
  if (first !== 'namespaces' || third === undefined || NAMESPACE_SUBRESOURCES.has(third))
    return { namespace: '', plural: first, name, subresource: [third, ...rest].filter(Boolean).join('/') };
  const [objectName = '', ...subresource] = rest;
  return { namespace: name, plural: third, name: objectName, subresource: subresource.join('/') };
}
