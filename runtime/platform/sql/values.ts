/**
 * How values cross the wire, chosen once: int8 → number (an unsafe one is an error), numeric → string,
 * timestamptz → Date, date → string, json → parsed, bytea → Buffer.
 */
import { types } from 'pg';
import type { SqlValue } from '../ports.ts';

export type Parse = (text: string) => unknown;

/** The parser of a type by its OID; text for types nobody named here. */
export function parserOf(oid: number): Parse {
  const own = PARSERS.get(oid);
  if (own) return own;
  return ARRAYS.has(oid) ? types.getTypeParser(oid, 'text') : asText;
}

/** A parameter in PostgreSQL's text form; Buffers stay binary. */
export function encode(value: SqlValue | undefined): string | Buffer | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return value;
  return arrayLiteral(value);
}

const asText: Parse = (text) => text;
const asTime: Parse = types.getTypeParser(1184, 'text');

const PARSERS = new Map<number, Parse>([
  [16, (text) => text === 't'],
  [17, (text) => Buffer.from(text.slice(2), 'hex')],
  [20, safeInteger],
  [21, Number],
  [23, Number],
  [26, Number],
  [114, JSON.parse],
  [700, Number],
  [701, Number],
  [1114, asTime],
  [1184, asTime],
  [3802, JSON.parse],
  [1016, (text) => text.slice(1, -1).split(',').filter(Boolean).map(safeInteger)],
]);

/** text[], varchar[], int4[], bool[], jsonb[], timestamptz[]: pg's own parsers do what we want. */
const ARRAYS = new Set([1000, 1007, 1009, 1015, 1185, 3807]);

function safeInteger(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number))
    throw new RangeError(`The integer ${text} does not fit a JavaScript number.`);
  return number;
}

function arrayLiteral(values: readonly SqlValue[]): string {
  return `{${values.map(arrayElement).join(',')}}`;
}

function arrayElement(value: SqlValue): string {
  if (Array.isArray(value)) return arrayLiteral(value);
  const text = encode(value);
  if (text === null) return 'NULL';
  if (Buffer.isBuffer(text)) return `"\\\\x${text.toString('hex')}"`;
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
