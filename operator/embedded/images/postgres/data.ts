/**
 * The data folder: made once as a whole, owned by the account, free of the traces of a killed server.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { canEnter, nameFor, runAs, SHARED_DIR, type Account } from './account.ts';
import { checkBinaries, type Binaries } from './binaries.ts';
import { PrepareError, type Environment } from './environment.ts';

const PASSWORD_FILE = 'shopmind.password';
const FORMER_SERVER_MS = 10_000;

const INITDB = [
  '--username=postgres',
  // Replaced by `writeAccess` before anybody can connect.
  '--auth=trust',
  '--encoding=UTF8',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--locale=C',
  '--no-instructions',
];

/** @returns the real path of a data folder that is ready to be served */
export async function prepareData(
  environment: Environment,
  binaries: Binaries,
  account: Account,
): Promise<string> {
  const dir = placeOf(environment.dataDir, account);
  if (existsSync(join(dir, 'PG_VERSION'))) {
    await outliveFormerServer(dir);
    if (passwordDigest(environment.password) !== storedDigest(dir))
      setPassword(environment, binaries, account, dir);
  } else create(environment, binaries, account, dir);
  writeAccess(dir, environment.clients, account);
  return dir;
}

/** The folder itself, or what its link points to, or a new open place and a link to it. */
function placeOf(dataDir: string, account: Account): string {
  const parent = dirname(dataDir);
  mkdirSync(parent, { recursive: true });
  const present = lstatSync(dataDir, { throwIfNoEntry: false });
  if (present?.isSymbolicLink()) return existsSync(dataDir) ? realpathSync(dataDir) : lost(dataDir);
  if (process.platform === 'linux' || canEnter(account, parent)) return dataDir;
  if (existsSync(join(dataDir, 'PG_VERSION')))
    throw new PrepareError(
      `${dataDir} holds a database that the server's user cannot reach: open the folders above it (chmod o+x), or move it`,
    );
  // Closed to the account, as a home often is: the data lies where it can be entered, and a link says where.
  const id = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  const elsewhere = join(SHARED_DIR, `data-${id}-${randomBytes(4).toString('hex')}`);
  mkdirSync(SHARED_DIR, { recursive: true, mode: 0o755 });
  if (present) removeEmpty(dataDir);
  symlinkSync(elsewhere, dataDir);
  return elsewhere;
}

/** @throws PrepareError rather than removing what somebody has put there */
function removeEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch (error) {
    throw new PrepareError(
      `${dir} is neither empty nor a database: give PGDATA another folder, or move away what is in it`,
      { cause: error },
    );
  }
}

/** A link to nothing is a first start that was cut off, unless somebody took the data away. */
function lost(dataDir: string): string {
  return readlinkSync(dataDir);
}

/** Made beside its place and moved there when it is whole and on disk: a kill in between leaves nothing half-made. */
function create(environment: Environment, binaries: Binaries, account: Account, dir: string): void {
  checkBinaries(binaries, account);
  const fresh = `${dir}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  give(account, fresh);
  const initdb = (...args: string[]): void =>
    must(runAs(account, binaries.initdb, [...args, nameFor(account, fresh)], { cwd: fresh }), 'initdb');
  initdb(...INITDB, '--no-sync');
  const database = environment.database === 'postgres' ? '' : `CREATE DATABASE ${environment.database};\n`;
  single(binaries, account, fresh, passwordStatement(environment.password) + database);
  storeDigest(environment, account, fresh);
  initdb('--sync-only');
  if (existsSync(dir)) removeEmpty(dir);
  renameSync(fresh, dir);
}

function setPassword(environment: Environment, binaries: Binaries, account: Account, dir: string): void {
  single(binaries, account, dir, passwordStatement(environment.password));
  storeDigest(environment, account, dir);
}

const passwordStatement = (password: string): string =>
  `ALTER ROLE postgres PASSWORD E'${password.replaceAll('\\', '\\\\').replaceAll("'", "''")}';\n`;

/** Runs statements, one a line, without opening the server to anyone. */
function single(binaries: Binaries, account: Account, dir: string, statements: string): void {
  const args = [
    '--single',
    '-D',
    nameFor(account, dir),
    '-c',
    'log_checkpoints=off',
    '-c',
    'exit_on_error=on',
    'postgres',
  ];
  must(runAs(account, binaries.postgres, args, { input: statements, cwd: dir }), 'postgres --single');
}

function must(result: ReturnType<typeof runAs>, what: string): void {
  if (result.status === 0) return;
  throw new PrepareError(
    `${what} failed: ${result.error?.message ?? `${result.stdout}${result.stderr}`.trim()}`,
  );
}

/**
 * After `kill -9` the dead server's children end by themselves, in a moment; until then the data is theirs. Its lock stays, and
 * PostgreSQL judges it well, but for one case: another process has its number by now.
 */
async function outliveFormerServer(dir: string): Promise<void> {
  if (process.platform !== 'linux') return;
  const deadline = performance.now() + FORMER_SERVER_MS;
  while (processesIn(dir).length > 0) {
    if (performance.now() > deadline)
      throw new PrepareError(
        `${dir} is in use by the processes ${processesIn(dir).join(', ')}: end them first`,
      );
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const file = join(dir, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  if (existsSync(`/proc/${pid}`)) rmSync(file, { force: true });
}

/** PostgreSQL's processes stand in their data folder. */
function processesIn(dir: string): number[] {
  const real = realpathSync(dir);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const server = readFileSync(`/proc/${name}/comm`, 'utf8').trim() === 'postgres';
        return server && readlinkSync(`/proc/${name}/cwd`) === real;
      } catch {
        // Gone, or another user's, who cannot have this folder open.
        return false;
      }
    })
    .map(Number);
}

const passwordDigest = (password: string): string => createHash('sha256').update(password).digest('hex');

function storedDigest(dir: string): string | undefined {
  const file = join(dir, PASSWORD_FILE);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function storeDigest({ password }: Environment, account: Account, dir: string): void {
  const file = join(dir, PASSWORD_FILE);
  writeFileSync(file, passwordDigest(password), { mode: 0o600 });
  give(account, file);
}

/** Who may come in: everybody from these networks who knows a password; and for the log, whose role may replicate too. */
function writeAccess(dir: string, clients: readonly string[], account: Account): void {
  const file = join(dir, 'pg_hba.conf');
  const rules = clients
    .flatMap((network) => ['all', 'replication'].map((what) => `host ${what} all ${network} scram-sha-256\n`))
    .join('');
  if (existsSync(file) && readFileSync(file, 'utf8') === rules) return;
  writeFileSync(file, rules, { mode: 0o600 });
  give(account, file);
}

function give(account: Account, ...paths: string[]): void {
  for (const path of paths) {
    if (account) chownSync(path, account.uid, account.gid);
    if (lstatSync(path).isDirectory()) chmodSync(path, 0o700);
  }
}
