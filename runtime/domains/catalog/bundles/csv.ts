/** Bundles in a CSV: `1 x TENT-2P; 2 x MAT-01` by SKUs, or by handles or ids of what has none of its own. Pure. */
import type { VariantDocument } from '../document.ts';
import { MOST_COMPONENTS, MOST_UNITS, type Bundle } from './schemas.ts';

export const COMPONENTS_COLUMN = 'Bundle Components';
/** Percent off what the components cost together, up to two decimals; empty: the bundle has prices of its own. */
export const DISCOUNT_COLUMN = 'Bundle Discount Percent';

/** Components by what the file calls them: an SKU, a handle or an id. */
export interface NamedBundle {
  readonly line: number;
  readonly components: readonly { readonly name: string; readonly quantity: number }[];
  readonly offBasisPoints: number | undefined;
}

/** @returns undefined for what nobody could read */
export function readComponents(text: string): NamedBundle['components'] | undefined {
  const components: { name: string; quantity: number }[] = [];
  for (const part of text.split(';')) {
    const match = /^\s*(?:(\d{1,3})\s*[x×]\s+)?(\S(?:.*\S)?)\s*$/.exec(part);
    const quantity = Number(match?.[1] ?? 1);
    const name = match?.[2];
    if (name === undefined || name.length > 255 || quantity < 1 || quantity > MOST_UNITS) return undefined;
    if (components.some((other) => other.name === name)) return undefined;
    components.push({ name, quantity });
  }
  return components.length > MOST_COMPONENTS ? undefined : components;
}

/** @param names of components, by id; others go by their ids */
export function bundleCells(
  { bundle }: Pick<VariantDocument, 'bundle'>,
  names: ReadonlyMap<string, string>,
): Record<string, string> {
  if (bundle === undefined) return {};
  const { components, offBasisPoints } = bundle;
  const named = components.map(
    ({ variantId, quantity }) => `${quantity} x ${names.get(variantId) ?? variantId}`,
  );
  return {
    [COMPONENTS_COLUMN]: named.join('; '),
    [DISCOUNT_COLUMN]: offBasisPoints === undefined ? '' : String(offBasisPoints / 100),
  };
}

/** @returns the bundle, or the name that is nobody's or not one variant's alone */
export function resolved(
  { components, offBasisPoints }: NamedBundle,
  variants: ReadonlyMap<string, readonly string[]>,
): Bundle | { readonly unknown: string } {
  const found: Bundle['components'] = [];
  for (const { name, quantity } of components) {
    const [variantId, ...others] = variants.get(name) ?? [];
    const isTwice = found.some((each) => each.variantId === variantId);
    if (variantId === undefined || others.length > 0 || isTwice) return { unknown: name };
    found.push({ variantId, quantity });
  }
  return { components: found, ...(offBasisPoints === undefined ? {} : { offBasisPoints }) };
}
