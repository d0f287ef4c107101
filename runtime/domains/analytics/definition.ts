/**
 * The analytics domain: what shoppers do and what shops earn, told by pages and by other domains' events, asked by merchants.
 * It knows customers by pseudonyms only, and of pages what is left when everything that may be a person's is masked.
 */
import { z } from 'zod';
import type { DomainDefinition } from '../../platform/definition.ts';
import { FACTS } from './facts.ts';
import * as s from './schemas.ts';

export const analytics: DomainDefinition = {
  name: 'analytics',
  summary:
    'Visits, funnels, revenue and cohorts, from what pages and other domains tell; persons are known by pseudonyms only.',
  tables: [
    { name: 'analytics_intake', spread: 'tenant', access: 'write' },
    {
      name: 'analytics_people',
      spread: 'tenant',
      access: 'write',
      // Facts are nobody's then: nothing else knows whose the pseudonym was.
      personal: { by: ['person'], erase: 'delete' },
    },
    { name: 'analytics_products', spread: 'tenant', access: 'write' },
    { name: 'analytics_payments', spread: 'tenant', access: 'write' },
  ],
  migrations: new URL('./migrations/', import.meta.url),
  topics: [
    {
      name: 'analytics.visit',
      partitions: 6,
      retentionHours: 24 * 3,
      compacted: false,
      events: { 'analytics.visit.seen': s.visitSeen },
    },
  ],
  consumes: ['orders.order', 'payments.payment', 'catalog.product', 'chat.message'],
  tasks: [{ name: 'analytics.ship', payload: z.strictObject({}), maxAttempts: 1000, leaseSeconds: 30 }],
  buckets: [],
  facts: FACTS,
  routes: [
    {
      id: 'tell',
      method: 'POST',
      path: '/api/analytics/events',
      summary:
        'What a page saw, up to fifty events at once; also by navigator.sendBeacon. Asked for by nobody: an answer may be ignored.',
      audience: 'shopper',
      body: s.pageMessage,
      maxBodyBytes: 65_536,
      response: s.accepted,
      status: 202,
    },
    {
      id: 'getOverview',
      method: 'GET',
      path: '/api/admin/analytics/overview',
      summary: 'Orders, money, visits and conversion of a time, beside as long a time before it.',
      audience: 'merchant',
      query: s.overviewQuery,
      response: s.overview,
    },
    {
      id: 'getRevenue',
      method: 'GET',
      path: '/api/admin/analytics/revenue',
      summary:
        'Paid orders and what was returned, by quarter of an hour, hour, day, week or month of the shop’s time zone.',
      audience: 'merchant',
      query: s.revenueQuery,
      response: s.revenue,
    },
    {
      id: 'getSeries',
      method: 'GET',
      path: '/api/admin/analytics/series',
      summary: 'How often something happened, as a whole or for one value of a dimension.',
      audience: 'merchant',
      query: s.seriesQuery,
      response: s.series,
    },
    {
      id: 'getTop',
      method: 'GET',
      path: '/api/admin/analytics/top',
      summary:
        'The values of a dimension that come first: products by revenue, pages by views, searches without results.',
      audience: 'merchant',
      query: s.topQuery,
      response: s.top,
    },
    {
      id: 'getSearches',
      method: 'GET',
      path: '/api/admin/analytics/searches',
      summary:
        'What was searched, what found nothing, and how often something was chosen from what was found.',
      audience: 'merchant',
      query: s.searchesQuery,
      response: s.searches,
    },
    {
      id: 'getFunnel',
      method: 'GET',
      path: '/api/admin/analytics/funnel',
      summary: 'How many visits did the first step, and the second after it, and so on.',
      audience: 'merchant',
      query: s.funnelQuery,
      response: s.funnel,
    },
    {
      id: 'getSessions',
      method: 'GET',
      path: '/api/admin/analytics/sessions',
      summary: 'Visits where they began: how many, how long, and how many saw one page only.',
      audience: 'merchant',
      query: s.sessionsQuery,
      response: s.sessions,
    },
    {
      id: 'getCohorts',
      method: 'GET',
      path: '/api/admin/analytics/cohorts',
      summary: 'Customers by when they first bought, and how many of them bought again.',
      audience: 'merchant',
      query: s.cohortsQuery,
      response: s.cohorts,
    },
    {
      id: 'getLive',
      method: 'GET',
      path: '/api/admin/analytics/live',
      summary: 'Views, visitors and orders of the last half hour, by minute.',
      audience: 'merchant',
      query: s.liveQuery,
      response: s.live,
    },
    {
      id: 'exportFacts',
      method: 'GET',
      path: '/api/admin/analytics/facts',
      summary: 'Every fact of a kind, as CSV or as one JSON object a line.',
      audience: 'merchant',
      query: s.factsQuery,
    },
  ],
  scaling: { min: 1, max: 10, cpuPercent: 65 },
  slo: { availability: 0.995, p99Milliseconds: 1_000 },
};
