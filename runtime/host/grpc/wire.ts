/**
 * Messages as bytes and back (https://protobuf.dev/programming-guides/encoding). Reading trusts nothing: lengths, depth and text are
 * checked, what is not known is passed over, and groups, which proto3 does not have, are refused.
 */
import { ShopError } from '../../platform/errors.ts';
import { Value } from './known.ts';
import type { Enum, Message, ProtoField, ScalarType } from './proto.ts';
import { isRecord } from '../records.ts';

/** What a message is in JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** A message inside a message inside …: no route takes more than a few. */
const MOST_DEEP = 64;

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** What JSON says of no field of the message is left out. @throws TypeError for a value that is not of its field's type */
export function encode(message: Message, value: Json): Buffer {
  const sink: Sink = { bytes: Buffer.allocUnsafe(1_024), at: 1_024 };
  writeMessage(sink, message, value);
  return sink.bytes.subarray(sink.at);
}

/** Fields without presence are there with their defaults. @throws ShopError `invalid_input` */
export function decode(message: Message, bytes: Uint8Array): Json {
  return readMessage({ bytes, at: 0, end: bytes.length }, message, {}, MOST_DEEP);
}

/** Is written from its end to its beginning: the length that stands before a message is known once the message is written. */
interface Sink {
  bytes: Buffer;
  /** Where what is written begins. */
  at: number;
}

function writeMessage(sink: Sink, message: Message, value: Json): void {
  if (message === Value) return writeFields(sink, message.fields, jsonToValue(value));
  if (message.union === undefined) return writeFields(sink, message.fields, value);
  const member = message.fields.find(({ tag }) => tag === value[message.union ?? '']);
  // A member that this message has yet to learn is left out, as proto3 has it of what is unknown.
  if (member !== undefined) writeOne(sink, member, value);
}

function writeFields(sink: Sink, fields: readonly ProtoField[], value: Json): void {
  for (let index = fields.length - 1; index >= 0; index -= 1) {
    const field = fields[index];
    const given = field !== undefined && Object.hasOwn(value, field.key) ? value[field.key] : undefined;
    if (field === undefined || given === undefined || (given === null && field.type !== Value)) continue;
    if (field.label === 'map') {
      for (const entry of Object.entries(given as Json).toReversed()) writeEntry(sink, field, entry); // as the route's schema has it
    } else if (field.label === 'repeated') {
      writeAll(sink, field, given as readonly unknown[]); // as above
    } else if (field.label === 'optional' || field.oneof !== undefined || !isDefault(field.type, given)) {
      writeOne(sink, field, given);
    }
  }
}

function writeEntry(sink: Sink, field: ProtoField, [key, value]: readonly [string, unknown]): void {
  const end = sizeOf(sink);
  writeFields(sink, entryOf(field.type).fields, { key, value });
  writeLength(sink, end, field.number);
}

/** Numbers stand together, without a key for each. */
function writeAll(sink: Sink, field: ProtoField, values: readonly unknown[]): void {
  if (values.length === 0) return;
  if (!isPacked(field.type)) {
    for (const value of values.toReversed()) writeOne(sink, field, value);
    return;
  }
  const end = sizeOf(sink);
  for (const value of values.toReversed()) writeBare(sink, field.type, value);
  writeLength(sink, end, field.number);
}

function writeOne(sink: Sink, { type, number }: ProtoField, value: unknown): void {
  const end = sizeOf(sink);
  writeBare(sink, type, value);
  if (wireTypeOf(type) === BYTES) writeLength(sink, end, number);
  else writeVarint(sink, number * 8 + wireTypeOf(type));
}

/** Without key and length. */
function writeBare(sink: Sink, type: ProtoField['type'], value: unknown): void {
  switch (type) {
    case 'string': {
      const text = textOf(value);
      const length = Buffer.byteLength(text);
      const at = room(sink, length);
      sink.bytes.write(text, at, length, 'utf8');
      return;
    }
    case 'bytes':
      if (!(value instanceof Uint8Array)) throw new TypeError('A field of bytes holds something else.');
      return writeAt(sink, value);
    case 'bool':
      return writeVarint(sink, value === true ? 1 : 0);
    case 'int32':
    case 'int64':
      return writeVarint(sink, numberOf(value));
    case 'double': {
      const at = room(sink, 8);
      sink.bytes.writeDoubleLE(numberOf(value), at);
      return;
    }
    default:
      if (type.kind === 'enum') writeVarint(sink, enumNumber(type, value));
      else writeMessage(sink, type, value as Json); // as the route's schema has it
  }
}

/** @param end size of the sink before what the length is of */
function writeLength(sink: Sink, end: number, number: number): void {
  writeVarint(sink, sizeOf(sink) - end);
  writeVarint(sink, number * 8 + BYTES);
}

