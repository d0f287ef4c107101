/** Rows of shoppers' pictures, and what their bytes count for. */
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import { MOST_OF_A_SHOPPER, shoppersQuotaOf } from '../limits.ts';
import type { REASONS } from '../schemas.ts';

export interface PictureRow {
  readonly id: string;
  readonly customer_id: string | null;
  readonly state: 'pending' | 'ready' | 'refused' | 'leaving' | 'erased';
  readonly content_type: string;
  readonly size: number;
  readonly ticket: string;
  readonly expires_at: Date;
  readonly reason: (typeof REASONS)[number] | null;
  readonly explanation: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly object: string;
  readonly created_at: Date;
}

export async function readPicture(
  sql: SqlRunner,
  tenant: TenantId,
  id: string,
): Promise<PictureRow | undefined> {
  const { rows } = await sql.query<PictureRow>(
    'select * from media_shopper_pictures where tenant_id = $1 and id = $2',
    [tenant, id],
  );
  return rows[0];
}

/** Locked, if there is one. */
export async function lockPicture(
  tx: Transaction,
  tenant: TenantId,
  id: string,
): Promise<PictureRow | undefined> {
  const { rows } = await tx.query<PictureRow>(
    'select * from media_shopper_pictures where tenant_id = $1 and id = $2 for update',
    [tenant, id],
  );
  return rows[0];
}

/**
 * For bytes that are announced. The tenant's row is locked by it: of two pictures of one shopper the second counts the first.
 * @throws ShopError `too_large` when the shop has no room for shoppers' pictures, or the shopper has brought as many as one may
 */
export async function reserve(
  tx: Transaction,
  tenant: Tenant,
  customerId: string,
  size: number,
): Promise<void> {
  await tx.query(
    'insert into media_usage (tenant_id, bytes, reserved) values ($1, 0, 0) on conflict do nothing',
    [tenant.id],
  );
  const { rowCount } = await tx.query(
    'update media_usage set shoppers = shoppers + $2 where tenant_id = $1 and shoppers + $2 <= $3',
    [tenant.id, size, shoppersQuotaOf(tenant)],
  );
  if (rowCount === 0) throw new ShopError('too_large', 'The shop has no room for more pictures of shoppers.');
  const { rows } = await tx.query<{ count: number }>(
    'select count(*)::int as count from media_shopper_pictures where tenant_id = $1 and customer_id = $2',
    [tenant.id, customerId],
  );
  if ((rows[0]?.count ?? 0) < MOST_OF_A_SHOPPER) return;
  throw new ShopError('too_large', `One shopper may bring ${MOST_OF_A_SHOPPER} pictures, and has.`, {
    remedy: 'Take some of them away first.',
  });
}

/** What a picture counts for is another. */
export async function recount(tx: Transaction, tenant: TenantId, before: number, now: number): Promise<void> {
  await tx.query('update media_usage set shoppers = shoppers - $2 + $3 where tenant_id = $1', [
    tenant,
    before,
    now,
  ]);
}

export function noSuchPicture(): ShopError {
  return new ShopError('not_found', 'There is no such picture.');
}
