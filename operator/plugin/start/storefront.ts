/**
 * Makes the storefront's pages ready to serve: its packages and its build, once for each change of its sources.
 * A child process of low priority, because the shops' APIs come first on a small machine.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Failure } from '../failure.ts';
import type { Report } from './report.ts';

const PREPARE = fileURLToPath(new URL('../../../web/storefront/prepare.ts', import.meta.url));
const LOW_PRIORITY = 10;

/** Resolves when the build is there. @throws Failure with the last lines the build printed. */
export async function prepareStorefront(report: Report, signal: AbortSignal): Promise<void> {
  const built = report.step('storefront build');
  const child = spawn(process.execPath, [PREPARE], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGTERM',
  });
  if (child.pid !== undefined) setPriority(child.pid, LOW_PRIORITY);
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > 50) lines.shift();
    });
  }
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) {
    throw new Failure(`the storefront could not be built (exit code ${code})`, {
      details: lines.slice(-15),
      remedy: 'Mend what the lines above name, or start without pages: npm start -- --no-storefront',
    });
  }
  built(lines.at(-1));
}
