/**
 * Whether the archive keeps its promise, from what the archiver wrote down. Pure: the archiver is ready by it, and the operator's
 * conditions are drawn from it.
 */
import { z } from 'zod';
import type { Session } from '../../provisioners/postgres/database.ts';

const ArchiveState = z.object({
  /** The server's own time when this was read: clocks of others do not matter. */
  now: z.date(),
  location: z.string(),
  through: z.date().nullable(),
  /** The oldest moment that can be restored to. */
  since: z.date().nullable(),
  /** Oldest first. */
  bases: z.array(z.object({ name: z.string(), endedAt: z.iso.datetime(), bytes: z.number() })).readonly(),
  beatAt: z.date(),
  problem: z.string().nullable(),
  gapFrom: z.date().nullable(),
  gapTo: z.date().nullable(),
  /** Whether a dead archiver keeps the server from removing its log for ever. */
  isUnbounded: z.boolean(),
});
export type ArchiveState = z.infer<typeof ArchiveState>;

/** The cluster that beat last. @returns undefined while no archiver has written anything */
export async function readArchive(session: Session): Promise<ArchiveState | undefined> {
  const [row] = await session.query(
    `select clock_timestamp() as now, location, through, since, bases, beat_at as "beatAt",
       problem, gap_from as "gapFrom", gap_to as "gapTo", current_setting('max_slot_wal_keep_size') = '-1' as "isUnbounded"
     from platform.archive order by beat_at desc limit 1`,
  );
  return row === undefined ? undefined : ArchiveState.parse(row);
}

/** What the platform promises. */
export interface Pledge {
  /** What a disaster may cost, in ms. */
  readonly rpoMs: number;
  /** How far back one can go, in ms. */
  readonly keepMs: number;
}

export interface Verdict {
  readonly ok: boolean;
  /** CamelCase word for machines. */
  readonly reason: string;
  /** Stable words while nothing changes: system, what it was at, what to do. */
  readonly message: string;
}

export function verdictOf(state: ArchiveState | undefined, { rpoMs, keepMs }: Pledge): Verdict {
  if (state === undefined || state.bases.length === 0 || state.through === null)
    return bad(
      'ArchiveStarting',
      state?.problem ?? 'the first base backup is not there yet',
      'it comes by itself; see kubectl logs deploy/archiver -n shopmind-system',
    );
  const { now, location, through, beatAt, problem, gapFrom, gapTo } = state;
  const late = `archive: what was committed after ${through.toISOString()} is not in ${location}`;
  if (now.getTime() - beatAt.getTime() > rpoMs)
    return bad(
      'ArchiverSilent',
      `${late}: nothing was heard of the archiver since ${beatAt.toISOString()}`,
      'see kubectl describe pods -l app.kubernetes.io/name=archiver -n shopmind-system',
    );
  if (now.getTime() - through.getTime() > rpoMs)
    return bad(
      'ArchiveLags',
      `${late}${problem === null ? '' : `: ${problem}`}`,
      'see whether the store answers: kubectl logs deploy/archiver -n shopmind-system',
    );
  if (gapFrom !== null && gapTo === null)
    return bad(
      'ArchiveGap',
      `archive: ${location} lacks the log after ${gapFrom.toISOString()}, and no base backup was taken since`,
      'one is under way; see kubectl logs deploy/archiver -n shopmind-system',
    );
  if (state.isUnbounded)
    return bad(
      'SlotUnbounded',
      "archive: an archiver that is away keeps the database's log until its disk is full",
      'the database does not let the operator change it: set max_slot_wal_keep_size there',
    );
  const hole =
    gapFrom !== null && gapTo !== null && now.getTime() - gapTo.getTime() < keepMs
      ? `, but for those between ${gapFrom.toISOString()} and ${gapTo.toISOString()}`
      : '';
  return {
    ok: true,
    reason: hole === '' ? 'Archived' : 'ArchivedWithGap',
    message: `every moment of the last ${Math.round(keepMs / 86_400_000)} days that a base backup leads to can be restored from ${location}${hole}`,
  };
}

/** How much would be lost if the database were gone now, in ms; `undefined`: everything since it was made. */
export function lossMs(state: ArchiveState | undefined): number | undefined {
  if (state === undefined || state.through === null || state.bases.length === 0) return undefined;
  return Math.max(0, state.now.getTime() - state.through.getTime());
}

function bad(reason: string, what: string, remedy: string): Verdict {
  return { ok: false, reason, message: `${what}: ${remedy}` };
}
