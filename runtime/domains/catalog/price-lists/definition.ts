/** Price lists: who pays what, from how many units on, and when. Data only; a part of the catalogue. */
import type { RouteDefinition, TableDefinition, TopicDefinition } from '../../../platform/definition.ts';
import { IdParams, VersionQuery } from '../schemas.ts';
import * as s from './schemas.ts';

const MEBIBYTE = 1024 * 1024;
const LISTS = '/api/admin/catalog/price-lists';

export const priceListTables: readonly TableDefinition[] = [
  { name: 'price_lists', spread: 'tenant', access: 'write' },
  { name: 'price_list_prices', spread: 'tenant', access: 'write' },
];

export const priceListTopic: TopicDefinition = {
  name: 'catalog.price-list',
  partitions: 3,
  retentionHours: 24 * 7,
  // What a list says of its variants comes in parts: none of them may be dropped for a later one.
  compacted: false,
  events: {
    'catalog.price-list.upserted': s.PriceListUpserted,
    'catalog.price-list.priced': s.PriceListPriced,
    'catalog.price-list.deleted': s.PriceListDeleted,
  },
};

export const priceListRoutes: readonly RouteDefinition[] = [
  {
    id: 'adminListPriceLists',
    method: 'GET',
    path: LISTS,
    summary: 'All price lists, by title.',
    audience: 'merchant',
    response: s.PriceLists,
  },
  {
    id: 'adminCreatePriceList',
    method: 'POST',
    path: LISTS,
    summary: 'Create a price list. Of all prices that apply to a shopper, the cheapest counts.',
    audience: 'merchant',
    body: s.PriceListInput,
    response: s.PriceList,
    status: 201,
    idempotent: true,
  },
  {
    id: 'adminGetPriceList',
    method: 'GET',
    path: `${LISTS}/{id}`,
    summary: 'One price list; its prices have a page of their own.',
    audience: 'merchant',
    params: IdParams,
    response: s.PriceList,
  },
  {
    id: 'adminUpdatePriceList',
    method: 'PUT',
    path: `${LISTS}/{id}`,
    summary:
      'Replace what a price list says but its prices; 409 when someone else changed it since `version`.',
    audience: 'merchant',
    params: IdParams,
    body: s.PriceListUpdate,
    response: s.PriceList,
  },
  {
    id: 'adminDeletePriceList',
    method: 'DELETE',
    path: `${LISTS}/{id}`,
    summary: 'Delete a price list with its prices.',
    audience: 'merchant',
    params: IdParams,
    query: VersionQuery,
    status: 204,
  },
  {
    id: 'adminListPrices',
    method: 'GET',
    path: `${LISTS}/{id}/prices`,
    summary: 'The prices of a list by variant, in pages.',
    audience: 'merchant',
    params: IdParams,
    query: s.PricesQuery,
    response: s.PricesPage,
  },
  {
    id: 'adminPutPrices',
    method: 'PUT',
    path: `${LISTS}/{id}/prices`,
    summary:
      'Set the prices of up to 500 variants in a list, by number of units; without steps a variant has none.',
    audience: 'merchant',
    params: IdParams,
    body: s.PricesInput,
    response: s.PriceList,
    maxBodyBytes: MEBIBYTE,
  },
  {
    id: 'adminImportPrices',
    method: 'POST',
    path: `${LISTS}/{id}/import`,
    summary:
      'Set the prices of a list from a CSV with the columns Variant ID or Variant SKU, From and Price: up to 20,000 rows, each that is wrong told with its line.',
    audience: 'merchant',
    params: IdParams,
    query: s.PricesImportQuery,
    body: 'raw',
    maxBodyBytes: 4 * MEBIBYTE,
    response: s.PricesImport,
  },
  {
    id: 'adminExportPrices',
    method: 'GET',
    path: `${LISTS}/{id}/export`,
    summary: 'The prices of a list as a CSV that can be imported again.',
    audience: 'merchant',
    params: IdParams,
  },
];
