/**
 * What holds of every command: it says what it is, what it needs and what its exit codes mean; the page says the same.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { COMMANDS, loadAll } from './commands.ts';
import { EXIT, EXIT_MEANS } from './failure.ts';
import { generatedFiles } from './generate.ts';
import { CLUSTER_OPTIONS, GLOBAL_OPTIONS } from './options.ts';

const commands = await loadAll();

test('docs/plugin.md is what npm run generate would write', async () => {
  for (const [path, content] of await generatedFiles()) {
    const written = await readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
    assert.equal(written, content, `${path} is stale: run npm run generate`);
  }
});

test('every command is listed under its own name, has an example, and says no more in its summary than fits', () => {
  assert.deepEqual(
    commands.map(({ name }) => name),
    Object.keys(COMMANDS),
  );
  for (const { name, examples, summary } of commands) {
    assert.ok(examples.length > 0, name);
    assert.ok(summary.length <= 120 && !summary.endsWith('.'), `${name}: ${summary}`);
  }
});

test('no command takes away an option that all have', () => {
  const letters = (flags: string) => /^-(\w)\b/.exec(flags)?.[1];
  for (const { name, options = [], cluster } of commands) {
    const all = [...options, ...GLOBAL_OPTIONS, ...(cluster === false ? [] : CLUSTER_OPTIONS)].map(
      ({ flags }) => flags,
    );
    const short = all.flatMap((flags) => letters(flags) ?? []);
    assert.equal(new Set(short).size, short.length, `${name}: -${short.toSorted().join(' -')}`);
    const long = all.flatMap((flags) => /--[a-z-]+/.exec(flags)?.[0] ?? []);
    assert.equal(new Set(long).size, long.length, `${name}: ${long.toSorted().join(' ')}`);
  }
});

test('a definition loads nothing but other definitions, so that help and completion answer at once', async () => {
  const list = await readFile(new URL('commands.ts', import.meta.url), 'utf8');
  const files = new Set([...list.matchAll(/import\('(\.\/[^']+)'\)/g)].map(([, file = '']) => file));
  assert.ok(files.size > 10);
  for (const file of files) {
    const text = await readFile(new URL(file, import.meta.url), 'utf8');
    for (const [, name = ''] of text.matchAll(/^import (?!type )[^;]*? from '([^']+)';$/gm))
      assert.match(name, /\/(commands?|needs|scripts|meta)\.ts$/, `${file} imports ${name}`);
  }
});

test('no option of any command could take a secret', () => {
  for (const { name, options = [] } of commands)
    for (const { flags } of options)
      assert.doesNotMatch(flags, /password|token|secret|api-?key/i, `${name} ${flags}`);
});

test('every exit code the plugin knows is explained, for all commands or by the one that has it', () => {
  const own = new Set(commands.flatMap(({ exitCodes = {} }) => Object.keys(exitCodes).map(Number)));
  for (const code of Object.values(EXIT))
    assert.ok(EXIT_MEANS[code] !== undefined || own.has(code), String(code));
});

test('every command that speaks to a cluster says what it needs there', () => {
  for (const { name, needs, cluster } of commands) if (cluster !== false) assert.ok(needs.length > 0, name);
});
