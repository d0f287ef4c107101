/** The log of deliveries: looked at a page at a time, replayed one by one or for a span of time, and cleared away after a month. */
import { ShopError } from '../../platform/errors.ts';
import type { Clock, SqlRunner, TenantId } from '../../platform/ports.ts';
import { PING } from './events.ts';
import { HELD_MS } from './hearing.ts';
import type { Attempt, DeliveryQuery, DeliveryState, ReplayTask } from './schemas.ts';

const KEPT_MS = 30 * 24 * 60 * 60 * 1_000;
const PAGE = 500;

interface Row {
  readonly id: string;
  readonly subscription_id: string;
  readonly message_id: string;
  readonly type: string;
  readonly shown: DeliveryState;
  readonly attempts: number;
  readonly next_at: Date;
  readonly history: readonly Attempt[];
  readonly created_at: Date;
  readonly ended_at: Date | null;
}

/** $1 tenant, $2 now. Of a subscription that was deleted nothing is shown any more. */
const SHOWN = `case when d.state <> 'waiting' then d.state when d.sending and d.next_at > $2 then 'sending'
    when not s.enabled then 'held' else 'waiting' end`;
const FROM = `from webhooks_deliveries d
  join webhooks_messages m on m.tenant_id = d.tenant_id and m.id = d.message_id
  join webhooks_subscriptions s on s.tenant_id = d.tenant_id and s.id = d.subscription_id
  where d.tenant_id = $1`;
const COLUMNS = `d.id, d.subscription_id, d.message_id, m.type, ${SHOWN} as shown, d.attempts, d.next_at, d.history, d.created_at, d.ended_at`;
/** From the beginning, as if it had never been tried. Whoever sends it at this moment is not disturbed. */
const AGAIN = `state = 'waiting', attempts = 0, next_at = $2, ended_at = null, sending = false, fence = fence + 1`;

export type Deliveries = ReturnType<typeof createDeliveries>;

