/** Secrets that are handed out once, in a session or a link. Who reads the database finds their hashes, which open nothing. */
import { createHash, randomBytes } from 'node:crypto';

/** 256 bits nobody guesses; what is in front of them says what they are good for. */
export function newToken(prefix = ''): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** As it is stored. Unsalted and quick: what is hashed is random, so there is nothing to try. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
