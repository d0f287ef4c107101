/**
 * Label selectors in their written form, `tier in (web,api),!draft,app=shop`, as the API server reads them.
 */

export type LabelMatcher = (labels: Readonly<Record<string, string>>) => boolean;

/** Parses a selector; an empty one matches everything. Throws RangeError naming the term it cannot read. */
export function labelMatcher(selector: string): LabelMatcher {
  const terms = selector
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== '')
    .map(termMatcher);
  return (labels) => terms.every((matches) => matches(labels));
}

/** The written form of equality terms, for list and watch. */
export const labelSelector = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');

function termMatcher(term: string): LabelMatcher {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(term);
  if (set !== null) {
    const [, name = '', operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    return (labels) => has(labels, name, (value) => values.has(value)) === (operator === 'in');
  }
  const equality = /^([^\s=!]+)\s*(==|=|!=)\s*(\S*)$/.exec(term);
  if (equality !== null) {
    const [, name = '', operator, wanted] = equality;
    return (labels) => has(labels, name, (value) => value === wanted) === (operator !== '!=');
  }
  const existence = /^(!?)\s*([^\s=!]+)$/.exec(term);
  if (existence === null) throw new RangeError(`"${term}" is not a label selector`);
  const [, negated, name = ''] = existence;
  return (labels) => has(labels, name, () => true) === (negated === '');
}

function has(
  labels: Readonly<Record<string, string>>,
  name: string,
  accepts: (value: string) => boolean,
): boolean {
  const value = labels[name];
  return value !== undefined && accepts(value);
}
