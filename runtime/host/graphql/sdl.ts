/** Writes the model as GraphQL's schema language, with the directives by which the schema is part of a federated graph. */
import type { EnumType, Field, NamedType, ObjectType, Shape, UnionType, Value } from '../shapes/shapes.ts';
import { pascal, screaming } from '../shapes/words.ts';
import type { Argument, GraphModel, RootField } from './model.ts';

const FEDERATION = 'https://specs.apollo.dev/federation/v2.3';

/** The subgraph's schema: what is committed, what `_service` answers, and what the server is built from. */
export function sdlOf(model: GraphModel): string {
  const { roots } = model;
  return [
    `schema @link(url: "${FEDERATION}", import: ["@key", "@tag"]) {`,
    '  query: Query',
    '  mutation: Mutation',
    '}',
    '',
    ...SCALARS,
    ...rootType('Query', roots),
    ...rootType('Mutation', roots),
    ...typesIn(model),
  ].join('\n');
}

/** What federation adds by itself, for who executes the schema without it. */
export function federationSdl({ entities }: GraphModel): string {
  const names = [...new Set(entities.map(({ type }) => type.name))];
  return `
directive @link(url: String!, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
scalar federation__FieldSet
directive @key(fields: federation__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION
scalar _Any
union _Entity = ${names.join(' | ')}
type _Service { sdl: String! }
extend type Query {
  _entities(representations: [_Any!]!): [_Entity]!
  _service: _Service!
}
`;
}

const SCALARS = [
  '"""A moment in UTC, as RFC 3339 writes it: `2026-11-26T08:30:00.000Z`."""',
  'scalar DateTime @specifiedBy(url: "https://scalars.graphql.org/andimarek/date-time.html")',
  '',
  '"""A whole number of up to 53 bits, such as an amount in minor units (cents, pence, yen)."""',
  'scalar Long',
  '',
  '"""Any JSON."""',
  'scalar JSON @specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc8259")',
  '',
];

function rootType(root: RootField['root'], roots: readonly RootField[]): string[] {
  const fields = roots.filter((field) => field.root === root);
  return [
    `type ${root} {`,
    ...fields.flatMap(({ name, operation: { route }, args, answer }) => [
      `  """${about(route)}"""`,
      // All may be null: what one route refuses leaves the answers of the others as they are.
      `  ${name}${argumentsText(args)}: ${answer === undefined ? 'Boolean' : namedText(answer.shape, 'output')}${
        route.audience === 'merchant' ? ' @tag(name: "merchant")' : ''
      }`,
    ]),
    '}',
    '',
  ];
}

function about({ summary, audience, idempotent }: RootField['operation']['route']): string {
  const who = {
    shopper: '',
    customer: ' For customers who are logged in.',
    merchant: ' For the merchant.',
    provider: '',
  };
  return `${summary}${who[audience]}${idempotent ? ' Needs the header Idempotency-Key.' : ''}`;
}

function argumentsText(args: readonly Argument[]): string {
  return args.length === 0
    ? ''
    : `(${args.map(({ name, field }) => inputText({ ...field, name })).join(', ')})`;
}

/** Types that no field leads to are left out: bytes, and what only they ask. */
function typesIn(model: GraphModel): string[] {
  const reached = reachedIn(model);
  const entries = new Map<string, string[]>();
  const types = model.api.types.filter(({ name }) => reached.has(name));
  const tags = tagsOf(types);
  const written = types.flatMap((type) => {
    for (const entry of entriesOf(type)) entries.set(entry[0], entry[1]);
    return [...typeLines(model, tags, type), ''];
  });
  return [...written, ...[...entries.values()].flatMap((lines) => [...lines, ''])];
}

function typeLines(model: GraphModel, tags: ReadonlyMap<string, string>, type: NamedType): string[] {
  switch (type.kind) {
    case 'enum':
      return enumLines(type);
    case 'union':
      return unionLines(type);
    case 'object':
      return type.io === 'input' ? inputLines(type, tags.get(type.name)) : objectLines(model, type);
  }
}

function enumLines({ name, values }: EnumType): string[] {
  return [`enum ${name} {`, ...values.map((value) => `  ${screaming(value)}`), '}'];
}

/** Of several things one: in answers a union, in questions an input of which one field is given. */
function unionLines({ name, io, members }: UnionType): string[] {
  return io === 'output'
    ? [`union ${name} = ${members.map(({ type }) => type.name).join(' | ')}`]
    : [
        // Not @oneOf, which federation does not compose; the codec sees to it.
        '"""Exactly one of these is given."""',
        `input ${name} {`,
        ...members.map(({ tag, type }) => `  ${memberName(tag)}: ${type.name}`),
        '}',
      ];
}

/** The field that tells members apart is said by which of them is given. */
function inputLines({ name, fields }: ObjectType, tag: string | undefined): string[] {
  const shown = fields.filter((field) => field.name !== tag);
  // GraphQL knows no input without fields.
  const lines = shown.length === 0 ? ['_: Boolean'] : shown.map(inputText);
  return [`input ${name} {`, ...lines.map((line) => `  ${line}`), '}'];
}

