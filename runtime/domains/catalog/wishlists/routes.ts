/** What shoppers do with wishlists, over HTTP. */
import type { Platform, RouteHandler, RouteRequest } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import { currencyOf } from '../listing.ts';
import { priceCards, priceUnits, type Applying, type Terms } from '../price-lists/shown.ts';
import { languageOf } from '../translations/language.ts';
import type { Alerts } from './alerts.ts';
import type { StockAlertInput, Wishlist, WishlistItem } from './schemas.ts';
import * as store from './store.ts';
import type { Said, WishlistRow } from './store.ts';

// In every handler the host has parsed params, query and body with the schemas of the route, so that the casts hold.
export function createWishlistRoutes(
  platform: Platform,
  termsNow: (
    tenant: Tenant,
    terms: Terms,
  ) => Promise<{ readonly currency: string; readonly lists: Applying }>,
  alerts: Alerts,
): Record<string, RouteHandler> {
  const { sql } = platform;
  const idOf = ({ params }: RouteRequest): string => (params as { id: string }).id;
  const tokenOf = ({ params }: RouteRequest): string => (params as { token: string }).token;
  const variantOf = ({ params }: RouteRequest): string => (params as { variantId: string }).variantId;
  const moneyOf = ({ tenant, query }: RouteRequest): string =>
    currencyOf(tenant, query as { currency?: string });
  const saidTo = (request: RouteRequest): Said => ({
    currency: moneyOf(request),
    locale: languageOf(request.tenant, undefined, request.headers['accept-language']),
  });
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

  const listsFor = ({ tenant, caller }: RouteRequest, currency: string) =>
    termsNow(tenant, { currency, groups: caller.groups ?? [] });

  /** At the prices that whoever looks at it pays. */
  async function priced(request: RouteRequest, items: WishlistItem[]): Promise<WishlistItem[]> {
    const [tenant, currency] = [request.tenant.id, moneyOf(request)];
    const terms = await listsFor(request, currency);
    if (terms.lists.ids.length === 0) return items;
    const own = new Map(items.map(({ variantId, price }) => [variantId, price?.amount]));
    const [cards, amounts] = await Promise.all([
      priceCards(
        sql,
        tenant,
        items.map(({ product }) => product),
        terms,
      ),
      priceUnits(sql, tenant, own, terms.lists),
    ]);
    return items.map((item, at) => {
      const amount = amounts.get(item.variantId);
      return {
        ...item,
        product: cards[at] ?? item.product,
        price: amount === undefined ? null : { amount, currency },
      };
    });
  }

  const shown = async (request: RouteRequest, list: Wishlist) => ({
    json: { ...list, items: await priced(request, list.items) },
  });

  /** Changes the list that is named, and answers what it is then. */
  async function changed(
    request: RouteRequest,
    work: (tx: Transaction, list: WishlistRow) => Promise<WishlistRow>,
  ) {
    const list = await withList(request, async (tx, before) =>
      store.show(tx, request.tenant.id, await work(tx, before), saidTo(request)),
    );
    return shown(request, list);
  }

  return {
    async listWishlists({ tenant, caller }) {
      return { json: await store.listAll(readerOf(tenant.id), tenant.id, customerOf(caller)) };
    },
    createWishlist(request) {
      const { tenant, caller, body, earn } = request;
      return sql.transaction(tenant.id, async (tx) => {
        const { name } = body as { name?: string };
        const list = await store.create(platform, tx, tenant.id, caller, name);
        return earn(tx, { json: await store.show(tx, tenant.id, list, saidTo(request)) });
      });
    },
    async getWishlistMarks({ tenant, caller, query }) {
      const { wishlistId } = query as { wishlistId?: string };
      return { json: await store.marksOf(readerOf(tenant.id), tenant.id, caller, wishlistId) };
    },
    async claimWishlist(request) {
      const { tenant, caller, body } = request;
      const { wishlistId } = body as { wishlistId?: string };
      const list = await sql.transaction(tenant.id, async (tx) => {
        const own = await store.claim(platform, tx, tenant.id, customerOf(caller), wishlistId);
        return store.show(tx, tenant.id, own, saidTo(request));
      });
      return shown(request, list);
    },
    async getWishlist(request) {
      const { tenant, caller } = request;
      const reader = readerOf(tenant.id);
      const list =
        idOf(request) === store.DEFAULT && caller.customerId !== undefined
          ? await store.findOwn(reader, tenant.id, caller.customerId)
          : await store.find(reader, tenant.id, caller, idOf(request));
      if (list === undefined) return { json: EMPTY };
      return shown(request, await store.show(reader, tenant.id, list, saidTo(request)));
    },
    renameWishlist: (request) =>
      changed(request, (tx, list) =>
        store.rename(tx, request.tenant.id, list, (request.body as { name: string }).name),
      ),
    deleteWishlist: (request) =>
      withList(request, async (tx, list) => {
        await store.remove(tx, request.tenant.id, list);
        return {};
      }),
    async addToWishlist(request) {
      const [tenant, id, currency] = [request.tenant.id, variantOf(request), moneyOf(request)];
      const own = await store.ownPrice(readerOf(tenant), tenant, id, currency);
      const { lists } = await listsFor(request, currency);
      const amount = (await priceUnits(sql, tenant, new Map([[id, own]]), lists)).get(id);
      return changed(request, async (tx, list) => {
        await store.add(platform, tx, tenant, list, id, amount === undefined ? null : { amount, currency });
        return list;
      });
    },
    removeFromWishlist: (request) =>
      changed(request, async (tx, list) => {
        await store.takeOut(platform, tx, request.tenant.id, list, variantOf(request));
        return list;
      }),
    shareWishlist: (request) =>
      withList(request, async (tx, list) => ({ json: await store.share(tx, request.tenant.id, list) })),
    unshareWishlist: (request) =>
      withList(request, async (tx, list) => {
        await store.unshare(tx, request.tenant.id, list);
        return {};
      }),
    async getSharedWishlist(request) {
      const { tenant } = request;
      const reader = readerOf(tenant.id);
      const list = await store.findShared(reader, tenant.id, tokenOf(request));
      const items = await store.itemsOf(reader, tenant.id, list, saidTo(request));
      return { json: { name: list.name, items: await priced(request, items) } };
    },
    async askStockAlert({ tenant, caller, body, headers }) {
      const { locale = languageOf(tenant, undefined, headers['accept-language']), ...input } =
        body as StockAlertInput;
      await alerts.ask(tenant, caller.customerId, { ...input, ...(locale === undefined ? {} : { locale }) });
      return {};
    },
    async listStockAlerts({ tenant, caller }) {
      return { json: await alerts.list(tenant.id, customerOf(caller)) };
    },
    async withdrawStockAlert(request) {
      await alerts.withdraw(request.tenant.id, customerOf(request.caller), variantOf(request));
      return {};
    },
    async getLinkedStockAlert(request) {
      return { json: await alerts.show(request.tenant.id, tokenOf(request)) };
    },
    async confirmStockAlert(request) {
      return { json: await alerts.confirm(request.tenant.id, tokenOf(request)) };
    },
    async withdrawLinkedStockAlert(request) {
      await alerts.withdrawLinked(request.tenant.id, tokenOf(request));
      return {};
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
