/** Between what GraphQL says and what the routes' schemas hear: enums, maps, unions and texts that mean more than text. */
import { ShopError } from '../../platform/errors.ts';
import type { Field, ObjectType, Shape, UnionType, Value } from '../shapes/shapes.ts';
import { screaming } from '../shapes/words.ts';
import { memberName } from './sdl.ts';

/** What a client gave, as the route's schema wants it; `undefined` where nothing was given. */
export function encode(value: unknown, of: Value): unknown {
  if (value === undefined) return undefined;
  // Null for what has no null means: not given.
  if (value === null) return of.nullable ? null : undefined;
  const { shape } = of;
  switch (shape.kind) {
    case 'enum':
      return shape.values.find((one) => screaming(one) === value) ?? value;
    case 'flag':
      return shape.written === undefined ? value : writtenFlag(value === true, shape.written);
    case 'list': {
      const all = (value as readonly unknown[]).map((one) => encode(one, shape.of)); // GraphQL has made it a list
      return shape.separated === true ? all.map(String).join(',') : all;
    }
    case 'map': {
      if (shape.of.shape.kind === 'json') return value;
      const entries = value as readonly { key: string; value: unknown }[]; // as its input type says
      return Object.fromEntries(entries.map((entry) => [entry.key, encode(entry.value, shape.of)]));
    }
    case 'object':
      return encodeObject(value as Readonly<Record<string, unknown>>, shape.fields); // as its input type says
    case 'union':
      return encodeMember(value as Readonly<Record<string, unknown>>, shape); // as above
    default:
      return value;
  }
}

function encodeObject(
  given: Readonly<Record<string, unknown>>,
  fields: readonly Field[],
): Record<string, unknown> {
  return Object.fromEntries(
    fields.flatMap(({ name, value }) => {
      const encoded = Object.hasOwn(given, name) ? encode(given[name], value) : undefined;
      return encoded === undefined ? [] : [[name, encoded]];
    }),
  );
}

function encodeMember(given: Readonly<Record<string, unknown>>, { name, tag, members }: UnionType): unknown {
  const [one, ...others] = members.flatMap((member) => {
    const value = given[memberName(member.tag)];
    return value === undefined || value === null ? [] : [{ member, value }];
  });
  if (one === undefined || others.length > 0) {
    const names = members.map((member) => memberName(member.tag)).join(', ');
    throw new ShopError('invalid_input', `${name} is exactly one of ${names}.`, {
      remedy: 'Give one of them.',
    });
  }
  const inner = one.value as Readonly<Record<string, unknown>>; // as its input type says
  return { ...encodeObject(inner, one.member.type.fields), [tag]: one.member.tag };
}

/** A schema that knows only `true` hears nothing of false. */
function writtenFlag(value: boolean, written: readonly string[]): string | undefined {
  return written.includes(String(value)) ? String(value) : undefined;
}

/** How a field of an answer is read; `undefined`: as it is. */
export function decoderOf(shape: Shape): ((value: unknown) => unknown) | undefined {
  switch (shape.kind) {
    case 'enum':
      return (value) => (typeof value === 'string' ? screaming(value) : value);
    case 'flag':
      return shape.written === undefined
        ? undefined
        : (value) => (typeof value === 'string' ? value === 'true' : value);
    case 'list': {
      const decode = decoderOf(shape.of.shape);
      return decode === undefined
        ? undefined
        : (value) => (Array.isArray(value) ? value.map((one) => (one === null ? null : decode(one))) : value);
    }
    case 'map': {
      if (shape.of.shape.kind === 'json') return undefined;
      const decode = decoderOf(shape.of.shape) ?? ((value) => value);
      return (value) =>
        typeof value === 'object' && value !== null
          ? Object.entries(value).map(([key, one]) => ({ key, value: decode(one) }))
          : value;
    }
    default:
      return undefined;
  }
}

/** Which member an answer of a union is. */
export function memberOf({ tag, members }: UnionType, value: unknown): ObjectType | undefined {
  const given = typeof value === 'object' && value !== null && tag in value ? Object.entries(value) : [];
  const word = given.find(([name]) => name === tag)?.[1];
  return members.find((one) => one.tag === word)?.type;
}
