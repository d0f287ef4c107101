/**
 * A pattern in which what repeats repeats something itself may read one text in two ways, and a longer one in more ways than anybody can wait
 * for: whoever sends it stops the process, for every shop. There are few such patterns; each is here with what makes it read a text in one way.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

/** What is in the brackets: each round begins or ends with what no other letter of it can be. */
const ONE_WAY: readonly string[] = [
  // Names with dots, slashes or dashes between their parts.
  String.raw`\/[A-Za-z0-9_+-]+`,
  String.raw`\/[A-Za-z0-9_~][A-Za-z0-9._-]*`,
  String.raw`\.[A-Za-z][A-Za-z0-9]*`,
  String.raw`\.[a-z0-9-]+`,
  String.raw`\.[a-z0-9]([-a-z0-9]*[a-z0-9])?`,
  String.raw`\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?`,
  String.raw`[.-][a-z0-9]+`,
  String.raw`['’-][\p{L}\p{N}]+`,
  String.raw`[^.]+[.]`,
  // Durations: a number, and letters.
  String.raw`(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)`,
  String.raw`(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)`,
  String.raw`\d+\s*(ns|nano(s|second|seconds)?|us|µs|μs|micro(s|second|seconds)?|ms|milli(s|second|seconds)?|s|sec(s|ond|onds)?|m|min(s|ute|utes)?|h|hr|hour(s)?|d|day(s)?|w|wk|week(s)?)\s*(?:,\s*)?`,
  // A tag's attributes: what is quoted, or a letter that is no quotation mark.
  String.raw`"[^"]*"|'[^']*'|[^"'>]`,
];

const sources = globSync(
  '{crds,operator,runtime,web/{ui,api-client,storefront/{app,components,lib}}}/**/*.{ts,tsx}',
  {
    cwd: root,
    exclude: (name) => name.includes('node_modules') || /\.test\.tsx?$/.test(name),
  },
);

test('no pattern repeats what repeats, but for those that read a text in one way', () => {
  const found = new Set<string>();
  for (const file of sources)
    for (const body of repeatsIn(readFileSync(join(root, file), 'utf8')))
      if (ONE_WAY.includes(body)) found.add(body);
      else
        assert.fail(
          `${file}: (${body}) is repeated and repeats. See that it reads a text in one way, and list it here.`,
        );
  assert.deepEqual(
    ONE_WAY.filter((body) => !found.has(body)),
    [],
    'nothing is listed that is not there',
  );
});

test('a pattern that repeats what repeats is found, also around others and beside brackets that are none', () => {
  for (const [text, bodies] of [
    ['/(a+)+/', ['a+']],
    ['/(?:a|b*)*/', ['a|b*']],
    ['/(?:\\s+[^<>]*(?:"[^"]*")?)*>/', ['\\s+[^<>]*(?:"[^"]*")?']],
    ['/(?:a[)*]+){2,}/', ['a[)*]+']],
    ['/(a\\)*b)*/', ['a\\)*b']],
    ['/(?:a[+]|b\\*|c{2})*/', []],
    ['/(?:ab{1,3})+(?:c+)?/', []],
  ] as const)
    assert.deepEqual([...repeatsIn(text)], bodies, text);
});

/** What stands in brackets that are repeated without end, and repeats something without end. Code has a space before a `*` and a `+`; patterns have none. */
function* repeatsIn(text: string): Iterable<string> {
  for (const { index } of text.matchAll(/\)(?:[*+]|\{\d+,\})/g)) {
    if (isLiteral(text, index)) continue;
    const line = text.lastIndexOf('\n', index) + 1;
    const open = openingOf(text.slice(line, index));
    if (open === undefined) continue;
    const body = text.slice(line + open + 1, index).replace(/^\?(?::|<?[=!]|<\w+>)/, '');
    if (/(?:[*+]|\{\d+,\})/.test(body.replaceAll(/\\.|\[(?:\\.|[^\]\\])*\]/g, 'x'))) yield body;
  }
}

/** Whether an odd number of backslashes stands before it, or it is in a class. */
function isLiteral(text: string, at: number): boolean {
  const line = text.slice(text.lastIndexOf('\n', at) + 1, at);
  const escapes = /\\*$/.exec(line)?.[0].length ?? 0;
  return escapes % 2 === 1 || /\[(?:\\.|[^\]\\])*$/.test(line);
}

/** Where the bracket begins that ends behind this text. */
function openingOf(text: string): number | undefined {
  const plain = text.replaceAll(/\\.|\[(?:\\.|[^\]\\])*\]/g, (part) => 'x'.repeat(part.length));
  for (let at = plain.length - 1, depth = 0; at >= 0; at--) {
    if (plain[at] === ')') depth += 1;
    if (plain[at] === '(' && depth-- === 0) return at;
  }
  return undefined;
}
