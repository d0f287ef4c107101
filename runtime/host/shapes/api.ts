/**
 * The shape of the whole API, read from the definitions. A type is called what its domain exports its schema as, and after its place
 * where it has no name; where two domains call different things the same, each bears its domain's name before it.
 */
import { existsSync } from 'node:fs';
import { z, type ZodType } from 'zod';
import type { DomainDefinition, RouteDefinition } from '../../platform/definition.ts';
import { HOST_DOMAIN } from '../../platform/names/index.ts';
import { HOST_ROUTES, PROTOCOLS } from '../definition.ts';
import * as hostDefinition from '../definition.ts';
import { createReader, type Reader, type Unnamed } from './read.ts';
import type { ApiShape, NamedType, OperationShape, Shape, Value } from './shapes.ts';
import { noun, pascal } from './words.ts';

/** Types that GraphQL, or the schema's frame, has already. */
const TAKEN: ReadonlySet<string> = new Set([
  'Query',
  'Mutation',
  'Subscription',
  'String',
  'Int',
  'Float',
  'Boolean',
  'ID',
  'Long',
  'DateTime',
  'JSON',
]);

/** Of webhooks' routes nothing is said: only their providers call them, and in their own way. */
export async function readApi(domains: readonly DomainDefinition[]): Promise<ApiShape> {
  const exports = new Map<string, ReadonlyMap<unknown, string>>([
    [HOST_DOMAIN, namesIn(hostDefinition)],
    ...(await Promise.all(domains.map(async (domain) => [domain.name, await exportsOf(domain)] as const))),
  ]);
  const reader = createReader((domain, schema) => exports.get(domain)?.get(schema));
  const operations = [
    ...HOST_ROUTES.filter(({ id }) => !PROTOCOLS.has(id)).map((route) =>
      readOperation(reader, HOST_DOMAIN, route),
    ),
    ...domains.flatMap(({ name, routes }) =>
      routes
        .filter(({ audience }) => audience !== 'provider')
        .map((route) => readOperation(reader, name, route)),
    ),
  ];
  giveNames(reader.types);
  return { operations, types: onceEach(reader.types.map(({ type }) => type)) };
}

function readOperation(reader: Reader, domain: string, route: RouteDefinition): OperationShape {
  const place = { domain, parent: noun(route.id) };
  return {
    domain,
    route,
    params: reader.fields(route.params, 'input', place),
    query: reader.fields(route.query, 'input', place),
    body: bodyOf(reader, route, { domain, parent: route.id }),
    answer:
      route.response === undefined
        ? route.status === 204
          ? 'nothing'
          : 'bytes'
        : reader.value(route.response, 'output', { domain, parent: `${route.id}Result` }),
  };
}

/** What comes as a stream by HTTP is one piece of bytes where a call is one message. */
function bodyOf(
  reader: Reader,
  { body }: RouteDefinition,
  place: { domain: string; parent: string },
): Value | 'raw' | undefined {
  if (body === 'raw' || body === 'stream') return 'raw';
  return body === undefined ? undefined : reader.value(body, 'input', place);
}

/** What a domain exports is in its definition and in its shapes, beside its migrations. */
async function exportsOf({ migrations }: DomainDefinition): Promise<ReadonlyMap<unknown, string>> {
  const names = new Map<unknown, string>();
  for (const file of ['../schemas.ts', '../definition.ts']) {
    const url = new URL(file, migrations);
    if (!existsSync(url)) continue;
    const module = (await import(url.href)) as Readonly<Record<string, unknown>>; // whatever it exports
    for (const [schema, name] of namesIn(module)) if (!names.has(schema)) names.set(schema, name);
  }
  return names;
}

function namesIn(module: Readonly<Record<string, unknown>>): Map<unknown, string> {
  return new Map(
    Object.entries(module)
      .filter(([, value]) => value instanceof z.ZodType)
      .map(([name, schema]) => [schema as ZodType, pascal(name)]),
  );
}

/** Who claims a name that something else claims as well takes the next of its names; what is the same shares it. */
function giveNames(types: readonly Unnamed[]): void {
  const chosen = new Map(types.map((one) => [one, 0]));
  const nameOf = (one: Unnamed): string => one.names[chosen.get(one) ?? 0] ?? '';
  for (;;) {
    const claims = Map.groupBy(types, nameOf);
    const contested = [...claims]
      .filter(([name, claimants]) => TAKEN.has(name) || !alike(claimants))
      .flatMap(([, claimants]) => yielding(claimants))
      .filter((one) => (chosen.get(one) ?? 0) < one.names.length - 1);
    if (contested.length === 0) break;
    for (const one of contested) chosen.set(one, (chosen.get(one) ?? 0) + 1);
  }
  for (const one of types) one.type.name = nameOf(one);
  const twice = [...Map.groupBy(types, nameOf)].find(([, claimants]) => !alike(claimants));
  if (twice !== undefined)
    throw new Error(`Two types of the API are called ${twice[0]}: export one under another name.`);
}

/** Beside an object of its name an enum takes another: the object is what people look for. */
function yielding(claimants: readonly Unnamed[]): readonly Unnamed[] {
  const enums = claimants.filter(({ type }) => type.kind === 'enum');
  return enums.length > 0 && alike(claimants.filter((one) => !enums.includes(one))) ? enums : claimants;
}

function alike(claimants: readonly Unnamed[]): boolean {
  return new Set(claimants.map(({ type }) => signatureOf(type, 12))).size <= 1;
}

/** What makes two types the same, as far down as `depth`. */
function signatureOf(shape: Shape, depth: number): string {
  if (depth === 0) return shape.kind;
  const of = ({ shape: inner, nullable }: Value, less: number): string =>
    `${signatureOf(inner, depth - less)}${nullable ? '?' : ''}`;
  switch (shape.kind) {
    case 'enum':
      return `enum(${shape.values.join()})`;
    case 'list':
    case 'map':
      return `${shape.kind}<${of(shape.of, 0)}>`;
    case 'object':
      return `${shape.io}{${shape.fields.map(({ name, value, required }) => `${name}${required ? '' : '?'}:${of(value, 1)}`).join()}}`;
    case 'union':
      return `${shape.io}(${shape.members.map(({ tag, type }) => `${tag}:${signatureOf(type, depth - 1)}`).join('|')})`;
    default:
      return JSON.stringify(shape);
  }
}

/** Types of one name are the same: the first stands for all. */
function onceEach(types: readonly NamedType[]): NamedType[] {
  return [...new Map(types.toReversed().map((type) => [type.name, type])).values()].toReversed();
}
