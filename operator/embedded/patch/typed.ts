/**
 * Objects seen through their schema, the way server-side apply sees them: what their fields are, how two of them merge and differ.
 * Follows structured-merge-diff, whose rules decide who owns what on every API server.
 */
import { equal, isObject, setOwn, type Json, type JsonObject, type Schema } from '../schema/schema.ts';
import {
  descend,
  elementText,
  fieldElement,
  isEmptySet,
  keyElement,
  valueElement,
  type FieldNode,
  type FieldSet,
  type MutableFieldSet,
} from './fields.ts';

/** What a value may be. A type of a real schema has one of the three; an untyped value may be any. */
export type Type = {
  readonly scalar?: 'string' | 'number' | 'boolean' | 'untyped';
  readonly list?: ListType;
  readonly map?: MapType;
};
type ListType = {
  readonly relation: 'atomic' | 'set' | 'map';
  readonly keys: readonly string[];
  readonly element: Lazy;
};
type MapType = {
  readonly atomic: boolean;
  readonly fields: ReadonlyMap<string, { readonly type: Lazy; readonly default: Json | undefined }>;
  /** The type of fields that are not named; undefined when there may be none. */
  readonly element: Lazy | undefined;
};
type Lazy = () => Type;

/** The type of an object of which no schema is known. Its maps merge by key, its lists are replaced. */
export const untyped: Type = {
  scalar: 'untyped',
  list: { relation: 'atomic', keys: [], element: () => atomicAny },
  map: { atomic: false, fields: new Map(), element: () => untyped },
};

const atomicAny: Type = {
  scalar: 'untyped',
  list: { relation: 'atomic', keys: [], element: () => atomicAny },
  map: { atomic: true, fields: new Map(), element: () => atomicAny },
};

const known = { closed: new WeakMap<Schema, Type>(), preserving: new WeakMap<Schema, Type>() };

/** The type that a schema describes; remembered by the schema's identity. */
export function typeOf(schema: Schema | undefined, preserving = false): Type {
  if (schema === undefined) return untyped;
  const preserve = preserving || schema['x-kubernetes-preserve-unknown-fields'] === true;
  const cache = preserve ? known.preserving : known.closed;
  const before = cache.get(schema);
  if (before !== undefined) return before;
  const made = makeType(schema, preserve);
  cache.set(schema, made);
  return made;
}

function makeType(schema: Schema, preserve: boolean): Type {
  if (schema['x-kubernetes-int-or-string'] === true) return { scalar: 'untyped' };
  switch (schema.type) {
    case 'object':
      return { map: mapType(schema, preserve) };
    case 'array':
      return { list: listType(schema, preserve) };
    case 'integer':
    case 'number':
      return { scalar: 'number' };
    case 'boolean':
      return { scalar: 'boolean' };
    case 'string':
      return {
        scalar:
          schema.format === undefined || schema.format === '' || schema.format === 'byte'
            ? 'string'
            : 'untyped',
      };
    default:
      // Quantity and IntOrString say what they are by their alternatives; anything else without a type may be anything.
      if (schema.oneOf !== undefined && schema.properties === undefined) return { scalar: 'untyped' };
      return { scalar: 'untyped', list: listType(schema, preserve), map: mapType(schema, preserve) };
  }
}

function mapType(schema: Schema, preserve: boolean): MapType {
  const fields = new Map<string, { type: Lazy; default: Json | undefined }>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    fields.set(name, { type: () => typeOf(property, preserve), default: property.default });
  }
  return { atomic: schema['x-kubernetes-map-type'] === 'atomic', fields, element: unnamed(schema, preserve) };
}

function unnamed(schema: Schema, preserve: boolean): Lazy | undefined {
  const rest = schema.additionalProperties;
  if (typeof rest === 'object') return () => typeOf(rest, preserve);
  if (rest === undefined) return preserve || schema.properties === undefined ? () => untyped : undefined;
  return rest ? () => untyped : undefined;
}

