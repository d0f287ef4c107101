/**
 * What the pages name is there: files, headings, scripts, commands with their options, routes, fields of a tenant. Whether what they
 * say of it is true, only a reader finds out.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { SCHEMAS } from '../../crds/index.ts';
import { loadAll } from '../../operator/plugin/commands.ts';
import { prune } from '../../operator/embedded/schema/prune.ts';
import type { JsonObject, Schema } from '../../operator/embedded/schema/schema.ts';
import { validate } from '../../operator/embedded/schema/validate.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const PAGES = new Map(
  globSync('{README.md,docs/**/*.md}', { cwd: root }).map((path) => [path, read(path)] as const),
);
/** The domain that docs/domains.md makes up; `runtime/domains/page.test.ts` hosts it. */
const MADE_UP = /^runtime\/domains\/notes\/|^\/api\/notes\//;
/** Drawn from the definitions, whose own tests hold them. */
const DRAWN = ['docs/api.md', 'docs/fidelity.md'];
/** What was so when it was decided may have other names by now; its links have to lead somewhere all the same. */
const WRITTEN = [...PAGES].filter(([path]) => !DRAWN.includes(path) && !path.startsWith('docs/decisions/'));

test('every link between the pages leads to a file, and to a heading of it', () => {
  const broken = [...PAGES].flatMap(([page, text]) =>
    matches(text.replaceAll(/`[^`\n]*`/g, ''), /\]\(([^)\s]+)\)/g)
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => !leads(page, link))
      .map((link) => `${page}: ${link}`),
  );
  assert.deepEqual(broken, []);
});

test('every decision has its line in the index, and no two have one number', () => {
  const files = globSync('docs/decisions/[0-9]*.md', { cwd: root }).map((path) =>
    path.slice(path.lastIndexOf('/') + 1),
  );
  const index = read('docs/decisions/README.md');
  assert.deepEqual(
    files.filter((file) => !index.includes(`(${file})`)),
    [],
  );
  assert.equal(new Set(files.map((file) => file.slice(0, 4))).size, files.length);
});

test('every path of the repository that a page names is there', () => {
  const named =
    /`((?:\.ci|crds|docs|operator|runtime|tenants|tests|web)\/[\w./*-]+)`|\bnode (?:--test )?(\S+\.ts)\b/g;
  const missing = WRITTEN.flatMap(([page, text]) =>
    [...text.matchAll(named)]
      .map(([, quoted, run]) => quoted ?? run ?? '')
      .filter(
        (path) =>
          !path.startsWith('path/') && !MADE_UP.test(path) && globSync(path, { cwd: root }).length === 0,
      )
      .map((path) => `${page}: ${path}`),
  );
  assert.deepEqual(missing, []);
});

test('every script that a page names is one of package.json, and every script for people is named', () => {
  // A package.json of ours.
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = WRITTEN.flatMap(([page, text]) =>
    matches(text, /\bnpm run ([a-z][a-z:]*[a-z0-9]*)/g).map((name) => ({ page, name })),
  );
  assert.deepEqual(
    named.filter(({ name }) => !(name in scripts)),
    [],
  );
  const everything = WRITTEN.map(([, text]) => text).join('\n');
  assert.deepEqual(
    Object.keys(scripts).filter(
      (name) => /^(?:test|bench|fuzz|check):/.test(name) && !everything.includes(name),
    ),
    [],
  );
});

test('every command of the plugin that a page shows takes the options it is shown with', async () => {
  const commands = new Map((await loadAll()).map((command) => [command.name, command]));
  const common = ['--kubeconfig', '--context', '--quiet', '-q', '--color', '--help'];
  const wrong = WRITTEN.filter(([page]) => page !== 'docs/plugin.md').flatMap(([page, text]) =>
    [...text.matchAll(/(?:npx|kubectl) shopmind ([a-z]+)([^\n`|#)]*)/g)].flatMap(
      ([line, name = '', rest = '']) => {
        const command = commands.get(name);
        if (command === undefined) return [`${page}: ${line}`];
        const taken = (command.options ?? []).flatMap(({ flags }) => matches(flags, /(--?[a-z][a-z-]*)/g));
        return matches(rest, /(?<=\s)(--?[a-z][a-z-]*)/g)
          .filter((flag) => ![...common, ...taken].includes(flag))
          .map((flag) => `${page}: ${line}: ${flag}`);
      },
    ),
  );
  assert.deepEqual(wrong, []);
});

test('every route that a page names is one of the API', () => {
  // Drawn from the definitions; `generate.test.ts` holds it to them.
  const { paths } = JSON.parse(read('docs/api/openapi.json')) as { paths: Record<string, object> };
  const known = Object.keys(paths).map((path) => shapeOf(path));
  const unknown = WRITTEN.flatMap(([page, text]) =>
    matches(text, /(?<![\w.}])(\/api\/[a-z][\w/{}.…-]*[\w}…])/g)
      // `/api/admin/…` stands for many.
      .filter((path) => !path.endsWith('/…') && !MADE_UP.test(path))
      .filter((path) => !known.includes(shapeOf(path)))
      .map((path) => `${page}: ${path}`),
  );
  assert.deepEqual(unknown, []);
});

test('every tenant that a page shows is one that the API server takes', () => {
  // The two rooms describe the same JSON with types of their own.
  const schema = SCHEMAS.ShopMindTenant as unknown as Schema;
  let seen = 0;
  const refused = WRITTEN.flatMap(([page, text]) =>
    matches(text, /((?:^apiVersion: .*\n|^---\n)(?:(?!```|YAML$).*\n)*)/gm).flatMap((block) =>
      parseAllDocuments(block).flatMap((document) => {
        // Whatever it is, its kind is looked at first.
        const object = document.toJS() as JsonObject | null;
        if (object?.['kind'] !== 'ShopMindTenant') return [];
        seen += 1;
        const unknown = prune(object, schema).map((path) => `${page}: unknown field ${path}`);
        return [
          ...unknown,
          ...validate(object, schema).map(({ field, message }) => `${page}: ${field}: ${message}`),
        ];
      }),
    ),
  );
  assert.deepEqual(refused, []);
  assert.ok(seen >= 3, `only ${seen} tenants were found`);
});

/** What the first group of each match holds. */
function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found = '']) => found);
}

function leads(page: string, link: string): boolean {
  const [path = '', heading] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(root, target))) return false;
  return heading === undefined || headingsOf(PAGES.get(target) ?? read(target)).has(heading);
}

/** As GitHub makes them of headings. */
function headingsOf(text: string): ReadonlySet<string> {
  return new Set(
    matches(text, /^#+ (.*)$/gm).map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** `/api/orders/{orderId}` and `/api/orders/ord_…` are one route, whatever its parameter is called. */
function shapeOf(path: string): string {
  return path.replaceAll(/\{\w+\}|[a-z]+_…|…/g, '*');
}
