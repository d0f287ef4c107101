/** Peers as npm publishes them, installed once into the user's cache: nothing of them comes with ours. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { startProgram, type Program } from '../../servers/process.ts';
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

/** Runs a script with this Node to its end. @throws Error with what it said */
export async function ran(script: string, options: Running): Promise<void> {
  await promisify(execFile)(process.execPath, [script, ...(options.args ?? [])], {
    cwd: options.folder,
    env: { ...process.env, PATH, NODE_ENV: 'production', ...options.env },
    timeout: 1_800_000,
    maxBuffer: 1 << 26,
  });
}

/** Starts a server with this Node, and waits until `url` is answered, or until its log holds `READY` where it has none. */
export function serving(script: string, options: Running & { readonly url?: string }): Promise<Program> {
  const { args = [], folder, env, url } = options;
  return startProgram({
    command: process.execPath,
    args: [script, ...args],
    folder,
    env: { PATH, NODE_ENV: 'production', ...env },
    withinMs: 120_000,
    async ready() {
      const isReady =
        url === undefined
          ? (await readFile(join(folder, 'log'), 'utf8')).includes('READY')
          : (await fetch(url)).ok;
      if (!isReady) throw new Error(`${script} does not serve yet`);
    },
  });
}

export interface Running {
  readonly args?: readonly string[];
  /** Working folder, of this program alone: what a server says goes to the file `log` in it. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}
