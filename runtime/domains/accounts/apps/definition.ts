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

const texts = z.array(z.string());

/** OpenID Connect Discovery 1.0, 3. */
export const ProviderMetadata = z.object({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  userinfo_endpoint: z.string(),
  jwks_uri: z.string(),
  revocation_endpoint: z.string(),
  end_session_endpoint: z.string(),
  scopes_supported: texts,
  claims_supported: texts,
  response_types_supported: texts,
  response_modes_supported: texts,
  grant_types_supported: texts,
  subject_types_supported: texts,
  id_token_signing_alg_values_supported: texts,
  token_endpoint_auth_methods_supported: texts,
  revocation_endpoint_auth_methods_supported: texts,
  code_challenge_methods_supported: texts,
  prompt_values_supported: texts,
  authorization_response_iss_parameter_supported: z.boolean(),
  claims_parameter_supported: z.boolean(),
  request_parameter_supported: z.boolean(),
  request_uri_parameter_supported: z.boolean(),
});
export type ProviderMetadata = z.infer<typeof ProviderMetadata>;

/** What an app sends a browser here with (OpenID Connect Core, 3.1.2.1). What is missing or wrong the app is told, where it may be. */
export const AuthorizeQuery = z.object({
  client_id: z.string().max(100).optional(),
  redirect_uri: z.string().max(600).optional(),
  response_type: z.string().max(100).optional(),
  response_mode: z.string().max(100).optional(),
  scope: z.string().max(1_000).optional(),
  // What the browser keeps until it is sent back has to fit into a cookie.
  state: z.string().max(1_000).optional(),
  nonce: z.string().max(300).optional(),
  code_challenge: z.string().max(200).optional(),
  code_challenge_method: z.string().max(20).optional(),
  prompt: z.string().max(100).optional(),
  max_age: z.string().max(20).optional(),
  id_token_hint: z.string().max(4_096).optional(),
  request: z.string().max(8_192).optional(),
  request_uri: z.string().max(1_000).optional(),
});
export type AuthorizeQuery = z.infer<typeof AuthorizeQuery>;

const Id = z.string().min(1).max(40);
const Ticket = z.string().min(1).max(4_096);

/** Which sign-in to an app, and what the browser keeps of it: the cookie `shopmind_connect`. */
export const ConnectionRequest = z.object({ id: Id, ticket: Ticket });
export type ConnectionRequest = z.infer<typeof ConnectionRequest>;

export const ConnectionInput = z.strictObject({ id: Id, ticket: Ticket });
export type ConnectionInput = z.infer<typeof ConnectionInput>;

/** What the shopper is asked. */
export const Connection = z.object({
  /** Its name. */
  app: z.string(),
  scopes: z.array(AppScope),
  /** What is missing until it is answered; null: nothing. */
  lacking: z.enum(['sign-in', 'consent']).nullable(),
});
export type Connection = z.infer<typeof Connection>;

export const ConnectedApp = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(AppScope),
  connectedAt: z.iso.datetime(),
});
export type ConnectedApp = z.infer<typeof ConnectedApp>;

/** OpenID Connect RP-Initiated Logout 1.0, 2. */
export const EndSessionQuery = z.object({
  id_token_hint: z.string().max(4_096).optional(),
  client_id: z.string().max(100).optional(),
  post_logout_redirect_uri: z.string().max(600).optional(),
  state: z.string().max(1_000).optional(),
});
export type EndSessionQuery = z.infer<typeof EndSessionQuery>;

const TokenAnswer = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  /** Seconds. */
  expires_in: z.int(),
  refresh_token: z.string().optional(),
  scope: z.string(),
  id_token: z.string().optional(),
});

/** OpenID Connect Core, 5.1. */
const UserInfo = z.object({
  sub: z.string(),
  name: z.string().optional(),
  given_name: z.string().optional(),
  family_name: z.string().optional(),
  locale: z.string().optional(),
  updated_at: z.int().optional(),
  email: z.string().optional(),
  email_verified: z.boolean().optional(),
});

export const appTables: readonly TableDefinition[] = [
  { name: 'apps', spread: 'tenant', access: 'write' },
  { name: 'signing_keys', spread: 'tenant', access: 'write' },
  {
    name: 'app_consents',
    spread: 'tenant',
    access: 'write',
    personal: { by: ['customer_id'], erase: 'delete' },
  },
  {
    name: 'app_grants',
    spread: 'tenant',
    access: 'write',
    personal: {
      by: ['customer_id'],
      erase: 'delete',
      withhold: ['code_hash', 'code_challenge', 'access_hash', 'refresh_hash', 'previous_hash'],
    },
  },
];

