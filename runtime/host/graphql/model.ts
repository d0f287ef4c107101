/**
 * The API's shape as GraphQL sees it: which field of which root asks which route, which types are entities, and which fields lead
 * from one domain's answers to another's. Pure; the SDL and the resolvers are both made of it.
 */
import type { DomainDefinition } from '../../platform/definition.ts';
import type { ApiShape, Field, ObjectType, OperationShape, Value } from '../shapes/shapes.ts';
import { noun, pascal } from '../shapes/words.ts';

export interface GraphModel {
  readonly api: ApiShape;
  readonly roots: readonly RootField[];
  readonly entities: readonly Entity[];
  readonly relations: readonly Relation[];
}

export interface RootField {
  readonly root: 'Query' | 'Mutation';
  readonly name: string;
  readonly operation: OperationShape;
  readonly args: readonly Argument[];
  /** Absent: it answers `true` when it is done. */
  readonly answer: Value | undefined;
}

export interface Argument {
  readonly name: string;
  readonly place: 'params' | 'query' | 'body' | 'contentType';
  readonly field: Field;
}

/** A type that others may name by its key, and how it is fetched by it. */
export interface Entity {
  readonly type: ObjectType;
  readonly key: string;
  readonly load: LoadOne | LoadMany;
}

interface LoadOne {
  readonly kind: 'one';
  readonly operation: OperationShape;
  readonly param: string;
}

interface LoadMany {
  readonly kind: 'many';
  readonly operation: OperationShape;
  /** Field of the query that takes keys, and field of the answer that lists what was found. */
  readonly ids: string;
  readonly answers: string;
  readonly most: number;
}

/** `OrderLine.product` is found by `OrderLine.productId`. */
export interface Relation {
  readonly type: ObjectType;
  readonly name: string;
  readonly from: string;
  readonly to: Entity;
}

/** Throws when a definition promises what its routes do not keep. */
export function graphModel(api: ApiShape, domains: readonly DomainDefinition[]): GraphModel {
  const many = domains.flatMap((domain) => promised(api, domain));
  const entities = [
    ...many.map(({ entity }) => entity),
    ...addressed(
      api,
      many.map(({ entity }) => entity),
    ),
  ];
  const relations = many.flatMap(({ name, entity }) => relationsTo(api, name, entity));
  return { api, roots: rootsOf(api), entities, relations };
}

/** Bytes are not for GraphQL: pictures and exports have addresses of their own. */
function rootsOf({ operations }: ApiShape): RootField[] {
  const shown = operations.filter(({ answer, route }) => answer !== 'bytes' || route.method !== 'GET');
  const names = namesOf(shown);
  return shown.map((operation) => ({
    root: operation.route.method === 'GET' ? 'Query' : 'Mutation',
    name: names.get(operation) ?? operation.route.id,
    operation,
    args: argumentsOf(operation),
    answer: typeof operation.answer === 'string' ? undefined : operation.answer,
  }));
}

/** The shortest name that nothing else of the root has: `messages`, the merchant's `adminMessages`, else `chatMessages`. */
function namesOf(operations: readonly OperationShape[]): ReadonlyMap<OperationShape, string> {
  const tried = new Map(operations.map((operation) => [operation, 0]));
  const nameOf = (operation: OperationShape): string =>
    candidatesOf(operation)[tried.get(operation) ?? 0] ?? `${operation.domain}${pascal(operation.route.id)}`;
  for (;;) {
    const claims = Map.groupBy(operations, (one) => `${one.route.method === 'GET'} ${nameOf(one)}`);
    const contested = [...claims.values()].filter((claimants) => claimants.length > 1).flatMap(yielding);
    if (contested.length === 0) return new Map(operations.map((one) => [one, nameOf(one)]));
    for (const one of contested) tried.set(one, (tried.get(one) ?? 0) + 1);
  }
}

function candidatesOf({ domain, route }: OperationShape): string[] {
  const short = route.method === 'GET' ? noun(route.id) : route.id;
  const own = route.audience === 'merchant' && !short.startsWith('admin') ? `admin${pascal(short)}` : short;
  return [...new Set([short, own, `${domain}${pascal(own)}`])];
}

