/** Collections: named, ordered groups of products, kept by the merchant or made by an import. */
import { ShopError } from '../../platform/errors.ts';
import type { Clock, NewId, Sql, SqlRunner, TenantId, Transaction } from '../../platform/ports.ts';
import { handleOf } from './document.ts';
import { BROWSING } from './freshness.ts';
import { noteMembers } from './search/changes.ts';
import { safeHtml } from './html.ts';
import type { AdminCollection, CollectionCard, CollectionInput, Image } from './schemas.ts';
import type { CollectionText, Translations } from './translations/schemas.ts';
import { seoIn, textIn } from './translations/words.ts';
import { mediaIn, noteUses } from './uses.ts';
import { changedMeanwhile } from './versions.ts';

interface Tools {
  readonly clock: Clock;
  readonly newId: NewId;
}

interface CollectionRow {
  readonly id: string;
  readonly handle: string;
  readonly version: number;
  readonly title: string;
  readonly description_html: string;
  readonly image: Image | null;
  readonly published: boolean;
  readonly seo_title: string | null;
  readonly seo_description: string | null;
  readonly product_count: number;
  readonly first_image: Image | null;
  readonly translations: Translations<CollectionText>;
}

/** Published collections that have something to show, in the merchant's order. */
export async function listCollections(
  sql: Sql,
  tenant: TenantId,
  locale: string | undefined,
): Promise<CollectionCard[]> {
  const { rows } = await sql.query<CollectionRow>(
    tenant,
    `${SELECT} AND c.published ORDER BY c.position, c.id LIMIT 500`,
    [tenant],
    BROWSING,
  );
  return rows.map((row) => toCard(row, locale));
}

/** Throws ShopError `not_found`. */
export async function getCollection(
  sql: Sql,
  tenant: TenantId,
  handle: string,
  locale: string | undefined,
): Promise<CollectionCard> {
  const { rows } = await sql.query<CollectionRow>(
    tenant,
    `${SELECT} AND c.published AND c.handle = $2`,
    [tenant, handle],
    BROWSING,
  );
  const [row] = rows;
  if (!row)
    throw new ShopError('not_found', 'There is no such collection.', {
      remedy: 'See /api/catalog/collections.',
    });
  return toCard(row, locale);
}

/** Ids of the products of a published collection, in its order; of a very large one the first 2,000. None where there is no such collection. */
export async function membersOf(sql: Sql, tenant: TenantId, handle: string): Promise<readonly string[]> {
  const { rows } = await sql.query<{ product_id: string }>(
    tenant,
    `SELECT m.product_id FROM collections c JOIN collection_products m ON m.tenant_id = $1 AND m.collection_id = c.id
     WHERE c.tenant_id = $1 AND c.handle = $2 AND c.published ORDER BY m.position LIMIT 2000`,
    [tenant, handle],
    BROWSING,
  );
  return rows.map(({ product_id }) => product_id);
}

export async function listAdmin(sql: Sql, tenant: TenantId): Promise<AdminCollection[]> {
  const { rows } = await sql.query<CollectionRow & { products: string[] }>(
    tenant,
    `${SELECT_ADMIN} ORDER BY c.position, c.id LIMIT 1000`,
    [tenant],
  );
  return rows.map(toAdmin);
}

/** Throws ShopError `not_found`. */
export async function getAdmin(sql: SqlRunner, tenant: TenantId, id: string): Promise<AdminCollection> {
  const { rows } = await sql.query<CollectionRow & { products: string[] }>(`${SELECT_ADMIN} AND c.id = $2`, [
    tenant,
    id,
  ]);
  const [row] = rows;
  if (!row) throw missing();
  return toAdmin(row);
}

