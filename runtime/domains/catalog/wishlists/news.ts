/**
 * Telling who waits for something that it is back, or costs less. Whoever changes it writes that down in the same transaction, once for as
 * long as it is not being told (`noteBack`, `noteCheaper`). After a while, in which a mistake is put right and a catalogue is read in,
 * all of it is taken as one round, and told page by page: a customer hears of a round once, in one mail a kind, however often its pages
 * are begun again. What is no longer so by then is told to nobody.
 */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { NewTask, TaskHandler, Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import type { VariantDocument } from '../document.ts';
import { RoundTask } from './schemas.ts';
import { nameOf, THING, type Thing } from './things.ts';

export const TELL = 'catalog.tell-wishes';
/** Until what happened is told. */
export const SETTLE_MS = 5 * 60_000;
/** Customers of a page; notifications tells at most 100 in one transaction. */
const PAGE = 50;
/** News of one round. */
const MOST_NEWS = 500;
/** Things in one mail. */
const MOST_ITEMS = 20;
/** A price that fell by less is no news. */
const LEAST_DROP = 0.05;

type Tools = Pick<Platform, 'clock'>;

// ── what happens ─────────────────────────────────────────────────────────────────────────────────

/** It can be bought again. */
export async function noteBack(
  { clock }: Tools,
  tx: Transaction,
  tenant: TenantId,
  variantId: string,
): Promise<void> {
  const { rowCount } = await tx.query(
    `insert into catalog_wish_news (tenant_id, kind, variant_id, round, at) select $1, 'back', $2, '', $3
     where exists (select 1 from catalog_wishlist_items i where i.tenant_id = $1 and i.variant_id = $2)
       or exists (select 1 from catalog_stock_alerts a where a.tenant_id = $1 and a.variant_id = $2 and a.confirmed_at is not null)
     on conflict do nothing`,
    [tenant, variantId, clock.now()],
  );
  if (rowCount > 0) await tx.enqueue(gathering(clock.now()));
}

export interface Drop {
  readonly variantId: string;
  /** By currency; those in which it fell. */
  readonly before: Readonly<Record<string, number>>;
}

/** What of a product costs less than before. Pure. */
export function dropsOf(before: Priced | undefined, now: Priced): Drop[] {
  const former = new Map((before?.variants ?? []).map(({ id, prices }) => [id, prices]));
  return now.variants.flatMap(({ id, prices }) => {
    const fallen = prices.flatMap(({ currency, amount }) => {
      const was = former.get(id)?.find((price) => price.currency === currency)?.amount;
      return was !== undefined && isDrop(was, amount) ? [[currency, was] as const] : [];
    });
    return fallen.length === 0 ? [] : [{ variantId: id, before: Object.fromEntries(fallen) }];
  });
}

type Priced = { readonly variants: readonly Pick<VariantDocument, 'id' | 'prices'>[] };

function isDrop(was: number, now: number): boolean {
  return now <= was * (1 - LEAST_DROP);
}

/** Of what falls twice before it is told, the first price counts. */
export async function noteCheaper(
  { clock }: Tools,
  tx: Transaction,
  tenant: TenantId,
  drops: readonly Drop[],
): Promise<void> {
  if (drops.length === 0) return;
  const { rowCount } = await tx.query(
    `insert into catalog_wish_news (tenant_id, kind, variant_id, round, before, at)
     select $1, 'cheaper', d."variantId", '', d.before, $3 from jsonb_to_recordset($2::jsonb) as d ("variantId" text, before jsonb)
     where exists (select 1 from catalog_wishlist_items i where i.tenant_id = $1 and i.variant_id = d."variantId")
     order by d."variantId" on conflict do nothing`,
    [tenant, JSON.stringify(drops), clock.now()],
  );
  if (rowCount > 0) await tx.enqueue(gathering(clock.now()));
}

function gathering(now: Date): NewTask {
  return { name: TELL, payload: {}, key: 'gather', runAt: new Date(now.getTime() + SETTLE_MS) };
}

// ── telling ──────────────────────────────────────────────────────────────────────────────────────

/** Another step of the round. */
const next = (round: string, more: { after?: string; alerts?: true }): NewTask => ({
  name: TELL,
  payload: { round, ...more },
  key: round,
});

export function createTelling(platform: Platform): TaskHandler {
  const { sql, clock, newId } = platform;

  return async ({ tenant: id, payload }) => {
    const { round, after = '', alerts } = RoundTask.parse(payload);
    if (round === undefined) return begin(id);
    const tenant = await tenantOf(id);
    if (!tenant.domains.includes('notifications')) return finish(id, round);
    if (alerts !== true) return tellWishers(tenant, round, after);
    return tellAlerts(tenant, round);
  };

  async function tenantOf(id: TenantId): Promise<Tenant> {
    const tenant = await platform.tenants.byId(id);
    if (tenant === undefined)
      throw new ShopError('unavailable', 'The shop is not known here yet.', { retryAfterSeconds: 5 });
    return tenant;
  }

  /** What has settled becomes a round. */
  async function begin(tenant: TenantId): Promise<void> {
    await sql.transaction(tenant, async (tx) => {
      const [now, round] = [clock.now(), newId('rnd')];
      const { rowCount } = await tx.query(
        `update catalog_wish_news n set round = $2 from (
           select kind, variant_id from catalog_wish_news where tenant_id = $1 and round = '' and at <= $3
           order by at, kind, variant_id limit ${MOST_NEWS} for update) settled
         where n.tenant_id = $1 and n.round = '' and n.kind = settled.kind and n.variant_id = settled.variant_id`,
        [tenant, round, new Date(now.getTime() - SETTLE_MS)],
      );
      if (rowCount > 0) await tx.enqueue(next(round, {}));
      const left = await tx.query<{ at: Date }>(
        `select at from catalog_wish_news where tenant_id = $1 and round = '' order by at limit 1`,
        [tenant],
      );
      const [oldest] = left.rows;
      if (oldest !== undefined) await tx.enqueue(gathering(oldest.at));
    });
  }

  async function tellWishers(tenant: Tenant, round: string, after: string): Promise<void> {
    const customers = await wishersOf(tenant.id, round, after);
    const wishes = await wishesOf(tenant.id, round, customers);
    for (const kind of ['back', 'cheaper'] as const) {
      const people = [...Map.groupBy(wishes, ({ customer_id }) => customer_id)].flatMap(
        ([customerId, theirs]) => {
          const items = itemsOf(tenant, theirs, kind);
          const link = items[0]?.link;
          if (link === undefined) return [];
          return [{ key: round, to: { customerId }, variables: { items, link } }];
        },
      );
      if (people.length > 0) await notify(tenant.id, `wishes.${kind}`, people);
    }
    const last = customers.at(-1);
    await sql.transaction(tenant.id, (tx) =>
      tx.enqueue(
        last !== undefined && customers.length === PAGE
          ? next(round, { after: last })
          : next(round, { alerts: true }),
      ),
    );
  }

  function notify(tenant: TenantId, kind: string, people: readonly object[]): Promise<unknown> {
    return platform.call(tenant, 'notifications', 'notifyMany', { kind, people });
  }

  /** Customers who had put any of it on a list before it happened. */
  async function wishersOf(tenant: TenantId, round: string, after: string): Promise<readonly string[]> {
    const { rows } = await sql.query<{ customer_id: string }>(
      tenant,
      `select distinct w.customer_id from catalog_wish_news n
       join catalog_wishlist_items i on i.tenant_id = $1 and i.variant_id = n.variant_id and i.added_at <= n.at
       join catalog_wishlists w on w.tenant_id = $1 and w.id = i.wishlist_id
       where n.tenant_id = $1 and n.round = $2 and w.customer_id > $3 order by w.customer_id limit ${PAGE}`,
      [tenant, round, after],
    );
    return rows.map(({ customer_id }) => customer_id);
  }

  /** What of it is on their lists and still so, each variant once. Who asked to be told of it by itself is told of it by itself. */
  async function wishesOf(
    tenant: TenantId,
    round: string,
    customers: readonly string[],
  ): Promise<readonly WishRow[]> {
    if (customers.length === 0) return [];
    const { rows } = await sql.query<WishRow>(
      tenant,
      `select distinct on (w.customer_id, n.kind, n.variant_id) w.customer_id, n.kind, n.before, i.price_amount, i.price_currency, ${THING}
       from catalog_wish_news n
       join catalog_wishlist_items i on i.tenant_id = $1 and i.variant_id = n.variant_id and i.added_at <= n.at
       join catalog_wishlists w on w.tenant_id = $1 and w.id = i.wishlist_id
       join variants v on v.tenant_id = $1 and v.id = n.variant_id
       join products p on p.tenant_id = $1 and p.id = v.product_id and p.visible
       where n.tenant_id = $1 and n.round = $2 and w.customer_id = any ($3::text[])
         and not exists (select 1 from sold_out_variants s where s.tenant_id = $1 and s.variant_id = n.variant_id)
         and not exists (select 1 from catalog_stock_alerts a where n.kind = 'back' and a.tenant_id = $1
           and a.customer_id = w.customer_id and a.variant_id = n.variant_id)
       order by w.customer_id, n.kind, n.variant_id, i.added_at`,
      [tenant, round, customers],
    );
    return rows;
  }

  /** A page of those who asked to be told of one thing. From when it is their turn they are told, whether they take it back or not. */
  async function tellAlerts(tenant: Tenant, round: string): Promise<void> {
    const claimed = await claim(tenant.id, round);
    if (claimed.length === 0) return finish(tenant.id, round);
    await notify(
      tenant.id,
      'alerts.back',
      claimed.map(({ id, customer_id: customerId, email, locale, ...about }) => ({
        key: id,
        to: customerId === null ? { email, ...(locale === null ? {} : { locale }) } : { customerId },
        variables: { product: nameOf(about), link: linkOf(tenant, about) },
      })),
    );
    await sql.transaction(tenant.id, async (tx) => {
      await tx.query('delete from catalog_stock_alerts where tenant_id = $1 and id = any ($2::text[])', [
        tenant.id,
        claimed.map(({ id }) => id),
      ]);
      await tx.enqueue(next(round, { alerts: true }));
    });
  }

  async function claim(tenant: TenantId, round: string): Promise<readonly AlertRow[]> {
    const { rows } = await sql.query<AlertRow>(
      tenant,
      `with due as (
         select a.id, ${THING} from catalog_wish_news n
         join catalog_stock_alerts a on a.tenant_id = $1 and a.variant_id = n.variant_id and a.confirmed_at is not null
         join variants v on v.tenant_id = $1 and v.id = n.variant_id
         join products p on p.tenant_id = $1 and p.id = v.product_id and p.visible
         where n.tenant_id = $1 and n.round = $2 and n.kind = 'back' and (a.round is null or a.round = $2)
           and not exists (select 1 from sold_out_variants s where s.tenant_id = $1 and s.variant_id = n.variant_id)
         order by a.id limit ${PAGE})
       update catalog_stock_alerts a set round = $2 from due
       where a.tenant_id = $1 and a.id = due.id and (a.round is null or a.round = $2)
       returning a.id, a.customer_id, a.email, a.locale, due.title, due.handle, due.options, due.variant`,
      [tenant, round],
    );
    return rows;
  }

  /** Whose turn it was when it sold out again waits on. */
  async function finish(tenant: TenantId, round: string): Promise<void> {
    await sql.transaction(tenant, async (tx) => {
      await tx.query('update catalog_stock_alerts set round = null where tenant_id = $1 and round = $2', [
        tenant,
        round,
      ]);
      await tx.query('delete from catalog_wish_news where tenant_id = $1 and round = $2', [tenant, round]);
    });
  }

  function itemsOf(tenant: Tenant, wishes: readonly WishRow[], kind: WishRow['kind']): Item[] {
    return wishes
      .filter((wish) => wish.kind === kind)
      .flatMap((wish) => {
        const item = { title: nameOf(wish), link: linkOf(tenant, wish) };
        if (kind === 'back') return [item];
        const price = fallenPrice(tenant, wish);
        return price === undefined ? [] : [{ ...item, price }];
      })
      .slice(0, MOST_ITEMS);
  }

  function linkOf(tenant: Tenant, { handle, variant }: Thing): string {
    const query = variant === null ? '' : `?variant=${encodeURIComponent(variant.id)}`;
    return `${platform.originOf(tenant)}/products/${encodeURIComponent(handle)}${query}`;
  }
}

/**
 * What it costs now, in the currency its wisher looked at it in; undefined where it costs no less than it did before, or no less than
 * when they put it there: by a list of theirs they may have been paying less all along.
 */
function fallenPrice(
  { currencies }: Pick<Tenant, 'currencies'>,
  { before, variant, price_amount: added, price_currency }: WishRow,
): Item['price'] {
  const currency = price_currency ?? currencies[0] ?? '';
  const now = variant?.prices.find((price) => price.currency === currency)?.amount;
  const was = before?.[currency];
  if (now === undefined || was === undefined || !isDrop(was, now)) return undefined;
  return added !== null && now >= added ? undefined : { amount: now, currency };
}

interface WishRow extends Thing {
  readonly customer_id: string;
  readonly kind: 'back' | 'cheaper';
  readonly before: Readonly<Record<string, number>> | null;
  readonly price_amount: number | null;
  readonly price_currency: string | null;
}

interface AlertRow extends Thing {
  readonly id: string;
  readonly customer_id: string | null;
  readonly email: string | null;
  readonly locale: string | null;
}

interface Item {
  readonly title: string;
  readonly link: string;
  readonly price?: { readonly amount: number; readonly currency: string } | undefined;
}
