/**
 * Price lists in SQL: what changes is told in the transaction that changes it. Writers of one list wait for each other at its row, so
 * that its events come in the order of its states.
 */
import { ShopError } from '../../../platform/errors.ts';
import type {
  Clock,
  NewEvent,
  NewId,
  Sql,
  SqlRunner,
  TenantId,
  Transaction,
} from '../../../platform/ports.ts';
import { changedMeanwhile } from '../versions.ts';
import { MOST_PRICES } from './schemas.ts';
import type {
  ListedPrice,
  PriceList,
  PriceListInput,
  PriceListPriced,
  PriceListUpserted,
  PricesPage,
  PricesQuery,
  Step,
} from './schemas.ts';

/** Each is looked at for every cart of its currency. */
const MOST_LISTS = 200;

/** Steps as they are stored: `[[1, 1999], [10, 1799]]`. */
export type StoredSteps = readonly (readonly [from: number, amount: number])[];

interface ListRow {
  readonly id: string;
  readonly version: number;
  readonly title: string;
  readonly currency: string;
  readonly groups: readonly string[];
  readonly starts_at: Date | null;
  readonly ends_at: Date | null;
  readonly off_basis_points: number;
  readonly enabled: boolean;
  readonly variants: number;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const SELECT = `SELECT l.*, (SELECT count(*)::int FROM price_list_prices p WHERE p.tenant_id = $1 AND p.list_id = l.id) AS variants
  FROM price_lists l WHERE l.tenant_id = $1`;

export async function listPriceLists(sql: Sql, tenant: TenantId): Promise<PriceList[]> {
  const { rows } = await sql.query<ListRow>(tenant, `${SELECT} ORDER BY l.title, l.id`, [tenant]);
  return rows.map(toPriceList);
}

/** @throws ShopError `not_found` */
export async function getPriceList(sql: SqlRunner, tenant: TenantId, id: string): Promise<PriceList> {
  const { rows } = await sql.query<ListRow>(`${SELECT} AND l.id = $2`, [tenant, id]);
  const [row] = rows;
  if (!row) throw missing();
  return toPriceList(row);
}

/** @throws ShopError `conflict` when there are too many */
export async function createPriceList(
  { clock, newId }: { readonly clock: Clock; readonly newId: NewId },
  tx: Transaction,
  tenant: TenantId,
  input: PriceListInput,
): Promise<PriceList> {
  const id = newId('prl');
  const { rowCount } = await tx.query(
    `INSERT INTO price_lists (tenant_id, id, version, title, currency, groups, starts_at, ends_at, off_basis_points, enabled, created_at, updated_at)
     SELECT $1, $2, 1, $3, $4, $5::text[], $6::timestamptz, $7::timestamptz, $8::int, $9::boolean, $10::timestamptz, $10::timestamptz
     WHERE (SELECT count(*) FROM price_lists WHERE tenant_id = $1) < ${MOST_LISTS}`,
    [tenant, id, input.title, input.currency, ...columnsOf(input), clock.now()],
  );
  if (rowCount === 0) {
    throw new ShopError('conflict', `There are ${MOST_LISTS} price lists, as many as a shop may have.`, {
      remedy: 'Delete one that is over.',
    });
  }
  await tx.emit(upserted({ ...input, id, version: 1 }));
  return getPriceList(tx, tenant, id);
}

/** @throws ShopError `not_found`, or `conflict` when it is of another version or currency */
export async function updatePriceList(
  { clock }: { readonly clock: Clock },
  tx: Transaction,
  tenant: TenantId,
  id: string,
  input: PriceListInput & { readonly version: number },
): Promise<PriceList> {
  const known = await lockList(tx, tenant, id);
  if (known.version !== input.version) throw changedMeanwhile(known.version);
  if (known.currency !== input.currency) {
    throw new ShopError('conflict', `The list is in ${known.currency}, as its prices are.`, {
      remedy: 'Make another list for the other currency.',
      problems: [{ where: 'body/currency', what: `is ${known.currency}` }],
    });
  }
  await tx.query(
    `UPDATE price_lists SET version = version + 1, title = $3, groups = $4::text[], starts_at = $5, ends_at = $6, off_basis_points = $7,
       enabled = $8, updated_at = $9 WHERE tenant_id = $1 AND id = $2`,
    [tenant, id, input.title, ...columnsOf(input), clock.now()],
  );
  await tx.emit(upserted({ ...input, id, version: known.version + 1 }));
  return getPriceList(tx, tenant, id);
}

/** @throws ShopError `not_found` or `conflict` */
export async function deletePriceList(
  tx: Transaction,
  tenant: TenantId,
  id: string,
  expectedVersion: number | undefined,
): Promise<void> {
  const { version } = await lockList(tx, tenant, id);
  if (expectedVersion !== undefined && version !== expectedVersion) throw changedMeanwhile(version);
  await tx.query('DELETE FROM price_lists WHERE tenant_id = $1 AND id = $2', [tenant, id]);
  await tx.emit({ topic: TOPIC, type: `${TOPIC}.deleted`, key: id, payload: { id } });
}

/** Keeps others from changing the list until the transaction ends. @throws ShopError `not_found` */
export async function lockList(
  tx: Transaction,
  tenant: TenantId,
  id: string,
): Promise<{ readonly version: number; readonly currency: string }> {
  const { rows } = await tx.query<{ version: number; currency: string }>(
    'SELECT version, currency FROM price_lists WHERE tenant_id = $1 AND id = $2 FOR UPDATE',
    [tenant, id],
  );
  const [row] = rows;
  if (!row) throw missing();
  return row;
}

/**
 * Replaces the prices of these variants; of a list that is locked. Variants are those of the shop, each named once.
 * @param prices without steps: none any more
 */
export async function setPrices(
  tx: Transaction,
  tenant: TenantId,
  listId: string,
  prices: readonly ListedPrice[],
): Promise<void> {
  for (let at = 0; at < prices.length; at += MOST_PRICES) {
    const part = prices.slice(at, at + MOST_PRICES);
    const kept = part.filter(({ steps }) => steps.length > 0);
    const gone = part.filter(({ steps }) => steps.length === 0);
    if (kept.length > 0)
      await tx.query(
        `INSERT INTO price_list_prices (tenant_id, variant_id, list_id, steps)
         SELECT $1, p.variant, $2, p.steps::jsonb FROM unnest($3::text[], $4::text[]) AS p (variant, steps) ORDER BY p.variant
         ON CONFLICT (tenant_id, variant_id, list_id) DO UPDATE SET steps = excluded.steps`,
        [tenant, listId, kept.map(({ variantId }) => variantId), kept.map(({ steps }) => stored(steps))],
      );
    if (gone.length > 0)
      await tx.query(
        'DELETE FROM price_list_prices WHERE tenant_id = $1 AND list_id = $2 AND variant_id = ANY ($3::text[])',
        [tenant, listId, gone.map(({ variantId }) => variantId)],
      );
    await tx.emit(priced({ id: listId, prices: part }));
  }
}

/** Variants that have left the shop are in no list any more. */
export async function forgetVariants(
  tx: Transaction,
  tenant: TenantId,
  variantIds: readonly string[],
): Promise<void> {
  if (variantIds.length === 0) return;
  const { rows } = await tx.query<{ list_id: string; variants: readonly string[] }>(
    `WITH gone AS (DELETE FROM price_list_prices WHERE tenant_id = $1 AND variant_id = ANY ($2::text[]) RETURNING list_id, variant_id)
     SELECT list_id, array_agg(variant_id ORDER BY variant_id) AS variants FROM gone GROUP BY list_id ORDER BY list_id`,
    [tenant, variantIds],
  );
  const events = rows.flatMap(({ list_id: id, variants }) => {
    const prices = variants.map((variantId) => ({ variantId, steps: [] }));
    const parts = Array.from({ length: Math.ceil(prices.length / MOST_PRICES) }, (_, part) =>
      prices.slice(part * MOST_PRICES, (part + 1) * MOST_PRICES),
    );
    return parts.map((part) => priced({ id, prices: part }));
  });
  if (events.length > 0) await tx.emit(...events);
}

/** Those of the ids that are variants of the shop. */
export async function knownVariants(
  sql: SqlRunner,
  tenant: TenantId,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql.query<{ id: string }>(
    'SELECT id FROM variants WHERE tenant_id = $1 AND id = ANY ($2::text[])',
    [tenant, ids],
  );
  return new Set(rows.map(({ id }) => id));
}

/** By SKU, the ids of the variants that have it: more than one where a merchant gave it twice. */
export async function variantsBySku(
  sql: SqlRunner,
  tenant: TenantId,
  skus: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await sql.query<{ sku: string; ids: readonly string[] }>(
    'SELECT sku, array_agg(id ORDER BY id) AS ids FROM variants WHERE tenant_id = $1 AND sku = ANY ($2::text[]) GROUP BY sku',
    [tenant, skus],
  );
  return new Map(rows.map(({ sku, ids }) => [sku, ids]));
}

/** Variants that have a price in the list. */
export async function pricedVariants(sql: SqlRunner, tenant: TenantId, listId: string): Promise<string[]> {
  const { rows } = await sql.query<{ variant_id: string }>(
    'SELECT variant_id FROM price_list_prices WHERE tenant_id = $1 AND list_id = $2 ORDER BY variant_id',
    [tenant, listId],
  );
  return rows.map(({ variant_id }) => variant_id);
}

export async function listPrices(
  sql: Sql,
  tenant: TenantId,
  listId: string,
  { cursor, limit }: PricesQuery,
): Promise<PricesPage> {
  const { rows } = await sql.query<{
    variant_id: string;
    steps: StoredSteps;
    product_id: string;
    handle: string;
    sku: string | null;
  }>(
    tenant,
    `SELECT l.variant_id, l.steps, v.product_id, p.handle, v.sku FROM price_list_prices l
     JOIN variants v ON v.tenant_id = $1 AND v.id = l.variant_id JOIN products p ON p.tenant_id = $1 AND p.id = v.product_id
     WHERE l.tenant_id = $1 AND l.list_id = $2 AND ($3::text IS NULL OR l.variant_id > $3) ORDER BY l.variant_id LIMIT $4`,
    [tenant, listId, cursor ?? null, limit + 1],
  );
  const shown = rows.slice(0, limit);
  return {
    prices: shown.map((row) => ({
      variantId: row.variant_id,
      productId: row.product_id,
      handle: row.handle,
      sku: row.sku,
      steps: readSteps(row.steps),
    })),
    nextCursor: rows.length > limit ? (shown.at(-1)?.variant_id ?? null) : null,
  };
}

export function readSteps(steps: StoredSteps): Step[] {
  return steps.map(([from, amount]) => ({ from, amount }));
}

function stored(steps: readonly Step[]): string {
  const pairs: StoredSteps = steps.map(({ from, amount }) => [from, amount]);
  return JSON.stringify(pairs);
}

const TOPIC = 'catalog.price-list';

function upserted(list: PriceListInput & { readonly id: string; readonly version: number }): NewEvent {
  const { id, version, currency, groups, startsAt, endsAt, offBasisPoints, enabled } = list;
  const payload: PriceListUpserted = {
    id,
    version,
    currency,
    groups,
    startsAt,
    endsAt,
    offBasisPoints,
    enabled,
  };
  return { topic: TOPIC, type: `${TOPIC}.upserted`, key: id, payload };
}

function priced(payload: PriceListPriced): NewEvent {
  return { topic: TOPIC, type: `${TOPIC}.priced`, key: payload.id, payload };
}

function columnsOf({ groups, startsAt, endsAt, offBasisPoints, enabled }: PriceListInput) {
  return [[...new Set(groups)].toSorted(), startsAt, endsAt, offBasisPoints, enabled] as const;
}

function toPriceList(row: ListRow): PriceList {
  return {
    id: row.id,
    version: row.version,
    title: row.title,
    currency: row.currency,
    groups: [...row.groups],
    startsAt: row.starts_at?.toISOString() ?? null,
    endsAt: row.ends_at?.toISOString() ?? null,
    offBasisPoints: row.off_basis_points,
    enabled: row.enabled,
    variants: row.variants,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

function missing(): ShopError {
  return new ShopError('not_found', 'There is no such price list.', {
    remedy: 'GET /api/admin/catalog/price-lists lists them.',
  });
}
