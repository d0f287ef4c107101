/**
 * What is heard of is written down for whoever wants to know it, in the transaction that hears it: once for each event and subscription,
 * however often it is heard. Most shops have nobody who wants to know, and are asked that once for all that one transaction hears of.
 */
import type { Platform } from '../../platform/domain.ts';
import type { EventHandler, StoredEvent, TenantId, Transaction } from '../../platform/ports.ts';
import { patternsOf, PING } from './events.ts';
import { soon, tidying } from './wake.ts';

/** So long what happens is kept for a subscription that is off. */
export const HELD_MS = 7 * 24 * 60 * 60 * 1_000;

/** $1 tenant, $2 message id, $3 source, $4 type, $5 body, $6 now, $7 patterns, $8 of the event's time, $9 off since, $10 key, $11 prefix of ids */
const NOTE = `
  with wanting as (
    select id, enabled, $11::text || substr(md5(id || $2), 1, 12) as delivery
    from webhooks_subscriptions
    where tenant_id = $1 and events && $7::text[] and since <= $8 and (enabled or disabled_at > $9)
  ), message as (
    insert into webhooks_messages (tenant_id, id, source, type, body, created_at)
    select $1, $2, $3, $4, $5::json, $6 where exists (select from wanting)
    on conflict (tenant_id, source) do nothing returning id
  )
  insert into webhooks_deliveries (tenant_id, id, message_id, subscription_id, key, state, next_at, created_at)
  select $1, wanting.delivery, message.id, wanting.id, $10, 'waiting', $6, $6 from wanting cross join message
  returning id`;

/** $1 tenant, $2 off since: whether there may be anybody at all. */
const ANYBODY = `
  select exists (select from webhooks_subscriptions where tenant_id = $1 and (enabled or disabled_at > $2)) as anybody`;

export interface Hearing {
  readonly hear: EventHandler;
  /** @returns the delivery's id */
  ping(tx: Transaction, tenant: TenantId, subscriptionId: string): Promise<string>;
}

export function createHearing({ clock, newId }: Pick<Platform, 'clock' | 'newId'>): Hearing {
  const known = new WeakMap<Transaction, Promise<boolean>>();

  /** As this transaction finds it; what subscribes meanwhile hears what is emitted after it is there. */
  function isAnybody(tx: Transaction, tenant: TenantId, offSince: Date): Promise<boolean> {
    const asked =
      known.get(tx) ??
      tx
        .query<{ anybody: boolean }>(ANYBODY, [tenant, offSince])
        .then(({ rows }) => rows[0]?.anybody === true);
    known.set(tx, asked);
    return asked;
  }

  return {
    async hear(event, tx) {
      const now = clock.now();
      const offSince = new Date(now.getTime() - HELD_MS);
      if (!(await isAnybody(tx, event.tenant, offSince))) return;
      const id = newId('msg');
      const { rowCount } = await tx.query(NOTE, [
        event.tenant,
        id,
        event.id,
        event.type,
        bodyOf(event),
        now,
        patternsOf(event.type),
        event.occurredAt,
        offSince,
        `${event.topic}/${event.key}`,
        // Of the message's time, so that deliveries are in the order in which they were heard.
        `dlv_${id.slice(4, 24)}`,
      ]);
      if (rowCount > 0) await tx.enqueue(soon(), tidying(now));
    },

    async ping(tx, tenant, subscriptionId) {
      const now = clock.now();
      const [message, delivery] = [newId('msg'), newId('dlv')];
      const body = JSON.stringify({
        type: PING,
        timestamp: now.toISOString(),
        shop: tenant,
        data: { subscriptionId },
      });
      await tx.query(
        `with message as (
           insert into webhooks_messages (tenant_id, id, source, type, body, created_at) values ($1, $2, $2, $3, $4::json, $5)
           returning id)
         insert into webhooks_deliveries (tenant_id, id, message_id, subscription_id, key, state, next_at, created_at)
         select $1, $6, id, $7, id, 'waiting', $5, $5 from message`,
        [tenant, message, PING, body, now, delivery, subscriptionId],
      );
      await tx.enqueue(soon(), tidying(now));
      return delivery;
    },
  };
}

/** As Standard Webhooks has it, and the shop, for servers that hear of many. */
function bodyOf({ type, occurredAt, tenant, payload }: StoredEvent): string {
  return JSON.stringify({ type, timestamp: occurredAt.toISOString(), shop: tenant, data: payload });
}
