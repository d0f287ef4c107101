/**
 * Sets of field paths, as `metadata.managedFields` writes them (`f:spec`, `k:{"name":"web"}`, `v:"a"`, `i:0`).
 *
 * A set is a tree whose edges are path elements in their written form. Sets are not changed once they are built, so results share nodes.
 */
import { isObject, type Json, type JsonObject } from '../schema/schema.ts';

/** A set of paths: for each first element, whether that path itself is in the set, and the paths below it. */
export type FieldSet = ReadonlyMap<string, FieldNode>;
export type FieldNode = { readonly member: boolean; readonly children: FieldSet };

/** A set under construction. */
export type MutableFieldSet = Map<string, MutableFieldNode>;
export type MutableFieldNode = { member: boolean; children: MutableFieldSet };

/** The set without paths. */
export const noFields: FieldSet = new Map();

/** The element of a field of an object. */
export function fieldElement(name: string): string {
  return `f:${name}`;
}

/** The element of an item of a set-like list. */
export function valueElement(value: Json): string {
  return `v:${JSON.stringify(value)}`;
}

/** The element of an item of a map-like list; keys are sorted. */
export function keyElement(keys: JsonObject): string {
  const names = Object.keys(keys);
  if (names.length === 1) return `k:${JSON.stringify(keys)}`;
  return `k:${JSON.stringify(Object.fromEntries(names.toSorted().map((name) => [name, keys[name] ?? null])))}`;
}

/** The node of an element in a set under construction, made when it is not there. */
export function descend(set: MutableFieldSet, element: string): MutableFieldNode {
  const before = set.get(element);
  if (before !== undefined) return before;
  const node = { member: false, children: new Map<string, MutableFieldNode>() };
  set.set(element, node);
  return node;
}

/** A set of the given paths of field names. */
export function fieldPaths(paths: readonly (readonly string[])[]): FieldSet {
  const set: MutableFieldSet = new Map();
  for (const path of paths) {
    let children = set;
    for (const [index, name] of path.entries()) {
      const node = descend(children, fieldElement(name));
      if (index === path.length - 1) node.member = true;
      children = node.children;
    }
  }
  return set;
}

export function isEmptySet(set: FieldSet): boolean {
  for (const node of set.values()) if (node.member || !isEmptySet(node.children)) return false;
  return true;
}

/** Paths in either. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a.size === 0 || a === b) return b;
  if (b.size === 0) return a;
  const result = new Map(a);
  for (const [element, right] of b) {
    const left = a.get(element);
    result.set(
      element,
      left === undefined
        ? right
        : { member: left.member || right.member, children: union(left.children, right.children) },
    );
  }
  return result;
}

/** Paths in both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result = new Map<string, FieldNode>();
  if (a.size > b.size) return intersection(b, a);
  for (const [element, left] of a) {
    const right = b.get(element);
    if (right === undefined) continue;
    const member = left.member && right.member;
    const children = intersection(left.children, right.children);
    if (member || children.size > 0) result.set(element, { member, children });
  }
  return result;
}

/** Paths of `a` that are not in `b`; a path stays when only a path above or below it is in `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return without(a, b, false);
}

/** Paths of `a` that are neither in `b` nor below a path of `b`. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  return without(a, b, true);
}

function without(a: FieldSet, b: FieldSet, below: boolean): FieldSet {
  if (a.size === 0 || b.size === 0) return a;
  const result = new Map<string, FieldNode>();
  for (const [element, left] of a) {
    const right = b.get(element);
    if (right === undefined) {
      result.set(element, left);
      continue;
    }
    const member = left.member && !right.member;
    const children = below && right.member ? noFields : without(left.children, right.children, below);
    if (member || children.size > 0) result.set(element, { member, children });
  }
  return result;
}

/** Whether two sets have the same paths. */
export function sameFields(a: FieldSet, b: FieldSet): boolean {
  return isEmptySet(difference(a, b)) && isEmptySet(difference(b, a));
}

/** Calls `visit` with every path of a set. */
export function eachPath(
  set: FieldSet,
  visit: (path: readonly string[]) => void,
  prefix: readonly string[] = [],
): void {
  for (const [element, node] of sortedEntries(set)) {
    const path = [...prefix, element];
    if (node.member) visit(path);
    eachPath(node.children, visit, path);
  }
}

/** A path as people read it: `.spec.containers[name="web"].image`. */
export function pathText(path: readonly string[]): string {
  return path.map(elementText).join('');
}

/** One element as people read it. */
export function elementText(element: string): string {
  const content = element.slice(2);
  if (element.startsWith('f:')) return `.${content}`;
  if (element.startsWith('v:')) return `[=${content}]`;
  if (element.startsWith('i:')) return `[${content}]`;
  const keys: unknown = JSON.parse(content);
  const entries = typeof keys === 'object' && keys !== null ? Object.entries(keys) : [];
  return `[${entries.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
}

/** A set in the written form of `fieldsV1`. */
export function encodeFields(set: FieldSet): JsonObject {
  const object: JsonObject = {};
  for (const [element, node] of sortedEntries(set)) {
    const children = encodeFields(node.children);
    const more = Object.keys(children).length > 0;
    if (node.member) object[element] = more ? { '.': {}, ...children } : {};
    else if (more) object[element] = children;
  }
  return object;
}

/**
 * Reads the written form. Elements of unknown kinds are dropped, as the API server does.
 *
 * @throws Error when a key or value element is not JSON.
 */
export function decodeFields(fields: Json): FieldSet {
  const set = new Map<string, FieldNode>();
  if (!isObject(fields)) return set;
  for (const element in fields) {
    if (element === '.') continue;
    const normal = normalElement(element);
    if (normal === undefined) continue;
    const inner = fields[element] ?? null;
    const children = decodeFields(inner);
    set.set(normal, {
      member: children.size === 0 || (isObject(inner) && Object.hasOwn(inner, '.')),
      children,
    });
  }
  return set;
}

function normalElement(element: string): string | undefined {
  if (element.startsWith('f:') || element.startsWith('i:')) return element;
  if (element.startsWith('v:')) return valueElement(parse(element));
  if (!element.startsWith('k:')) return undefined;
  const keys = parse(element);
  return isObject(keys) ? keyElement(keys) : undefined;
}

function parse(element: string): Json {
  // JSON.parse of JSON text gives a JSON value.
  return JSON.parse(element.slice(2)) as Json;
}

const kinds = 'fkvi';

/** Fields first, then keys, values and indices; each kind by its text, so that what is written does not depend on history. */
function sortedEntries(set: FieldSet): [string, FieldNode][] {
  const entries = [...set];
  return entries.length < 2
    ? entries
    : entries.toSorted(
        ([a], [b]) => kinds.indexOf(a[0] ?? '') - kinds.indexOf(b[0] ?? '') || (a < b ? -1 : 1),
      );
}
