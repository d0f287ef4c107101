/** Passkeys (WebAuthn Level 3): the shapes browsers take and give, and the routes. Data only; a part of the accounts domain. */
import { z } from 'zod';
import type { ZodType } from 'zod';
import type { Audience, RouteDefinition, TableDefinition } from '../../../platform/definition.ts';

const Bytes = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[\w-]+$/, 'must be base64url without padding');
const CredentialId = Bytes(1_364);
const Transports = z.array(z.string().max(40)).max(10);
const Descriptor = z.object({
  type: z.literal('public-key'),
  id: z.string(),
  transports: z.array(z.string()),
});

/** For `PublicKeyCredential.parseCreationOptionsFromJSON`. */
export const CreationOptions = z.object({
  challenge: z.string(),
  rp: z.object({ id: z.string(), name: z.string() }),
  user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
  pubKeyCredParams: z.array(z.object({ type: z.literal('public-key'), alg: z.int() })),
  timeout: z.int(),
  excludeCredentials: z.array(Descriptor),
  authenticatorSelection: z.object({ residentKey: z.string(), userVerification: z.string() }),
  attestation: z.string(),
});
export type CreationOptions = z.infer<typeof CreationOptions>;

/** For `PublicKeyCredential.parseRequestOptionsFromJSON`. It names no key: the browser shows those it has for the shop. */
export const RequestOptions = z.object({
  challenge: z.string(),
  rpId: z.string(),
  timeout: z.int(),
  userVerification: z.string(),
});
export type RequestOptions = z.infer<typeof RequestOptions>;

/** What `toJSON` of a new credential gives; more may be there. */
export const NewCredential = z.object({
  id: CredentialId,
  rawId: CredentialId,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: Bytes(10_000),
    attestationObject: Bytes(100_000),
    transports: Transports.optional(),
  }),
});
export type NewCredential = z.infer<typeof NewCredential>;

/** What `toJSON` of a credential that has signed gives. */
export const SignedCredential = z.object({
  id: CredentialId,
  rawId: CredentialId,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: Bytes(10_000),
    authenticatorData: Bytes(10_000),
    signature: Bytes(10_000),
    userHandle: Bytes(200).nullish(),
  }),
});
export type SignedCredential = z.infer<typeof SignedCredential>;

export const Passkey = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.iso.datetime(),
  usedAt: z.iso.datetime().nullable(),
});
export type Passkey = z.infer<typeof Passkey>;

export const PasskeyRequest = z.strictObject({ password: z.string().min(1).max(256) });
export const PasskeyInput = z.strictObject({
  name: z.string().trim().min(1).max(100),
  credential: NewCredential,
});
export type PasskeyInput = z.infer<typeof PasskeyInput>;
export const PasskeySignIn = z.strictObject({ credential: SignedCredential });
export type PasskeySignIn = z.infer<typeof PasskeySignIn>;

export const passkeyTables: readonly TableDefinition[] = [
  {
    name: 'account_passkeys',
    spread: 'tenant',
    access: 'write',
    personal: { by: ['account_id'], erase: 'delete', withhold: ['credential_id', 'public_key'] },
  },
  {
    name: 'account_challenges',
    spread: 'tenant',
    access: 'write',
    // `add customer <id>`
    personal: {
      by: { column: 'purpose', written: (name) => [addingTo('customer', name)] },
      erase: 'delete',
      withhold: ['challenge'],
    },
  },
];

export type AccountKind = 'customer' | 'staff';

/** The purpose of a challenge by which a key is added to an account. */
export function addingTo(kind: AccountKind, accountId: string): string {
  return `add ${kind} ${accountId}`;
}

const ofPasskey = z.object({ passkeyId: z.string().min(1).max(80) });

interface Side {
  /** In the routes' ids: `addPasskey`, `addStaffPasskey`. */
  readonly Who: string;
  readonly own: string;
  readonly signIn: string;
  readonly audience: Pick<RouteDefinition, 'people' | 'self'> & { readonly audience: Audience };
  readonly session: ZodType;
}

/** The same for customers and for staff. */
export function passkeyRoutes({ Who, own, signIn, audience, session }: Side): RouteDefinition[] {
  return [
    {
      id: `list${Who}Passkeys`,
      method: 'GET',
      path: `${own}/passkeys`,
      summary: 'One’s own passkeys, the youngest first.',
      ...audience,
      response: z.object({ passkeys: z.array(Passkey) }),
    },
    {
      id: `prepare${Who}Passkey`,
      method: 'POST',
      path: `${own}/passkeys/options`,
      summary:
        'What the browser is to make a passkey of. It wants the password: who finds somebody’s browser open cannot stay.',
      ...audience,
      body: PasskeyRequest,
      response: CreationOptions,
    },
    {
      id: `add${Who}Passkey`,
      method: 'POST',
      path: `${own}/passkeys`,
      summary: 'Add the passkey that the browser has made.',
      ...audience,
      body: PasskeyInput,
      response: Passkey,
      status: 201,
    },
    {
      id: `remove${Who}Passkey`,
      method: 'DELETE',
      path: `${own}/passkeys/{passkeyId}`,
      summary: 'Remove a passkey.',
      ...audience,
      params: ofPasskey,
      status: 204,
    },
    {
      id: `prepare${Who}PasskeySignIn`,
      method: 'POST',
      path: `${signIn}/passkeys/options`,
      summary: 'What a passkey is to sign. It tells of no account.',
      audience: 'shopper',
      response: RequestOptions,
    },
    {
      id: `signIn${Who}WithPasskey`,
      method: 'POST',
      path: `${signIn}/passkeys/login`,
      summary: 'Exchange what a passkey has signed for a session.',
      audience: 'shopper',
      body: PasskeySignIn,
      response: session,
    },
  ];
}