function listType(schema: Schema, preserve: boolean): ListType {
  const element = schema.items === undefined ? () => atomicAny : () => typeOf(schema.items, preserve);
  const type = schema['x-kubernetes-list-type'];
  if (type === 'map') return { relation: 'map', keys: schema['x-kubernetes-list-map-keys'] ?? [], element };
  if (type === 'set') return { relation: 'set', keys: [], element };
  const key = schema['x-kubernetes-patch-merge-key'];
  if (type !== undefined || schema['x-kubernetes-patch-strategy']?.split(',').includes('merge') !== true)
    return { relation: 'atomic', keys: [], element };
  return key === undefined
    ? { relation: 'set', keys: [], element }
    : { relation: 'map', keys: [key], element };
}

/** The only one of a type's forms that fits a value, or the type as it is when none does. */
function deduced(type: Type, value: Json | undefined): Type {
  if (value === undefined || value === null) return type;
  if (Array.isArray(value))
    return type.list === undefined || (type.map === undefined && type.scalar === undefined)
      ? type
      : { list: type.list };
  if (typeof value === 'object')
    return type.map === undefined || (type.list === undefined && type.scalar === undefined)
      ? type
      : { map: type.map };
  return type.scalar === undefined || (type.map === undefined && type.list === undefined)
    ? type
    : { scalar: type.scalar };
}

/** A problem with the shape of an object: `.spec.replicas: expected numeric (int or float), got string`. */
export type ShapeError = { readonly path: string; readonly message: string };

/** Checks that an object has its type's shape. `duplicates` allows items of set- and map-like lists to repeat. */
export function shapeErrors(value: Json, type: Type, duplicates: boolean): ShapeError[] {
  const errors: ShapeError[] = [];
  checkShape(value, type, '', duplicates, errors);
  return errors;
}

function checkShape(value: Json, type: Type, path: string, duplicates: boolean, errors: ShapeError[]): void {
  if (value === null) return;
  const { map, scalar, list } = deduced(type, value);
  if (map !== undefined) {
    if (!isObject(value)) errors.push({ path, message: `expected map, got ${goText(value)}` });
    else checkMap(value, map, path, duplicates, errors);
  } else if (scalar !== undefined) checkScalar(value, scalar, path, errors);
  else if (list !== undefined) {
    if (!Array.isArray(value)) errors.push({ path, message: `expected list, got ${goText(value)}` });
    else checkItems(value, list, path, duplicates, errors);
  }
}

function checkScalar(value: Json, scalar: string, path: string, errors: ShapeError[]): void {
  const actual = typeof value;
  if (scalar === 'untyped' ? actual !== 'object' : actual === scalar) return;
  if (scalar === 'number')
    errors.push({ path, message: `expected numeric (int or float), got ${goType(value)}` });
  else
    errors.push({
      path,
      message: `expected ${scalar === 'untyped' ? 'any scalar' : scalar}, got ${scalar === 'string' ? `&value.valueUnstructured{Value:${goText(value)}}` : `&{${goText(value)}}`}`,
    });
}

function checkMap(
  value: JsonObject,
  map: MapType,
  path: string,
  duplicates: boolean,
  errors: ShapeError[],
): void {
  for (const key in value) {
    const type = map.fields.get(key)?.type ?? map.element;
    if (type === undefined) errors.push({ path: `${path}.${key}`, message: 'field not declared in schema' });
    else checkShape(value[key] ?? null, type(), `${path}.${key}`, duplicates, errors);
  }
}

function checkItems(
  value: Json[],
  list: ListType,
  path: string,
  duplicates: boolean,
  errors: ShapeError[],
): void {
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    let element = `i:${index}`;
    if (list.relation !== 'atomic') {
      const found = itemElement(list, item);
      if (typeof found !== 'string') {
        errors.push({ path, message: `element ${index}: ${found.problem}` });
        return;
      }
      element = found;
      if (seen.has(element) && !duplicates)
        errors.push({ path, message: `duplicate entries for key ${elementText(element)}` });
      seen.add(element);
    }
    checkShape(item, list.element(), path + elementText(element), duplicates, errors);
  }
}

