/**
 * Leader election on a Lease, with a fence: whoever cannot renew in time stops writing before another may begin.
 *
 * Others wait `leaseMs` from when *they* last saw the lease change, on their own monotonic clocks; the holder gives up
 * `renewMs` < `leaseMs` after it *sent* its last successful renewal, and no write may be under way beyond that.
 */
import type { Logger } from 'pino';
import type { Client, Fence } from './client.ts';
import { jitter, sleep, systemClock, type Clock } from './clock.ts';
import { microTimestamp } from './conditions.ts';
import { isAlreadyExists, isConflict, KubeError } from './errors.ts';
import { leases, type Lease } from './resources.ts';

export interface ElectionOptions {
  readonly client: Client;
  readonly namespace: string;
  readonly name: string;
  /** Unique to this process, for example `<pod name>_<uuid>`. */
  readonly identity: string;
  readonly log: Logger;
  /** 15 s by default. */
  readonly leaseMs?: number;
  /** 10 s by default; must be well below `leaseMs`. */
  readonly renewMs?: number;
  /** Time between attempts to renew or acquire; 2 s by default. */
  readonly retryMs?: number;
  readonly onLeading?: (term: Term) => void;
  readonly onLost?: () => void;
  /** For `leader_election_master_status`. */
  readonly metrics?: { leader(lease: string, isLeader: boolean): void };
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** One uninterrupted time of leadership. */
export interface Term {
  /** Grows with every term of any process: external systems may refuse writers with a smaller one. */
  readonly token: number;
  /** Aborted when the term ends. */
  readonly signal: AbortSignal;
}

export interface Election {
  isLeader(): boolean;
  /** Who held the lease when it was last read. */
  holder(): string | undefined;
  /** For `client.fenced(…)`. */
  readonly fence: Fence;
  /**
   * Waits for the lease, leads, and resolves `lost` when it could not renew in time or `stopped` when `signal` was
   * aborted (then the lease is released). After `lost` this process must not go on: everything it knows may be stale.
   */
  run(signal: AbortSignal): Promise<'lost' | 'stopped'>;
}

/**
 * For what is no request to the API server: another system's writes are fenced by asking before each.
 * @throws KubeError `NotLeader`
 */
export function mustLead(fence: Fence): void {
  if (fence.remainingMs() > 0) return;
  throw new KubeError({
    code: 0,
    reason: 'NotLeader',
    message: 'this process no longer holds the lease',
    remedy: 'Nothing to do: the replica that holds the lease does the work.',
  });
}

export function createElection(options: ElectionOptions): Election {
  const { client, namespace, name, identity, log } = options;
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const leaseMs = options.leaseMs ?? 15_000;
  const renewMs = options.renewMs ?? 10_000;
  const retryMs = options.retryMs ?? 2000;
  if (renewMs >= leaseMs || retryMs >= renewMs) {
    throw new RangeError(`retryMs < renewMs < leaseMs must hold, not ${retryMs} < ${renewMs} < ${leaseMs}`);
  }

  /** The lease as last seen, and when that version was first seen. */
  let seen: { lease: Lease; at: number } | undefined;
  /** When the last successful renewal was sent, by both clocks. */
  let renewed: { monotonic: number; wall: number } | undefined;

  const note = (lease: Lease): void => {
    if (seen?.lease.metadata.resourceVersion !== lease.metadata.resourceVersion) {
      seen = { lease, at: clock.monotonic() };
    }
  };

  /** Resolves true when the lease is ours. `Conflict` only means that somebody was faster. */
  async function tryHold(isRenewal: boolean, timeoutMs: number): Promise<boolean> {
    const sent = { monotonic: clock.monotonic(), wall: clock.now().getTime() };
    try {
      const lease = await write(isRenewal, timeoutMs);
      if (lease === undefined) return false;
      note(lease);
      renewed = sent;
      return true;
    } catch (error) {
      if (!isConflict(error) && !isAlreadyExists(error)) throw error;
      return false;
    }
  }

  async function write(isRenewal: boolean, timeoutMs: number): Promise<Lease | undefined> {
    const live = await client.find(leases, { namespace, name }, { timeoutMs });
    const now = microTimestamp(clock.now());
    if (live === undefined) {
      return await client.create(
        leases,
        {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name, namespace },
          spec: specOf(now, now, 1),
        },
        { timeoutMs },
      );
    }
    note(live);
    const spec = live.spec ?? {};
    const isOurs = spec.holderIdentity === identity;
    if (isRenewal && !isOurs) return undefined;
    if (!isRenewal && !isOurs && !isFree(spec.holderIdentity, spec.leaseDurationSeconds)) return undefined;
    const transitions = (spec.leaseTransitions ?? 0) + (isRenewal ? 0 : 1);
    const acquired = isRenewal ? (spec.acquireTime ?? now) : now;
    // The version it was read at is the precondition: of two that see it free, one wins.
    return await client.replace(leases, { ...live, spec: specOf(acquired, now, transitions) }, { timeoutMs });
  }