const merchants = { audience: 'merchant' } as const;
/** Who asks proves by themselves who they are, by the words of OAuth; from whichever site, as no cookie is looked at. */
const apps = { audience: 'provider', anyOrigin: true } as const;
const A_FORM = 16 * 1_024;
const ofConnection = z.object({ id: Id });

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
    ...apps,
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
  {
    id: 'getProviderMetadata',
    method: 'GET',
    path: '/.well-known/openid-configuration',
    summary: 'What an OpenID client has to know of the shop (OpenID Connect Discovery).',
    ...apps,
    response: ProviderMetadata,
    cacheSeconds: 300,
  },
  {
    id: 'authorizeApp',
    method: 'GET',
    path: '/api/accounts/oauth/authorize',
    summary:
      'For a browser: an app has somebody sign in. It is sent back with a code once they have agreed, with an error else; to nowhere for an app that is not known, or not there.',
    audience: 'shopper',
    query: AuthorizeQuery,
    status: 303,
  },
  {
    id: 'continueAppSignIn',
    method: 'GET',
    path: '/api/accounts/oauth/continue',
    summary: 'For a browser: goes on with the sign-in to an app that it has begun.',
    audience: 'shopper',
    query: ofConnection,
    status: 303,
  },
  {
    id: 'declineAppSignIn',
    method: 'GET',
    path: '/api/accounts/oauth/decline',
    summary: 'For a browser: says no to the app, and goes back there.',
    audience: 'shopper',
    query: ofConnection,
    status: 303,
  },
  {
    id: 'getConnection',
    method: 'GET',
    path: '/api/accounts/oauth/connection',
    summary: 'For the page between: which app it is, what it would learn, and what is missing.',
    audience: 'shopper',
    query: ConnectionRequest,
    response: Connection,
  },
  {
    id: 'agreeToConnection',
    method: 'POST',
    path: '/api/accounts/oauth/connection',
    summary: 'Agree that the app learns what it asks for, now and whenever it asks again.',
    audience: 'customer',
    body: ConnectionInput,
    status: 204,
  },
  {
    id: 'askForTokens',
    method: 'POST',
    path: '/api/accounts/oauth/token',
    summary: 'For apps: tokens for a code, or for a refresh token (OAuth 2.1, 3.2). A form, as OAuth has it.',
    ...apps,
    body: 'raw',
    maxBodyBytes: A_FORM,
    response: TokenAnswer,
  },
  {
    id: 'getUserInfo',
    method: 'GET',
    path: '/api/accounts/oauth/userinfo',
    summary: 'For apps: who it is whose access token they bring (OpenID Connect Core, 5.3).',
    ...apps,
    response: UserInfo,
  },
  {
    id: 'askForUserInfo',
    method: 'POST',
    path: '/api/accounts/oauth/userinfo',
    summary: 'The same by POST. The token is in the header.',
    ...apps,
    body: 'raw',
    maxBodyBytes: A_FORM,
    response: UserInfo,
  },
  {
    id: 'revokeToken',
    method: 'POST',
    path: '/api/accounts/oauth/revoke',
    summary:
      'For apps: a token is needed no more (RFC 7009). By a refresh token all that came of the sign-in ends.',
    ...apps,
    body: 'raw',
    maxBodyBytes: A_FORM,
    response: z.object({}),
  },
  {
    id: 'endSessionFromApp',
    method: 'GET',
    path: '/api/accounts/oauth/end-session',
    summary:
      'For a browser: an app has signed somebody out, and by its token of theirs they are here, too (OpenID Connect RP-Initiated Logout).',
    audience: 'shopper',
    query: EndSessionQuery,
    status: 303,
  },
  {
    id: 'listMyApps',
    method: 'GET',
    path: '/api/accounts/me/apps',
    summary: 'Apps that the customer is connected with, and what each learns.',
    audience: 'customer',
    response: z.object({ apps: z.array(ConnectedApp) }),
  },
  {
    id: 'disconnectApp',
    method: 'DELETE',
    path: '/api/accounts/me/apps/{appId}',
    summary: 'Let an app learn nothing any more: what it holds is good for nothing.',
    audience: 'customer',
    params: ofApp,
    status: 204,
  },
];
