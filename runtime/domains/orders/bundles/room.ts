/** How many of a bundle can be had: as many as its scarcest part is good for. Pure. */
import type { StoredLine } from '../carts.ts';
import type { Part } from './goods.ts';

export interface StockedPart extends Part {
  readonly grams: number;
  /** Whether it is for sale by itself: a bundle is only while all of its parts are. */
  readonly sellable: boolean;
  readonly free: number;
  readonly tracked: boolean;
  readonly backorder: number;
  readonly expectedAt: string | undefined;
}

export interface Room extends Pick<StoredLine, 'free' | 'tracked' | 'backorder' | 'expectedAt'> {
  readonly sellable: boolean;
}

/** @param taken by variant, units that others have taken before */
export function roomOf(parts: readonly StockedPart[], taken: ReadonlyMap<string, number> = new Map()): Room {
  const counted = parts.filter(({ tracked }) => tracked);
  const least = (unitsOf: (part: StockedPart) => number): number =>
    Math.min(
      ...counted.map((part) =>
        Math.floor((unitsOf(part) - (taken.get(part.variantId) ?? 0)) / part.quantity),
      ),
    );
  const sellable = parts.length > 0 && parts.every((part) => part.sellable);
  if (counted.length === 0) return { free: 0, tracked: false, backorder: 0, expectedAt: undefined, sellable };
  const free = least((part) => part.free);
  const expected = counted.flatMap(({ expectedAt }) => expectedAt ?? []).toSorted();
  return {
    free,
    tracked: true,
    backorder: least((part) => part.free + part.backorder) - free,
    // It is whole when the last of what is missing has come.
    expectedAt: expected.at(-1),
    sellable,
  };
}

/**
 * Lines with what is in them. Lines share what there is in their order: of what one takes, none is left for those that come after it.
 * @param contents of those that are bundles, by variant
 */
export function furnish(
  lines: readonly StoredLine[],
  contents: ReadonlyMap<string, readonly StockedPart[]>,
): readonly StoredLine[] {
  const taken = new Map<string, number>();
  const take = (variantId: string, units: number) =>
    taken.set(variantId, (taken.get(variantId) ?? 0) + units);
  return lines.map((line) => {
    const { variantId, quantity, free, bundle } = line;
    if (bundle !== true) {
      const left = free - (taken.get(variantId) ?? 0);
      take(variantId, quantity);
      return { ...line, free: left };
    }
    const parts = contents.get(variantId) ?? [];
    const { sellable, ...room } = roomOf(parts, taken);
    for (const part of parts) take(part.variantId, part.quantity * quantity);
    return {
      ...line,
      ...room,
      unitPrice: sellable ? line.unitPrice : undefined,
      // A weight of its own is that of the whole parcel.
      grams: line.grams > 0 ? line.grams : parts.reduce((sum, part) => sum + part.grams * part.quantity, 0),
      // Where nothing was heard of what is in it, it is goods that nobody has.
      parts: parts.length === 0 ? undefined : parts.map(soldAs),
    };
  });
}

function soldAs({
  grams: _g,
  sellable: _s,
  free: _f,
  tracked: _t,
  backorder: _b,
  expectedAt: _e,
  ...part
}: StockedPart): Part {
  return part;
}