/** Seven bits a byte, the lowest first; what is below zero has all 64 bits. */
function writeVarint(sink: Sink, value: number): void {
  if (value >= 0 && value < 128) {
    const at = room(sink, 1);
    sink.bytes[at] = value;
    return;
  }
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  writeAt(sink, bytes);
}

function writeAt(sink: Sink, bytes: ArrayLike<number>): void {
  const at = room(sink, bytes.length);
  sink.bytes.set(bytes, at);
}

function sizeOf({ bytes, at }: Sink): number {
  return bytes.length - at;
}

/** Where `length` more bytes go. The sink may have other bytes afterwards. */
function room(sink: Sink, length: number): number {
  if (length > sink.at) {
    const size = sizeOf(sink);
    const bytes = Buffer.allocUnsafe(2 * (size + length) + 1_024);
    sink.bytes.copy(bytes, bytes.length - size, sink.at);
    sink.bytes = bytes;
    sink.at = bytes.length - size;
  }
  sink.at -= length;
  return sink.at;
}

function wireTypeOf(type: ProtoField['type']): number {
  if (type === 'double') return FIXED64;
  return isPacked(type) ? VARINT : BYTES;
}

function isPacked(type: ProtoField['type']): boolean {
  return typeof type === 'string' ? type !== 'string' && type !== 'bytes' : type.kind === 'enum';
}

function isDefault(type: ProtoField['type'], value: unknown): boolean {
  if (typeof type !== 'string') return type.kind === 'enum' && enumNumber(type, value) === 0;
  if (type === 'bytes') return value instanceof Uint8Array && value.length === 0;
  return value === '' || value === false || Object.is(value, 0);
}

function enumNumber(type: Enum, word: unknown): number {
  return type.values.find((value) => value.word === word)?.number ?? 0;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`A field of text holds a ${typeof value}.`);
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  throw new TypeError(`A field of numbers holds a ${typeof value}.`);
}

interface Source {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
}

/** @param into what the message's field held so far: who sends a message in two parts means both */
function readMessage(
  source: Source,
  message: Message,
  into: Record<string, unknown>,
  depth: number,
): Record<string, unknown> {
  if (depth === 0) throw malformed(`is more than ${MOST_DEEP} messages deep`);
  while (source.at < source.end) {
    const { number, wireType } = readKey(source);
    const field = message.fields.find((one) => one.number === number);
    if (field === undefined) skip(source, wireType);
    else readField(source, message, field, wireType, into, depth);
  }
  for (const field of message.fields)
    if (!Object.hasOwn(into, field.key)) {
      const missing = defaultOf(field);
      if (missing !== undefined) put(into, field.key, missing);
    }
  return into;
}

function readField(
  source: Source,
  message: Message,
  field: ProtoField,
  wireType: number,
  into: Record<string, unknown>,
  depth: number,
): void {
  const { key, type, label, oneof } = field;
  const known = Object.hasOwn(into, key) ? into[key] : undefined;
  if (label === 'map') {
    const entry = readMessage(sized(source, wireType), entryOf(type), {}, depth - 1);
    const map = (known ?? {}) as Record<string, unknown>; // made here
    put(map, String(entry['key']), entry['value'] ?? (type === Value ? null : {}));
    put(into, key, map);
  } else if (label === 'repeated') {
    const list = (known ?? []) as unknown[]; // made here
    if (wireType === BYTES && isPacked(type)) {
      const inner = sized(source, wireType);
      while (inner.at < inner.end) list.push(readBare(inner, type, wireTypeOf(type), undefined, depth));
    } else list.push(readBare(source, type, wireType, undefined, depth));
    put(into, key, list);
  } else {
    const value = readBare(source, type, wireType, known, depth);
    if (oneof !== undefined)
      for (const other of message.fields) if (other.oneof === oneof) delete into[other.key];
    if (value !== undefined) put(into, key, value);
  }
}

/** @returns undefined for a word of an enum that is not known, or that says nothing */
function readBare(
  source: Source,
  type: ProtoField['type'],
  wireType: number,
  known: unknown,
  depth: number,
): unknown {
  if (typeof type !== 'string' && type.kind === 'message') {
    const inner = sized(source, wireType);
    if (type === Value) return valueToJson(readMessage(inner, type, {}, depth - 1));
    const before = type.union === undefined && isRecord(known) ? known : {};
    const read = readMessage(inner, type, before, depth - 1);
    return type.union === undefined ? read : memberIn(type, type.union, read);
  }
  if (wireType !== wireTypeOf(type)) throw malformed('has a field of another type');
  switch (type) {
    case 'string':
      return readText(sized(source, wireType));
    case 'bytes': {
      const { bytes, at, end } = sized(source, wireType);
      return Buffer.from(bytes.subarray(at, end));
    }
    case 'bool':
      return readVarint(source) !== 0n;
    case 'int32':
      return Number(BigInt.asIntN(32, readVarint(source)));
    case 'int64':
      return safe(BigInt.asIntN(64, readVarint(source)));
    case 'double': {
      const { bytes, at } = advance(source, 8);
      return new DataView(bytes.buffer, bytes.byteOffset + at, 8).getFloat64(0, true);
    }
    default: {
      const number = Number(BigInt.asIntN(32, readVarint(source)));
      return type.values.find((value) => value.number === number)?.word;
    }
  }
}

