/**
 * Server-side apply and the tracking of who manages which field (`metadata.managedFields`).
 */
import { equal, isObject, type Json, type JsonObject, type Schema } from '../schema/schema.ts';
import { badPatch, PatchError } from './error.ts';
import {
  difference,
  eachPath,
  fieldPaths,
  intersection,
  isEmptySet,
  noFields,
  pathText,
  recursiveDifference,
  union,
  type FieldSet,
} from './fields.ts';
import { decodeManagers, encodeManagers, identity, type Manager, type Managers } from './managed.ts';
import {
  compare,
  fieldsOf,
  mergeApplied,
  reconciled,
  removeItems,
  shapeErrors,
  typeOf,
  withNamedFields,
  type Type,
} from './typed.ts';

/** Who writes, what, and when. */
export type WriteContext = {
  /** The whole object's schema, `apiVersion`, `kind` and `metadata` included; undefined deduces types from values. */
  readonly schema: Schema | undefined;
  /** The apiVersion of the request (and of the objects given). */
  readonly apiVersion: string;
  /** The field manager: the `fieldManager` parameter, or what comes before the first `/` of User-Agent. */
  readonly manager: string;
  /** `status`, `scale`, …; absent for the object itself. */
  readonly subresource?: string;
  /** The present moment, RFC 3339 to the second in UTC. */
  readonly now: string;
  /** Paths that this request may not change, because the server resets them: `[['status']]` on the main resource. */
  readonly resetFields?: readonly (readonly string[])[];
};

/**
 * Applies a configuration as `PATCH … application/apply-patch+yaml` does.
 *
 * @param live the stored object with its managedFields; an empty object when it is to be created.
 * @param config the applied configuration.
 * @returns the merged object with new managedFields. Defaults, validation and server-set metadata are the caller's.
 * @throws PatchError 409 with one cause per conflicting field; 400 or 500 when the configuration does not fit the schema.
 */
export function applyConfiguration(
  live: JsonObject,
  config: JsonObject,
  context: WriteContext & { readonly force: boolean },
): JsonObject {
  checkConfiguration(config, context);
  const type = typeOf(context.schema);
  const liveManagers = decodeManagers(metadata(live)['managedFields']) ?? new Map<string, Manager>();
  const before = withoutManagedFields(live);
  checkShape(config, type, context);
  const managers = new Map(
    liveManagers.size === 0 ? firstApply(before, type, context) : upToDate(liveManagers, type),
  );
  const self = selfOf(context, 'Apply');
  const last = managers.get(identity(self));
  const merged = asObject(mergeApplied(before, config, type));
  const applied = withoutReset(fieldsOf(config, type), context);
  managers.set(identity(self), { ...self, fields: applied });
  const pruned = asObject(prune(merged, managers, last, type));
  settle(before, pruned, managers, identity(self), type, context);
  const mine = managers.get(identity(self));
  const kept = mine === undefined ? noFields : difference(mine.fields, strippedFields);
  // An apply without effect leaves the time as it was.
  const time = equal(before, pruned) ? last?.time : context.now;
  if (isEmptySet(kept)) managers.delete(identity(self));
  else managers.set(identity(self), { ...self, time, fields: kept });
  return withManagedFields(pruned, managers);
}

/**
 * Records a create, update or non-apply patch in managedFields.
 *
 * @param live the object before; undefined on create.
 * @param next the object to be stored. A request may write managedFields itself; an empty list resets them.
 * @returns `next` with its managedFields.
 */
export function trackUpdate(
  live: JsonObject | undefined,
  next: JsonObject,
  context: WriteContext,
): JsonObject {
  const liveManaged = live === undefined ? undefined : metadata(live)['managedFields'];
  const nextManaged =
    context.subresource === undefined || context.subresource === ''
      ? metadata(next)['managedFields']
      : liveManaged;
  const before = live === undefined ? emptyLike(next, context.schema) : withoutManagedFields(live);
  const after = withoutManagedFields(next);
  const managers = new Map(startingManagers(liveManaged, nextManaged));
  // An object whose fields nobody manages stays so until someone applies it.
  if (managers.size === 0 && live !== undefined) return after;
  const type = typeOf(context.schema);
  return withManagedFields(after, capped(recordUpdate(before, after, managers, type, context)));
}

