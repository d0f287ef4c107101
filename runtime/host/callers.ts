/** Who is calling: from a bearer token or the session cookie, never from anything the caller merely says. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Audience } from '../platform/definition.ts';
import type { ApiKeyIdentity, Caller, DomainService, StaffIdentity } from '../platform/domain.ts';
import { ShopError } from '../platform/errors.ts';
import type { Identity, Secrets, Tenant } from '../platform/ports.ts';
import { isApiKey } from './keys/keys.ts';
import { hostNameOf } from './shop.ts';

const SESSION_COOKIE = 'shopmind_session';

export interface CallersOptions {
  readonly secrets: Secrets;
  /** Where an identity provider stands behind the shops: who has role `merchant` there needs no admin key. */
  readonly identity?: Identity | undefined;
  /** Who has this API key. What it is good for is seen to where it is known what is asked. */
  readonly apiKey: (tenant: Tenant, token: string) => Promise<ApiKeyIdentity | undefined>;
  /** Who of the staff has this token; as above. */
  readonly staff: (tenant: Tenant, token: string) => Promise<StaffIdentity | undefined>;
  readonly authenticate: NonNullable<DomainService['authenticate']>;
}

export interface Credentials {
  readonly method: string;
  readonly host: string;
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  /** Whether they came in by these before, and have been here since: over a socket. */
  readonly again?: boolean;
}

/** Throws ShopError `unauthenticated` or `forbidden` when the route's audience is not met. */
export type Identify = (tenant: Tenant, audience: Audience, credentials: Credentials) => Promise<Caller>;

/** @param method of the route that is asked, which need not be that of the request */
export function credentialsOf(headers: Headers, method: string): Credentials {
  return {
    method,
    host: hostNameOf({ headers }),
    authorization: single(headers['authorization']),
    cookie: single(headers['cookie']),
    origin: single(headers['origin']),
    fetchSite: single(headers['sec-fetch-site']),
  };
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

function single(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}

export function createCallers({
  secrets,
  identity,
  apiKey,
  staff: staffWith,
  authenticate,
}: CallersOptions): Identify {
  async function merchant(tenant: Tenant, token: string | undefined): Promise<Caller> {
    if (token === undefined)
      throw unauthenticated(
        'This route is for the merchant.',
        'Send the tenant’s admin key as a bearer token.',
      );
    if (identity !== undefined && isSigned(token)) {
      const person = await identity.verify(tenant.id, token);
      if (person === undefined)
        throw unauthenticated(
          'This sign-in is over, or was for another shop.',
          'Sign in at this shop again.',
        );
      if (person.roles.includes('merchant'))
        return { kind: 'merchant', customerId: undefined, subject: person.subject };
      throw new ShopError('forbidden', 'You are known here, and not as a merchant.', {
        remedy: 'Have the shop’s administrator give you the role merchant.',
      });
    }
    if (isApiKey(token)) {
      const key = await apiKey(tenant, token);
      if (key !== undefined) return { kind: 'merchant', customerId: undefined, key };
      throw unauthenticated(
        'This API key is not known here, or not any more.',
        'Make another at /api/admin/keys.',
      );
    }
    if (isStaffToken(token)) {
      const staff = await staffWith(tenant, token);
      if (staff !== undefined) return { kind: 'merchant', customerId: undefined, staff };
      throw unauthenticated(
        'This session is over.',
        'Exchange its token for the next one, or sign in again.',
      );
    }
    const expected = await secrets.get(tenant.id, 'admin-key-hash');
    if (expected === undefined || !sameHash(token, expected)) {
      throw unauthenticated(
        'This admin key is not known here.',
        'Check that the key belongs to this shop and is the present one.',
      );
    }
    return { kind: 'merchant', customerId: undefined };
  }

  return async (tenant, audience, credentials) => {
    if (audience === 'provider') return { kind: 'provider', customerId: undefined };
    const bearer = bearerOf(credentials.authorization);
    refuseForeign(tenant, bearer);
    if (audience === 'merchant') return merchant(tenant, bearer);
    const cookie = bearer === undefined ? cookieOf(credentials.cookie, SESSION_COOKIE) : undefined;
    const token = tokenIn(credentials);
    if (token !== undefined && !isApiKey(token) && !isStaffToken(token)) {
      refuseForeign(tenant, token);
      if (cookie !== undefined) refuseCrossSite(credentials);
      const customer = await authenticate(tenant, token, credentials.again);
      if (customer) return { kind: 'customer', ...customer };
    }
    if (audience === 'customer')
      throw unauthenticated(
        'This route is for customers who are logged in.',
        'Log in at /api/accounts/login.',
      );
    return { kind: 'shopper', customerId: undefined };
  };
}

/** What says who somebody is, which is good as a bearer token too. */
export function tokenIn({
  authorization,
  cookie,
}: Pick<Credentials, 'authorization' | 'cookie'>): string | undefined {
  return bearerOf(authorization) ?? cookieOf(cookie, SESSION_COOKIE);
}

/** Of a member of the staff who signed in here. */
function isStaffToken(token: string): boolean {
  return token.startsWith('smf_');
}

/** Of an identity provider: three parts, the first of which is JSON. Ours have two. */
function isSigned(token: string): boolean {
  return /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/.test(token);
}

/** Our tokens name their tenant: `sms_<tenant>.<secret>`. One of another tenant is refused before it is looked up. */
function refuseForeign(tenant: Tenant, token: string | undefined): void {
  const named = token === undefined ? undefined : /^sm[a-z]_([a-z0-9-]{1,40})\./.exec(token)?.[1];
  if (named !== undefined && named !== tenant.id) {
    throw new ShopError('forbidden', 'This token belongs to another shop.', {
      remedy: 'Log in at this shop.',
    });
  }
}

/** A browser sends the cookie by itself, so a write must come from our own pages. */
function refuseCrossSite({ method, host, origin, fetchSite }: Credentials): void {
  if (method === 'GET' || method === 'HEAD') return;
  const foreign = fetchSite === 'cross-site' || (origin !== undefined && hostOf(origin) !== host);
  if (foreign)
    throw new ShopError('forbidden', 'A page of another site sent this request.', {
      remedy: 'Send it from the shop’s own pages.',
    });
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).hostname : undefined;
}

function bearerOf(header: string | undefined): string | undefined {
  return header === undefined ? undefined : /^Bearer +(\S{1,4096})$/i.exec(header)?.[1];
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim() || undefined;
  }
  return undefined;
}

/** `expected` is hex or base64url of the key's SHA-256. */
function sameHash(token: string, expected: string): boolean {
  const actual = createHash('sha256').update(token).digest();
  const known = Buffer.from(expected.trim(), /^[0-9a-f]{64}$/i.test(expected.trim()) ? 'hex' : 'base64url');
  return known.length === actual.length && timingSafeEqual(actual, known);
}

function unauthenticated(message: string, remedy: string): ShopError {
  return new ShopError('unauthenticated', message, { remedy });
}