function goType(value: Json): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (isObject(value)) return 'map[string]interface {}';
  return typeof value === 'boolean'
    ? 'bool'
    : typeof value === 'number'
      ? Number.isInteger(value)
        ? 'int64'
        : 'float64'
      : 'string';
}

function goText(value: Json): string {
  return typeof value === 'string' ? JSON.stringify(value) : JSON.stringify(value);
}

/** The path element of an item of a set- or map-like list, or why it has none. */
function itemElement(list: ListType, item: Json): string | { readonly problem: string } {
  if (list.relation === 'set') {
    if (isObject(item)) return { problem: "associative list without keys has an element that's a map type" };
    if (Array.isArray(item)) return { problem: 'not supported: associative list with lists as elements' };
    if (item === null)
      return { problem: "associative list without keys has an element that's an explicit null" };
    return valueElement(item);
  }
  if (item === null) return { problem: 'associative list with keys may not have a null element' };
  if (!isObject(item)) return { problem: 'associative list with keys may not have non-map elements' };
  const keys: JsonObject = {};
  let found = 0;
  for (const name of list.keys) {
    const value = Object.hasOwn(item, name) ? item[name] : list.element().map?.fields.get(name)?.default;
    if (value === undefined) continue;
    keys[name] = value;
    found += 1;
  }
  if (found > 0 || list.keys.length === 0) return keyElement(keys);
  return {
    problem: `associative list with keys has an element that omits all key fields [${list.keys.map((key) => JSON.stringify(key)).join(' ')}] (and doesn't have default values for any key fields)`,
  };
}

function elementOf(list: ListType, item: Json): string {
  const element = itemElement(list, item);
  // Shapes are checked before anything else is done with an object; an item without an identity is then only ever itself.
  return typeof element === 'string' ? element : `i:${JSON.stringify(item)}`;
}

function fieldType(map: MapType, key: string): Type {
  return (map.fields.get(key)?.type ?? map.element)?.() ?? untyped;
}

/** Every leaf field and list item that an object mentions. */
export function fieldsOf(value: Json, type: Type): FieldSet {
  const set: MutableFieldSet = new Map();
  collect(value, type, set, () => {});
  return set;
}

/** `own` puts the path of the value itself into the set. */
function collect(value: Json, type: Type, set: MutableFieldSet, own: () => void): void {
  const { map, scalar, list } = deduced(type, value);
  if (map !== undefined) {
    if (map.atomic) own();
    else if (isObject(value)) collectMap(value, map, set);
  } else if (scalar !== undefined) own();
  else if (list !== undefined) {
    if (list.relation === 'atomic') own();
    else if (Array.isArray(value)) collectItems(value, list, set);
  }
}

function collectMap(value: JsonObject, map: MapType, set: MutableFieldSet): void {
  for (const key in value) {
    const item = value[key] ?? null;
    const element = fieldElement(key);
    const node = descend(set, element);
    collect(item, fieldType(map, key), node.children, () => void (node.member = true));
    if (item === null || isEmptyObject(item) || !map.fields.has(key)) node.member = true;
    if (!node.member && node.children.size === 0) set.delete(element);
  }
}

function isEmptyObject(value: Json): boolean {
  if (!isObject(value)) return false;
  for (const _ in value) return false;
  return true;
}

function collectItems(value: Json[], list: ListType, set: MutableFieldSet): void {
  const elements = value.map((item) => elementOf(list, item));
  const repeated = duplicatesOf(elements);
  for (const [index, element] of elements.entries()) {
    const node = descend(set, element);
    node.member = true;
    if (!repeated.has(element)) collect(value[index] ?? null, list.element(), node.children, () => {});
  }
}

const nothing: ReadonlySet<string> = new Set();

function duplicatesOf(elements: readonly string[]): ReadonlySet<string> {
  const seen = new Set(elements);
  if (seen.size === elements.length) return nothing;
  const once = new Set<string>();
  return new Set(elements.filter((element) => once.has(element) || (once.add(element), false)));
}

/** What changed between two objects. */
export type Comparison = {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
};

