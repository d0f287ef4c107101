/**
 * A small language for structural OpenAPI schemas from which TypeScript infers the type of the stored object.
 * One value gives the CRD's schema, its defaults, its documentation and the type the operator works with.
 */

/** The part of OpenAPI v3 that Kubernetes calls structural. */
export interface Structural {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Structural>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Structural;
  readonly items?: Structural;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly Rule[];
}

/** A CEL rule; `message` says what is wrong and how to mend it. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

type Presence = 'required' | 'optional' | 'defaulted';

/** A field of an object: its schema, whether it may be absent, and (for the compiler only) its type. */
export interface Field<T = unknown, P extends Presence = Presence> {
  readonly schema: Structural;
  readonly presence: P;
  readonly type?: T;
}

/** The type of the object as the API server stores it: defaulted fields are always there. */
export type Infer<F> = F extends Field<infer T, Presence> ? T : never;

type Shape = Readonly<Record<string, Field>>;
type Flat<T> = { readonly [K in keyof T]: T[K] };
type Given<S extends Shape> = {
  [K in keyof S as S[K]['presence'] extends 'optional' ? never : K]: Infer<S[K]>;
};
type Perhaps<S extends Shape> = {
  [K in keyof S as S[K]['presence'] extends 'optional' ? K : never]?: Infer<S[K]>;
};
export type ObjectOf<S extends Shape> = Flat<Given<S> & Perhaps<S>>;

interface StringLimits {
  readonly min?: number;
  readonly max: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly rules?: readonly Rule[];
}

export function string(description: string, limits: StringLimits): Field<string, 'required'> {
  return required({
    type: 'string',
    description,
    ...(limits.min === undefined ? {} : { minLength: limits.min }),
    maxLength: limits.max,
    ...(limits.pattern === undefined ? {} : { pattern: limits.pattern }),
    ...(limits.format === undefined ? {} : { format: limits.format }),
    ...rulesOf(limits.rules),
  });
}

export function oneOf<const V extends string>(
  description: string,
  values: readonly V[],
): Field<V, 'required'> {
  return required({ type: 'string', description, enum: values });
}

export function integer(
  description: string,
  limits: { readonly min: number; readonly max: number },
): Field<number, 'required'> {
  return required({
    type: 'integer',
    format: 'int64',
    description,
    minimum: limits.min,
    maximum: limits.max,
  });
}

export function boolean(description: string): Field<boolean, 'required'> {
  return required({ type: 'boolean', description });
}

interface ListLimits {
  readonly min?: number;
  readonly max: number;
  readonly mapKeys?: readonly string[];
  readonly rules?: readonly Rule[];
}

/** Lists are atomic unless `mapKeys` names what identifies an item. */
export function list<T>(
  description: string,
  items: Field<T>,
  limits: ListLimits,
): Field<readonly T[], 'required'> {
  return required({
    type: 'array',
    description,
    items: items.schema,
    ...(limits.min === undefined ? {} : { minItems: limits.min }),
    maxItems: limits.max,
    'x-kubernetes-list-type': limits.mapKeys === undefined ? 'atomic' : 'map',
    ...(limits.mapKeys === undefined ? {} : { 'x-kubernetes-list-map-keys': limits.mapKeys }),
    ...rulesOf(limits.rules),
  });
}

export function map<T>(
  description: string,
  values: Field<T>,
  limits: { readonly max: number; readonly rules?: readonly Rule[] },
): Field<Readonly<Record<string, T>>, 'required'> {
  return required({
    type: 'object',
    description,
    additionalProperties: values.schema,
    maxProperties: limits.max,
    ...rulesOf(limits.rules),
  });
}

export function object<const S extends Shape>(
  description: string,
  shape: S,
  rules?: readonly Rule[],
): Field<ObjectOf<S>, 'required'> {
  const names = Object.entries(shape).filter(([, field]) => field.presence === 'required');
  return required({
    type: 'object',
    description,
    properties: Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, field.schema])),
    ...(names.length === 0 ? {} : { required: names.map(([name]) => name) }),
    ...rulesOf(rules),
  });
}

/** The field may be absent. */
export function optional<T>(field: Field<T>): Field<T, 'optional'> {
  return { schema: field.schema, presence: 'optional' };
}

/** The API server fills the field in when it is absent. */
export function defaulted<T>(field: Field<T>, value: unknown): Field<T, 'defaulted'> {
  return { schema: { ...field.schema, default: value }, presence: 'defaulted' };
}

function required<T>(schema: Structural): Field<T, 'required'> {
  return { schema, presence: 'required' };
}

function rulesOf(rules: readonly Rule[] | undefined): Pick<Structural, 'x-kubernetes-validations'> {
  return rules === undefined || rules.length === 0 ? {} : { 'x-kubernetes-validations': rules };
}

/** A copy of `value` with the schema's defaults filled in, as the API server does at admission. */
export function withDefaults(schema: Structural, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = schema.items;
    return items === undefined ? value : value.map((item) => withDefaults(items, item));
  }
  if (!isRecord(value)) return value;
  const result: Record<string, unknown> = { ...value };
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (result[name] === undefined && property.default !== undefined) {
      result[name] = structuredClone(property.default);
    }
    if (result[name] !== undefined) result[name] = withDefaults(property, result[name]);
  }
  const extra = schema.additionalProperties;
  if (extra !== undefined)
    for (const name of Object.keys(result)) result[name] = withDefaults(extra, result[name]);
  return result;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
