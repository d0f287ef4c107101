/**
 * Requests to an operation: such as its description wants, such with one fault, and hostile ones; filled with what answers have said
 * before, so that they reach what only exists after other requests.
 */
import type { Actor } from './actors.ts';
import { namesOfParameter, thingOf, type Known, type Memory } from './memory.ts';
import type { Operation, Parameter, Schema } from './operations.ts';
import type { Random } from './random.ts';
import {
  broken,
  hostile,
  isObject,
  placesIn,
  schemaAt,
  valueAt,
  valuesOf,
  withValue,
  type Place,
} from './values.ts';
import { mangled, odd, oddBytes, spoiledCursor } from './mangling.ts';
import type { Sent } from './wire.ts';

export type Intent = 'valid' | 'broken' | 'hostile';

export interface FuzzRequest {
  readonly operation: Operation;
  readonly actor: Actor;
  readonly intent: Intent;
  readonly path: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** Those that are in no other field. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, where the operation takes it. */
  readonly json?: unknown;
  /** Bytes, where it takes them, or in place of the JSON. */
  readonly bytes?: Buffer | undefined;
  readonly contentType?: string | undefined;
  /** Done to what goes over the wire, as the last thing. */
  readonly mangle?: ((sent: Sent) => Sent) | undefined;
}

/** What no schema can say: bytes of a certain kind, signatures, values that belong together. */
export type Recipe = (
  request: FuzzRequest,
  memory: Memory,
  random: Random,
) => Partial<Pick<FuzzRequest, 'json' | 'bytes' | 'contentType' | 'headers' | 'query' | 'path'>>;

export function makeRequest(
  operation: Operation,
  actor: Actor,
  intent: Intent,
  memory: Memory,
  recipe: Recipe | undefined,
  random: Random,
): FuzzRequest {
  const valid = withRecipe(validRequest(operation, actor, memory, random), memory, recipe, random);
  if (intent === 'valid') return valid;
  return intent === 'broken' ? brokenRequest(valid, random) : hostileRequest(valid, random);
}

function withRecipe(
  request: FuzzRequest,
  memory: Memory,
  recipe: Recipe | undefined,
  random: Random,
): FuzzRequest {
  return recipe === undefined || random.chance(0.2)
    ? request
    : { ...request, ...recipe(request, memory, random) };
}

function validRequest(operation: Operation, actor: Actor, memory: Memory, random: Random): FuzzRequest {
  const json =
    operation.body === undefined || operation.body === 'raw'
      ? undefined
      : random.draw(valuesOf(operation.body));
  const names = [
    ...parametersIn(operation, 'path').flatMap(({ name }) => namesOfParameter(operation.path, name)),
    ...parametersIn(operation, 'query').map(({ name }) => name),
    ...placesIn(json).flatMap((place) => (typeof place.at(-1) === 'string' ? [String(place.at(-1))] : [])),
  ];
  const said = memory.recall(names, random);
  const filled: Filled = { operation, said, memory, random };
  return {
    operation,
    actor,
    intent: 'valid',
    path: parametersOf(filled, 'path'),
    query: parametersOf(filled, 'query'),
    headers: operation.idempotent ? { 'idempotency-key': keyFrom(random) } : {},
    ...(json === undefined
      ? {}
      : { json: fill(filled, shortened(json, random)), contentType: 'application/json' }),
    ...(operation.body === 'raw'
      ? {
          bytes: Buffer.from(random.pick(['', 'a,b\n1,2\n', '{}', '\u0000\u0001'])),
          contentType: 'text/plain',
        }
      : {}),
  };
}

interface Filled {
  readonly operation: Operation;
  readonly said: ReadonlyMap<string, Known>;
  readonly memory: Memory;
  readonly random: Random;
}

export function keyFrom(random: Random): string {
  return `fuzz-${random.index(2 ** 31).toString(36)}-${random.index(2 ** 31).toString(36)}`;
}

function parametersIn({ parameters }: Operation, place: Parameter['in']): readonly Parameter[] {
  return parameters.filter((parameter) => parameter.in === place);
}

