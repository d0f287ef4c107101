/**
 * Bundles in SQL. Whoever writes one keeps its components' products from changing until it is written; whoever changes what these cost
 * has it priced anew by a task: so neither misses the other. A variant is a bundle from the start or never, so that none is made of another.
 */
import { ShopError, type Problem } from '../../../platform/errors.ts';
import type { SqlRunner, TenantId, Transaction } from '../../../platform/ports.ts';
import { titleOfVariant, type ProductDocument, type VariantDocument } from '../document.ts';
import type { ProductDetail } from '../schemas.ts';
import { textIn, wordsFor } from '../translations/words.ts';
import { pricesOfBundle } from './price.ts';
import type { Bundle } from './schemas.ts';

export const PRICE_TASK = 'catalog.price-bundles';

/** A product that is about to be written, beside what it was. */
export interface Changing {
  readonly document: ProductDocument;
  readonly known: ProductDocument | undefined;
}

/**
 * The documents with the prices of bundles that cost what their components cost.
 * @throws ShopError `invalid_input` for components that are not in the shop or are bundles, and for variants that were no bundles before
 */
export async function completeBundles(
  tx: Transaction,
  tenant: TenantId,
  changing: readonly Changing[],
): Promise<readonly ProductDocument[]> {
  const documents = changing.map(({ document }) => document);
  refuseTurned(changing);
  const bundles = documents.flatMap(bundlesOf);
  if (bundles.length === 0) return documents;
  const components = await lockComponents(tx, tenant, documents, bundles);
  refuseNested(changing, components);
  return documents.map((document) => ({
    ...document,
    variants: document.variants.map((variant) => priced(variant, components)),
  }));
}

/** Bundles and what they are made of, once their products are written; what they were made of before is gone already. */
export async function noteBundles(
  tx: Transaction,
  tenant: TenantId,
  documents: readonly ProductDocument[],
): Promise<void> {
  const parts = documents.flatMap((document) =>
    bundlesOf(document).flatMap(({ id, bundle }) =>
      bundle.components.map(({ variantId }) => ({
        bundle: id,
        product: document.id,
        component: variantId,
        priced: bundle.offBasisPoints !== undefined,
      })),
    ),
  );
  if (parts.length === 0) return;
  await tx.query(
    `INSERT INTO catalog_bundle_parts (tenant_id, bundle_id, product_id, component_id, priced_by_parts)
     SELECT $1, p.bundle, p.product, p.component, p.priced
     FROM jsonb_to_recordset($2::jsonb) AS p (bundle text, product text, component text, priced boolean)`,
    [tenant, JSON.stringify(parts)],
  );
}

/** Has other products' bundles priced anew that cost what these products' variants cost. */
export async function priceBundlesLater(
  tx: Transaction,
  tenant: TenantId,
  documents: readonly ProductDocument[],
): Promise<void> {
  const { rows } = await tx.query<{ product: string }>(
    `SELECT DISTINCT product_id AS product FROM catalog_bundle_parts
     WHERE tenant_id = $1 AND component_id = ANY ($2::text[]) AND priced_by_parts AND product_id <> ALL ($3::text[])`,
    [
      tenant,
      documents.flatMap(({ variants }) => variants.map(({ id }) => id)),
      documents.map(({ id }) => id),
    ],
  );
  if (rows.length === 0) return;
  await tx.enqueue(
    ...rows.map(({ product }) => ({ name: PRICE_TASK, payload: { productId: product }, key: product })),
  );
}

/** Whether the product's bundles cost something else by now. */
export async function pricedAnew(
  tx: Transaction,
  tenant: TenantId,
  document: ProductDocument,
): Promise<boolean> {
  const components = await lockComponents(tx, tenant, [document], bundlesOf(document));
  return document.variants.some(
    (variant) => JSON.stringify(priced(variant, components).prices) !== JSON.stringify(variant.prices),
  );
}

