/**
 * OpenAPI v2 definitions, which older clients ask for, made of what is published as v3.
 */
import { isObject, type Json, type JsonObject, type Schema } from '../schema/schema.ts';
import { builtinDocument, builtinDocuments } from './documents.ts';

const V3 = '#/components/schemas/';
const V2 = '#/definitions/';

/** The definitions of the built-in types as the inside of a JSON object; some 3 MB, made anew on each call. */
export function builtinDefinitions(): string {
  const definitions: JsonObject = {};
  for (const { groupVersion } of builtinDocuments()) {
    const text = builtinDocument(groupVersion)?.toString('utf8') ?? '{}';
    // Our own generated document.
    const document = JSON.parse(text) as { components?: { schemas?: JsonObject } };
    for (const [name, schema] of Object.entries(document.components?.schemas ?? {}))
      definitions[name] ??= definitionOf(schema);
  }
  return JSON.stringify(definitions).slice(1, -1);
}

/** A published v3 schema as a v2 definition. */
export function definitionOf(schema: Json): Json {
  if (!isObject(schema)) return schema;
  const { $ref, allOf, oneOf, properties, items, additionalProperties, ...rest } = schema;
  // A reference with a description or default is one of a single "allOf" in v3, and stands beside them in v2.
  const [only] = Array.isArray(allOf) ? allOf : [];
  const reference = $ref ?? (isObject(only) ? only['$ref'] : undefined);
  return {
    ...rest,
    ...(isObject(properties) ? { properties: eachDefinition(properties) } : {}),
    ...(items === undefined ? {} : { items: definitionOf(items) }),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: definitionOf(additionalProperties) }),
    ...(typeof reference === 'string' ? { $ref: reference.replace(V3, V2) } : {}),
    // A number or a string, such as a quantity or a port, is a string there.
    ...(oneOf === undefined ? {} : { type: 'string' }),
  };
}

const eachDefinition = (schemas: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, definitionOf(schema)]));

/**
 * What of a custom resource's schema v2 can say. As kube-apiserver drops it: alternatives, and everything below what may be
 * null or hold unknown fields, because kubectl would refuse what is not named there.
 */
export function restricted(schema: Schema): Schema {
  const { allOf: _a, oneOf: _o, anyOf: _y, not: _n, nullable, ...rest } = schema;
  const open = rest['x-kubernetes-preserve-unknown-fields'] === true;
  const { properties, items, additionalProperties, required, ...plain } = rest;
  if (nullable === true || open) {
    const { type: _t, ...untyped } = plain;
    const typed = nullable !== true && plain.type !== 'object' && plain.type !== 'array';
    return { ...(typed ? plain : untyped), ...(required === undefined ? {} : { required }) };
  }
  if (plain.type === 'array' && items === undefined) {
    const { type: _t, ...untyped } = plain;
    return untyped;
  }
  const wanted = required?.filter((name) => properties?.[name]?.nullable !== true);
  return {
    ...plain,
    ...(wanted === undefined || wanted.length === 0 ? {} : { required: wanted }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, property]) => [name, restricted(property)]),
          ),
        }),
    ...(items === undefined ? {} : { items: restricted(items) }),
    ...(additionalProperties === undefined
      ? {}
      : {
          additionalProperties:
            typeof additionalProperties === 'object'
              ? restricted(additionalProperties)
              : additionalProperties,
        }),
  };
}
