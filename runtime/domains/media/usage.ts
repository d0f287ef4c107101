/** How many bytes a shop has and has announced: one row, changed in the transaction that changes what it counts. */
import { ShopError } from '../../platform/errors.ts';
import type { Tenant, TenantId, Transaction } from '../../platform/ports.ts';
import { quotaOf } from './limits.ts';

/** For bytes that are announced. Throws ShopError `too_large` when the shop has no room for them. */
export async function reserve(tx: Transaction, tenant: Tenant, size: number): Promise<void> {
  await tx.query(
    'insert into media_usage (tenant_id, bytes, reserved) values ($1, 0, 0) on conflict do nothing',
    [tenant.id],
  );
  const { rowCount } = await tx.query(
    `update media_usage set reserved = reserved + $2 where tenant_id = $1 and bytes + reserved + $2 <= $3`,
    [tenant.id, size, quotaOf(tenant)],
  );
  if (rowCount === 1) return;
  throw new ShopError(
    'too_large',
    `The shop’s pictures may have ${quotaOf(tenant)} bytes, and these are too many.`,
    {
      remedy: 'Delete pictures that nothing shows, or choose a larger plan.',
    },
  );
}

/** For an upload that ends: what it had announced becomes what there is, or nothing. */
export async function settle(
  tx: Transaction,
  tenant: TenantId,
  { announced, kept }: { readonly announced: number; readonly kept: number },
): Promise<void> {
  await tx.query('update media_usage set reserved = reserved - $2, bytes = bytes + $3 where tenant_id = $1', [
    tenant,
    announced,
    kept,
  ]);
}

/** For an asset that is gone. */
export async function release(tx: Transaction, tenant: TenantId, size: number): Promise<void> {
  await tx.query('update media_usage set bytes = bytes - $2 where tenant_id = $1', [tenant, size]);
}