function objectLines({ entities, relations }: GraphModel, { name, fields }: ObjectType): string[] {
  const keys = entities.filter(({ type }) => type.name === name).map(({ key }) => ` @key(fields: "${key}")`);
  return [
    `type ${name}${keys.join('')} {`,
    ...fields.map(({ name: field, value, required }) => {
      const nullable = value.nullable || !required;
      return `  ${field}: ${typeText({ ...value, nullable })}`;
    }),
    ...relations
      .filter(({ type }) => type.name === name)
      .map((relation) => `  ${relation.name}: ${relation.to.type.name}`),
    '}',
  ];
}

function inputText({ name, value, required, fallback }: Field): string {
  const type = namedText(value.shape, 'input');
  const initial = fallback === undefined ? undefined : literal(fallback, value.shape);
  return `${name}: ${type}${required && !value.nullable ? '!' : ''}${initial === undefined ? '' : ` = ${initial}`}`;
}

function typeText({ shape, nullable }: Value): string {
  return `${namedText(shape, 'output')}${nullable ? '' : '!'}`;
}

function namedText(shape: Shape, io: 'input' | 'output'): string {
  switch (shape.kind) {
    case 'text':
      return 'String';
    case 'id':
      return 'ID';
    case 'moment':
      return 'DateTime';
    case 'integer':
      return shape.wide ? 'Long' : 'Int';
    case 'number':
      return 'Float';
    case 'flag':
      return 'Boolean';
    case 'json':
      return 'JSON';
    case 'list':
      return `[${namedText(shape.of.shape, io)}${shape.of.nullable ? '' : '!'}]`;
    case 'map':
      return shape.of.shape.kind === 'json' ? 'JSON' : `[${entryName(shape.of, io)}!]`;
    default:
      return shape.name;
  }
}

/** What may be given by any key is a list of keys and values. */
function entryName({ shape }: Value, io: 'input' | 'output'): string {
  const of =
    'name' in shape ? shape.name.replace(/Input$/, '') : pascal(namedText(shape, io).replaceAll(/\W/g, ''));
  return `${of}Entry${io === 'input' ? 'Input' : ''}`;
}

function entriesOf(type: NamedType): [string, string[]][] {
  if (type.kind !== 'object') return [];
  return type.fields.flatMap(({ value: { shape } }): [string, string[]][] => {
    if (shape.kind !== 'map' || shape.of.shape.kind === 'json') return [];
    const name = entryName(shape.of, type.io);
    const value = `${namedText(shape.of.shape, type.io)}${shape.of.nullable ? '' : '!'}`;
    return [
      [
        name,
        [`${type.io === 'input' ? 'input' : 'type'} ${name} {`, '  key: String!', `  value: ${value}`, '}'],
      ],
    ];
  });
}

/** A default as GraphQL writes it; of some shapes it is left to the schema behind it. */
function literal(value: unknown, shape: Shape): string | undefined {
  if (value === null) return 'null';
  if (shape.kind === 'enum') return typeof value === 'string' ? screaming(value) : undefined;
  if (shape.kind === 'flag') return String(value === true || value === 'true');
  if (shape.kind === 'list' && shape.separated === true)
    return typeof value === 'string'
      ? `[${value
          .split(',')
          .map((one) => literal(one, shape.of.shape))
          .join(', ')}]`
      : undefined;
  if (Array.isArray(value)) return value.length === 0 ? '[]' : undefined;
  if (typeof value === 'object') return Object.keys(value).length === 0 ? '{}' : undefined;
  return JSON.stringify(value);
}

/** `abandoned-cart` → `abandonedCart`: the name of a field for a member of an input union. */
export function memberName(tag: string): string {
  const name = pascal(tag);
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** Which field of an object says which member of a union it is. */
function tagsOf(types: readonly NamedType[]): ReadonlyMap<string, string> {
  return new Map(
    types.flatMap((type) =>
      type.kind === 'union' ? type.members.map((member) => [member.type.name, type.tag] as const) : [],
    ),
  );
}

function reachedIn({ roots, entities }: GraphModel): ReadonlySet<string> {
  const reached = new Set<string>();
  const visit = (shape: Shape): void => {
    if (shape.kind === 'list' || shape.kind === 'map') return visit(shape.of.shape);
    if (!('name' in shape) || reached.has(shape.name)) return;
    reached.add(shape.name);
    if (shape.kind === 'object') for (const { value } of shape.fields) visit(value.shape);
    if (shape.kind === 'union') for (const { type } of shape.members) visit(type);
  };
  for (const { args, answer } of roots) {
    for (const { field } of args) visit(field.value.shape);
    if (answer !== undefined) visit(answer.shape);
  }
  for (const { type } of entities) visit(type);
  return reached;
}
