/**
 * `npm run bench:start`: how long `npm start` takes to shops that answer and to pages that open, first and second time,
 * and what the whole thing weighs at rest. Each figure stands beside its limit.
 *
 * `--cold` also removes the storefront's packages and build first, as on a fresh clone.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { memoryOf, processTree } from '../support/processes.ts';
import { removeInstallation, startInstallation, type Installation } from '../support/installation.ts';
import { until } from '../support/wait.ts';
import { machine } from './machine.ts';

const root = join(import.meta.dirname, '../..');
const SECOND = 1000;
const MIB = 1024 * 1024;
const before = machine();

interface Figures {
  readonly apis: number;
  readonly pages: number;
}

interface TenantRow {
  readonly name: string;
  readonly url: string;
}

const cold = process.argv.includes('--cold');
if (cold) {
  for (const folder of ['node_modules', '.next'])
    await rm(join(root, 'web/storefront', folder), { recursive: true, force: true });
}

const first = await startInstallation();
const firstFigures = await measure(first);
await first.stop();
const second = await startInstallation({ dataDir: first.dataDir, port: first.port });
const secondFigures = await measure(second);
const memory = await memoryAtRest(second);
await removeInstallation(second);

print([
  ['', 'measured', 'limit'],
  [
    `first start${cold ? '' : ' (pages built before)'}: every tenant Ready and answering`,
    seconds(firstFigures.apis),
    '15.0 s',
  ],
  ['first start: pages open', seconds(firstFigures.pages), '45.0 s'],
  ['second start: every tenant Ready and answering', seconds(secondFigures.apis), '8.0 s'],
  ['second start: pages open', seconds(secondFigures.pages), '8.0 s'],
  ['memory at rest, all processes (PSS)', `${Math.round(memory.total / MIB)} MiB`, '1229 MiB'],
]);
for (const [name, bytes] of memory.parts)
  process.stdout.write(`  ${name.padEnd(46)} ${Math.round(bytes / MIB)} MiB\n`);

async function measure(installation: Installation): Promise<Figures> {
  const began = performance.now();
  const { tenants } = (await installation.event('tenants', 120 * SECOND)) as unknown as {
    tenants: readonly TenantRow[];
  };
  await Promise.all(tenants.map((tenant) => answers(installation, tenant, '/api/catalog/products?limit=1')));
  const apis = performance.now() - began;
  await installation.event('storefront', 300 * SECOND);
  await Promise.all(tenants.map((tenant) => answers(installation, tenant, '/')));
  return { apis, pages: performance.now() - began };
}

function answers(installation: Installation, { name, url }: TenantRow, path: string): Promise<true> {
  const shop = installation.shop(new URL(url).hostname);
  return until(async () => ((await shop('GET', path)).status === 200 ? true : undefined), {
    withinMs: 60 * SECOND,
    what: `${name} answers ${path}`,
  });
}

/** After ten quiet seconds: caches are warm, start-up garbage is collected. */
async function memoryAtRest(
  installation: Installation,
): Promise<{ total: number; parts: readonly (readonly [string, number])[] }> {
  await new Promise((resolve) => setTimeout(resolve, 10 * SECOND));
  const tree = await processTree(installation.pid);
  const parts = new Map<string, number>();
  let total = 0;
  for (const { pid, command } of tree) {
    const bytes = await memoryOf(pid);
    const name = /postgres/.test(command)
      ? 'postgres'
      : (/(\S+\.(?:ts|mjs|js))/.exec(command)?.[1]?.replace(`${root}/`, '') ?? command.slice(0, 40));
    parts.set(name, (parts.get(name) ?? 0) + bytes);
    total += bytes;
  }
  return { total, parts: [...parts].toSorted(([, a], [, b]) => b - a) };
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / SECOND).toFixed(1)} s`;
}

function print(rows: readonly (readonly [string, string, string])[]): void {
  process.stdout.write(`\nbench:start on ${before}\n\n`);
  for (const [what, measured, limit] of rows)
    process.stdout.write(`${what.padEnd(62)}${measured.padStart(10)}${limit.padStart(10)}\n`);
  process.stdout.write('\n');
}
