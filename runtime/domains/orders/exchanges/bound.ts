/** Units of an order that are promised to an exchange which is not through. Pure. */
import { ShopError } from '../../../platform/errors.ts';
import { goodsOf, meant, type SoldLine } from '../bundles/goods.ts';
import { isSame, waiting, type LineUnits } from '../fulfilment/units.ts';
import type { Returned } from '../returns/schemas.ts';

type Bound = Pick<Returned, 'state' | 'exchange'>;

/** Agreed to, and what comes back has not come. */
export function isUnderWay({ state, exchange }: Bound): boolean {
  return state === 'authorised' && exchange !== undefined;
}

/** The goods of lines without units that do not leave before others have come back. */
export function freeToLeave(lines: readonly SoldLine[], returns: readonly Bound[]): readonly LineUnits[] {
  return without(
    lines,
    returns.filter((each) => isUnderWay(each) && each.exchange?.send === 'on_receipt'),
  );
}

/** The goods of lines without units that are not given up before their exchange is. */
export function freeToGiveUp(lines: readonly SoldLine[], returns: readonly Bound[]): readonly LineUnits[] {
  return without(lines, returns.filter(isUnderWay));
}

/** @throws ShopError `conflict`: what an exchange was worked out on stays, until it is through */
export function refuseUnderWay(returns: readonly Returned[]): void {
  const open = returns.find(isUnderWay);
  if (open === undefined) return;
  throw new ShopError('conflict', `Exchange ${open.id} of this order is under way.`, {
    remedy: 'Withdraw it first, or wait until the goods have come back.',
  });
}

function without(lines: readonly SoldLine[], open: readonly Bound[]): readonly LineUnits[] {
  // Goods that go out are lines of the order by now.
  const out = open.flatMap(({ exchange }) => exchange?.lines ?? []);
  const bound = meant(
    lines,
    out.map(({ variantId, quantity }) => ({ variantId, quantity })),
  );
  return goodsOf(lines).map((goods) => {
    const { quantity = 0 } = bound.find((each) => isSame(each, goods)) ?? {};
    // Those that left already at once are not among those that wait.
    return { ...goods, quantity: goods.quantity - Math.min(quantity, waiting(goods)) };
  });
}
