/** Wishlists in SQL: whose they are, what is in them, and how a guest's becomes a customer's. */
import { randomBytes } from 'node:crypto';
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { NewTask, SqlRunner, TaskHandler, TenantId, Transaction } from '../../../platform/ports.ts';
import { CARD_COLUMNS, titleOfVariant, toCard, type CardRow, type VariantDocument } from '../document.ts';
import type { Money } from '../schemas.ts';
import { textIn, wordsFor } from '../translations/words.ts';
import {
  MOST_ITEMS,
  MOST_LISTS,
  type Marks,
  type Wanted,
  type Wishlist,
  type WishlistItem,
  type Wishlists,
} from './schemas.ts';

export interface WishlistRow {
  readonly id: string;
  readonly customer_id: string | null;
  readonly name: string;
  readonly is_default: boolean;
  readonly token: string | null;
}

type Tools = Pick<Platform, 'clock' | 'newId'>;

/** Whose list is asked for: a customer's own, or one that nobody has claimed. */
export interface Holder {
  readonly customerId: string | undefined;
}

/** How a list is told. */
export interface Said {
  readonly currency: string;
  /** Undefined: as it is written. */
  readonly locale: string | undefined;
}

const COLUMNS = 'id, customer_id, name, is_default, token';
/** As people call the customer's own list in an address. */
export const DEFAULT = 'default';
export const TIDY = 'catalog.tidy-wishlists';
const DAY_MS = 24 * 60 * 60 * 1_000;
/** A guest's list that nobody touches for so long is forgotten. */
export const GUEST_KEPT_MS = 90 * DAY_MS;
const PAGE = 500;

// ── whose ────────────────────────────────────────────────────────────────────────────────────────

/** @throws ShopError `not_found`, also when it is somebody else's: nobody learns which there are */
export async function find(
  sql: SqlRunner,
  tenant: TenantId,
  { customerId }: Holder,
  id: string,
): Promise<WishlistRow> {
  return theOne(
    await sql.query<WishlistRow>(`select ${COLUMNS} from catalog_wishlists where ${BY_ID}`, [
      tenant,
      id,
      customerId ?? null,
    ]),
  );
}

/** As `find`; nobody else changes it until the transaction ends. `default` is made where it is not there yet. */
export async function lock(
  tools: Tools,
  tx: Transaction,
  tenant: TenantId,
  { customerId }: Holder,
  id: string,
): Promise<WishlistRow> {
  if (id === DEFAULT && customerId !== undefined) return ownList(tools, tx, tenant, customerId);
  return theOne(
    await tx.query<WishlistRow>(`select ${COLUMNS} from catalog_wishlists where ${BY_ID} for update`, [
      tenant,
      id,
      customerId ?? null,
    ]),
  );
}

const BY_ID = 'tenant_id = $1 and id = $2 and (customer_id is null or customer_id = $3)';
const OWN = 'tenant_id = $1 and customer_id = $2 and is_default';

/** The customer's own, if it was ever needed. */
export async function findOwn(
  sql: SqlRunner,
  tenant: TenantId,
  customerId: string,
): Promise<WishlistRow | undefined> {
  const { rows } = await sql.query<WishlistRow>(`select ${COLUMNS} from catalog_wishlists where ${OWN}`, [
    tenant,
    customerId,
  ]);
  return rows[0];
}

function theOne({ rows: [row] }: { readonly rows: readonly WishlistRow[] }): WishlistRow {
  if (row === undefined) throw noSuchList();
  return row;
}

/** The customer's own list, which is made when it is first needed; locked. */
export async function ownList(
  { clock, newId }: Tools,
  tx: Transaction,
  tenant: TenantId,
  customerId: string,
): Promise<WishlistRow> {
  await tx.query(
    `insert into catalog_wishlists (tenant_id, id, customer_id, name, is_default, created_at, updated_at) values ($1, $2, $3, '', true, $4, $4)
     on conflict (tenant_id, customer_id) where is_default and customer_id is not null do nothing`,
    [tenant, newId('wsh'), customerId, clock.now()],
  );
  return theOne(
    await tx.query<WishlistRow>(`select ${COLUMNS} from catalog_wishlists where ${OWN} for update`, [
      tenant,
      customerId,
    ]),
  );
}

