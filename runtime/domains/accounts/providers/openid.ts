/**
 * An OpenID provider as its client sees it (OpenID Connect Core 1.0, authorization code flow with PKCE, RFC 7636): where to send somebody,
 * and what to make of what they bring back. What is asked of it goes through the outside port: a merchant names the address.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ShopError } from '../../../platform/errors.ts';
import {
  isSignedBy,
  parseToken,
  verifyingKeys,
  type VerifyingKey,
} from '../../../platform/identity/token.ts';
import { jsonIn } from '../../../platform/json/index.ts';
import { isSame } from '../../../platform/secrets/same.ts';
import type { Clock, Outside } from '../../../platform/ports.ts';

export interface Client {
  readonly issuer: string;
  readonly clientId: string;
  /** undefined: it has none, and PKCE alone says that it is the same who began. */
  readonly clientSecret: string | undefined;
  /** What the address that a browser is led to says beside what every client says. */
  readonly asks: Readonly<Record<string, string>> & { readonly scope: string };
}

export const OPENID_ASKS = { scope: 'openid email profile' } as const;

/** Of one sign-in: made up here, and compared with what comes back. */
export interface Proofs {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Whom the provider says it is. */
export interface Person {
  readonly subject: string;
  /** Only where the provider says that it is theirs. */
  readonly email: string | undefined;
  readonly firstName: string;
  readonly lastName: string;
  readonly locale: string | undefined;
}

export interface OpenIdClient {
  /** @throws ShopError `unavailable`, `timeout` or `forbidden` when it cannot be asked, `invalid_input` when it is another than it is said to be */
  check(issuer: string): Promise<void>;
  /** Where the browser goes. Throws as `check`. */
  leadTo(client: Client, proofs: Proofs, callback: string): Promise<string>;
  /**
   * Exchanges the code, which is good once.
   * @throws ShopError `unauthenticated` when what comes proves nothing; else as `check`
   */
  personBehind(
    client: Client,
    code: string,
    proofs: Proofs,
    callback: string,
    signal: AbortSignal,
  ): Promise<Person>;
}

interface Kept<Value> {
  readonly at: number;
  readonly value: Promise<Value>;
}

const FRESH_MS = 10 * 60_000;
/** Nobody makes us ask a provider that fails more often than this. */
const FAILED_MS = 5_000;
const MOST_KEPT = 1_000;
/** Between our clock and theirs, in seconds. */
const LEEWAY = 60;
/** A token that says who somebody is was made for this sign-in, which is not older. */
const OLDEST = 15 * 60;

const Discovery = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  jwks_uri: z.url(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
});
type Discovery = z.infer<typeof Discovery>;

const Claims = z.object({
  iss: z.string(),
  sub: z.string().min(1).max(255),
  aud: z.union([z.string(), z.array(z.string())]),
  azp: z.string().optional(),
  exp: z.number(),
  iat: z.number(),
  nonce: z.string(),
  email: z.email().max(254).optional().catch(undefined),
  // Some say it as a text.
  email_verified: z.union([z.boolean(), z.enum(['true', 'false'])]).optional(),
  given_name: z.string().optional().catch(undefined),
  family_name: z.string().optional().catch(undefined),
  locale: z.string().max(35).optional().catch(undefined),
});

