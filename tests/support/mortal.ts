/**
 * Runtimes as processes of their own, for tests that kill them: from outside at any time, or by themselves at the moment that `CRASH`
 * names, as `kill -9` would.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import type { TestHost } from '../../runtime/host/testing.ts';
import type { TestDatabase } from './database.ts';
import { ended, firstMessage, kill } from './ended.ts';
import { endLeases } from './leases.ts';
import { own, ownFolder } from './owned.ts';

export interface Mortal {
  readonly port: number;
  /** Resolves when the process has ended, whoever ended it. @throws Error when it does not */
  gone(): Promise<unknown>;
  kill(): Promise<unknown>;
  /** Asks it to stop in order, and resolves when it has. */
  stop(): Promise<unknown>;
}

export interface Mortals {
  /** @returns one that is ready, or that `CRASH` has killed before it was: its port is 0. @throws Error when it ends before that by itself */
  start(env?: Readonly<Record<string, string>>): Promise<Mortal>;
  /** Kills those that live. */
  stop(): void;
}

/** @param module what a process runs: it ends with `live(host)` */
export function createMortals(
  module: URL,
  database: () => Pick<TestDatabase, 'url' | 'secretsKey' | 'admin'>,
): Mortals {
  const folder = ownFolder('mortals');
  const children = new Set<ChildProcess>();
  return {
    async start(env = {}) {
      const { url, secretsKey, admin } = database();
      await endLeases(admin);
      const child = fork(module, {
        env: {
          NODE_COMPILE_CACHE: join(folder, 'cache'),
          ...process.env,
          DATABASE_URL: url,
          SECRETS_KEY: secretsKey,
          ...env,
        },
      });
      own(child);
      children.add(child);
      child.once('exit', () => children.delete(child));
      const { port } = await firstMessage<{ port: number }>(child).catch((error: unknown) => {
        // What its life before had begun it goes on with at once, and may be killed by that before it has said a word.
        if (env['CRASH'] !== undefined && child.signalCode === 'SIGKILL') return { port: 0 };
        throw error;
      });
      return {
        port,
        gone: () => ended(child),
        kill: () => kill(child),
        stop: () => kill(child, 'SIGTERM'),
      };
    },

    stop() {
      for (const child of children) child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** In such a process: says that it is ready, and stops in order when asked to. */
export function live(host: Pick<TestHost, 'port' | 'stop'>): void {
  process.send?.({ port: host.port });
  // Left for the next: one that is killed leaves nothing at its end.
  flushCompileCache();
  process.once('SIGTERM', () => void host.stop().then(() => process.disconnect?.()));
}

/** In such a process: the end, if it was to be here. */
export function dieAt(moment: string): void {
  if (process.env['CRASH'] === moment) process.kill(process.pid, 'SIGKILL');
}