/** Which of several objects was given, with the property by which JSON tells. Absent: none, which the route's schema refuses. */
function memberIn({ fields }: Message, union: string, read: Json): Json | undefined {
  const field = fields.find(({ key }) => read[key] !== undefined);
  return field === undefined ? undefined : { ...(read[field.key] as Json), [union]: field.tag }; // members are messages
}

const entries = new Map<ProtoField['type'], Message>();

function entryOf(type: ProtoField['type']): Message {
  const known = entries.get(type);
  if (known !== undefined) return known;
  const made: Message = {
    kind: 'message',
    fullName: 'Entry',
    fields: [
      { name: 'key', key: 'key', number: 1, type: 'string', label: 'plain' },
      { name: 'value', key: 'value', number: 2, type, label: 'plain' },
    ],
  };
  entries.set(type, made);
  return made;
}

function defaultOf({ type, label, oneof }: ProtoField): unknown {
  if (label === 'repeated') return [];
  if (label === 'map') return {};
  if (label === 'optional' || oneof !== undefined) return undefined;
  if (typeof type !== 'string')
    return type.kind === 'enum' ? type.values.find(({ number }) => number === 0)?.word : undefined;
  return DEFAULTS[type];
}

const DEFAULTS: Readonly<Record<ScalarType, unknown>> = {
  string: '',
  bytes: Buffer.alloc(0),
  bool: false,
  int32: 0,
  int64: 0,
  double: 0,
};

function readKey(source: Source): { number: number; wireType: number } {
  const key = Number(BigInt.asUintN(32, readVarint(source)));
  const number = Math.floor(key / 8);
  if (number === 0) throw malformed('has a field without a number');
  return { number, wireType: key % 8 };
}

function readVarint(source: Source): bigint {
  const first = source.bytes[source.at] ?? 0;
  if (source.at < source.end && first < 128) {
    source.at += 1;
    return BigInt(first);
  }
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (source.at >= source.end) throw malformed('ends within a number');
    const byte = source.bytes[source.at] ?? 0;
    source.at += 1;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return BigInt.asUintN(64, value);
  }
  throw malformed('has a number of more than ten bytes');
}

function sized(source: Source, wireType: number): Source {
  if (wireType !== BYTES) throw malformed('has a field of another type');
  const length = readVarint(source);
  if (length > BigInt(source.end - source.at)) throw malformed('ends within a field');
  return advance(source, Number(length));
}

function advance(source: Source, length: number): Source {
  const { bytes, at, end } = source;
  if (length > end - at) throw malformed('ends within a field');
  source.at = at + length;
  return { bytes, at, end: at + length };
}

function skip(source: Source, wireType: number): void {
  if (wireType === VARINT) readVarint(source);
  else if (wireType === FIXED64) advance(source, 8);
  else if (wireType === FIXED32) advance(source, 4);
  else sized(source, wireType);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readText({ bytes, at, end }: Source): string {
  try {
    return utf8.decode(bytes.subarray(at, end));
  } catch (error) {
    throw malformed('has text that is not UTF-8', error);
  }
}

/** JSON's numbers are exact to 2^53; beyond it a client would be told something else than was meant. */
function safe(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw malformed('has a whole number beyond 2^53');
}

/** A name such as `__proto__` is a name like another. */
function put(into: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true });
}

function jsonToValue(value: unknown): Json {
  switch (typeof value) {
    case 'number':
      return { numberValue: value };
    case 'string':
      return { stringValue: value };
    case 'boolean':
      return { boolValue: value };
    case 'object':
      if (value === null) break;
      if (Array.isArray(value)) return { listValue: { values: value.map((one) => one ?? null) } };
      return {
        structValue: {
          fields: Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)),
        },
      };
    default:
  }
  return { nullValue: 'NULL_VALUE' };
}

function valueToJson(value: Json): unknown {
  if (isRecord(value['structValue'])) return value['structValue']['fields'];
  if (isRecord(value['listValue'])) return value['listValue']['values'];
  return value['numberValue'] ?? value['stringValue'] ?? value['boolValue'] ?? null;
}

function malformed(what: string, cause?: unknown): ShopError {
  return new ShopError('invalid_input', `The message ${what}.`, {
    remedy: 'Write it by the .proto file of this API.',
    ...(cause === undefined ? {} : { cause }),
  });
}
