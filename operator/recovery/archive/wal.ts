/**
 * The write-ahead log in the store, in parts as they came: `wal/<segment>/<from>-<to>.zst`, offsets in hex. Parts are never
 * changed, so nothing that was stored can be lost by what comes later; two archivers that overlap store the same bytes.
 */
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { read } from '../store/store.ts';
import type { ArchiveStore } from '../store/store.ts';
import { formatLsn, segmentName, segmentStart, startOfSegment, timelineOf } from './lsn.ts';
import type { Lsn } from './lsn.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** A part of one segment. */
export interface WalPart {
  readonly key: string;
  readonly segment: string;
  readonly from: number;
  /** The byte after the last. */
  readonly to: number;
  readonly stored: Date;
}

/** The log in the store has a hole: nothing after it can be restored from what comes before. */
export class WalGapError extends Error {
  readonly remedy = 'restore to a moment before it, or from a later base backup';
  constructor(timeline: number, at: Lsn) {
    super(`the archived log of timeline ${timeline} has nothing at ${formatLsn(at)}`);
    this.name = 'WalGapError';
  }
}

const PART = /^wal\/([0-9A-F]{24})\/([0-9A-F]{8})-([0-9A-F]{8})\.zst$/;

/**
 * Stores bytes of the log, cut at the borders of its files.
 * @returns the place after the last stored byte
 */
export async function storeWal(
  store: ArchiveStore,
  { timeline, start, data, segmentSize }: { timeline: number; start: Lsn; data: Buffer; segmentSize: number },
): Promise<Lsn> {
  let at = start;
  let rest = data;
  while (rest.length > 0) {
    const offset = Number(at - segmentStart(at, segmentSize));
    const part = rest.subarray(0, segmentSize - offset);
    const key = `wal/${segmentName(timeline, at, segmentSize)}/${hex(offset)}-${hex(offset + part.length)}.zst`;
    await store.put(key, await compress(part, FAST));
    at += BigInt(part.length);
    rest = rest.subarray(part.length);
  }
  return at;
}

/** The parts of a timeline from the segment of `from` on, in their order. */
export async function listWal(
  store: ArchiveStore,
  timeline: number,
  from: Lsn,
  segmentSize: number,
): Promise<readonly WalPart[]> {
  const first = segmentName(timeline, from, segmentSize);
  const parts: WalPart[] = [];
  for await (const { key, modified } of store.list(`wal/${first.slice(0, 8)}`)) {
    const [, segment, start, end] = PART.exec(key) ?? [];
    if (segment === undefined || start === undefined || end === undefined || segment < first) continue;
    parts.push({
      key,
      segment,
      from: Number.parseInt(start, 16),
      to: Number.parseInt(end, 16),
      stored: modified,
    });
  }
  return parts;
}

/** Place after the last byte of a part. */
export function endOfPart({ segment, to }: WalPart, segmentSize: number): Lsn {
  return startOfSegment(segment, segmentSize) + BigInt(to);
}

export interface WalSegment {
  readonly segment: string;
  /** Bytes there are, from the first on. */
  readonly length: number;
  /** Parts that make them up. */
  readonly parts: readonly WalPart[];
}

/**
 * The segments that follow on one another from the first one.
 * What comes after a hole is left out; overlaps are fine.
 */
export function segmentsOf(parts: readonly WalPart[], segmentSize: number): readonly WalSegment[] {
  const segments: WalSegment[] = [];
  for (const [segment, ofSegment] of Map.groupBy(parts, (part) => part.segment)) {
    const before = segments.at(-1);
    if (before !== undefined) {
      const next = startOfSegment(before.segment, segmentSize) + BigInt(segmentSize);
      if (before.length < segmentSize || startOfSegment(segment, segmentSize) !== next) break;
    }
    const used: WalPart[] = [];
    let length = 0;
    for (const part of ofSegment.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
      if (part.from > length) break;
      if (part.to <= length) continue;
      used.push(part);
      length = part.to;
    }
    if (length === 0) break;
    segments.push({ segment, length, parts: used });
  }
  return segments;
}

/** The bytes of a segment, filled up with zeros as an unfinished file of the server is. */
export async function readSegment(
  store: ArchiveStore,
  { parts }: WalSegment,
  segmentSize: number,
): Promise<Buffer> {
  const whole = Buffer.alloc(segmentSize);
  for (const part of parts) {
    const bytes = await decompress(await read(store, part.key));
    if (bytes.length !== part.to - part.from)
      throw new Error(`${part.key} in ${store.location} holds ${bytes.length} bytes: it is damaged`);
    bytes.copy(whole, part.from);
  }
  return whole;
}

/** Removes the segments of every timeline that end before what the oldest kept backup needs. @returns how many parts went */
export async function pruneWal(store: ArchiveStore, keepFrom: readonly string[]): Promise<number> {
  const first = new Map(keepFrom.map((segment) => [timelineOf(segment), segment]));
  const oldest = Math.min(...first.keys());
  let removed = 0;
  for await (const { key } of store.list('wal/')) {
    const [, segment] = PART.exec(key) ?? [];
    if (segment === undefined) continue;
    const timeline = timelineOf(segment);
    const needed = first.get(timeline);
    // A timeline without a backup of its own is kept while an older one is: it may be the newest, its first backup under way.
    const old = needed === undefined ? timeline < oldest : segment < needed;
    if (!old) continue;
    await store.remove(key);
    removed += 1;
  }
  return removed;
}

function hex(value: number): string {
  return value.toString(16).toUpperCase().padStart(8, '0');
}
