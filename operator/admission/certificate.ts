/**
 * Issues certificates: an authority of our own, and serving certificates that it signs. PEM in, PEM out.
 */
import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A certificate with its private key, both PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** What shall be issued. Times are when it begins and ends to be valid. */
export type Order =
  | { readonly what: 'authority'; readonly from: Date; readonly until: Date }
  | {
      readonly what: 'serving';
      readonly from: Date;
      readonly until: Date;
      readonly by: Pair;
      readonly names: readonly string[];
    };

export type Issuer = (order: Order) => Promise<Pair>;

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' };
const ALGORITHM = { ...CURVE, hash: 'SHA-256' };

/** As `issue`, in a thread of its own. */
export async function issueApart(order: Order): Promise<Pair> {
  const worker = new Worker(new URL('./certificate-worker.ts', import.meta.url), { workerData: order });
  // `once` rejects with the thread's error.
  const [pair] = await once(worker, 'message');
  await worker.terminate();
  // What the worker posts is what `issue` gives.
  return pair as Pair;
}

/** Takes a quarter of a second the first time, most of it loading the library. */
export async function issue(order: Order): Promise<Pair> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const common = { notBefore: order.from, notAfter: order.until, signingAlgorithm: ALGORITHM };
  if (order.what === 'authority') {
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      ...common,
      // Each authority has a name of its own: clients look issuers up by name.
      name: `CN=shopmind ${order.from.toISOString()}`,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return { cert: `${certificate.toString('pem')}\n`, key: await pemOf(keys.privateKey) };
  }
  const authority = new x509.X509Certificate(order.by.cert);
  const certificate = await x509.X509CertificateGenerator.create({
    ...common,
    subject: `CN=${order.names[0] ?? 'shopmind'}`,
    issuer: authority.subject,
    publicKey: keys.publicKey,
    signingKey: await privateKeyOf(order.by.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(order.names.map((value) => ({ type: 'dns', value }))),
      await x509.AuthorityKeyIdentifierExtension.create(await authority.publicKey.export()),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: await pemOf(keys.privateKey) };
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const base64 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

function privateKeyOf(pem: string): Promise<webcrypto.CryptoKey> {
  const base64 = pem.replaceAll(/-----[^-]+-----|\s/g, '');
  return webcrypto.subtle.importKey('pkcs8', Buffer.from(base64, 'base64'), CURVE, false, ['sign']);
}
