/**
 * Sign-in by an account somewhere else (Google, Microsoft, any OpenID provider): the shapes and the routes. Data only; a part of the
 * accounts domain.
 */
import { z } from 'zod';
import type { RouteDefinition, TableDefinition } from '../../../platform/definition.ts';
import { signingKeyIn } from './apple.ts';

export const MOST_PROVIDERS = 10;

const ProviderId = z
  .string()
  .max(40)
  .regex(/^[a-z][a-z0-9-]*$/, 'must be a word like google: small letters, digits and dashes');
const ofProvider = z.object({ providerId: ProviderId });
export type OfProvider = z.infer<typeof ofProvider>;

/** What shoppers see of it. */
export const SignInProvider = z.object({ id: z.string(), name: z.string() });
export type SignInProvider = z.infer<typeof SignInProvider>;

/** As Apple's developer account names a team, and a key of it. */
const AppleName = z.string().regex(/^[A-Z0-9]{10}$/, 'must have ten letters and digits, like A1B2C3D4E5');

export const AppleInput = z.strictObject({
  teamId: AppleName,
  keyId: AppleName,
  /** The .p8 file of the key. */
  privateKey: z
    .string()
    .max(2_000)
    .refine((pem) => signingKeyIn(pem) !== undefined, 'must be the .p8 file of a key for Sign in with Apple'),
});

export const ProviderInput = z
  .strictObject({
    /** On the button: `Google`. */
    name: z.string().trim().min(1).max(40),
    /** As the provider's own discovery document names it: `https://accounts.google.com`. */
    issuer: z.string().trim().min(1).max(500),
    clientId: z.string().trim().min(1).max(500),
    /** Absent: the one that is known stays. Null: the client has none. */
    clientSecret: z.string().min(1).max(2_000).nullable().optional(),
    /** Of Apple, which wants a key instead of a secret. Absent: what is known stays. */
    apple: AppleInput.optional(),
    enabled: z.boolean().default(true),
  })
  .refine(({ clientSecret, apple }) => clientSecret === undefined || apple === undefined, {
    path: ['apple'],
    message: 'stands in the place of clientSecret',
  });
export type ProviderInput = z.infer<typeof ProviderInput>;

/** What merchants see of it: its secret is shown to nobody. */
export const AdminProvider = z.object({
  id: z.string(),
  name: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  hasSecret: z.boolean(),
  /** By whose key it is signed in at Apple; null: it is no Apple. */
  apple: z.object({ teamId: z.string(), keyId: z.string() }).nullable(),
  enabled: z.boolean(),
  /** What the provider has to be told to send people back to. */
  callbacks: z.array(z.string()),
  updatedAt: z.iso.datetime(),
});
export type AdminProvider = z.infer<typeof AdminProvider>;

/** Where somebody goes on to afterwards: a page of this shop, so that nobody is sent elsewhere by a link that begins with its name. */
const Onwards = z
  .string()
  .max(500)
  .regex(/^\/(?![/\\])[^\\\p{Cc}]*$/u, 'must be a path of this shop, like /account');

export const BeginQuery = z.object({ onwards: Onwards.default('/account') });
export type BeginQuery = z.infer<typeof BeginQuery>;

/** What providers send back (OpenID Connect Core 3.1.2.5), as far as it is looked at. */
export const CallbackQuery = z.object({
  state: z.string().max(200).optional(),
  code: z.string().max(4_096).optional(),
  error: z.string().max(200).optional(),
});
export type CallbackQuery = z.infer<typeof CallbackQuery>;

/** The same of who posts it; beside it, the first time, what Apple says somebody is called. */
export const CallbackForm = CallbackQuery.extend({ user: z.string().max(2_000).optional() });
export type CallbackForm = z.infer<typeof CallbackForm>;

/** Why somebody was not signed in, as the account page is told: they or the provider said no, nothing was proven, or no address was. */
export const PROBLEMS = ['declined', 'failed', 'unverified'] as const;
export type SignInProblem = (typeof PROBLEMS)[number];

export const Identity = z.object({
  id: z.string(),
  provider: SignInProvider,
  /** As the provider said when it was added. */
  email: z.string(),
  createdAt: z.iso.datetime(),
  usedAt: z.iso.datetime(),
});
export type Identity = z.infer<typeof Identity>;

export const providerTables: readonly TableDefinition[] = [
  { name: 'sign_in_providers', spread: 'tenant', access: 'write' },
  {
    name: 'customer_identities',
    spread: 'tenant',
    access: 'write',
    personal: { by: ['customer_id'], erase: 'delete' },
  },
];

/** Whose provider it is decides who is let in, as whomever they like. So no API key sets one, and of the staff only owners. */
const owners = { audience: 'merchant', people: true } as const;

export const providerRoutes: readonly RouteDefinition[] = [
  {
    id: 'listSignInProviders',
    method: 'GET',
    path: '/api/accounts/providers',
    summary: 'By which accounts elsewhere one may sign in.',
    audience: 'shopper',
    response: z.object({ providers: z.array(SignInProvider) }),
  },
  {
    id: 'beginProviderSignIn',
    method: 'GET',
    path: '/api/accounts/providers/{providerId}/sign-in',
    summary: 'For a browser: leads to the provider, who sends it back.',
    audience: 'shopper',
    params: ofProvider,
    query: BeginQuery,
    status: 303,
  },
  {
    id: 'endProviderSignIn',
    method: 'GET',
    path: '/api/accounts/providers/{providerId}/callback',
    summary:
      'For a browser: where the provider sends it back to. Signs in, and leads to where they came from.',
    audience: 'shopper',
    params: ofProvider,
    query: CallbackQuery,
    status: 303,
  },
  {
    id: 'endPostedProviderSignIn',
    method: 'POST',
    path: '/api/accounts/providers/{providerId}/callback',
    summary: 'The same for a browser whose provider has it post what it brings back, as Apple does. A form.',
    audience: 'shopper',
    params: ofProvider,
    body: 'raw',
    maxBodyBytes: 16 * 1_024,
    status: 303,
  },
  {
    id: 'listIdentities',
    method: 'GET',
    path: '/api/accounts/me/identities',
    summary: 'The accounts elsewhere by which the customer signs in.',
    audience: 'customer',
    response: z.object({ identities: z.array(Identity) }),
  },
  {
    id: 'removeIdentity',
    method: 'DELETE',
    path: '/api/accounts/me/identities/{identityId}',
    summary: 'Sign in by it no more. Who has no password has one sent a link for by their mail.',
    audience: 'customer',
    params: z.object({ identityId: z.string().min(1).max(80) }),
    status: 204,
  },
  {
    id: 'adminListSignInProviders',
    method: 'GET',
    path: '/api/admin/accounts/providers',
    summary: 'By which accounts elsewhere customers may sign in, and what each provider has to be told.',
    ...owners,
    response: z.object({ providers: z.array(AdminProvider) }),
  },
  {
    id: 'adminPutSignInProvider',
    method: 'PUT',
    path: '/api/admin/accounts/providers/{providerId}',
    summary:
      'Let customers sign in by an OpenID provider. It is asked first, and has to be the one it is said to be.',
    ...owners,
    params: ofProvider,
    body: ProviderInput,
    response: AdminProvider,
  },
  {
    id: 'adminDeleteSignInProvider',
    method: 'DELETE',
    path: '/api/admin/accounts/providers/{providerId}',
    summary: 'Let nobody sign in by it any more, and forget who did.',
    ...owners,
    params: ofProvider,
    status: 204,
  },
];
