/** Customers and what they bought, as their events tell; and who of them a segment is. */
import { z } from 'zod';
import type { Clock, EventHandler, SqlRunner, SqlValue, TenantId } from '../../../platform/ports.ts';
import type { Segment } from './schemas.ts';

const DAY_MS = 24 * 60 * 60_000;

/** As much of others' events as we use; more fields may come. */
const customer = z.object({ id: z.string(), email: z.string(), locale: z.string().nullable() });
const order = z.object({
  orderId: z.string(),
  customerId: z.string().optional(),
  total: z.object({ amount: z.int(), currency: z.string() }),
  refunded: z.int(),
  at: z.string(),
});

export interface Person {
  readonly customer_id: string;
  readonly email: string;
}

export const hearOfCustomer: EventHandler = async (event, tx) => {
  const { id, email, locale } = customer.parse(event.payload);
  await tx.query(
    `insert into marketing_people (tenant_id, customer_id, email, locale, since) values ($1, $2, $3, $4, $5)
     on conflict (tenant_id, customer_id) do update set email = excluded.email, locale = excluded.locale`,
    [event.tenant, id, email, locale, event.occurredAt],
  );
};

/** What a guest buys is nobody's here. */
export const hearOfPurchase: EventHandler = async (event, tx) => {
  if (!['orders.order.confirmed', 'orders.order.refunded', 'orders.order.cancelled'].includes(event.type))
    return;
  const { orderId, customerId, total, refunded, at } = order.parse(event.payload);
  if (customerId === undefined) return;
  const left = event.type === 'orders.order.cancelled' ? 0 : Math.max(0, total.amount - refunded);
  // Events of an order come in their order, so the last one is right.
  await tx.query(
    `insert into marketing_purchases (tenant_id, order_id, customer_id, currency, amount, at) values ($1, $2, $3, $4, $5, $6)
     on conflict (tenant_id, order_id) do update set amount = excluded.amount`,
    [event.tenant, orderId, customerId, total.currency, left, new Date(at)],
  );
};

/** Whether somebody bought anything since a moment. */
export async function hasBoughtSince(
  sql: SqlRunner,
  tenant: TenantId,
  customerId: string,
  since: Date,
): Promise<boolean> {
  const { rows } = await sql.query(
    'select 1 from marketing_purchases where tenant_id = $1 and customer_id = $2 and at >= $3 limit 1',
    [tenant, customerId, since],
  );
  return rows.length > 0;
}

export async function personOf(
  sql: SqlRunner,
  tenant: TenantId,
  customerId: string,
): Promise<Person | undefined> {
  const { rows } = await sql.query<Person>(
    'select customer_id, email from marketing_people where tenant_id = $1 and customer_id = $2',
    [tenant, customerId],
  );
  return rows[0];
}

/** A page of a segment, by customers' ids. */
export async function peopleIn(
  sql: SqlRunner,
  tenant: TenantId,
  segment: Segment,
  { clock, after, limit }: { readonly clock: Clock; readonly after: string; readonly limit: number },
): Promise<readonly Person[]> {
  const { where, values } = conditionOf(segment, clock.now(), [tenant, after, limit]);
  const { rows } = await sql.query<Person>(
    `select p.customer_id, p.email from marketing_people p
     where p.tenant_id = $1 and p.customer_id > $2 and ${where} order by p.customer_id limit $3`,
    values,
  );
  return rows;
}

export async function countIn(
  sql: SqlRunner,
  tenant: TenantId,
  segment: Segment,
  now: Date,
): Promise<number> {
  const { where, values } = conditionOf(segment, now, [tenant]);
  const { rows } = await sql.query<{ count: number }>(
    `select count(*)::int as count from marketing_people p where p.tenant_id = $1 and ${where}`,
    values,
  );
  return rows[0]?.count ?? 0;
}

/** @param before values that come before the condition's, the tenant first */
function conditionOf(
  { orders, spent, lastOrderDays, registeredDays, languages }: Segment,
  now: Date,
  before: readonly SqlValue[],
): { where: string; values: readonly SqlValue[] } {
  const values = [...before];
  const parts = ['true'];
  const bind = (value: SqlValue): string => `$${values.push(value)}`;
  const ago = (number: number): string => `${bind(new Date(now.getTime() - number * DAY_MS))}::timestamptz`;
  const theirs = `from marketing_purchases o where o.tenant_id = $1 and o.customer_id = p.customer_id and o.amount > 0`;
  const bounded = (
    what: string,
    { atLeast, atMost }: { atLeast?: number | undefined; atMost?: number | undefined },
  ) => {
    if (atLeast !== undefined) parts.push(`${what} >= ${bind(atLeast)}::bigint`);
    if (atMost !== undefined) parts.push(`${what} <= ${bind(atMost)}::bigint`);
  };
  if (orders !== undefined) bounded(`(select count(*) ${theirs})`, orders);
  if (spent !== undefined)
    bounded(`(select coalesce(sum(o.amount), 0) ${theirs} and o.currency = ${bind(spent.currency)})`, spent);
  if (lastOrderDays?.within !== undefined)
    parts.push(`exists (select ${theirs} and o.at >= ${ago(lastOrderDays.within)})`);
  if (lastOrderDays?.notWithin !== undefined)
    parts.push(`not exists (select ${theirs} and o.at >= ${ago(lastOrderDays.notWithin)})`);
  if (registeredDays?.within !== undefined) parts.push(`p.since >= ${ago(registeredDays.within)}`);
  if (registeredDays?.notWithin !== undefined) parts.push(`p.since < ${ago(registeredDays.notWithin)}`);
  if (languages !== undefined) parts.push(`split_part(p.locale, '-', 1) = any (${bind(languages)}::text[])`);
  return { where: parts.join(' and '), values };
}
