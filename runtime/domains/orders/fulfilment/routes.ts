/** The routes of parcels. */
import type { Platform, RouteHandler, RouteRequest } from '../../../platform/domain.ts';
import { readerOf } from '../carts.ts';
import { showToMerchant, type StoredOrder } from '../store.ts';
import { ship, update } from './actions.ts';
import type { CreateFulfilment, UpdateFulfilment } from './schemas.ts';

export function fulfilmentRoutes(platform: Platform): Record<string, RouteHandler> {
  async function shown({ tenant }: RouteRequest, order: StoredOrder): Promise<{ json: unknown }> {
    return { json: await showToMerchant(readerOf(platform, tenant.id), tenant.id, order) };
  }
  // The host has parsed params and body with the schemas of the route, so that the casts hold.
  return {
    async createFulfilment(request) {
      const { orderId } = request.params as { orderId: string };
      const key = request.headers['idempotency-key'] ?? request.requestId;
      const body = request.body as CreateFulfilment;
      return shown(request, await ship(platform, request.tenant, orderId, key, body));
    },
    async updateFulfilment(request) {
      const { orderId, fulfilmentId } = request.params as { orderId: string; fulfilmentId: string };
      const body = request.body as UpdateFulfilment;
      return shown(request, await update(platform, request.tenant, orderId, fulfilmentId, body));
    },
  };
}
