/**
 * Compares what the shop said yes to with what its stores hold, each asked itself and not through the shop: the tables, the payment
 * processor's books, the topics of Kafka. Whatever was acknowledged must be there, and must have taken effect once; an upload's object is
 * read by its import and then removed, so that the goods are what becomes of it.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kafka, logLevel } from 'kafkajs';
import type pg from 'pg';
import { withDatabase } from '../../support/cluster.ts';
import { TENANT, type RealShop } from '../real-shop.ts';
import type { Acknowledged } from './shoppers.ts';

export interface Verdict {
  /** Acknowledged, and not there: one line each. */
  readonly lost: readonly string[];
  /** In effect more than once, or not what it should be. */
  readonly doubled: readonly string[];
}

const SCHEMA = `tenant_${TENANT}`;

/** What has yet to be done: nothing is left when this is empty. Names and counts, for people. */
export function leftToDo(real: RealShop, { orders, paid, uploads }: Acknowledged): Promise<string[]> {
  return withDatabase(real.client, async (db) => {
    await db.query(`set search_path = ${SCHEMA}`);
    const { rows } = await db.query<{ what: string; count: number }>(LEFT, [
      orders.filter(({ id }) => paid.has(id)).map(({ id }) => id),
      uploads.map(({ importId }) => importId),
      uploads.map(({ handle }) => handle),
    ]);
    return rows.filter(({ count }) => count > 0).map(({ what, count }) => `${count} ${what}`);
  });
}

/** To be asked when nothing is left to do. */
export async function judge(real: RealShop, acknowledged: Acknowledged): Promise<Verdict> {
  const lost: string[] = [];
  const doubled: string[] = [];
  await withDatabase(real.client, async (db) => {
    await db.query(`set search_path = ${SCHEMA}`);
    lost.push(...(await lostRows(db, acknowledged)));
    for (const [what, text] of Object.entries(DOUBLED)) {
      const { rows } = await db.query<{ id: string }>(text);
      doubled.push(...rows.map(({ id }) => `${what}: ${id}`));
    }
  });
  const captures = capturesOf(real, acknowledged);
  lost.push(...captures.lost);
  doubled.push(...captures.doubled);
  const events = await eventsOf(real, acknowledged);
  lost.push(...events.lost);
  doubled.push(...events.doubled);
  return { lost, doubled };
}

async function lostRows(
  db: pg.Client,
  { registrations, orders, paid, uploads }: Acknowledged,
): Promise<readonly string[]> {
  const ids = orders.map(({ id }) => id);
  const { rows } = await db.query<{ id: string; email: string; total: number; status: string; kept: number }>(
    `select id, email, total::int, status, (captured - refunded)::int as kept from orders_orders where id = any ($1)`,
    [ids],
  );
  const found = new Map(rows.map((row) => [row.id, row]));
  const lost: string[] = [];
  for (const { id, email, total } of orders) {
    const row = found.get(id);
    if (row === undefined) lost.push(`order ${id} is not there`);
    else if (row.email !== email || row.total !== total) lost.push(`order ${id} is another one`);
    else if (paid.has(id) && (row.status !== 'confirmed' || row.kept !== total))
      lost.push(`order ${id} was paid, and is ${row.status} with ${row.kept} of ${total}`);
  }
  const asked = await db.query<{ email: string }>(
    'select email from customer_registrations where email = any ($1)',
    [registrations],
  );
  const known = new Set(asked.rows.map(({ email }) => email));
  lost.push(...registrations.filter((email) => !known.has(email)).map((email) => `registration ${email}`));
  const handles = await db.query<{ handle: string }>('select handle from products where handle = any ($1)', [
    uploads.map(({ handle }) => handle),
  ]);
  const there = new Set(handles.rows.map(({ handle }) => handle));
  lost.push(...uploads.filter(({ handle }) => !there.has(handle)).map(({ handle }) => `goods ${handle}`));
  return lost;
}

interface Books {
  readonly order: string;
  readonly captured: number;
  readonly charges: number;
}

/** One capture of the whole sum for each paid order, in the books of the payment processor. */
function capturesOf(real: RealShop, { orders, paid }: Acknowledged): Verdict {
  const books = new DatabaseSync(join(real.installation.dataDir, 'processor', 'processor.sqlite'), {
    readOnly: true,
  });
  // The statement's own columns.
  const rows = books.prepare(CAPTURES).all() as unknown as Books[];
  books.close();
  const of = new Map(rows.map((row) => [row.order, row]));
  const asked = orders.filter(({ id }) => paid.has(id));
  return {
    lost: asked
      .filter(({ id, total }) => (of.get(id)?.captured ?? 0) < total)
      .map(({ id }) => `capture of order ${id}`),
    doubled: orders
      .filter(({ id, total }) => (of.get(id)?.captured ?? 0) > total || (of.get(id)?.charges ?? 0) > 1)
      .map(({ id }) => `capture of order ${id}: ${JSON.stringify(of.get(id))}`),
  };
}

