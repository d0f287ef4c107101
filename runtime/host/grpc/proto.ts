/**
 * Protocol Buffers (proto3) as values. From one such file come its text, its descriptor for reflection, and how its messages
 * are written and read, so that the three cannot differ.
 */

export interface ProtoFile {
  /** As other files import it: `google/protobuf/struct.proto`. */
  readonly path: string;
  readonly package: string;
  readonly imports: readonly ProtoFile[];
  readonly messages: readonly Message[];
  readonly enums: readonly Enum[];
  readonly services: readonly Service[];
}

export interface Message {
  readonly kind: 'message';
  /** With its package, and with the message around it if it is nested. */
  readonly fullName: string;
  fields: readonly ProtoField[];
  /** Enums that are named inside of it. */
  readonly enums?: readonly Enum[];
  /** Numbers that fields had once: nothing else may ever have them. */
  readonly reserved?: readonly number[];
  /**
   * Set where the message stands for one of several objects that are told apart by this property: its fields are a choice, and
   * {@link ProtoField.tag} says which value of the property each stands for.
   */
  readonly union?: string;
}

export interface ProtoField {
  readonly name: string;
  /** What it is called in JSON. */
  readonly key: string;
  readonly number: number;
  readonly type: ScalarType | Message | Enum;
  /** `plain` has no presence: a number that is left out is 0. */
  readonly label: 'plain' | 'optional' | 'repeated' | 'map';
  /** Of a choice of fields, the choice's name: at most one of them is given. */
  readonly oneof?: string;
  readonly tag?: string;
  readonly doc?: string;
}

export type ScalarType = 'string' | 'bytes' | 'bool' | 'int32' | 'int64' | 'double';

export interface Enum {
  readonly kind: 'enum';
  readonly fullName: string;
  /** The first has number 0. */
  readonly values: readonly EnumValue[];
  readonly reserved?: readonly number[];
}

export interface EnumValue {
  readonly name: string;
  readonly number: number;
  /** What it is in JSON; absent: nothing, as if the field were not there. */
  readonly word?: string;
}

export interface Service {
  readonly fullName: string;
  readonly doc?: string;
  readonly methods: readonly Method[];
}

export interface Method {
  readonly name: string;
  readonly input: Message;
  readonly output: Message;
  readonly clientStreams?: boolean;
  readonly serverStreams?: boolean;
  readonly doc?: string;
}

/** `shopmind.v1.ProductCard` → `ProductCard`. */
export function baseName(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf('.') + 1);
}

/** `price_range` → `priceRange`, as every implementation of proto3 reckons it. */
export function jsonNameOf(name: string): string {
  return name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `values.byKey` → `ByKeyEntry`: what a map's hidden message is called. */
export function entryName(name: string): string {
  const camel = jsonNameOf(name);
  return `${camel.charAt(0).toUpperCase()}${camel.slice(1)}Entry`;
}

/** A field without ceremony: number, name, type, label, the choice it belongs to. */
export type FieldTuple = readonly [
  number: number,
  name: string,
  type: ProtoField['type'],
  label?: ProtoField['label'],
  oneof?: string,
];

export function fieldsOf(...fields: readonly FieldTuple[]): ProtoField[] {
  return fields.map(([number, name, type, label = 'plain', oneof]) => ({
    name,
    key: jsonNameOf(name),
    number,
    type,
    label,
    ...(oneof === undefined ? {} : { oneof }),
  }));
}

export function message(fullName: string, ...fields: readonly FieldTuple[]): Message {
  return { kind: 'message', fullName, fields: fieldsOf(...fields) };
}
