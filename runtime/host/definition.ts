/** The routes every runtime process answers itself, whatever domains it hosts. */
import { z } from 'zod';
import type { RouteDefinition } from '../platform/definition.ts';

export const Store = z.object({
  id: z.string(),
  displayName: z.string(),
  branding: z.record(z.string(), z.unknown()),
  locales: z.array(z.string()),
  /** The first is the default. */
  currencies: z.array(z.string()),
  domains: z.array(z.string()),
});
export type Store = z.infer<typeof Store>;

export const HOST_ROUTES: readonly RouteDefinition[] = [
  {
    id: 'getStore',
    method: 'GET',
    path: '/api/store',
    summary:
      'The shop as its visitors may know it: name, branding, languages, currencies, what is switched on.',
    audience: 'shopper',
    response: Store,
    cacheSeconds: 5,
  },
  {
    id: 'getOpenApi',
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'This description.',
    audience: 'shopper',
    cacheSeconds: 300,
  },
];
