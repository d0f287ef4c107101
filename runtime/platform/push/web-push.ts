/**
 * The push port by Web Push (RFC 8030, 8291, 8292). A message is its own topic: a push service that still holds it replaces it when it
 * comes again, instead of showing it twice.
 */
import { createHash } from 'node:crypto';
import { ShopError } from '../errors.ts';
import { post } from '../messages/http.ts';
import type { MessageProvider } from '../messages/providers.ts';
import type { Clock, PushMessage } from '../ports.ts';
import { encrypt } from './encryption.ts';
import { isPushService } from './services.ts';
import { authorizationFor } from './vapid.ts';

export interface WebPushOptions {
  /** 32 bytes, base64url. */
  readonly key: string;
  readonly contact: string;
  readonly clock: Clock;
  /** Tests have a push service of their own. */
  readonly allows?: (endpoint: string) => boolean;
}

export function createWebPush({
  key,
  contact,
  clock,
  allows = isPushService,
}: WebPushOptions): MessageProvider<PushMessage> {
  return {
    name: 'web-push',
    async send({ id, to, content, ttlSeconds }) {
      // A browser says where it wants to be reached, and a browser may lie: nothing else is asked by us.
      if (!allows(to.endpoint))
        throw new ShopError('gone', 'The endpoint is none of a push service.', {
          remedy: 'Subscribe again.',
        });
      const { origin, host } = new URL(to.endpoint);
      const body = encrypt(to, Buffer.from(JSON.stringify(content)));
      const headers = {
        authorization: authorizationFor(key, origin, contact, clock.now()),
        'content-encoding': 'aes128gcm',
        'content-type': 'application/octet-stream',
        ttl: String(ttlSeconds),
        topic: createHash('sha256').update(id).digest('base64url').slice(0, 32),
      };
      const { status } = await post(to.endpoint, host, headers, body);
      if (status >= 200 && status < 300) return { provider: host, reference: id };
      throw refusal(host, status);
    },
  };
}

function refusal(host: string, status: number): ShopError {
  const message = `${host} answered ${status}.`;
  if (status === 404 || status === 410) return new ShopError('gone', message, { remedy: 'Subscribe again.' });
  if (status === 429 || status >= 500)
    return new ShopError('unavailable', message, { remedy: 'Send it again later.' });
  if (status === 401 || status === 403)
    return new ShopError('forbidden', message, {
      remedy: 'Browsers subscribed with another key than push-key: let them subscribe again.',
    });
  return new ShopError('invalid_input', message, { remedy: 'Make the message shorter.' });
}
