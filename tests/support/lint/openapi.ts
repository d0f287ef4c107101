/** What Spectral's recommended rules find in an OpenAPI document, as far as ours could break them. */

/** @returns a line for each fault, by its place */
export function lintOpenApi(document: Document): string[] {
  const faults: string[] = [];
  const { openapi, info, servers, tags = [], paths, components } = document;
  const say = (where: string, what: string): void => void faults.push(`${where}: ${what}`);
  if (!/^3\.1\.\d+$/.test(openapi)) say('openapi', `${openapi} is no 3.1`);
  for (const name of ['title', 'version', 'description'] as const)
    if ((info[name] ?? '') === '') say('info', `has no ${name}`);
  if ((servers ?? []).length === 0) say('servers', 'are none');
  for (const twice of repeated(tags.map(({ name }) => name))) say('tags', `${twice} twice`);

  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  for (const twice of repeated(operations.map(({ operation }) => operation.operationId)))
    say(twice, 'is the id of two operations');
  for (const twice of repeated(Object.keys(paths).map((path) => path.replaceAll(/\{\w+\}/g, '{}'))))
    say(twice, 'is two paths that nobody tells apart');

  for (const { path, method, operation } of operations) {
    const where = operation.operationId;
    if (!/^[a-z][a-zA-Z0-9]*\.[a-z][a-zA-Z0-9]*$/.test(where)) say(`${method} ${path}`, `is called ${where}`);
    if (!METHODS.has(method)) say(where, `${method} is no method`);
    if (!/^(?:\/(?:[a-z0-9.-]+|\{[a-zA-Z]+\}))+$/.test(path))
      say(where, `${path} is no path, or ends in a slash`);
    if (operation.summary.trim() === '') say(where, 'says nothing of itself');
    if (operation.tags.length !== 1) say(where, 'has not one tag');
    for (const tag of operation.tags)
      if (!tags.some(({ name }) => name === tag)) say(where, `has tag ${tag}, which is not described`);
    const responses = Object.keys(operation.responses);
    if (!responses.some((status) => /^[23]\d\d$/.test(status))) say(where, 'never succeeds');
    for (const [status, { description }] of Object.entries(operation.responses))
      if (description === '') say(where, `${status} is not described`);
    for (const scheme of (operation.security ?? []).flatMap((one) => Object.keys(one)))
      if (!Object.hasOwn(components.securitySchemes, scheme))
        say(where, `there is no security scheme ${scheme}`);
    const parameters = operation.parameters ?? [];
    for (const twice of repeated(parameters.map(({ name, in: place }) => `${place} ${name}`)))
      say(where, `${twice} twice`);
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    const given = parameters.filter(({ in: place }) => place === 'path');
    for (const name of named)
      if (!given.some((one) => one.name === name && one.required))
        say(where, `{${name}} is no required parameter`);
    for (const { name } of given) if (!named.includes(name)) say(where, `${name} is not in the path`);
    if (method === 'get' && operation.requestBody !== undefined) say(where, 'GET has no body');
  }
  visit(document, '', (value, where) => faults.push(...lintNode(value, where, document)));
  return faults;
}

export interface Document {
  readonly openapi: string;
  readonly info: Readonly<Record<string, string>>;
  readonly servers?: readonly { readonly url: string }[];
  readonly tags?: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly securitySchemes: object; readonly schemas: object };
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

const METHODS: ReadonlySet<string> = new Set(['get', 'put', 'post', 'patch', 'delete']);

/** Of any object in the document, most of which are schemas. */
function lintNode(value: Readonly<Record<string, unknown>>, where: string, document: Document): string[] {
  const faults: string[] = [];
  const { $ref, type, required, properties, enum: words, pattern } = value;
  if (typeof $ref === 'string' && at(document, $ref) === undefined)
    faults.push(`${where}: ${$ref} is nowhere`);
  if (type === 'array' && value['items'] === undefined) faults.push(`${where}: a list of what?`);
  if (Array.isArray(required) && isObject(properties))
    for (const name of required)
      if (!Object.hasOwn(properties, String(name)))
        faults.push(`${where}: requires ${name}, which it has not`);
  if (Array.isArray(words)) {
    if (words.length === 0 || repeated(words.map(String)).length > 0)
      faults.push(`${where}: words twice, or none`);
    if (type === 'string' && words.some((word) => typeof word !== 'string'))
      faults.push(`${where}: a word that is no string`);
  }
  if (typeof pattern === 'string' && !isPattern(pattern)) faults.push(`${where}: ${pattern} is no pattern`);
  for (const text of [value['description'], value['summary']])
    if (typeof text === 'string' && /<script|\beval\(/i.test(text))
      faults.push(`${where}: a script in a text`);
  return faults;
}

function isPattern(source: string): boolean {
  try {
    return new RegExp(source, 'u').unicode;
  } catch {
    return false;
  }
}

function at(document: Document, pointer: string): unknown {
  if (!pointer.startsWith('#/')) return undefined;
  return pointer
    .slice(2)
    .split('/')
    .reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), document);
}

function visit(
  value: unknown,
  where: string,
  see: (value: Readonly<Record<string, unknown>>, where: string) => void,
): void {
  if (Array.isArray(value)) value.forEach((item, index) => visit(item, `${where}/${index}`, see));
  if (!isObject(value)) return;
  see(value, where);
  for (const [key, inner] of Object.entries(value)) visit(inner, `${where}/${key}`, see);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
