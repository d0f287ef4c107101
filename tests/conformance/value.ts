/**
 * Looking into JSON answers.
 */

/** The value at a dotted path (`spec.containers.0.name`, keys with dots in brackets: `annotations[a.b/c]`); undefined when there is none. */
export function at(value: unknown, path: string): unknown {
  let current = value;
  for (const step of path.matchAll(/\[([^\]]+)\]|([^.[\]]+)/g)) {
    const key = step[1] ?? step[2] ?? '';
    if (typeof current !== 'object' || current === null) return undefined;
    // An object of JSON has string keys.
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

/** The list at a path; empty when there is none. */
export function listAt(value: unknown, path: string): unknown[] {
  const list = at(value, path);
  return Array.isArray(list) ? list : [];
}

/** The text at a path; empty when there is none. */
export function textAt(value: unknown, path: string): string {
  const text = at(value, path);
  return typeof text === 'string' ? text : '';
}
