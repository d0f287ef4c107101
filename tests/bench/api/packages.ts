/** Peers as npm publishes them, installed once into the user's cache: nothing of them comes with ours. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { kept } from '../../support/kept.ts';

export interface Packages {
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
  /** Fetched as they are, and unpacked beside `node_modules` as `package`. */
  readonly alsoUnpack?: string;
}

/** The npm that comes with the Node that runs us: another one would fetch native parts for another Node. */
const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;

/** @returns the folder that holds `node_modules` */
export function installed({ name, dependencies, alsoUnpack }: Packages): Promise<string> {
  return kept(name, 'npm', async (folder) => {
    await mkdir(folder, { recursive: true });
    await writeFile(`${folder}/package.json`, JSON.stringify({ name, private: true, dependencies }));
    const npm = (...args: string[]): Promise<unknown> =>
      promisify(execFile)('npm', args, { cwd: folder, env: { ...process.env, PATH }, timeout: 900_000 });
    await npm('install', '--no-audit', '--no-fund', '--no-package-lock');
    if (alsoUnpack === undefined) return;
    await npm('pack', alsoUnpack, '--silent');
    await promisify(execFile)('sh', ['-c', 'tar -xzf ./*.tgz && rm ./*.tgz'], { cwd: folder });
  });
}

export interface Program {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Ends it, and waits until it is gone. */
  end(): Promise<void>;
}

/**
 * Starts a script with this Node, and waits for a line that says it is ready.
 * @param script absolute @throws Error with what it said, when it ends before
 */
export async function started(
  script: string,
  options: {
    readonly args?: readonly string[];
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    readonly ready: RegExp;
    readonly withinMs?: number;
  },
): Promise<Program> {
  const child = spawn(process.execPath, [script, ...(options.args ?? [])], {
    cwd: options.cwd,
    env: { ...process.env, PATH, NODE_ENV: 'production', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const told = new Promise<void>((resolve, reject) => {
    const listen = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-20_000);
      if (options.ready.test(said)) resolve();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}:\n${said}`)));
    setTimeout(
      () => reject(new Error(`${script} is not ready:\n${said}`)),
      options.withinMs ?? 120_000,
    ).unref();
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${script} could not be started`);
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const harder = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await exited;
    clearTimeout(harder);
  };
  try {
    await told;
  } catch (error) {
    await end();
    throw error;
  }
  return { child, pid, end };
}
