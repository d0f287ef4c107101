/**
 * One spelling for equal JSON values, so that they can be compared and hashed.
 */
import { hash } from 'node:crypto';
import { isRecord } from './records.ts';

/** JSON with sorted keys and without `undefined`, whatever the order a value was built in. */
export function canonical(value: unknown): string {
  // By hand: JSON.stringify with a replacer takes three times as long, and this runs for every object of every reconcile.
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isRecord(value)) return JSON.stringify(value) ?? 'null';
  let text = '';
  for (const key of Object.keys(value).sort()) {
    const inner = value[key];
    if (inner === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonical(inner)}`;
  }
  return `{${text}}`;
}

/** 32 hexadecimal digits that stand for the value: fits an annotation, never repeats by chance. */
export const hashOf = (value: unknown): string => hash('sha256', canonical(value)).slice(0, 32);

export const sameJson = (a: unknown, b: unknown): boolean => a === b || canonical(a) === canonical(b);

/**
 * True when `live` says everything `wanted` says; objects may have more fields (defaults), lists may not have more items.
 * Values spelled differently (`0.5` and `500m`) count as different.
 */
export function isSubset(wanted: unknown, live: unknown): boolean {
  if (wanted === undefined || wanted === live) return true;
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(live) &&
      wanted.length === live.length &&
      wanted.every((item, index) => isSubset(item, live[index]))
    );
  }
  if (!isRecord(wanted)) return false;
  // The server drops what is empty: `labels: {}` is said by having no labels.
  if (live === undefined) return Object.values(wanted).every((inner) => inner === undefined);
  return isRecord(live) && Object.entries(wanted).every(([key, inner]) => isSubset(inner, live[key]));
}
