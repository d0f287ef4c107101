/**
 * Arbitrary values of a schema's shape, for properties that must hold for every field there is or will be. Patterns and CEL
 * rules are not obeyed: the shape is what matters.
 */
import fc from 'fast-check';
import type { Structural } from '../schema.ts';

export function arbitraryOf(schema: Structural): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({
        min: Math.max(schema.minimum ?? 0, 0),
        max: Math.min(schema.maximum ?? 9, 2 ** 31),
      });
    case 'string':
      return shortString(schema);
    case 'array':
      return listOf(schema);
    case 'object':
      return objectOf(schema);
  }
}

function listOf({ items, minItems = 0, maxItems = 4, ...schema }: Structural): fc.Arbitrary<unknown> {
  if (items === undefined) return fc.constant([]);
  const length = { minLength: minItems, maxLength: Math.max(minItems, Math.min(maxItems, 4)) };
  const keys = schema['x-kubernetes-list-map-keys'];
  if (keys === undefined) return fc.array(arbitraryOf(items), length);
  const keyOf = (item: unknown): string =>
    // Items of a list with keys are objects that have them.
    JSON.stringify(keys.map((key) => (item as Readonly<Record<string, unknown>>)[key]));
  return fc.uniqueArray(arbitraryOf(items), { ...length, selector: keyOf });
}

function objectOf({ properties, required = [], additionalProperties }: Structural): fc.Arbitrary<unknown> {
  if (additionalProperties !== undefined)
    return fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), arbitraryOf(additionalProperties), {
      maxKeys: 4,
      noNullPrototype: true,
    });
  const fields = Object.entries(properties ?? {}).map(([name, field]) => [name, arbitraryOf(field)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [...required], noNullPrototype: true });
}

/** Short where the schema lets it. */
function shortString({ minLength = 0, maxLength = 8 }: Structural): fc.Arbitrary<unknown> {
  return fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 8)) });
}
