/**
 * Makes the storefront ready to serve: `node web/storefront/prepare.ts`.
 * Installs the packages when the lockfile changed, builds when a source changed, does nothing otherwise.
 * Two runs at once take turns; one that is killed leaves nothing that looks complete.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { OUTPUT, STOREFRONT, WEB, buildFolder, currentBuild, pointTo } from './builds.ts';

const INSTALLED = join(WEB, 'node_modules/.shopmind-installed');
const LOCK = join(WEB, '.prepare.lock');
const SOURCE = /\.(ts|tsx|css|mjs)$/;
const started = performance.now();

process.exitCode = await main();

async function main(): Promise<number> {
  const release = await lock();
  try {
    const packages = await digest([join(WEB, 'package.json'), join(WEB, 'package-lock.json')]);
    if ((await textOf(INSTALLED)) !== packages) {
      say('installing packages');
      await run(
        ...npm(),
        'ci',
        '--no-audit',
        '--no-fund',
        '--no-progress',
        '--ignore-scripts',
        '--prefer-offline',
        '--loglevel=error',
      );
      await writeFile(INSTALLED, packages);
      say('packages installed');
    }
    const hash = await digest([join(WEB, 'package-lock.json'), ...(await sources())]);
    if ((await currentBuild()) === hash) {
      say('storefront is up to date');
      return 0;
    }
    await build(hash);
    say(`storefront is built (${hash})`);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await release();
  }
}

async function build(hash: string): Promise<void> {
  const folder = join(STOREFRONT, buildFolder(hash));
  const before = await currentBuild();
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // Next completes the tsconfig it is given; this one is nobody's source.
  await writeFile(
    join(OUTPUT, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', include: [] }),
  );
  say('building pages');
  await run(
    process.execPath,
    join(WEB, 'node_modules/next/dist/bin/next'),
    'build',
    STOREFRONT,
    '--turbopack',
    {
      NODE_ENV: 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      STOREFRONT_BUILD: buildFolder(hash),
    },
  );
  await compress(join(folder, 'static'));
  await pointTo(hash);
  await rm(join(folder, 'cache'), { recursive: true, force: true });
  for (const other of await readdir(dirname(folder))) {
    // The build before stays: a server may still run from it.
    if (other !== hash && other !== before)
      await rm(join(dirname(folder), other), { recursive: true, force: true });
  }
}

/** Scripts and styles are compressed once, as well as can be, instead of at each request. */
async function compress(folder: string): Promise<void> {
  for (const file of await files(folder)) {
    if (!/\.(js|css)$/.test(file)) continue;
    const bytes = await readFile(file);
    const packed = await promisify(brotliCompress)(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 10, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    });
    await writeFile(`${file}.br`, packed);
  }
}

/** Everything the build reads of ours. */
async function sources(): Promise<string[]> {
  const all = await Promise.all([STOREFRONT, join(WEB, 'ui'), join(WEB, 'api-client')].map(files));
  return all
    .flat()
    .filter(
      (file) =>
        SOURCE.test(file) &&
        !file.endsWith('.test.ts') &&
        !/\/(prepare|main|builds|generate|next-env\.d)\.ts$/.test(file),
    )
    .sort();
}

async function files(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const nested = await Promise.all(
    entries
      .filter(({ name }) => name !== 'node_modules' && name !== '.next')
      .map(async (entry) =>
        entry.isDirectory() ? await files(join(folder, entry.name)) : [join(folder, entry.name)],
      ),
  );
  return nested.flat();
}

/** Names and contents, with what runs them. */
async function digest(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch}`);
  for (const path of paths) hash.update(`\0${relative(WEB, path)}\0`).update(await readFile(path));
  return hash.digest('hex').slice(0, 12);
}

async function textOf(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined);
}

/** Runs a program in `web/`; its last lines become the error when it fails. The last argument may be its environment. */
async function run(command: string, ...rest: (string | Record<string, string>)[]): Promise<void> {
  const args = rest.filter((one) => typeof one === 'string');
  const extra = rest.find((one) => typeof one === 'object') ?? {};
  const child = spawn(command, args, {
    cwd: WEB,
    env: { ...process.env, ...extra },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      tail.push(...text.split('\n').filter((line) => line.trim() !== ''));
      tail.splice(0, Math.max(0, tail.length - 20));
    });
  }
  const stop = (signal: NodeJS.Signals): boolean => child.kill(signal);
  process.once('SIGTERM', stop).once('SIGINT', stop);
  const [code, signal] = await once(child, 'exit');
  process.off('SIGTERM', stop).off('SIGINT', stop);
  if (code !== 0)
    throw new Error([`${command} ${args[0] ?? ''} ended with ${code ?? signal}:`, ...tail].join('\n'));
}

/** The npm that runs us where there is one, so that it is run by the same Node. */
function npm(): [string, ...string[]] {
  const cli = process.env['npm_execpath'];
  return cli !== undefined && /\.c?js$/.test(cli) ? [process.execPath, cli] : ['npm'];
}

/** Holds the lock file until released; a lock whose owner is gone is taken over. */
async function lock(): Promise<() => Promise<void>> {
  for (let waited = false; ; waited = true) {
    try {
      await writeFile(LOCK, String(process.pid), { flag: 'wx' });
      return async () => await rm(LOCK, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const owner = Number(await textOf(LOCK));
    if (Number.isInteger(owner) && owner > 0 && !alive(owner)) await rm(LOCK, { force: true });
    else {
      if (!waited) say('waiting for another run');
      await pause(250);
    }
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function say(what: string): void {
  process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${what}\n`);
}
