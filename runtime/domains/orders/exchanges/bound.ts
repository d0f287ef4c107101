/** Units of an order that are promised to an exchange which is not through. Pure. */
import { ShopError } from '../../../platform/errors.ts';
import type { LineUnits } from '../fulfilment/units.ts';
import type { Returned } from '../returns/schemas.ts';

type Bound = Pick<Returned, 'state' | 'exchange'>;

/** Agreed to, and what comes back has not come. */
export function isUnderWay({ state, exchange }: Bound): boolean {
  return state === 'authorised' && exchange !== undefined;
}

/** The lines without units that do not leave before others have come back. */
export function freeToLeave<Line extends LineUnits>(
  lines: readonly Line[],
  returns: readonly Bound[],
): readonly Line[] {
  return without(
    lines,
    returns.filter((each) => isUnderWay(each) && each.exchange?.send === 'on_receipt'),
  );
}

/** The lines without units that are not given up before their exchange is. */
export function freeToGiveUp<Line extends LineUnits>(
  lines: readonly Line[],
  returns: readonly Bound[],
): readonly Line[] {
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

function without<Line extends LineUnits>(lines: readonly Line[], open: readonly Bound[]): readonly Line[] {
  const bound = new Map<string, number>();
  for (const { variantId, quantity } of open.flatMap(({ exchange }) => exchange?.lines ?? []))
    bound.set(variantId, (bound.get(variantId) ?? 0) + quantity);
  return lines.map((line) => {
    // Those that left already at once are not among those that wait.
    const waits = line.quantity - line.shipped - line.cancelled;
    return { ...line, quantity: line.quantity - Math.min(bound.get(line.variantId) ?? 0, waits) };
  });
}
