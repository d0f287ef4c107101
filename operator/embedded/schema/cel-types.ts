/**
 * Schemas and values as CEL sees them: each object of a schema is a type of its own, integers are exact, times are times.
 */
import type { Environment } from '@marcbachmann/cel-js';
import { isObject, type Json, type JsonObject, type Schema } from './schema.ts';

/** Gives the types of one custom resource's schema to an environment and converts values to them. */
export type CelTypes = {
  /** The CEL type of a schema node; undefined where rules cannot see the value. `root` adds apiVersion, kind and metadata. */
  typeOf(schema: Schema, root: boolean): string | undefined;
  /** A value as the type that {@link typeOf} names. */
  toCel(value: Json, schema: Schema, root: boolean): unknown;
};

/** Property names that CEL cannot say are escaped; undefined for those that rules cannot reach at all. */
function escapeProperty(name: string): string | undefined {
  if (reserved.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_][A-Za-z0-9_./-]*$/.test(name)) return undefined;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}

const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return'.split(
    ' ',
  ),
);

const metadataSchema: Schema = {
  type: 'object',
  properties: { name: { type: 'string' }, generateName: { type: 'string' } },
};
const rootProperties: Readonly<Record<string, Schema>> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: metadataSchema,
};

/** @param duration makes the environment's own duration value of a text. */
export function celTypes(environment: Environment, duration: (text: string) => unknown): CelTypes {
  const plain = new Map<Schema, Instance>();
  const roots = new Map<Schema, Instance>();
  let count = 0;

  const instance = (schema: Schema, root: boolean): Instance => {
    const known = (root ? roots : plain).get(schema);
    if (known !== undefined) return known;
    count += 1;
    const made = new Instance(`selfType${count}`);
    (root ? roots : plain).set(schema, made);
    const fields: Record<string, string> = {};
    for (const [name, property] of Object.entries(propertiesOf(schema, root))) {
      const type = typeOf(property, property['x-kubernetes-embedded-resource'] === true);
      const escaped = escapeProperty(name);
      if (type !== undefined && escaped !== undefined)
        fields[escaped] = property.nullable === true ? 'dyn' : type;
    }
    environment.registerType({ name: made.name, ctor: made.constructorOf, fields });
    environment.registerOperator(`${made.name} == ${made.name}`, equalValues);
    return made;
  };

  const typeOf = (schema: Schema, root: boolean): string | undefined => {
    if (schema['x-kubernetes-int-or-string'] === true) return 'dyn';
    if (schema.type === 'object' || root) return objectType(schema, root);
    if (schema.type !== 'array') return scalarType(schema);
    const items = schema.items;
    const item =
      items === undefined ? undefined : typeOf(items, items['x-kubernetes-embedded-resource'] === true);
    return item === undefined ? undefined : `list<${items?.nullable === true ? 'dyn' : item}>`;
  };

  const objectType = (schema: Schema, root: boolean): string | undefined => {
    const rest = schema.additionalProperties;
    if (typeof rest !== 'object') return instance(schema, root).name;
    const value = typeOf(rest, rest['x-kubernetes-embedded-resource'] === true);
    return value === undefined ? undefined : `map<string, ${rest.nullable === true ? 'dyn' : value}>`;
  };

  const toCel = (value: Json, schema: Schema, root: boolean): unknown => {
    if (value === null) return null;
    if (Array.isArray(value)) {
      const { items } = schema;
      return items === undefined
        ? value
        : value.map((item) => toCel(item, items, items['x-kubernetes-embedded-resource'] === true));
    }
    return isObject(value) ? objectToCel(value, schema, root) : scalarToCel(value, schema, duration);
  };

  const objectToCel = (value: JsonObject, schema: Schema, root: boolean): unknown => {
    const rest = schema.additionalProperties;
    if (typeof rest === 'object') {
      return new Map(
        Object.entries(value).map(([key, item]) => [
          key,
          toCel(item, rest, rest['x-kubernetes-embedded-resource'] === true),
        ]),
      );
    }
    const made = new (instance(schema, root).constructorOf)();
    for (const [name, property] of Object.entries(propertiesOf(schema, root))) {
      const item = Object.hasOwn(value, name) ? value[name] : undefined;
      const escaped = escapeProperty(name);
      if (item === undefined || escaped === undefined) continue;
      made.set(escaped, toCel(item, property, property['x-kubernetes-embedded-resource'] === true));
    }
    return made;
  };

  return { typeOf, toCel };
}

/** The class of the objects of one schema node: CEL tells types apart by constructor. */
class Instance {
  readonly name: string;
  readonly constructorOf: new () => Map<string, unknown>;
  constructor(name: string) {
    this.name = name;
    this.constructorOf = class extends Map<string, unknown> {};
  }
}

function propertiesOf(schema: Schema, root: boolean): Readonly<Record<string, Schema>> {
  return root ? { ...schema.properties, ...rootProperties } : (schema.properties ?? {});
}

function scalarType(schema: Schema): string | undefined {
  switch (schema.type) {
    case 'integer':
      return 'int';
    case 'number':
      return 'double';
    case 'boolean':
      return 'bool';
    case 'string':
      return stringTypes[schema.format ?? ''] ?? 'string';
    default:
      return undefined;
  }
}

const stringTypes: Record<string, string> = {
  byte: 'bytes',
  duration: 'google.protobuf.Duration',
  date: 'google.protobuf.Timestamp',
  'date-time': 'google.protobuf.Timestamp',
};

function scalarToCel(
  value: string | number | boolean,
  schema: Schema,
  duration: (text: string) => unknown,
): unknown {
  if (typeof value === 'number')
    return schema.type === 'number' || !Number.isInteger(value) ? value : BigInt(value);
  if (typeof value !== 'string' || schema.type !== 'string') return value;
  switch (stringTypes[schema.format ?? '']) {
    case 'bytes':
      return new Uint8Array(Buffer.from(value, 'base64'));
    case 'google.protobuf.Duration':
      return duration(value);
    case 'google.protobuf.Timestamp':
      return new Date(value);
    default:
      return value;
  }
}

/** Deep equality of CEL values. */
function equalValues(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => equalValues(item, b[index]));
  if (a instanceof Map)
    return (
      b instanceof Map &&
      a.size === b.size &&
      [...a].every(([key, item]) => b.has(key) && equalValues(item, b.get(key)))
    );
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null)
    return a.constructor === b.constructor && String(a) === String(b);
  return false;
}