/** What the orders' topic holds: one event `placed` of each order, and one `confirmed` of each that was paid. */
async function eventsOf(real: RealShop, { orders, paid }: Acknowledged): Promise<Verdict> {
  const told = await readEvents(real);
  const lost: string[] = [];
  const doubled: string[] = [];
  for (const { id } of orders) {
    for (const type of paid.has(id) ? ['placed', 'confirmed'] : ['placed']) {
      const ids = told.get(`orders.order.${type} ${id}`) ?? new Set();
      if (ids.size === 0) lost.push(`event ${type} of order ${id}`);
      // The same event twice is allowed, and known by its id; two events are two happenings.
      if (ids.size > 1) doubled.push(`event ${type} of order ${id}`);
    }
  }
  return { lost, doubled };
}

/** @returns ids of events, by type and order */
async function readEvents({ kafka }: RealShop): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { username, password } = new URL(kafka.adminAddress.replace('kafka:', 'http:'));
  const client = new Kafka({
    brokers: [kafka.broker],
    logLevel: logLevel.NOTHING,
    sasl: { mechanism: 'scram-sha-512', username, password },
  });
  const topic = `${TENANT}.orders.order`;
  const admin = client.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const left = new Map(
    ends.filter(({ high }) => high !== '0').map(({ partition, high }) => [partition, Number(high)]),
  );
  const told = new Map<string, Set<string>>();
  if (left.size === 0) return told;
  const consumer = client.consumer({ groupId: `oracle-${randomUUID()}` });
  const all = Promise.withResolvers<void>();
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ partition, message }) => {
        const order = message.key?.toString().split('/')[1];
        // As decision 27 writes it down, without the runtime's own reading of it.
        const { type, id } = JSON.parse(String(message.value)) as { type: string; id: string };
        const key = `${type} ${order}`;
        told.set(key, (told.get(key) ?? new Set()).add(id));
        if (Number(message.offset) + 1 >= (left.get(partition) ?? 0)) left.delete(partition);
        if (left.size === 0) all.resolve();
        return Promise.resolve();
      },
    });
    await all.promise;
  } finally {
    await consumer.disconnect();
  }
  return told;
}

const LEFT = `
  select 'paid orders that are not confirmed' as what, count(*)::int as count from orders_orders
    where id = any ($1) and status <> 'confirmed'
  union all select 'orders whose saga has not ended', count(*)::int from orders_orders
    where id = any ($1) and not settled
  union all select 'imports that have not ended', count(*)::int from catalog_imports
    where id = any ($2) and state <> 'succeeded'
  union all select 'goods that orders have not heard of', count(*)::int from products p
    where p.handle = any ($3) and not exists (select from orders_variants v where v.product_id = p.id)
  union all select 'events that were promised and not told', count(*)::int from promised_events
  union all select 'events that are parked', count(*)::int from parked_messages
  union all select 'tasks that run, or are due', count(*)::int from tasks
    where state = 'running' or (state = 'waiting' and run_at < now())`;

/** Each names what is in effect twice, or is not the sum of what it is made of. */
const DOUBLED: Readonly<Record<string, string>> = {
  'orders of one shopper': 'select email as id from orders_orders group by email having count(*) > 1',
  'orders of one cart': 'select cart_id as id from orders_orders group by cart_id having count(*) > 1',
  'confirmations of one order': `select order_id as id from orders_history where to_status = 'confirmed' and from_status <> to_status
    group by order_id having count(*) > 1`,
  'stock that is not the sum of its orders': `
    select s.variant_id || format(' has %s sold and %s held, its orders %s and %s', s.sold, s.held,
      coalesce(h.sold, 0), coalesce(h.held, 0)) as id
    from orders_stock s left join (
      select l.variant_id, sum(l.quantity) filter (where o.stock = 'committed') as sold,
        sum(l.quantity) filter (where o.stock = 'held') as held
      from orders_orders o join orders_order_lines l on l.tenant_id = o.tenant_id and l.order_id = o.id group by l.variant_id
    ) h on h.variant_id = s.variant_id
    where s.sold <> coalesce(h.sold, 0) or s.held <> coalesce(h.held, 0)`,
  'goods that were written twice': `select handle as id from products where handle like '%-goods-%' and version > 1`,
  'customers of one address': 'select email_key as id from customers group by email_key having count(*) > 1',
  'events that ended as dead letters': `select consumer || ' ' || event_id as id from dead_letters`,
  'tasks that died': `select name || ' ' || id as id from tasks where state = 'dead'`,
};

const CAPTURES = `
  select i.body ->> '$.metadata.order_id' as "order", sum(c.body ->> '$.amount_captured') as captured,
    sum(c.body ->> '$.captured') as charges
  from objects c join objects i on i.account = c.account and i.kind = 'payment_intent' and i.id = c.body ->> '$.payment_intent'
  where c.kind = 'charge' group by 1`;
