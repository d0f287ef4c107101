/** Products in SQL: written as wholes, many at a time, with their projections and events in one transaction. */
import { ShopError } from '../../platform/errors.ts';
import type { Clock, NewId, TenantId, Transaction } from '../../platform/ports.ts';
import { completeBundles, noteBundles, priceBundlesLater } from './bundles/store.ts';
import {
  cardOf,
  contentHashOf,
  eventOf,
  isVisible,
  rangesOf,
  searchTextsOf,
  type ProductDocument,
  type VariantDocument,
} from './document.ts';
import { forgetVariants } from './price-lists/store.ts';
import { dropOfProduct } from './reviews/pictures.ts';
import { noteProducts } from './search/changes.ts';
import type { ProductText } from './translations/schemas.ts';
import { merged } from './translations/words.ts';
import { mediaOfProduct, noteUses } from './uses.ts';
import { changedMeanwhile } from './versions.ts';
import { dropsOf, noteCheaper, type Drop } from './wishlists/news.ts';

/** A product to write: ids are absent where it may be new. `expectedVersion` makes a write conditional. */
export interface ProductDraft extends Omit<ProductDocument, 'id' | 'variants' | 'translations'> {
  readonly id?: string;
  /** In these languages it is as said here, or not at all where that is null; others stay as they are. */
  readonly translations?: Readonly<Record<string, ProductText | null>>;
  readonly variants: readonly (Omit<VariantDocument, 'id'> & { readonly id?: string })[];
}

export interface Written {
  readonly outcome: 'created' | 'updated' | 'unchanged';
  readonly document: ProductDocument;
  readonly version: number;
}

export interface WriteOptions {
  /** Import: a product that was imported from the same content, and not edited since, is left alone. */
  readonly fromImport?: boolean;
  readonly force?: boolean;
  /** By handle: a product that is not of this version is not written, ShopError `conflict`. */
  readonly expectedVersion?: number;
  /** A product of that handle must not exist yet. */
  readonly mustBeNew?: boolean;
}

interface Tools {
  readonly clock: Clock;
  readonly newId: NewId;
}

interface PresentRow {
  readonly id: string;
  readonly handle: string;
  readonly version: number;
  readonly import_hash: string | null;
  readonly document: ProductDocument;
  readonly published_at: Date | null;
}

/** Drafts are matched by id, or by handle when they have none. Results are in the order of the drafts. */
export async function writeProducts(
  { clock, newId }: Tools,
  tx: Transaction,
  tenant: TenantId,
  drafts: readonly ProductDraft[],
  options: WriteOptions,
): Promise<Written[]> {
  const present = await lockPresent(tx, tenant, drafts);
  const now = clock.now();
  const base = await lastPosition(tx, tenant);
  const planned = drafts.map((draft) => {
    const known = present.get(draft.id ?? draft.handle);
    checkPrecondition(draft, known, options);
    const hash = options.fromImport ? contentHashOf(draft) : null;
    const isKnown = options.fromImport && !options.force && known?.import_hash === hash;
    return { known, hash, document: isKnown ? undefined : withIds(draft, known?.document, newId) };
  });
  const complete = await completeBundles(
    tx,
    tenant,
    planned.flatMap(({ known, document }) => (document ? [{ document, known: known?.document }] : [])),
  );
  const rows: object[] = [];
  const replaced: string[] = [];
  const gone: string[] = [];
  const drops: Drop[] = [];
  const results: Written[] = [];
  for (const [index, { known, hash, document: asPlanned }] of planned.entries()) {
    if (known && !asPlanned) {
      results.push({ outcome: 'unchanged', document: known.document, version: known.version });
      continue;
    }
    const document = complete[rows.length];
    if (!document) throw new Error('A product was planned without a document.');
    gone.push(...goneFrom(known?.document, document));
    drops.push(...dropsOf(known?.document, document));
    const version = (known?.version ?? 0) + 1;
    if (known) replaced.push(document.id);
    rows.push({
      id: document.id,
      handle: document.handle,
      version,
      title: document.title,
      vendor: document.vendor,
      type: document.type,
      tags: document.tags,
      status: document.status,
      visible: isVisible(document),
      position: base + index + 1,
      document,
      card: cardOf(document),
      search_text: searchTextsOf(document).all,
      import_hash: hash,
      published_at: isVisible(document) ? (known?.published_at ?? now) : null,
    });
    results.push({ outcome: known ? 'updated' : 'created', document, version });
  }
  if (rows.length === 0) return results;
  await tx.query(UPSERT, [tenant, JSON.stringify(rows), now]);
  const changed = results.filter(({ outcome }) => outcome !== 'unchanged');
  if (replaced.length > 0) await tx.query(CLEAR_PROJECTIONS, [tenant, replaced]);
  const written = changed.map(({ document }) => document);
  await insertProjections(tx, tenant, written);
  await noteBundles(tx, tenant, written);
  await priceBundlesLater(tx, tenant, written);
  await forgetVariants(tx, tenant, gone);
  await noteUses(
    tx,
    tenant,
    'product',
    changed.map(({ document }) => ({ id: document.id, media: mediaOfProduct(document) })),
    replaced,
  );
  await noteProducts(
    clock,
    tx,
    tenant,
    changed.map(({ document }) => document.id),
  );
  await noteCheaper({ clock }, tx, tenant, drops);
  await tx.emit(
    ...changed.map(({ document, version }) => ({
      topic: 'catalog.product',
      type: 'catalog.product.upserted',
      key: document.id,
      payload: eventOf(document, version),
    })),
  );
  return results;
}

