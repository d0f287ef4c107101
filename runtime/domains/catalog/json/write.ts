/** Writes a product as one line of JSON that can be imported again: what `JsonProduct` reads. Pure. */
import type { ProductDocument, VariantDocument } from '../document.ts';

/** @param skus of what bundles are made of, by id, where they are theirs alone */
export function lineOf(
  product: ProductDocument,
  collections: readonly string[],
  skus: ReadonlyMap<string, string>,
): string {
  const { id: _, variants, images, ...rest } = product;
  return `${JSON.stringify({
    ...rest,
    images: images.map(({ url, alt }) => ({ src: url, alt })),
    variants: variants.map((variant) => variantOf(variant, skus)),
    collections,
  })}\n`;
}

function variantOf(variant: VariantDocument, skus: ReadonlyMap<string, string>): object {
  const { id: _, image, bundle, ...rest } = variant;
  const common = { ...rest, image: image?.url ?? null };
  if (bundle === undefined) return common;
  const components = bundle.components.map(({ variantId, quantity }) => ({
    variant: skus.get(variantId) ?? variantId,
    quantity,
  }));
  return { ...common, bundle: { ...bundle, components } };
}
