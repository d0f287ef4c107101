/**
 * `operator/main.ts` as a process of its own that can be killed, frozen and woken, and whose log is read.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../..');

export interface LogLine {
  readonly level: number;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

export interface OperatorProcess {
  readonly pid: number;
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
}

export function startOperatorProcess(env: OperatorEnv): OperatorProcess {
  const child = spawn(
    process.execPath,
    ['--import', join(root, 'operator/embedded/node/lookup.ts'), join(root, 'operator/main.ts')],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: tmpdir(),
        NODE_COMPILE_CACHE: join(tmpdir(), 'shopmind-faults-compiled'),
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
  const { pid, stdout, stderr } = child;
  if (pid === undefined) throw new Error('the operator could not be spawned');
  const log: LogLine[] = [];
  const noise: string[] = [];
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  createInterface({ input: stdout }).on('line', (line) => {
    try {
      // The operator's own log lines; their level is a number by pino's format.
      log.push(JSON.parse(line) as LogLine);
    } catch {
      noise.push(line);
    }
  });
  createInterface({ input: stderr }).on('line', (line) => noise.push(line));
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (!ended) {
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    }
    return child.exitCode;
  };
  return {
    pid,
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
