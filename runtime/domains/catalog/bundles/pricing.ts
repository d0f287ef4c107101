/** The task that writes a product again once its bundles cost something else, because their components do. */
import type { Platform } from '../../../platform/domain.ts';
import type { TaskHandler, TenantId } from '../../../platform/ports.ts';
import type { ProductDocument } from '../document.ts';
import { writeProducts } from '../store.ts';
import { pricedAnew } from './store.ts';

/** @param changed what shoppers are shown is another from now on */
export function createBundlePricing(platform: Platform, changed: (tenant: TenantId) => void): TaskHandler {
  return async ({ tenant, payload }) => {
    const { productId } = payload as { productId: string }; // parsed by the task's definition
    await platform.sql.transaction(tenant, async (tx) => {
      const { rows } = await tx.query<{ document: ProductDocument }>(
        'SELECT document FROM products WHERE tenant_id = $1 AND id = $2 FOR UPDATE',
        [tenant, productId],
      );
      const document = rows[0]?.document;
      if (document === undefined || !(await pricedAnew(tx, tenant, document))) return;
      // Languages that are not named stay as they are.
      const { translations: _, ...draft } = document;
      await writeProducts(platform, tx, tenant, [draft], {});
    });
    changed(tenant);
  };
}