function parametersOf(filled: Filled, place: 'path' | 'query'): Record<string, unknown> {
  const { operation, random } = filled;
  const values: Record<string, unknown> = {};
  for (const { name, required, schema } of parametersIn(operation, place)) {
    if (!required && !random.chance(0.25)) continue;
    const names = place === 'path' ? namesOfParameter(operation.path, name) : [name, singularIds(name)];
    const known = random.chance(place === 'path' ? 0.95 : 0.75) ? recalled(filled, names, schema) : undefined;
    values[name] = known ?? random.draw(valuesOf(schema));
  }
  return values;
}

/** `variantIds` takes what is a `variantId` elsewhere. */
function singularIds(name: string): string {
  return name.endsWith('Ids') ? name.slice(0, -1) : name === 'ids' ? 'id' : name;
}

function recalled(
  { said, memory, random }: Filled,
  names: readonly string[],
  schema: Schema,
): Known | undefined {
  const prefix =
    typeof schema['pattern'] === 'string' ? /^\^([a-z]+)_\[/.exec(schema['pattern'])?.[1] : undefined;
  const candidates = [
    ...names.map((name) => said.get(name)),
    ...(prefix === undefined ? [] : [memory.anyId(prefix, random)]),
    ...names.map((name) => memory.any(name, random)),
  ];
  return candidates.find((value) => value !== undefined && fits(schema, value));
}

/** Whether it looks like what is asked for. What is quickly seen, no more: the server judges the rest. */
function fits(schema: Schema, value: Known): boolean {
  if (schema['type'] === 'integer' || schema['type'] === 'number') return typeof value === 'number';
  if (schema['type'] === 'string' && typeof value !== 'string') return false;
  const { pattern, maxLength } = schema;
  if (typeof maxLength === 'number' && String(value).length > maxLength) return false;
  return typeof pattern !== 'string' || new RegExp(pattern, 'u').test(String(value));
}

/** Lists mostly with one member: two that name the same thing are refused, and few things are known. */
function shortened(json: unknown, random: Random): unknown {
  if (!random.chance(0.6)) return json;
  let result = json;
  for (const place of placesIn(json)) {
    const list = valueAt(result, place);
    if (Array.isArray(list) && list.length > 1) result = withValue(result, place, list.slice(0, 1));
  }
  return result;
}

/** Texts and numbers of the body whose names have been heard, mostly. */
function fill(filled: Filled, json: unknown): unknown {
  const { operation, random } = filled;
  if (operation.body === undefined || operation.body === 'raw') return json;
  let result = json;
  for (const place of placesIn(json)) {
    const [name, schema] = [place.at(-1), schemaAt(operation.body, place)];
    const former = valueAt(result, place);
    if (schema === undefined || 'enum' in schema || 'const' in schema) continue;
    if (typeof former !== 'string' && typeof former !== 'number') continue;
    // Not every description of an address says that it is one.
    if (
      /email$/i.test(String(name)) &&
      typeof former === 'string' &&
      !former.includes('@') &&
      random.chance(0.9)
    )
      result = withValue(result, place, `someone${random.index(40)}@example.com`);
    const known = recalled(filled, namesIn(operation, place, name), schema);
    const share = isReference(String(name)) ? 0.85 : 0.4;
    if (known !== undefined && random.chance(share)) result = withValue(result, place, known);
  }
  return result;
}

function isReference(name: string): boolean {
  return /(Ids?|^id|^version|token|handle|currency|code|cursor|key)$/i.test(name);
}

function namesIn({ path }: Operation, place: Place, name: string | number | undefined): readonly string[] {
  if (typeof name === 'number') {
    const list = place.at(-2);
    return typeof list === 'string' ? [singularIds(list)] : [];
  }
  if (name === undefined) return [];
  const parent = place.findLast((key, index) => typeof key === 'string' && index < place.length - 1);
  return [`${parent ?? thingOf(path)}${name.charAt(0).toUpperCase()}${name.slice(1)}`, name];
}

function brokenRequest(valid: FuzzRequest, random: Random): FuzzRequest {
  const { operation, json, headers } = valid;
  const changes: (() => Partial<FuzzRequest>)[] = [
    ...parametersIn(operation, 'query').map((parameter) => () => ({
      query: {
        ...valid.query,
        [parameter.name]: broken(parameter.schema, valid.query[parameter.name] ?? 'x', random),
      },
    })),
    ...parametersIn(operation, 'path').map((parameter) => () => ({
      path: { ...valid.path, [parameter.name]: odd(random) },
    })),
    ...(operation.idempotent
      ? [
          () => ({ headers: withoutKey(headers) }),
          () => ({ headers: { ...headers, 'idempotency-key': random.pick(['', 'short', 'x'.repeat(256)]) } }),
        ]
      : []),
  ];
  const schema = operation.body;
  const isJson = schema !== undefined && schema !== 'raw';
  if (isJson && (changes.length === 0 || random.chance(0.7)))
    return { ...valid, intent: 'broken', json: broken(schema, json, random) };
  return { ...valid, intent: 'broken', ...(changes.length === 0 ? {} : random.pick(changes)()) };
}

function withoutKey(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'idempotency-key'));
}

