/**
 * The cluster as it was at a moment, beside the living one: base backup, log, and a server that stops reading the log there.
 */
import { chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { ARCHIVE, listBases, MANIFEST } from '../archive/base.ts';
import type { BaseBackup } from '../archive/base.ts';
import { parseLsn, startOfSegment } from '../archive/lsn.ts';
import { listWal, readSegment, segmentsOf, WalGapError } from '../archive/wal.ts';
import type { WalPart } from '../archive/wal.ts';
import { read } from '../store/store.ts';
import type { ArchiveStore } from '../store/store.ts';
import { RecoveryFailedError, startBeside, UNPRIVILEGED } from './server.ts';
import { unpack } from './tar.ts';

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

/** Clocks of the store and of the database may differ by so much. */
const CLOCKS_MS = 60_000;
/** Segments fetched at once. */
const AT_ONCE = 4;

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
  const base = chosen(await listBases(store), target);
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

function chosen(bases: readonly BaseBackup[], target: Date | 'latest'): BaseBackup {
  const base = bases.findLast(({ endedAt }) => target === 'latest' || endedAt <= target);
  if (base !== undefined) return base;
  const [oldest] = bases;
  throw new RecoveryFailedError(
    oldest === undefined ? 'there is no base backup yet' : 'no base backup is old enough for that moment',
    oldest === undefined
      ? 'the archiver takes the first one when it starts: see its log'
      : `ask for a moment after ${oldest.endedAt.toISOString()}`,
  );
}

async function fetchBase(store: ArchiveStore, base: BaseBackup, data: string): Promise<void> {
  await mkdir(data, { mode: 0o700 });
  const manifest = await read(store, `base/${base.name}/${MANIFEST}`);
  const tar = createZstdDecompress();
  const fed = pipeline(await store.get(`base/${base.name}/${ARCHIVE}`), tar);
  await Promise.all([unpack(tar, data, manifest.toString('utf8')), fed]);
  // The server it was is none of this one's business: its addresses, commands and standby's settings.
  await writeFile(join(data, 'postgresql.auto.conf'), '', { mode: 0o600 });
  await writeFile(join(data, 'recovery.signal'), '', { mode: 0o600 });
}

async function fetchWal(
  store: ArchiveStore,
  base: BaseBackup,
  target: Date | 'latest',
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  const { timeline, segmentSize } = base;
  const start = parseLsn(base.start);
  const parts = await listWal(store, timeline, start, segmentSize);
  const segments = segmentsOf(upTo(parts, target), segmentSize);
  const [first] = segments;
  if (first === undefined || startOfSegment(first.segment, segmentSize) > start)
    throw new WalGapError(timeline, start);
  const last = segments.at(-1) ?? first;
  const end = startOfSegment(last.segment, segmentSize) + BigInt(last.length);
  if (end < parseLsn(base.end)) throw new WalGapError(timeline, end);
  const waiting = [...segments];
  const fetchNext = async (): Promise<void> => {
    for (let segment = waiting.shift(); segment !== undefined; segment = waiting.shift()) {
      signal.throwIfAborted();
      const bytes = await readSegment(store, segment, segmentSize);
      await writeFile(join(folder, segment.segment), bytes, { mode: 0o600 });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, fetchNext));
}

/** What was stored well after the moment is not needed to reach it. */
function upTo(parts: readonly WalPart[], target: Date | 'latest'): readonly WalPart[] {
  if (target === 'latest') return parts;
  const enough = parts.findIndex(({ stored }) => stored.getTime() > target.getTime() + CLOCKS_MS);
  return enough < 0 ? parts : parts.slice(0, enough + 1);
}

function recoverySettings(target: Date | 'latest', wal: string, timeline: number): Record<string, string> {
  return {
    restore_command: `cp "${wal}/%f" "%p"`,
    // A later failover is another history.
    recovery_target_timeline: String(timeline),
    recovery_target_action: 'promote',
    ...(target === 'latest' ? {} : { recovery_target_time: target.toISOString().replace('Z', '+00') }),
  };
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
