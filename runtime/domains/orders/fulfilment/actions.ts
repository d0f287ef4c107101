/** Parcels leave and arrive. Each is one transaction under the order's lock: the units, the parcel, the order and who is told. */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { Tenant } from '../../../platform/ports.ts';
import { requirePresent } from '../backorders/store.ts';
import { goodsOf, meant, stockUnits, withGoods } from '../bundles/goods.ts';
import { writeParts } from '../bundles/store.ts';
import { freeToLeave } from '../exchanges/bound.ts';
import { bundleTasks, moveUnits, stockEvents } from '../inventory.ts';
import { mayShip } from '../machine.ts';
import { changeOrder, fulfilmentEvent, withOrder, type StoredOrder } from '../store.ts';
import type { CreateFulfilment, Fulfilment, UpdateFulfilment } from './schemas.ts';
import { allWaiting, areDelivered, moved, requireWaiting, statusAfterMoving, stockOf } from './units.ts';
import { idOfKey } from '../once.ts';

/**
 * @param key of the request: the same key is the same parcel
 * @throws ShopError `illegal_transition` for an order that is not paid, or all of which has left; `conflict` for units that do not wait
 */
export function ship(
  platform: Platform,
  tenant: Tenant,
  orderId: string,
  key: string,
  { lines, carrier, trackingNumber, trackingUrl, locationId }: CreateFulfilment,
): Promise<StoredOrder> {
  const id = idOfKey('ful', key);
  return withOrder(platform, tenant.id, orderId, async (tx, order) => {
    if (order.fulfilments.some((each) => each.id === id)) return order;
    if (!mayShip(order)) {
      throw new ShopError('illegal_transition', `An order that is ${order.status} cannot be fulfilled.`, {
        remedy: 'Only what is confirmed and has not left yet can be shipped.',
      });
    }
    const goods = goodsOf(order.lines);
    const free = freeToLeave(order.lines, order.returns);
    const wanted = lines === undefined ? allWaiting(free) : meant(order.lines, lines);
    if (wanted.length === 0) throw awaited();
    requireWaiting(free, wanted);
    const units = await requirePresent(tx, tenant.id, orderId, wanted, lines === undefined);
    const now = platform.clock.now();
    const after = moved(goods, units, 'shipped');
    const afterwards = withGoods(order.lines, after);
    const stock = stockOf(after);
    const parcel: Fulfilment = {
      id,
      lines: [...units],
      carrier,
      trackingNumber,
      trackingUrl,
      locationId,
      shippedAt: now.toISOString(),
      deliveredAt: undefined,
    };
    const status = statusAfterMoving(order.status, stock, false);
    const tracking = order.tracking ?? trackingNumber;
    const shipped = await changeOrder(
      tx,
      tenant.id,
      {
        ...order,
        fulfilments: [...order.fulfilments, parcel],
        lines: afterwards,
      },
      {
        stock,
        ...(status === undefined ? {} : { status }),
        ...(stock === 'shipped' ? { fulfilled_at: now } : {}),
        ...(tracking === undefined ? {} : { tracking }),
      },
      { actor: 'merchant', now },
    );
    await tx.query(
      `insert into orders_fulfilments (tenant_id, order_id, id, sequence, lines, carrier, tracking_number, tracking_url, shipped_at,
         location_id)
       values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10)`,
      [
        tenant.id,
        orderId,
        id,
        order.fulfilments.length + 1,
        JSON.stringify(units),
        carrier ?? null,
        trackingNumber ?? null,
        trackingUrl ?? null,
        now,
        locationId ?? null,
      ],
    );
    await writeParts(tx, tenant.id, orderId, afterwards);
    const leaving = stockUnits(goods, units);
    const changes = await moveUnits(tx, tenant.id, orderId, leaving, 'shipped', now, locationId);
    await tx.emit(fulfilmentEvent('fulfilment_shipped', shipped, parcel), ...stockEvents(changes));
    const tasks = bundleTasks(changes);
    if (tasks.length > 0) await tx.enqueue(...tasks);
    return shipped;
  });
}

function awaited(): ShopError {
  return new ShopError('conflict', 'What has not left goes out once other goods have come back.', {
    remedy: 'Say that the return was received, or withdraw its exchange.',
  });
}

/** Asking twice changes nothing more. @throws ShopError `not_found` */
export function update(
  platform: Platform,
  tenant: Tenant,
  orderId: string,
  fulfilmentId: string,
  { carrier, trackingNumber, trackingUrl, delivered }: UpdateFulfilment,
): Promise<StoredOrder> {
  return withOrder(platform, tenant.id, orderId, async (tx, order) => {
    const before = order.fulfilments.find(({ id }) => id === fulfilmentId);
    if (before === undefined) {
      throw new ShopError('not_found', `Order ${order.number} has no parcel ${fulfilmentId}.`, {
        remedy: 'Look at its fulfilments.',
      });
    }
    const now = platform.clock.now();
    const arrives = delivered === true && before.deliveredAt === undefined;
    const parcel: Fulfilment = {
      ...before,
      carrier: carrier ?? before.carrier,
      trackingNumber: trackingNumber ?? before.trackingNumber,
      trackingUrl: trackingUrl ?? before.trackingUrl,
      deliveredAt: arrives ? now.toISOString() : before.deliveredAt,
    };
    await tx.query(
      `update orders_fulfilments set carrier = $4, tracking_number = $5, tracking_url = $6, delivered_at = $7
       where tenant_id = $1 and order_id = $2 and id = $3`,
      [
        tenant.id,
        orderId,
        fulfilmentId,
        parcel.carrier ?? null,
        parcel.trackingNumber ?? null,
        parcel.trackingUrl ?? null,
        parcel.deliveredAt ?? null,
      ],
    );
    const fulfilments = order.fulfilments.map((each) => (each === before ? parcel : each));
    const isFirst = fulfilments[0] === parcel;
    const status = arrives
      ? statusAfterMoving(order.status, order.stock, areDelivered(fulfilments))
      : undefined;
    const changed = await changeOrder(
      tx,
      tenant.id,
      { ...order, fulfilments },
      {
        ...(status === undefined ? {} : { status }),
        ...(isFirst && trackingNumber !== undefined ? { tracking: trackingNumber } : {}),
      },
      { actor: 'merchant', now },
    );
    if (arrives) await tx.emit(fulfilmentEvent('fulfilment_delivered', changed, parcel));
    return changed;
  });
}
