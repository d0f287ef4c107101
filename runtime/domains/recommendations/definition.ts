/**
 * The recommendations domain: what a shopper may want to see next, by what is popular, what is bought together, and what visits like theirs
 * went on to. It hears of products, orders and visits by their domains' events, and knows visits only of those who agreed.
 */
import { z } from 'zod';
import type { DomainDefinition } from '../../platform/definition.ts';
import * as s from './schemas.ts';

export const recommendations: DomainDefinition = {
  name: 'recommendations',
  summary:
    'What a shopper may want to see next: popular, bought together, looked at in visits like theirs. Always in stock, and with a reason.',
  tables: [
    { name: 'recommendations_products', spread: 'tenant', access: 'write' },
    { name: 'recommendations_sold_out', spread: 'tenant', access: 'write' },
    { name: 'recommendations_pairs', spread: 'tenant', access: 'write' },
    {
      name: 'recommendations_visits',
      spread: 'tenant',
      access: 'write',
      personal: { by: ['customer_id'], erase: 'delete' },
    },
    {
      name: 'recommendations_seen',
      spread: 'tenant',
      access: 'write',
      personal: { by: { column: 'visit', of: 'recommendations_visits', key: 'visit' }, erase: 'delete' },
    },
  ],
  migrations: new URL('./migrations/', import.meta.url),
  topics: [],
  consumes: ['analytics.visit', 'catalog.product', 'orders.order', 'orders.stock'],
  tasks: [{ name: 'recommendations.tidy', payload: z.strictObject({}), maxAttempts: 20, leaseSeconds: 60 }],
  buckets: [],
  routes: [
    {
      id: 'recommend',
      method: 'GET',
      path: '/api/recommendations/products',
      summary: 'Products to show at a place, and why each. A page that gets no answer shows nothing.',
      audience: 'shopper',
      query: s.recommendQuery,
      response: s.recommendations,
    },
    {
      id: 'search',
      method: 'GET',
      path: '/api/recommendations/search',
      summary:
        'The catalogue’s list of products; on its first page by relevance, what suits the shopper stands up to six places higher.',
      audience: 'shopper',
      query: s.searchQuery,
      response: s.searched,
    },
    {
      id: 'listPopular',
      method: 'GET',
      path: '/api/admin/recommendations/popular',
      summary: 'What is popular now, with what that is counted from.',
      audience: 'merchant',
      query: s.popularQuery,
      response: s.popular,
    },
    {
      id: 'explainProduct',
      method: 'GET',
      path: '/api/admin/recommendations/products/{productId}',
      summary: 'Why a product is shown, or is not: its counts, and what is bought together with it.',
      audience: 'merchant',
      params: s.ofProduct,
      response: s.explanation,
    },
  ],
  scaling: { min: 1, max: 10, cpuPercent: 65 },
  slo: { availability: 0.99, p99Milliseconds: 300 },
};