/** @throws ShopError `conflict` when the customer has as many as there may be; `invalid_input` when it has no name and is no guest's */
export async function create(
  tools: Tools,
  tx: Transaction,
  tenant: TenantId,
  { customerId }: Holder,
  name: string | undefined,
): Promise<WishlistRow> {
  if (customerId !== undefined) {
    // Locked: of two that are begun at once the second counts the first.
    if (name === undefined)
      throw new ShopError('invalid_input', 'A list of a customer has a name.', {
        problems: [{ where: 'body/name', what: 'is missing' }],
        remedy: 'Name it; the one that needs none is `default`.',
      });
    await ownList(tools, tx, tenant, customerId);
    const { rows } = await tx.query<{ count: number }>(
      'select count(*)::int as count from catalog_wishlists where tenant_id = $1 and customer_id = $2',
      [tenant, customerId],
    );
    if ((rows[0]?.count ?? 0) >= MOST_LISTS)
      throw new ShopError('conflict', `There are ${MOST_LISTS} lists already.`, { remedy: 'Delete one.' });
  } else await tx.enqueue(tidying(tools.clock.now()));
  return theOne(
    await tx.query<WishlistRow>(
      `insert into catalog_wishlists (tenant_id, id, customer_id, name, is_default, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $6)
       returning ${COLUMNS}`,
      [
        tenant,
        tools.newId('wsh'),
        customerId ?? null,
        name ?? '',
        customerId === undefined,
        tools.clock.now(),
      ],
    ),
  );
}

/**
 * What a guest put together becomes the customer's: each variant once, the earliest time it was put there. Their list is gone then, so
 * that whoever claims twice, or in two windows at once, has nothing twice. A list that is gone already, or another's, adds nothing.
 */
export async function claim(
  tools: Tools,
  tx: Transaction,
  tenant: TenantId,
  customerId: string,
  guestList: string | undefined,
): Promise<WishlistRow> {
  const own = await ownList(tools, tx, tenant, customerId);
  if (guestList === undefined) return own;
  const { rowCount } = await tx.query(
    'select 1 from catalog_wishlists where tenant_id = $1 and id = $2 and customer_id is null for update',
    [tenant, guestList],
  );
  if (rowCount === 0) return own;
  await tx.query(
    `update catalog_wishlist_items i set added_at = least(i.added_at, g.added_at) from catalog_wishlist_items g
     where i.tenant_id = $1 and i.wishlist_id = $2 and g.tenant_id = $1 and g.wishlist_id = $3 and g.variant_id = i.variant_id`,
    [tenant, own.id, guestList],
  );
  await tx.query(
    `insert into catalog_wishlist_items (tenant_id, wishlist_id, variant_id, price_amount, price_currency, added_at)
     select $1, $2, g.variant_id, g.price_amount, g.price_currency, g.added_at from catalog_wishlist_items g
     where g.tenant_id = $1 and g.wishlist_id = $3
       and not exists (select 1 from catalog_wishlist_items i where i.tenant_id = $1 and i.wishlist_id = $2 and i.variant_id = g.variant_id)
     order by g.added_at desc
     limit greatest(0, ${MOST_ITEMS} - (select count(*) from catalog_wishlist_items where tenant_id = $1 and wishlist_id = $2))`,
    [tenant, own.id, guestList],
  );
  await tx.query('delete from catalog_wishlists where tenant_id = $1 and id = $2', [tenant, guestList]);
  return own;
}

/** @param list locked, here and below */
export async function rename(
  tx: Transaction,
  tenant: TenantId,
  list: WishlistRow,
  name: string,
): Promise<WishlistRow> {
  await tx.query('update catalog_wishlists set name = $3 where tenant_id = $1 and id = $2', [
    tenant,
    list.id,
    name,
  ]);
  return { ...list, name };
}

export async function remove(tx: Transaction, tenant: TenantId, { id }: WishlistRow): Promise<void> {
  await tx.query('delete from catalog_wishlists where tenant_id = $1 and id = $2', [tenant, id]);
}

/** The same link as long as it is shared: 144 random bits, safe in a URL. It opens what lies beside it, so a hash of it would keep nothing. */
export async function share(
  tx: Transaction,
  tenant: TenantId,
  list: WishlistRow,
): Promise<{ token: string }> {
  const token = list.token ?? randomBytes(18).toString('base64url');
  await setToken(tx, tenant, list, token);
  return { token };
}

export function unshare(tx: Transaction, tenant: TenantId, list: WishlistRow): Promise<void> {
  return setToken(tx, tenant, list, null);
}

async function setToken(
  tx: Transaction,
  tenant: TenantId,
  { id }: WishlistRow,
  token: string | null,
): Promise<void> {
  await tx.query('update catalog_wishlists set token = $3 where tenant_id = $1 and id = $2', [
    tenant,
    id,
    token,
  ]);
}

