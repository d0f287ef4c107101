/**
 * Asking for reviews: once an order, some days after its goods arrived, of whoever bought them signed in, for only they may write. Not where
 * money or goods came back, nor for what they have reviewed. Whether they want to be asked is known to notifications. A round that dies
 * anywhere begins its page again, under the same keys, and nobody is asked twice.
 */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type {
  EventHandler,
  NewTask,
  SqlRunner,
  TaskHandler,
  Tenant,
  TenantId,
} from '../../../platform/ports.ts';
import { Order, type ReviewSettings, type ReviewSettingsUpdate } from './schemas.ts';
import { readSettings, writeSettings } from './settings.ts';

export const ASK = 'catalog.ask-for-reviews';
/** As many as notifications tells in one transaction, at most 100. */
const PAGE = 50;
const ROUND_MS = 60 * 60 * 1_000;
const DAY_MS = 24 * ROUND_MS;
/** Products of one mail. */
const MOST_ITEMS = 20;

/** After these a customer is not asked: something was wrong with the order. */
const AMISS: ReadonlySet<string> = new Set([
  'orders.order.refunded',
  'orders.order.cancelled',
  'orders.order.return_requested',
]);

export type Asking = ReturnType<typeof createAsking>;

export function createAsking(platform: Platform) {
  const { sql, clock } = platform;

  const hear: EventHandler = async ({ tenant, type, payload, occurredAt }, tx) => {
    if (type === 'orders.order.fulfilment_delivered') {
      const { orderId } = Order.parse(payload);
      await tx.query(
        `update catalog_review_asks set since = greatest(since, $3::timestamptz) where tenant_id = $1 and order_id = $2 and state = 'waiting'`,
        [tenant, orderId, occurredAt],
      );
      return;
    }
    if (type !== 'orders.order.fulfilled' && !AMISS.has(type)) return;
    const { orderId, number, customerId, refunded, lines } = Order.parse(payload);
    if (customerId === undefined) return;
    // What went out before the shop wanted this is not asked about later.
    if ((await readSettings(tx, tenant)).askAfterDays === null) return;
    const isAmiss = AMISS.has(type) || refunded > 0;
    const products = [...new Set(lines.map(({ productId }) => productId))];
    await tx.query(
      `insert into catalog_review_asks as a (tenant_id, order_id, customer_id, number, products, state, since)
       values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (tenant_id, order_id) do update set state = 'dropped' where a.state = 'waiting' and excluded.state = 'dropped'`,
      [tenant, orderId, customerId, number, products, isAmiss ? 'dropped' : 'waiting', occurredAt],
    );
    if (!isAmiss) await tx.enqueue(round(ROUND_MS));
  };

  const sqlOf = (tenant: TenantId): SqlRunner => ({
    query: (text, values) => sql.query(tenant, text, values),
  });

  async function drop(runner: SqlRunner, tenant: TenantId): Promise<void> {
    await runner.query(
      `update catalog_review_asks set state = 'dropped' where tenant_id = $1 and state = 'waiting'`,
      [tenant],
    );
  }

  function round(inMs: number): NewTask {
    return { name: ASK, payload: {}, key: 'ask', runAt: new Date(clock.now().getTime() + inMs) };
  }

  /** Orders that are due, each with what of it could be reviewed. */
  async function due(tenant: TenantId, afterDays: number): Promise<readonly DueOrder[]> {
    const { rows } = await sql.query<DueOrder>(
      tenant,
      `select a.order_id, a.customer_id, a.number, coalesce((
         select jsonb_agg(jsonb_build_object('title', p.title, 'handle', p.handle) order by p.position, p.id) from products p
         where p.tenant_id = $1 and p.id = any (a.products) and p.visible and not exists (
           select 1 from catalog_reviews r where r.tenant_id = $1 and r.product_id = p.id and r.customer_id = a.customer_id)), '[]') as products
       from catalog_review_asks a where a.tenant_id = $1 and a.state = 'waiting' and a.since <= $2
       order by a.since, a.order_id limit ${PAGE}`,
      [tenant, new Date(clock.now().getTime() - afterDays * DAY_MS)],
    );
    return rows;
  }

  async function tell(tenant: Tenant, orders: readonly DueOrder[]): Promise<void> {
    const origin = platform.originOf(tenant);
    const people = orders
      .filter(({ products }) => products.length > 0)
      .map(({ order_id: orderId, customer_id: customerId, number, products }) => ({
        key: `review:${orderId}`,
        to: { customerId },
        variables: {
          number,
          link: `${origin}/orders/${orderId}`,
          items: products.slice(0, MOST_ITEMS).map(({ title, handle }) => ({
            title: title.slice(0, 2_000),
            link: `${origin}/products/${encodeURIComponent(handle)}#reviews`,
          })),
        },
      }));
    if (people.length > 0)
      await platform.call(tenant.id, 'notifications', 'notifyMany', { kind: 'reviews.request', people });
  }

  const ask: TaskHandler = async ({ tenant: id, signal }) => {
    const { askAfterDays } = await readSettings(sqlOf(id), id);
    const tenant = await platform.tenants.byId(id);
    if (tenant === undefined)
      throw new ShopError('unavailable', 'The shop is not known here yet.', { retryAfterSeconds: 5 });
    if (askAfterDays === null || !tenant.domains.includes('notifications')) return drop(sqlOf(id), id);
    const orders = await due(id, askAfterDays);
    await tell(tenant, orders);
    signal.throwIfAborted();
    await sql.transaction(id, async (tx) => {
      // One of which something was amiss meanwhile stays dropped.
      await tx.query(
        `update catalog_review_asks a set state = case when t.is_asked then 'asked' else 'dropped' end
         from unnest($2::text[], $3::boolean[]) as t (id, is_asked)
         where a.tenant_id = $1 and a.order_id = t.id and a.state = 'waiting'`,
        [id, orders.map(({ order_id }) => order_id), orders.map(({ products }) => products.length > 0)],
      );
      const left = await tx.query(
        `select 1 from catalog_review_asks where tenant_id = $1 and state = 'waiting' limit 1`,
        [id],
      );
      if (left.rowCount > 0) await tx.enqueue(round(orders.length === PAGE ? 0 : ROUND_MS));
    });
  };

  return {
    hear,
    ask,

    /** @throws ShopError `conflict` when others were set since their version, or in a shop that sends no mail */
    async putSettings(tenant: Tenant, settings: ReviewSettingsUpdate): Promise<ReviewSettings> {
      if (settings.askAfterDays !== null && !tenant.domains.includes('notifications'))
        throw new ShopError('conflict', 'This shop sends no mail, so nobody can be asked.', {
          remedy: 'Have notifications switched on in the tenant’s spec.domains.',
        });
      return sql.transaction(tenant.id, async (tx) => {
        const written = await writeSettings(tx, tenant.id, settings);
        // Who waited when it was switched off is not asked when it is on again.
        if (written.askAfterDays === null) await drop(tx, tenant.id);
        return written;
      });
    },
  };
}

interface DueOrder {
  readonly order_id: string;
  readonly customer_id: string;
  readonly number: string;
  readonly products: readonly { readonly title: string; readonly handle: string }[];
}
