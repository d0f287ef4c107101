/**
 * `npm run test:faults`: runs the tests of this folder one after another and prints what was tried as a table.
 * `--full` tries every crash point and 500 generated specs; anything else is passed on to the test runner.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Outcome } from './profile.ts';

const given = process.argv.slice(2);
const full = given.includes('--full');
const dir = await mkdtemp(join(tmpdir(), 'shopmind-faults-results-'));
const results = join(dir, 'results.jsonl');
const seed = process.env['SHOPMIND_FAULTS_SEED'] ?? String(20_261_125);
const began = performance.now();
const child = spawn(
  process.execPath,
  [
    '--test',
    '--test-reporter=spec',
    // Each file has a world of its own and mostly waits: for leases, for grace, for Pods.
    `--test-concurrency=${full ? 1 : 3}`,
    ...given.filter((argument) => argument !== '--full'),
    join(import.meta.dirname, '**/*.test.ts'),
  ],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      SHOPMIND_FAULTS: full ? 'full' : 'quick',
      SHOPMIND_FAULTS_RESULTS: results,
      SHOPMIND_FAULTS_SEED: seed,
    },
  },
);
const [code] = await once(child, 'exit');
const lines = (await readFile(results, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
await rm(dir, { recursive: true, force: true });
// Written by `report` of the profile.
print(lines.map((line) => JSON.parse(line) as Outcome));
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
  process.stdout.write(
    `\n${full ? 'Every crash point' : 'A sample'}, seed ${seed}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, against ${process.env['SHOPMIND_FAULTS_KUBECONFIG'] ?? 'the embedded API server'}\n`,
  );
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    process.stdout.write(`${cells.join('  ')}\n`);
  }
}
