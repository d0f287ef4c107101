/**
 * What opens an upload's address: an unguessable word that only its digest is kept of, good for one upload of one shop, until a
 * moment. Pure but for the dice.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export interface Ticket {
  /** For the address; never kept. */
  readonly word: string;
  readonly digest: string;
}

export function newTicket(tenant: string, upload: string): Ticket {
  const word = randomBytes(24).toString('base64url');
  return { word, digest: digestOf(tenant, upload, word) };
}

/** @param digest null: the upload has no address of ours */
export function opens(tenant: string, upload: string, word: string, digest: string | null): boolean {
  if (digest === null) return false;
  return timingSafeEqual(Buffer.from(digestOf(tenant, upload, word)), Buffer.from(digest));
}

function digestOf(tenant: string, upload: string, word: string): string {
  return createHash('sha256')
    .update(JSON.stringify([tenant, upload, word]))
    .digest('hex');
}
