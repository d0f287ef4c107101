/** Secrets are compared so that how long it takes tells nothing of them. */
import { createHash, timingSafeEqual } from 'node:crypto';

export function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(digestOf(given), digestOf(wanted));
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