/**
 * Drops new timestamps of managedFields when nothing else differs, so that a write without effect is none.
 *
 * @returns `next`, or `next` with the old managedFields.
 */
export function keepOldTimes(live: JsonObject, next: JsonObject): JsonObject {
  const [before, after] = [metadata(live)['managedFields'], metadata(next)['managedFields']];
  if (
    !Array.isArray(before) ||
    !Array.isArray(after) ||
    before.length === 0 ||
    before.length !== after.length
  )
    return next;
  const timeless = (entry: Json): Json => (isObject(entry) ? { ...entry, time: null } : entry);
  const sorted = (entries: Json[]): Json[] =>
    entries.map((entry) => JSON.stringify(timeless(entry))).toSorted();
  if (equal(before, after) || !equal(sorted(before), sorted(after))) return next;
  return equal(withoutManagedFields(live), withoutManagedFields(next))
    ? { ...next, metadata: { ...metadata(next), managedFields: before } }
    : next;
}

const maximumUpdaters = 10;

/** Fields that identify an object or that the server sets are nobody's. */
const strippedFields = fieldPaths([
  ['apiVersion'],
  ['kind'],
  ['metadata'],
  ['metadata', 'name'],
  ['metadata', 'namespace'],
  ['metadata', 'creationTimestamp'],
  ['metadata', 'selfLink'],
  ['metadata', 'uid'],
  ['metadata', 'clusterName'],
  ['metadata', 'generation'],
  ['metadata', 'managedFields'],
  ['metadata', 'resourceVersion'],
]);

function checkConfiguration(config: JsonObject, context: WriteContext): void {
  if (config['apiVersion'] !== context.apiVersion) {
    const specified = typeof config['apiVersion'] === 'string' ? config['apiVersion'] : '';
    throw badPatch(
      `Incorrect version specified in apply patch. Specified patch version: ${specified}, expected: ${context.apiVersion}`,
    );
  }
  const managed = metadata(config)['managedFields'];
  if (managed !== undefined && managed !== null) throw badPatch('metadata.managedFields must be nil');
}

function checkShape(config: JsonObject, type: Type, context: WriteContext): void {
  const errors = shapeErrors(config, type, false);
  if (errors.length === 0) return;
  const { name, namespace } = metadata(config);
  const texts = errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const list =
    texts.length === 1 ? (texts[0] ?? '') : ['errors:', ...texts.map((text) => `  ${text}`)].join('\n');
  const kind = `${context.apiVersion.includes('/') ? context.apiVersion : `/${context.apiVersion}`}, Kind=${typeof config['kind'] === 'string' ? config['kind'] : ''}`;
  const where = `${typeof namespace === 'string' ? namespace : ''}/${typeof name === 'string' ? name : ''}; ${kind}`;
  throw new PatchError(500, 'InternalError', `failed to create typed patch object (${where}): ${list}`);
}

function selfOf(context: WriteContext, operation: 'Apply' | 'Update'): Manager {
  const name = context.manager === '' ? 'unknown' : context.manager;
  return {
    name,
    operation,
    apiVersion: context.apiVersion,
    subresource: context.subresource ?? '',
    time: context.now,
    fields: noFields,
  };
}

/** What an object that was never tracked has, belongs to `before-first-apply`. */
function firstApply(live: JsonObject, type: Type, context: WriteContext): Managers {
  if (!isObject(live['metadata'])) return new Map();
  return recordUpdate(emptyLike(live, context.schema), live, new Map(), type, {
    ...context,
    manager: 'before-first-apply',
  });
}

