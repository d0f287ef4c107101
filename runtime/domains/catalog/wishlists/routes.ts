/** What shoppers do with wishlists, over HTTP. */
import type { Platform, RouteHandler, RouteRequest } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, TenantId, Transaction } from '../../../platform/ports.ts';
import { currencyOf } from '../listing.ts';
import type { Wishlist } from './schemas.ts';
import * as store from './store.ts';
import type { WishlistRow } from './store.ts';

// In every handler the host has parsed params, query and body with the schemas of the route, so that the casts hold.
export function createWishlistRoutes(platform: Platform): Record<string, RouteHandler> {
  const { sql } = platform;
  const idOf = ({ params }: RouteRequest): string => (params as { id: string }).id;
  const variantOf = ({ params }: RouteRequest): string => (params as { variantId: string }).variantId;
  const moneyOf = ({ tenant, query }: RouteRequest): string =>
    currencyOf(tenant, query as { currency?: string });
  const readerOf = (tenant: TenantId): SqlRunner => ({
    query: (text, values) => sql.query(tenant, text, values),
  });

  /** Does something with the list that is named, which nobody else changes meanwhile. */
  function withList<T>(
    request: RouteRequest,
    work: (tx: Transaction, list: WishlistRow) => Promise<T>,
  ): Promise<T> {
    const { tenant, caller } = request;
    return sql.transaction(tenant.id, async (tx) =>
      work(tx, await store.lock(platform, tx, tenant.id, caller, idOf(request))),
    );
  }

  const shown = async (request: RouteRequest, runner: SqlRunner, list: WishlistRow) => ({
    json: await store.show(runner, request.tenant.id, list, moneyOf(request)),
  });

  return {
    async listWishlists({ tenant, caller }) {
      return { json: await store.listAll(readerOf(tenant.id), tenant.id, customerOf(caller)) };
    },
    createWishlist(request) {
      const { tenant, caller, body, earn } = request;
      return sql.transaction(tenant.id, async (tx) => {
        const { name } = body as { name?: string };
        const list = await store.create(platform, tx, tenant.id, caller, name);
        return earn(tx, await shown(request, tx, list));
      });
    },
    async getWishlistMarks({ tenant, caller, query }) {
      const { wishlistId } = query as { wishlistId?: string };
      return { json: await store.marksOf(readerOf(tenant.id), tenant.id, caller, wishlistId) };
    },
    claimWishlist(request) {
      const { tenant, caller, body } = request;
      return sql.transaction(tenant.id, async (tx) => {
        const { wishlistId } = body as { wishlistId?: string };
        const own = await store.claim(platform, tx, tenant.id, customerOf(caller), wishlistId);
        return shown(request, tx, own);
      });
    },
    async getWishlist(request) {
      const { tenant, caller } = request;
      const reader = readerOf(tenant.id);
      if (idOf(request) === store.DEFAULT && caller.customerId !== undefined) {
        const own = await store.findOwn(reader, tenant.id, caller.customerId);
        return own === undefined ? { json: EMPTY } : shown(request, reader, own);
      }
      return shown(request, reader, await store.find(reader, tenant.id, caller, idOf(request)));
    },
    renameWishlist: (request) =>
      withList(request, async (tx, list) => {
        const { name } = request.body as { name: string };
        return shown(request, tx, await store.rename(tx, request.tenant.id, list, name));
      }),
    deleteWishlist: (request) =>
      withList(request, async (tx, list) => {
        await store.remove(tx, request.tenant.id, list);
        return {};
      }),
    addToWishlist: (request) =>
      withList(request, async (tx, list) => {
        await store.add(platform, tx, request.tenant.id, list, variantOf(request), moneyOf(request));
        return shown(request, tx, list);
      }),
    removeFromWishlist: (request) =>
      withList(request, async (tx, list) => {
        await store.takeOut(platform, tx, request.tenant.id, list, variantOf(request));
        return shown(request, tx, list);
      }),
    shareWishlist: (request) =>
      withList(request, async (tx, list) => ({ json: await store.share(tx, request.tenant.id, list) })),
    unshareWishlist: (request) =>
      withList(request, async (tx, list) => {
        await store.unshare(tx, request.tenant.id, list);
        return {};
      }),
    async getSharedWishlist(request) {
      const { tenant, params } = request;
      const reader = readerOf(tenant.id);
      const list = await store.findShared(reader, tenant.id, (params as { token: string }).token);
      return {
        json: { name: list.name, items: await store.itemsOf(reader, tenant.id, list, moneyOf(request)) },
      };
    },
    async adminListWanted({ tenant, query }) {
      return { json: await store.wanted(readerOf(tenant.id), tenant.id, (query as { limit: number }).limit) };
    },
  };
}

/** The customer's own before anything was put there: looking makes none. */
const EMPTY: Wishlist = { id: store.DEFAULT, name: '', isDefault: true, token: null, items: [] };

function customerOf({ customerId }: { readonly customerId: string | undefined }): string {
  // The host lets nobody else in where the audience is `customer`.
  if (customerId === undefined) throw new ShopError('unauthenticated', 'Sign in first.');
  return customerId;
}
