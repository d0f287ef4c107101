/** Decodes bodies in Kubernetes' protobuf form, which typed Go clients (`kubectl create …`) send, into their JSON form. */
import { isObject } from '../../schema/schema.ts';
import { badRequest } from '../errors.ts';
import type { Json, JsonObject } from '../objects.ts';
import { messageTable, type Field, type Messages } from './messages.ts';
import { wireFields, type WireField } from './reader.ts';

/** Stands before every body in this form. */
const MAGIC = Buffer.from('k8s\0');
const DEEPEST = 100;
/** Kinds that are given in any group's version and are the same in all. */
const COMMON_KINDS = new Set(['DeleteOptions', 'CreateOptions', 'UpdateOptions', 'PatchOptions', 'Status']);

const table = messageTable();

/**
 * @param body the magic bytes and an `Unknown` message around the object
 * @throws {ApiError} 400 when it is not of this form or of a kind that is not known
 */
export function decodeProtobuf(body: Buffer): JsonObject {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC))
    throw badRequest(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    );
  try {
    const { apiVersion, kind, raw } = envelope(body.subarray(MAGIC.length));
    const messages = table();
    const name = COMMON_KINDS.has(kind) ? `meta/v1.${kind}` : `${apiVersion}.${kind}`;
    if (!messages[name])
      throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}" in the protobuf form`);
    return { apiVersion, kind, ...message(raw, name, messages, 0) };
  } catch (error) {
    if (error instanceof RangeError) throw badRequest(`proto: ${error.message}`, error);
    throw error;
  }
}

interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Buffer;
}

function envelope(bytes: Buffer): Envelope {
  let raw: Buffer = Buffer.alloc(0);
  const names = ['', ''];
  for (const { number, value } of wireFields(bytes)) {
    if (number === 2) raw = asBytes(value);
    if (number === 1)
      for (const inner of wireFields(asBytes(value)))
        names[inner.number - 1] = asBytes(inner.value).toString();
  }
  return { apiVersion: names[0] ?? '', kind: names[1] ?? '', raw };
}

function message(bytes: Buffer, name: string, messages: Messages, depth: number): JsonObject {
  if (depth > DEEPEST) throw new RangeError('the message is nested too deeply');
  const fields = new Map((messages[name] ?? []).map((field) => [field[0], field]));
  const object: JsonObject = {};
  for (const wire of wireFields(bytes)) {
    const field = fields.get(wire.number);
    if (field) setField(object, field, wire, messages, depth);
  }
  return object;
}

function setField(
  object: JsonObject,
  field: Field,
  wire: WireField,
  messages: Messages,
  depth: number,
): void {
  const [, name, shape, omitEmpty] = field;
  if (shape.startsWith('[]')) {
    const list = object[name];
    const item = valueOf(wire.value, shape.slice(2), messages, depth);
    if (Array.isArray(list)) list.push(item);
    else object[name] = [item];
    return;
  }
  if (shape.startsWith('{}')) {
    const map = object[name];
    const [key, value] = mapEntry(wire.value, shape.slice(2), messages, depth);
    if (isObject(map)) map[key] = value;
    else object[name] = { [key]: value };
    return;
  }
  const value = valueOf(wire.value, shape, messages, depth);
  if (name === '') {
    if (isObject(value)) Object.assign(object, value);
  } else if (omitEmpty === 0 || !isEmpty(value)) object[name] = value;
}

/** What Go's encoding leaves out where it is told to omit what is empty; empty structures say nothing either. */
function isEmpty(value: Json): boolean {
  return (
    value === '' ||
    value === 0 ||
    value === false ||
    value === null ||
    (isObject(value) && Object.keys(value).length === 0)
  );
}

function mapEntry(
  value: WireField['value'],
  shape: string,
  messages: Messages,
  depth: number,
): [string, Json] {
  let key = '';
  let content: Json = shape === 'string' ? '' : shape.startsWith('m:') ? {} : null;
  for (const inner of wireFields(asBytes(value))) {
    if (inner.number === 1) key = asBytes(inner.value).toString();
    if (inner.number === 2) content = valueOf(inner.value, shape, messages, depth);
  }
  return [key, content];
}

