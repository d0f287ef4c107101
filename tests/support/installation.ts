/**
 * A whole installation for end-to-end tests: `npm start` on a free port with a folder of its own,
 * followed through the JSON lines it prints.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endOf, kill } from './ended.ts';
import { own, ownFolder } from './owned.ts';
import { freePort } from './port.ts';
import { shopAt, type Shop } from './shop.ts';
import { until } from './wait.ts';

const root = join(import.meta.dirname, '../..');

/** Every Pod is asked to end, and has half a minute for that. */
const LONGEST_STOP_MS = 180_000;

/** One line of `shopmind start --json`. */
export interface StartEvent {
  readonly event: string;
  /** Milliseconds since the command began. */
  readonly ms: number;
  readonly [key: string]: unknown;
}

export interface Installation {
  readonly port: number;
  readonly dataDir: string;
  readonly kubeconfig: string;
  readonly events: readonly StartEvent[];
  shop(host: string): Shop;
  /** Resolves with the first event of that name, also when it came before the call. */
  event(name: string, withinMs: number): Promise<StartEvent>;
  /** The pid of the foreground process. */
  readonly pid: number;
  /** As Ctrl-C: resolves with the exit code when the process has gone. */
  stop(): Promise<number | null>;
  /** kill -9 of the foreground process alone. */
  kill(): Promise<void>;
}

export interface InstallationOptions {
  readonly dataDir?: string;
  readonly port?: number;
  readonly tenants?: string;
  readonly storefront?: boolean;
  /** Where spans are sent. */
  readonly traces?: string;
}

/** Starts one; nothing is awaited yet. */
export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const dataDir = options.dataDir ?? ownFolder('e2e');
  const port = options.port ?? (await freePort());
  const args = ['operator/plugin/shopmind.mjs', 'start', '--json', '--port', String(port), '--data', dataDir];
  if (options.tenants !== undefined) args.push('--tenants', options.tenants);
  if (options.traces !== undefined) args.push('--traces', options.traces);
  if (options.storefront === false) args.push('--no-storefront');
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  own(child);
  const events: StartEvent[] = [];
  const errors: string[] = [];
  follow(child, events, errors);
  const { pid } = child;
  if (pid === undefined) throw new Error('shopmind start could not be spawned');

  return {
    port,
    dataDir,
    pid,
    events,
    kubeconfig: join(dataDir, 'kubeconfig'),
    shop: (host) => shopAt(port, host),
    event: (name, withinMs) =>
      until(() => events.find(({ event }) => event === name), {
        withinMs,
        what: `event ${name}`,
        tell: async () => `${JSON.stringify(events.slice(-5))}\n${errors.slice(-20).join('\n')}`,
        hopeless: () => {
          const end = endOf(child);
          return end === undefined ? undefined : `${end}:\n${errors.join('\n')}`;
        },
      }),
    stop: async () => {
      await kill(child, 'SIGINT', LONGEST_STOP_MS);
      return child.exitCode;
    },
    kill: async () => {
      await kill(child);
    },
  };
}

/** Stops it and removes its folder. */
export async function removeInstallation(installation: Installation): Promise<void> {
  await installation.stop();
  await rm(installation.dataDir, { recursive: true, force: true });
}

function follow(child: ChildProcess, events: StartEvent[], errors: string[]): void {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('stdout and stderr are piped');
  createInterface({ input: stdout }).on('line', (line) => {
    // Our own command's output; a line that is no event fails loudly here.
    events.push(JSON.parse(line) as StartEvent);
  });
  createInterface({ input: stderr }).on('line', (line) => errors.push(line));
}
