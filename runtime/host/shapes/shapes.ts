/**
 * What goes in and out of the API, without zod and without any protocol: GraphQL's schema is drawn from this.
 * Types are values with a name; a type that two places use is one value.
 */
import type { RouteDefinition } from '../../platform/definition.ts';

export type Shape =
  | { readonly kind: 'text' | 'id' | 'moment' | 'number' | 'json' }
  /** `wide`: may pass 32 bits, never 2^53. */
  | { readonly kind: 'integer'; readonly wide: boolean }
  /** `written`: the schema wants the words `true` and `false`; of these only the named ones. */
  | { readonly kind: 'flag'; readonly written?: readonly string[] }
  /** `separated`: the schema wants one text with commas. */
  | {
      readonly kind: 'list';
      readonly of: Value;
      readonly separated?: boolean;
      readonly most?: number | undefined;
    }
  | { readonly kind: 'map'; readonly of: Value }
  | EnumType
  | ObjectType
  | UnionType;

export interface Value {
  readonly shape: Shape;
  readonly nullable: boolean;
}

export interface Field {
  readonly name: string;
  readonly value: Value;
  /** False: may be left out. */
  readonly required: boolean;
  /** What stands for it when it is left out. */
  readonly fallback?: unknown;
}

interface Named {
  /** Unique among all types of all domains. */
  name: string;
  readonly domain: string;
}

export interface EnumType extends Named {
  readonly kind: 'enum';
  readonly values: readonly string[];
}

export interface ObjectType extends Named {
  readonly kind: 'object';
  readonly io: Io;
  fields: readonly Field[];
}

/** One of several objects, told apart by the value of one field. */
export interface UnionType extends Named {
  readonly kind: 'union';
  readonly io: Io;
  readonly tag: string;
  members: readonly Member[];
}

export interface Member {
  /** Value of the field that tells them apart. */
  readonly tag: string;
  readonly type: ObjectType;
}

export type NamedType = EnumType | ObjectType | UnionType;

export type Io = 'input' | 'output';

/** A route and what it takes and gives. */
export interface OperationShape {
  readonly domain: string;
  readonly route: RouteDefinition;
  readonly params: readonly Field[];
  readonly query: readonly Field[];
  /** Absent: none. */
  readonly body?: Value | 'raw' | undefined;
  /** `nothing`: answered without a body. `bytes`: with something that is not JSON. */
  readonly answer: Value | 'nothing' | 'bytes';
}

export interface ApiShape {
  readonly operations: readonly OperationShape[];
  /** Every named type, in the order in which it is first met. */
  readonly types: readonly NamedType[];
}
