/**
 * What a Go server says when a body does not fit the type of a built-in kind: such an object is not even decoded (400).
 */
import { hasFormat } from '../schema/formats.ts';
import { parseQuantity } from '../schema/quantity.ts';
import {
  isObject,
  type GroupVersionKind,
  type Json,
  type JsonObject,
  type Schema,
} from '../schema/schema.ts';
import { builtinSchema, builtinTypeName } from './documents.ts';

/**
 * The first value of an object that its built-in kind cannot hold, as kube-apiserver words it; undefined when all fit
 * (or the kind is not a built-in one). Unknown fields are no error.
 */
export function decodingError(object: JsonObject, gvk: GroupVersionKind): string | undefined {
  const schema = builtinSchema(gvk);
  const problem = schema === undefined ? undefined : problemIn(object, schema, { type: gvk.kind, path: '' });
  return problem === undefined
    ? undefined
    : `${gvk.kind} in version "${gvk.version}" cannot be handled as a ${gvk.kind}: ${problem}`;
}

/** The Go struct that holds the field, and the field's path from the root (without indices and keys). */
type Place = { readonly type: string; readonly path: string };

function problemIn(value: Json, schema: Schema, place: Place): string | undefined {
  if (value === null) return undefined;
  if (schema.type === undefined) return untypedProblem(value, schema);
  if (schema.type === 'object') return objectProblem(value, schema, place);
  if (schema.type === 'array') return listProblem(value, schema, place);
  return scalarProblem(value, schema, place);
}

/** Quantities and numbers-or-strings say what they are by alternatives. */
function untypedProblem(value: Json, schema: Schema): string | undefined {
  if (
    schema.oneOf === undefined ||
    schema.format === 'int-or-string' ||
    (typeof value !== 'string' && typeof value !== 'number')
  )
    return undefined;
  return parseQuantity(String(value)) === undefined
    ? "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    : undefined;
}

function objectProblem(value: Json, schema: Schema, place: Place): string | undefined {
  if (!isObject(value)) return mismatch(value, place, goType(schema));
  const { properties, additionalProperties } = schema;
  if (properties === undefined && typeof additionalProperties !== 'object') return undefined;
  const type = builtinTypeName(schema) ?? place.type;
  for (const key in value) {
    const property = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
    const inner = property ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    if (inner === undefined) continue;
    const path = property === undefined ? place.path : place.path === '' ? key : `${place.path}.${key}`;
    const problem = problemIn(value[key] ?? null, inner, property === undefined ? place : { type, path });
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function listProblem(value: Json, schema: Schema, place: Place): string | undefined {
  if (!Array.isArray(value)) return mismatch(value, place, goType(schema));
  const { items } = schema;
  if (items === undefined) return undefined;
  for (const item of value) {
    const problem = problemIn(item, items, place);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function scalarProblem(value: Json, schema: Schema, place: Place): string | undefined {
  const wanted = schema.type === 'integer' || schema.type === 'number' ? 'number' : schema.type;
  if (typeof value !== wanted) return mismatch(value, place, goType(schema));
  if (schema.type === 'integer' && !Number.isInteger(value))
    return mismatch(value, place, goType(schema), ` ${String(value)}`);
  if (typeof value !== 'string' || value === '') return undefined;
  if (schema.format === 'byte') return base64Problem(value);
  if (schema.format === 'date-time' && hasFormat('date-time', value) === false) {
    return `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(value)} as "2006"`;
  }
  return undefined;
}

/** Go ignores line breaks in base64. */
function base64Problem(value: string): string | undefined {
  const text = value.replaceAll(/[\r\n]/g, '');
  const stranger = text.search(/[^A-Za-z0-9+/=]/);
  if (stranger >= 0) return `illegal base64 data at input byte ${stranger}`;
  return hasFormat('byte', text) === false
    ? `illegal base64 data at input byte ${text.length - (text.length % 4)}`
    : undefined;
}

function mismatch(value: Json, place: Place, type: string, detail = ''): string {
  const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  const where = place.path === '' ? 'Go value' : `Go struct field ${place.type}.${place.path}`;
  return `json: cannot unmarshal ${kind}${detail} into ${where} of type ${type}`;
}

function goType(schema: Schema): string {
  const name = builtinTypeName(schema);
  if (name !== undefined && schema.type === 'object') return `v1.${name}`;
  if (schema.type === 'integer') return schema.format === 'int32' ? 'int32' : 'int64';
  if (schema.type === 'number') return 'float64';
  if (schema.type === 'boolean') return 'bool';
  if (schema.type === 'array')
    return `[]${schema.items === undefined ? 'interface {}' : goType(schema.items)}`;
  if (schema.type === 'object')
    return `map[string]${typeof schema.additionalProperties === 'object' ? goType(schema.additionalProperties) : 'interface {}'}`;
  return 'string';
}
