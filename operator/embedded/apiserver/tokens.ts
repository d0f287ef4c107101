/** Bearer tokens: the administrator's, and ServiceAccount tokens as signed JWTs that survive restarts. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  randomUUID,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from './certificates.ts';
import { fields, type Json } from './objects.ts';

export interface ServiceAccountClaims {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | undefined;
  readonly audiences: readonly string[];
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

export interface IssuedToken {
  readonly token: string;
  readonly expiresAt: Date;
}

export interface Tokens {
  readonly admin: string;
  isAdmin(token: string): boolean;
  /** @param seconds how long the token is valid */
  issue(
    namespace: string,
    name: string,
    uid: string | undefined,
    audiences: readonly string[],
    seconds: number,
  ): IssuedToken;
  /** Claims of a token this cluster signed and that has not expired; undefined otherwise. */
  verify(token: string): ServiceAccountClaims | undefined;
  /** The public half of the signing key, as a JSON web key set. */
  readonly keySet: string;
}

export const ISSUER = 'https://kubernetes.default.svc.cluster.local';

/** A verified token is remembered, so that the signature is checked once and not on every request. */
const REMEMBERED_TOKENS = 1_024;

/** Reads, or makes, the signing key and the administrator's token. */
export function loadTokens(directory: string, now: () => number = Date.now): Tokens {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const privateKey = createPrivateKey(kept(join(directory, 'service-account.key'), makeKey));
  const publicKey = createPublicKey(privateKey);
  const keyId = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
    .slice(0, 16);
  const admin = kept(join(directory, 'admin.token'), () => randomBytes(32).toString('base64url')).trim();
  const adminBytes = Buffer.from(admin);
  const verified = new Map<string, ServiceAccountClaims>();

  function check(token: string): ServiceAccountClaims | undefined {
    const parts = token.split('.');
    const [header, payload, signature] = parts;
    if (parts.length !== 3 || !header || !payload || !signature) return undefined;
    const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
    if (!verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url')))
      return undefined;
    const text = Buffer.from(payload, 'base64url').toString();
    // What JSON.parse returns is JSON; claimsOf looks at every part of it.
    return claimsOf(JSON.parse(text) as Json);
  }

  return {
    admin,
    isAdmin(token) {
      const given = Buffer.from(token);
      return given.length === adminBytes.length && timingSafeEqual(given, adminBytes);
    },
    issue(namespace, name, uid, audiences, seconds) {
      const issuedAt = Math.floor(now() / 1_000);
      const expiresAt = issuedAt + seconds;
      const body = encode({
        iss: ISSUER,
        sub: `system:serviceaccount:${namespace}:${name}`,
        aud: audiences.length > 0 ? audiences : [ISSUER],
        iat: issuedAt,
        nbf: issuedAt,
        exp: expiresAt,
        jti: randomUUID(),
        'kubernetes.io': { namespace, serviceaccount: { name, ...(uid === undefined ? {} : { uid }) } },
      });
      const signed = `${encode({ alg: 'ES256', typ: 'JWT', kid: keyId })}.${body}`;
      const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return {
        token: `${signed}.${signature.toString('base64url')}`,
        expiresAt: new Date(expiresAt * 1_000),
      };
    },
    verify(token) {
      let claims = verified.get(token);
      if (!claims) {
        claims = check(token);
        if (!claims) return undefined;
        if (verified.size >= REMEMBERED_TOKENS) verified.clear();
        verified.set(token, claims);
      }
      return claims.expiresAt * 1_000 > now() ? claims : undefined;
    },
    keySet: JSON.stringify({
      keys: [{ ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: keyId }],
    }),
  };
}

function makeKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

function kept(path: string, make: () => string): string {
  if (existsSync(path)) return readFileSync(path, 'utf8');
  const made = make();
  writePrivate(path, made);
  return made;
}

/** Reads the payload of a token whose signature has been found to be ours. */
function claimsOf(payload: Json): ServiceAccountClaims | undefined {
  const claims = fields(payload);
  const bound = fields(claims['kubernetes.io']);
  const account = fields(bound['serviceaccount']);
  const { exp, aud } = claims;
  const { namespace } = bound;
  const { name, uid } = account;
  if (claims['iss'] !== ISSUER || typeof exp !== 'number' || !Array.isArray(aud)) return undefined;
  if (typeof namespace !== 'string' || typeof name !== 'string') return undefined;
  return {
    namespace,
    name,
    uid: typeof uid === 'string' ? uid : undefined,
    audiences: aud.map(String),
    expiresAt: exp,
  };
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
