/**
 * The identity port on an OpenID provider with a realm for each tenant (Keycloak): tokens are verified here, by keys found through the
 * realm's discovery document and kept, so that a request asks nobody. A key that is not known yet is looked for, not more often than
 * every few seconds: whoever invents names of keys must not make us ask for each.
 */
import { z } from 'zod';
import { parseAddress } from '../address/index.ts';
import { ShopError } from '../errors.ts';
import { realmName } from '../names/index.ts';
import type { Clock, Identity } from '../ports.ts';
import { checkedTenantId } from '../tenant-id.ts';
import { isSignedBy, parseToken, verifyingKeys, type VerifyingKey } from './token.ts';

export interface OpenIdOptions {
  /** `keycloak+https://id.example.com/` */
  readonly address: string;
  readonly clock: Clock;
  /** The client whose tokens are meant for the shop. Default `storefront`. */
  readonly client?: string;
  /** Of one request to the provider, in milliseconds. Default 3,000. */
  readonly answerTimeoutMs?: number;
}

interface Realm {
  readonly issuer: string;
  readonly keys: readonly VerifyingKey[];
}

interface Kept {
  /** Milliseconds since the epoch. */
  readonly askedAt: number;
  /** Resolves with undefined when the tenant has no realm. */
  readonly realm: Promise<Realm | undefined>;
}

/** Keys are asked for again after this long, so that one that was taken back is not believed for ever. */
const FRESH_MS = 10 * 60_000;
/** A provider that is away does not sign anybody out for this long. */
const STALE_MS = 60 * 60_000;
const AGAIN_MS = 5_000;
/** Between our clock and theirs, in seconds. */
const LEEWAY = 30;

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });
const Claims = z.object({
  iss: z.string(),
  sub: z.string().min(1),
  /** `Bearer` of an access token. One that says who somebody is (`ID`) lets nobody in. */
  typ: z.literal('Bearer'),
  azp: z.string(),
  exp: z.number(),
  nbf: z.number().optional(),
  realm_access: z.object({ roles: z.array(z.string()) }).optional(),
});

/** Asks nobody until the first token comes. */
export function createOpenIdentity(options: OpenIdOptions): Identity {
  const { address, clock, client = 'storefront', answerTimeoutMs = 3_000 } = options;
  const base = baseOf(address);
  /** Known keys, and the latest attempt to know them. */
  const known = new Map<string, { readonly at: number; readonly realm: Realm }>();
  const asked = new Map<string, Kept>();

  function ask(tenant: string, now: number): Kept {
    if (asked.size > 10_000) asked.clear();
    const realm = fetchRealm(`${base}realms/${realmName(tenant)}`, answerTimeoutMs).then((found) => {
      if (known.size > 10_000) known.clear();
      if (found === undefined) known.delete(tenant);
      else known.set(tenant, { at: now, realm: found });
      return found;
    });
    const kept = { askedAt: now, realm };
    asked.set(tenant, kept);
    return kept;
  }

  /** @param isEnough whether what is known already answers the question */
  async function realmOf(tenant: string, isEnough: (realm: Realm) => boolean): Promise<Realm | undefined> {
    const now = clock.now().getTime();
    const before = known.get(tenant);
    if (before !== undefined && now - before.at < FRESH_MS && isEnough(before.realm)) return before.realm;
    const last = asked.get(tenant);
    const latest = last !== undefined && now - last.askedAt < AGAIN_MS ? last : ask(tenant, now);
    try {
      return await latest.realm;
    } catch (cause) {
      if (before !== undefined && now - before.at < STALE_MS && isEnough(before.realm)) return before.realm;
      throw new ShopError('unavailable', 'Who you are cannot be checked at the moment.', {
        cause,
        remedy: 'Try again in a moment; IDENTITY_URL names the provider that does not answer.',
        retryAfterSeconds: 5,
      });
    }
  }

  return {
    async verify(tenant, text) {
      const token = parseToken(text);
      if (token === undefined) return undefined;
      const keyIn = ({ keys }: Realm): VerifyingKey | undefined => keys.find(({ id }) => id === token.keyId);
      const realm = await realmOf(checkedTenantId(tenant), (one) => keyIn(one) !== undefined);
      const key = realm && keyIn(realm);
      if (realm === undefined || key === undefined || !isSignedBy(token, key)) return undefined;
      const claims = Claims.safeParse(token.claims);
      if (!claims.success) return undefined;
      const { iss, sub, azp, exp, nbf = 0, realm_access: access } = claims.data;
      const seconds = clock.now().getTime() / 1_000;
      const isMeant = iss === realm.issuer && azp === client;
      const isTime = seconds < exp + LEEWAY && seconds >= nbf - LEEWAY;
      return isMeant && isTime ? { subject: sub, roles: access?.roles ?? [] } : undefined;
    },
  };
}

async function fetchRealm(url: string, timeoutMs: number): Promise<Realm | undefined> {
  const ask = (place: string): Promise<Response> => fetch(place, { signal: AbortSignal.timeout(timeoutMs) });
  const discovery = await ask(`${url}/.well-known/openid-configuration`);
  if (discovery.status === 404) {
    await discovery.body?.cancel();
    return undefined;
  }
  const { issuer, jwks_uri: place } = Discovery.parse(await okJson(discovery));
  return { issuer, keys: verifyingKeys(await okJson(await ask(place))) };
}

async function okJson(response: Response): Promise<unknown> {
  if (response.ok) return response.json();
  await response.body?.cancel();
  throw new Error(`${response.url} answers ${response.status}`);
}

function baseOf(text: string): string {
  const secure = text.startsWith('keycloak+https:');
  const { scheme, servers, path } = parseAddress(text, secure ? 443 : 8080);
  const [server] = servers;
  if (server === undefined || !/^keycloak\+https?$/.test(scheme))
    throw new Error('an address of Keycloak begins with keycloak+https:// or keycloak+http://');
  return `${scheme.replace('keycloak+', '')}://${server.host}:${server.port}/${path === '' ? '' : `${path}/`}`;
}
