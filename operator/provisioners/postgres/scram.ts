/**
 * Tells whether a role's stored SCRAM verifier (RFC 5803) belongs to a password, so that a lost or changed Secret
 * shows up as drift without ever trying to log in.
 */
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';

const SHAPE = /^SCRAM-SHA-256\$(\d{1,6}):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):[A-Za-z0-9+/=]+$/;

export function verifies(password: string, verifier: string | null): boolean {
  const parts = SHAPE.exec(verifier ?? '');
  const [, iterations, salt, storedKey] = parts ?? [];
  if (iterations === undefined || salt === undefined || storedKey === undefined) return false;
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const computed = createHash('sha256').update(clientKey).digest();
  const stored = Buffer.from(storedKey, 'base64');
  return stored.length === computed.length && timingSafeEqual(stored, computed);
}
