/** Makes an object of a request's body, or tells the client what is wrong with it. */
import { decodingError } from '../../openapi/decoding.ts';
import { prune } from '../../schema/prune.ts';
import { isObject, type Schema } from '../../schema/schema.ts';
import { duplicateFields, problemsInOrder } from '../../schema/strict.ts';
import { badRequest, unsupportedMediaType } from '../errors.ts';
import type { Json, JsonObject, KubeObject, ObjectMeta } from '../objects.ts';
import { apiVersionOf, type ResourceType } from '../resources.ts';
import type { FieldValidation } from './options.ts';

const DEEPEST = 128;
const ACCEPTED = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

/**
 * Parses JSON or, where the client says so, YAML.
 * @throws {ApiError} 400 when it is neither, 415 when it says to be something else
 */
export async function parseBody(body: string, contentType: string): Promise<Json> {
  if (!ACCEPTED.some((type) => contentType.startsWith(type))) throw unsupportedMediaType(ACCEPTED);
  let value: unknown;
  try {
    value = contentType.includes('yaml') ? await parseYaml(body) : JSON.parse(body);
  } catch (cause) {
    throw badRequest(
      `couldn't get version/kind; json parse error: ${cause instanceof Error ? cause.message : ''}`,
      cause,
    );
  }
  // Both parsers give JSON values only: YAML is read with its core schema.
  const parsed = value as Json;
  if (isTooDeep(parsed, DEEPEST)) throw badRequest(`the body is nested more than ${DEEPEST} levels deep`);
  return parsed;
}

/** Most of what comes as YAML is JSON, which is read a hundred times as fast. */
async function parseYaml(body: string): Promise<unknown> {
  if (body.trimStart().startsWith('{'))
    try {
      return JSON.parse(body);
    } catch {
      // A flow mapping of YAML looks like JSON and may have, for example, a comma after its last entry.
    }
  return (await import('yaml')).parse(body, { uniqueKeys: false });
}

function isTooDeep(value: Json, left: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return left === 0 || Object.values(value).some((child) => isTooDeep(child, left - 1));
}

/** A request's text, and what field validation has to say of the text itself. */
export interface Source {
  readonly body: string;
  /** Paths of keys that stand twice in a JSON text. */
  readonly duplicates: readonly string[];
  /** The same of a YAML text, as kube-apiserver's parser tells it; empty when there is nothing to tell. */
  readonly yamlProblem: string;
}

/** Of an object that no text was sent of. */
export const NO_SOURCE: Source = { body: '', duplicates: [], yamlProblem: '' };

/** @param validation what is ignored is not looked for */
export async function sourceOf(body: string, validation: FieldValidation): Promise<Source> {
  const json = body.trimStart().startsWith('{');
  return {
    body,
    duplicates: json && validation !== 'Ignore' ? duplicateFields(body) : [],
    yamlProblem: json || validation === 'Ignore' ? '' : await yamlProblemOf(body),
  };
}

const YAML_PROBLEM = 'yaml: unmarshal errors:';

/** The keys that stand twice in a YAML text, as kube-apiserver's parser tells of them; empty when there are none. */
export async function yamlProblemOf(body: string): Promise<string> {
  const { parseDocument } = await import('yaml');
  const lines = parseDocument(body)
    .errors.filter(({ code }) => code === 'DUPLICATE_KEY')
    .map(({ pos: [start], linePos }) => {
      const [key = ''] = /^(?:"[^"]*"|'[^']*'|[^:\n]*)/.exec(body.slice(start)) ?? [];
      return `  line ${linePos?.[0].line ?? 0}: key ${JSON.stringify(key.trim().replaceAll(/^["']|["']$/g, ''))} already set in map`;
    });
  return lines.length === 0 ? '' : [YAML_PROBLEM, ...lines].join('\n');
}

/**
 * Checks that a value is an object of the kind addressed, with metadata of the right types.
 * @throws {ApiError} 400
 */
export function asObject(
  value: Json,
  type: ResourceType,
  kind: string = type.kind,
  apiVersion: string = apiVersionOf(type),
): KubeObject {
  if (!isObject(value)) throw badRequest('the body is not a JSON object');
  const givenVersion = value['apiVersion'] ?? apiVersion;
  const givenKind = value['kind'] ?? kind;
  if (givenVersion !== apiVersion)
    throw badRequest(
      `the API version in the data (${String(givenVersion)}) does not match the expected API version (${apiVersion})`,
    );
  if (givenKind !== kind)
    throw badRequest(
      `${String(givenKind)} in version "${type.version}" cannot be handled as a ${kind}: the kind in the data does not match the expected kind`,
    );
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = value;
  return { apiVersion, kind, metadata: asMetadata(metadata, kind, type.version), ...rest };
}

