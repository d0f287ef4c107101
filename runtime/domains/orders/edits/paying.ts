/** Money that is on its way while an order is to become another. Pure. */
import { ShopError } from '../../../platform/errors.ts';
import type { StoredOrder } from '../store.ts';

export function isBeingPaid({ surcharges }: Pick<StoredOrder, 'surcharges'>): boolean {
  return surcharges.some(({ wanted, payment }) => wanted && payment === 'authorized');
}

/** It is waited for: it takes a moment. @throws ShopError `conflict` */
export function refuseWhilePaid(order: Pick<StoredOrder, 'surcharges'>): void {
  if (!isBeingPaid(order)) return;
  throw new ShopError('conflict', 'The order is being paid at this moment.', {
    remedy: 'Ask again in a moment.',
  });
}
