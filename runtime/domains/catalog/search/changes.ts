/**
 * What has changed for the search index: noted in the transaction that changes it, with the task that will tell the index. Nothing
 * that commits is forgotten, and no shopper or merchant waits for the index.
 */
import type { Clock, Transaction } from '../../../platform/ports.ts';

export const KEEP_TASK = 'catalog.index-products';

/** For each tenant one task waits at most. */
export const KEEP_KEY = 'all';
/** And one that learns. */
export const GROWN_KEY = 'grown';

/** Has words learned that nobody learned while the catalogue was growing. */
export function noteGrown(tx: Transaction): Promise<void> {
  return tx.enqueue({ name: KEEP_TASK, payload: { grown: true }, key: GROWN_KEY });
}

/** Products of these ids are as they were not before; those that are gone too. */
export async function noteProducts(
  clock: Clock,
  tx: Transaction,
  tenant: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length > 0) await note(clock, tx, tenant, 'unnest($3::text[]) AS n (id)', [ids]);
}

/** All products of a collection: before its members change, and afterwards. */
export function noteMembers(
  clock: Clock,
  tx: Transaction,
  tenant: string,
  collection: string,
): Promise<void> {
  const members =
    '(SELECT m.product_id AS id FROM collection_products m WHERE m.tenant_id = $1 AND m.collection_id = $3::text) n';
  return note(clock, tx, tenant, members, [collection]);
}

/** The product of a variant, whose stock has come or gone. */
export function noteVariant(clock: Clock, tx: Transaction, tenant: string, variant: string): Promise<void> {
  const product = '(SELECT v.product_id AS id FROM variants v WHERE v.tenant_id = $1 AND v.id = $3::text) n';
  return note(clock, tx, tenant, product, [variant]);
}

/** Every product is to be told anew, by a version that is newer than whatever any index may have heard. */
export async function noteEverything(clock: Clock, tx: Transaction, tenant: string): Promise<void> {
  await tx.query(
    `INSERT INTO product_index AS i (tenant_id, product_id, version, pending)
     SELECT $1, p.id, $2::bigint, false FROM products p WHERE p.tenant_id = $1 ORDER BY p.id
     ON CONFLICT (tenant_id, product_id) DO UPDATE SET version = greatest(i.version + 1, excluded.version)`,
    [tenant, clock.now().getTime()],
  );
}

/**
 * Versions are times, or one more than the last: after a tenant was restored as it was before, whatever changes is newer than what the
 * index has heard since. In the order of ids, so that no two writers wait for each other crosswise.
 */
async function note(
  clock: Clock,
  tx: Transaction,
  tenant: string,
  products: string,
  values: readonly (string | readonly string[])[],
): Promise<void> {
  const { rowCount } = await tx.query(
    `INSERT INTO product_index AS i (tenant_id, product_id, version, pending)
     SELECT $1, n.id, $2::bigint, true FROM ${products} ORDER BY n.id
     ON CONFLICT (tenant_id, product_id) DO UPDATE SET version = greatest(i.version + 1, excluded.version), pending = true`,
    [tenant, clock.now().getTime(), ...values],
  );
  if (rowCount > 0) await tx.enqueue({ name: KEEP_TASK, payload: {}, key: KEEP_KEY });
}
