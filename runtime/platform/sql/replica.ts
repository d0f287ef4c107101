/**
 * Reads from a streaming standby, no older than asked for. How old it is nobody can tell from the standby alone (a quiet primary
 * and a broken stream look the same), so positions of the primary's log are remembered with the time they were asked at: a
 * standby that has replayed a position is at least as new as that time. It says so in the same round trip as the rows.
 */
import { isConnectionLoss, isStalePlan } from './failures.ts';
import { ShopError } from '../errors.ts';
import type { Lender } from './lender.ts';
import { PipelineFailure, type Statement, type WireResult } from './wire.ts';

/** The end of the primary's log. Everybody may ask. */
export const PRIMARY_POSITION = 'SELECT pg_current_wal_lsn()::text AS position';

export interface ReplicaOptions {
  readonly lender: Lender;
  /** @returns answer to PRIMARY_POSITION */
  readonly askPrimary: () => Promise<string>;
  readonly now?: () => number;
}

export interface ReplicaReport {
  /** Reads the standby answered, and those that went to the primary after all. */
  readonly answered: number;
  readonly passedOn: number;
  /** Age of the newest position the standby was seen to have replayed, ms; `undefined` before the first. */
  readonly lagMilliseconds: number | undefined;
}

export interface Replica {
  /** @returns `undefined` when the standby is gone, or older than `staleness` milliseconds. @throws what the statement does */
  read(
    opening: readonly Statement[],
    statement: Statement,
    staleness: number,
  ): Promise<WireResult | undefined>;
  report(): ReplicaReport;
  close(): Promise<void>;
}

/** Positions are asked for again when the newest is older than this part of the staleness that is asked for. */
const RENEW_AT = 0.5;
/** A standby that was gone is left alone for a while: waiting for it would cost every read the time to connect. */
const AVOID_MS = 1_000;
const MOST_POSITIONS = 64;

export function createReplica({
  lender,
  askPrimary,
  now = () => performance.now(),
}: ReplicaOptions): Replica {
  /** Oldest first. */
  const positions: { readonly at: number; readonly position: string }[] = [];
  let asking: Promise<void> | undefined;
  let avoidUntil = -Infinity;
  let newest: number | undefined;
  let answered = 0;
  let passedOn = 0;

  function renew(): Promise<void> {
    asking ??= (async () => {
      // The time before it was asked: the position may be newer, never older.
      const at = now();
      positions.push({ at, position: await askPrimary() });
      if (positions.length > MOST_POSITIONS) positions.shift();
    })().finally(() => {
      asking = undefined;
    });
    return asking;
  }

  /** The oldest that is new enough: the standby has most likely come so far. */
  async function positionWithin(staleness: number): Promise<(typeof positions)[number] | undefined> {
    const youngest = positions.at(-1);
    const isEnough = (): boolean => (positions.at(-1)?.at ?? -Infinity) >= now() - staleness;
    if (youngest === undefined || youngest.at < now() - staleness * RENEW_AT) {
      const renewal = renew();
      // As long as one will do, the next is fetched beside the reads; its failure shows when it is waited for.
      if (isEnough()) renewal.catch(() => undefined);
      else await renewal;
    }
    return positions.find(({ at }) => at >= now() - staleness);
  }

  return {
    async read(opening, statement, staleness) {
      const mark = now() < avoidUntil ? undefined : await positionWithin(staleness);
      if (mark === undefined) {
        passedOn++;
        return undefined;
      }
      try {
        const results = await lender.withWire((wire) =>
          lender.send(wire, [...opening, { text: IS_FRESH, values: [mark.position] }, statement, COMMIT]),
        );
        if (results[opening.length]?.rows[0]?.['fresh'] === true) {
          answered++;
          newest = Math.max(newest ?? -Infinity, mark.at);
          return results[opening.length + 1];
        }
      } catch (error) {
        const cause = error instanceof PipelineFailure ? error.cause : error;
        // A statement may fail there for what it would not here: a row that is being vacuumed, a promotion. The primary decides.
        if (isConnectionLoss(cause) || (cause instanceof ShopError && cause.code === 'unavailable'))
          avoidUntil = now() + AVOID_MS;
        else if (!isStalePlan(cause) && !(error instanceof PipelineFailure)) throw error;
      }
      passedOn++;
      return undefined;
    },
    report: () => ({
      answered,
      passedOn,
      lagMilliseconds: newest === undefined ? undefined : now() - newest,
    }),
    close: () => lender.close(),
  };
}

/** One that was promoted is a standby no more: its log goes another way. */
const IS_FRESH = 'SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= $1::pg_lsn AS fresh';
const COMMIT: Statement = { text: 'COMMIT' };
