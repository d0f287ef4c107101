/** Units that wait are given up: they leave no more with this order, and others may buy them. */
import type { TenantId, Transaction } from '../../../platform/ports.ts';
import { goodsOf, stockUnits, withGoods } from '../bundles/goods.ts';
import { writeParts } from '../bundles/store.ts';
import { moveUnits, tellStock } from '../inventory.ts';
import { changeOrder, type By, type StoredOrder } from '../store.ts';
import type { Units } from './schemas.ts';
import { areDelivered, moved, statusAfterMoving, stockOf } from './units.ts';

/**
 * For whoever has the order's lock, or knows the version it still has.
 * @param units goods, of which at least as many wait
 * @returns the order as it is now
 */
export async function giveUp(
  tx: Transaction,
  tenant: TenantId,
  order: StoredOrder,
  units: readonly Units[],
  by: By,
): Promise<StoredOrder> {
  const goods = goodsOf(order.lines);
  const after = moved(goods, units, 'cancelled');
  const lines = withGoods(order.lines, after);
  const stock = stockOf(after);
  const status = statusAfterMoving(order.status, stock, areDelivered(order.fulfilments));
  const isLast = stock === 'shipped' && order.fulfilledAt === undefined;
  const changed = await changeOrder(
    tx,
    tenant,
    { ...order, lines },
    {
      stock,
      ...(status === undefined ? {} : { status }),
      ...(isLast ? { fulfilled_at: by.now } : {}),
    },
    by,
  );
  await writeParts(tx, tenant, order.id, lines);
  const given = stockUnits(goods, units);
  await tellStock(tx, await moveUnits(tx, tenant, order.id, given, 'released', by.now));
  return changed;
}
