/**
 * Fills in the defaults of a structural schema.
 */
import { clone, isObject, setOwn, type Json, type JsonObject, type Schema } from './schema.ts';

/**
 * Applies defaults, in place, as the API server does for custom resources: a missing field gets its default; a null in a
 * field that is not nullable gets the default too, or is removed when there is none.
 */
export function applyDefaults(object: JsonObject, schema: Schema): void {
  const does = effects(schema);
  if (does.nulls) pruneNulls(object, schema);
  if (does.defaults) fill(object, schema);
}

function pruneNulls(value: Json, schema: Schema | undefined): void {
  if (Array.isArray(value)) {
    for (const item of value) pruneNulls(item, schema?.items);
  } else if (isObject(value)) {
    for (const key in value) {
      const inner = fieldSchema(schema, key);
      const item = value[key] ?? null;
      if (item === null && inner !== undefined && inner.nullable !== true && inner.default === undefined)
        delete value[key];
      else pruneNulls(item, inner);
    }
  }
}

function fill(value: Json, schema: Schema): void {
  if (Array.isArray(value)) {
    const items = schema.items;
    if (items === undefined || !effects(items).defaults) return;
    for (const [index, item] of value.entries()) {
      if (isUnwantedNull(item, items)) value[index] = clone(items.default ?? null);
      fill(value[index] ?? null, items);
    }
  } else if (isObject(value)) fillObject(value, schema);
}

function fillObject(object: JsonObject, schema: Schema): void {
  const properties = schema.properties ?? {};
  for (const key in properties) {
    const property = properties[key];
    if (property === undefined) continue;
    if (
      property.default !== undefined &&
      (!Object.hasOwn(object, key) || isUnwantedNull(object[key] ?? null, property))
    ) {
      setOwn(object, key, clone(property.default));
    }
    const item = object[key];
    if (typeof item === 'object' && item !== null && Object.hasOwn(object, key) && effects(property).defaults)
      fill(item, property);
  }
  const rest = schema.additionalProperties;
  if (typeof rest !== 'object' || !effects(rest).defaults) return;
  for (const key in object) {
    if (Object.hasOwn(properties, key)) continue;
    if (isUnwantedNull(object[key] ?? null, rest)) setOwn(object, key, clone(rest.default ?? null));
    fill(object[key] ?? null, rest);
  }
}

function isUnwantedNull(value: Json, schema: Schema): boolean {
  return value === null && schema.nullable !== true && schema.default !== undefined;
}

function fieldSchema(schema: Schema | undefined, key: string): Schema | undefined {
  if (schema?.properties !== undefined && Object.hasOwn(schema.properties, key))
    return schema.properties[key];
  return typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

type Effects = { readonly defaults: boolean; readonly nulls: boolean };

const known = new WeakMap<Schema, Effects>();

/** Whether defaulting can change anything below a schema node, so that most of an object need not be walked. */
function effects(schema: Schema): Effects {
  const before = known.get(schema);
  if (before !== undefined) return before;
  // A node that is reached again while it is being looked at adds nothing to its own answer.
  known.set(schema, { defaults: true, nulls: true });
  const inner = Object.values(schema.properties ?? {});
  if (schema.items !== undefined) inner.push(schema.items);
  if (typeof schema.additionalProperties === 'object') inner.push(schema.additionalProperties);
  const found = {
    defaults: inner.some((node) => node.default !== undefined || effects(node).defaults),
    nulls: inner.length > 0,
  };
  known.set(schema, found);
  return found;
}