function upToDate(managers: Managers, type: Type): Managers {
  return new Map(
    [...managers].map(([key, manager]) => [key, { ...manager, fields: reconciled(manager.fields, type) }]),
  );
}

/** Takes changed fields from their managers; a change that takes a field from another manager is a conflict unless forced. */
function settle(
  before: JsonObject,
  after: JsonObject,
  managers: Map<string, Manager>,
  self: string,
  type: Type,
  context: WriteContext & { readonly force: boolean },
): { readonly changed: FieldSet; readonly removed: FieldSet } {
  const comparison = compare(before, after, type);
  const changed = withoutReset(union(comparison.modified, comparison.added), context);
  const removed = withoutReset(comparison.removed, context);
  const conflicts = [...managers].flatMap(([key, manager]) => {
    const taken = key === self ? noFields : intersection(manager.fields, changed);
    return isEmptySet(taken) ? [] : [{ key, manager, taken }];
  });
  if (conflicts.length > 0 && !context.force) throw conflictError(conflicts);
  for (const { key, manager, taken } of conflicts)
    managers.set(key, { ...manager, fields: difference(manager.fields, taken) });
  for (const [key, manager] of managers) {
    if (key !== self) managers.set(key, { ...manager, fields: difference(manager.fields, removed) });
    if (isEmptySet(managers.get(key)?.fields ?? noFields)) managers.delete(key);
  }
  return { changed, removed };
}