/** What is in a product's bundles, as shoppers see it; a component that is not shown to anybody has no name here. */
export async function withContents(
  sql: SqlRunner,
  tenant: TenantId,
  product: ProductDetail,
  { variants }: Pick<ProductDocument, 'variants'>,
  { currency, locale }: { readonly currency: string; readonly locale: string | undefined },
): Promise<ProductDetail> {
  const ids = componentIdsOf({ variants });
  if (ids.length === 0) return product;
  const { rows } = await sql.query<{ document: ProductDocument }>(
    `SELECT p.document FROM products p WHERE p.tenant_id = $1 AND p.visible
       AND p.id IN (SELECT v.product_id FROM variants v WHERE v.tenant_id = $1 AND v.id = ANY ($2::text[]))`,
    [tenant, ids],
  );
  const shown = new Map(
    rows.flatMap(({ document }) =>
      document.variants.map((variant) => [variant.id, shownAs(document, variant, currency, locale)] as const),
    ),
  );
  return {
    ...product,
    variants: product.variants.map((variant, index) => {
      const components = variants[index]?.bundle?.components;
      if (components === undefined) return variant;
      const contents = components.flatMap(({ variantId, quantity }) => {
        const of = shown.get(variantId);
        return of === undefined ? [] : [{ variantId, quantity, ...of }];
      });
      return { ...variant, contents };
    }),
  };
}

/**
 * Variants by their SKUs, or where none has that SKU by their ids, or by the handles of products that have no other; several where an
 * SKU is not one variant's alone.
 */
export async function variantsNamed(
  sql: SqlRunner,
  tenant: TenantId,
  names: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await sql.query<{ name: string; ids: readonly string[] }>(
    `SELECT n.name, coalesce(
       (SELECT array_agg(v.id ORDER BY v.id) FROM variants v WHERE v.tenant_id = $1 AND v.sku = n.name),
       (SELECT array_agg(v.id) FROM variants v WHERE v.tenant_id = $1 AND v.id = n.name),
       (SELECT array_agg(v.id) FROM variants v JOIN products p ON p.tenant_id = $1 AND p.id = v.product_id
        WHERE v.tenant_id = $1 AND p.handle = n.name HAVING count(*) = 1), '{}') AS ids
     FROM unnest($2::text[]) AS n (name)`,
    [tenant, names],
  );
  return new Map(rows.map(({ name, ids }) => [name, ids]));
}