/** Compares two objects of a type. */
export function compare(before: Json, after: Json, type: Type): Comparison {
  const sets: Sets = { added: new Map(), modified: new Map(), removed: new Map() };
  compareAt(before, after, type, sets, []);
  return sets;
}

type Sets = { added: MutableFieldSet; modified: MutableFieldSet; removed: MutableFieldSet };

function insert(set: MutableFieldSet, path: readonly string[]): void {
  let children = set;
  for (const [index, element] of path.entries()) {
    const node = descend(children, element);
    if (index === path.length - 1) node.member = true;
    children = node.children;
  }
}

function compareAt(
  left: Json | undefined,
  right: Json | undefined,
  type: Type,
  sets: Sets,
  path: string[],
): void {
  if (left === right) return;
  const [leftType, rightType] = [deduced(type, left), deduced(type, right)];
  let leaf = false;
  if (right === undefined) leaf = compareAs(left, right, leftType, sets, path);
  else if (left === undefined || sameForm(leftType, rightType))
    leaf = compareAs(left, right, rightType, sets, path);
  else {
    compareAs(left, right, leftType, sets, path);
    leaf = compareAs(left, right, rightType, sets, path);
  }
  if (leaf || path.length === 0) return;
  if (left === undefined) insert(sets.added, path);
  else if (right === undefined) insert(sets.removed, path);
}

function sameForm(a: Type, b: Type): boolean {
  return a === b || (a.map === b.map && a.list === b.list && a.scalar === b.scalar);
}

/** @returns whether the value was treated as a leaf. */
function compareAs(
  left: Json | undefined,
  right: Json | undefined,
  type: Type,
  sets: Sets,
  path: string[],
): boolean {
  const { map, scalar, list } = type;
  if (map !== undefined) {
    const [a, b] = [isObject(left) ? left : undefined, isObject(right) ? right : undefined];
    if (map.atomic || (isHollow(a) && isHollow(b))) return compareLeaf(left, right, sets, path);
    compareMaps(a ?? {}, b ?? {}, map, sets, path);
    return false;
  }
  if (scalar !== undefined) return compareLeaf(left, right, sets, path);
  if (list === undefined) return false;
  const [a, b] = [Array.isArray(left) ? left : undefined, Array.isArray(right) ? right : undefined];
  if (list.relation === 'atomic' || ((a?.length ?? 0) === 0 && (b?.length ?? 0) === 0))
    return compareLeaf(left, right, sets, path);
  compareItems(a ?? [], b ?? [], list, sets, path);
  return false;
}

function isHollow(value: JsonObject | undefined): boolean {
  return value === undefined || isEmptyObject(value);
}

function compareLeaf(left: Json | undefined, right: Json | undefined, sets: Sets, path: string[]): boolean {
  if (path.length === 0) return true;
  if (left === undefined) insert(sets.added, path);
  else if (right === undefined) insert(sets.removed, path);
  else if (!equal(left, right)) insert(sets.modified, path);
  return true;
}

function compareMaps(left: JsonObject, right: JsonObject, map: MapType, sets: Sets, path: string[]): void {
  for (const key in left) {
    const after = Object.hasOwn(right, key) ? (right[key] ?? null) : undefined;
    compareBelow(left[key] ?? null, after, fieldType(map, key), sets, path, fieldElement(key));
  }
  for (const key in right) {
    if (!Object.hasOwn(left, key))
      compareBelow(undefined, right[key] ?? null, fieldType(map, key), sets, path, fieldElement(key));
  }
}

function compareBelow(
  left: Json | undefined,
  right: Json | undefined,
  type: Type,
  sets: Sets,
  path: string[],
  element: string,
): void {
  path.push(element);
  compareAt(left, right, type, sets, path);
  path.pop();
}

function compareItems(left: Json[], right: Json[], list: ListType, sets: Sets, path: string[]): void {
  const [before, after] = [grouped(left, list), grouped(right, list)];
  const type = list.element();
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    const [a, b] = [before.get(element) ?? [], after.get(element) ?? []];
    if (a.length <= 1 && b.length <= 1) compareBelow(a[0], b[0], type, sets, path, element);
    else if (a.length > 1 && b.length > 1) {
      if (!equal(a, b)) insert(sets.modified, [...path, element]);
    } else if (a.length > 1) {
      if (b.length > 0) compareBelow(undefined, b[0], type, sets, path, element);
      insert(sets.removed, [...path, element]);
    } else {
      if (a.length > 0) compareBelow(a[0], undefined, type, sets, path, element);
      insert(sets.added, [...path, element]);
    }
  }
}

