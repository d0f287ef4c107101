/**
 * One line of a log: which tenant it is about, and how a person reads it. Our processes write JSON (pino); merchants' own
 * images write what they like. Pure.
 */
import { timestamp } from './stamp.ts';
import type { Paint, Style } from '../terminal/style.ts';
import { isRecord } from '../../kube/records.ts';

export interface LogLine {
  /** RFC 3339 with nanoseconds, by the node: what lines of several Pods are ordered by. */
  readonly time: string;
  readonly text: string;
  /** The fields, where the text is a JSON object. */
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** @param line as the API gives it with `timestamps=true`: the time, a space, the text */
export function parseLine(line: string): LogLine {
  const space = line.indexOf(' ');
  const text = line.slice(space + 1);
  return { time: line.slice(0, space), text, fields: fieldsOf(text) };
}

function fieldsOf(text: string): LogLine['fields'] {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    // A brace does not make JSON: then it is text.
    return undefined;
  }
}

/** Whether a line of a process that serves many tenants is about this one. */
export function isAbout(line: LogLine, tenant: string, namespace: string, shared: string): boolean {
  const { fields } = line;
  if (fields === undefined) return false;
  if (fields['tenant'] !== undefined) return fields['tenant'] === tenant;
  // The operator names objects by their key: the tenant itself, or what is in its namespace.
  const key = fields['key'];
  if (typeof key === 'string')
    return key === tenant || (namespace !== shared && key.startsWith(`${namespace}/`));
  return false;
}

const LEVELS: readonly (readonly [number, string])[] = [
  [60, 'FATAL'],
  [50, 'ERROR'],
  [40, 'WARN'],
  [30, 'INFO'],
  [20, 'DEBUG'],
  [0, 'TRACE'],
];

/** Fields that are said elsewhere in the line, or to everybody's knowledge. */
const KNOWN = new Set([
  'level',
  'time',
  'msg',
  'service',
  'pod',
  'process',
  'pid',
  'hostname',
  'err',
  'tenant',
]);

/** `18:22:01.123 WARN  the saga goes on in the background  order=o_1  ShopError: …` */
export function renderLine(line: LogLine, style: Style, stacks = false): string {
  const clock = style.dim(timestamp(line.time));
  const { fields } = line;
  if (fields === undefined) return `${clock}       ${line.text}`;
  const level = Number(fields['level'] ?? 30);
  const name = LEVELS.find(([least]) => level >= least)?.[1] ?? 'INFO';
  const paint: Paint = level >= 50 ? style.red : level >= 40 ? style.yellow : (text) => text;
  const rest = Object.entries(fields)
    .filter(([key]) => !KNOWN.has(key))
    .map(
      ([key, value]) => `${style.dim(`${key}=`)}${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
  const error = errorOf(fields['err'], stacks);
  return [
    `${clock} ${paint(name.padEnd(5))} ${typeof fields['msg'] === 'string' ? fields['msg'] : ''}`,
    ...rest,
    ...(error === undefined ? [] : [paint(error)]),
  ].join('  ');
}

function errorOf(error: unknown, stacks: boolean): string | undefined {
  if (!isRecord(error)) return undefined;
  const { type, message, stack } = error;
  if (stacks && typeof stack === 'string') return stack.replaceAll('\n', '\n    ');
  return `${typeof type === 'string' ? type : 'Error'}: ${String(message)}`;
}
