/**
 * The webhook's certificate: self-issued, kept in a Secret, renewed a month before it ends.
 */
import { webcrypto, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface Certificate {
  /** PEM; also the CA the API server shall trust. */
  readonly cert: string;
  readonly key: string;
}

const DAY = 86_400_000;
const LIFETIME_DAYS = 365;
const RENEW_DAYS = 30;

/** Whether a stored certificate is good for these names for a while. */
export function isFresh(certificate: Certificate, names: readonly string[], now: Date): boolean {
  try {
    const parsed = new X509Certificate(certificate.cert);
    const ends = new Date(parsed.validTo).getTime();
    return (
      names.every((name) => parsed.checkHost(name) !== undefined) && ends - now.getTime() > RENEW_DAYS * DAY
    );
  } catch {
    // Not a certificate: as good as none.
    return false;
  }
}

/** As `issue`, in a thread of its own. */
export async function issueApart(names: readonly string[], now: Date): Promise<Certificate> {
  const worker = new Worker(new URL('./certificate-worker.ts', import.meta.url), {
    workerData: { names, now },
  });
  // `once` rejects with the thread's error.
  const [certificate] = await once(worker, 'message');
  await worker.terminate();
  // What the worker posts is what `issue` gives.
  return certificate as Certificate;
}

/** Issues a certificate that is its own authority. Takes a quarter of a second, most of it loading the library. */
export async function issue(names: readonly string[], now: Date): Promise<Certificate> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${names[0] ?? 'shopmind'}`,
    keys,
    notBefore: new Date(now.getTime() - DAY),
    notAfter: new Date(now.getTime() + LIFETIME_DAYS * DAY),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value }))),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const lines = key.match(/.{1,64}/g) ?? [];
  return {
    cert: `${certificate.toString('pem')}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`,
  };
}
