/**
 * Receives the write-ahead log and stores it: nothing is confirmed to the server before the store has it, so that whatever dies,
 * the server still has what the store has not. The slot lets one receiver in at a time.
 */
import type { ArchiveStore } from '../store/store.ts';
import { formatLsn, segmentStart } from './lsn.ts';
import type { Lsn } from './lsn.ts';
import type { LogStream, Replication } from './replication.ts';
import { endOfPart, listWal, storeWal } from './wal.ts';

export interface ReceiverOptions {
  readonly slot: string;
  /** Longest time the log stays here before it is stored, in ms: what a disaster can cost, beside the way to the store. */
  readonly intervalMs: number;
  /** Called after each part: the log is safe up to here. */
  readonly onStored: (end: Lsn) => void;
  readonly signal: AbortSignal;
}

export interface Start {
  readonly timeline: number;
  readonly from: Lsn;
  readonly segmentSize: number;
  /** False: the log in the store ends before this, so that a base backup is needed for what follows. */
  readonly continues: boolean;
}

/** Bytes that wait for the store at most; the server is held up then, and keeps them. */
const WAITING = 64 << 20;
/** Stored at once at most. */
const AT_ONCE = 16 << 20;

/** Finds where to go on: after what the store has, or where the slot's log begins. */
export async function findStart(replication: Replication, store: ArchiveStore, slot: string): Promise<Start> {
  const segmentSize = bytesOf(await replication.show('wal_segment_size'));
  // Asked before the slot is made: the log is kept from the last checkpoint before this on.
  const fresh = await replication.ensureSlot(slot);
  const { timeline, position } = await replication.identify();
  const parts = await listWal(store, timeline, 0n, segmentSize);
  const end = parts.map((part) => endOfPart(part, segmentSize)).reduce<Lsn | undefined>(later, undefined);
  // A new slot's log begins at a checkpoint we are not told of here: a base backup, made after it, is what follows.
  if (fresh || end === undefined || end > position)
    return { timeline, from: segmentStart(position, segmentSize), segmentSize, continues: false };
  return { timeline, from: end, segmentSize, continues: true };
}

/** Receives until `signal`, or until the timeline ends. Rejects with what broke; what had come by then is stored first. */
export async function receiveWal(
  replication: Replication,
  store: ArchiveStore,
  { timeline, from, segmentSize }: Start,
  { slot, intervalMs, onStored, signal }: ReceiverOptions,
): Promise<void> {
  let waiting: Buffer[] = [];
  let size = 0;
  let received = from;
  let stored = from;
  let storing: Promise<void> | undefined;
  let isPaused = false;
  let stream: LogStream | undefined;
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));

  const storeWaiting = async (): Promise<void> => {
    while (size > 0) {
      const data = Buffer.concat(waiting);
      waiting = [];
      size = 0;
      stored = await storeWal(store, { timeline, start: stored, data, segmentSize });
      onStored(stored);
      if (isPaused) {
        isPaused = false;
        stream?.resume();
      }
    }
  };
  const flush = (): Promise<void> => {
    storing ??= storeWaiting().finally(() => {
      storing = undefined;
    });
    return storing;
  };
  // Also when nothing came: the server ends connections that say nothing (wal_sender_timeout).
  const report = (): void => void flush().then(() => stream?.confirm(received, stored), fail);

  const ended = replication.stream({ slot, from, timeline }, (opened) => {
    stream = opened;
    return {
      onData(start, data) {
        if (start !== received) {
          fail(new Error(`the server sent the log from ${formatLsn(start)}, not ${formatLsn(received)}`));
          return;
        }
        waiting.push(data);
        size += data.length;
        received += BigInt(data.length);
        if (size >= AT_ONCE) report();
        if (size >= WAITING && !isPaused) {
          isPaused = true;
          opened.pause();
        }
      },
      onAsked: report,
    };
  });

  const timer = setInterval(report, intervalMs);
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  try {
    await Promise.race([ended, failed, stopped]);
  } finally {
    clearInterval(timer);
    // What has come is worth keeping, whatever ended the stream.
    await flush();
  }
}

/** @param text `16MB` */
function bytesOf(text: string): number {
  const [, number, unit] = /^(\d+)(kB|MB|GB)$/.exec(text) ?? [];
  const factor = { kB: 1 << 10, MB: 1 << 20, GB: 1 << 30 }[unit ?? ''];
  if (number === undefined || factor === undefined) throw new Error(`“${text}” is no size`);
  return Number(number) * factor;
}

function later(a: Lsn | undefined, b: Lsn): Lsn {
  return a === undefined || b > a ? b : a;
}
