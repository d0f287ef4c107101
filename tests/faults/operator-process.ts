/**
 * `operator/main.ts` as a process of its own that can be killed, frozen and woken, and whose log is read.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { own } from '../support/owned.ts';

const root = join(import.meta.dirname, '../..');

export interface LogLine {
  readonly level: number;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

export interface OperatorProcess {
  /** Lines of its log so far. */
  readonly log: readonly LogLine[];
  /** What it wrote that is no log line: a crash of the runtime itself. */
  readonly noise: readonly string[];
  readonly hasEnded: () => boolean;
  readonly exitCode: () => number | null;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  freeze(): void;
  wake(): void;
}

export interface OperatorEnv {
  readonly kubeconfig: string;
  readonly address: string;
  readonly dns: string;
  /** Its identity in the Lease. */
  readonly podName: string;
  readonly runtimeImage: string;
  /**
   * Starts it again when it ends because it could not renew its lease, as a kubelet would: on a machine that does much else
   * it may be starved of it. Absent: whoever loses the lease stays away.
   */
  readonly restarts?: boolean;
}

/** Not a complaint: it gives up, as it must, and another one takes over. */
export const LEASE_LOST = 'the lease is lost';

export function startOperatorProcess(env: OperatorEnv): OperatorProcess {
  const log: LogLine[] = [];
  const noise: string[] = [];
  let ended = false;
  let unwanted = false;
  let child = start();

  function start(): ChildProcessByStdio<null, Readable, Readable> {
    const one = spawnOperator(env);
    const heard = log.length;
    createInterface({ input: one.stdout }).on('line', (line) => {
      try {
        // The operator's own log lines; their level is a number by pino's format.
        log.push(JSON.parse(line) as LogLine);
      } catch {
        noise.push(line);
      }
    });
    createInterface({ input: one.stderr }).on('line', (line) => noise.push(line));
    // On `close` its last words have been read too.
    one.once('close', () => {
      const isStarved = log.slice(heard).some(({ msg }) => msg === LEASE_LOST);
      if (env.restarts === true && !unwanted && isStarved) child = start();
      else ended = true;
    });
    return one;
  }

  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    unwanted = true;
    if (!ended) {
      const closed = once(child, 'close');
      child.kill(signal);
      await closed;
    }
    return child.exitCode;
  };
  return {
    log,
    noise,
    hasEnded: () => ended,
    exitCode: () => child.exitCode,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    freeze: () => void child.kill('SIGSTOP'),
    wake: () => void child.kill('SIGCONT'),
  };
}

function spawnOperator(env: OperatorEnv): ChildProcessByStdio<null, Readable, Readable> {
  const child = spawn(
    process.execPath,
    ['--import', join(root, 'operator/embedded/node/lookup.ts'), join(root, 'operator/main.ts')],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: tmpdir(),
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        KUBECONFIG: env.kubeconfig,
        SHOPMIND_DNS: env.dns,
        POD_IP: env.address,
        PORT: '9443',
        ADMIN_PORT: '9090',
        POD_NAME: env.podName,
        LOG_LEVEL: process.env['SHOPMIND_FAULTS_LOG'] ?? 'info',
        RUNTIME_IMAGE: env.runtimeImage,
        IMAGE_PULL_POLICY: 'Never',
        GATEWAY_PORT: '8080',
      },
    },
  );
  own(child);
  return child;
}
