/**
 * What a domain keeps and has to read again, as the secret of somebody's authenticator app: sealed with AES-256-GCM by a key of its own
 * drawn from the installation's, and bound to its tenant and what it is.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { ShopError } from '../errors.ts';
import type { Sealing } from '../ports.ts';

const NONCE = 12;
const TAG = 16;

/** @param secretsKey 32 bytes, base64 */
export function createSealing(secretsKey: string): Sealing {
  const key = Buffer.from(
    hkdfSync('sha256', Buffer.from(secretsKey, 'base64'), '', 'shopmind-sealing-v1', 32),
  );
  const bound = (tenant: string, what: string): Buffer => Buffer.from(JSON.stringify([tenant, what]));
  return {
    seal(tenant, what, value) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
      cipher.setAAD(bound(tenant, what));
      return Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
    },
    open(tenant, what, sealed) {
      try {
        const opener = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE), {
          authTagLength: TAG,
        });
        opener.setAAD(bound(tenant, what));
        opener.setAuthTag(sealed.subarray(sealed.length - TAG));
        return Buffer.concat([opener.update(sealed.subarray(NONCE, sealed.length - TAG)), opener.final()]);
      } catch (error) {
        throw new ShopError('internal', `What is sealed as ${what} of ${tenant} cannot be opened.`, {
          cause: error,
          remedy: 'Check that this process has the SECRETS_KEY it was sealed by.',
        });
      }
    },
  };
}