/** Throws ShopError `conflict` when the handle is taken. */
export async function createCollection(
  { clock, newId }: Tools,
  tx: Transaction,
  tenant: TenantId,
  input: CollectionInput,
  image: Image | null,
): Promise<string> {
  const id = newId('col');
  const handle = input.handle ?? handleOf(input.title);
  const now = clock.now();
  const inserted = await tx.query(
    `INSERT INTO collections (tenant_id, id, handle, version, title, description_html, image, published, position, seo_title, seo_description, created_at, updated_at)
     SELECT $1, $2, $3, 1, $4, $5, $6::jsonb, $7, coalesce(max(position), 0) + 1, $8, $9, $10, $10 FROM collections WHERE tenant_id = $1
     ON CONFLICT (tenant_id, handle) DO NOTHING`,
    [
      tenant,
      id,
      handle,
      input.title,
      safeHtml(input.descriptionHtml),
      json(image),
      input.published,
      input.seo?.title ?? null,
      input.seo?.description ?? null,
      now,
    ],
  );
  if (inserted.rowCount === 0) {
    throw new ShopError('conflict', `There is a collection with the handle ${handle} already.`, {
      remedy: 'Choose another handle.',
    });
  }
  await noteUses(tx, tenant, 'collection', [{ id, media: mediaIn(image === null ? [] : [image]) }], []);
  await setMembers(tx, tenant, id, input.products ?? []);
  await noteMembers(clock, tx, tenant, id);
  return id;
}

/** `image` undefined leaves the picture as it is. Throws `not_found` or `conflict`. */
export async function updateCollection(
  { clock }: Tools,
  tx: Transaction,
  tenant: TenantId,
  id: string,
  input: CollectionInput & { readonly version: number },
  image: Image | null | undefined,
): Promise<void> {
  const version = await lock(tx, tenant, id);
  if (version !== input.version) throw changedMeanwhile(version);
  await tx.query(
    `UPDATE collections SET handle = coalesce($3, handle), title = $4, description_html = $5, published = $6, seo_title = $7, seo_description = $8,
       image = CASE WHEN $9 THEN $10::jsonb ELSE image END, version = version + 1, updated_at = $11
     WHERE tenant_id = $1 AND id = $2`,
    [
      tenant,
      id,
      input.handle ?? null,
      input.title,
      safeHtml(input.descriptionHtml),
      input.published,
      input.seo?.title ?? null,
      input.seo?.description ?? null,
      image !== undefined,
      json(image ?? null),
      clock.now(),
    ],
  );
  if (image !== undefined)
    await noteUses(tx, tenant, 'collection', [{ id, media: mediaIn(image === null ? [] : [image]) }], [id]);
  // Also where it is called otherwise now, or hidden.
  await noteMembers(clock, tx, tenant, id);
  if (!input.products) return;
  await tx.query('DELETE FROM collection_products WHERE tenant_id = $1 AND collection_id = $2', [tenant, id]);
  await setMembers(tx, tenant, id, input.products);
  await noteMembers(clock, tx, tenant, id);
}

/** Throws `not_found` or `conflict`. */
export async function deleteCollection(
  { clock }: Pick<Tools, 'clock'>,
  tx: Transaction,
  tenant: TenantId,
  id: string,
  expectedVersion: number | undefined,
): Promise<void> {
  const version = await lock(tx, tenant, id);
  if (expectedVersion !== undefined && version !== expectedVersion) throw changedMeanwhile(version);
  await noteMembers(clock, tx, tenant, id);
  await tx.query('DELETE FROM collections WHERE tenant_id = $1 AND id = $2', [tenant, id]);
  await noteUses(tx, tenant, 'collection', [], [id]);
}

/** What an import says of collections: titles by product id. Missing collections are made; products join at the end. */
export async function joinCollections(
  { clock, newId }: Tools,
  tx: Transaction,
  tenant: TenantId,
  memberships: readonly { readonly productId: string; readonly title: string }[],
): Promise<void> {
  if (memberships.length === 0) return;
  const titles = [...new Set(memberships.map(({ title }) => title))];
  await tx.query(
    `INSERT INTO collections (tenant_id, id, handle, version, title, description_html, published, position, created_at, updated_at)
     SELECT $1, n.id, n.handle, 1, n.title, '', true, (SELECT coalesce(max(position), 0) FROM collections WHERE tenant_id = $1) + n.place, $5, $5
     FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS n (id, handle, title, place)
     ON CONFLICT (tenant_id, handle) DO NOTHING`,
    [tenant, titles.map(() => newId('col')), titles.map(handleOf), titles, clock.now()],
  );
  await tx.query(
    `INSERT INTO collection_products (tenant_id, collection_id, product_id, position)
     SELECT $1, c.id, n.product, p.position
     FROM unnest($2::text[], $3::text[]) AS n (product, handle)
     JOIN collections c ON c.tenant_id = $1 AND c.handle = n.handle
     JOIN products p ON p.tenant_id = $1 AND p.id = n.product
     ON CONFLICT (tenant_id, collection_id, product_id) DO NOTHING`,
    [tenant, memberships.map(({ productId }) => productId), memberships.map(({ title }) => handleOf(title))],
  );
}

