/**
 * Decodes the nested form encoding of payment APIs (`card[number]=…&expand[]=…`) into plain values.
 * Bounded in pairs, depth and name length, so that no body can make it slow or large.
 */

export type FormValue = string | readonly FormValue[] | Form;
/** Without a prototype, so that a key such as `__proto__` is only a key. */
export interface Form {
  readonly [key: string]: FormValue | undefined;
}

const MAX_PAIRS = 400;
const MAX_DEPTH = 6;
const MAX_NAME = 256;

interface Branch {
  [key: string]: string | Branch;
}

/**
 * @param text `application/x-www-form-urlencoded` text or a query string without `?`
 * @throws RangeError naming the limit that was passed, TypeError naming the field that contradicts another
 */
export function decodeForm(text: string): Form {
  const root: Branch = branch();
  let pairs = 0;
  for (const [name, value] of new URLSearchParams(text)) {
    pairs += 1;
    if (pairs > MAX_PAIRS) throw new RangeError(`more than ${MAX_PAIRS} fields`);
    insert(root, pathOf(name), value, name);
  }
  return settle(root);
}

/** The text at a path, or undefined when it is absent or not a text. */
export function text(form: Form, ...path: readonly string[]): string | undefined {
  let at: FormValue | undefined = form;
  for (const key of path) {
    if (!isForm(at)) return undefined;
    at = at[key];
  }
  return typeof at === 'string' ? at : undefined;
}

/** The nested form at a key, or undefined. */
export function nested(form: Form, key: string): Form | undefined {
  const value = form[key];
  return isForm(value) ? value : undefined;
}

/** The list of texts at a key; a single text counts as a list of one. */
export function texts(form: Form, key: string): readonly string[] {
  const value = form[key];
  if (typeof value === 'string') return [value];
  return isList(value) ? value.filter((each) => typeof each === 'string') : [];
}

function isForm(value: FormValue | undefined): value is Form {
  return typeof value === 'object' && !Array.isArray(value);
}

function isList(value: FormValue | undefined): value is readonly FormValue[] {
  return Array.isArray(value);
}

function branch(): Branch {
  return Object.create(null);
}

function pathOf(name: string): readonly string[] {
  if (name.length > MAX_NAME) throw new RangeError(`a field name longer than ${MAX_NAME} characters`);
  const open = name.indexOf('[');
  if (open < 0) return [name];
  const path = [name.slice(0, open), ...name.slice(open + 1, -1).split('][')];
  if (!name.endsWith(']') || path[0] === '') throw new TypeError(`malformed field name ${name}`);
  if (path.length > MAX_DEPTH) throw new RangeError(`fields nested deeper than ${MAX_DEPTH}`);
  return path;
}

function insert(root: Branch, path: readonly string[], value: string, name: string): void {
  let at = root;
  for (const [index, part] of path.entries()) {
    const key = part === '' ? String(Object.keys(at).length) : part;
    if (index === path.length - 1) {
      if (typeof at[key] === 'object') throw new TypeError(`${name} is both a text and a group`);
      at[key] = value;
      return;
    }
    const next = (at[key] ??= branch());
    if (typeof next === 'string') throw new TypeError(`${name} is both a text and a group`);
    at = next;
  }
}

function settle(from: Branch): Form {
  const out: Record<string, FormValue> = Object.create(null);
  for (const [key, value] of Object.entries(from)) {
    if (typeof value === 'string') out[key] = value;
    else {
      const inner = settle(value);
      const keys = Object.keys(inner);
      const listed = keys.length > 0 && keys.every((each, index) => each === String(index));
      out[key] = listed ? keys.flatMap((each) => inner[each] ?? []) : inner;
    }
  }
  return out;
}