export function createOpenIdClient(outside: Outside, clock: Clock): OpenIdClient {
  const discoveries = new Map<string, Kept<Discovery>>();
  const keySets = new Map<string, Kept<readonly VerifyingKey[]>>();
  const now = (): number => clock.now().getTime();

  /** Whoever comes at once asks once; a failure is remembered for a moment. */
  function keeping<Value>(
    kept: Map<string, Kept<Value>>,
    name: string,
    oldest: number,
    ask: () => Promise<Value>,
  ): Promise<Value> {
    const known = kept.get(name);
    if (known !== undefined && now() - known.at < oldest) return known.value;
    if (kept.size >= MOST_KEPT) kept.clear();
    const entry = { at: now(), value: ask() };
    kept.set(name, entry);
    entry.value.catch(() => {
      // Whoever waits hears of it; here only for how long it counts.
      if (kept.get(name) === entry) kept.set(name, { ...entry, at: now() - FRESH_MS + FAILED_MS });
    });
    return entry.value;
  }

  // No signal of a request: others wait for the same.
  const discovered = (issuer: string): Promise<Discovery> =>
    keeping(discoveries, issuer, FRESH_MS, () => discover(outside, issuer));

  async function keyOf(address: string, id: string): Promise<VerifyingKey | undefined> {
    for (const oldest of [FRESH_MS, FAILED_MS]) {
      const keys = await keeping(keySets, address, oldest, async () =>
        verifyingKeys(await jsonAt(outside, address)),
      );
      const key = keys.find((one) => one.id === id);
      if (key !== undefined) return key;
    }
    return undefined;
  }

  return {
    async check(issuer) {
      discoveries.delete(issuer);
      await discovered(issuer);
    },

    async leadTo({ issuer, clientId, asks }, { state, nonce, verifier }, callback) {
      const { authorization_endpoint: place } = await discovered(issuer);
      const url = new URL(place);
      const asked = {
        response_type: 'code',
        client_id: clientId,
        redirect_uri: callback,
        ...asks,
        state,
        nonce,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      };
      for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
      return url.href;
    },

    async personBehind(client, code, { nonce, verifier }, callback, signal) {
      const provider = await discovered(client.issuer);
      const text = await exchange(outside, provider, client, { code, verifier, callback }, signal);
      const token = parseToken(text);
      const key = token && (await keyOf(provider.jwks_uri, token.keyId));
      if (token === undefined || key === undefined || !isSignedBy(token, key))
        throw unproven('is not signed');
      const claims = Claims.safeParse(token.claims);
      if (!claims.success) throw unproven('does not say who');
      const { iss, sub, aud, azp, exp, iat, nonce: theirs, ...about } = claims.data;
      const seconds = now() / 1_000;
      const isForUs = aud === client.clientId || (Array.isArray(aud) && aud.includes(client.clientId));
      if (iss !== provider.issuer || !isForUs || (azp !== undefined && azp !== client.clientId))
        throw unproven('is meant for somebody else');
      if (!isSame(theirs, nonce)) throw unproven('is of another sign-in');
      if (seconds > exp + LEEWAY || seconds < iat - LEEWAY || seconds > iat + OLDEST)
        throw unproven('is of another time');
      return {
        subject: sub,
        email: String(about.email_verified) === 'true' ? about.email : undefined,
        firstName: nameOf(about.given_name),
        lastName: nameOf(about.family_name),
        locale: about.locale,
      };
    },
  };
}

/** @throws ShopError `invalid_input` when it is another than it is said to be (OpenID Connect Discovery 4.3) */
async function discover(outside: Outside, issuer: string): Promise<Discovery> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const said = Discovery.safeParse(await jsonAt(outside, address));
  if (!said.success || said.data.issuer !== issuer)
    throw new ShopError('invalid_input', `${address} is not the discovery document of ${issuer}.`, {
      remedy: 'Name the issuer letter by letter as its own document does.',
      problems: [{ where: 'body/issuer', what: 'is not the issuer of its discovery document' }],
    });
  for (const place of [said.data.authorization_endpoint, said.data.token_endpoint, said.data.jwks_uri])
    outside.check(place);
  return said.data;
}

async function jsonAt(outside: Outside, address: string): Promise<unknown> {
  const { status, text } = await outside.read(address, { headers: { accept: 'application/json' } });
  const value = status === 200 ? jsonIn(text) : undefined;
  if (value !== undefined) return value;
  throw new ShopError('unavailable', `${address} answers ${status}, and nothing that can be read.`, {
    remedy: 'Check the address of the issuer.',
  });
}

/** @returns the token that says who it is. @throws ShopError `unauthenticated` when the provider takes the code for none */
async function exchange(
  outside: Outside,
  { token_endpoint: place, token_endpoint_auth_methods_supported: methods }: Discovery,
  { clientId, clientSecret }: Client,
  { code, verifier, callback }: { code: string; verifier: string; callback: string },
  signal: AbortSignal,
): Promise<string> {
  const form = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: callback,
    code_verifier: verifier,
    client_id: clientId,
  });
  const headers: Record<string, string> = {
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
  };
  if (clientSecret !== undefined) {
    // Where nothing is said, a header (RFC 8414, 2), of which each half is encoded by itself (RFC 6749, 2.3.1).
    if (methods?.includes('client_secret_basic') ?? true) {
      const halves = [clientId, clientSecret].map((half) => encodeURIComponent(half)).join(':');
      headers['authorization'] = `Basic ${Buffer.from(halves).toString('base64')}`;
    } else form.set('client_secret', clientSecret);
  }
  const { status, text } = await outside.read(place, { headers, body: form.toString(), signal });
  const answer = z.object({ id_token: z.string().max(20_000) }).safeParse(jsonIn(text));
  if (status === 200 && answer.success) return answer.data.id_token;
  throw unproven(`is not given for the code (${status})`);
}

/** As far as a customer's name goes; one that is longer is cut, nobody is kept out by it. */
export function nameOf(said: string | undefined): string {
  return (said ?? '')
    .replaceAll(/\p{Cc}/gu, '')
    .trim()
    .slice(0, 100)
    .toWellFormed();
}

function unproven(what: string): ShopError {
  return new ShopError('unauthenticated', `What the provider should sign for this ${what}.`, {
    remedy: 'Begin again.',
  });
}