  const specOf = (
    acquireTime: string,
    renewTime: string,
    leaseTransitions: number,
  ): NonNullable<Lease['spec']> => ({
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(leaseMs / 1000),
    acquireTime,
    renewTime,
    leaseTransitions,
  });

  const isFree = (holder: string | undefined, durationSeconds: number | undefined): boolean =>
    holder === undefined ||
    holder === '' ||
    (seen !== undefined && clock.monotonic() - seen.at > (durationSeconds ?? leaseMs / 1000) * 1000);

  const pause = (signal: AbortSignal): Promise<void> => sleep(clock, jitter(retryMs, 0.2, random), signal);

  async function acquire(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (await tryHold(false, renewMs)) return;
      } catch (error) {
        log.warn({ err: error, lease: name }, 'the lease could not be read or taken');
      }
      await pause(signal);
    }
  }

  /** Returns when the term is over. */
  async function renewWhileLeading(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(signal);
      const left = leftByMonotonic();
      if (signal.aborted || left <= 0) return;
      try {
        if (!(await tryHold(true, left)) && seen?.lease.spec?.holderIdentity !== identity) return;
      } catch (error) {
        log.warn({ err: error, lease: name, leftMs: leftByMonotonic() }, 'the lease could not be renewed');
      }
    }
  }

  const leftByMonotonic = (): number =>
    renewed === undefined ? 0 : renewed.monotonic + renewMs - clock.monotonic();

  async function release(): Promise<void> {
    const live = seen?.lease;
    if (live === undefined || live.spec?.holderIdentity !== identity) return;
    const { holderIdentity: _, ...spec } = live.spec;
    try {
      await client.replace(
        leases,
        { ...live, spec: { ...spec, leaseDurationSeconds: 1 } },
        { timeoutMs: 2000 },
      );
    } catch (error) {
      log.info({ err: error, lease: name }, 'the lease could not be released; it runs out by itself');
    }
  }

  return {
    isLeader: () => renewed !== undefined,
    holder: () => seen?.lease.spec?.holderIdentity,

    fence: {
      // A suspended machine stops the monotonic clock but not the world: by the wall clock, too, time must be left.
      remainingMs: () =>
        renewed === undefined
          ? 0
          : Math.min(leftByMonotonic(), renewed.wall + renewMs - clock.now().getTime()),
    },

    async run(signal) {
      await acquire(signal);
      if (renewed === undefined) return 'stopped';
      const term = new AbortController();
      const token = seen?.lease.spec?.leaseTransitions ?? 0;
      log.info({ lease: name, identity, token }, 'leading');
      options.metrics?.leader(name, true);
      // The end of the term must not wait for a renewal that hangs.
      let cancel = (): void => undefined;
      const deadline = new Promise<void>((resolve) => {
        const check = (): void => {
          const left = leftByMonotonic();
          if (left <= 0) resolve();
          else cancel = clock.after(left, check);
        };
        check();
      });
      options.onLeading?.({ token, signal: term.signal });
      await Promise.race([renewWhileLeading(signal), deadline]);
      cancel();
      renewed = undefined;
      options.metrics?.leader(name, false);
      term.abort(
        new KubeError({
          code: 0,
          reason: 'NotLeader',
          message: `the term ${token} on lease ${name} is over`,
        }),
      );
      options.onLost?.();
      if (!signal.aborted) {
        log.error({ lease: name, holder: seen?.lease.spec?.holderIdentity }, 'the lease is lost');
        return 'lost';
      }
      await release();
      return 'stopped';
    },
  };
}
