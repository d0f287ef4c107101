/** Label and field selectors, as they stand in query strings. */
import { badRequest } from './errors.ts';
import { at, fields, type Json, type KubeObject } from './objects.ts';
import type { ResourceType } from './resources.ts';

export type Predicate = (object: KubeObject) => boolean;

interface LabelRequirement {
  readonly key: string;
  readonly operator: '=' | '!=' | 'in' | 'notin' | 'exists' | '!' | '>' | '<';
  readonly values: readonly string[];
}

const LABEL_KEY = /^([a-z0-9A-Z]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const SET_FORM = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const EQUALITY_FORM = /^([^=!<>\s]+)\s*(==|=|!=|>|<)\s*(.*)$/;

/**
 * @param selector such as `app=web,tier in (a, b),!legacy`
 * @throws {ApiError} 400 when it cannot be read
 */
export function parseLabelSelector(selector: string): Predicate {
  const requirements = splitOutsideParentheses(selector).map(parseRequirement);
  return (object) => requirements.every((requirement) => meets(requirement, object.metadata.labels ?? {}));
}

function splitOutsideParentheses(selector: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const character of selector) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ',' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += character;
  }
  parts.push(part);
  return parts.map((one) => one.trim()).filter((one) => one !== '');
}

function parseRequirement(part: string): LabelRequirement {
  const set = SET_FORM.exec(part);
  if (set) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    return checked({ key: set[1] ?? '', operator: set[2] === 'in' ? 'in' : 'notin', values });
  }
  const equality = EQUALITY_FORM.exec(part);
  if (equality) {
    const sign = equality[2] ?? '=';
    const operator = sign === '==' ? '=' : sign === '!=' || sign === '>' || sign === '<' ? sign : '=';
    return checked({ key: equality[1] ?? '', operator, values: [(equality[3] ?? '').trim()] });
  }
  if (part.startsWith('!')) return checked({ key: part.slice(1).trim(), operator: '!', values: [] });
  return checked({ key: part, operator: 'exists', values: [] });
}

function checked(requirement: LabelRequirement): LabelRequirement {
  if (!LABEL_KEY.test(requirement.key))
    throw badRequest(
      `unable to parse requirement: <nil>: Invalid value: ${JSON.stringify(requirement.key)}: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    );
  for (const value of requirement.values)
    if (!LABEL_VALUE.test(value))
      throw badRequest(
        `unable to parse requirement: values[0][${requirement.key}]: Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
      );
  return requirement;
}

function meets(
  { key, operator, values }: LabelRequirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case '=':
    case 'in':
      return value !== undefined && values.includes(value);
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case '>':
      return value !== undefined && Number(value) > Number(values[0]);
    case '<':
      return value !== undefined && Number(value) < Number(values[0]);
  }
}

/** A `LabelSelector` object (matchLabels, matchExpressions) as a predicate over labels. */
export function labelSelectorMatches(
  selector: Json | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  for (const [key, value] of Object.entries(fields(at(selector, 'matchLabels'))))
    if (labels[key] !== value) return false;
  const expressions = at(selector, 'matchExpressions');
  if (!Array.isArray(expressions)) return true;
  return expressions.every((expression) => {
    const values = at(expression, 'values');
    const operator = OPERATORS[String(at(expression, 'operator'))];
    if (!operator) return false;
    return meets(
      {
        key: String(at(expression, 'key')),
        operator,
        values: Array.isArray(values) ? values.map(String) : [],
      },
      labels,
    );
  });
}

const OPERATORS: Readonly<Record<string, LabelRequirement['operator']>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

interface FieldRequirement {
  readonly path: readonly string[];
  readonly equal: boolean;
  readonly value: string;
}

export interface FieldSelector {
  readonly matches: Predicate;
  /** The one name it asks for, when it does. */
  readonly name: string | undefined;
}

/**
 * @param selector such as `status.phase!=Failed,metadata.name=a`
 * @throws {ApiError} 400 for a field that this resource does not offer
 */
export function parseFieldSelector(selector: string, type: ResourceType): FieldSelector {
  const requirements = selector
    .split(/(?<!\\),/)
    .filter((part) => part.trim() !== '')
    .map((part) => parseFieldRequirement(part, type));
  const named = requirements.find((one) => one.equal && one.path.join('.') === 'metadata.name');
  return {
    matches: (object) =>
      requirements.every((one) => (fieldText(object, one.path) === one.value) === one.equal),
    name: named?.value,
  };
}

function parseFieldRequirement(part: string, type: ResourceType): FieldRequirement {
  const match = /^([^=!]+)(!=|==|=)(.*)$/s.exec(part);
  if (!match) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
  const name = (match[1] ?? '').trim();
  const path =
    name === 'metadata.name' || name === 'metadata.namespace' ? name.split('.') : type.selectableFields[name];
  if (!path)
    throw badRequest(
      type.custom || type.group === ''
        ? `field label not supported: ${name}`
        : `"${name}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
    );
  return { path, equal: match[2] !== '!=', value: (match[3] ?? '').replaceAll(/\\([\\,=])/g, '$1') };
}

function fieldText(object: KubeObject, path: readonly string[]): string {
  const value = at(object, ...path);
  if (path[0] === 'source') return String(at(value, 'component') ?? '');
  if (value === undefined || value === null) return DEFAULTS[path.join('.')] ?? '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What an absent field counts as. */
const DEFAULTS: Readonly<Record<string, string>> = {
  'spec.unschedulable': 'false',
  'spec.hostNetwork': 'false',
  'status.successful': '0',
  'status.replicas': '0',
};