function conflictError(
  conflicts: readonly { readonly manager: Manager; readonly taken: FieldSet }[],
): PatchError {
  const found = conflicts
    .map(({ manager, taken }) => {
      const paths: string[] = [];
      eachPath(taken, (path) => paths.push(pathText(path)));
      return { manager: managerText(manager), paths };
    })
    .toSorted((a, b) => (a.manager < b.manager ? -1 : 1));
  const causes = found.flatMap(({ manager, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${manager}`, field })),
  );
  const [first] = causes;
  const list =
    causes.length === 1
      ? `1 conflict: ${first?.message}: ${first?.field}`
      : `${causes.length} conflicts: ${found.map(({ manager, paths }) => [`conflicts with ${manager}:`, ...paths.map((path) => `- ${path}`)].join('\n')).join('\n')}`;
  return new PatchError(409, 'Conflict', `Apply failed with ${list}`, causes);
}

function managerText(manager: Manager): string {
  const subresource =
    manager.subresource === '' ? '' : ` with subresource ${JSON.stringify(manager.subresource)}`;
  return `${JSON.stringify(manager.name)}${subresource}${manager.operation === 'Update' ? ` using ${manager.apiVersion}` : ''}`;
}

/** Removes what the applier applied last time, not this time, and nobody else manages. */
function prune(
  merged: JsonObject,
  managers: Managers,
  last: Manager | undefined,
  type: Type,
): Json | undefined {
  if (last === undefined || isEmptySet(last.fields)) return merged;
  const lastFields = withNamedFields(last.fields, type);
  const all = [...managers.values()].reduce<FieldSet>((sum, manager) => union(sum, manager.fields), noFields);
  // Nothing was dropped: the usual case, which need not be looked at further.
  if (isEmptySet(difference(last.fields, all))) return merged;
  const mergedFields = withNamedFields(fieldsOf(merged, type), type);
  const without = removeItems(merged, lastFields, type, 'mark');
  const owned = union(withNamedFields(fieldsOf(without, type), type), withNamedFields(all, type));
  const withOwned = removeItems(merged, difference(mergedFields, owned), type, 'mark');
  const gone = difference(mergedFields, withNamedFields(fieldsOf(withOwned, type), type));
  return removeItems(merged, intersection(gone, lastFields), type, 'keep');
}

function recordUpdate(
  before: JsonObject,
  after: JsonObject,
  start: Managers,
  type: Type,
  context: WriteContext,
): Map<string, Manager> {
  const managers = new Map(upToDate(start, type));
  // Under a name of its own, the update meets its earlier self as it would any other manager.
  const { changed } = settle(before, after, managers, '', type, { ...context, force: true });
  const taken = difference(changed, strippedFields);
  if (isEmptySet(taken)) return managers;
  const self = selfOf(context, 'Update');
  const previous = managers.get(identity(self))?.fields ?? noFields;
  managers.set(identity(self), { ...self, fields: union(taken, previous) });
  return managers;
}

function startingManagers(live: Json | undefined, next: Json | undefined): Managers {
  if (Array.isArray(next) && (next.length === 0 || (next.length === 1 && equal(next[0], {}))))
    return new Map();
  const managers = decodeManagers(next);
  return managers === undefined || managers.size === 0 ? (decodeManagers(live) ?? new Map()) : managers;
}

/** Merges the oldest updaters until there are few enough. */
function capped(managers: Map<string, Manager>): Map<string, Manager> {
  const updaters = [...managers].filter(([, manager]) => manager.operation === 'Update');
  if (updaters.length <= maximumUpdaters) return managers;
  const oldest = updaters.toSorted(([a, { time: s = '' }], [b, { time: t = '' }]) =>
    s === t ? (a < b ? -1 : 1) : s < t ? -1 : 1,
  );
  const firstOf = new Map<string, string>();
  let count = updaters.length;
  for (const [key, manager] of oldest) {
    if (count <= maximumUpdaters) break;
    const first = firstOf.get(manager.apiVersion);
    if (first === undefined) {
      firstOf.set(manager.apiVersion, key);
      continue;
    }
    const bucket: Manager = { ...manager, name: 'ancient-changes', subresource: '' };
    const bucketKey = identity(bucket);
    const collected = managers.get(bucketKey) ?? managers.get(first);
    if (!managers.has(bucketKey)) managers.delete(first);
    managers.delete(key);
    managers.set(bucketKey, { ...bucket, fields: union(manager.fields, collected?.fields ?? noFields) });
    count -= 1;
  }
  return managers;
}

function withoutReset(set: FieldSet, context: WriteContext): FieldSet {
  return context.resetFields === undefined || context.resetFields.length === 0
    ? set
    : recursiveDifference(set, fieldPaths(context.resetFields));
}

function metadata(object: JsonObject): JsonObject {
  const value = object['metadata'];
  return isObject(value) ? value : {};
}

function withoutManagedFields(object: JsonObject): JsonObject {
  if (!Object.hasOwn(metadata(object), 'managedFields')) return object;
  const { managedFields: _managed, ...rest } = metadata(object);
  return { ...object, metadata: rest };
}

function withManagedFields(object: JsonObject, managers: Managers): JsonObject {
  if (managers.size === 0) return withoutManagedFields(object);
  return { ...object, metadata: { ...metadata(object), managedFields: encodeManagers(managers) } };
}

/** The object before it was made. Built-in kinds begin as Go structs, whose plain fields exist (and so are taken by nobody). */
function emptyLike(object: JsonObject, schema: Schema | undefined): JsonObject {
  const named = { apiVersion: object['apiVersion'] ?? '', kind: object['kind'] ?? '' };
  return schema?.['x-kubernetes-group-version-kind'] === undefined
    ? named
    : { ...zeroStruct(schema), ...named };
}

const zeroStructs = new WeakMap<Schema, JsonObject>();

function zeroStruct(schema: Schema): JsonObject {
  const before = zeroStructs.get(schema);
  if (before !== undefined) return before;
  const zero: JsonObject = {};
  zeroStructs.set(schema, zero);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (property.properties !== undefined && isObject(property.default)) zero[name] = zeroStruct(property);
    else if (
      schema.required?.includes(name) === true &&
      (property.type === 'array' || property.type === 'object')
    )
      zero[name] = null;
  }
  return zero;
}

function asObject(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}
