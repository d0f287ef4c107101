/**
 * Kubernetes objects as they travel on the wire, and how a resource is named.
 * `Wire<V1Deployment>` turns a model of `@kubernetes/client-node` into that form: dates are strings there.
 */

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: unknown[];
}

/** Any object of the API. Objects out of a cache are frozen: build a new one instead of changing it. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** A model class of the official client as plain JSON: dates are RFC 3339 strings. */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Key in keyof T]: Wire<T[Key]> }
      : T;

/** `Wire<T>` with the three fields every object of the API has. */
export type ObjectOf<T> = Omit<Wire<T>, 'apiVersion' | 'kind' | 'metadata'> & KubeObject;

/** Names a resource of the API server; `T` is the type of its objects, known to the compiler only. */
export interface ResourceType<T extends KubeObject = KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never set: carries `T`. */
  readonly _object?: T;
}

export interface ListMeta {
  resourceVersion?: string;
  continue?: string;
  remainingItemCount?: number;
}

export interface KubeList<T extends KubeObject = KubeObject> {
  readonly metadata: ListMeta;
  readonly items: T[];
}

/** What names one object of a known resource. */
export interface Ref {
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** `namespace/name`, or `name` for a cluster-scoped object: how caches, queues and logs name an object. */
export type Key = string;

export const keyOf = (ref: Ref): Key =>
  ref.namespace === undefined || ref.namespace === '' ? ref.name : `${ref.namespace}/${ref.name}`;

export const keyOfObject = (object: KubeObject): Key => keyOf(object.metadata);

/** The inverse of `keyOf`. */
export function refOf(key: Key): Ref {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

export const apiVersionOf = (type: ResourceType): string =>
  type.group === '' ? type.version : `${type.group}/${type.version}`;

/** `deployments.apps`, `pods`: how RBAC messages and metrics name a resource. */
export const resourceName = (type: ResourceType): string =>
  type.group === '' ? type.plural : `${type.plural}.${type.group}`;

/**
 * Compares resource versions, which are decimal numbers of any length (KEP-5504).
 * Negative: `a` is older; `undefined`: one of them is not a number and nothing can be said.
 */
export function compareVersions(a: string | undefined, b: string | undefined): number | undefined {
  if (a === undefined || b === undefined || !DECIMAL.test(a) || !DECIMAL.test(b)) return undefined;
  if (a.length !== b.length) return a.length - b.length;
  return a === b ? 0 : a < b ? -1 : 1;
}

const DECIMAL = /^(0|[1-9][0-9]*)$/;
