/**
 * Kubernetes' strategic merge patch: a merge patch whose lists merge by key where the schema says so.
 */
import { equal, isObject, setOwn, type Json, type JsonObject, type Schema } from '../schema/schema.ts';
import { badPatch } from './error.ts';

/**
 * Applies a strategic merge patch (`$patch`, `$retainKeys`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…`).
 * Neither argument changes; the result shares what did not change with the object.
 *
 * @param schema the built-in kind's schema, with `x-kubernetes-patch-strategy` and `x-kubernetes-patch-merge-key`.
 * @throws PatchError 400 when the patch is malformed.
 */
export function applyStrategicMergePatch(object: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  return mergeMap(object, patch, schema);
}

const directive = '$patch';
const retainKeys = '$retainKeys';
const deletePrefix = '$deleteFromPrimitiveList/';
const orderPrefix = '$setElementOrder/';

function mergeMap(original: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
  if (Object.hasOwn(patch, directive)) return replaced(patch);
  const result = retained(original, patch);
  const ordered = mergeOrderedLists(result, patch, schema);
  for (const key in patch) {
    if (key === retainKeys || key.startsWith(orderPrefix) || ordered.has(key)) continue;
    const value = patch[key] ?? null;
    if (key.startsWith(deletePrefix)) deleteFromList(result, key.slice(deletePrefix.length), value);
    else if (value === null) delete result[key];
    else mergeField(result, key, value, fieldSchema(schema, key));
  }
  return result;
}

function replaced(patch: JsonObject): JsonObject {
  const { [directive]: kind, ...rest } = patch;
  if (kind === 'replace') return rest;
  if (kind === 'delete') return {};
  throw badPatch(`unknown patch type: ${JSON.stringify(kind)} in map: ${JSON.stringify(patch)}`);
}

/** A copy of the original with only the keys that `$retainKeys` lists. */
function retained(original: JsonObject, patch: JsonObject): JsonObject {
  const result: JsonObject = { ...original };
  if (!Object.hasOwn(patch, retainKeys)) return result;
  const list = patch[retainKeys];
  if (!Array.isArray(list)) throw badPatch('invalid patch format of retainKeys');
  for (const key in patch) {
    const control = key === retainKeys || key.startsWith(deletePrefix) || key.startsWith(orderPrefix);
    if (!control && patch[key] !== null && !list.includes(key))
      throw badPatch('invalid patch format of retainKeys');
  }
  for (const key in original) if (!list.includes(key)) delete result[key];
  return result;
}

function mergeField(result: JsonObject, key: string, value: Json, schema: Schema | undefined): void {
  const before = Object.hasOwn(result, key) ? result[key] : undefined;
  let merged: Json | undefined;
  if (isObject(before) && isObject(value))
    merged = strategies(schema).includes('replace') ? value : mergeMap(before, value, schema);
  else if (Array.isArray(before) && Array.isArray(value)) merged = mergeList(before, value, schema);
  else merged = cleaned(value);
  if (merged === undefined) delete result[key];
  else setOwn(result, key, merged);
}

function deleteFromList(result: JsonObject, key: string, values: Json): void {
  if (!Array.isArray(values)) throw badPatch('invalid patch format of primitive list');
  const before = result[key];
  if (Array.isArray(before))
    result[key] = before.filter((item) => !values.some((value) => equal(value, item)));
}

/** Merges the lists whose order the patch sets; returns their names. */
function mergeOrderedLists(
  result: JsonObject,
  patch: JsonObject,
  schema: Schema | undefined,
): ReadonlySet<string> {
  const done = new Set<string>();
  for (const directiveKey in patch) {
    if (!directiveKey.startsWith(orderPrefix)) continue;
    const key = directiveKey.slice(orderPrefix.length);
    const [order, before, change] = [patch[directiveKey], result[key], patch[key]];
    if (!Array.isArray(order)) throw badPatch('invalid patch format of setElementOrder list');
    if (
      (before !== undefined && !Array.isArray(before)) ||
      (change !== undefined && !Array.isArray(change))
    ) {
      throw badPatch(`expected a list at ${JSON.stringify(key)}`);
    }
    const field = fieldSchema(schema, key);
    checkOrder(change ?? [], order, mergeKeyOf(field));
    if (before === undefined && change === undefined) continue;
    const merged =
      before !== undefined && change !== undefined
        ? mergeList(before, change, field)
        : (before ?? cleanedList(change ?? []));
    result[key] = inOrder(merged, order, before ?? [], mergeKeyOf(field));
    done.add(key);
  }
  return done;
}

/** The items of a patch must stand in the order that the patch sets. */
function checkOrder(items: readonly Json[], order: readonly Json[], mergeKey: string | undefined): void {
  if (order.length === 0) return;
  const kept = items.filter((item) => !isObject(item) || !Object.hasOwn(item, directive));
  let at = 0;
  for (const item of kept) {
    while (at < order.length && !sameItem(item, order[at] ?? null, mergeKey)) at += 1;
    if (at === order.length) {
      throw badPatch(
        `The order in patch list:\n${JSON.stringify(items)}\n doesn't match $setElementOrder list:\n${JSON.stringify(order)}\n`,
      );
    }
    at += 1;
  }
}

