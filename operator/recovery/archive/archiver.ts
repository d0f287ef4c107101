/**
 * Keeps the cluster's archive: receives the log without end, takes a base backup when one is due, and removes what nobody can need.
 * Survives the database, the store and itself being away: whatever breaks is begun again from what the store has.
 */
import { setTimeout } from 'node:timers/promises';
import { isTransient } from '../../provisioners/postgres/database.ts';
import type { Database } from '../../provisioners/postgres/database.ts';
import type { ArchiveStore } from '../store/store.ts';
import { listBases, pruneBases, takeBaseBackup } from './base.ts';
import type { BaseBackup } from './base.ts';
import { parseLsn, segmentName } from './lsn.ts';
import type { Lsn } from './lsn.ts';
import { findStart, receiveWal } from './receiver.ts';
import type { Start } from './receiver.ts';
import { openReplication } from './replication.ts';
import { pruneWal } from './wal.ts';

export interface ArchiverOptions {
  /** A superuser's, or one with REPLICATION that may write `platform.archive`. */
  readonly url: string;
  readonly slot: string;
  /** What a disaster may cost, in ms: half of it passes at most before the log is stored. */
  readonly intervalMs: number;
  /** Age of the youngest base backup at which the next is taken, in ms. */
  readonly baseEveryMs: number;
  /** How far back one can go, in ms. */
  readonly keepMs: number;
  readonly signal: AbortSignal;
  readonly log: ArchiverLog;
  /** Told what interrupts it, and what a person can do about it. */
  readonly onProblem?: (error: unknown) => void;
  /** Told after each beat. */
  readonly onBeat?: (beat: Beat) => void;
}

export interface ArchiverLog {
  info(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export interface Beat {
  readonly at: Date;
  /** Everything committed up to here is in the store. */
  readonly through: Date | undefined;
  readonly base: BaseBackup | undefined;
}

/** undefined_file: the log from there is no longer on the server, slot or not. */
const LOG_GONE = '58P01';
/** `wal_status` of a slot that was away for so long that the server threw its log away (max_slot_wal_keep_size). */
const SLOT_LOST = 'lost';
const PAUSE_MS = 1_000;
const PAUSE_MOST_MS = 60_000;

/** Resolves after `signal`; until then it goes on, whatever happens. */
export async function runArchiver(
  database: Database,
  store: ArchiveStore,
  options: ArchiverOptions,
): Promise<void> {
  const { signal, log } = options;
  let pause = PAUSE_MS;
  while (!signal.aborted) {
    const began = performance.now();
    try {
      await archiveOnce(database, store, options);
    } catch (error) {
      if (!signal.aborted) {
        log.error({ err: error }, 'the archive is interrupted; it goes on by itself');
        options.onProblem?.(error);
        await noteProblem(database, store.location, error);
      }
    }
    if (performance.now() - began > PAUSE_MOST_MS) pause = PAUSE_MS;
    await setTimeout(pause, undefined, { signal }).catch(() => undefined);
    pause = Math.min(2 * pause, PAUSE_MOST_MS);
  }
}

/** For whoever reads the table; while the database itself is away, the silence says it. */
async function noteProblem(database: Database, location: string, error: unknown): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  const said = [location, message.slice(0, 500)];
  await database
    .session(async (session) => {
      const known = await session.query(
        'update platform.archive set problem = $2 where location = $1 returning 1',
        said,
      );
      if (known.length > 0) return;
      // Before the first beat nobody knows which cluster it is.
      await session.query(
        `insert into platform.archive (system, location, timeline, problem, beat_at) values ('', $1, 0, $2, clock_timestamp())
          on conflict (system) do update set location = $1, problem = $2, beat_at = clock_timestamp()`,
        said,
      );
    })
    .catch(() => undefined);
}

/** One connection's life. */
async function archiveOnce(database: Database, store: ArchiveStore, options: ArchiverOptions): Promise<void> {
  const { url, slot, intervalMs, log } = options;
  const replication = await openReplication(url);
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  try {
    await dropIfLost(database, replication, slot);
    const start = await findStart(replication, store, slot);
    const { system } = await replication.identify();
    const beats = createBeats(database, store.location, system, start.timeline);
    if (!start.continues) await beats.interrupted();
    log.info({ ...start, from: start.from.toString(16), location: store.location }, 'archiving');
    const work = [
      receiveWal(replication, store, start, {
        slot,
        intervalMs: intervalMs / 2,
        signal,
        onStored: (end) => beats.stored(end),
      }).catch((error: unknown) => dropWhatIsLost(url, slot, error)),
      every(intervalMs / 2, signal, async () => options.onBeat?.(await beats.beat())),
      every(baseCheckMs(options), signal, async () =>
        beats.has(await keepBases(database, store, options, start)),
      ),
    ];
    await Promise.race(work).finally(() => stop.abort());
    await Promise.allSettled(work);
  } finally {
    stop.abort();
    await replication.close().catch(() => undefined);
  }
}

/** The server knows it of a slot before the log is asked for, and says it in other words in each version. */
async function dropIfLost(
  database: Database,
  replication: Awaited<ReturnType<typeof openReplication>>,
  slot: string,
): Promise<void> {
  const [row] = await database.query<{ wal_status: string | null }>(
    'select wal_status from pg_replication_slots where slot_name = $1',
    [slot],
  );
  if (row?.wal_status === SLOT_LOST) await replication.dropSlot(slot);
}

/** A slot whose log the server has thrown away keeps nothing: without it, the next round makes a new one and a base backup. */
async function dropWhatIsLost(url: string, slot: string, error: unknown): Promise<never> {
  if (error instanceof Error && 'code' in error && error.code === LOG_GONE) {
    const replication = await openReplication(url);
    try {
      await replication.dropSlot(slot);
    } finally {
      await replication.close();
    }
  }
  throw error;
}

/** The base backups there are, oldest first; at least one. */
type Bases = readonly BaseBackup[];

/** Takes a base backup if one is due, then removes what is older than anybody may want. */
async function keepBases(
  database: Database,
  store: ArchiveStore,
  { url, baseEveryMs, keepMs, log }: ArchiverOptions,
  start: Start,
): Promise<Bases> {
  const bases = await listBases(store);
  const youngest = bases.at(-1);
  const age = youngest === undefined ? Infinity : Date.now() - youngest.endedAt.getTime();
  // Before the log in the store began anew: it leads nowhere from there.
  const isCut =
    youngest !== undefined &&
    (youngest.timeline !== start.timeline || (!start.continues && parseLsn(youngest.start) < start.from));
  if (age < baseEveryMs && !isCut) return bases;
  const replication = await openReplication(url);
  try {
    const base = await takeBaseBackup(replication, database, store);
    log.info({ base: base.name, bytes: base.size }, 'base backup taken');
  } finally {
    await replication.close();
  }
  const kept = await pruneBases(store, new Date(Date.now() - keepMs));
  const removed = await pruneWal(
    store,
    Map.groupBy(kept, ({ timeline }) => timeline)
      .values()
      .flatMap(([oldest]) => (oldest === undefined ? [] : [firstSegment(oldest)]))
      .toArray(),
  );
  if (removed > 0) log.info({ parts: removed }, 'old log removed');
  return kept;
}

function firstSegment({ timeline, start, segmentSize }: BaseBackup): string {
  return segmentName(timeline, parseLsn(start), segmentSize);
}

function baseCheckMs({ baseEveryMs }: ArchiverOptions): number {
  return Math.min(baseEveryMs, 60_000);
}

/** At once and then every so often, one after the other, until `signal`. Rejects when one does. */
async function every(ms: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await work();
    await setTimeout(ms, undefined, { signal }).catch(() => undefined);
  }
}

