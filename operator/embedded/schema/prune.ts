/**
 * Removes fields that a schema does not name, and says which they were.
 */
import type { Json, JsonObject, Schema } from './schema.ts';

/**
 * Removes unknown fields from an object, in place. `apiVersion`, `kind` and `metadata` of the object and of embedded
 * resources stay untouched when the schema does not describe them.
 *
 * @returns the paths of the removed fields (`spec.foo`, `spec.list[0].bar`), sorted; what strict field validation reports.
 */
export function prune(object: JsonObject, schema: Schema): string[] {
  const removed: string[] = [];
  pruneObject(object, schema, true, '', removed);
  return removed.toSorted();
}

const metaFields = new Set(['apiVersion', 'kind', 'metadata']);

function pruneValue(value: Json, schema: Schema | undefined, path: string, removed: string[]): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    const items = schema?.items;
    const preserved = items === undefined && schema?.['x-kubernetes-preserve-unknown-fields'] === true;
    if (preserved) return;
    for (const [index, item] of value.entries()) pruneValue(item, items, `${path}[${index}]`, removed);
    return;
  }
  pruneObject(value, schema, schema?.['x-kubernetes-embedded-resource'] === true, path, removed);
}

function pruneObject(
  object: JsonObject,
  schema: Schema | undefined,
  embedded: boolean,
  path: string,
  removed: string[],
): void {
  const preserve = schema?.['x-kubernetes-preserve-unknown-fields'] === true;
  const rest = typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  const open = preserve || schema?.additionalProperties === true;
  for (const key in object) {
    const at = path === '' ? key : `${path}.${key}`;
    const property =
      schema?.properties !== undefined && Object.hasOwn(schema.properties, key)
        ? schema.properties[key]
        : undefined;
    if (
      embedded &&
      metaFields.has(key) &&
      (property === undefined || key !== 'metadata' || property.properties === undefined)
    )
      continue;
    const inner = property ?? rest;
    if (inner !== undefined) pruneValue(object[key] ?? null, inner, at, removed);
    else if (!open) {
      removed.push(at);
      delete object[key];
    }
  }
}
