/**
 * The JSON paths of definitions: plain ones (`.spec.replicas`) as lists of field names, and those of printer
 * columns, which may also index, filter and take all (`.status.conditions[?(@.type=="Ready")].status`).
 */
import { at, items, type Json } from '../objects.ts';
import { isObject } from '../../schema/schema.ts';

const FIELD_STEP = /\.([A-Za-z_$][\w$-]*)|\[['"]([^'"]+)['"]\]/g;

/** A path that names fields only. */
export function parseJsonPath(path: string): string[] {
  return [...rooted(path).matchAll(FIELD_STEP)].map((step) => step[1] ?? step[2] ?? '');
}

type Step = (value: Json) => readonly Json[];

const STEPS =
  /\.([A-Za-z_$][\w$-]*|\*)|\[['"]([^'"]+)['"]\]|\[(-?\d+)\]|\[\*\]|\[\?\(\s*@\.([\w.$/-]+)\s*(==|!=)\s*(?:'([^']*)'|"([^"]*)"|([^)\s]+))\s*\)\]/y;

/**
 * Compiles the path of a printer column.
 * @returns gives every value the path leads to; undefined when the path is not one that can be followed
 */
export function compileJsonPath(path: string): ((value: Json) => readonly Json[]) | undefined {
  const source = rooted(path.replace(/^\{(.*)\}$/s, '$1'));
  const steps: Step[] = [];
  STEPS.lastIndex = 0;
  while (STEPS.lastIndex < source.length) {
    const from = STEPS.lastIndex;
    const match = STEPS.exec(source);
    if (!match || STEPS.lastIndex === from) return undefined;
    steps.push(stepOf(match));
  }
  return (value) => steps.reduce<readonly Json[]>((found, step) => found.flatMap(step), [value]);
}

const rooted = (path: string): string => (path.startsWith('.') || path.startsWith('[') ? path : `.${path}`);

function stepOf(match: RegExpExecArray): Step {
  const [whole, name, quoted, index, filterPath, operator, single, double, bare] = match;
  if (filterPath !== undefined) {
    const wanted = single ?? double ?? bare ?? '';
    const path = filterPath.split('.');
    return (value) => items(value).filter((item) => (String(at(item, ...path)) === wanted) === (operator === '=='));
  }
  if (index !== undefined) return (value) => present(items(value).at(Number(index)));
  if (whole === '[*]' || name === '*') return (value) => (isObject(value) ? Object.values(value) : items(value));
  const field = name ?? quoted ?? '';
  return (value) => (isObject(value) ? present(value[field]) : []);
}

const present = (value: Json | undefined): readonly Json[] => (value === undefined ? [] : [value]);
