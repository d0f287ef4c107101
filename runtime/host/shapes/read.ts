/** Reads a zod schema as a shape. What it cannot say in types, a shape of kind `json` lets through and the schema still judges. */
import type { ZodType } from 'zod';
import type { Field, Io, Member, NamedType, ObjectType, Shape, UnionType, Value } from './shapes.ts';
import { pascal, singular } from './words.ts';

/** A type that has yet to get its name. */
export interface Unnamed {
  readonly type: NamedType;
  /** From the best to the longest, which is unique. */
  readonly names: readonly string[];
}

export interface Reader {
  value(schema: ZodType, io: Io, place: Place): Value;
  /** Of an object's schema: its fields, without a type for it. */
  fields(schema: ZodType | undefined, io: Io, place: Place): Field[];
  readonly types: readonly Unnamed[];
}

export interface Place {
  readonly domain: string;
  /** What the object around it is called, or the operation. */
  readonly parent: string;
  /** Absent: it is the whole answer, or the whole body. */
  readonly field?: string;
}

const MOST_32_BITS = 2 ** 31 - 1;

/** @param exported name of a schema, for those that a domain exports */
export function createReader(exported: (domain: string, schema: ZodType) => string | undefined): Reader {
  const types: Unnamed[] = [];
  const objects = new Map<unknown, Record<Io, ObjectType | undefined>>();
  const enums = new Map<string, Extract<NamedType, { kind: 'enum' }>>();

  function read(schema: ZodType, io: Io, place: Place): Read {
    const def = defOf(schema);
    switch (def.type) {
      case 'optional':
      case 'exact_optional':
        return { ...read(innerOf(def), io, place), required: false };
      case 'default':
      case 'prefault': {
        const inner = read(innerOf(def), io, place);
        return io === 'output' ? inner : { ...inner, required: false, fallback: def.defaultValue };
      }
      case 'nullable':
        return { ...read(innerOf(def), io, place), nullable: true };
      case 'nonoptional':
        return { ...read(innerOf(def), io, place), required: true };
      case 'readonly':
      case 'catch':
      case 'success':
        return read(innerOf(def), io, place);
      case 'lazy':
        return read(needed(def.getter)(), io, place);
      case 'pipe':
        return readPipe(def, io, place);
      case 'union':
        return readUnion(schema, def, io, place);
      case 'undefined':
      case 'void':
        return { shape: { kind: 'json' }, nullable: true, required: false };
      default:
        return { shape: shapeOf(schema, def, io, place), nullable: false, required: true };
    }
  }

  function readPipe(def: Def, io: Io, place: Place): Read {
    const before = needed(def.in);
    const after = needed(def.out);
    if (io === 'output') return read(after, io, place);
    const from = read(before, io, place);
    if (bare(before) !== 'string') return from;
    if (bare(after) === 'boolean') return { ...from, shape: { kind: 'flag', written: ['true', 'false'] } };
    if (bare(after) === 'array' && splitsAtCommas(before)) {
      const { shape } = read(after, io, place);
      if (shape.kind === 'list') return { ...from, shape: { ...shape, separated: true } };
    }
    return bare(after) === 'transform'
      ? from
      : { ...from, shape: narrower(from.shape, read(after, io, place)) };
  }

  function readUnion(schema: ZodType, def: Def, io: Io, place: Place): Read {
    const all = (def.options ?? []).map((option) => ({ option, def: defOf(option) }));
    const options = all.filter((one) => one.def.type !== 'null' && one.def.type !== 'undefined');
    const nullable = all.some((one) => one.def.type === 'null');
    const required = !all.some((one) => one.def.type === 'undefined');
    const [only] = options;
    if (only !== undefined && options.length === 1)
      return { ...read(only.option, io, place), ...(nullable ? { nullable } : {}) };
    const words = options.map((one) => wordsIn(one.def));
    if (words.every((one) => one !== undefined))
      return { shape: enumOf(schema, words.flat(), place), nullable, required };
    const tag = def.discriminator;
    if (tag !== undefined && options.every((one) => one.def.type === 'object'))
      return {
        shape: unionOf(
          schema,
          tag,
          options.map((one) => one.option),
          io,
          place,
        ),
        nullable,
        required,
      };
    return { shape: { kind: 'json' }, nullable, required };
  }

  function shapeOf(schema: ZodType, def: Def, io: Io, place: Place): Shape {
    switch (def.type) {
      case 'string':
      case 'template_literal':
        return textOf(def, place);
      case 'number':
        return numberOf(schema, def);
      case 'bigint':
        return { kind: 'integer', wide: true };
      case 'boolean':
        return { kind: 'flag' };
      case 'date':
        return { kind: 'moment' };
      case 'enum':
      case 'literal':
        return literalOf(schema, def, place);
      case 'array': {
        const field = place.field === undefined ? undefined : singular(place.field);
        const element = read(needed(def.element), io, {
          ...place,
          ...(field === undefined ? {} : { field }),
        });
        return { kind: 'list', of: valueOf(element), most: boundOf(schema, 'max_length') };
      }
      case 'record':
        return { kind: 'map', of: valueOf(read(needed(def.valueType), io, place)) };
      case 'object':
        return objectOf(schema, io, place) ?? { kind: 'json' };
      default:
        return { kind: 'json' };
    }
  }

  function literalOf(schema: ZodType, def: Def, place: Place): Shape {
    const words = wordsIn(def);
    if (words?.every((word) => word === 'true' || word === 'false')) return { kind: 'flag', written: words };
    // One word is no choice.
    if (words !== undefined) return words.length === 1 ? { kind: 'text' } : enumOf(schema, words, place);
    const [value] = def.values ?? [];
    if (typeof value === 'boolean') return { kind: 'flag' };
    if (typeof value === 'number') return { kind: 'integer', wide: true };
    return { kind: 'json' };
  }

  /** The same words in fields of one name are one enum: it is called after the shortest of the objects around it. */
  function enumOf(schema: ZodType, values: readonly string[], place: Place): Shape {
    const { domain, parent, field = '' } = place;
    const name = exported(domain, schema);
    const key = JSON.stringify([domain, name ?? field, values]);
    const known = enums.get(key);
    if (known !== undefined) return known;
    const type = { kind: 'enum', name: '', domain, values } as const;
    enums.set(key, type);
    types.push({ type, names: namesFor(domain, name, parent, field).flatMap((one) => [one, `${one}Kind`]) });
    return type;
  }

  function objectOf(schema: ZodType, io: Io, place: Place): ObjectType | undefined {
    const def = defOf(schema);
    const shape = def.shape ?? {};
    if (Object.keys(shape).length === 0 && def.catchall !== undefined) return undefined;
    const both = objects.get(schema) ?? { input: undefined, output: undefined };
    objects.set(schema, both);
    const known = both[io];
    if (known !== undefined) return known;
    const { domain, parent, field } = place;
    const type: ObjectType = { kind: 'object', name: '', domain, io, fields: [] };
    both[io] = type;
    const names = namesFor(domain, exported(domain, schema), parent, field ?? '').map((name) =>
      io === 'input' && !name.endsWith('Input') ? `${name}Input` : name,
    );
    types.push({ type, names });
    type.fields = fields(schema, io, { domain, parent: names[0] ?? parent });
    return type;
  }

  function unionOf(
    schema: ZodType,
    tag: string,
    options: readonly ZodType[],
    io: Io,
    place: Place,
  ): UnionType {
    const { domain, parent, field } = place;
    const type: UnionType = { kind: 'union', name: '', domain, io, tag, members: [] };
    const names = namesFor(domain, exported(domain, schema), parent, field ?? '').map((name) =>
      io === 'input' ? `${name}Input` : name,
    );
    types.push({ type, names });
    type.members = options.flatMap((option): Member[] => {
      const words = wordsIn(defOf(needed(defOf(option).shape?.[tag]))) ?? [];
      const member = objectOf(option, io, {
        domain,
        parent: (names[0] ?? '').replace(/Input$/, ''),
        field: words[0] ?? '',
      });
      return member === undefined ? [] : words.map((word) => ({ tag: word, type: member }));
    });
    return type;
  }

  function fields(schema: ZodType | undefined, io: Io, place: Place): Field[] {
    if (schema === undefined) return [];
    const def = defOf(schema);
    if (def.type !== 'object') return def.innerType === undefined ? [] : fields(def.innerType, io, place);
    return Object.entries(def.shape ?? {}).map(([name, one]) => {
      const { required, fallback, ...value } = read(one, io, { ...place, field: name });
      return { name, value, required, ...(fallback === undefined ? {} : { fallback }) };
    });
  }

  return { value: (schema, io, place) => valueOf(read(schema, io, place)), fields, types };
}

