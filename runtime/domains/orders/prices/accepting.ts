/** Prices that a shopper accepts for all lines of a cart at once, in the transaction that makes them others. */
import type { SqlRunner, TenantId } from '../../../platform/ports.ts';
import type { Reader } from '../carts.ts';
import { listsApplying, unitPrice } from './offers.ts';
import type { Looking } from './looking.ts';

/**
 * Writes today's prices with the lines of an open cart, in its currency and for whoever looks; whoever calls has changed the cart's row
 * before, and so has its lock. What is not for sale so is worth nothing until it is for sale again.
 * @param which all of them; or only those that are lower, to which nobody has to agree
 */
export async function acceptPrices(
  sql: Reader | SqlRunner,
  tenant: TenantId,
  cartId: string,
  which: 'all' | 'lower',
  { now, groups }: Looking,
): Promise<void> {
  await sql.query(
    `with priced as (
       select l.variant_id, ${unitPrice('c.currency', 'l.quantity', 'd')} as price
       from orders_carts c
       join orders_cart_lines l on l.tenant_id = c.tenant_id and l.cart_id = c.id
       left join orders_variants v on v.tenant_id = l.tenant_id and v.variant_id = l.variant_id
       cross join lateral (${listsApplying('c.currency', '$3', '$4')}) d
       where c.tenant_id = $1 and c.id = $2 and c.status = 'open'
     )
     update orders_cart_lines l set unit_price = coalesce(p.price, 0) from priced p
     where l.tenant_id = $1 and l.cart_id = $2 and l.variant_id = p.variant_id and ($5::boolean or p.price < l.unit_price)`,
    [tenant, cartId, now, groups, which === 'all'],
  );
}