/** Shoppers' names are the plain ones. */
function yielding(claimants: readonly OperationShape[]): readonly OperationShape[] {
  const merchants = claimants.filter(({ route }) => route.audience === 'merchant');
  return merchants.length > 0 ? merchants : claimants;
}

function argumentsOf({ domain, route, params, query, body }: OperationShape): Argument[] {
  const all: Argument[] = [
    ...params.map((field) => ({ name: field.name, place: 'params' as const, field })),
    ...query.map((field) => ({ name: field.name, place: 'query' as const, field })),
  ];
  if (body === 'raw') {
    const text: Value = { shape: { kind: 'text' }, nullable: false };
    all.push(
      { name: 'body', place: 'body', field: { name: 'body', value: text, required: true } },
      {
        name: 'contentType',
        place: 'contentType',
        field: { name: 'contentType', value: text, required: false, fallback: 'application/json' },
      },
    );
  } else if (body !== undefined) {
    const { shape } = body;
    const required = shape.kind !== 'object' || shape.fields.some((field) => field.required);
    const field = { name: 'input', value: body, required, ...(required ? {} : { fallback: {} }) };
    all.push({ name: 'input', place: 'body', field });
  }
  const twice = all.find(({ name }, index) => all.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined)
    throw new Error(`${domain}.${route.id} takes ${twice.name} in its path and in its query: rename one.`);
  return all;
}

/** What a domain says others may name by id. */
function promised(
  { operations }: ApiShape,
  { name: domain, entities = [] }: DomainDefinition,
): { name: string; entity: Entity }[] {
  return entities.map(({ name, route, ids, answers, key }) => {
    const fail = (what: string): Error => new Error(`Entity ${name} of ${domain}: ${what}.`);
    const operation = operations.find((one) => one.domain === domain && one.route.id === route);
    if (operation === undefined) throw fail(`there is no route ${route}`);
    const asked = operation.query.find((field) => field.name === ids)?.value.shape;
    if (asked?.kind !== 'list') throw fail(`${route} takes no list ${ids}`);
    const answer = typeof operation.answer === 'string' ? undefined : operation.answer.shape;
    const listed =
      answer?.kind === 'object' ? answer.fields.find((field) => field.name === answers) : undefined;
    const shape = listed?.value.shape;
    const type = shape?.kind === 'list' ? shape.of.shape : undefined;
    if (type?.kind !== 'object') throw fail(`${route} does not answer with a list ${answers} of objects`);
    if (!type.fields.some((field) => field.name === key)) throw fail(`${type.name} has no ${key}`);
    return {
      name,
      entity: { type, key, load: { kind: 'many', operation, ids, answers, most: asked.most ?? 100 } },
    };
  });
}

/** What has an address by one key is an entity: `GET …/{handle}` whose answer has a `handle`, `…/{orderId}` whose answer has an `id`. */
function addressed({ operations }: ApiShape, known: readonly Entity[]): Entity[] {
  const entities: Entity[] = [];
  for (const operation of operations) {
    const { route, params, query, answer } = operation;
    const [param] = params;
    if (route.method !== 'GET' || param === undefined || params.length > 1) continue;
    if (
      query.some(({ required }) => required) ||
      typeof answer === 'string' ||
      answer.shape.kind !== 'object'
    )
      continue;
    const type = answer.shape;
    const has = (name: string): boolean =>
      type.fields.some((field) => field.name === name && !field.value.nullable);
    const key = has(param.name) ? param.name : param.name.endsWith('Id') && has('id') ? 'id' : undefined;
    if (key === undefined || [...known, ...entities].some((one) => one.type.name === type.name)) continue;
    entities.push({ type, key, load: { kind: 'one', operation, param: param.name } });
  }
  return entities;
}

function relationsTo({ types }: ApiShape, name: string, to: Entity): Relation[] {
  return types.flatMap((type): Relation[] => {
    if (type.kind !== 'object' || type.io !== 'output' || type.name === to.type.name) return [];
    const from = type.fields.find((field) => field.name === `${name}Id`);
    const isTaken = type.fields.some((field) => field.name === name);
    return from === undefined || isTaken ? [] : [{ type, name, from: from.name, to }];
  });
}
