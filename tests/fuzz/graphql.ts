/** Requests in GraphQL, drawn from the schema as it is written: fields as they are, arguments as known or nonsense, a few levels deep. */
import { readFileSync } from 'node:fs';
import {
  buildASTSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  parse,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';
import type { Memory } from './memory.ts';
import type { Random } from './random.ts';

export interface GraphRequest {
  readonly query: string;
  readonly variables?: unknown;
}

let drawn: GraphQLSchema | undefined;

function schema(): GraphQLSchema {
  drawn ??= buildASTSchema(
    parse(readFileSync(new URL('../../docs/api/schema.graphql', import.meta.url), 'utf8')),
    { assumeValid: true },
  );
  return drawn;
}

/** Mostly such as the schema allows; now and then one that nobody should send. */
export function graphRequest(memory: Memory, random: Random): GraphRequest {
  if (random.chance(0.15)) return random.pick(NONSENSE)(random);
  const root = random.chance(0.7) ? schema().getQueryType() : schema().getMutationType();
  if (root === null || root === undefined) throw new Error('The schema has no queries.');
  const fields = Object.values(root.getFields());
  const chosen = Array.from({ length: 1 + random.index(3) }, () => random.pick(fields));
  const texts = chosen.map((field, index) => `f${index}: ${fieldText(field, memory, random, 0)}`);
  const kind = root === schema().getQueryType() ? 'query' : 'mutation';
  return { query: `${kind} { ${texts.join(' ')} }` };
}

export interface RootField {
  readonly kind: 'query' | 'mutation';
  readonly name: string;
  /** An operation that asks this field alone. */
  readonly text: (memory: Memory, random: Random) => string;
}

/** Every field that a request may begin with. */
export function rootFields(): RootField[] {
  const roots = [
    ['query', schema().getQueryType()],
    ['mutation', schema().getMutationType()],
    ['subscription', schema().getSubscriptionType()],
  ] as const;
  return roots.flatMap(([kind, root]) =>
    Object.values(root?.getFields() ?? {}).map((field) => {
      if (kind === 'subscription') throw new Error('Nothing asks subscriptions yet.');
      return {
        kind,
        name: field.name,
        text: (memory, random) => `${kind} { ${fieldText(field, memory, random, 0)} }`,
      };
    }),
  );
}

const NONSENSE: readonly ((random: Random) => GraphRequest)[] = [
  () => ({ query: '{' }),
  () => ({ query: '{ __schema { types { name fields { name type { name } } } } }' }),
  () => ({ query: '{ __proto__ constructor }' }),
  () => ({ query: `{ ${'products { '.repeat(40)}` }),
  () => ({ query: `{ ${Array.from({ length: 500 }, (_, index) => `a${index}: store { id }`).join(' ')} }` }),
  () => ({ query: 'query A { store { id } } query B { store { id } }' }),
  () => ({ query: 'fragment F on Query { ...F } { ...F }' }),
  () => ({ query: 'query ($a: Int = "x") { store { id } }', variables: { a: { b: [] } } }),
  () => ({ query: 'query ($l: Int) { products(limit: $l) { products { id } } }', variables: { l: 2 ** 40 } }),
  () => ({ query: 'subscription { store { id } }' }),
  () => ({ query: '{ store { id @skip(if: $x) @nope } }', variables: JSON.parse('{"__proto__": 1}') }),
  () => ({ query: '\u0000{ store { id } }' }),
];

const DEEPEST = 4;

function fieldText(
  field: GraphQLField<unknown, unknown>,
  memory: Memory,
  random: Random,
  depth: number,
): string {
  const given = field.args.flatMap((argument) => argumentText(argument, memory, random));
  return `${field.name}${given.length === 0 ? '' : `(${given.join(', ')})`}${selection(field.type, memory, random, depth)}`;
}

function selection(type: GraphQLOutputType, memory: Memory, random: Random, depth: number): string {
  const named = getNamedType(type);
  if (!isObjectType(named) && !isInterfaceType(named)) return 'getTypes' in named ? ' { __typename }' : '';
  const fields = Object.values(named.getFields());
  const isLeaf = (field: GraphQLField<unknown, unknown>): boolean => {
    const inner = getNamedType(field.type);
    return !isObjectType(inner) && !isInterfaceType(inner) && !('getTypes' in inner);
  };
  const deeper = depth >= DEEPEST ? [] : fields.filter((field) => !isLeaf(field) && random.chance(0.4));
  const chosen = [
    ...fields.filter((field) => isLeaf(field) && field.args.length === 0 && random.chance(0.6)),
    ...deeper,
  ];
  return ` { __typename ${chosen.map((field) => fieldText(field, memory, random, depth + 1)).join(' ')} }`;
}

function argumentText(argument: GraphQLArgument, memory: Memory, random: Random): string[] {
  if (!isNonNullType(argument.type) && random.chance(0.6)) return [];
  return [`${argument.name}: ${valueText(argument.name, argument.type, memory, random, 0)}`];
}

function valueText(
  name: string,
  type: GraphQLInputType,
  memory: Memory,
  random: Random,
  depth: number,
): string {
  if (isNonNullType(type)) return valueText(name, type.ofType, memory, random, depth);
  if (isListType(type)) {
    const length = random.index(3);
    return `[${Array.from({ length }, () => valueText(name.replace(/s$/, ''), type.ofType, memory, random, depth + 1)).join(', ')}]`;
  }
  if (isEnumType(type)) return random.pick(type.getValues()).name;
  if (isInputObjectType(type)) {
    const inner = Object.values(type.getFields()).filter(
      ({ type: wanted }) => isNonNullType(wanted) || (depth < 3 && random.chance(0.4)),
    );
    return `{ ${inner.map((field) => `${field.name}: ${valueText(field.name, field.type, memory, random, depth + 1)}`).join(', ')} }`;
  }
  const known = memory.any(name, random);
  switch (type.name) {
    case 'Int':
      return String(random.pick([1, 2, 10, 0, -1, 2 ** 31 - 1]));
    case 'Float':
      return String(random.pick([0.5, 1e300, -1]));
    case 'Boolean':
      return String(random.chance(0.5));
    default:
      return JSON.stringify(
        known !== undefined && random.chance(0.8)
          ? String(known)
          : random.pick(['x', 'EUR', '\u0000', '', '7', 'de']),
      );
  }
}