/** @throws ShopError `not_found`, also when the link was taken back */
export async function findShared(sql: SqlRunner, tenant: TenantId, token: string): Promise<WishlistRow> {
  return theOne(
    await sql.query<WishlistRow>(
      `select ${COLUMNS} from catalog_wishlists where tenant_id = $1 and token = $2`,
      [tenant, token],
    ),
  );
}

// ── what is in them ──────────────────────────────────────────────────────────────────────────────

/** The variant's own; undefined where it has none, or is not there. */
export async function ownPrice(
  sql: SqlRunner,
  tenant: TenantId,
  variantId: string,
  currency: string,
): Promise<number | undefined> {
  const { rows } = await sql.query<{ variant: VariantDocument | null }>(
    `select ${VARIANT} as variant from variants v join products p on p.tenant_id = $1 and p.id = v.product_id
     where v.tenant_id = $1 and v.id = $2`,
    [tenant, variantId],
  );
  return rows[0]?.variant?.prices.find((each) => each.currency === currency)?.amount;
}

/**
 * @param price what whoever puts it there pays for it now
 * @throws ShopError `not_found` for a variant that shoppers may not see; `conflict` when the list is full
 */
export async function add(
  { clock }: Tools,
  tx: Transaction,
  tenant: TenantId,
  list: WishlistRow,
  variantId: string,
  price: Money | null,
): Promise<void> {
  const { rows } = await tx.query<{ count: number }>(
    `select (select count(*)::int from catalog_wishlist_items i
       where i.tenant_id = $1 and i.wishlist_id = $3 and i.variant_id <> $2) as count
     from variants v join products p on p.tenant_id = $1 and p.id = v.product_id and p.visible
     where v.tenant_id = $1 and v.id = $2`,
    [tenant, variantId, list.id],
  );
  const [found] = rows;
  if (found === undefined) throw new ShopError('not_found', 'There is no such variant.');
  if (found.count >= MOST_ITEMS)
    throw new ShopError('conflict', `There are ${MOST_ITEMS} things in this list already.`, {
      remedy: 'Take one out, or begin another list.',
    });
  const now = clock.now();
  await tx.query(
    `insert into catalog_wishlist_items (tenant_id, wishlist_id, variant_id, price_amount, price_currency, added_at) values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing`,
    [tenant, list.id, variantId, price?.amount ?? null, price?.currency ?? null, now],
  );
  await touch(tx, tenant, list, now);
}

export async function takeOut(
  { clock }: Tools,
  tx: Transaction,
  tenant: TenantId,
  list: WishlistRow,
  variantId: string,
): Promise<void> {
  await tx.query(
    'delete from catalog_wishlist_items where tenant_id = $1 and wishlist_id = $2 and variant_id = $3',
    [tenant, list.id, variantId],
  );
  await touch(tx, tenant, list, clock.now());
}

function touch(tx: Transaction, tenant: TenantId, { id }: WishlistRow, now: Date): Promise<unknown> {
  return tx.query('update catalog_wishlists set updated_at = $3 where tenant_id = $1 and id = $2', [
    tenant,
    id,
    now,
  ]);
}

/** The document of a variant `v` of a product `p`. */
const VARIANT = `(select d from jsonb_array_elements(p.document -> 'variants') d where d ->> 'id' = v.id)`;

interface ItemRow extends CardRow {
  readonly variant_id: string;
  readonly variant: VariantDocument | null;
  readonly price_amount: number | null;
  readonly price_currency: string | null;
  readonly added_at: Date;
  readonly available: boolean;
}

/** What shoppers may still see of it, at its own prices, the latest first. */
export async function itemsOf(
  sql: SqlRunner,
  tenant: TenantId,
  list: WishlistRow,
  said: Said,
): Promise<WishlistItem[]> {
  const { rows } = await sql.query<ItemRow>(
    `select i.variant_id, i.price_amount, i.price_currency, i.added_at, ${CARD_COLUMNS}, ${VARIANT} as variant,
       not exists (select 1 from sold_out_variants s where s.tenant_id = $1 and s.variant_id = v.id) as available
     from catalog_wishlist_items i
     join variants v on v.tenant_id = $1 and v.id = i.variant_id
     join products p on p.tenant_id = $1 and p.id = v.product_id and p.visible
     where i.tenant_id = $1 and i.wishlist_id = $2 order by i.added_at desc, i.variant_id`,
    [tenant, list.id],
  );
  return rows.flatMap((row) => (row.variant === null ? [] : [toItem(row, row.variant, said)]));
}

