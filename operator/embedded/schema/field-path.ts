/**
 * Simple paths into a schema (`.spec.replicas`, `.labels['app']`), as rules and selectable fields name fields.
 */
import type { Schema } from './schema.ts';

export type FieldPath =
  | { readonly path: string; readonly schema: Schema; readonly problem?: undefined }
  | { readonly problem: string; readonly path?: undefined; readonly schema?: undefined };

/**
 * Follows a path through a schema.
 *
 * @param brackets whether `['…']` may be used.
 * @returns the path in the form of error messages with the schema it leads to, or what is wrong with it.
 */
export function validFieldPath(text: string, schema: Schema, brackets = true): FieldPath {
  let rest = text;
  let path = '';
  let at = schema;
  while (rest !== '') {
    const step = nextStep(rest, brackets);
    if ('problem' in step) return step;
    const next = follow(at, step.name);
    if (next === undefined) return { problem: 'does not refer to a valid field' };
    path = next.named ? (path === '' ? step.name : `${path}.${step.name}`) : `${path}[${step.name}]`;
    at = next.schema;
    rest = step.rest;
  }
  return { path, schema: at };
}

type Step = { readonly name: string; readonly rest: string } | { readonly problem: string };

function nextStep(text: string, brackets: boolean): Step {
  if (text.startsWith('.')) {
    const name = /^\.([^.[\]]+)/.exec(text)?.[1];
    return name === undefined
      ? { problem: 'unexpected end of JSON path' }
      : { name, rest: text.slice(name.length + 1) };
  }
  if (!text.startsWith('['))
    return { problem: `expected [ or . but got: ${/^[^.[\]]*/.exec(text)?.[0] ?? text}` };
  if (!brackets) return { problem: 'array notation is not allowed' };
  const found = /^\['((?:[^'\\]|\\.)*)'\]/.exec(text);
  if (found === null)
    return { problem: `expected single quoted string but got ${/^\[([^\]]*)/.exec(text)?.[1] ?? text}` };
  return { name: (found[1] ?? '').replaceAll(/\\(.)/g, '$1'), rest: text.slice(found[0].length) };
}

function follow(
  schema: Schema,
  name: string,
): { readonly schema: Schema; readonly named: boolean } | undefined {
  if (schema.properties !== undefined) {
    const property = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
    return property === undefined ? undefined : { schema: property, named: true };
  }
  return typeof schema.additionalProperties === 'object'
    ? { schema: schema.additionalProperties, named: false }
    : undefined;
}
