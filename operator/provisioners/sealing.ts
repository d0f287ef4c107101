/**
 * Seals tenants' secrets for the directory: AES-256-GCM, bound to tenant and name so that rows cannot be swapped.
 * Layout: 12 bytes nonce, ciphertext, 16 bytes tag.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const NONCE = 12;
const TAG = 16;

export interface Sealer {
  seal(tenant: string, name: string, value: string): Buffer;
  /** `undefined` when the key, the tenant or the name is not the one it was sealed with. */
  open(tenant: string, name: string, sealed: Buffer): string | undefined;
}

/** @param key 32 bytes in base64 */
export function createSealer(key: string): Sealer {
  const bytes = Buffer.from(key, 'base64');
  return {
    seal(tenant, name, value) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv('aes-256-gcm', bytes, nonce);
      cipher.setAAD(Buffer.from(`${tenant}/${name}`));
      return Buffer.concat([nonce, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    },
    open(tenant, name, sealed) {
      if (sealed.length < NONCE + TAG) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', bytes, sealed.subarray(0, NONCE));
      decipher.setAAD(Buffer.from(`${tenant}/${name}`));
      decipher.setAuthTag(sealed.subarray(-TAG));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()]).toString(
          'utf8',
        );
      } catch {
        // Authentication failed: it was sealed with another key or for another place.
        return undefined;
      }
    },
  };
}
