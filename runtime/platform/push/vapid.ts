/** Voluntary application server identification (RFC 8292): by it a push service knows the shop, and whom to write to about it. */
import { createECDH, createPrivateKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

const LIFETIME_SECONDS = 12 * 60 * 60;

/** The public key as browsers subscribe with it. @param privateKey 32 bytes, base64url */
export function publicKeyOf(privateKey: string): string {
  return pairOf(privateKey).publicKey.toString('base64url');
}

/** The Authorization header of a push. @param audience origin of the endpoint @param contact `mailto:` or `https:` */
export function authorizationFor(privateKey: string, audience: string, contact: string, now: Date): string {
  const { key, publicKey } = pairOf(privateKey);
  const claims = { aud: audience, exp: Math.floor(now.getTime() / 1_000) + LIFETIME_SECONDS, sub: contact };
  const text = `${part({ typ: 'JWT', alg: 'ES256' })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `vapid t=${text}.${signature.toString('base64url')}, k=${publicKey.toString('base64url')}`;
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function pairOf(privateKey: string): { readonly key: KeyObject; readonly publicKey: Buffer } {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(Buffer.from(privateKey, 'base64url'));
  const publicKey = ecdh.getPublicKey();
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    d: ecdh.getPrivateKey().toString('base64url').padStart(43, 'A'),
    x: publicKey.subarray(1, 33).toString('base64url'),
    y: publicKey.subarray(33).toString('base64url'),
  };
  return { key: createPrivateKey({ key: jwk, format: 'jwk' }), publicKey };
}