async function lock(tx: Transaction, tenant: TenantId, id: string): Promise<number> {
  const { rows } = await tx.query<{ version: number }>(
    'SELECT version FROM collections WHERE tenant_id = $1 AND id = $2 FOR UPDATE',
    [tenant, id],
  );
  const [row] = rows;
  if (!row) throw missing();
  return row.version;
}

async function setMembers(
  tx: Transaction,
  tenant: TenantId,
  id: string,
  handles: readonly string[],
): Promise<void> {
  if (handles.length === 0) return;
  const unique = [...new Set(handles)];
  const { rowCount } = await tx.query(
    `INSERT INTO collection_products (tenant_id, collection_id, product_id, position)
     SELECT $1, $2, p.id, n.place FROM unnest($3::text[]) WITH ORDINALITY AS n (handle, place)
     JOIN products p ON p.tenant_id = $1 AND p.handle = n.handle`,
    [tenant, id, unique],
  );
  if (rowCount === unique.length) return;
  const { rows } = await tx.query<{ handle: string }>(
    'SELECT handle FROM products WHERE tenant_id = $1 AND handle = ANY ($2::text[])',
    [tenant, unique],
  );
  const known = new Set(rows.map(({ handle }) => handle));
  throw new ShopError('invalid_input', 'Some products of the collection do not exist.', {
    remedy: 'Name products by their handles.',
    problems: unique.flatMap((handle, index) =>
      known.has(handle) ? [] : [{ where: `body/products/${index}`, what: `There is no product ${handle}.` }],
    ),
  });
}

function toCard(row: CollectionRow, locale?: string): CollectionCard {
  const text = textIn(row.translations, locale);
  return {
    id: row.id,
    handle: row.handle,
    title: text?.title ?? row.title,
    descriptionHtml: text?.descriptionHtml ?? row.description_html,
    image: row.image ?? row.first_image,
    productCount: row.product_count,
    seo: seoIn(text, { title: row.seo_title, description: row.seo_description }),
  };
}

function toAdmin(row: CollectionRow & { readonly products: string[] }): AdminCollection {
  return { ...toCard(row), version: row.version, published: row.published, products: row.products };
}

function missing(): ShopError {
  return new ShopError('not_found', 'There is no such collection.');
}

function json(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** A collection without a picture of its own shows its first product's. */
const COLUMNS = `c.id, c.handle, c.version, c.title, c.description_html, c.image, c.published, c.seo_title, c.seo_description, c.translations,
  (SELECT count(*) FROM collection_products m JOIN products p ON p.tenant_id = $1 AND p.id = m.product_id AND p.visible
     WHERE m.tenant_id = $1 AND m.collection_id = c.id) AS product_count,
  (SELECT p.card -> 'image' FROM collection_products m JOIN products p ON p.tenant_id = $1 AND p.id = m.product_id AND p.visible
     WHERE m.tenant_id = $1 AND m.collection_id = c.id ORDER BY m.position, m.product_id LIMIT 1) AS first_image`;
const SELECT = `SELECT ${COLUMNS} FROM collections c WHERE c.tenant_id = $1`;
const SELECT_ADMIN = `SELECT ${COLUMNS}, coalesce((SELECT array_agg(p.handle ORDER BY m.position, m.product_id) FROM collection_products m
    JOIN products p ON p.tenant_id = $1 AND p.id = m.product_id WHERE m.tenant_id = $1 AND m.collection_id = c.id), '{}') AS products
  FROM collections c WHERE c.tenant_id = $1`;
