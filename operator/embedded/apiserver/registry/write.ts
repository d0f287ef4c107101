/** What creating and updating have in common: who writes, what is asked, and the way into the store. */
import { applyDefaults } from '../../schema/default.ts';
import { isObject, type Schema } from '../../schema/schema.ts';
import { validate } from '../../schema/validate.ts';
import type { Entry } from '../../store/store.ts';
import type { UserInfo } from '../authn.ts';
import type { Cluster } from '../cluster.ts';
import { convert } from '../conversion.ts';
import { badRequest, invalid, type Cause } from '../errors.ts';
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
  if (rules.schema) causes.push(...schemaCauses(type, object, rules.schema, old));
  if (rules.validate) causes.push(...rules.validate(object, old, part));
  // A rule may rely on the types that the schema promises.
  if (causes.length === 0 && rules.validateRules) causes.push(...rules.validateRules(object, old));
  if (causes.length > 0) throw invalid(type, object.metadata.name, withoutRepetition(causes));
}

/** @throws {ApiError} 400 for a built-in object that holds a value of the wrong type: Kubernetes cannot even read it */
function schemaCauses(
  type: ResourceType,
  object: KubeObject,
  schema: Schema,
  old: KubeObject | undefined,
): Cause[] {
  const causes = validate(object, schema, old);
  if (type.custom) return causes;
  const unreadable = causes.find((cause) => cause.reason === 'FieldValueTypeInvalid');
  if (!unreadable) return causes;
  const why = unmarshalText(object.kind, unreadable);
  throw badRequest(
    `${object.kind} in version "${type.version}" cannot be handled as a ${object.kind}: ${why}`,
  );
}

const GO_TYPES: Readonly<Record<string, string>> = { integer: 'int32', boolean: 'bool', number: 'float64' };

/** A wrong type as Go's decoder words it. */
function unmarshalText(kind: string, { field, message }: Cause): string {
  const [, wanted = '', found = ''] = /must be of type (\w+): "([^"]*)"$/.exec(message) ?? [];
  if (wanted === 'byte') return 'illegal base64 data at input byte 0';
  return `json: cannot unmarshal ${found} into Go struct field ${kind}.${field} of type ${GO_TYPES[wanted] ?? wanted}`;
}

/** What schema and kind both find is told once. */
function withoutRepetition(causes: readonly Cause[]): Cause[] {
  const told = new Map(causes.map((cause) => [`${cause.field} ${cause.message}`, cause]));
  return [...told.values()];
}

/** Writes the object in the version it is stored in. */
export function save(cluster: Cluster, target: Target, seen: Entry | undefined, object: KubeObject): Entry {
  const { type, namespace, name } = target;
  const storageType = cluster.catalog.storageType(type.storage) ?? type;
  const stored = convert(object, storageType);
  return cluster.store.put(
    { resource: type.storage, namespace, name },
    seen,
    storageType.version,
    (revision) => textAt(stored, revision),
  );
}

/** The object's text under a revision. */
export function textAt(object: KubeObject, revision: number): string {
  object.metadata.resourceVersion = String(revision);
  return JSON.stringify(object);
}
