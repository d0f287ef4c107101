/**
 * Converts objects of our kinds between the versions of the API, both ways and without loss.
 *
 * Only what the versions spell differently is named here; every other field passes untouched, also one that is added later.
 * Total: what is not of the expected shape passes as it is, because validation of the target version says what is wrong with it.
 */
import { GROUP, OLD_VERSION, VERSION } from './meta.ts';

type Json = unknown;
type JsonObject = Readonly<Record<string, Json>>;

/** An object of any kind, as far as conversion looks at it. */
export interface Convertible {
  readonly apiVersion: string;
  readonly kind: string;
  readonly [field: string]: Json;
}

/** One value that the versions spell differently. The two functions are each other's inverse. */
interface Spelling {
  readonly path: readonly string[];
  readonly toNew: (value: Json) => Json;
  readonly toOld: (value: Json) => Json;
}

/** By kind. Order means nothing in a list with keys, so `domains` comes back from the old version sorted by name. */
const SPELLINGS: Readonly<Record<string, readonly Spelling[]>> = {
  ShopMindTenant: [{ path: ['spec', 'domains'], toNew: listByName, toOld: mapByName }],
  Service: [{ path: ['spec', 'env'], toNew: each(withValueFrom), toOld: each(withSecretRef) }],
};

/** API versions the conversion knows. */
export const CONVERTIBLE: readonly string[] = [VERSION, OLD_VERSION].map((version) => `${GROUP}/${version}`);

/**
 * The object in another version; the same object when it is in that version already.
 * @throws RangeError for a version or a kind that is not ours
 */
export function convert<T extends Convertible>(object: T, apiVersion: string): T {
  if (!CONVERTIBLE.includes(apiVersion) || !CONVERTIBLE.includes(object.apiVersion)) {
    throw new RangeError(
      `${object.kind} cannot be converted from ${object.apiVersion} to ${apiVersion}: known are ${CONVERTIBLE.join(' and ')}`,
    );
  }
  const spellings = SPELLINGS[object.kind];
  if (spellings === undefined)
    throw new RangeError(`${object.kind} is no kind of ours: ${Object.keys(SPELLINGS).join(' and ')} are`);
  if (object.apiVersion === apiVersion) return object;
  const direction = apiVersion === CONVERTIBLE[0] ? 'toNew' : 'toOld';
  const converted = spellings.reduce<Json>(
    (current, spelling) => at(current, spelling.path, spelling[direction]),
    { ...object, apiVersion },
  );
  // Only values within were changed; what surrounds them is the object's.
  return converted as T;
}

/** A copy with the value at `path` changed; the same value when there is none. */
function at(value: Json, path: readonly string[], change: (value: Json) => Json): Json {
  const [name, ...rest] = path;
  if (name === undefined) return change(value);
  if (!isObject(value) || !Object.hasOwn(value, name)) return value;
  return { ...value, [name]: at(value[name], rest, change) };
}

/** `{ orders: { … } }` → `[{ name: orders, … }]` */
function listByName(value: Json): Json {
  if (!isObject(value) || !Object.values(value).every(isObject)) return value;
  return (
    Object.keys(value)
      .toSorted()
      // What is in a map has the key as its name, whatever it says of itself.
      .map((name) => ({ ...asObject(value[name]), name }))
  );
}

/** `[{ name: orders, … }]` → `{ orders: { … } }` */
function mapByName(value: Json): Json {
  if (!Array.isArray(value)) return value;
  const items: readonly Json[] = value;
  const names = items.map((item) => (isObject(item) ? item['name'] : undefined));
  // Without a name of its own an item would be lost.
  if (new Set(names).size < items.length || !names.every((name) => typeof name === 'string')) return value;
  return Object.fromEntries(items.filter(isObject).map(({ name, ...rest }) => [String(name), rest] as const));
}

function each(change: (item: JsonObject) => JsonObject): (value: Json) => Json {
  return (value) =>
    Array.isArray(value) ? value.map((item: Json) => (isObject(item) ? change(item) : item)) : value;
}

/** `secretRef: { … }` → `valueFrom: { secretKeyRef: { … } }` */
function withValueFrom(item: JsonObject): JsonObject {
  if (!Object.hasOwn(item, 'secretRef')) return item;
  const { secretRef, ...rest } = item;
  return { ...rest, valueFrom: { secretKeyRef: secretRef } };
}

function withSecretRef(item: JsonObject): JsonObject {
  const { valueFrom, ...rest } = item;
  return isObject(valueFrom) && Object.hasOwn(valueFrom, 'secretKeyRef')
    ? { ...rest, secretRef: valueFrom['secretKeyRef'] }
    : item;
}

function asObject(value: Json): JsonObject {
  return isObject(value) ? value : {};
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
