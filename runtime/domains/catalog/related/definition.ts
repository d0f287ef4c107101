/** Related products: what the merchant says goes with a product. Data only; a part of the catalogue. */
import type { RouteDefinition, TableDefinition } from '../../../platform/definition.ts';
import { DetailQuery, HandleParams, IdParams } from '../schemas.ts';
import * as s from './schemas.ts';

export const relatedTables: readonly TableDefinition[] = [
  { name: 'catalog_related', spread: 'tenant', access: 'write' },
];

export const relatedRoutes: readonly RouteDefinition[] = [
  {
    id: 'getRelated',
    method: 'GET',
    path: '/api/catalog/products/{handle}/related',
    summary:
      'What the merchant says goes with a product. Where nothing was chosen, recommendations have something to say.',
    audience: 'shopper',
    params: HandleParams,
    query: DetailQuery,
    response: s.Related,
    cacheSeconds: 5,
    byGroup: true,
    byLanguage: true,
  },
  {
    id: 'adminGetRelated',
    method: 'GET',
    path: '/api/admin/catalog/products/{id}/related',
    summary: 'What was chosen to go with a product, and what others say of it.',
    audience: 'merchant',
    params: IdParams,
    response: s.AdminRelated,
  },
  {
    id: 'adminPutRelated',
    method: 'PUT',
    path: '/api/admin/catalog/products/{id}/related',
    summary: 'Replace it all; 409 when someone else changed it since `version`.',
    audience: 'merchant',
    params: IdParams,
    body: s.RelatedUpdate,
    response: s.AdminRelated,
  },
];
