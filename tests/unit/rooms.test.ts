/**
 * Holds the table of rooms in the design: arrows never point back. Every relative import of every source file is
 * checked against what its room may import; tests may cross rooms.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

/** Longest prefix wins. A room may always import itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  crds: [],
  'operator/kube': [],
  'operator/controllers': [
    'operator/kube',
    'crds',
    'operator/resources',
    'operator/provisioners',
    // What was asked for and how far it came; the work itself is done by processes of its own.
    'operator/recovery',
    'runtime/platform',
  ],
  'operator/resources': ['crds', 'runtime/domains', 'runtime/platform'],
  'operator/provisioners': ['crds', 'runtime/domains', 'runtime/platform'],
  // Backups and recoveries: processes and Jobs of their own, beside the operator, on the provisioners' way into the database.
  'operator/recovery': ['operator/kube', 'operator/provisioners', 'runtime/domains', 'runtime/platform'],
  'operator/admission': ['crds', 'operator/kube'],
  'operator/scaling': ['operator/kube', 'crds'],
  'operator/embedded': [],
  'operator/plugin': [
    'runtime/domains',
    'runtime/platform',
    'operator/recovery',
    'operator/kube',
    'crds',
    'operator/resources',
    'operator/provisioners',
    'operator/controllers',
    'operator/plugin/start',
  ],
  // `shopmind start` composes the two clusters' worlds, so it alone sees the embedded one.
  'operator/plugin/start': [
    'operator/plugin',
    'operator/kube',
    'crds',
    'operator/controllers',
    'operator/resources',
    'operator/recovery',
    'operator/embedded',
  ],
  'operator/main.ts': [
    'operator/kube',
    'crds',
    'operator/controllers',
    'operator/resources',
    'operator/provisioners',
    'operator/admission',
    'runtime/domains',
  ],
  'runtime/platform': [],
  'runtime/domains': ['runtime/platform'],
  'runtime/host': ['runtime/platform', 'runtime/domains'],
  'runtime/gateway': ['runtime/domains', 'runtime/platform', 'operator/kube'],
  tenants: ['crds'],
};

/** What may be imported of a room from outside: of the runtime the operator sees data only, and makes its spans as it does. */
const DATA_ONLY =
  /^runtime\/(domains|platform)\/(.*\/)?(definition|index)\.ts$|^runtime\/platform\/tracing\/(tracer|metric)\.ts$/;

/** What a domain publishes: its definition, and the schemas of its events. */
const SAID = /\/(definition|schemas)\.ts$/;

const rooms = Object.keys(MAY_IMPORT).toSorted((a, b) => b.length - a.length);
const roomOf = (file: string): string | undefined =>
  rooms.find((room) => file === room || file.startsWith(`${room}/`));

const sources = globSync('{crds,operator,runtime,tenants}/**/*.ts', { cwd: root }).filter(
  (file) => !file.endsWith('.test.ts') && !/\/(testing(\/|\.ts$)|contract\/)/.test(file),
);

test('every source file stands in a room', () => {
  assert.ok(sources.length > 0);
  assert.deepEqual(
    sources.filter((file) => roomOf(file) === undefined),
    [],
  );
});

test('no import points back', () => {
  assert.deepEqual(sources.flatMap(forbiddenImports), []);
});

test('every package that is imported is one that package.json names', () => {
  // A package.json of ours.
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as Record<'dependencies' | 'optionalDependencies', Record<string, string> | undefined>;
  const named = new Set([dependencies, optionalDependencies].flatMap((list) => Object.keys(list ?? {})));
  const packageOf = (name: string): string => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name;
  assert.deepEqual(
    sources.flatMap((file) =>
      externalImports(file)
        .filter((name) => !named.has(packageOf(name)))
        .map((name) => `${file} imports ${name}`),
    ),
    [],
  );
});

test('a definition imports no handler and no client', () => {
  const definitions = sources.filter((file) => file.endsWith('/definition.ts'));
  assert.deepEqual(
    definitions.flatMap((file) =>
      externalImports(file)
        .filter((name) => name !== 'zod')
        .map((name) => `${file} imports ${name}`),
    ),
    [],
  );
});

test('each domain sees of another only what it says: its definition and its shapes', () => {
  const domainOf = (file: string): string | undefined => /^runtime\/domains\/([^/]+)\//.exec(file)?.[1];
  const crossings = sources.flatMap((file) => {
    const own = domainOf(file);
    if (own === undefined) return [];
    return targetsOf(file)
      .filter((target) => domainOf(target) !== undefined && domainOf(target) !== own && !SAID.test(target))
      .map((target) => `${file} → ${target}`);
  });
  assert.deepEqual(crossings, []);
});

function forbiddenImports(file: string): string[] {
  const room = roomOf(file);
  if (room === undefined) return [];
  return targetsOf(file)
    .filter((target) => !allowed(room, target))
    .map((target) => `${file} → ${target}`);
}

function allowed(room: string, target: string): boolean {
  const other = roomOf(target);
  if (other === undefined) return false;
  if (other === room) return true;
  if (!(MAY_IMPORT[room] ?? []).includes(other)) return false;
  return !(room.startsWith('operator/') && other.startsWith('runtime/')) || DATA_ONLY.test(target);
}

function targetsOf(file: string): string[] {
  return importsOf(file)
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(root, join(root, dirname(file), name)));
}

function externalImports(file: string): string[] {
  return importsOf(file).filter((name) => !name.startsWith('.') && !name.startsWith('node:'));
}

/** Type-only imports count too for rooms, but cost nothing at run time, so a definition may have them. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8').replaceAll(
    /^import type .* from '(?!\.)[^']+';$/gm,
    '',
  );
  const statements = text.matchAll(
    /^(?:import\b[^;'=]*?(?:from\s*)?|export\b[^;'=]*?from\s*)'([^']+)';|\bimport\(\s*'([^']+)'/gm,
  );
  return [...statements].map(([, fixed, loaded]) => fixed ?? loaded ?? '');
}
