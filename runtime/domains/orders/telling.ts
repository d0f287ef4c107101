/** Mails to the shopper about an order that a merchant changed, with a way in of their own. */
import type { Platform } from '../../platform/domain.ts';
import type { Tenant } from '../../platform/ports.ts';
import { hashOf, newToken } from './access.ts';
import type { StoredOrder } from './store.ts';

export interface Telling {
  /** The same key is the same mail. */
  readonly key: string;
  readonly kind: string;
  /** Beside number and link, as the kind has them. */
  readonly variables: Readonly<Record<string, unknown>>;
}

const MOST_TOKENS = 8;

/** By a task: no event and no task carries the token, of which only the hash is kept. */
export async function tellShopper(
  platform: Platform,
  tenant: Tenant,
  order: StoredOrder,
  { key, kind, variables }: Telling,
): Promise<void> {
  // Where nobody sends messages, the merchant tells the shopper. Or its buyer was erased meanwhile.
  if (!tenant.domains.includes('notifications') || order.tokenHashes.length === 0) return;
  const token = newToken();
  // Before the mail: a way in that nobody was told of does no harm, one that does not open would. The first
  // stays; of the others the oldest make room.
  await platform.sql.query(
    tenant.id,
    `update orders_orders set token_hashes =
       token_hashes[1:1] || (token_hashes[2:] || $3::text)[greatest(cardinality(token_hashes) + 2 - ${MOST_TOKENS}, 1):]
     where tenant_id = $1 and id = $2`,
    [tenant.id, order.id, hashOf(token)],
  );
  await platform.call(tenant.id, 'notifications', 'notify', {
    key,
    kind,
    to: { email: order.email, customerId: order.customerId },
    channels: ['mail'],
    variables: {
      number: order.number,
      link: `${platform.originOf(tenant)}/orders/${order.id}?token=${token}`,
      ...variables,
    },
  });
}
