/**
 * What an archive holds of a cluster, put into a folder: the base backup before a moment, the log after it, and the settings by which a
 * server that is started over it reads the log to there and no further.
 */
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
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
import { configurationOf, RecoveryFailedError } from './server.ts';
import { unpack } from './tar.ts';

/** Clocks of the store and of the database may differ by so much. */
const CLOCKS_MS = 60_000;
/** Segments fetched at once. */
const AT_ONCE = 4;
/** Where the log lies in a cluster's folder until it has been read. */
const LOG = 'archived-wal';

export interface FetchOptions {
  /** The cluster's folder: new or empty. */
  readonly folder: string;
  /** As it was then, or the last that is archived. */
  readonly target: Date | 'latest';
  readonly signal: AbortSignal;
  readonly onProgress: (what: string) => void;
}

/**
 * For when there is no server left to restore into: the whole cluster in a folder, ready for a server of the same major version with a
 * configuration of its owner's.
 * @throws RecoveryFailedError when no backup leads to the moment or the folder is somebody's, WalGapError, DamagedBackupError
 */
export async function fetchCluster(
  store: ArchiveStore,
  { folder, target, signal, onProgress }: FetchOptions,
): Promise<BaseBackup> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0)
    throw new RecoveryFailedError(`${folder} is not empty`, 'name a folder that is new or empty');
  const base = await chosenBase(store, target);
  onProgress(`fetches base backup ${base.name}`);
  await fetchBase(store, base, folder);
  onProgress('fetches the log');
  await fetchWal(store, base, target, join(folder, LOG), signal);
  // Not of the base backup: what the server it was had there was removed.
  const settings = { ...base.settings, ...recoverySettings(target, LOG, base.timeline) };
  await writeFile(join(folder, 'postgresql.auto.conf'), configurationOf(settings), { mode: 0o600 });
  return base;
}

/** @throws RecoveryFailedError when no backup leads to the moment */
export async function chosenBase(store: ArchiveStore, target: Date | 'latest'): Promise<BaseBackup> {
  const bases = await listBases(store);
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

/** Unpacked into a folder that is new or empty. @throws DamagedBackupError */
export async function fetchBase(store: ArchiveStore, base: BaseBackup, data: string): Promise<void> {
  await mkdir(data, { recursive: true });
  // PostgreSQL refuses a folder that others may read.
  await chmod(data, 0o700);
  const manifest = await read(store, `base/${base.name}/${MANIFEST}`);
  const tar = createZstdDecompress();
  const fed = pipeline(await store.get(`base/${base.name}/${ARCHIVE}`), tar);
  await Promise.all([unpack(tar, data, manifest.toString('utf8')), fed]);
  // The server it was is none of this one's business: its addresses, commands and standby's settings.
  await writeFile(join(data, 'postgresql.auto.conf'), '', { mode: 0o600 });
  await writeFile(join(data, 'recovery.signal'), '', { mode: 0o600 });
}

/** The log from the base backup to the moment. @throws WalGapError */
export async function fetchWal(
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

/** @param wal where the log lies; relative to the cluster's folder, if it is */
export function recoverySettings(
  target: Date | 'latest',
  wal: string,
  timeline: number,
): Record<string, string> {
  return {
    restore_command: `cp "${wal}/%f" "%p"`,
    // A later failover is another history.
    recovery_target_timeline: String(timeline),
    recovery_target_action: 'promote',
    ...(target === 'latest' ? {} : { recovery_target_time: target.toISOString().replace('Z', '+00') }),
  };
}