function valueOf(value: WireField['value'], shape: string, messages: Messages, depth: number): Json {
  if (shape.startsWith('m:')) return structured(asBytes(value), shape.slice(2), messages, depth);
  switch (shape) {
    case 'string':
      return asBytes(value).toString();
    case 'bool':
      return value !== 0n;
    case 'int':
      return Number(BigInt.asIntN(64, asVarint(value)));
    case 'double':
      return asBytes(value).readDoubleLE();
    case 'bytes':
      return asBytes(value).toString('base64');
    case 'time':
      return timeOf(asBytes(value));
    case 'duration':
      return durationOf(asBytes(value));
    case 'quantity':
      return firstText(asBytes(value));
    case 'intOrString':
      return intOrString(asBytes(value));
    case 'json':
      return jsonOf(asBytes(value));
    case 'strings':
      return [...wireFields(asBytes(value))].map((item) => asBytes(item.value).toString());
    default:
      throw new RangeError(`a field of the shape ${shape} cannot be read`);
  }
}

const SCHEMA = 'apiextensions.k8s.io/v1.JSONSchemaProps';

/** Messages that stand for one of two values in JSON; all others are objects. */
function structured(bytes: Buffer, name: string, messages: Messages, depth: number): Json {
  switch (name) {
    case `${SCHEMA}OrBool`:
    case `${SCHEMA}OrArray`:
    case `${SCHEMA}OrStringArray`:
      return alternative(bytes, name, messages, depth);
    default:
      return message(bytes, name, messages, depth + 1);
  }
}

function alternative(bytes: Buffer, name: string, messages: Messages, depth: number): Json {
  const wires = [...wireFields(bytes)];
  const schemaNumber = name.endsWith('OrBool') ? 2 : 1;
  const schema = wires.find(({ number }) => number === schemaNumber);
  if (schema) return message(asBytes(schema.value), SCHEMA, messages, depth + 1);
  if (name.endsWith('OrBool')) return wires.some(({ value }) => value === 1n);
  const strings = name.endsWith('OrStringArray');
  return wires.map(({ value }) =>
    strings ? asBytes(value).toString() : message(asBytes(value), SCHEMA, messages, depth + 1),
  );
}

function timeOf(bytes: Buffer): Json {
  let seconds = 0n;
  let nanos = 0n;
  let set = false;
  for (const { number, value } of wireFields(bytes)) {
    set = true;
    if (number === 1) seconds = BigInt.asIntN(64, asVarint(value));
    if (number === 2) nanos = asVarint(value);
  }
  // The zero time, which Go writes as null.
  if (!set || seconds === -62_135_596_800n) return null;
  const whole = new Date(Number(seconds) * 1_000).toISOString().replace(/\.\d+Z$/, '');
  return nanos === 0n ? `${whole}Z` : `${whole}.${String(nanos).padStart(9, '0').slice(0, 6)}Z`;
}

function durationOf(bytes: Buffer): Json {
  const [first] = wireFields(bytes);
  const nanoseconds = first ? Number(asVarint(first.value)) : 0;
  return `${nanoseconds / 1e9}s`;
}

function firstText(bytes: Buffer): string {
  const [first] = wireFields(bytes);
  return first ? asBytes(first.value).toString() : '0';
}

function intOrString(bytes: Buffer): Json {
  const values = new Map([...wireFields(bytes)].map(({ number, value }) => [number, value]));
  const text = values.get(3);
  if ((values.get(1) ?? 0n) !== 0n) return text === undefined ? '' : asBytes(text).toString();
  return Number(BigInt.asIntN(32, asVarint(values.get(2) ?? 0n)));
}

function jsonOf(bytes: Buffer): Json {
  const [first] = wireFields(bytes);
  if (!first) return null;
  try {
    // What it holds is checked as the rest of the object is.
    return JSON.parse(asBytes(first.value).toString()) as Json;
  } catch (cause) {
    throw badRequest('a raw field does not hold JSON', cause);
  }
}

function asBytes(value: WireField['value']): Buffer {
  if (typeof value === 'bigint') throw new RangeError('bytes are expected where a number stands');
  return value;
}

function asVarint(value: WireField['value']): bigint {
  if (typeof value !== 'bigint') throw new RangeError('a number is expected where bytes stand');
  return value;
}
