/**
 * A customer's cart, once they have logged in: what they filled as a guest, and what they left in it elsewhere, become one.
 */
import { ShopError } from '../../platform/errors.ts';
import type { TenantId, Transaction } from '../../platform/ports.ts';
import { noSuchCart } from './carts.ts';
import { MOST_CARDS } from './gift-cards/schemas.ts';
import { acceptPrices } from './prices/accepting.ts';
import type { Looking } from './prices/looking.ts';
import { MOST_CODES } from './promotions/schemas.ts';
import { MAX_LINES } from './schemas.ts';

interface OpenCart {
  readonly id: string;
  readonly customer_id: string | null;
  readonly currency: string;
}

/**
 * Makes a cart the customer's, with what is in their earlier carts of its currency. Of a product in both, the larger quantity counts,
 * so that whoever claims twice has nothing twice. Earlier carts are gone then.
 * @param cartId the guest's cart; absent: the one they used last
 * @param looking as the customer: what costs them less than they accepted as a guest is at that price
 * @returns the id of the cart they have now
 * @throws ShopError `not_found` where there is none, or it is another customer's
 */
export async function claimCart(
  tx: Transaction,
  tenant: TenantId,
  customerId: string,
  cartId: string | undefined,
  looking: Looking,
): Promise<string> {
  // In the order of ids, so that two who claim at once wait for each other and not crosswise.
  const { rows } = await tx.query<OpenCart & { updated_at: Date }>(
    `select id, customer_id, currency, updated_at from orders_carts
     where tenant_id = $1 and status = 'open' and (id = $2 or customer_id = $3) order by id for update`,
    [tenant, cartId ?? null, customerId],
  );
  const theirs = rows
    .filter((cart) => cart.customer_id === customerId)
    .toSorted((a, b) => b.updated_at.getTime() - a.updated_at.getTime());
  const cart = cartId === undefined ? theirs[0] : rows.find(({ id }) => id === cartId);
  if (cart === undefined) throw cartId === undefined ? noCart() : noSuchCart(cartId);
  if (cart.customer_id !== null && cart.customer_id !== customerId) throw noSuchCart(cart.id);
  const earlier = theirs.filter(({ id, currency }) => id !== cart.id && currency === cart.currency);
  if (earlier.length === 0 && cart.customer_id === customerId) return cart.id;
  await tx.query(MERGE, [tenant, cart.id, customerId, earlier.map(({ id }) => id), looking.now]);
  // For more units, or for this customer, some may cost less than what was accepted: that is no change to be agreed to.
  await acceptPrices(tx, tenant, cart.id, 'lower', looking);
  return cart.id;
}

const MERGE = `
  with best as (
    select distinct on (l.variant_id) l.variant_id, l.quantity, l.unit_price, l.added_at from orders_cart_lines l
    where l.tenant_id = $1 and l.cart_id = any ($4::text[]) order by l.variant_id, l.quantity desc
  ), present as (
    select variant_id from orders_cart_lines where tenant_id = $1 and cart_id = $2
  ), raised as (
    update orders_cart_lines l set quantity = b.quantity from best b
    where l.tenant_id = $1 and l.cart_id = $2 and l.variant_id = b.variant_id and l.quantity < b.quantity
  ), added as (
    insert into orders_cart_lines (tenant_id, cart_id, variant_id, quantity, unit_price, added_at)
    select $1, $2, b.variant_id, b.quantity, b.unit_price, b.added_at from best b
    where b.variant_id not in (select variant_id from present)
    order by b.added_at limit greatest(0, ${MAX_LINES} - (select count(*) from present))
  ), cleared as (
    delete from orders_cart_lines where tenant_id = $1 and cart_id = any ($4::text[])
  ), gone as (
    delete from orders_carts where tenant_id = $1 and id = any ($4::text[])
    returning codes, gift_cards, email, shipping_address
  )
  update orders_carts c set customer_id = $3, version = c.version + 1, updated_at = $5,
    codes = (c.codes || array(select distinct e from gone, unnest(gone.codes) e where not e = any (c.codes) order by e))[1:${MOST_CODES}],
    gift_cards = (c.gift_cards || array(
      select distinct e from gone, unnest(gone.gift_cards) e where not e = any (c.gift_cards) order by e))[1:${MOST_CARDS}],
    email = coalesce(c.email, (select email from gone where email is not null limit 1)),
    shipping_address = coalesce(c.shipping_address, (select shipping_address from gone where shipping_address is not null limit 1))
  where c.tenant_id = $1 and c.id = $2`;

function noCart(): ShopError {
  return new ShopError('not_found', 'This customer has no cart.', { remedy: 'Start one.' });
}