/** Throws `not_found`, or `conflict` when it is not of the expected version. */
export async function deleteProduct(
  { clock }: Pick<Tools, 'clock'>,
  tx: Transaction,
  tenant: TenantId,
  id: string,
  expectedVersion: number | undefined,
): Promise<void> {
  const { rows } = await tx.query<{ version: number; document: ProductDocument }>(
    'SELECT version, document FROM products WHERE tenant_id = $1 AND id = $2 FOR UPDATE',
    [tenant, id],
  );
  const [known] = rows;
  if (!known) throw new ShopError('not_found', 'There is no such product.');
  if (expectedVersion !== undefined && known.version !== expectedVersion)
    throw changedMeanwhile(known.version);
  await dropOfProduct(tx, tenant, id);
  await tx.query('DELETE FROM products WHERE tenant_id = $1 AND id = $2', [tenant, id]);
  const { handle, variants } = known.document;
  await forgetVariants(
    tx,
    tenant,
    variants.map((variant) => variant.id),
  );
  await noteUses(tx, tenant, 'product', [], [id]);
  await noteProducts(clock, tx, tenant, [id]);
  await tx.emit({
    topic: 'catalog.product',
    type: 'catalog.product.deleted',
    key: id,
    payload: { id, handle, variantIds: variants.map((variant) => variant.id) },
  });
}

/** In the order of their ids, so that two writers never wait for each other crosswise. Keyed by id and by handle. */
async function lockPresent(
  tx: Transaction,
  tenant: TenantId,
  drafts: readonly ProductDraft[],
): Promise<Map<string, PresentRow>> {
  const { rows } = await tx.query<PresentRow>(
    `SELECT id, handle, version, import_hash, document, published_at FROM products
     WHERE tenant_id = $1 AND (handle = ANY ($2::text[]) OR id = ANY ($3::text[])) ORDER BY id FOR UPDATE`,
    [tenant, drafts.map(({ handle }) => handle), drafts.flatMap(({ id }) => id ?? [])],
  );
  const present = new Map<string, PresentRow>();
  for (const row of rows) {
    present.set(row.id, row);
    present.set(row.handle, row);
  }
  return present;
}

async function lastPosition(tx: Transaction, tenant: TenantId): Promise<number> {
  const { rows } = await tx.query<{ last: number }>(
    'SELECT coalesce(max(position), 0)::bigint AS last FROM products WHERE tenant_id = $1',
    [tenant],
  );
  return rows[0]?.last ?? 0;
}

function checkPrecondition(
  draft: ProductDraft,
  known: PresentRow | undefined,
  { expectedVersion, mustBeNew }: WriteOptions,
): void {
  if (mustBeNew && known) {
    throw new ShopError('conflict', `There is a product with the handle ${draft.handle} already.`, {
      remedy: 'Choose another handle.',
    });
  }
  if (expectedVersion === undefined) return;
  if (!known) throw new ShopError('not_found', 'There is no such product.');
  if (known.version !== expectedVersion) throw changedMeanwhile(known.version);
}

