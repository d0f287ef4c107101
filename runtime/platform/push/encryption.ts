/** Message encryption for Web Push (RFC 8291): only the browser that subscribed reads it, not the push service between. */
import { createCipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto';
import type { PushTarget } from '../ports.ts';

const RECORD_BYTES = 4_096;

/**
 * The body of a push, content coding aes128gcm (RFC 8188) in one record.
 * @param salt @param privateKey chance, but for tests against the vectors of RFC 8291
 */
export function encrypt(
  { keys }: PushTarget,
  plaintext: Buffer,
  salt: Buffer = randomBytes(16),
  privateKey?: Buffer,
): Buffer {
  const browser = Buffer.from(keys.p256dh, 'base64url');
  const ours = createECDH('prime256v1');
  if (privateKey === undefined) ours.generateKeys();
  else ours.setPrivateKey(privateKey);
  const publicKey = ours.getPublicKey();

  const info = Buffer.concat([Buffer.from('WebPush: info\0'), browser, publicKey]);
  const shared = derive(ours.computeSecret(browser), Buffer.from(keys.auth, 'base64url'), info, 32);
  const key = derive(shared, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
  const nonce = derive(shared, salt, Buffer.from('Content-Encoding: nonce\0'), 12);

  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  // 2: this is the last record, and nothing pads it.
  const record = [
    cipher.update(Buffer.concat([plaintext, Buffer.from([2])])),
    cipher.final(),
    cipher.getAuthTag(),
  ];
  const header = Buffer.alloc(5);
  header.writeUInt32BE(RECORD_BYTES, 0);
  header.writeUInt8(publicKey.length, 4);
  return Buffer.concat([salt, header, publicKey, ...record]);
}

function derive(secret: Buffer, salt: Buffer, info: Buffer, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, bytes));
}
