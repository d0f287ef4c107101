/** The executable schema: the text that {@link sdlOf} writes, and resolvers that ask routes. */
import {
  buildASTSchema,
  concatAST,
  GraphQLError,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLUnionType,
  parse,
  type GraphQLFieldResolver,
  type GraphQLSchema,
} from 'graphql';
import { decoderOf, memberOf } from './codec.ts';
import type { Entity, GraphModel, RootField } from './model.ts';
import { federationSdl, sdlOf } from './sdl.ts';

/** What the resolvers of one request may do. */
export interface GraphContext {
  /** @param place the field's alias or name in the request */
  ask(field: RootField, args: Readonly<Record<string, unknown>>, place: string): Promise<unknown>;
  load(entity: Entity, key: string): Promise<unknown>;
}

type Resolve = GraphQLFieldResolver<Readonly<Record<string, unknown>>, GraphContext>;

export function schemaOf(model: GraphModel): GraphQLSchema {
  const sdl = sdlOf(model);
  // Nobody is told of places in it.
  const nodes = [sdl, federationSdl(model)].map((text) => parse(text, { noLocation: true }));
  const schema = buildASTSchema(concatAST(nodes));
  const field = (type: string, name: string, resolve: Resolve): void => {
    const found = schema.getType(type);
    if (found instanceof GraphQLObjectType) Object.assign(found.getFields()[name] ?? {}, { resolve });
  };

  for (const root of model.roots)
    field(root.root, root.name, (_, args, context, info) => context.ask(root, args, String(info.path.key)));
  for (const type of model.api.types) {
    if (type.kind === 'object' && type.io === 'output')
      for (const { name, value } of type.fields) {
        const decode = decoderOf(value.shape);
        if (decode !== undefined)
          field(type.name, name, (source) => {
            const given = source[name];
            return given === undefined || given === null ? given : decode(given);
          });
      }
    const union = type.kind === 'union' ? schema.getType(type.name) : undefined;
    if (type.kind === 'union' && union instanceof GraphQLUnionType)
      union.resolveType = (value) => memberOf(type, value)?.name;
  }
  for (const { type, name, from, to } of model.relations)
    field(type.name, name, (source, _, context) => {
      const key = source[from];
      return typeof key === 'string' ? context.load(to, key) : null;
    });
  field('Query', '_service', () => ({ sdl }));
  field(
    'Query',
    '_entities',
    (_, { representations }, context) =>
      (representations as readonly unknown[]).map((one) => represented(model, context, one)), // as the schema says
  );
  const long = schema.getType('Long');
  if (long instanceof GraphQLScalarType)
    Object.assign(long, { serialize: wholeNumber, parseValue: wholeNumber });
  return schema;
}

/** What a router of a federated graph asks for: a type's name and its key. */
async function represented(model: GraphModel, context: GraphContext, one: unknown): Promise<unknown> {
  const given = new Map(typeof one === 'object' && one !== null ? Object.entries(one) : []);
  const entity = model.entities.find(({ type }) => type.name === given.get('__typename'));
  if (entity === undefined) throw new GraphQLError(`There is no entity ${String(given.get('__typename'))}.`);
  const { type, key } = entity;
  const value = given.get(key);
  if (typeof value !== 'string') throw new GraphQLError(`${type.name} is found by ${key}.`);
  const found = await context.load(entity, value);
  return typeof found === 'object' && found !== null ? { ...found, __typename: type.name } : null;
}

function wholeNumber(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new GraphQLError(`Long is a whole number of up to 53 bits, which ${JSON.stringify(value)} is not.`);
}
