/**
 * The receipt of an erasure: what was removed where, that nothing was found afterwards, signed (Ed25519, RFC 8032) so that whoever
 * holds it can show it to somebody who does not trust them.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { z } from 'zod';

const Line = z.object({
  holder: z.string(),
  what: z.string(),
  action: z.enum(['exported', 'deleted', 'redacted', 'left']),
  count: z.int(),
});

const Statement = z.object({
  kind: z.literal('shopmind.ai/erasure-receipt/v1'),
  tenant: z.string(),
  customer: z.string(),
  operation: z.string(),
  erasedAt: z.iso.datetime(),
  verifiedAt: z.iso.datetime(),
  holders: z.array(z.string()),
  removed: z.array(Line),
  /** Backups that were made before still have it, until then; null: until they are removed, which nobody can date. */
  backupsUntil: z.iso.datetime().nullable(),
});
export type Statement = z.infer<typeof Statement>;

export const Receipt = z.object({
  statement: Statement,
  /** SHA-256 of the public key: compare it with the one the platform publishes. */
  key: z.string(),
  publicKey: z.string(),
  signature: z.string(),
});
export type Receipt = z.infer<typeof Receipt>;

export interface Signer {
  sign(statement: Statement): Receipt;
  /** Fingerprint of the key, to publish. */
  readonly key: string;
}

/** DER before the 32 bytes of an Ed25519 private key (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** @param secretsKey the platform's SECRETS_KEY, base64: the signing key is derived from it (HKDF, RFC 5869), and nothing else is kept */
export function createSigner(secretsKey: string): Signer {
  const seed = hkdfSync('sha256', Buffer.from(secretsKey, 'base64'), '', 'shopmind erasure receipts', 32);
  const secret = createPrivateKey({
    key: Buffer.concat([PKCS8, Buffer.from(seed)]),
    format: 'der',
    type: 'pkcs8',
  });
  const open = createPublicKey(secret);
  const key = fingerprint(open);
  return {
    key,
    sign: (statement) => ({
      statement,
      key,
      publicKey: open.export({ format: 'der', type: 'spki' }).toString('base64'),
      signature: sign(null, bytesOf(statement), secret).toString('base64'),
    }),
  };
}

export type Verdict =
  | { readonly ok: true; readonly statement: Statement; readonly key: string }
  | { readonly ok: false; readonly why: string };

/** @param trusted fingerprint the key must have; absent: only that the receipt is as it was signed is known */
export function verifyReceipt(text: string, trusted?: string): Verdict {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return { ok: false, why: 'it is no JSON' };
  }
  const parsed = Receipt.safeParse(document);
  if (!parsed.success) return { ok: false, why: `it is no receipt: ${z.prettifyError(parsed.error)}` };
  const { statement, key, publicKey, signature } = parsed.data;
  let open: KeyObject;
  try {
    open = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  } catch {
    return { ok: false, why: 'its key cannot be read' };
  }
  if (open.asymmetricKeyType !== 'ed25519' || fingerprint(open) !== key)
    return { ok: false, why: 'its key is not the one it names' };
  if (trusted !== undefined && trusted !== key)
    return { ok: false, why: `it was signed by ${key}, not by ${trusted}` };
  if (!verify(null, bytesOf(statement), open, Buffer.from(signature, 'base64')))
    return { ok: false, why: 'it was changed after it was signed' };
  return { ok: true, statement, key };
}

/** One text for equal statements, whatever the order of their keys. */
function bytesOf(statement: Statement): Buffer {
  return Buffer.from(
    JSON.stringify(statement, (_, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        : value,
    ),
  );
}

function fingerprint(key: KeyObject): string {
  const der = key.export({ format: 'der', type: 'spki' });
  return `SHA256:${createHash('sha256').update(der).digest('base64url')}`;
}
