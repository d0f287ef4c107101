/**
 * Equality and digests of JSON values, whatever the order of their keys.
 */
import { createHash } from 'node:crypto';

/** Undefined members count as absent. */
export function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, at) => equal(item, b[at]))
    );
  const left = Object.entries(a).filter(([, value]) => value !== undefined);
  const right = new Map(Object.entries(b).filter(([, value]) => value !== undefined));
  return (
    left.length === right.size && left.every(([key, value]) => right.has(key) && equal(value, right.get(key)))
  );
}

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** A short digest in the letters Kubernetes uses for generated names. */
export function digest(value: unknown, length = 10): string {
  const bytes = createHash('sha256').update(canonical(value)).digest();
  let text = '';
  for (let at = 0; at < length; at += 1) text += ALPHABET[(bytes[at] ?? 0) % ALPHABET.length];
  return text;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`)
      .join(',')}}`;
  return JSON.stringify(value) ?? 'null';
}
