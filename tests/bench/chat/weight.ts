/** What a process holds: as the operating system sees it, and as it says itself once its garbage is collected. */
import { readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { until } from '../../support/wait.ts';
import type { Contestant } from './contestants.ts';

/**
 * For the environment of a process of Node that is to be weighed, beside a WEIGHT of its own.
 * @param isIdle it is to hold connections and do nothing: the room for young objects, which V8 lets grow to a hundred megabytes while
 * connections come and keeps when they rest, is held small, for it is nobody's
 */
export function weighed(isIdle: boolean): { readonly NODE_OPTIONS: string } {
  const probe = fileURLToPath(new URL('./weighed.mjs', import.meta.url));
  return { NODE_OPTIONS: `--expose-gc --import=${probe}${isIdle ? ' --max-semi-space-size=1' : ''}` };
}

/** Bytes. */
export interface Weight {
  /** As an operator would see it at any moment, garbage included. */
  readonly resident: number;
  readonly residentAfter: number;
  /** JavaScript's objects alone, and the buffers they hold. */
  readonly heap: number;
}

/** Of the first server, before and after its garbage is collected. */
export async function weightOf({ servers, weight }: Contestant): Promise<Weight> {
  const [pid = 0] = servers;
  const resident = await residentBytes(pid);
  await rm(weight, { force: true });
  process.kill(pid, 'SIGUSR2');
  const said = await until(() => readFile(weight, 'utf8'), { withinMs: 20_000, what: 'a server is weighed' });
  const { heapUsed, external } = JSON.parse(said) as NodeJS.MemoryUsage; // of weighed.mjs
  return { resident, residentAfter: await residentBytes(pid), heap: heapUsed + external };
}

export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}
