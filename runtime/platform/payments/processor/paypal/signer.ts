/**
 * Who signs the stand-in's messages: an authority of its own and a certificate by it, made at the first message and kept beside the
 * store, as PayPal signs with a certificate that anybody can fetch.
 */
import { createPrivateKey, sign, webcrypto, X509Certificate, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

export interface Signer {
  /** PEM: the signer's certificate, then its authority's. */
  readonly chain: string;
  /** Last part of the certificate's address. */
  readonly name: string;
  sign(transmissionId: string, time: string, webhookId: string, body: string): string;
}

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};
const YEAR_MS = 365 * 86_400_000;
export const SIGNER_NAME = 'messageverificationcerts.local.paypal.com';

/** Loads the certificate library at the first call only: it is larger than the rest of the process. */
export function createSigners(folder: string, now: () => Date): () => Promise<Signer> {
  let made: Promise<Signer> | undefined;
  return () => (made ??= load(join(folder, 'paypal-signer.json'), now()));
}

async function load(path: string, now: Date): Promise<Signer> {
  const kept = existsSync(path) ? read(path) : undefined;
  if (
    kept !== undefined &&
    new X509Certificate(kept.chain).validToDate.getTime() > now.getTime() + YEAR_MS / 12
  )
    return signerOf(kept.chain, createPrivateKey(kept.key));
  const fresh = await issue(now);
  writeFileSync(`${path}.tmp`, JSON.stringify(fresh), { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
  return signerOf(fresh.chain, createPrivateKey(fresh.key));
}

interface Kept {
  readonly chain: string;
  readonly key: string;
}

function read(path: string): Kept {
  // Written by this file only.
  return JSON.parse(readFileSync(path, 'utf8')) as Kept;
}

function signerOf(chain: string, key: KeyObject): Signer {
  return {
    chain,
    name: `CERT-${new X509Certificate(chain).serialNumber}`,
    sign: (transmissionId, time, webhookId, body) =>
      sign('sha256', Buffer.from([transmissionId, time, webhookId, crc32(body)].join('|')), key).toString(
        'base64',
      ),
  };
}

/** @param name the signer's common name; another than PayPal's for tests of who is refused */
export async function issue(now: Date, name = SIGNER_NAME, lifeMs = YEAR_MS): Promise<Kept> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const [authorityKeys, keys] = await Promise.all([newKeys(), newKeys()]);
  // An hour early, for clocks that are a little behind.
  const common = { notBefore: new Date(now.getTime() - 3_600_000), signingAlgorithm: RSA };
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...common,
    notAfter: new Date(now.getTime() + 10 * YEAR_MS),
    name: 'CN=Local payments authority',
    keys: authorityKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    ...common,
    notAfter: new Date(now.getTime() + lifeMs),
    subject: `CN=${name}`,
    issuer: authority.subject,
    publicKey: keys.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    ],
  });
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return {
    chain: `${certificate.toString('pem')}\n${authority.toString('pem')}\n`,
    key: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
      .export({ type: 'pkcs8', format: 'pem' })
      .toString(),
  };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(RSA, true, ['sign', 'verify']);
}
