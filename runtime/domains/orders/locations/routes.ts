/** The routes of stock and where it is kept. */
import type { z } from 'zod';
import type { Platform, RouteHandler } from '../../../platform/domain.ts';
import type { Transaction } from '../../../platform/ports.ts';
import { readerOf } from '../carts.ts';
import { adjust, tellStock } from '../inventory.ts';
import type { adjustStock } from '../schemas.ts';
import { MAIN, type LocationInput } from './schemas.ts';
import { adjustAt, isSpread, levelsOf, listLocations, putLocation, transferUnits } from './store.ts';

export function locationRoutes(platform: Platform): Record<string, RouteHandler> {
  const { sql, clock, newId } = platform;
  // In every handler the host has parsed params and body with the schemas of the route, so that the casts hold.
  const variantOf = (params: unknown): string => (params as { variantId: string }).variantId;

  /** What a count at one location means for all of them. */
  async function deltaOf(
    tx: Transaction,
    tenant: string,
    variantId: string,
    locationId: string,
    { delta, onHand }: z.infer<typeof adjustStock>,
  ): Promise<number> {
    if (onHand === undefined) return delta ?? 0;
    const levels = await levelsOf(tx, tenant, variantId);
    return onHand - (levels.find((level) => level.locationId === locationId)?.onHand ?? 0);
  }

  return {
    adjustStock: ({ tenant: { id: tenant }, params, body, earn }) =>
      sql.transaction(tenant, async (tx) => {
        const variantId = variantOf(params);
        const input = body as z.infer<typeof adjustStock>;
        const { locationId = MAIN } = input;
        const byLocation = (await isSpread(tx, tenant, variantId)) || locationId !== MAIN;
        const delta = byLocation ? await deltaOf(tx, tenant, variantId, locationId, input) : 0;
        const adjusted = await adjust(tx, tenant, variantId, byLocation ? { delta } : input, clock.now());
        if (byLocation) await adjustAt(tx, tenant, variantId, locationId, delta, clock.now());
        await tellStock(tx, adjusted.changes);
        // Units that come once must not come twice because the answer got lost.
        return earn(tx, { json: adjusted.level });
      }),

    listLocations: async ({ tenant }) => ({
      json: { locations: await listLocations(readerOf(platform, tenant.id), tenant.id) },
    }),

    createLocation: ({ tenant, body, earn }) =>
      sql.transaction(tenant.id, async (tx) => {
        const input = body as LocationInput;
        const made = await putLocation(tx, tenant.id, newId('loc'), input, 'create', clock.now());
        return earn(tx, { status: 201, json: made });
      }),

    updateLocation: async ({ tenant, params, body }) => {
      const { locationId } = params as { locationId: string };
      const input = body as LocationInput;
      return {
        json: await sql.transaction(tenant.id, (tx) =>
          putLocation(tx, tenant.id, locationId, input, 'change', clock.now()),
        ),
      };
    },

    listLevels: async ({ tenant, params }) => ({
      json: { levels: await levelsOf(readerOf(platform, tenant.id), tenant.id, variantOf(params)) },
    }),

    transferStock: ({ tenant, params, body, earn }) =>
      sql.transaction(tenant.id, async (tx) => {
        const wish = body as { from: string; to: string; quantity: number };
        const levels = await transferUnits(tx, tenant.id, variantOf(params), wish, clock.now());
        return earn(tx, { json: { levels } });
      }),
  };
}
