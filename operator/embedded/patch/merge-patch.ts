/**
 * JSON Merge Patch (RFC 7386).
 */
import { equal, isObject, setOwn, type Json, type JsonObject } from '../schema/schema.ts';

/**
 * Applies a merge patch. Neither argument changes; the result shares what did not change with the target.
 */
export function applyMergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const result: JsonObject = { ...target };
  for (const key in patch) {
    const value = patch[key] ?? null;
    if (value === null) delete result[key];
    else setOwn(result, key, merged(Object.hasOwn(result, key) ? result[key] : undefined, value));
  }
  return result;
}

function merged(before: Json | undefined, value: Json): Json {
  return isObject(value) ? applyMergePatch(isObject(before) ? before : {}, value) : value;
}

/**
 * The smallest merge patch that makes `next` of `before`. A null inside `next` cannot be expressed and is lost.
 */
export function createMergePatch(before: JsonObject, next: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const key in before) if (!Object.hasOwn(next, key)) setOwn(patch, key, null);
  for (const key in next) {
    const [old, value] = [Object.hasOwn(before, key) ? before[key] : undefined, next[key] ?? null];
    if (equal(old, value)) continue;
    setOwn(patch, key, isObject(old) && isObject(value) ? createMergePatch(old, value) : value);
  }
  return patch;
}
