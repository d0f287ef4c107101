/** Signed tokens (JWS compact form, RFC 7515): taken apart, and verified by a key that is known beforehand. */
import { createPublicKey, verify, type JsonWebKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { jsonIn } from '../json/index.ts';

/** A public key, and the one algorithm it may be used with. */
export interface VerifyingKey {
  readonly id: string;
  readonly algorithm: Algorithm;
  readonly key: KeyObject;
}

export interface SignedToken {
  readonly keyId: string;
  readonly algorithm: string;
  /** Not to be believed before `isSignedBy`. */
  readonly claims: unknown;
  readonly signed: Buffer;
  readonly signature: Buffer;
}

/** Asymmetric ones only: with `none`, or a public key taken for a shared secret, anybody could sign. */
const HASHES = {
  RS256: 'sha256',
  ES256: 'sha256',
  EdDSA: undefined,
} as const;

type Algorithm = keyof typeof HASHES;

const Header = z.object({ alg: z.string(), kid: z.string().max(200) });
const Jwk = z.object({
  kty: z.string(),
  kid: z.string(),
  use: z.string().optional(),
  alg: z.string().optional(),
  crv: z.string().optional(),
});

/** @returns undefined for what is no token */
export function parseToken(text: string): SignedToken | undefined {
  const [head, body, signature, ...rest] = text.split('.');
  if (head === undefined || body === undefined || signature === undefined || rest.length > 0)
    return undefined;
  const header = Header.safeParse(partIn(head));
  if (!header.success) return undefined;
  return {
    keyId: header.data.kid,
    algorithm: header.data.alg,
    claims: partIn(body),
    signed: Buffer.from(`${head}.${body}`),
    signature: Buffer.from(signature, 'base64url'),
  };
}

/** The algorithm is the key's; a token that names another is not believed. */
export function isSignedBy({ keyId, algorithm, signed, signature }: SignedToken, by: VerifyingKey): boolean {
  if (keyId !== by.id || algorithm !== by.algorithm) return false;
  const hash = HASHES[by.algorithm];
  return verify(hash, signed, { key: by.key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** @param set what a provider publishes (RFC 7517); keys for encryption, and of kinds that are not known here, are left out */
export function verifyingKeys(set: unknown): readonly VerifyingKey[] {
  const { keys } = z.object({ keys: z.array(z.unknown()) }).parse(set);
  return keys.flatMap((one) => {
    const jwk = Jwk.safeParse(one);
    if (!jwk.success || (jwk.data.use ?? 'sig') !== 'sig') return [];
    const algorithm = algorithmOf(jwk.data);
    if (algorithm === undefined || (jwk.data.alg ?? algorithm) !== algorithm) return [];
    // What else belongs to a key of its kind, Node checks.
    const key = createPublicKey({ key: one as JsonWebKey, format: 'jwk' });
    return [{ id: jwk.data.kid, algorithm, key }];
  });
}

function algorithmOf({ kty, crv }: z.infer<typeof Jwk>): Algorithm | undefined {
  if (kty === 'RSA') return 'RS256';
  if (kty === 'EC' && crv === 'P-256') return 'ES256';
  return kty === 'OKP' && crv === 'Ed25519' ? 'EdDSA' : undefined;
}

function partIn(part: string): unknown {
  return jsonIn(Buffer.from(part, 'base64url').toString());
}
