/**
 * Which goods the lines of an order take. Pure. A line is what is paid for; goods are what is held, leaves and comes back. A line that is
 * no bundle is goods itself, one that is takes so many units of each of its parts. Units are named by their variant, and those of a
 * bundle by the bundle's variant beside it: the same goods may be in an order by more than one line, at different prices.
 */
import { ShopError } from '../../../platform/errors.ts';
import type { Units } from '../fulfilment/schemas.ts';
import { isSame, waiting, type LineUnits } from '../fulfilment/units.ts';
import type { Want } from '../inventory.ts';
import { sum } from '../sums.ts';
import type { ShownPart } from './schemas.ts';

export interface Part extends ShownPart {
  /** What one of it cost by itself when it was sold, in minor units; 0 where it has no price in the currency. */
  readonly price: number;
}

export interface SoldPart extends Part {
  readonly shipped: number;
  readonly cancelled: number;
}

export interface TakingLine {
  readonly variantId: string;
  readonly quantity: number;
  /** Absent: it is no bundle. */
  readonly parts?: readonly Pick<Part, 'variantId' | 'quantity'>[] | undefined;
}

export interface SoldLine extends LineUnits {
  readonly parts?: readonly SoldPart[] | undefined;
}

/** What one of a bundle has of it: neither what it cost, nor where it is. */
export function shownPart({
  variantId,
  productId,
  handle,
  title,
  variantTitle,
  sku,
  image,
  quantity,
}: Part): ShownPart {
  return { variantId, productId, handle, title, variantTitle, sku, image, quantity };
}

/** With where it is. */
export function shownSoldPart(part: SoldPart) {
  return { ...shownPart(part), shipped: part.shipped, cancelled: part.cancelled };
}

/** As they are sold: all of them are still to leave. */
export function soldParts(parts: readonly Part[] | undefined): readonly SoldPart[] | undefined {
  return parts?.map((part) => ({ ...part, shipped: 0, cancelled: 0 }));
}

/** The units that lines take, each variant once. */
export function wantsOf(lines: readonly TakingLine[]): Want[] {
  return perVariant(
    lines.flatMap(({ variantId, quantity, parts }) =>
      parts === undefined
        ? [{ variantId, quantity }]
        : parts.map((each) => ({ variantId: each.variantId, quantity: each.quantity * quantity })),
    ),
  );
}

export function goodsOf(lines: readonly SoldLine[]): readonly LineUnits[] {
  return lines.flatMap((line) => {
    if (line.parts === undefined) return [line];
    return line.parts.map(({ variantId, quantity, shipped, cancelled }) => ({
      variantId,
      bundle: line.variantId,
      quantity: quantity * line.quantity,
      shipped,
      cancelled,
    }));
  });
}

/** The lines once their goods are where these are. A bundle has left as often as all of its parts have. */
export function withGoods<Line extends SoldLine>(
  lines: readonly Line[],
  goods: readonly LineUnits[],
): readonly Line[] {
  return lines.map((line) => {
    const { variantId, parts } = line;
    if (parts === undefined) {
      const { shipped, cancelled } = goods.find((each) => isSame(each, { variantId })) ?? line;
      return { ...line, shipped, cancelled };
    }
    const moved = parts.map((part) => {
      const ofPart = { variantId: part.variantId, bundle: variantId };
      const { shipped, cancelled } = goods.find((each) => isSame(each, ofPart)) ?? part;
      return { ...part, shipped, cancelled };
    });
    return { ...line, ...wholes(moved), parts: moved };
  });
}

/** How many bundles have left, and were given up, as wholes. */
export function wholes(parts: readonly SoldPart[]): Pick<LineUnits, 'shipped' | 'cancelled'> {
  const least = (of: (part: SoldPart) => number): number =>
    Math.min(...parts.map((part) => Math.floor(of(part) / part.quantity)));
  return { shipped: least(({ shipped }) => shipped), cancelled: least(({ cancelled }) => cancelled) };
}

/** Of a line's units, those of which anything has left or was given up. */
export function begun({ shipped, cancelled, parts }: SoldLine): number {
  if (parts === undefined) return shipped + cancelled;
  return Math.max(...parts.map((part) => Math.ceil((part.shipped + part.cancelled) / part.quantity)));
}

/**
 * What somebody means by units: of a bundle, that many of each of its parts.
 * @throws ShopError `invalid_input` for goods of which nobody knows by which of several bundles they are meant
 */
export function meant(lines: readonly TakingLine[], wanted: readonly Units[]): readonly Units[] {
  return merged(wanted.flatMap((units, index) => goodsMeant(lines, units, index)));
}

function goodsMeant(lines: readonly TakingLine[], units: Units, index: number): readonly Units[] {
  if (units.bundle !== undefined) return [units];
  const { variantId, quantity } = units;
  const line = lines.find((each) => each.variantId === variantId);
  if (line?.parts !== undefined) {
    return line.parts.map((part) => ({
      variantId: part.variantId,
      bundle: variantId,
      quantity: part.quantity * quantity,
    }));
  }
  if (line !== undefined) return [units];
  const [bundle, ...others] = lines.filter(({ parts = [] }) =>
    parts.some((part) => part.variantId === variantId),
  );
  if (bundle === undefined) return [units];
  if (others.length === 0) return [{ ...units, bundle: bundle.variantId }];
  throw new ShopError('invalid_input', `${variantId} is in several bundles of the order.`, {
    remedy: `Say which: bundle is one of ${[bundle, ...others].map((each) => each.variantId).join(', ')}.`,
    problems: [{ where: `/lines/${index}/bundle`, what: 'missing' }],
  });
}

/** Units as stock knows them, each variant once, with how many of it wait in the order as a whole. */
export function stockUnits(
  goods: readonly LineUnits[],
  units: readonly Units[],
): (Want & { readonly waiting: number })[] {
  return perVariant(units).map((each) => ({
    ...each,
    waiting: sum(goods.filter(({ variantId }) => variantId === each.variantId).map(waiting)),
  }));
}

function perVariant(units: readonly Want[]): Want[] {
  const by = new Map<string, number>();
  for (const { variantId, quantity } of units) by.set(variantId, (by.get(variantId) ?? 0) + quantity);
  return [...by].map(([variantId, quantity]) => ({ variantId, quantity }));
}

function merged(units: readonly Units[]): readonly Units[] {
  return units.reduce<Units[]>((all, each) => {
    const same = all.findIndex((other) => isSame(other, each));
    const before = all[same];
    if (before === undefined) return [...all, each];
    return all.with(same, { ...before, quantity: before.quantity + each.quantity });
  }, []);
}
