/**
 * Runs one claimed task, whoever brought it: under its lease, which is renewed while the handler runs, and its fence, without which
 * nothing about the task is written any more. What fails waits for its next try; what used up its tries stays, dead, with its last error.
 * A try in which something was away does not count.
 */
import type { Logger } from 'pino';
import type { TaskDefinition } from '../definition.ts';
import { ShopError } from '../errors.ts';
import type { Clock, TaskHandler, TenantId } from '../ports.ts';
import type { PostgresSql } from '../sql/postgres.ts';

export interface RunnerOptions {
  readonly sql: PostgresSql;
  readonly clock: Clock;
  readonly log: Logger;
  readonly definitions: ReadonlyMap<string, TaskDefinition>;
  readonly handlers: ReadonlyMap<string, TaskHandler>;
  /** A worker told to stop gives its tasks back unharmed. */
  readonly stopping: AbortSignal;
  /** Milliseconds after a failure; it doubles, up to five minutes. While something is away it is five times this, each time. */
  readonly firstPause: number;
}

export interface Claim {
  readonly id: string;
  readonly name: string;
  readonly payload: unknown;
  readonly attempts: number;
  readonly fence: number;
  readonly trace: string | null;
}

/** How a run ended. `done` also says that a newer task of the same key, which waits already, will do the work. */
export type End =
  | { readonly state: 'done' }
  | { readonly state: 'waiting'; readonly runAt: Date }
  | { readonly state: 'dead'; readonly error: string };

export interface Runner {
  /** Rejects when the end could not be written: the lease will end, and somebody claims the task again. */
  run(tenant: TenantId, claim: Claim): Promise<End>;
}

