/** Who bought what, as orders tell it: a fact for each customer and product, so that it is the same however often it is heard. */
import { ShopError } from '../../../platform/errors.ts';
import type { EventHandler, SqlRunner, TenantId } from '../../../platform/ports.ts';
import { Bought } from './schemas.ts';

/** An order of somebody signed in counts when it is paid; what comes back later was bought all the same. */
export const notePurchase: EventHandler = async ({ tenant, type, payload, occurredAt }, tx) => {
  if (type !== 'orders.order.confirmed') return;
  const { customerId, lines } = Bought.parse(payload);
  if (customerId === undefined) return;
  const products = [...new Set(lines.map(({ productId }) => productId))].toSorted();
  await tx.query(
    `insert into catalog_purchases (tenant_id, customer_id, product_id, bought_at)
     select $1, $2, p.id, $4 from unnest($3::text[]) p(id)
     on conflict (tenant_id, customer_id, product_id) do update set bought_at = least(catalog_purchases.bought_at, excluded.bought_at)`,
    [tenant, customerId, products, occurredAt],
  );
};

export async function hasBought(
  sql: SqlRunner,
  tenant: TenantId,
  customerId: string,
  productId: string,
): Promise<boolean> {
  const { rowCount } = await sql.query(
    'select 1 from catalog_purchases where tenant_id = $1 and customer_id = $2 and product_id = $3',
    [tenant, customerId, productId],
  );
  return rowCount > 0;
}

export function onlyBuyers(): ShopError {
  return new ShopError('forbidden', 'Only who has bought this here can review it.', {
    remedy: 'Buy it while you are signed in, and come back when you know it.',
  });
}
