/**
 * Builds causes of an invalid object in the words of Kubernetes' field errors.
 */
import { isObject, type Cause, type Json } from './schema.ts';

/** `Invalid value: <value>: <detail>`. */
export function invalid(field: string, value: Json, detail: string, reason = 'FieldValueInvalid'): Cause {
  return { field, reason, message: withDetail(`Invalid value: ${printed(value)}`, detail) };
}

/** `Invalid value: …` of a value of the wrong type. */
export function typeInvalid(field: string, value: Json, detail: string): Cause {
  return {
    field,
    reason: 'FieldValueTypeInvalid',
    message: withDetail(`Invalid value: ${printed(value)}`, detail),
  };
}

/** `Required value`. */
export function required(field: string, detail = ''): Cause {
  return { field, reason: 'FieldValueRequired', message: withDetail('Required value', detail) };
}

/** `Forbidden: <detail>`. */
export function forbidden(field: string, detail: string): Cause {
  return { field, reason: 'FieldValueForbidden', message: withDetail('Forbidden', detail) };
}

/** `Unsupported value: <value>: supported values: …`. */
export function notSupported(field: string, value: Json, supported: readonly Json[]): Cause {
  const list = supported.map((item) => quoted(typeof item === 'string' ? item : JSON.stringify(item)));
  return {
    field,
    reason: 'FieldValueNotSupported',
    message: withDetail(
      `Unsupported value: ${printed(value)}`,
      list.length === 0 ? '' : `supported values: ${list.join(', ')}`,
    ),
  };
}

/** `Duplicate value: <value>`. */
export function duplicate(field: string, value: Json): Cause {
  return { field, reason: 'FieldValueDuplicate', message: `Duplicate value: ${printed(value)}` };
}

/** `Too long: may not be more than <max> bytes`. */
export function tooLong(field: string, max: number): Cause {
  const unit = max === 1 ? 'byte' : 'bytes';
  return {
    field,
    reason: 'FieldValueTooLong',
    message: max < 0 ? 'Too long: value is too long' : `Too long: may not be more than ${max} ${unit}`,
  };
}

/** `Too many: <actual>: must have at most <max> items`. */
export function tooMany(field: string, actual: number, max: number): Cause {
  const unit = max === 1 ? 'item' : 'items';
  return {
    field,
    reason: 'FieldValueTooMany',
    message: `Too many: ${actual}: must have at most ${max} ${unit}`,
  };
}

/** A field's path with a child appended: `spec` + `a` → `spec.a`. */
export function child(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** A Go-quoted string, as `%q` prints it. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** JSON as Go writes it, which keeps it harmless inside HTML. */
export function goJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026');
}

function printed(value: Json): string {
  if (typeof value === 'string') return quoted(value);
  return isObject(value) || Array.isArray(value) ? goJson(sorted(value)) : JSON.stringify(value);
}

/** Go prints maps with sorted keys. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((key) => [key, sorted(value[key] ?? null)]),
  );
}

function withDetail(text: string, detail: string): string {
  return detail === '' ? text : `${text}: ${detail}`;
}