/** What a CSV calls variants, by id: an SKU that nobody else has, or the handle of a product that has no other. Others are left out. */
export async function namesOf(
  sql: SqlRunner,
  tenant: TenantId,
  variantIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (variantIds.length === 0) return new Map();
  const { rows } = await sql.query<{ id: string; name: string }>(
    `SELECT v.id, coalesce(nullif(v.sku, ''), p.handle) AS name
     FROM variants v JOIN products p ON p.tenant_id = $1 AND p.id = v.product_id
     WHERE v.tenant_id = $1 AND v.id = ANY ($2::text[]) AND NOT EXISTS (
       SELECT FROM variants o WHERE o.tenant_id = $1 AND o.id <> v.id AND CASE WHEN coalesce(v.sku, '') <> '' THEN o.sku = v.sku
         ELSE o.product_id = v.product_id OR o.sku = p.handle END)`,
    [tenant, variantIds],
  );
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** Of all bundles of a product. */
export function componentIdsOf({ variants }: Pick<ProductDocument, 'variants'>): string[] {
  return variants.flatMap(({ bundle }) => bundle?.components ?? []).map(({ variantId }) => variantId);
}

function bundlesOf({ variants }: ProductDocument): { readonly id: string; readonly bundle: Bundle }[] {
  return variants.flatMap(({ id, bundle }) => (bundle === undefined ? [] : [{ id, bundle }]));
}

/** By their ids, those that are in documents that are about to be written as they will be. */
async function lockComponents(
  tx: Transaction,
  tenant: TenantId,
  documents: readonly ProductDocument[],
  bundles: readonly { readonly bundle: Bundle }[],
): Promise<ReadonlyMap<string, VariantDocument>> {
  const ids = bundles.flatMap(({ bundle }) => bundle.components.map(({ variantId }) => variantId));
  const { rows } = await tx.query<{ document: ProductDocument }>(
    `SELECT p.document FROM products p WHERE p.tenant_id = $1 AND p.id <> ALL ($3::text[])
       AND p.id IN (SELECT v.product_id FROM variants v WHERE v.tenant_id = $1 AND v.id = ANY ($2::text[]))
     ORDER BY p.id FOR SHARE`,
    [tenant, ids, documents.map(({ id }) => id)],
  );
  const all = [...rows.map(({ document }) => document), ...documents];
  return new Map(all.flatMap(({ variants }) => variants.map((variant) => [variant.id, variant])));
}

/** Orders know a variant's stock as its own or as its components': which of the two it is does not change. */
function refuseTurned(changing: readonly Changing[]): void {
  const problems = changing.flatMap(({ document, known }) =>
    document.variants.flatMap((variant, index): Problem[] => {
      const before = known?.variants.find(({ id }) => id === variant.id);
      if (before === undefined || (before.bundle === undefined) === (variant.bundle === undefined)) return [];
      const what = before.bundle === undefined ? 'was no bundle before' : 'was a bundle before';
      return [{ where: `body/variants/${index}/bundle`, what }];
    }),
  );
  if (problems.length > 0)
    throw new ShopError('invalid_input', 'A variant is a bundle from the start, or never.', {
      problems,
      remedy: 'Make another variant, and take this one out.',
    });
}

function refuseNested(changing: readonly Changing[], components: ReadonlyMap<string, VariantDocument>): void {
  const problems = changing.flatMap(({ document, known }) =>
    document.variants.flatMap(({ id, bundle }, index): Problem[] => {
      const where = `body/variants/${index}/bundle`;
      const before = known?.variants.find((variant) => variant.id === id)?.bundle;
      // What became of its components meanwhile is no fault of whoever changes something else.
      if (bundle === undefined || isSame(bundle, before)) return [];
      return bundle.components.flatMap(({ variantId }, place) => {
        const component = components.get(variantId);
        const at = `${where}/components/${place}/variantId`;
        if (component === undefined) return [{ where: at, what: `${variantId} is no variant of this shop` }];
        return component.bundle === undefined ? [] : [{ where: at, what: `${variantId} is a bundle itself` }];
      });
    }),
  );
  if (problems.length > 0)
    throw new ShopError('invalid_input', 'A bundle is made of variants of the shop that are no bundles.', {
      problems,
      remedy: 'Name variants by their ids, or in a CSV by their SKUs.',
    });
}

function isSame(one: Bundle, other: Bundle | undefined): boolean {
  return JSON.stringify(one.components) === JSON.stringify(other?.components);
}

/** As it was where a component is gone: nobody can buy it then. */
function priced(variant: VariantDocument, components: ReadonlyMap<string, VariantDocument>): VariantDocument {
  const { bundle } = variant;
  if (bundle?.offBasisPoints === undefined) return variant;
  if (bundle.components.some(({ variantId }) => !components.has(variantId))) return variant;
  return { ...variant, prices: pricesOfBundle(bundle, (id) => components.get(id)?.prices ?? []) };
}

function shownAs(
  document: ProductDocument,
  variant: VariantDocument,
  currency: string,
  locale: string | undefined,
) {
  const text = textIn(document.translations, locale);
  const price = variant.prices.find((each) => each.currency === currency);
  return {
    productId: document.id,
    handle: document.handle,
    title: text?.title ?? document.title,
    variantTitle:
      variant.optionValues.length === 0
        ? null
        : titleOfVariant(variant, document.options, wordsFor(text?.options ?? [])),
    image: variant.image ?? document.images[0] ?? null,
    price: price === undefined ? null : { amount: price.amount, currency },
  };
}
