/** Whether a standby may take over, from what was seen of both servers. Pure. */
import { parseLsn } from '../archive/lsn.ts';

/** A server as it is now. */
export interface Server {
  readonly isStandby: boolean;
  readonly system: string;
  readonly timeline: number;
  /** End of its log; of a standby, of what it has replayed. */
  readonly end: string;
  /** By its own clock. */
  readonly now: Date;
  /** Of a standby: of the last transaction that it has replayed. */
  readonly lastTransactionAt: Date | undefined;
  /** Of a standby: what it calls itself to its primary. */
  readonly name: string | undefined;
  /** Of a primary: standbys that each commit waits for. */
  readonly synchronous: readonly string[];
}

export interface Seen {
  readonly to: Server;
  /** Why it cannot be reached, where it cannot. */
  readonly from: Server | { readonly away: string };
}

export interface Bounds {
  /** How old the standby's last transaction may be, in ms, where the primary cannot tell how far it is. */
  readonly maxLagMs: number;
  /** Bytes of log that a standby may lack whose primary answers: it gets them before it takes over. */
  readonly maxLagBytes: number;
  /** Go on beyond these bounds. */
  readonly acceptLoss: boolean;
  /** Go on although the primary cannot be closed. */
  readonly unfenced: boolean;
}

export const BOUNDS: Bounds = {
  maxLagMs: 60_000,
  maxLagBytes: 64 << 20,
  acceptLoss: false,
  unfenced: false,
};

/** The failover does not begin, or does not go on: what stands against it, each with what would let it. */
export class RefusedError extends Error {
  readonly reasons: readonly string[];
  readonly remedy: string;
  constructor(reasons: readonly string[], remedy: string) {
    super(reasons.join('; '));
    this.name = 'RefusedError';
    this.reasons = reasons;
    this.remedy = remedy;
  }
}

export interface Verdict {
  /** Empty: it may go on. */
  readonly refusals: readonly string[];
  /** Flags that would let it go on, where there are any. */
  readonly flags: readonly string[];
  readonly synchronous: boolean | undefined;
  readonly lagBytes: number | undefined;
  /** Age of its last transaction. */
  readonly ageMs: number | undefined;
}

export function judge({ to, from }: Seen, bounds: Bounds): Verdict {
  const refusals: string[] = [];
  const flags: string[] = [];
  const refuse = (why: string, flag?: string): void => {
    refusals.push(why);
    if (flag !== undefined && !flags.includes(flag)) flags.push(flag);
  };
  const ageMs =
    to.lastTransactionAt === undefined ? undefined : to.now.getTime() - to.lastTransactionAt.getTime();
  if (!to.isStandby) refuse('it is a primary already, not a standby: somebody else has promoted it');
  if ('away' in from) {
    if (!bounds.unfenced)
      refuse(
        `the primary does not answer (${from.away}), so it cannot be closed: if it lives, it may go on acknowledging what will be lost`,
        '--unfenced',
      );
    if (!bounds.acceptLoss && (ageMs === undefined || ageMs > bounds.maxLagMs))
      refuse(
        ageMs === undefined
          ? 'the standby has replayed no transaction yet, so nobody knows how far behind it is'
          : `the last transaction it has is ${seconds(ageMs)} old, more than ${seconds(bounds.maxLagMs)}: what was committed since would be lost`,
        '--accept-loss',
      );
    return { refusals, flags, synchronous: undefined, lagBytes: undefined, ageMs };
  }
  if (from.isStandby) refuse('what the platform uses now is a standby itself');
  if (from.system !== to.system) refuse('it is no copy of the primary: their system identifiers differ');
  else if (from.timeline !== to.timeline)
    refuse(`it is on timeline ${to.timeline}, the primary on ${from.timeline}: their histories have parted`);
  const lagBytes = Math.max(0, Number(parseLsn(from.end) - parseLsn(to.end)));
  if (!bounds.acceptLoss && lagBytes > bounds.maxLagBytes)
    refuse(`it is ${bytes(lagBytes)} behind, more than ${bytes(bounds.maxLagBytes)}`, '--accept-loss');
  return {
    refusals,
    flags,
    synchronous: to.name !== undefined && from.synchronous.includes(to.name),
    lagBytes,
    ageMs,
  };
}

/** What will be done, a line each. */
export function planOf(
  from: string,
  to: string,
  { synchronous, lagBytes, ageMs }: Verdict,
  isAway: boolean,
): readonly string[] {
  const age = ageMs === undefined ? 'no transaction yet' : `its last transaction ${seconds(ageMs)} old`;
  const behind = lagBytes === undefined ? age : `${bytes(lagBytes)} behind, ${age}`;
  return [
    `CHECK the standby in ${to}: ${behind}${synchronous === undefined ? '' : synchronous ? ', synchronous' : ', asynchronous'}`,
    isAway
      ? `CLOSE the primary in ${from}: not now, it does not answer; if replication is synchronous the promotion ends its acknowledging, else nothing does`
      : `CLOSE the primary in ${from}: its database lets nobody in, sessions are ended`,
    isAway
      ? `TAKE what the standby in ${to} has: what only the primary has is lost`
      : `WAIT until the standby in ${to} has the rest of the log`,
    `PROMOTE the standby in ${to}`,
    `POINT Secret and ConfigMap platform to ${to}`,
    'WAIT until the operator has brought every Service there',
    'WARM the shops: their first pages are asked for',
    'NOTIFY: an Event, and whoever NOTIFY_URL names',
  ];
}

export function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
}

export function bytes(count: number): string {
  if (count < 1 << 10) return `${count} B`;
  return count < 1 << 20 ? `${(count / 1024).toFixed(0)} KiB` : `${(count / (1 << 20)).toFixed(1)} MiB`;
}
