/**
 * Where the units of an order's lines are, and what that makes of the order. Pure.
 * Every unit sold is in one of three places: it waits, it has left in a parcel, or it was given up before it could.
 */
import { ShopError } from '../../../platform/errors.ts';
import { isLegal, type StockState } from '../machine.ts';
import type { OrderStatus } from '../schemas.ts';
import { sum } from '../sums.ts';
import type { Progress, Units } from './schemas.ts';

export interface LineUnits {
  readonly variantId: string;
  /** The bundle's variant, where they are in the order as part of one. */
  readonly bundle?: string | undefined;
  readonly quantity: number;
  readonly shipped: number;
  readonly cancelled: number;
}

export function waiting({ quantity, shipped, cancelled }: LineUnits): number {
  return quantity - shipped - cancelled;
}

/** Everything that waits. */
export function allWaiting(lines: readonly LineUnits[]): Units[] {
  return lines
    .map((line) => ({ ...nameOf(line), quantity: waiting(line) }))
    .filter(({ quantity }) => quantity > 0);
}

/** @throws ShopError `conflict` for lines of which fewer units wait, or that the order does not have */
export function requireWaiting(lines: readonly LineUnits[], wanted: readonly Units[]): void {
  const problems = wanted.flatMap((units, index) => {
    const { variantId, quantity } = units;
    const line = lines.find((each) => isSame(each, units));
    const most = line === undefined ? 0 : waiting(line);
    return quantity <= most
      ? []
      : [{ where: `/lines/${index}/quantity`, what: `at most ${most} of ${variantId}` }];
  });
  if (problems.length > 0) {
    throw new ShopError('conflict', 'Not as many units of that wait to be shipped.', {
      remedy: 'Name units that have neither left nor been cancelled.',
      problems,
    });
  }
}

/** Whether two name the same goods by the same line. */
export function isSame(one: Named, other: Named): boolean {
  return one.variantId === other.variantId && one.bundle === other.bundle;
}

type Named = Pick<LineUnits, 'variantId' | 'bundle'>;

/** How many of these goods are among units. */
export function quantityOf(units: readonly Units[], goods: Named): number {
  return sum(units.filter((each) => isSame(each, goods)).map(({ quantity }) => quantity));
}

/** Where they are part of no bundle, nothing is said of one. */
function nameOf({ variantId, bundle }: Named): Named {
  return bundle === undefined ? { variantId } : { variantId, bundle };
}

export function moved(
  lines: readonly LineUnits[],
  units: readonly Units[],
  to: 'shipped' | 'cancelled',
): readonly LineUnits[] {
  return lines.map((line) => {
    const { quantity = 0 } = units.find((each) => isSame(each, line)) ?? {};
    return { ...line, [to]: line[to] + quantity };
  });
}

/** Of an order whose units were sold. */
export function stockOf(lines: readonly LineUnits[]): StockState {
  const anyLeft = lines.some((line) => waiting(line) > 0);
  const anyShipped = lines.some(({ shipped }) => shipped > 0);
  if (anyShipped) return anyLeft ? 'partly_shipped' : 'shipped';
  return anyLeft ? 'committed' : 'released';
}

/** The status once units have left or arrived; undefined when it stays as it is, as that of an order with refunds does. */
export function statusAfterMoving(
  status: OrderStatus,
  stock: StockState,
  allDelivered: boolean,
): OrderStatus | undefined {
  const to = stock === 'shipped' ? (allDelivered ? 'delivered' : 'fulfilled') : 'partially_fulfilled';
  if (stock !== 'shipped' && stock !== 'partly_shipped') return undefined;
  if (status === 'partially_refunded' || status === 'refunded') return undefined;
  return isLegal(status, to) ? to : undefined;
}

export function progressOf(
  stock: StockState,
  fulfilments: readonly { readonly deliveredAt?: unknown }[],
): Progress {
  if (stock === 'partly_shipped') return 'partial';
  if (stock !== 'shipped') return 'none';
  return areDelivered(fulfilments) ? 'delivered' : 'shipped';
}

/** None at all is none that arrived: parcels of orders from before there were any are not known. */
export function areDelivered(fulfilments: readonly { readonly deliveredAt?: unknown }[]): boolean {
  return fulfilments.length > 0 && fulfilments.every(({ deliveredAt }) => deliveredAt !== undefined);
}
