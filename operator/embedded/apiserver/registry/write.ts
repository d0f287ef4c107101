/** What creating and updating have in common: who writes, what is asked, and the way into the store. */
import { applyDefaults } from '../../schema/default.ts';
import { isObject } from '../../schema/schema.ts';
import { validate } from '../../schema/validate.ts';
import type { Entry } from '../../store/store.ts';
import type { UserInfo } from '../authn.ts';
import type { Cluster } from '../cluster.ts';
import { invalid, type Cause } from '../errors.ts';
import type { Json, KubeObject } from '../objects.ts';
import type { ResourceType } from '../resources.ts';
import type { Part } from '../rules.ts';
import { dropEmpty, metadataCauses, metadataUpdateCauses } from './metadata.ts';

export interface Target {
  readonly type: ResourceType;
  readonly namespace: string;
  readonly name: string;
}

/** Who writes, and where to put what they should be warned of. */
export interface Writer {
  readonly user: UserInfo;
  readonly warnings: Set<string>;
}

/** Completes an object by its schema and by the rules of its kind. */
export function setDefaults(
  cluster: Cluster,
  type: ResourceType,
  object: KubeObject,
  old: KubeObject | undefined,
): void {
  const rules = cluster.rulesOf(type);
  dropEmpty(object.metadata);
  // Built-in schemas state zero values as defaults, which Kubernetes leaves unset; what is set is their rules' to say.
  if (!type.custom) dropNulls(object);
  else if (rules.schema) applyDefaults(object, rules.schema);
  rules.setDefaults?.(object, old);
}

/** A null says the same as an absent field, which is how it is stored. */
function dropNulls(value: Json): void {
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item);
  } else if (isObject(value)) {
    for (const [name, field] of Object.entries(value)) {
      if (field === null) delete value[name];
      else dropNulls(field);
    }
  }
}

/** @throws {ApiError} 422 naming every field that is wrong */
export function assertValid(
  cluster: Cluster,
  type: ResourceType,
  object: KubeObject,
  old: KubeObject | undefined,
  part: Part,
): void {
  const rules = cluster.rulesOf(type);
  const causes: Cause[] = metadataCauses(object.metadata, rules.nameForm ?? 'subdomain');
  if (old) causes.push(...metadataUpdateCauses(object.metadata, old.metadata));
  // The status of a built-in kind is its controller's word: its types have been checked when it was read, no more is.
  if (rules.schema && (type.custom || part !== 'status'))
    causes.push(...validate(object, rules.schema, old).filter((cause) => type.custom || !isNoBytes(cause)));
  if (rules.validate) causes.push(...rules.validate(object, old, part));
  // A rule may rely on the types that the schema promises.
  if (causes.length === 0 && rules.validateRules) causes.push(...rules.validateRules(object, old));
  if (causes.length > 0) throw invalid(type, object.metadata.name, withoutRepetition(causes));
}

/** An empty text is no bytes to Go, into whose types built-in kinds are read; the format that custom resources name wants some. */
const isNoBytes = ({ message }: Cause): boolean => message.endsWith('must be of type byte: ""');

/** What schema and kind both find is told once. */
function withoutRepetition(causes: readonly Cause[]): Cause[] {
  const told = new Map(causes.map((cause) => [`${cause.field} ${cause.message}`, cause]));
  return [...told.values()];
}

/**
 * Writes an object, given in the version it is to be stored in; see {@link storedForm}.
 * @throws {StoreConflict} when what is there is not what was seen
 */
export function save(cluster: Cluster, target: Target, seen: Entry | undefined, stored: StoredForm): Entry {
  const { type, namespace, name } = target;
  const key = { resource: type.storage, namespace, name };
  const { version, object } = stored;
  const entry = cluster.store.put(key, seen, version, (revision) => textAt(object, revision));
  cluster.codec.adopt(entry, object);
  return entry;
}

/** An object as it goes into the store. */
export interface StoredForm {
  readonly version: string;
  readonly object: KubeObject;
}

/** The caller's own object in the version its kind is stored in, whole by that version's schema. */
export async function storedForm(
  cluster: Cluster,
  type: ResourceType,
  object: KubeObject,
): Promise<StoredForm> {
  const storageType = cluster.catalog.storageType(type.storage) ?? type;
  const stored = await cluster.codec.convert(object, storageType);
  if (type.version !== storageType.version) cluster.rulesOf(storageType).versions?.complete(stored);
  return { version: storageType.version, object: stored };
}

/** The object's text under a revision. */
export function textAt(object: KubeObject, revision: number): string {
  object.metadata.resourceVersion = String(revision);
  return JSON.stringify(object);
}
