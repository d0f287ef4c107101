/**
 * JSONPath as kubectl and printer columns speak it: `.spec.a`, `['b']`, `[0]`, `[-1]`, `[1:3]`, `[*]`, `..c`, `[?(@.type=="Ready")]`.
 */
import { equal, isObject, type Json, type JsonObject } from './schema.ts';

/** Finds the values at a path; none when something on the way is missing. */
export type JsonPath = (root: Json) => Json[];

/** Compiles a path, with or without the braces around it; undefined when it is malformed. */
export function compileJsonPath(text: string): JsonPath | undefined {
  const source = text.startsWith('{') && text.endsWith('}') ? text.slice(1, -1) : text;
  const steps = parseSteps(source.startsWith('$') ? source.slice(1) : source);
  return steps === undefined
    ? undefined
    : (root) => steps.reduce<Json[]>((values, step) => values.flatMap((value) => step(value, root)), [root]);
}

/** A printer column of a CustomResourceDefinition. */
export type Column = { readonly name: string; readonly type: string; readonly jsonPath: string };

/**
 * The cell of a printer column: typed values as they are, strings as kubectl prints them, dates as the time itself (RFC 3339);
 * null when there is nothing to show.
 */
export function columnValue(column: Column, path: JsonPath, object: JsonObject): Json {
  const [value] = path(object);
  if (value === undefined || value === null) return null;
  switch (column.type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? value : null;
    default:
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
}

type Step = (value: Json, root: Json) => Json[];

function parseSteps(source: string): Step[] | undefined {
  const steps: Step[] = [];
  let rest = source;
  while (rest !== '') {
    const parsed = parseStep(rest);
    if (parsed === undefined) return undefined;
    steps.push(...parsed.steps);
    rest = parsed.rest;
  }
  return steps;
}

type Parsed = { readonly steps: readonly Step[]; readonly rest: string };

function parseStep(source: string): Parsed | undefined {
  const name = /^(\.{1,2})((?:\\.|[^.[\]\s\\])+)/.exec(source);
  if (name !== null) {
    const key = (name[2] ?? '').replaceAll(/\\(.)/g, '$1');
    const step = key === '*' ? every : field(key);
    return { steps: name[1] === '..' ? [descendants, step] : [step], rest: source.slice(name[0].length) };
  }
  if (source.startsWith('[')) return parseBrackets(source);
  if (source.startsWith('.[') || source.startsWith('..[')) {
    const parsed = parseBrackets(source.replace(/^\.+/, ''));
    return parsed === undefined || source.startsWith('.[')
      ? parsed
      : { ...parsed, steps: [descendants, ...parsed.steps] };
  }
  return source === '.' ? { steps: [], rest: '' } : undefined;
}

function parseBrackets(source: string): Parsed | undefined {
  const end = closingBracket(source);
  if (end < 0) return undefined;
  const step = bracketStep(source.slice(1, end).trim());
  return step === undefined ? undefined : { steps: [step], rest: source.slice(end + 1) };
}

function closingBracket(source: string): number {
  let depth = 0;
  let quote = '';
  for (const [index, character] of [...source].entries()) {
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === '[') depth += 1;
    else if (character === ']' && (depth -= 1) === 0) return index;
  }
  return -1;
}

function bracketStep(content: string): Step | undefined {
  if (content === '*') return every;
  const quotedKey = /^(['"])(.*)\1$/s.exec(content);
  if (quotedKey !== null && !(quotedKey[2] ?? '').includes(quotedKey[1] ?? ''))
    return field(quotedKey[2] ?? '');
  if (/^\?\(.*\)$/s.test(content)) return filter(content.slice(2, -1).trim());
  if (/^-?\d+$/.test(content)) return item(Number(content));
  const slice = /^(-?\d*):(-?\d*)(?::(\d+))?$/.exec(content);
  if (slice !== null) return range(slice[1] ?? '', slice[2] ?? '', Number(slice[3] ?? '1'));
  if (!content.includes(',')) return undefined;
  const parts = content.split(',').map((part) => bracketStep(part.trim()));
  return parts.every((part) => part !== undefined)
    ? (value, root) => parts.flatMap((part) => part(value, root))
    : undefined;
}

const every: Step = (value) => (Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []);

const descendants: Step = (value, root) => [
  value,
  ...every(value, root).flatMap((inner) => descendants(inner, root)),
];

function field(key: string): Step {
  return (value) => (isObject(value) && Object.hasOwn(value, key) ? [value[key] ?? null] : []);
}

function item(index: number): Step {
  return (value) => {
    const found = Array.isArray(value) ? value.at(index) : undefined;
    return found === undefined ? [] : [found];
  };
}

function range(from: string, to: string, step: number): Step {
  const [start, end] = [from === '' ? undefined : Number(from), to === '' ? undefined : Number(to)];
  return (value) =>
    Array.isArray(value) ? value.slice(start, end).filter((_, index) => index % Math.max(step, 1) === 0) : [];
}

type Operand = (value: Json, root: Json) => Json | undefined;

function filter(expression: string): Step | undefined {
  const comparison = /^(.+?)\s*(==|!=|<=|>=|<|>)\s*(.+)$/s.exec(expression);
  const left = operand(comparison?.[1] ?? expression);
  const right = comparison === null ? undefined : operand(comparison[3] ?? '');
  const operator = comparison?.[2];
  if (left === undefined || (operator !== undefined && right === undefined)) return undefined;
  return (value, root) =>
    every(value, root).filter((each) =>
      operator === undefined
        ? left(each, root) !== undefined
        : holds(operator, left(each, root), right?.(each, root)),
    );
}

function operand(text: string): Operand | undefined {
  const trimmed = text.trim();
  if (trimmed.startsWith('@') || trimmed.startsWith('$')) {
    const path = compileJsonPath(trimmed.slice(1));
    return path === undefined ? undefined : (value, root) => path(trimmed.startsWith('@') ? value : root)[0];
  }
  const quotedText = /^(['"])(.*)\1$/s.exec(trimmed);
  if (quotedText !== null) return () => quotedText[2] ?? '';
  if (trimmed === 'true' || trimmed === 'false') return () => trimmed === 'true';
  return trimmed !== '' && Number.isFinite(Number(trimmed)) ? () => Number(trimmed) : undefined;
}

function holds(operator: string, left: Json | undefined, right: Json | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  if (operator === '==') return equal(left, right);
  if (operator === '!=') return !equal(left, right);
  if (
    typeof left !== typeof right ||
    (typeof left !== 'number' && typeof left !== 'string') ||
    typeof right === 'object'
  )
    return false;
  const order = left < right ? -1 : left > right ? 1 : 0;
  return operator === '<'
    ? order < 0
    : operator === '>'
      ? order > 0
      : operator === '<='
        ? order <= 0
        : order >= 0;
}
