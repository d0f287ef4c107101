/** What shoppers may wish for in an exchange: merchants agree to it as it stands, and need not know what it would cost. */
import { ShopError } from '../../../platform/errors.ts';
import type { TenantId } from '../../../platform/ports.ts';
import type { Reader } from '../carts.ts';
import { findItems } from '../items.ts';
import type { Looking } from '../prices/looking.ts';
import type { StoredOrder } from '../store.ts';
import type { WishExchange } from './schemas.ts';

/**
 * Goods go out for what others were paid with only where they cost no more than these today.
 * @throws ShopError `invalid_input` for those that cost more, or are not for sale
 */
export async function refuseDearer(
  sql: Reader,
  tenant: TenantId,
  { currency, lines: bought }: Pick<StoredOrder, 'currency' | 'lines'>,
  wished: WishExchange['lines'],
  looking: Looking,
): Promise<void> {
  const swaps = wished.flatMap(({ variantId, quantity, insteadOf }, index) =>
    insteadOf === undefined || insteadOf === variantId ? [] : [{ variantId, quantity, insteadOf, index }],
  );
  const asked = new Map(
    swaps.flatMap(({ variantId, insteadOf, quantity }) => [
      [variantId, quantity] as const,
      [insteadOf, quantity] as const,
    ]),
  );
  const wanted = [...asked].map(([variantId, quantity]) => ({ variantId, quantity }));
  const today = await findItems(sql, tenant, currency, wanted, looking);
  const priceOf = (id: string) => today.find(({ variantId }) => variantId === id)?.unitPrice;
  const problems = swaps.flatMap(({ variantId, insteadOf, index }) => {
    const soldAt = bought.find((line) => line.variantId === insteadOf)?.unitPrice ?? 0;
    const isNoDearer = (priceOf(variantId) ?? Number.POSITIVE_INFINITY) <= (priceOf(insteadOf) ?? soldAt);
    return isNoDearer ? [] : [{ where: `/exchange/lines/${index}/insteadOf`, what: 'costs more than that' }];
  });
  if (problems.length === 0) return;
  throw new ShopError('invalid_input', 'Goods that cost more do not go out for what these were paid with.', {
    remedy: 'Leave insteadOf out: they go out at today’s price, and the difference is paid.',
    problems,
  });
}
