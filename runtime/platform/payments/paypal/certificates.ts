/** Whether a certificate is PayPal's: valid now, of its name, and in a chain that ends at an authority that is trusted. */
import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';

/** Who signs messages, by PayPal's own clients: one name for each environment. */
const SIGNERS = /^CN=messageverificationcerts(?:\.sandbox|\.local)?\.paypal\.com$/m;
const MOST = 6;

/** Issuers of last resort by their name. */
export type Roots = ReadonlyMap<string, readonly X509Certificate[]>;

/** Those of Node's, which are Mozilla's. Takes some milliseconds. */
export function publicRoots(): Roots {
  const roots = new Map<string, X509Certificate[]>();
  for (const pem of rootCertificates) {
    const root = new X509Certificate(pem);
    roots.set(root.subject, [...(roots.get(root.subject) ?? []), root]);
  }
  return roots;
}

/** @returns the certificates in a text, the signer's first; none when any of them cannot be read */
export function readChain(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length > MOST) return [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    // Not a certificate: then there is no chain.
    return [];
  }
}

/** @param roots undefined: the chain's own end is trusted, because whoever gave it is */
export function isTrusted(chain: readonly X509Certificate[], roots: Roots | undefined, now: Date): boolean {
  const [signer] = chain;
  const last = chain.at(-1);
  if (signer === undefined || last === undefined || !SIGNERS.test(signer.subject)) return false;
  if (!chain.every((each) => isValid(each, now))) return false;
  for (const [at, each] of chain.entries()) {
    const issuer = chain[at + 1];
    if (issuer !== undefined && !isIssuedBy(each, issuer)) return false;
  }
  if (roots === undefined) return chain.length > 1 && isIssuedBy(last, last);
  const known = roots.get(last.subject)?.some((root) => root.fingerprint256 === last.fingerprint256) === true;
  return known || (roots.get(last.issuer) ?? []).some((root) => isValid(root, now) && isIssuedBy(last, root));
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isValid({ validFromDate, validToDate }: X509Certificate, now: Date): boolean {
  return validFromDate <= now && now <= validToDate;
}