function grouped(items: Json[], list: ListType): Map<string, Json[]> {
  const groups = new Map<string, Json[]>();
  for (const item of items) {
    const element = elementOf(list, item);
    const group = groups.get(element);
    if (group === undefined) groups.set(element, [item]);
    else group.push(item);
  }
  return groups;
}

/**
 * Merges an applied configuration into an object: nothing is removed, the configuration's leaves win, and lists keep
 * the object's order except where the configuration says otherwise. The result shares unchanged parts.
 */
export function mergeApplied(
  object: Json | undefined,
  applied: Json | undefined,
  type: Type,
): Json | undefined {
  if (applied === undefined) return object;
  if (object === undefined) return applied;
  const [leftType, rightType] = [deduced(type, object), deduced(type, applied)];
  const { map, scalar, list } = rightType;
  if (!sameForm(leftType, rightType) && applied !== null) return mergeAs(undefined, applied, rightType);
  if (map !== undefined || list !== undefined) return mergeAs(object, applied, rightType);
  return scalar === undefined ? object : applied;
}

function mergeAs(object: Json | undefined, applied: Json, { map, scalar, list }: Type): Json {
  if (map !== undefined) {
    const [left, right] = [isObject(object) ? object : undefined, isObject(applied) ? applied : undefined];
    return map.atomic || (isHollow(left) && isHollow(right))
      ? applied
      : mergeMaps(left ?? {}, right ?? {}, map);
  }
  if (scalar !== undefined) return applied;
  const [left, right] = [Array.isArray(object) ? object : [], Array.isArray(applied) ? applied : []];
  if (list === undefined || list.relation === 'atomic' || left.length + right.length === 0) return applied;
  return mergeItems(left, right, list);
}

function mergeMaps(left: JsonObject, right: JsonObject, map: MapType): JsonObject {
  const result: JsonObject = { ...left };
  for (const key in right) {
    const before = Object.hasOwn(left, key) ? left[key] : undefined;
    setOwn(result, key, mergeApplied(before, right[key] ?? null, fieldType(map, key)) ?? null);
  }
  return result;
}

/** The order follows the applied list where it names items, and the object's list for the others. */
function mergeItems(left: Json[], right: Json[], list: ListType): Json[] {
  const type = list.element();
  const [leftElements, rightElements] = [
    left.map((item) => elementOf(list, item)),
    right.map((item) => elementOf(list, item)),
  ];
  const leftItems = new Map<string, Json | undefined>();
  for (const [index, element] of leftElements.entries()) {
    // Repeated items are not merged with the applied one, which replaces them.
    leftItems.set(element, leftItems.has(element) ? undefined : left[index]);
  }
  const rightItems = new Map(rightElements.map((element, index) => [element, right[index]]));
  const shared = rightElements.filter((element) => leftItems.has(element));
  const merged = new Set<string>();
  const result: Json[] = [];
  let [l, r, s] = [0, 0, 0];
  const take = (element: string): void => {
    merged.add(element);
    result.push(mergeApplied(leftItems.get(element), rightItems.get(element) ?? null, type) ?? null);
  };
  while (l < left.length || r < right.length) {
    const [leftElement, rightElement] = [leftElements[l], rightElements[r]];
    if (leftElement !== undefined && rightElement !== undefined) {
      if (leftElement === rightElement) {
        take(leftElement);
        [l, r, s] = [l + 1, r + 1, s + 1];
        continue;
      }
      if (rightItems.has(leftElement) && s < shared.length && shared[s] !== leftElement) {
        l += 1;
        continue;
      }
    }
    if (leftElement !== undefined) {
      if (!rightItems.has(leftElement)) {
        result.push(left[l] ?? null);
        l += 1;
        continue;
      }
      if (merged.has(leftElement)) l += 1;
    }
    if (rightElement !== undefined) {
      take(rightElement);
      r += 1;
      if (s < shared.length && shared[s] === rightElement) s += 1;
    }
  }
  return result;
}

