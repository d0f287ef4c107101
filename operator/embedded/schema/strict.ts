/**
 * Finds what `JSON.parse` hides: keys that stand twice in one object.
 */

/**
 * The paths of duplicate keys in a JSON text (`spec.replicas`, `spec.containers[0].name`), in order of appearance, at most 100.
 * The text must be valid JSON; only its keys are looked at.
 */
export function duplicateFields(text: string): string[] {
  const found: string[] = [];
  const scanner: Scanner = { text, at: 0 };
  scanValue(scanner, '', found);
  return found;
}

type Scanner = { readonly text: string; at: number };

const maximum = 100;
const quote = 34;
const backslash = 92;

function scanValue(scanner: Scanner, path: string, found: string[]): void {
  skipSpace(scanner);
  const start = scanner.text[scanner.at];
  if (start === '{') scanObject(scanner, path, found);
  else if (start === '[') scanList(scanner, path, found);
  else if (start === '"') skipString(scanner);
  else skipScalar(scanner);
}

function scanObject(scanner: Scanner, path: string, found: string[]): void {
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
    if (seen.has(key) && found.length < maximum && !found.includes(at)) found.push(at);
    seen.add(key);
    skipSpace(scanner);
    scanner.at += 1;
    scanValue(scanner, at, found);
  }
  scanner.at += 1;
}

function scanList(scanner: Scanner, path: string, found: string[]): void {
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
    scanValue(scanner, `${path}[${index}]`, found);
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
