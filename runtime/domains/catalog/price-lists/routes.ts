/** Handlers of price lists: what merchants read and change of them. */
import { Readable } from 'node:stream';
import type { DomainService, Platform, RouteRequest } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import { headLine, linesOf, pricesOf, readRows } from './csv.ts';
import { MOST_PRICES } from './schemas.ts';
import type { PriceListInput, PriceListUpdate, PricesImport, PricesInput, PricesQuery } from './schemas.ts';
import {
  createPriceList,
  deletePriceList,
  getPriceList,
  knownVariants,
  listPriceLists,
  listPrices,
  lockList,
  pricedVariants,
  setPrices,
  updatePriceList,
  variantsBySku,
} from './store.ts';

const MOST_PROBLEMS = 1_000;

// In every handler the host has parsed params, query and body with the schemas of the route, so that the casts hold.
/** @param changed what shoppers are shown is another from now on */
export function priceListRoutes(
  platform: Platform,
  changed: (tenant: TenantId) => void,
): DomainService['routes'] {
  const { sql } = platform;
  const runnerOf = (tenant: TenantId): SqlRunner => ({
    query: (text, values) => sql.query(tenant, text, values),
  });

  /** In one transaction; afterwards shoppers see it. */
  async function change<T>({ id }: Tenant, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const done = await sql.transaction(id, work);
    changed(id);
    return done;
  }

  async function importPrices(request: RouteRequest): Promise<PricesImport> {
    const { tenant, body, query, headers } = request;
    const bytes = csvOf(body as Buffer, headers['content-type']);
    const isReplaced = (query as { replace: string }).replace === 'true';
    return change(tenant, async (tx) => {
      const listId = idOf(request);
      const { currency } = await lockList(tx, tenant.id, listId);
      const read = readRows(bytes, currency);
      const { prices, named, problems } = pricesOf(
        read,
        await knownVariants(tx, tenant.id, distinct(read.rows.map(({ variantId }) => variantId))),
        await variantsBySku(tx, tenant.id, distinct(read.rows.map(({ sku }) => sku))),
      );
      const present = isReplaced ? await pricedVariants(tx, tenant.id, listId) : [];
      const removed = present.filter((id) => !named.has(id)).map((variantId) => ({ variantId, steps: [] }));
      await setPrices(tx, tenant.id, listId, [...prices, ...removed]);
      return {
        rows: read.count,
        variants: prices.length,
        removed: removed.length,
        problems: problems.slice(0, MOST_PROBLEMS),
        problemCount: problems.length,
      };
    });
  }

  return {
    adminListPriceLists: async ({ tenant }) => ({
      json: { priceLists: await listPriceLists(sql, tenant.id) },
    }),
    async adminCreatePriceList({ tenant, body, earn }) {
      const input = body as PriceListInput;
      requireCurrency(tenant, input.currency);
      return change(tenant, async (tx) => {
        const made = await createPriceList(platform, tx, tenant.id, input);
        return earn(tx, { json: made, headers: { location: `/api/admin/catalog/price-lists/${made.id}` } });
      });
    },
    adminGetPriceList: async (request) => ({
      json: await getPriceList(runnerOf(request.tenant.id), request.tenant.id, idOf(request)),
    }),
    async adminUpdatePriceList(request) {
      const { tenant, body } = request;
      const json = await change(tenant, (tx) =>
        updatePriceList(platform, tx, tenant.id, idOf(request), body as PriceListUpdate),
      );
      return { json };
    },
    async adminDeletePriceList(request) {
      const { tenant, query } = request;
      const { version } = query as { version?: number };
      await change(tenant, (tx) => deletePriceList(tx, tenant.id, idOf(request), version));
      return {};
    },
    async adminListPrices(request) {
      const { tenant, query } = request;
      await getPriceList(runnerOf(tenant.id), tenant.id, idOf(request));
      return { json: await listPrices(sql, tenant.id, idOf(request), query as PricesQuery) };
    },
    async adminPutPrices(request) {
      const { tenant, body } = request;
      const { prices } = body as PricesInput;
      const json = await change(tenant, async (tx) => {
        await lockList(tx, tenant.id, idOf(request));
        await requireVariants(
          tx,
          tenant.id,
          prices.filter(({ steps }) => steps.length > 0).map(({ variantId }) => variantId),
        );
        await setPrices(tx, tenant.id, idOf(request), prices);
        return getPriceList(tx, tenant.id, idOf(request));
      });
      return { json };
    },
    adminImportPrices: async (request) => ({ json: await importPrices(request) }),
    async adminExportPrices(request) {
      const { tenant } = request;
      const { currency } = await getPriceList(runnerOf(tenant.id), tenant.id, idOf(request));
      return {
        bytes: Readable.from(exportLines(platform, tenant.id, idOf(request), currency)),
        headers: {
          'content-type': 'text/csv; charset=utf-8; header=present',
          'content-disposition': `attachment; filename="${tenant.id}-prices-${currency}.csv"`,
        },
      };
    },
  };
}

/** A page in memory at a time, however long the list. */
async function* exportLines(
  { sql }: Platform,
  tenant: TenantId,
  listId: string,
  currency: string,
): AsyncGenerator<Buffer> {
  yield Buffer.from(headLine());
  for (let cursor: string | undefined; ;) {
    const page = await listPrices(sql, tenant, listId, { cursor, limit: MOST_PRICES });
    if (page.prices.length > 0)
      yield Buffer.from(page.prices.map((price) => linesOf(price, currency)).join(''));
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}

function requireCurrency({ currencies }: Tenant, currency: string): void {
  if (currencies.includes(currency)) return;
  throw new ShopError('invalid_input', `This shop does not sell in ${currency}.`, {
    remedy: `Use one of ${currencies.join(', ')}.`,
    problems: [{ where: 'body/currency', what: 'not one of the shop’s currencies' }],
  });
}

async function requireVariants(tx: Transaction, tenant: TenantId, ids: readonly string[]): Promise<void> {
  const known = await knownVariants(tx, tenant, ids);
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length === 0) return;
  throw new ShopError('invalid_input', `There is no variant ${unknown[0]} in this shop.`, {
    remedy: 'GET /api/admin/catalog/products tells the ids of variants.',
    problems: unknown.map((id) => ({ where: 'body/prices', what: `${id}: no such variant` })),
  });
}

function csvOf(bytes: Buffer, type = ''): Buffer {
  if (!/^text\/csv\b/i.test(type)) {
    throw new ShopError(
      'unsupported_media_type',
      `Prices are imported as text/csv, not ${type || 'as something of no named type'}.`,
      { remedy: 'Set Content-Type, or send JSON to /prices.' },
    );
  }
  if (bytes.length === 0)
    throw new ShopError('invalid_input', 'The CSV is empty.', { remedy: 'Send a CSV with a head row.' });
  return bytes;
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => name !== '' && name.length <= 255);
}

function idOf({ params }: RouteRequest): string {
  return (params as { id: string }).id;
}
