/**
 * The user PostgreSQL runs as: this one, or an unprivileged one when this is root.
 */
import { spawnSync, type SpawnSyncOptions, type SpawnSyncReturns } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { PrepareError } from './environment.ts';

/** Where root keeps what other users have to reach. */
export const SHARED_DIR = '/var/lib/shopmind';

/** Undefined: the user we are. */
export type Account = { readonly uid: number; readonly gid: number } | undefined;

/** Users that exist for this or for nothing in particular, the best first. */
const CANDIDATES = ['postgres', 'nobody'];

/** @throws PrepareError when this is root and the machine has none of the users */
export function findAccount(dataDir: string): Account {
  if (process.getuid?.() !== 0) return undefined;
  // Whoever owns the data goes on owning it.
  const owner = statSync(dataDir, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const users = new Map(
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name = '', , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]),
  );
  const found = CANDIDATES.map((name) => users.get(name)).find((user) => user !== undefined && user.uid > 0);
  if (!found)
    throw new PrepareError(
      'PostgreSQL does not run as root, and there is no user "postgres" or "nobody": make one, or start as an ordinary user',
    );
  return found;
}

/** Runs a program as the account and waits for it. */
export function runAs(
  account: Account,
  file: string,
  args: readonly string[],
  options: Pick<SpawnSyncOptions, 'input' | 'env' | 'cwd'> = {},
): SpawnSyncReturns<string> {
  return spawnSync(file, args, { ...account, cwd: '/', ...options, encoding: 'utf8' });
}

/**
 * How the account names a folder it stands in. Standing there needs no right to the folders above, as a closed home's are: a
 * process is put there while it is still root, and this name leads to where it stands.
 */
export const nameFor = (account: Account, dir: string): string =>
  account && process.platform === 'linux' ? '/proc/self/cwd' : dir;

/** Whether the account may enter a folder, which needs every folder above it to be open too. */
export const canEnter = (account: Account, dir: string): boolean =>
  account === undefined || runAs(account, 'test', ['-x', dir]).status === 0;
