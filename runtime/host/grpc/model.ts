/**
 * The API as a .proto file: a service a domain, a method a route. Numbers of fields are for ever, so they are written down when they
 * are first given (`numbers.generated.json`) and never given again.
 */
import type { DomainDefinition, RouteDefinition } from '../../platform/definition.ts';
import { GRPC_PACKAGE, grpcService } from '../../platform/names/index.ts';
import type {
  ApiShape,
  Field,
  NamedType,
  OperationShape,
  Shape,
  Value as ShapeValue,
} from '../shapes/shapes.ts';
import { pascal, screaming } from '../shapes/words.ts';
import { Empty, EMPTY, STRUCT, Value } from './known.ts';
import {
  jsonNameOf,
  type Enum,
  type Message,
  type Method,
  type ProtoField,
  type ProtoFile,
} from './proto.ts';

/** Name of a message or an enum → name of a field or word → its number. */
export type Numbers = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface GrpcModel {
  readonly file: ProtoFile;
  readonly calls: readonly RpcCall[];
  /** With those of what is new. */
  readonly numbers: Numbers;
}

/** A method, and the route behind it. */
export interface RpcCall {
  readonly service: string;
  readonly method: Method;
  readonly operation: OperationShape;
  /** Property of the output's message that holds the answer; absent: the message is the answer. */
  readonly wrapped: string | undefined;
}

/** Field of input messages by which is said what cannot be said by leaving out. */
export const CLEARED = 'cleared';
/** Field of a request's message that is the route's body. */
export const INPUT = 'input';
export const BODY = 'body';
export const CONTENT_TYPE = 'contentType';

/** Throws where two messages would have one name. */
export function grpcModel(api: ApiShape, domains: readonly DomainDefinition[], known: Numbers): GrpcModel {
  const give = giver(known);
  const types = new Map(api.types.map((type) => [type.name, shellOf(type)]));
  for (const type of api.types) fill(type, types, give);

  // Bytes are not for gRPC either: pictures and exports have addresses of their own.
  const shown = api.operations.filter(({ answer }) => answer !== 'bytes');
  const short = Map.groupBy(shown, ({ route }) => pascal(route.id));
  const calls = shown.map((operation): RpcCall & { readonly own: readonly Message[] } => {
    const { domain, route } = operation;
    const name = pascal(route.id);
    const unique = (short.get(name)?.length ?? 0) > 1 ? `${pascal(domain)}${name}` : name;
    const input = requestOf(`${unique}Request`, operation, types, give);
    const { output, wrapped } = answerOf(`${unique}Response`, operation, types, give);
    return {
      service: grpcService(domain),
      method: { name, input, output, doc: docOf(route) },
      operation,
      wrapped,
      own: [input, ...(wrapped === undefined ? [] : [output])],
    };
  });
  const messages = [
    ...calls.flatMap(({ own }) => own),
    ...[...types.values()].filter((type) => type.kind === 'message'),
  ];
  const enums = [...types.values()].filter((type) => type.kind === 'enum');
  refuseTwice([...messages, ...enums]);
  const summaries = new Map(domains.map(({ name, summary }) => [grpcService(name), summary]));
  const services = [...Map.groupBy(calls, ({ service }) => service)].map(([fullName, own]) => {
    const doc = summaries.get(fullName);
    return { fullName, methods: own.map(({ method }) => method), ...(doc === undefined ? {} : { doc }) };
  });
  const file = {
    path: 'shopmind/v1/shopmind.proto',
    package: GRPC_PACKAGE,
    imports: [EMPTY, STRUCT],
    messages,
    enums,
    services,
  };
  return { file, calls, numbers: give.all() };
}

function docOf({ summary, audience, idempotent }: RouteDefinition): string {
  const who = { merchant: ' For merchants.', customer: ' For customers who are logged in.' };
  return `${summary}${audience === 'merchant' || audience === 'customer' ? who[audience] : ''}${idempotent === true ? ' Needs metadata idempotency-key.' : ''}`;
}

interface Give {
  (type: string, name: string, first?: number): number;
  /** Numbers of what is no longer there. */
  gone(type: string, present: readonly string[]): number[];
  all(): Numbers;
}

function giver(known: Numbers): Give {
  const numbers = new Map(Object.entries(known).map(([type, own]) => [type, new Map(Object.entries(own))]));
  const give = (type: string, name: string): number => {
    const own = numbers.get(type) ?? new Map<string, number>();
    numbers.set(type, own);
    const number = own.get(name) ?? Math.max(0, ...own.values()) + 1;
    own.set(name, number);
    return number;
  };
  return Object.assign(give, {
    gone: (type: string, present: readonly string[]) =>
      [...(numbers.get(type) ?? [])].filter(([name]) => !present.includes(name)).map(([, number]) => number),
    all: () =>
      Object.fromEntries(
        [...numbers]
          .toSorted(([one], [other]) => (one < other ? -1 : 1))
          .map(([type, own]) => [type, Object.fromEntries(own)]),
      ),
  });
}

type Types = ReadonlyMap<string, Message | Enum>;
type Filling = { -readonly [Key in keyof Message]: Message[Key] };

/** Types name each other: each is there before its fields are. */
function shellOf(type: NamedType): Message | Enum {
  const fullName = `${GRPC_PACKAGE}.${type.name}`;
  if (type.kind === 'enum') return { kind: 'enum', fullName, values: [] };
  return {
    kind: 'message',
    fullName,
    fields: [],
    ...(type.kind === 'union' ? { union: type.tag } : {}),
  };
}

