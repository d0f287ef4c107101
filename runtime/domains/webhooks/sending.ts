/**
 * Sends what is due. A delivery is taken by one statement, under a fence and for a minute, and a task is made in the same transaction that
 * looks again after that minute: whoever is killed with it in the air has lost nothing. Receivers are waited for outside of tasks, so a slow one holds
 * none of the workers that orders need; of one shop, and to one subscription, only so many are in the air at a time.
 */
import type { DomainService, Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { TenantId, Transaction } from '../../platform/ports.ts';
import { pauseAfter } from './schedule.ts';
import type { Attempt, SubscriptionDisabled } from './schemas.ts';
import { headersOf } from './signature.ts';
import { sealedFor } from './subscriptions.ts';
import { soon, wakeAt } from './wake.ts';

/** In the air at once: of a shop, to one of its subscriptions, to one that has failed the last few times, from one process. */
const OF_TENANT = 16;
const OF_SUBSCRIPTION = 4;
const OF_FAILING = 1;
const FAILING_AFTER = 5;
const OF_PROCESS = 128;
/** An exchange takes 15 s at most; whoever says nothing for so long is dead, or so slow that it might as well be. */
const LEASE_MS = 60_000;
/** So long nothing has got through, and so often it was tried, before a subscription is switched off. */
const GIVE_UP_MS = 5 * 24 * 60 * 60 * 1_000;
const GIVE_UP_AFTER = 10;
const STARVED_MS = 5_000;
const KEPT_ATTEMPTS = 20;
const ANSWER_LETTERS = 500;
/** For what is in the air when the process is told to end; what is not back by then is given back. */
const DRAIN_MS = 5_000;
const GONE = 410;

/** What was taken; what it takes to send it comes along. */
interface Taken {
  readonly id: string;
  readonly fence: number;
  readonly attempts: number;
  readonly subscription_id: string;
  readonly message_id: string;
  readonly body: string;
  readonly url: string;
  readonly secret: Buffer;
  readonly former_secret: Buffer | null;
  readonly former_until: Date | null;
}

/** $1 tenant, $2 now, $3 how many, $4 when they are given up */
const TAKE = `
  with flying as (
    select subscription_id, count(*)::int as n from webhooks_deliveries
    where tenant_id = $1 and sending and state = 'waiting' and next_at > $2 group by subscription_id
  ), due as (
    select one.id from webhooks_subscriptions s
    left join flying f on f.subscription_id = s.id
    cross join lateral (
      select d.id, d.next_at from webhooks_deliveries d
      where d.tenant_id = $1 and d.subscription_id = s.id and d.state = 'waiting' and d.next_at <= $2
        and not exists (
          select from webhooks_deliveries e
          where e.tenant_id = $1 and e.subscription_id = s.id and e.state = 'waiting' and e.key = d.key and e.id < d.id
            and (e.attempts = 0 or (e.sending and e.next_at > $2)))
      order by d.next_at, d.id
      limit greatest(0, case when s.failures >= ${FAILING_AFTER} then ${OF_FAILING} else ${OF_SUBSCRIPTION} end - coalesce(f.n, 0))
    ) one
    where s.tenant_id = $1 and s.enabled
    order by one.next_at, one.id
    limit least($3, greatest(0, ${OF_TENANT} - (select coalesce(sum(n), 0) from flying)))
  ), chosen as (
    select d.id, d.message_id, d.subscription_id from webhooks_deliveries d
    where d.tenant_id = $1 and d.id in (select id from due) and d.state = 'waiting' and d.next_at <= $2
    for update skip locked
  )
  update webhooks_deliveries d set sending = true, attempts = d.attempts + 1, fence = d.fence + 1, next_at = $4
  from chosen c
    join webhooks_messages m on m.tenant_id = $1 and m.id = c.message_id
    join webhooks_subscriptions s on s.tenant_id = $1 and s.id = c.subscription_id
  where d.tenant_id = $1 and d.id = c.id
  returning d.id, d.fence, d.attempts, d.subscription_id, d.message_id, m.body::text as body, s.url, s.secret, s.former_secret,
    s.former_until`;

const NOTED = `sending = false, history = (case when jsonb_array_length(history) >= ${KEPT_ATTEMPTS} then history - 0 else history end)
  || $4::jsonb`;
const MINE = `tenant_id = $1 and id = $2 and fence = $3 and state = 'waiting'`;

const DELIVERED = `
  with done as (
    update webhooks_deliveries set state = 'delivered', ended_at = $5, ${NOTED} where ${MINE} returning subscription_id
  )
  update webhooks_subscriptions s set failures = 0, failing_since = null from done
  where s.tenant_id = $1 and s.id = done.subscription_id and s.failures > 0`;

export interface Sending {
  /** Takes what is due and sends it; resolves when it is taken. */
  send(tenant: TenantId): Promise<void>;
  drain: NonNullable<DomainService['drain']>;
}

export function createSending({
  sql,
  clock,
  outside,
  sealing,
  log,
}: Pick<Platform, 'sql' | 'clock' | 'outside' | 'sealing' | 'log'>): Sending {
  const flying = new Set<Promise<void>>();
  const taking = new Map<TenantId, Taking>();
  const starved = new Set<TenantId>();
  const stopping = new AbortController();
  let draining = false;

  /** One taking of a tenant at a time, and one more for all who asked meanwhile: a task must not end before what it asked for. */
  function send(tenant: TenantId): Promise<void> {
    const known = taking.get(tenant);
    if (known === undefined) return begin(tenant);
    const again = (): Promise<void> => begin(tenant);
    return (known.next ??= known.now.then(again, again));
  }

  function begin(tenant: TenantId): Promise<void> {
    const state: Taking = {
      now: take(tenant).finally(() => {
        if (taking.get(tenant) === state) taking.delete(tenant);
      }),
    };
    taking.set(tenant, state);
    return state.now;
  }

  async function take(tenant: TenantId): Promise<void> {
    const now = clock.now();
    const room = OF_PROCESS - flying.size;
    if (room <= 0) {
      starved.add(tenant);
      // Whoever makes room here looks after it; if this process ends, a task does.
      return sql.transaction(tenant, (tx) => tx.enqueue(wakeAt(new Date(now.getTime() + STARVED_MS))));
    }
    const until = new Date(now.getTime() + LEASE_MS);
    const taken = await sql.transaction(tenant, async (tx) => {
      const { rows } = await tx.query<Taken>(TAKE, [tenant, now, room, until]);
      if (rows.length > 0) await tx.enqueue(wakeAt(until));
      return rows;
    });
    for (const one of taken) {
      const ended = fly(tenant, one).finally(() => {
        flying.delete(ended);
        next(tenant);
      });
      flying.add(ended);
    }
  }

  /** There is room again. Whoever cannot be looked after now is by the task that waits for the lease's end. */
  function next(tenant: TenantId): void {
    if (draining) return;
    const hungry = new Set([tenant, ...starved]);
    starved.clear();
    for (const one of hungry)
      send(one).catch((error: unknown) =>
        log.warn({ err: error, tenant: one }, 'looking for webhooks failed; a task will look again'),
      );
  }

  async function fly(tenant: TenantId, delivery: Taken): Promise<void> {
    try {
      const attempt = await ask(tenant, delivery);
      if (attempt === undefined) await giveBack(tenant, delivery);
      else if (isSuccess(attempt)) await delivered(tenant, delivery, attempt);
      else await failed(tenant, delivery, attempt);
    } catch (error) {
      log.warn(
        { err: error, tenant, delivery: delivery.id },
        'what became of a webhook could not be written; it is sent again',
      );
    }
  }

  /** @returns undefined when the process ends, which is no fault of the receiver's */
  async function ask(tenant: TenantId, delivery: Taken): Promise<Tried | undefined> {
    const at = clock.now();
    const began = performance.now();
    const tried = (what: Omit<Tried, 'at' | 'milliseconds'>): Tried => ({
      at: at.toISOString(),
      milliseconds: Math.round(performance.now() - began),
      ...what,
    });
    try {
      const { message_id: id, body, url } = delivery;
      const answer = await outside.post(url, {
        headers: {
          'content-type': 'application/json',
          'user-agent': 'ShopMind-Webhooks/1',
          ...headersOf(secretsOf(tenant, delivery, at), { id, at, body }),
        },
        body,
        signal: stopping.signal,
      });
      return tried({
        status: answer.status,
        answer: answer.beginning.slice(0, ANSWER_LETTERS),
        retryAfterSeconds: answer.retryAfterSeconds,
      });
    } catch (error) {
      if (stopping.signal.aborted) return undefined;
      if (!(error instanceof ShopError)) throw error;
      return tried({ problem: error.message });
    }
  }

  function secretsOf(tenant: TenantId, delivery: Taken, now: Date): string[] {
    const { subscription_id: id, secret, former_secret: former, former_until: until } = delivery;
    const inUse = former !== null && until !== null && until > now ? [secret, former] : [secret];
    return inUse.map((sealed) => sealing.open(tenant, sealedFor(id), sealed).toString());
  }

  async function delivered(tenant: TenantId, { id, fence }: Taken, attempt: Tried): Promise<void> {
    await sql.query(tenant, DELIVERED, [tenant, id, fence, noted(attempt), clock.now()]);
  }

  async function failed(tenant: TenantId, { id, fence, attempts }: Taken, attempt: Tried): Promise<void> {
    const now = clock.now();
    const pause = pauseAfter(attempts, attempt.retryAfterSeconds, Math.random());
    const nextAt = new Date(now.getTime() + (pause ?? 0) * 1_000);
    await sql.transaction(tenant, async (tx) => {
      const { rows } = await tx.query<{ subscription_id: string }>(
        `update webhooks_deliveries set ${NOTED}, next_at = $5, state = case when $6::boolean then 'failed' else state end,
           ended_at = case when $6 then $7::timestamptz end where ${MINE} returning subscription_id`,
        [tenant, id, fence, noted(attempt), nextAt, pause === undefined, now],
      );
      const [row] = rows;
      // Somebody else has it by now, or it was erased.
      if (row === undefined) return;
      if (pause !== undefined) await tx.enqueue(wakeAt(nextAt));
      await countAgainst(tx, tenant, row.subscription_id, attempt.status === GONE);
    });
  }

  /** Whoever says that it is gone, or has not taken anything for days, is asked no more, and the merchant is told. */
  async function countAgainst(tx: Transaction, tenant: TenantId, id: string, gone: boolean): Promise<void> {
    const now = clock.now();
    const { rows } = await tx.query<{
      url: string;
      description: string;
      failures: number;
      failing_since: Date;
      disabled_because: SubscriptionDisabled['because'] | null;
    }>(
      `update webhooks_subscriptions set failures = failures + 1, failing_since = coalesce(failing_since, $3),
         enabled = enabled and not ($4 or ${ENOUGH}),
         disabled_because = case when enabled and $4 then 'gone' when enabled and ${ENOUGH} then 'failing' else disabled_because end,
         disabled_at = case when enabled and ($4 or ${ENOUGH}) then $3 else disabled_at end
       where tenant_id = $1 and id = $2
       returning url, description, failures, failing_since, case when disabled_at = $3 then disabled_because end as disabled_because`,
      [tenant, id, now, gone, new Date(now.getTime() - GIVE_UP_MS)],
    );
    const [row] = rows;
    if (row === undefined || row.disabled_because === null) return;
    const { host } = new URL(row.url);
    const payload: SubscriptionDisabled = {
      subscriptionId: id,
      description: row.description,
      host,
      because: row.disabled_because,
      failures: row.failures,
      failingSince: row.failing_since.toISOString(),
      at: now.toISOString(),
    };
    await tx.emit({
      topic: 'webhooks.subscription',
      type: 'webhooks.subscription.disabled',
      key: id,
      payload,
    });
    log.info({ tenant, subscription: id, host, because: payload.because }, 'a webhook was switched off');
  }

  async function giveBack(tenant: TenantId, { id, fence }: Taken): Promise<void> {
    await sql.transaction(tenant, async (tx) => {
      const { rowCount } = await tx.query(
        `update webhooks_deliveries set sending = false, attempts = attempts - 1, next_at = $4 where ${MINE}`,
        [tenant, id, fence, clock.now()],
      );
      if (rowCount > 0) await tx.enqueue(soon());
    });
  }

  return {
    send,
    async drain() {
      draining = true;
      const late = setTimeout(() => stopping.abort(), DRAIN_MS);
      await Promise.all(flying);
      clearTimeout(late);
      stopping.abort();
      await Promise.all(flying);
    },
  };
}

interface Taking {
  readonly now: Promise<void>;
  next?: Promise<void>;
}

interface Tried extends Attempt {
  readonly retryAfterSeconds?: number | undefined;
}

const ENOUGH = `(failures + 1 >= ${GIVE_UP_AFTER} and coalesce(failing_since, $3) <= $5)`;

/** A redirect is none: it is not followed. */
function isSuccess({ status = 0 }: Attempt): boolean {
  return status >= 200 && status < 300;
}

function noted({ at, milliseconds, status, problem, answer }: Tried): string {
  return JSON.stringify([{ at, milliseconds, status, problem, answer }]);
}