interface Read extends Value {
  readonly required: boolean;
  readonly fallback?: unknown;
}

function valueOf({ shape, nullable, required }: Read): Value {
  return { shape, nullable: nullable || !required };
}

function namesFor(domain: string, name: string | undefined, parent: string, field: string): string[] {
  const own = name ?? `${pascal(parent).replace(/Input$/, '')}${pascal(field)}`;
  const long = own.startsWith(pascal(domain)) ? `${own}Of${pascal(domain)}` : `${pascal(domain)}${own}`;
  return [own, long];
}

/** Ids and moments are told by how a field is called where its schema says no more than that it is text. */
function textOf(def: Def, { field = '' }: Place): Shape {
  if (def.format === 'datetime' || /[a-z]At$/.test(field)) return { kind: 'moment' };
  return { kind: /^id$|[a-z]Ids?$/.test(field) ? 'id' : 'text' };
}

function numberOf(schema: ZodType, def: Def): Shape {
  const whole = ['safeint', 'int32', 'uint32'];
  const isWhole = [def, ...checksOf(schema)].some(
    ({ format }) => format !== undefined && whole.includes(format),
  );
  if (!isWhole) return { kind: 'number' };
  const most = boundOf(schema, 'less_than') ?? Infinity;
  const least = boundOf(schema, 'greater_than') ?? -Infinity;
  return { kind: 'integer', wide: most > MOST_32_BITS || least < -MOST_32_BITS };
}

