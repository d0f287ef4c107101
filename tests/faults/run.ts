/**
 * `npm run test:faults`: runs the tests of this folder and prints what was tried as a table. `--full` tries every crash point and
 * 500 generated specs; `--write` keeps what was seen in `docs/faults.md`; anything else is passed on to the test runner, paths of
 * test files included.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { own, ownFolder } from '../support/owned.ts';
import { formatResults, merged, parseResults, withTables, type Result } from './page.ts';
import { EVERY, SEED, type Outcome } from './profile.ts';

const given = process.argv.slice(2);
const full = given.includes('--full');
const dir = ownFolder('faults-results');
const results = join(dir, 'results.jsonl');
const server =
  process.env['SHOPMIND_FAULTS_KUBECONFIG'] ?? process.env['SHOPMIND_FAULTS_SERVER'] ?? 'embedded';
const files = given.filter((argument) => argument.endsWith('.test.ts'));
const flags = given.filter(
  (argument) => argument.startsWith('-') && !['--full', '--write'].includes(argument),
);
const began = performance.now();
const child = spawn(
  process.execPath,
  [
    '--test',
    '--test-reporter=spec',
    // Each file has a world of its own and mostly waits: for leases, for grace, for Pods.
    `--test-concurrency=${full ? 1 : 3}`,
    ...flags,
    ...(files.length > 0 ? files : [join(import.meta.dirname, '**/*.test.ts')]),
  ],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      SHOPMIND_FAULTS: full ? 'full' : 'quick',
      SHOPMIND_FAULTS_RESULTS: results,
      SHOPMIND_FAULTS_SEED: String(SEED),
      NODE_COMPILE_CACHE: join(dir, 'compiled'),
    },
  },
);
own(child);
const [code] = await once(child, 'exit');
const lines = (await readFile(results, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
await rm(dir, { recursive: true, force: true });
// Written by `report` of the profile.
const outcomes = lines.map((line) => JSON.parse(line) as Outcome);
print(outcomes);
if (given.includes('--write')) await keep(outcomes);
process.exitCode = typeof code === 'number' ? code : 1;

function print(outcomes: readonly Outcome[]): void {
  const total = (pick: (outcome: Outcome) => number): number =>
    outcomes.reduce((sum, one) => sum + pick(one), 0);
  const rows = [
    ['scenario', 'tried', 'converged', 'seconds'],
    ...outcomes.map(({ scenario, tried, converged, seconds }) => [
      scenario,
      String(tried),
      String(converged),
      seconds.toFixed(1),
    ]),
    [
      'together',
      String(total(({ tried }) => tried)),
      String(total(({ converged }) => converged)),
      ((performance.now() - began) / 1000).toFixed(1),
    ],
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const share = full ? (EVERY === 1 ? 'Every crash point' : `One crash point of ${EVERY}`) : 'A sample';
  const machine = `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${load()}`;
  process.stdout.write(`\n${share}, seed ${SEED}, ${machine}, API server: ${server}\n`);
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    process.stdout.write(`${cells.join('  ')}\n`);
  }
}

/** Only what was tried whole, or as a share that is told, says anything to who reads the page. */
async function keep(outcomes: readonly Outcome[]): Promise<void> {
  if (!full) throw new Error('--write keeps what a run with --full has seen');
  const [resultsFile, page] = [
    join(import.meta.dirname, 'results.jsonl'),
    join(import.meta.dirname, '../../docs/faults.md'),
  ];
  const now = outcomes.map((outcome): Result => ({
    server,
    ...outcome,
    seconds: Math.round(outcome.seconds),
    every: outcome.steps === undefined ? 1 : EVERY,
    seed: SEED,
    commit: execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim(),
    date: new Date().toISOString().slice(0, 10),
    load: load(),
    cores: cpus().length,
  }));
  const all = merged(parseResults(await readFile(resultsFile, 'utf8').catch(() => '')), now);
  await writeFile(resultsFile, formatResults(all));
  await writeFile(page, withTables(await readFile(page, 'utf8'), all));
}

/** Over the last five minutes. */
function load(): number {
  return Math.round(loadavg()[1] ?? 0);
}
