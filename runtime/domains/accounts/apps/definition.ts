/**
 * Apps of others that a shopper signs in to with their account here, the shop being their OpenID provider: the shapes and the routes. Data
 * only; a part of the accounts domain.
 */
import { z } from 'zod';
import type { RouteDefinition, TableDefinition } from '../../../platform/definition.ts';
import { placeOf } from './redirects.ts';

export const MOST_APPS = 50;

/** What an app may learn (OpenID Connect Core, 5.4), and whether it may go on while the shopper is away (11). */
export const APP_SCOPES = ['openid', 'profile', 'email', 'offline_access'] as const;
export const AppScope = z.enum(APP_SCOPES);
export type AppScope = z.infer<typeof AppScope>;

/** `confidential`: a server, which can keep a secret. `public`: whatever runs where others can look into it. */
export const AppKind = z.enum(['public', 'confidential']);
export type AppKind = z.infer<typeof AppKind>;

const Return = z
  .string()
  .max(500)
  .refine(
    (uri) => placeOf(uri) !== undefined,
    'must be an https address, one of 127.0.0.1 or [::1], or one of the app’s own scheme, like com.example.app:/signed-in',
  );

const Scopes = z
  .array(AppScope)
  .min(1)
  .max(APP_SCOPES.length)
  .refine((scopes) => scopes.includes('openid'), 'must have openid among them');

/** What of an app may be changed. */
export const AppChange = z.strictObject({
  /** As shoppers are asked about it: `Acme Loyalty`. */
  name: z.string().trim().min(1).max(60),
  /** Where it may be returned to, letter by letter; of this device itself at any port. */
  redirectUris: z.array(Return).min(1).max(10),
  /** The same for whoever signed out. */
  logoutUris: z.array(Return).max(10).default([]),
  scopes: Scopes.default(['openid', 'profile', 'email']),
  enabled: z.boolean().default(true),
});
export type AppChange = z.infer<typeof AppChange>;

export const AppInput = AppChange.extend({ kind: AppKind });
export type AppInput = z.infer<typeof AppInput>;

/** What merchants see of it. Its `id` is what it is called as an OAuth client. */
export const AdminApp = z.object({
  id: z.string(),
  name: z.string(),
  kind: AppKind,
  redirectUris: z.array(z.string()),
  logoutUris: z.array(z.string()),
  scopes: z.array(AppScope),
  enabled: z.boolean(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type AdminApp = z.infer<typeof AdminApp>;

/** The only time that its secret is shown; null: it is public, and has none. */
export const AppWithSecret = AdminApp.extend({ secret: z.string().nullable() });
export type AppWithSecret = z.infer<typeof AppWithSecret>;

const ofApp = z.object({ appId: z.string().min(1).max(80) });
export type OfApp = z.infer<typeof ofApp>;

export const appTables: readonly TableDefinition[] = [
  { name: 'apps', spread: 'tenant', access: 'write' },
  { name: 'signing_keys', spread: 'tenant', access: 'write' },
];

const merchants = { audience: 'merchant' } as const;

export const appRoutes: readonly RouteDefinition[] = [
  {
    id: 'adminListApps',
    method: 'GET',
    path: '/api/admin/accounts/apps',
    summary: 'Apps that shoppers may sign in to with their account here.',
    ...merchants,
    response: z.object({ apps: z.array(AdminApp) }),
  },
  {
    id: 'adminCreateApp',
    method: 'POST',
    path: '/api/admin/accounts/apps',
    summary: 'Register an app. Its secret is shown this once; whoever asks twice has two.',
    ...merchants,
    body: AppInput,
    response: AppWithSecret,
    status: 201,
  },
  {
    id: 'adminPutApp',
    method: 'PUT',
    path: '/api/admin/accounts/apps/{appId}',
    summary:
      'Change an app. One that is switched off signs nobody in, and what it holds is good for nothing.',
    ...merchants,
    params: ofApp,
    body: AppChange,
    response: AdminApp,
  },
  {
    id: 'adminRenewAppSecret',
    method: 'POST',
    path: '/api/admin/accounts/apps/{appId}/secret',
    summary:
      'Give a confidential app another secret, which is shown this once. The one before is good no more.',
    ...merchants,
    params: ofApp,
    response: AppWithSecret,
  },
  {
    id: 'adminDeleteApp',
    method: 'DELETE',
    path: '/api/admin/accounts/apps/{appId}',
    summary: 'Forget an app, and who signed in to it.',
    ...merchants,
    params: ofApp,
    status: 204,
  },
  {
    id: 'getSigningKeys',
    method: 'GET',
    path: '/api/accounts/oauth/keys',
    summary: 'The keys by which is verified what the shop says of people (RFC 7517).',
    audience: 'provider',
    response: z.object({
      keys: z.array(
        z.object({
          kty: z.string(),
          n: z.string(),
          e: z.string(),
          kid: z.string(),
          use: z.string(),
          alg: z.string(),
        }),
      ),
    }),
    cacheSeconds: 300,
  },
];
