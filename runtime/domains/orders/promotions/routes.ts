/** What merchants do with promotions, over HTTP. */
import type { Platform, RouteHandler } from '../../../platform/domain.ts';
import { readerOf } from '../carts.ts';
import type { PromotionInput } from './schemas.ts';
import { createPromotion, deletePromotion, getPromotion, listPromotions, updatePromotion } from './store.ts';

// In every handler the host has parsed params, query and body with the schemas of the route, so that the casts hold.
export function promotionRoutes(platform: Platform): Record<string, RouteHandler> {
  const { sql, clock, newId } = platform;
  const reader = (tenant: string) => readerOf(platform, tenant);
  const idOf = (params: unknown): string => (params as { promotionId: string }).promotionId;
  return {
    async listPromotions({ tenant, query }) {
      const page = query as { cursor?: string; limit: number };
      return { json: await listPromotions(reader(tenant.id), tenant.id, page) };
    },
    createPromotion: ({ tenant, body, earn }) =>
      sql.transaction(tenant.id, async (tx) => {
        const made = await createPromotion(tx, tenant.id, newId('prm'), body as PromotionInput, clock.now());
        return earn(tx, { status: 201, json: made });
      }),
    getPromotion: async ({ tenant, params }) => ({
      json: await getPromotion(reader(tenant.id), tenant.id, idOf(params)),
    }),
    updatePromotion: ({ tenant, params, body }) =>
      sql.transaction(tenant.id, async (tx) => {
        const input = body as PromotionInput & { version: number };
        return { json: await updatePromotion(tx, tenant.id, idOf(params), input, clock.now()) };
      }),
    async deletePromotion({ tenant, params }) {
      await deletePromotion(reader(tenant.id), tenant.id, idOf(params));
      return { status: 204 };
    },
  };
}