interface Beats {
  stored(end: Lsn): void;
  has(bases: Bases): void;
  /** The log in the store ends before the one that comes now: until a base backup is there, nothing leads to now. */
  interrupted(): Promise<void>;
  beat(): Promise<Beat>;
}

/**
 * Writes a row every few seconds. Its commit gives the log a moment of its own, so that recovery can stop at a time when nobody
 * wrote; and once the log is stored up to that commit, everything before the moment is.
 */
function createBeats(database: Database, location: string, system: string, timeline: number): Beats {
  let stored = 0n;
  let bases: Bases = [];
  let goesOn = false;
  let through: Date | undefined;
  let waiting: { readonly at: Date; readonly lsn: Lsn }[] = [];
  return {
    stored(end) {
      stored = end;
      goesOn = true;
    },
    has: (found) => void (bases = found),
    async interrupted() {
      // The first archive of all begins without a hole; and a hole that is open already began where it began.
      await database
        .query(
          `update platform.archive set gap_from = through, gap_to = null
            where system = $1 and through is not null and (gap_from is null or gap_to is not null)`,
          [system],
        )
        .catch(tolerated);
    },
    async beat() {
      through = waiting.findLast(({ lsn }) => lsn <= stored)?.at ?? through;
      waiting = waiting.filter(({ lsn }) => lsn > stored);
      const base = bases.at(-1);
      try {
        const [row] = await database.query<{ at: Date }>(
          `insert into platform.archive as a (system, location, timeline, through, base, base_at, base_bytes, since, bases, beat_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $10::jsonb, clock_timestamp())
           on conflict (system) do update set location = $2, timeline = $3, through = coalesce($4, a.through),
             base = coalesce($5, a.base), base_at = coalesce($6, a.base_at), base_bytes = coalesce($7, a.base_bytes),
             since = coalesce($8, a.since), bases = case when $10 = '[]' then a.bases else $10::jsonb end, problem = case when $9 then null else a.problem end,
             gap_to = case when a.gap_to is null and $6 > a.gap_from then $6 else a.gap_to end, beat_at = clock_timestamp()
           returning beat_at as at`,
          [
            system,
            location,
            timeline,
            through ?? null,
            base?.name ?? null,
            base?.endedAt ?? null,
            base?.size ?? null,
            bases[0]?.endedAt ?? null,
            goesOn && base !== undefined,
            JSON.stringify(bases.map(({ name, endedAt, size }) => ({ name, endedAt, bytes: size }))),
          ],
        );
        const [now] = await database.query<{ lsn: string }>(
          'select pg_current_wal_insert_lsn()::text as lsn',
        );
        if (row !== undefined && now !== undefined) waiting.push({ at: row.at, lsn: parseLsn(now.lsn) });
      } catch (error) {
        tolerated(error);
      }
      return { at: new Date(), through, base };
    },
  };
}

/** The log goes on being received; the operator makes the table, a restart brings the server back. */
function tolerated(error: unknown): void {
  if (!isTransient(error) && !isAbsent(error)) throw error;
}

/** No such table, schema or column yet. */
const ABSENT = new Set(['42P01', '3F000', '42703']);

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ABSENT.has(String(error.code));
}