function toItem(row: ItemRow, variant: VariantDocument, { currency, locale }: Said): WishlistItem {
  const { options, translations } = row.card;
  const words = wordsFor(textIn(translations, locale)?.options ?? []);
  const price = variant.prices.find((each) => each.currency === currency);
  return {
    variantId: row.variant_id,
    title: titleOfVariant(
      variant,
      options.map(({ name }) => name),
      words,
    ),
    product: toCard(row, currency, locale),
    price: price === undefined ? null : { amount: price.amount, currency },
    priceWhenAdded:
      row.price_amount === null || row.price_currency !== currency
        ? null
        : { amount: row.price_amount, currency },
    available: row.available,
    addedAt: row.added_at.toISOString(),
  };
}

export async function show(
  sql: SqlRunner,
  tenant: TenantId,
  list: WishlistRow,
  said: Said,
): Promise<Wishlist> {
  const { id, name, is_default: isDefault, token } = list;
  return { id, name, isDefault, token, items: await itemsOf(sql, tenant, list, said) };
}

export async function listAll(sql: SqlRunner, tenant: TenantId, customerId: string): Promise<Wishlists> {
  const { rows } = await sql.query<WishlistRow & { count: number }>(
    `select ${COLUMNS}, (select count(*)::int from catalog_wishlist_items i
        join variants v on v.tenant_id = $1 and v.id = i.variant_id
        join products p on p.tenant_id = $1 and p.id = v.product_id and p.visible
        where i.tenant_id = $1 and i.wishlist_id = w.id) as count
     from catalog_wishlists w where w.tenant_id = $1 and w.customer_id = $2 order by w.is_default desc, w.id`,
    [tenant, customerId],
  );
  return {
    wishlists: rows.map(({ id, name, is_default: isDefault, token, count }) => ({
      id,
      name,
      isDefault,
      token,
      count,
    })),
  };
}

export async function marksOf(
  sql: SqlRunner,
  tenant: TenantId,
  { customerId }: Holder,
  guestList: string | undefined,
): Promise<Marks> {
  const { rows } = await sql.query<{ variant_id: string; wishlist_id: string }>(
    `select i.variant_id, i.wishlist_id from catalog_wishlists w
     join catalog_wishlist_items i on i.tenant_id = $1 and i.wishlist_id = w.id
     where w.tenant_id = $1 and (w.customer_id = $2 or (w.customer_id is null and w.id = $3))
     order by i.wishlist_id, i.variant_id limit ${MOST_LISTS * MOST_ITEMS}`,
    [tenant, customerId ?? null, guestList ?? null],
  );
  return { marks: rows.map((row) => ({ variantId: row.variant_id, wishlistId: row.wishlist_id })) };
}

export async function wanted(sql: SqlRunner, tenant: TenantId, limit: number): Promise<Wanted> {
  const { rows } = await sql.query<Wanted['variants'][number]>(
    `select i.variant_id as "variantId", v.product_id as "productId", count(*)::int as lists from catalog_wishlist_items i
     join variants v on v.tenant_id = $1 and v.id = i.variant_id
     where i.tenant_id = $1 group by 1, 2 order by lists desc, 1 limit $2`,
    [tenant, limit],
  );
  return { variants: rows };
}

// ── guests' lists ────────────────────────────────────────────────────────────────────────────────

/** Once a day while there are any. */
function tidying(now: Date): NewTask {
  return { name: TIDY, payload: {}, key: 'tidy', runAt: new Date(now.getTime() + DAY_MS) };
}

/** Forgets what guests have left behind. Each page is gone by itself, and the last one says when to look again. */
export function tidyWishlists({ sql, clock }: Pick<Platform, 'sql' | 'clock'>): TaskHandler {
  return async ({ tenant, signal }) => {
    for (let more = true; more;) {
      signal.throwIfAborted();
      more = await sql.transaction(tenant, async (tx) => {
        const now = clock.now();
        const { rowCount } = await tx.query(
          // Judged again once it is locked: whoever puts something into a list at this very moment keeps it.
          `delete from catalog_wishlists where tenant_id = $1 and customer_id is null and updated_at < $2 and id in (
             select id from catalog_wishlists where tenant_id = $1 and customer_id is null and updated_at < $2 order by updated_at limit ${PAGE})`,
          [tenant, new Date(now.getTime() - GUEST_KEPT_MS)],
        );
        if (rowCount === PAGE) return true;
        const left = await tx.query(
          'select 1 from catalog_wishlists where tenant_id = $1 and customer_id is null limit 1',
          [tenant],
        );
        if (left.rowCount > 0) await tx.enqueue(tidying(now));
        return false;
      });
    }
  };
}

function noSuchList(): ShopError {
  return new ShopError('not_found', 'There is no such list.', {
    remedy: 'Sign in where it is a customer’s; a link to it may have been taken back.',
  });
}