/** `z.string().trim().pipe(z.iso.datetime())` is a moment, although it begins as text. */
function narrower(before: Shape, { shape }: Read): Shape {
  return before.kind === 'text' && shape.kind === 'moment' ? shape : before;
}

/** Whether what the schema makes of `a,b` is a list of both: a function cannot be read, but it can be asked. */
function splitsAtCommas(schema: ZodType): boolean {
  const { type, out } = defOf(schema);
  if (type !== 'pipe' || out === undefined) return false;
  const { transform } = defOf(out);
  if (transform === undefined) return false;
  try {
    const made = transform('a,b', { value: 'a,b', issues: [] });
    return Array.isArray(made) && made.length === 2 && made[0] === 'a' && made[1] === 'b';
  } catch {
    return false; // It wants something else.
  }
}

/** What stands there below optional, nullable and default. Of a pipe: what comes in. */
function bare(schema: ZodType): string {
  const def = defOf(schema);
  if (def.type === 'pipe') return bare(needed(def.in));
  return def.innerType === undefined ? def.type : bare(def.innerType);
}

function wordsIn(def: Def): string[] | undefined {
  const values =
    def.type === 'enum' ? Object.values(def.entries ?? {}) : def.type === 'literal' ? def.values : undefined;
  return values?.every((value) => typeof value === 'string') ? [...values] : undefined;
}

function boundOf(schema: ZodType, check: string): number | undefined {
  const bounds = checksOf(schema)
    .filter((one) => one.check === check)
    .map(({ value, maximum }) => Number(value ?? maximum));
  return bounds.length === 0
    ? undefined
    : check === 'greater_than'
      ? Math.max(...bounds)
      : Math.min(...bounds);
}

function checksOf(schema: ZodType): Def[] {
  return (defOf(schema).checks ?? []).map((check) => check._zod.def);
}

/** What zod keeps of a schema, as far as it is read here. */
interface Def {
  readonly type: string;
  readonly format?: string;
  readonly check?: string;
  readonly value?: unknown;
  readonly maximum?: number;
  readonly innerType?: ZodType;
  readonly defaultValue?: unknown;
  readonly in?: ZodType;
  readonly out?: ZodType;
  readonly transform?: (value: unknown, payload: unknown) => unknown;
  readonly getter?: () => ZodType;
  readonly options?: readonly ZodType[];
  readonly discriminator?: string;
  readonly element?: ZodType;
  readonly valueType?: ZodType;
  readonly shape?: Readonly<Record<string, ZodType>>;
  readonly catchall?: ZodType;
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly values?: readonly unknown[];
  readonly checks?: readonly { readonly _zod: { readonly def: Def } }[];
}

function defOf(schema: ZodType): Def {
  return schema._zod.def as unknown as Def; // every kind of schema has some of these
}

function innerOf(def: Def): ZodType {
  return needed(def.innerType);
}

function needed<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('A schema of zod lacks a part that its kind always has.');
  return part;
}
