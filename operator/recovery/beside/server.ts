/**
 * A PostgreSQL of our own over a restored folder: heard by nobody else, since it listens on a socket in that folder only, and
 * told nothing of the configuration of the server it was.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chown, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';

export interface ServerOptions {
  /** Has `data/`; the socket and the log come beside it. */
  readonly folder: string;
  /** Folder of `postgres`, of the major version the data is of. */
  readonly binaries: string;
  /** Superuser of the cluster. */
  readonly user: string;
  readonly database: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface BesideServer {
  readonly url: string;
  /** What it has said so far. */
  log(): Promise<string>;
  stop(): Promise<void>;
}

/** It ended before it let anybody in. */
export class RecoveryFailedError extends Error {
  readonly remedy: string;
  constructor(message: string, remedy: string) {
    super(message);
    this.name = 'RecoveryFailedError';
    this.remedy = remedy;
  }
}

/** PostgreSQL refuses to run as root; then it runs as nobody. */
export const UNPRIVILEGED = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;

const POLL_MS = 50;
const HBA = 'local all all trust\n';

/** Resolves once recovery has ended and the server answers. */
export async function startBeside(options: ServerOptions): Promise<BesideServer> {
  const { folder, binaries, user, database, settings, signal } = options;
  const logFile = join(folder, 'server.log');
  const log = (): Promise<string> => readFile(logFile, 'utf8').catch(() => '');
  await writeFile(join(folder, 'pg_hba.conf'), HBA);
  await writeFile(join(folder, 'pg_ident.conf'), '');
  await writeFile(join(folder, 'postgresql.conf'), configuration(folder, settings));
  if (UNPRIVILEGED !== undefined) {
    await chown(folder, UNPRIVILEGED.uid, UNPRIVILEGED.gid);
    for (const name of ['pg_hba.conf', 'pg_ident.conf', 'postgresql.conf'])
      await chown(join(folder, name), UNPRIVILEGED.uid, UNPRIVILEGED.gid);
  }
  const output = await open(logFile, 'a', 0o600);
  const child = spawn(
    join(binaries, 'postgres'),
    ['-D', join(folder, 'data'), '-c', `config_file=${join(folder, 'postgresql.conf')}`],
    {
      cwd: folder,
      stdio: ['ignore', output.fd, output.fd],
      env: { LC_ALL: 'C.UTF-8', ...path() },
      ...UNPRIVILEGED,
    },
  );
  const ended = endOf(child);
  // Asked for below; until then its end is nobody's unhandled failure.
  ended.catch(() => undefined);
  await output.close();
  const url = `postgres://${encodeURIComponent(user)}@/${database}?host=${encodeURIComponent(folder)}`;
  const stop = async (): Promise<void> => {
    // Immediate: nothing of it is kept.
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGQUIT');
    await ended.catch(() => undefined);
  };
  const onAbort = (): void => void stop();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    while (!(await answers(url))) {
      signal.throwIfAborted();
      const code = await Promise.race([ended, setTimeout(POLL_MS, undefined)]);
      if (code !== undefined) throw explained(code, await log());
    }
  } catch (error) {
    await stop();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  return { url, log, stop };
}

function configuration(folder: string, settings: Readonly<Record<string, string>>): string {
  const all: Record<string, string> = {
    listen_addresses: '',
    unix_socket_directories: folder,
    unix_socket_permissions: '0700',
    hba_file: join(folder, 'pg_hba.conf'),
    ident_file: join(folder, 'pg_ident.conf'),
    logging_collector: 'off',
    log_timezone: 'UTC',
    timezone: 'UTC',
    log_destination: 'stderr',
    // A copy that is thrown away needs no protection from a power cut.
    fsync: 'off',
    full_page_writes: 'off',
    autovacuum: 'off',
    archive_mode: 'off',
    max_wal_senders: '0',
    hot_standby: 'off',
    jit: 'off',
    shared_buffers: '128MB',
    ...settings,
  };
  return configurationOf(all);
}

/** Settings as a file of PostgreSQL's configuration. */
export function configurationOf(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
    .join('');
}

function path(): Record<string, string> {
  const value = process.env['PATH'];
  return value === undefined ? {} : { PATH: value };
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(
        new RecoveryFailedError(
          `PostgreSQL cannot be run: ${error.message}`,
          'the image of recoveries must have the server of the database’s major version: build it with POSTGRES=<version>, or set POSTGRES_BIN',
        ),
      ),
    );
    child.once('exit', (code) => resolve(code ?? -1));
  });
}

/** @throws RecoveryFailedError when it refuses for good: it would be asked for ever, and answer the same */
async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    // Class 57 is intervention by the server itself: it is starting up, mostly. Without a code nobody listens yet.
    if (!(error instanceof pg.DatabaseError) || error.code?.startsWith('57') === true) return false;
    throw new RecoveryFailedError(
      `the restored server lets nobody in: ${error.message}`,
      'what restores must have what the server of the backup had: its locales, and a database and a superuser of the names that are configured',
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

function explained(code: number, log: string): RecoveryFailedError {
  const fatal = log.split('\n').filter((line) => /\b(FATAL|PANIC)\b/.test(line));
  if (fatal.some((line) => line.includes('before configured recovery target was reached')))
    return new RecoveryFailedError(
      'the archived log ends before the moment asked for',
      'ask for an earlier moment; platform.archive says how far the archive reaches',
    );
  const said = fatal.at(-1) ?? log.trim().split('\n').at(-1) ?? '';
  return new RecoveryFailedError(
    `PostgreSQL ended with ${code} during recovery: ${said.replace(/^.*(FATAL|PANIC):\s*/, '')}`,
    'the version of PostgreSQL here must be that of the backup; see its log for the rest',
  );
}
