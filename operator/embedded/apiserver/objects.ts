/** The wire shape of Kubernetes objects, and ways to walk what their kinds leave open. */
import { isObject, type Json, type JsonObject } from '../schema/schema.ts';

export { clone, equal } from '../schema/schema.ts';
export type { Json, JsonObject } from '../schema/schema.ts';

export type OwnerReference = {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
};

export type ObjectMeta = {
  name: string;
  namespace?: string;
  generateName?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: JsonObject[];
};

export type KubeObject = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: Json;
};

/** The value when it is a JSON object, else an empty one. */
export const fields = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});

/** The value when it is an array, else an empty one. */
export const items = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);

/** The value when it is a string, else an empty one. */
export const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

/** The value when it is a number, else undefined. */
export const number = (value: Json | undefined): number | undefined =>
  typeof value === 'number' ? value : undefined;

/** The value at a path of field names. */
export function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let here = value;
  for (const name of path) {
    if (!isObject(here)) return undefined;
    here = here[name];
  }
  return here;
}

/** The object under a field, made when it is absent; the parent is changed. */
export function ensureFields(parent: JsonObject, name: string): JsonObject {
  const present = parent[name];
  if (isObject(present)) return present;
  const made: JsonObject = {};
  parent[name] = made;
  return made;
}

/** Sets a field that is absent or null; the parent is changed. */
export function defaulted(parent: JsonObject, name: string, value: Json): void {
  if (parent[name] === undefined || parent[name] === null) parent[name] = value;
}

/** The present moment as Kubernetes writes it: whole seconds, UTC. */
export const timestamp = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z');

/** Text that this server wrote itself and that therefore is an object. */
export function parseStored(json: string): KubeObject {
  // Only texts made by the registry reach the store, and it stores nothing but whole objects.
  return JSON.parse(json) as KubeObject;
}