function fill(type: NamedType, types: Types, give: Give): void {
  const shell = types.get(type.name);
  if (type.kind === 'enum') {
    const prefix = screaming(type.name);
    const values = type.values.map((word) => ({
      name: `${prefix}_${screaming(word).replace(/^_/, '')}`,
      number: give(type.name, word),
      word,
    }));
    Object.assign(shell ?? {}, {
      values: [{ name: `${prefix}_UNSPECIFIED`, number: 0 }, ...values],
      reserved: give.gone(type.name, type.values),
    });
    return;
  }
  const message = shell as Filling; // no enum, as its type says
  const fields =
    type.kind === 'object'
      ? objectFields(type.name, type.fields, type.io, types, give)
      : unionFields(type, types, give);
  message.fields = fields;
  message.reserved = give.gone(
    type.name,
    fields.map(({ key }) => key),
  );
}

function objectFields(
  name: string,
  fields: readonly Field[],
  io: 'input' | 'output',
  types: Types,
  give: Give,
): ProtoField[] {
  const own = fields.map((field) => fieldOf(name, field, types, give));
  if (io === 'output' || !fields.some(canBeCleared)) return own;
  if (fields.some((field) => field.name === CLEARED))
    throw new Error(`${name} has a field ${CLEARED}, which gRPC needs for itself: rename it.`);
  return [
    ...own,
    {
      name: CLEARED,
      key: CLEARED,
      number: give(name, CLEARED),
      type: 'string',
      label: 'repeated',
      doc: 'Names of fields, as in JSON, that are to be emptied: what is left out stays as it is.',
    },
  ];
}

/** To leave it out and to empty it are two things. */
export function canBeCleared({ value, required }: Field): boolean {
  return !required && (value.nullable || value.shape.kind === 'list' || value.shape.kind === 'map');
}

function unionFields(type: Extract<NamedType, { kind: 'union' }>, types: Types, give: Give): ProtoField[] {
  return type.members.map(({ tag, type: member }) => ({
    name: snake(tag),
    key: jsonNameOf(snake(tag)),
    number: give(type.name, jsonNameOf(snake(tag))),
    type: named(types, member.name),
    label: 'plain',
    oneof: snake(type.tag),
    tag,
  }));
}

function fieldOf(message: string, { name, value, required }: Field, types: Types, give: Give): ProtoField {
  const { type, label } = typeOf(value, types);
  const bare = label === 'plain' && (typeof type === 'string' || type.kind === 'enum');
  return {
    name: snake(name),
    key: name,
    number: give(message, name),
    type,
    label: bare && (!required || value.nullable) ? 'optional' : label,
  };
}

function typeOf({ shape }: ShapeValue, types: Types): Pick<ProtoField, 'type' | 'label'> {
  if (shape.kind !== 'list' && shape.kind !== 'map') return { type: singleOf(shape, types), label: 'plain' };
  const { shape: inner, nullable } = shape.of;
  // Neither lists of lists nor nulls in a list can be said; as JSON they can.
  if (nullable || inner.kind === 'list' || inner.kind === 'map') {
    if (inner.kind === 'json') return { type: Value, label: shape.kind === 'list' ? 'repeated' : 'map' };
    return { type: Value, label: 'plain' };
  }
  return { type: singleOf(inner, types), label: shape.kind === 'list' ? 'repeated' : 'map' };
}

function singleOf(shape: Shape, types: Types): ProtoField['type'] {
  switch (shape.kind) {
    case 'text':
    case 'id':
    case 'moment':
      return 'string';
    case 'number':
      return 'double';
    case 'integer':
      return shape.wide ? 'int64' : 'int32';
    case 'flag':
      return 'bool';
    case 'enum':
    case 'object':
    case 'union':
      return named(types, shape.name);
    default:
      return Value;
  }
}

function requestOf(name: string, { params, query, body }: OperationShape, types: Types, give: Give): Message {
  const bare = { nullable: false } as const;
  const parts: Field[] = [...params, ...query];
  if (body !== undefined && body !== 'raw') parts.push({ name: INPUT, value: body, required: true });
  const fields = parts.map((field) => fieldOf(name, field, types, give));
  if (body === 'raw') {
    fields.push(
      { name: BODY, key: BODY, number: give(name, BODY), type: 'bytes', label: 'plain' },
      fieldOf(
        name,
        { name: CONTENT_TYPE, value: { shape: { kind: 'text' }, ...bare }, required: false },
        types,
        give,
      ),
    );
  }
  const keys = fields.map(({ key }) => key);
  if (new Set(keys).size < keys.length) throw new Error(`${name} has two fields of one name.`);
  return { kind: 'message', fullName: `${GRPC_PACKAGE}.${name}`, fields, reserved: give.gone(name, keys) };
}

function answerOf(
  name: string,
  { answer }: OperationShape,
  types: Types,
  give: Give,
): { readonly output: Message; readonly wrapped: string | undefined } {
  if (typeof answer === 'string') return { output: Empty, wrapped: undefined };
  if (answer.shape.kind === 'object' && !answer.nullable) {
    const output = named(types, answer.shape.name);
    if (output.kind === 'message') return { output, wrapped: undefined };
  }
  const wrapped = 'result';
  const fields = [fieldOf(name, { name: wrapped, value: answer, required: true }, types, give)];
  return { output: { kind: 'message', fullName: `${GRPC_PACKAGE}.${name}`, fields }, wrapped };
}

function named(types: Types, name: string): Message | Enum {
  const type = types.get(name);
  if (type === undefined) throw new Error(`The API has no type ${name}.`);
  return type;
}

function refuseTwice(all: readonly (Message | Enum)[]): void {
  const twice = [...Map.groupBy(all, ({ fullName }) => fullName)].find(([, some]) => some.length > 1);
  if (twice !== undefined)
    throw new Error(`Two messages are called ${twice[0]}: rename a route or a schema.`);
}

function snake(name: string): string {
  return screaming(name).toLowerCase();
}
