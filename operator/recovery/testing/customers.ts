/** Two customers of a shop, for tests of what becomes of their data. */
import { attemptSubject } from '../../../runtime/domains/accounts/definition.ts';
import { DOMAINS } from '../../../runtime/domains/index.ts';
import { folderOf } from '../../../runtime/domains/media/definition.ts';
import { platform } from '../../../runtime/platform/sql/definition.ts';
import type { Session } from '../../provisioners/postgres/database.ts';

export const TABLES = [platform, ...DOMAINS].flatMap(({ tables }) => tables);
export const ADA = 'cus_ada';
export const GRACE = 'cus_grace';

/** Customers, with one of everything that tells of them. */
export async function fillShop(database: Session, tenant: string): Promise<void> {
  await database.query(`delete from shop.customers where tenant_id = '${tenant}'`);
  for (const table of [
    'orders_orders',
    'orders_carts',
    'orders_cart_lines',
    'recommendations_visits',
    'recommendations_seen',
    'promised_events',
    'event_log',
    'idempotency_keys',
    // Its reviews go with it.
    'products',
    'catalog_purchases',
    'catalog_wishlists',
    'catalog_review_pictures',
    'media_shopper_pictures',
  ])
    await database.query(`delete from shop.${table} where tenant_id = '${tenant}'`);
  await database.query(
    `insert into shop.products (tenant_id, id, handle, version, title, vendor, type, tags, status, visible, position, document, card, search_text,
       created_at, updated_at, ratings)
     values ($1, 'prod_1', 'tent', 1, 'Tent', '', '', '{}', 'active', true, 1, '{}', '{}', 'tent', now(), now(), '{0,0,0,2,0}')`,
    [tenant],
  );
  for (const [id, email] of [
    [ADA, 'ada@example.com'],
    [GRACE, "gr'ace\\@example.com"],
  ] as const) {
    await database.query(
      `insert into shop.customers values ($1, $2, 1, $3, $3, 'hash', 'Ada-or-Grace', 'Family', false, null, now(), now())`,
      [tenant, id, email],
    );
    await database.query(`insert into shop.login_attempts values ($1, $2, 3, now()) on conflict do nothing`, [
      tenant,
      attemptSubject('login', 'email', email),
    ]);
    await database.query(
      `insert into shop.customer_sessions values ($1, 'session of ' || substr($2, 5), $2, now(), now(), now())`,
      [tenant, id],
    );
    await database.query(
      `insert into shop.customer_addresses values ($1, 'address of ' || substr($2, 5), $2, '{"line1": "1 Street"}', true, now())`,
      [tenant, id],
    );
    await database.query(
      `insert into shop.orders_carts (tenant_id, id, status, customer_id, currency, shipping_method, created_at, updated_at)
        values ($1, 'cart of ' || substr($2, 5), 'open', $2, 'EUR', 'standard', now(), now())`,
      [tenant, id],
    );
    await database.query(
      `insert into shop.orders_cart_lines values ($1, 'cart of ' || substr($2, 5), 'var_1', 1, 100, now())`,
      [tenant, id],
    );
    await database.query(
      `insert into shop.recommendations_visits values ($1, 'visit of ' || substr($2, 5), $2, now())`,
      [tenant, id],
    );
    await database.query(
      `insert into shop.recommendations_seen values ($1, 'visit of ' || substr($2, 5), 'prod_1', now())`,
      [tenant, id],
    );
    await database.query(
      `insert into shop.catalog_wishlists values ($1, 'wishes of ' || substr($2, 5), $2, '', true, null, now(), now())`,
      [tenant, id],
    );
    await database.query(
      `insert into shop.catalog_wishlist_items values ($1, 'wishes of ' || substr($2, 5), 'var_1', 100, 'EUR', now())`,
      [tenant, id],
    );
    await database.query(`insert into shop.catalog_purchases values ($1, $2, 'prod_1', now())`, [tenant, id]);
    await database.query(
      `insert into shop.catalog_reviews (tenant_id, id, product_id, customer_id, version, state, rating, title, body, shown_name, verified, helpful,
         reports, created_at, published_at)
       values ($1, 'review of ' || substr($2, 5), 'prod_1', $2, 1, 'published', 4, 'Good', 'Write to ' || $3, 'Ada-or-Grace', true, 1, 0, now(), now())`,
      [tenant, id, email],
    );
    await database.query(
      `insert into shop.media_shopper_pictures (tenant_id, id, customer_id, state, content_type, size, ticket, expires_at, width, height, object, created_at)
       values ($1, 'pic of ' || substr($2, 5), $2, 'ready', 'image/jpeg', 10, 'x', now(), 1, 1, $3, now())`,
      [tenant, id, `${folderOf(tenant, id)}/pic`],
    );
    await database.query(
      `insert into shop.catalog_review_pictures (tenant_id, id, review_id, position, state, alt, width, height)
       values ($1, 'pic of ' || substr($2, 5), 'review of ' || substr($2, 5), 0, 'approved', 'Me, ' || $3, 1, 1)`,
      [tenant, id, email],
    );
    for (const [number, customer] of [
      ['1', id],
      // As a guest, before there was an account.
      ['2', null],
    ] as const)
      await database.query(
        `insert into shop.orders_orders (tenant_id, id, number, status, version, cart_id, customer_id, email, token_hashes, shipping_address,
           shipping_method, currency, subtotal, shipping, tax, tax_rate, total, stock, payment, hold_expires_at, placed_at, updated_at)
         values ($1, $2, $2, 'confirmed', 1, 'c', $3, $4, '{x}', '{"name": "Ada"}', 'standard', 'EUR', 100, 0, 0, 0, 100, 'shipped', 'captured', now(), now(), now())`,
        [tenant, `order ${number} of ${id.slice(4)}`, customer, email],
      );
    await database.query(
      `insert into shop.event_log (tenant_id, position, id, topic, type, key, payload, occurred_at)
        values ($1, (select coalesce(max(position), 0) + 1 from shop.event_log where tenant_id = $1), 'evt of ' || substr($2, 5), 'accounts.customer', 'accounts.customer.registered', $2,
          jsonb_build_object('id', $2::text, 'email', $3::text, 'firstName', 'Ada-or-Grace'), now())`,
      [tenant, id, email],
    );
    await database.query(
      `insert into shop.idempotency_keys (tenant_id, scope, key, request_hash, holder, locked_until, body, created_at, expires_at)
        values ($1, 'orders.checkout', 'key of ' || $2, 'h', 'h', now(), convert_to(jsonb_build_object('email', $3::text)::text, 'UTF8'), now(), now())`,
      [tenant, id, email],
    );
  }
}

/** Every row of the tenant as text. */
export async function textOfShop(database: Session, tenant: string): Promise<string> {
  const texts: string[] = [];
  for (const { name, spread } of TABLES) {
    if (spread !== 'tenant') continue;
    const rows = await database.query<{ row: string }>(
      `select t::text as row from shop.${name} t where tenant_id = $1 order by 1`,
      [tenant],
    );
    texts.push(...rows.map(({ row }) => `${name} ${row}`));
  }
  return texts.join('\n');
}
