/**
 * The cluster as it was at a moment, beside the living one: base backup, log, and a server that stops reading the log there.
 */
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BaseBackup } from '../archive/base.ts';
import type { ArchiveStore } from '../store/store.ts';
import { chosenBase, fetchBase, fetchWal, recoverySettings } from './fetch.ts';
import { startBeside, UNPRIVILEGED } from './server.ts';

export interface RestoreOptions {
  /** As it was then, or the last that is archived. */
  readonly target: Date | 'latest';
  /** Folder of `postgres`, of the major version the backup is of. */
  readonly binaries: string;
  readonly user: string;
  readonly database: string;
  /** Where the copy is put: needs room for the cluster and its log. Default: the system's temporary folder. */
  readonly within?: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (what: string) => void;
}

export interface Beside {
  readonly url: string;
  readonly base: BaseBackup;
  /** Time of the last transaction it has, where there was any after the base backup. */
  readonly reached: Date | undefined;
  /** Ends the server and removes the copy. */
  stop(): Promise<void>;
}

/**
 * @throws RecoveryFailedError when no backup leads to the moment, WalGapError, DamagedBackupError
 */
export async function restoreBeside(store: ArchiveStore, options: RestoreOptions): Promise<Beside> {
  const {
    target,
    binaries,
    user,
    database,
    within = tmpdir(),
    signal,
    onProgress = () => undefined,
  } = options;
  const base = await chosenBase(store, target);
  const folder = await mkdtemp(join(within, 'beside-'));
  try {
    onProgress(`fetches base backup ${base.name}`);
    await fetchBase(store, base, join(folder, 'data'));
    onProgress('fetches the log');
    await fetchWal(store, base, target, join(folder, 'wal'), signal);
    if (UNPRIVILEGED !== undefined) await giveAway(folder);
    onProgress(target === 'latest' ? 'replays the log' : `replays the log up to ${target.toISOString()}`);
    const server = await startBeside({
      folder,
      binaries,
      user,
      database,
      settings: { ...base.settings, ...recoverySettings(target, join(folder, 'wal'), base.timeline) },
      signal,
    });
    return {
      url: server.url,
      base,
      reached: lastTransaction(await server.log()),
      async stop() {
        await server.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** As the server says: `last completed transaction was at log time 2026-11-25 21:30:00.123456+00`. */
function lastTransaction(log: string): Date | undefined {
  const [, time] = /last completed transaction was at log time ([-0-9: .]+\+\d\d)/.exec(log) ?? [];
  return time === undefined ? undefined : new Date(`${time.replace(' ', 'T')}:00`);
}

async function giveAway(folder: string): Promise<void> {
  const { uid, gid } = UNPRIVILEGED ?? { uid: 0, gid: 0 };
  await chown(folder, uid, gid);
  for (const entry of await readdir(folder, { recursive: true })) await chown(join(folder, entry), uid, gid);
}