const STRING_FIELDS = [
  'name',
  'namespace',
  'generateName',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
];
const STRING_MAPS = ['labels', 'annotations'];
const LISTS = ['ownerReferences', 'finalizers', 'managedFields'];

function asMetadata(value: Json | undefined, kind: string, version: string): ObjectMeta {
  if (value !== undefined && value !== null && !isObject(value))
    throw cannotHandle(kind, version, 'metadata', 'an object');
  const metadata: JsonObject = { ...value };
  for (const [name, field] of Object.entries(metadata)) {
    const path = `metadata.${name}`;
    if (field === null) delete metadata[name];
    else if (STRING_FIELDS.includes(name)) {
      if (typeof field !== 'string') throw cannotHandle(kind, version, path, 'a string');
    } else if (STRING_MAPS.includes(name)) metadata[name] = asStringMap(field, path, kind, version);
    else if (LISTS.includes(name)) metadata[name] = asList(field, name, kind, version);
  }
  // Every field that ObjectMeta names has just been looked at; the rest are numbers the server sets itself.
  return metadata as ObjectMeta;
}

/** Null in a list is what an absent value is, as to a Go server: an empty string, an object without fields. */
function asList(value: Json, name: string, kind: string, version: string): Json[] {
  if (!Array.isArray(value)) throw cannotHandle(kind, version, `metadata.${name}`, 'a list');
  return value.map((item, index) => {
    const path = `metadata.${name}[${index}]`;
    if (name === 'finalizers') {
      if (item !== null && typeof item !== 'string') throw cannotHandle(kind, version, path, 'a string');
      return item ?? '';
    }
    if (item !== null && !isObject(item)) throw cannotHandle(kind, version, path, 'an object');
    return item ?? {};
  });
}

function asStringMap(value: Json, path: string, kind: string, version: string): JsonObject {
  if (!isObject(value)) throw cannotHandle(kind, version, path, 'a map of strings');
  const map: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (item !== null && typeof item !== 'string')
      throw cannotHandle(kind, version, `${path}.${key}`, 'a string');
    map[key] = item ?? '';
  }
  return map;
}

function cannotHandle(kind: string, version: string, path: string, wanted: string) {
  return badRequest(
    `${kind} in version "${version}" cannot be handled as a ${kind}: json: cannot unmarshal ${path}: it must be ${wanted}`,
  );
}

/**
 * Refuses a built-in object that a Go server could not even read. Then removes what the schema does not know and, as the
 * client asked, refuses it or warns of it.
 * @throws {ApiError} 400 for a value of the wrong type, and for unknown fields under strict validation
 */
export function pruneUnknown(
  object: KubeObject,
  type: ResourceType,
  schema: Schema | undefined,
  validation: FieldValidation,
  source: Source,
  warnings: Set<string>,
): void {
  const unreadable = type.custom ? undefined : decodingError(object, type);
  if (unreadable !== undefined) throw badRequest(unreadable);
  const unknown = schema ? prune(object, schema) : [];
  if (validation === 'Ignore') return;
  const problems = problemsOf(source, unknown, type);
  if (problems.length === 0) return;
  if (validation === 'Strict')
    throw badRequest(
      `${object.kind} in version "${type.version}" cannot be handled as a ${object.kind}: strict decoding error: ${problems.join(', ')}`,
    );
  for (const problem of problems) for (const warning of warningsOf(problem)) warnings.add(warning);
}

/** What a YAML parser has to say is told line by line. */
export const warningsOf = (problem: string): string[] =>
  problem.startsWith(YAML_PROBLEM) ? problem.split('\n  ').slice(1) : [problem];

/** Built-in kinds are decoded in one go, custom ones are parsed first and pruned then: their problems come in that order. */
function problemsOf(
  { body, duplicates, yamlProblem }: Source,
  unknown: readonly string[],
  type: ResourceType,
): string[] {
  if (yamlProblem === '' && !type.custom && unknown.length + duplicates.length > 1)
    return problemsInOrder(body, unknown, duplicates);
  return [
    ...(yamlProblem === '' ? [] : [yamlProblem]),
    ...duplicates.map((path) => `duplicate field "${path}"`),
    ...unknown.map((path) => `unknown field "${path}"`),
  ];
}
