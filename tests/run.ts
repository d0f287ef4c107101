/**
 * `node tests/run.ts [FLAGS] FILES`: what `node --test` does with them, several files at a time, and ends with those that took longest.
 * What every file would make anew is made once for all of a run: compiled modules, and the empty data folder of PostgreSQL.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { own, ownFolder } from './support/owned.ts';

/** What takes longer hangs, and fails: the slowest file takes three minutes where much else runs. Who builds servers on first use says more. */
const LONGEST_TEST_MS = 10 * 60_000;
/** A file waits for its database as long as it computes: even two cores do better with two files. */
const AT_A_TIME = Math.max(2, availableParallelism() - 1);

const shared = ownFolder('run');
try {
  process.exitCode = await runTests(process.argv.slice(2));
} finally {
  await rm(shared, { recursive: true, force: true });
}

/** @param given flags of `node --test`, which go before ours, and patterns of files. @returns the exit code */
async function runTests(given: readonly string[]): Promise<number> {
  const child = spawn(
    process.execPath,
    [
      '--test',
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${join(import.meta.dirname, 'support/slowest.ts')}`,
      '--test-reporter-destination=stdout',
      `--test-concurrency=${AT_A_TIME}`,
      `--test-timeout=${LONGEST_TEST_MS}`,
      `--import=${new URL('./support/bounded.ts', import.meta.url).href}`,
      ...given,
    ],
    {
      stdio: 'inherit',
      env: {
        ...process.env,
        NODE_COMPILE_CACHE: join(shared, 'compiled'),
        SHOPMIND_TEST_RUN: shared,
      },
    },
  );
  own(child);
  // From a terminal the child hears of it, too, and ends its tests; what is shared goes when they have ended.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const [code] = await once(child, 'exit');
  return typeof code === 'number' ? code : 1;
}