export function createDeliveries({ clock }: { readonly clock: Clock }) {
  /** Ids are of their time: newest first is the highest first. */
  async function page(sql: SqlRunner, tenant: TenantId, asked: DeliveryQuery) {
    const { rows } = await sql.query<Row>(
      `select ${COLUMNS} ${FROM} and ($3::text is null or d.subscription_id = $3) and ($4::text is null or ${SHOWN} = $4)
         and ($5::text is null or m.type = $5) and ($6::text is null or d.id < $6) order by d.id desc limit $7`,
      [
        tenant,
        clock.now(),
        asked.subscriptionId ?? null,
        asked.state ?? null,
        asked.type ?? null,
        asked.cursor ?? null,
        asked.limit + 1,
      ],
    );
    const deliveries = rows.slice(0, asked.limit).map(show);
    const last = deliveries.at(-1);
    return {
      deliveries,
      ...(rows.length > asked.limit && last !== undefined ? { nextCursor: last.id } : {}),
    };
  }

  async function find(sql: SqlRunner, tenant: TenantId, id: string) {
    const { rows } = await sql.query<Row & { readonly body: string }>(
      `select ${COLUMNS}, m.body::text as body ${FROM} and d.id = $3`,
      [tenant, clock.now(), id],
    );
    const row = rows[0] ?? missing(id);
    return { ...show(row), history: row.history, body: row.body };
  }

  /** Of what is kept for a subscription, sent or not. */
  async function typesHeard(sql: SqlRunner, tenant: TenantId, id: string): Promise<readonly string[]> {
    const { rows } = await sql.query<{ type: string }>(
      `select distinct m.type from webhooks_deliveries d
       join webhooks_messages m on m.tenant_id = $1 and m.id = d.message_id
       where d.tenant_id = $1 and d.subscription_id = $2 and m.type <> $3`,
      [tenant, id, PING],
    );
    return rows.map(({ type }) => type);
  }

  /** @throws ShopError `conflict` while it is being sent, or its subscription is off */
  async function replay(sql: SqlRunner, tenant: TenantId, id: string): Promise<void> {
    const { state } = await find(sql, tenant, id);
    if (state === 'held')
      throw new ShopError('conflict', 'Its subscription is off.', {
        remedy: 'Switch it on: it is sent then.',
      });
    const { rowCount } = await sql.query(
      `update webhooks_deliveries set ${AGAIN} where tenant_id = $1 and id = $3 and not (sending and next_at > $2)`,
      [tenant, clock.now(), id],
    );
    if (rowCount > 0) return;
    throw new ShopError('conflict', 'It is being sent at this moment.', {
      remedy: 'Look at it again in a minute.',
      retryAfterSeconds: 30,
    });
  }

  /** How many deliveries a replay is about. */
  async function countOf(sql: SqlRunner, tenant: TenantId, task: ReplayTask): Promise<number> {
    const { rows } = await sql.query<{ count: number }>(
      `select count(*)::int as count from webhooks_deliveries where ${OF_REPLAY}`,
      replayValues(tenant, task),
    );
    return rows[0]?.count ?? 0;
  }

  /** One page of a replay. @returns its last id; undefined when there is no more */
  async function replayPage(sql: SqlRunner, tenant: TenantId, task: ReplayTask): Promise<string | undefined> {
    const { rows } = await sql.query<{ last: string | null; count: number }>(
      `with page as (select id from webhooks_deliveries where ${OF_REPLAY} order by id limit ${PAGE} for update),
       again as (
         update webhooks_deliveries d set state = 'waiting', attempts = 0, next_at = $8, ended_at = null, fence = fence + 1
         from page where d.tenant_id = $1 and d.id = page.id returning d.id)
       select max(id) as last, count(*)::int as count from again`,
      [...replayValues(tenant, task), clock.now()],
    );
    const [{ last, count } = { last: null, count: 0 }] = rows;
    return count < PAGE ? undefined : (last ?? undefined);
  }

  /** Ends what was held too long, forgets what is old and what was told to subscriptions that are gone. @returns whether there is more */
  async function tidy(sql: SqlRunner, tenant: TenantId): Promise<boolean> {
    const now = clock.now().getTime();
    const counts = [
      await sql.query(
        // Judged again once it is locked: it may have been delivered at this very moment.
        `update webhooks_deliveries set state = 'failed', ended_at = $2 where tenant_id = $1 and state = 'waiting' and id in (
           select d.id from webhooks_deliveries d
           join webhooks_subscriptions s on s.tenant_id = d.tenant_id and s.id = d.subscription_id
           where d.tenant_id = $1 and d.state = 'waiting' and not s.enabled and d.created_at < $3 limit ${PAGE})`,
        [tenant, new Date(now), new Date(now - HELD_MS)],
      ),
      await sql.query(
        `delete from webhooks_deliveries where tenant_id = $1 and id in (
           select d.id from webhooks_deliveries d where d.tenant_id = $1 and not exists (
             select from webhooks_subscriptions s where s.tenant_id = $1 and s.id = d.subscription_id) limit ${PAGE})`,
        [tenant],
      ),
      await sql.query(
        `delete from webhooks_messages where tenant_id = $1 and id in (
           select id from webhooks_messages where tenant_id = $1 and created_at < $2 order by created_at limit ${PAGE})`,
        [tenant, new Date(now - KEPT_MS)],
      ),
    ];
    return counts.some(({ rowCount }) => rowCount === PAGE);
  }

  return { page, find, typesHeard, replay, countOf, replayPage, tidy };
}

/** What ended after a replay was asked for has been sent by it, or by somebody else. */
const OF_REPLAY = `tenant_id = $1 and subscription_id = $2 and id > $3 and created_at >= $4 and created_at < $5
  and (state = 'failed' or (state = 'delivered' and $6::boolean)) and ended_at <= $7`;

function replayValues(tenant: TenantId, { subscriptionId, after, from, to, delivered, askedAt }: ReplayTask) {
  return [tenant, subscriptionId, after, new Date(from), new Date(to), delivered, new Date(askedAt)];
}

function show(row: Row) {
  return {
    id: row.id,
    subscriptionId: row.subscription_id,
    messageId: row.message_id,
    type: row.type,
    state: row.shown,
    attempts: row.attempts,
    lastAttempt: row.history.at(-1),
    nextAttemptAt: row.shown === 'waiting' ? row.next_at.toISOString() : undefined,
    createdAt: row.created_at.toISOString(),
    endedAt: row.ended_at?.toISOString(),
  };
}

function missing(id: string): never {
  throw new ShopError('not_found', `There is no delivery ${id}.`, {
    remedy: 'GET /api/admin/webhooks/deliveries lists those of the last month.',
  });
}