/**
 * An object without the fields and items of a set. A map or list from which everything was removed, and which is not in the
 * set itself, stays: empty in the end (`keep`), or as a null that says it was there while sets are still being compared (`mark`).
 */
export function removeItems(value: Json, set: FieldSet, type: Type, emptied: 'keep' | 'mark'): Json {
  const { map, list } = deduced(type, value);
  if (map !== undefined && isObject(value)) {
    const kept = map.atomic ? {} : removeFields(value, set, map, emptied);
    return isEmptyObject(kept) && emptied === 'mark' ? null : kept;
  }
  if (list === undefined || !Array.isArray(value)) return value;
  const kept = list.relation === 'atomic' ? [] : removeFromList(value, set, list, emptied);
  return kept.length === 0 && emptied === 'mark' ? null : kept;
}

function removeFields(value: JsonObject, set: FieldSet, map: MapType, emptied: 'keep' | 'mark'): JsonObject {
  const kept: JsonObject = {};
  for (const key in value) {
    const item = remaining(value[key] ?? null, set.get(fieldElement(key)), fieldType(map, key), emptied);
    if (item !== undefined) setOwn(kept, key, item);
  }
  return kept;
}

function removeFromList(value: Json[], set: FieldSet, list: ListType, emptied: 'keep' | 'mark'): Json[] {
  return value.flatMap((item) => {
    const left = remaining(item, set.get(elementOf(list, item)), list.element(), emptied);
    return left === undefined ? [] : [left];
  });
}

/** What is left of one item; undefined when it is to go itself. */
function remaining(
  item: Json,
  node: FieldNode | undefined,
  type: Type,
  emptied: 'keep' | 'mark',
): Json | undefined {
  if (node === undefined) return item;
  if (node.member) return undefined;
  return isEmptySet(node.children) ? item : removeItems(item, node.children, type, emptied);
}

/** A set that also has the named fields above its paths: with `.spec.replicas`, also `.spec`. */
export function withNamedFields(set: FieldSet, type: Type | undefined): FieldSet {
  const result = new Map<string, FieldNode>();
  for (const [element, node] of set) {
    const inner = typeBelow(type, element);
    const named =
      element.startsWith('f:') && node.children.size > 0 && type?.map?.fields.has(element.slice(2)) === true;
    const children = node.children.size === 0 ? node.children : withNamedFields(node.children, inner);
    const member = node.member || named;
    result.set(element, member === node.member && children === node.children ? node : { member, children });
  }
  return result;
}

function typeBelow(type: Type | undefined, element: string): Type | undefined {
  if (element.startsWith('f:') && type?.map !== undefined) {
    return (type.map.fields.get(element.slice(2))?.type ?? type.map.element)?.();
  }
  return element.startsWith('k:') ? type?.list?.element() : undefined;
}

/** A manager's set after the schema changed under it: fields below what is now atomic become that field. */
export function reconciled(set: FieldSet, type: Type): FieldSet {
  let changed = false;
  const result = new Map<string, FieldNode>();
  for (const [element, node] of set) {
    const inner = typeBelow(type, element);
    const next = inner === undefined || node.children.size === 0 ? node : reconciledNode(node, inner);
    changed ||= next !== node;
    result.set(element, next);
  }
  return changed ? result : set;
}

function reconciledNode(node: FieldNode, type: Type): FieldNode {
  const open =
    type.map !== undefined &&
    type.map.fields.size === 0 &&
    type.map.element?.() === untyped &&
    !type.map.atomic;
  if (open || (type.map === undefined && type.list === undefined)) return node;
  if (type.map === undefined ? type.list?.relation === 'atomic' : type.map.atomic)
    return { member: true, children: new Map() };
  const children = reconciled(node.children, type);
  return children === node.children ? node : { member: node.member, children };
}
