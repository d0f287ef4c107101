/** Between messages and what the routes' schemas hear: what was left out, what is to be emptied, and texts that mean more than text. */
import type { Field, Shape, Value } from '../shapes/shapes.ts';
import { BODY, canBeCleared, CLEARED, CONTENT_TYPE, INPUT, type RpcCall } from './model.ts';
import type { Json } from './wire.ts';

export interface Asked {
  readonly params: Json;
  readonly query: Json;
  readonly body: unknown;
  readonly contentType: string | undefined;
}

/** What a message asks of the route behind its method. */
export function askedBy({ params, query, body }: RpcCall['operation'], message: Json): Asked {
  const contentType = message[CONTENT_TYPE];
  return {
    params: objectIn(message, params),
    query: Object.fromEntries(
      Object.entries(objectIn(message, query)).map(([name, value]) => [
        name,
        written(value, query.find((field) => field.name === name)?.value.shape),
      ]),
    ),
    body:
      body === 'raw' ? message[BODY] : body === undefined ? undefined : valueIn(message[INPUT] ?? {}, body),
    contentType:
      body !== 'raw' ? undefined : typeof contentType === 'string' ? contentType : 'application/json',
  };
}

function objectIn(message: Json, fields: readonly Field[]): Record<string, unknown> {
  const cleared = message[CLEARED];
  const isCleared = (name: string): boolean => Array.isArray(cleared) && cleared.includes(name);
  return Object.fromEntries(
    fields.flatMap((field): [string, unknown][] => {
      const { name, value, required } = field;
      const given = Object.hasOwn(message, name) ? message[name] : undefined;
      if (canBeCleared(field) && isCleared(name))
        return [[name, value.nullable ? null : emptyOf(value.shape)]];
      if (given === undefined) return required && value.nullable ? [[name, null]] : [];
      // Of a list nobody sees whether it was left out.
      return !required && isEmpty(given, value.shape) ? [] : [[name, valueIn(given, value)]];
    }),
  );
}

function valueIn(given: unknown, { shape }: Value): unknown {
  switch (shape.kind) {
    case 'object':
      return isJson(given) ? objectIn(given, shape.fields) : given;
    case 'union': {
      const member = isJson(given) ? shape.members.find(({ tag }) => tag === given[shape.tag]) : undefined;
      return member !== undefined && isJson(given)
        ? { ...objectIn(given, member.type.fields), [shape.tag]: member.tag }
        : given;
    }
    case 'list':
      return Array.isArray(given) ? given.map((one) => valueIn(one, shape.of)) : given;
    case 'map':
      return isJson(given)
        ? Object.fromEntries(Object.entries(given).map(([key, one]) => [key, valueIn(one, shape.of)]))
        : given;
    default:
      return given;
  }
}

/** Queries are text in their schemas: `a,b`, `true`. */
function written(value: unknown, shape: Shape | undefined): unknown {
  if (shape?.kind === 'list' && shape.separated === true && Array.isArray(value)) return value.join(',');
  // A schema that knows only `true` hears nothing of false.
  if (shape?.kind === 'flag' && shape.written !== undefined)
    return shape.written.includes(String(value)) ? String(value) : undefined;
  return value;
}

function emptyOf({ kind }: Shape): unknown {
  return kind === 'map' ? {} : [];
}

function isEmpty(given: unknown, { kind }: Shape): boolean {
  if (kind === 'list') return Array.isArray(given) && given.length === 0;
  return kind === 'map' && isJson(given) && Object.keys(given).length === 0;
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