export function createRunner(options: RunnerOptions): Runner {
  const { sql, clock, log, stopping, firstPause } = options;

  async function run(tenant: TenantId, claim: Claim): Promise<End> {
    const definition = options.definitions.get(claim.name);
    const handler = options.handlers.get(claim.name);
    if (!definition || !handler) throw new Error(`Task ${claim.name} was claimed but has no handler here.`);
    if (claim.attempts > definition.maxAttempts) {
      return bury(
        tenant,
        claim,
        new Error(claim.attempts === 1 ? 'It may never run.' : 'Its worker died at every attempt.'),
      );
    }
    const lease = keepLease(tenant, claim, definition.leaseSeconds);
    try {
      const payload = definition.payload.parse(claim.payload);
      const { attempts: attempt, fence, trace } = claim;
      await handler({
        tenant,
        payload,
        attempt,
        fence,
        signal: lease.signal,
        ...(trace === null ? {} : { trace }),
      });
      await forget(tenant, claim);
      return { state: 'done' };
    } catch (error) {
      return await fail(tenant, claim, definition, error);
    } finally {
      lease.release();
    }
  }

  /** Those that end while others are being written down go with the next, in one statement. */
  const ended = new Map<TenantId, { claims: Claim[]; written: Promise<void> }>();
  const writing = new Map<TenantId, Promise<void>>();

  function forget(tenant: TenantId, claim: Claim): Promise<void> {
    const open = ended.get(tenant);
    if (open !== undefined) {
      open.claims.push(claim);
      return open.written;
    }
    const claims = [claim];
    const before = writing.get(tenant) ?? Promise.resolve();
    const written = before
      .catch(() => undefined)
      .then(() => {
        ended.delete(tenant);
        writing.set(tenant, written);
        return forgetAll(tenant, claims);
      })
      .finally(() => {
        if (writing.get(tenant) === written) writing.delete(tenant);
      });
    ended.set(tenant, { claims, written });
    return written;
  }

  async function forgetAll(tenant: TenantId, claims: readonly Claim[]): Promise<void> {
    await sql.query(tenant, FORGET, [tenant, claims.map(({ id }) => id), claims.map(({ fence }) => fence)]);
  }

  function keepLease(
    tenant: TenantId,
    claim: Claim,
    seconds: number,
  ): { signal: AbortSignal; release: () => void } {
    const lost = new AbortController();
    // Linked by hand: AbortSignal.any would keep every task's signal alive as long as the worker's (Node 24).
    const stop = (): void => lost.abort(stopping.reason);
    stopping.addEventListener('abort', stop, { once: true });
    if (stopping.aborted) stop();
    const timer = setInterval(
      () => {
        const until = new Date(clock.now().getTime() + seconds * 1_000);
        sql
          .query(
            tenant,
            `UPDATE tasks SET lease_until = $4 WHERE tenant_id = $1 AND id = $2 AND fence = $3 AND state = 'running'`,
            [tenant, claim.id, claim.fence, until],
          )
          .then(({ rowCount }) =>
            rowCount === 0
              ? lost.abort(new ShopError('conflict', 'Another worker has taken this task.'))
              : undefined,
          )
          .catch((error: unknown) =>
            log.warn({ err: error, tenant, task: claim.id }, 'the lease could not be renewed'),
          );
      },
      (seconds * 1_000) / 3,
    );
    timer.unref();
    return {
      signal: lost.signal,
      release() {
        clearInterval(timer);
        stopping.removeEventListener('abort', stop);
      },
    };
  }

  async function fail(
    tenant: TenantId,
    claim: Claim,
    definition: TaskDefinition,
    error: unknown,
  ): Promise<End> {
    const stopped = stopping.aborted;
    const away = isOutage(error);
    if (!stopped && !away && claim.attempts >= definition.maxAttempts) return bury(tenant, claim, error);
    const pause = stopped ? 0 : pauseAfter(claim.attempts, away);
    if (!stopped)
      log.warn(
        { err: error, tenant, task: claim.name, id: claim.id, attempt: claim.attempts },
        'a task failed; it will be tried again',
      );
    const now = clock.now();
    const runAt = new Date(now.getTime() + pause);
    const values = [tenant, claim.id, claim.fence, runAt, textOf(error), now];
    try {
      await sql.query(tenant, stopped || away ? GIVE_BACK : RETRY, values);
      return { state: 'waiting', runAt };
    } catch (failure) {
      // A newer task of the same key waits already and will do the work.
      if (!(failure instanceof ShopError) || failure.code !== 'conflict') throw failure;
      await forget(tenant, claim);
      return { state: 'done' };
    }
  }

  /** What is away says nothing of the task, and is soon back: waiting longer each time would only come late then. */
  function pauseAfter(attempts: number, away: boolean): number {
    const pause = away ? firstPause * 5 : Math.min(firstPause * 2 ** (attempts - 1), 300_000);
    return pause * (0.8 + Math.random() * 0.4);
  }

  async function bury(tenant: TenantId, claim: Claim, cause: unknown): Promise<End> {
    log.error(
      { err: cause, tenant, task: claim.name, id: claim.id, attempts: claim.attempts },
      'a task failed too often; it is dead now',
    );
    const error = textOf(cause);
    await sql.query(
      tenant,
      `UPDATE tasks SET state = 'dead', lease_until = NULL, last_error = $4, updated_at = $5 WHERE tenant_id = $1 AND id = $2 AND fence = $3`,
      [tenant, claim.id, claim.fence, error, clock.now()],
    );
    return { state: 'dead', error };
  }

  return { run };
}

/** A system that does not answer now, as opposed to one that refuses: whoever threw it says that asking again makes sense, and when. */
function isOutage(error: unknown): boolean {
  return (
    error instanceof ShopError &&
    (error.code === 'unavailable' || error.code === 'timeout') &&
    error.retryAfterSeconds !== undefined
  );
}

function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 2_000);
}

const FORGET = `
  DELETE FROM tasks t USING unnest((SELECT $2::text[]), (SELECT $3::bigint[])) AS d (id, fence)
  WHERE t.tenant_id = $1 AND t.id = d.id AND t.fence = d.fence`;

const RETRY = `
  UPDATE tasks SET state = 'waiting', lease_until = NULL, run_at = $4, last_error = $5, updated_at = $6
  WHERE tenant_id = $1 AND id = $2 AND fence = $3`;

const GIVE_BACK = `
  UPDATE tasks SET state = 'waiting', lease_until = NULL, run_at = $4, attempts = attempts - 1, last_error = $5, updated_at = $6
  WHERE tenant_id = $1 AND id = $2 AND fence = $3`;
