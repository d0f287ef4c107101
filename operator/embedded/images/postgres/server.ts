/**
 * The last step: this process becomes the PostgreSQL server.
 */
import { executable, parentDeathGuard } from '../../node/process.ts';
import { nameFor, type Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import { PrepareError, type Environment } from './environment.ts';

/** Small in memory, durable in everything. */
const SETTINGS: Readonly<Record<string, string>> = {
  unix_socket_directories: '',
  shared_buffers: '64MB',
  max_connections: '80',
  work_mem: '4MB',
  maintenance_work_mem: '32MB',
  max_worker_processes: '4',
  max_parallel_workers: '2',
  max_parallel_workers_per_gather: '0',
  autovacuum_max_workers: '2',
  // The log as an archiver, a base backup and a restore need it.
  max_wal_senders: '4',
  wal_level: 'replica',
  max_wal_size: '512MB',
  min_wal_size: '80MB',
  io_method: 'sync',
  huge_pages: 'off',
  jit: 'off',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  logging_collector: 'off',
  log_destination: 'stderr',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] ',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

export function becomeServer(
  environment: Environment,
  binaries: Binaries,
  account: Account,
  dataDir: string,
  more: readonly string[],
): never {
  const settings = { ...SETTINGS, listen_addresses: environment.address, port: String(environment.port) };
  const server = [
    binaries.postgres,
    '-D',
    nameFor(account, dataDir),
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ...more,
  ];
  // SIGINT is the fast shutdown: when the cluster is killed, the data is left clean.
  const guard = parentDeathGuard('INT');
  const command =
    guard.length > 0 ? [...guard.slice(0, 1), ...drop(account), ...guard.slice(1), ...server] : server;
  process.chdir(dataDir);
  if (guard.length === 0) dropHere(account);
  const file = executable(command[0] ?? '', process.env['PATH'] ?? '', '/');
  if (!process.execve) throw new PrepareError('this system cannot replace a process by another');
  return process.execve(file, command, { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' });
}

const drop = (account: Account): string[] =>
  account ? ['--reuid', String(account.uid), '--regid', String(account.gid), '--clear-groups'] : [];

function dropHere(account: Account): void {
  if (!account) return;
  process.setgroups?.([account.gid]);
  process.setgid?.(account.gid);
  process.setuid?.(account.uid);
}
