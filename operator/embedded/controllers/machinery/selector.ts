/**
 * Label selectors, as Kubernetes reads them.
 */
import type { LabelSelector } from './wire.ts';

type Labels = Readonly<Record<string, string>> | undefined;

/** An absent selector matches nothing; an empty one matches everything. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (!selector) return false;
  return (
    matchesLabels(selector.matchLabels ?? {}, labels) &&
    (selector.matchExpressions ?? []).every(holds(labels))
  );
}

export function matchesLabels(wanted: Readonly<Record<string, string>>, labels: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels?.[key] === value);
}

function holds(labels: Labels) {
  return ({ key, operator, values = [] }: { key: string; operator: string; values?: string[] }): boolean => {
    const value = labels?.[key];
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  };
}

/** The text of a selector, for `status.selector` and list queries. */
export function selectorText(selector: LabelSelector | undefined): string {
  const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.toSorted().join(',')})`;
  });
  return [...labels.toSorted(), ...expressions].join(',');
}

/** Whether labels match a selector written as text, as `status.selector` of a scale is. */
export function matchesText(text: string, labels: Labels): boolean {
  return splitRequirements(text).every((requirement) => {
    const set = /^([^\s!=]+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(requirement);
    if (set) {
      const values = (set[3] ?? '').split(',').map((value) => value.trim());
      return holds(labels)({ key: set[1] ?? '', operator: set[2] === 'in' ? 'In' : 'NotIn', values });
    }
    const pair = /^([^\s!=]+)\s*(==|=|!=)\s*(.*)$/.exec(requirement);
    if (pair) return (labels?.[pair[1] ?? ''] === pair[3]) === (pair[2] !== '!=');
    return requirement.startsWith('!')
      ? labels?.[requirement.slice(1)] === undefined
      : labels?.[requirement] !== undefined;
  });
}

/** At commas outside of parentheses. */
const splitRequirements = (text: string): string[] =>
  text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
