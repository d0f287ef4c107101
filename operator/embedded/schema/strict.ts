/**
 * Finds what `JSON.parse` hides: keys that stand twice in one object, and the order in which keys stand.
 */

/**
 * The paths of duplicate keys in a JSON text (`spec.replicas`, `spec.containers[0].name`), in order of appearance, at most 100.
 * The text must be valid JSON; only its keys are looked at.
 */
export function duplicateFields(text: string): string[] {
  const found = new Set<string>();
  visitKeys(text, (path, again) => {
    if (again && found.size < maximum) found.add(path);
  });
  return [...found];
}

/**
 * The problems of a JSON text as a decoder meets them that reads it once: unknown and duplicate fields in order of appearance.
 * What stands inside an unknown field is not looked at.
 */
export function problemsInOrder(
  text: string,
  unknown: readonly string[],
  duplicates: readonly string[],
): string[] {
  const [strange, twice] = [new Set(unknown), new Set(duplicates)];
  const inside = (path: string) =>
    unknown.some((one) => path.startsWith(`${one}.`) || path.startsWith(`${one}[`));
  const problems = new Set<string>();
  visitKeys(text, (path, again) => {
    if (strange.has(path)) problems.add(`unknown field "${path}"`);
    else if (again && twice.has(path) && !inside(path)) problems.add(`duplicate field "${path}"`);
  });
  return [...problems];
}

/** Calls `visit` for every key of a JSON text, in order; `again` says that it has stood in its object before. */
function visitKeys(text: string, visit: Visit): void {
  scanValue({ text, visit, at: 0 }, '');
}

type Visit = (path: string, again: boolean) => void;

type Scanner = { readonly text: string; readonly visit: Visit; at: number };

const maximum = 100;
const quote = 34;
const backslash = 92;

function scanValue(scanner: Scanner, path: string): void {
  skipSpace(scanner);
  const start = scanner.text[scanner.at];
  if (start === '{') scanObject(scanner, path);
  else if (start === '[') scanList(scanner, path);
  else if (start === '"') skipString(scanner);
  else skipScalar(scanner);
}

function scanObject(scanner: Scanner, path: string): void {
  const seen = new Set<string>();
  scanner.at += 1;
  for (;;) {
    skipSpace(scanner);
    const next = scanner.text[scanner.at];
    if (next === undefined || next === '}') break;
    if (next === ',') {
      scanner.at += 1;
      continue;
    }
    const key = readString(scanner);
    const at = path === '' ? key : `${path}.${key}`;
    scanner.visit(at, seen.has(key));
    seen.add(key);
    skipSpace(scanner);
    scanner.at += 1;
    scanValue(scanner, at);
  }
  scanner.at += 1;
}

function scanList(scanner: Scanner, path: string): void {
  scanner.at += 1;
  for (let index = 0; ;) {
    skipSpace(scanner);
    const next = scanner.text[scanner.at];
    if (next === undefined || next === ']') break;
    if (next === ',') {
      scanner.at += 1;
      index += 1;
      continue;
    }
    scanValue(scanner, `${path}[${index}]`);
  }
  scanner.at += 1;
}

function readString(scanner: Scanner): string {
  const start = scanner.at;
  skipString(scanner);
  const raw = scanner.text.slice(start, scanner.at);
  if (!raw.includes('\\')) return raw.slice(1, -1);
  const parsed: unknown = JSON.parse(raw);
  return typeof parsed === 'string' ? parsed : raw;
}

function skipString(scanner: Scanner): void {
  const { text } = scanner;
  let at = scanner.at + 1;
  while (at < text.length && text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
  scanner.at = at + 1;
}

function skipSpace(scanner: Scanner): void {
  const { text } = scanner;
  while (scanner.at < text.length && text.charCodeAt(scanner.at) <= 32) scanner.at += 1;
}

function skipScalar(scanner: Scanner): void {
  const { text } = scanner;
  const start = scanner.at;
  while (
    scanner.at < text.length &&
    !',]}'.includes(text[scanner.at] ?? '') &&
    text.charCodeAt(scanner.at) > 32
  )
    scanner.at += 1;
  // Text that is not JSON must not hold the scan in place.
  if (scanner.at === start) scanner.at += 1;
}