function hostileRequest(valid: FuzzRequest, random: Random): FuzzRequest {
  const { operation, json } = valid;
  const [path] = parametersIn(operation, 'path');
  const query = parametersIn(operation, 'query');
  const { cursor } = valid.query;
  const changes: (() => Partial<FuzzRequest>)[] = [
    () => ({ mangle: mangled(operation, random) }),
    ...(typeof cursor === 'string'
      ? [() => ({ query: { ...valid.query, cursor: spoiledCursor(cursor, random) } })]
      : []),
    ...(path === undefined ? [] : [() => ({ path: { ...valid.path, [path.name]: odd(random) } })]),
    ...(query.length === 0
      ? []
      : [() => ({ query: { ...valid.query, [random.pick(query).name]: odd(random) } })]),
    ...(json === undefined
      ? []
      : [
          () => ({ json: hostile(json, random) }),
          () => ({ json: hostile(json, random) }),
          () => ({ json: hostile(hostile(json, random), random) }),
        ]),
    ...(operation.body === 'raw'
      ? [
          () => ({ bytes: Buffer.from(Array.from({ length: 300 }, () => random.index(256))) }),
          () => ({ bytes: oddBytes(random) }),
        ]
      : []),
  ];
  return { ...valid, intent: 'hostile', ...random.pick(changes)() };
}

/** As it goes over the wire. */
export function toSent(request: FuzzRequest): Sent {
  const { operation, actor, bytes, json, contentType } = request;
  const body = bytes ?? (json === undefined ? undefined : Buffer.from(JSON.stringify(json)));
  const sent: Sent = {
    method: operation.method,
    target: `${pathOf(operation.path, request.path)}${queryOf(request.query)}`,
    headers: [
      ['host', actor.host],
      ...(actor.authorization === undefined ? [] : [['authorization', actor.authorization] as const]),
      ...(body === undefined || contentType === undefined ? [] : [['content-type', contentType] as const]),
      ...Object.entries(request.headers),
    ],
    body,
  };
  return request.mangle?.(sent) ?? sent;
}

function pathOf(template: string, values: Readonly<Record<string, unknown>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encoded(textOf(values[name])));
}

function queryOf(values: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    value === undefined
      ? []
      : // A list is one value, with commas.
        [
          `${encoded(name)}=${encoded(Array.isArray(value) ? value.slice(0, 50).map(textOf).join(',') : textOf(value))}`,
        ],
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&').slice(0, 8_000)}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : isObject(value) ? JSON.stringify(value) : String(value);
}

/** Half a surrogate has no encoding; it goes as clients send it, as the replacement character. */
function encoded(text: string): string {
  return encodeURIComponent(text.slice(0, 2_000).toWellFormed());
}