function mergeList(original: Json[], patch: Json[], schema: Schema | undefined): Json[] {
  if (!strategies(schema).includes('merge')) return patch;
  if (original.length === 0 && patch.length === 0) return original;
  const all = [...original, ...patch];
  if (!all.some(isObject)) return inOrder([...new Set(all)], patch, original, undefined);
  if (!all.every(isObject)) throw badPatch('list element types are not identical');
  const mergeKey = mergeKeyOf(schema);
  if (mergeKey === undefined) throw badPatch('cannot merge lists without merge key');
  return mergeListOfMaps(original, patch, mergeKey, schema?.items);
}

function mergeListOfMaps(
  original: Json[],
  patch: Json[],
  mergeKey: string,
  schema: Schema | undefined,
): Json[] {
  const { kept, items } = withoutSpecial(original, patch, mergeKey);
  const merged = [...kept];
  for (const item of items) {
    const at = merged.findIndex((before) => sameItem(before, item, mergeKey));
    const before = merged[at];
    if (isObject(before) && isObject(item)) merged[at] = mergeMap(before, item, schema);
    else merged.push(cleaned(item) ?? {});
  }
  return inOrder(merged, items, kept, mergeKey);
}

/** Carries out `$patch: delete` and `$patch: replace` items; returns what is left on both sides. */
function withoutSpecial(original: Json[], patch: Json[], mergeKey: string): { kept: Json[]; items: Json[] } {
  let kept = original;
  let replace = false;
  const items: Json[] = [];
  for (const item of patch) {
    if (!isObject(item)) continue;
    const kind = item[directive];
    if (kind === 'replace') {
      replace = true;
      continue;
    }
    if (!Object.hasOwn(item, mergeKey))
      throw badPatch(`map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`);
    if (kind === undefined) items.push(item);
    else if (kind === 'delete') kept = kept.filter((before) => !sameItem(before, item, mergeKey));
    else if (kind === 'merge') throw badPatch('merging lists cannot yet be specified in the patch');
    else throw badPatch(`unknown patch type: ${JSON.stringify(kind)} in map: ${JSON.stringify(item)}`);
  }
  return replace ? { kept: items.map((item) => cleaned(item) ?? {}), items: [] } : { kept, items };
}

function sameItem(a: Json, b: Json, mergeKey: string | undefined): boolean {
  if (mergeKey === undefined) return equal(a, b);
  return isObject(a) && isObject(b) && Object.hasOwn(a, mergeKey) && equal(a[mergeKey], b[mergeKey]);
}

/** Items named by `order` in that order, the others where the server's list had them. */
function inOrder(
  merged: readonly Json[],
  order: readonly Json[],
  server: readonly Json[],
  mergeKey: string | undefined,
): Json[] {
  const place = (list: readonly Json[], item: Json): number =>
    list.findIndex((other) => sameItem(other, item, mergeKey));
  const ranked = merged.map((item) => ({ item, wanted: place(order, item), had: place(server, item) }));
  const wanted = ranked.filter((each) => each.wanted >= 0).toSorted((a, b) => a.wanted - b.wanted);
  const others = ranked.filter((each) => each.wanted < 0);
  const result: Json[] = [];
  let [left, right] = [0, 0];
  while (left < others.length || right < wanted.length) {
    const [mine, theirs] = [others[left], wanted[right]];
    const mineFirst =
      mine !== undefined &&
      (theirs === undefined || (mine.had >= 0 && theirs.had >= 0 && mine.had < theirs.had));
    const next = mineFirst ? mine : (theirs ?? mine);
    if (next !== undefined) result.push(next.item);
    if (mineFirst) left += 1;
    else right += 1;
  }
  return result;
}

/** A value that is new to the object: without nulls and directives; undefined when it is only a directive. */
function cleaned(value: Json): Json | undefined {
  if (Array.isArray(value)) return cleanedList(value);
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, directive)) return undefined;
  const result: JsonObject = {};
  for (const key in value) {
    if (key === retainKeys || key.startsWith(orderPrefix) || key.startsWith(deletePrefix)) continue;
    const inner = value[key] ?? null;
    const kept = inner === null ? undefined : cleaned(inner);
    if (kept !== undefined) setOwn(result, key, kept);
  }
  return result;
}

function cleanedList(list: readonly Json[]): Json[] {
  return list.flatMap((item) => {
    const kept = cleaned(item);
    return kept === undefined ? [] : [kept];
  });
}

function strategies(schema: Schema | undefined): readonly string[] {
  return schema?.['x-kubernetes-patch-strategy']?.split(',') ?? [];
}

function mergeKeyOf(schema: Schema | undefined): string | undefined {
  return schema?.['x-kubernetes-patch-merge-key'];
}

function fieldSchema(schema: Schema | undefined, key: string): Schema | undefined {
  if (schema?.properties !== undefined && Object.hasOwn(schema.properties, key))
    return schema.properties[key];
  return typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}
