/** A product as the search index knows it. */
import type { SearchDocument, SearchIndex, Tenant } from '../../../platform/ports.ts';
import { rangesOf, searchTextsIn, type ProductDocument } from '../document.ts';

/** As the definition names it. */
export const INDEX = 'products';

/** In each of the tenant's locales products are found by its own words. */
export function indexOf({ locales }: Pick<Tenant, 'locales'>): SearchIndex {
  return { name: INDEX, locales };
}

export interface ProductRow {
  readonly id: string;
  readonly version: number;
  readonly position: number;
  readonly published_at: Date | null;
  readonly document: ProductDocument;
  /** Handles of the published collections it is in. */
  readonly collections: readonly string[];
  readonly available: boolean;
  readonly rating_average: number;
  readonly rating_rank: number;
}

/** Columns of `ProductRow` but id and version, of a product `p` of the tenant `$1`. */
export const PRODUCT_COLUMNS = `p.position, p.published_at, p.document, p.rating_average, p.rating_rank,
  coalesce((SELECT array_agg(c.handle) FROM collection_products m
    JOIN collections c ON c.tenant_id = $1 AND c.id = m.collection_id AND c.published
    WHERE m.tenant_id = $1 AND m.product_id = p.id), '{}') AS collections,
  EXISTS (SELECT 1 FROM variants v WHERE v.tenant_id = $1 AND v.product_id = p.id
    AND NOT EXISTS (SELECT 1 FROM sold_out_variants s WHERE s.tenant_id = $1 AND s.variant_id = v.id)) AS available`;

/** What a list can be filtered by, as `keywords` and `numbers`; `ask.ts` asks for the same names. */
export function toSearchDocument(row: ProductRow): SearchDocument {
  const { document } = row;
  const translated = Object.keys(document.translations ?? {});
  return {
    id: row.id,
    version: row.version,
    texts: searchTextsIn(document),
    translations: Object.fromEntries(translated.map((locale) => [locale, searchTextsIn(document, locale)])),
    keywords: {
      title: [document.title.toLowerCase().slice(0, 200)],
      type: valuesOf([document.type]),
      vendor: valuesOf([document.vendor]),
      tags: valuesOf(document.tags),
      collections: valuesOf(row.collections),
      available: row.available ? [AVAILABLE] : [],
    },
    numbers: {
      position: row.position,
      rating: row.rating_average,
      rank: row.rating_rank,
      ...(row.published_at === null ? {} : { published: row.published_at.getTime() }),
      ...Object.fromEntries(
        Object.entries(rangesOf(document)).flatMap(([currency, { min, max }]) => [
          [lowestIn(currency), min],
          [highestIn(currency), max],
        ]),
      ),
    },
  };
}

export const AVAILABLE = 'yes';

/** `minEUR`: the price its cheapest variant has. */
export function lowestIn(currency: string): string {
  return `min${currency}`;
}

export function highestIn(currency: string): string {
  return `max${currency}`;
}

function valuesOf(values: readonly string[]): readonly string[] {
  return values.filter((value) => value !== '');
}