/** A variant keeps its id as long as its id, its SKU or its option values say that it is the same. */
function withIds(draft: ProductDraft, known: ProductDocument | undefined, newId: NewId): ProductDocument {
  const free = new Map((known?.variants ?? []).map((variant) => [variant.id, variant]));
  const take = (same: (variant: VariantDocument) => boolean): string | undefined => {
    for (const [id, variant] of free) {
      if (same(variant)) {
        free.delete(id);
        return id;
      }
    }
    return undefined;
  };
  const signature = (values: readonly string[]) => values.join('\0');
  const ids = draft.variants.map((variant) =>
    variant.id === undefined ? undefined : take(({ id }) => id === variant.id),
  );
  const bySku = draft.variants.map(
    (variant, index) =>
      ids[index] ?? (variant.sku === null ? undefined : take(({ sku }) => sku === variant.sku)),
  );
  const variants = draft.variants.map((variant, index) => ({
    ...variant,
    id:
      bySku[index] ??
      take(({ optionValues }) => signature(optionValues) === signature(variant.optionValues)) ??
      newId('var'),
  }));
  const translations = merged(known?.translations, draft.translations);
  const { translations: _, ...rest } = draft;
  return {
    ...rest,
    id: known?.id ?? newId('prd'),
    variants,
    ...(Object.keys(translations).length === 0 ? {} : { translations }),
  };
}

/** Ids of variants that a product had and has no longer. */
function goneFrom(known: ProductDocument | undefined, now: ProductDocument): string[] {
  const kept = new Set(now.variants.map(({ id }) => id));
  return (known?.variants ?? []).map(({ id }) => id).filter((id) => !kept.has(id));
}

async function insertProjections(
  tx: Transaction,
  tenant: TenantId,
  products: readonly ProductDocument[],
): Promise<void> {
  const variants = products.flatMap((product) =>
    product.variants.map((variant, index) => ({
      id: variant.id,
      product: product.id,
      sku: variant.sku,
      position: index + 1,
    })),
  );
  await tx.query(
    `INSERT INTO variants (tenant_id, id, product_id, sku, position)
     SELECT $1, v.id, v.product, v.sku, v.position
     FROM unnest($2::text[], $3::text[], $4::text[], $5::int[]) AS v (id, product, sku, position)`,
    [
      tenant,
      variants.map(({ id }) => id),
      variants.map(({ product }) => product),
      variants.map(({ sku }) => sku),
      variants.map(({ position }) => position),
    ],
  );
  const prices = products.flatMap((product) =>
    Object.entries(rangesOf(product)).map(([currency, { min, max }]) => ({
      product: product.id,
      currency,
      min,
      max,
    })),
  );
  await tx.query(
    `INSERT INTO product_prices (tenant_id, product_id, currency, min_amount, max_amount)
     SELECT $1, p.product, p.currency, p.min, p.max
     FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[]) AS p (product, currency, min, max)`,
    [
      tenant,
      prices.map(({ product }) => product),
      prices.map(({ currency }) => currency),
      prices.map(({ min }) => min),
      prices.map(({ max }) => max),
    ],
  );
}

const UPSERT = `
  INSERT INTO products (tenant_id, id, handle, version, title, vendor, type, tags, status, visible, position, document, card, search_text,
    import_hash, created_at, updated_at, published_at)
  SELECT $1, r.id, r.handle, r.version, r.title, r.vendor, r.type, r.tags, r.status, r.visible, r.position, r.document, r.card,
    r.search_text, r.import_hash, $3, $3, r.published_at
  FROM jsonb_to_recordset($2::jsonb) AS r (id text, handle text, version integer, title text, vendor text, type text, tags text[], status text,
    visible boolean, position bigint, document jsonb, card jsonb, search_text text, import_hash text, published_at timestamptz)
  ON CONFLICT (tenant_id, id) DO UPDATE SET handle = excluded.handle, version = excluded.version, title = excluded.title, vendor = excluded.vendor,
    type = excluded.type, tags = excluded.tags, status = excluded.status, visible = excluded.visible, document = excluded.document,
    card = excluded.card, search = NULL, search_text = excluded.search_text, import_hash = excluded.import_hash,
    updated_at = excluded.updated_at, published_at = excluded.published_at`;

const CLEAR_PROJECTIONS = `
  WITH old_prices AS (DELETE FROM product_prices WHERE tenant_id = $1 AND product_id = ANY ($2::text[])),
  old_parts AS (DELETE FROM catalog_bundle_parts WHERE tenant_id = $1 AND product_id = ANY ($2::text[]))
  DELETE FROM variants WHERE tenant_id = $1 AND product_id = ANY ($2::text[])`;
