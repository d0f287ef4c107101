/**
 * PayPal's messages: signed by RSA over the transmission's id and time, the webhook's id and the CRC32 of the bytes. Which
 * certificate it was is said by the message itself, so its address is bounded to PayPal's and its chain is looked at.
 */
import { verify, type KeyObject } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { ShopError } from '../../errors.ts';
import { jsonIn } from '../../json/index.ts';
import type { Clock } from '../../ports.ts';
import { isTrusted, publicRoots, readChain, type Roots } from './certificates.ts';
import { exchange } from './client.ts';

/** Where an environment's API is, and whose certificates count there. */
export interface SignedBy {
  /** Base of the API; certificates are fetched from there and nowhere else. */
  readonly url: string;
  /** Hosts that a message may name; undefined: any, since only `url` is asked. */
  readonly hosts: readonly string[] | undefined;
}

export interface PayPalEvent {
  readonly id: string;
  readonly type: string;
  readonly createdAt: Date;
  readonly resource: unknown;
}

export interface WebhookReader {
  /** @throws ShopError `unauthenticated`; `invalid_input` for what is signed and no event; `unavailable` while the certificate cannot be had */
  read(
    from: SignedBy,
    webhookId: string,
    rawBody: Buffer,
    headers: Readonly<Record<string, string | undefined>>,
  ): Promise<PayPalEvent>;
}

const event = z.object({
  id: z.string().min(1).max(100),
  event_type: z.string().min(1).max(100),
  create_time: z.iso.datetime({ offset: true }),
  resource: z.unknown(),
});

/** PayPal tries for three days. Messages count once, and lead to a look at what is so: an old one does no harm. */
const OLDEST_MS = 3 * 86_400_000 + 3_600_000;
const AHEAD_MS = 300_000;
/** How long a certificate that was found good is not fetched again. */
const KEPT_MS = 3_600_000;
const MOST_KEPT = 32;
const NAME = /\/v1\/notifications\/certs\/([A-Za-z0-9_-]{1,100})$/;

export function createWebhookReader(clock: Clock, timeoutMs: number): WebhookReader {
  const kept = new Map<string, { readonly key: KeyObject; readonly until: number }>();
  let roots: Roots | undefined;

  async function keyAt(from: SignedBy, certificateUrl: string): Promise<KeyObject> {
    const address = addressOf(from, certificateUrl);
    const now = clock.now();
    const known = kept.get(address);
    if (known !== undefined && known.until > now.getTime()) return known.key;
    const { status, text } = await exchange(address, {}, timeoutMs);
    if (status >= 500 || status === 429)
      throw new ShopError('unavailable', 'PayPal does not show its certificate just now.', {
        remedy: 'Send the message again.',
      });
    const chain = status === 200 ? readChain(text) : [];
    const [signer] = chain;
    const trusted = from.hosts === undefined ? undefined : (roots ??= publicRoots());
    if (signer === undefined || !isTrusted(chain, trusted, now))
      throw unsigned('Its certificate is not PayPal’s.');
    kept.set(address, {
      key: signer.publicKey,
      until: Math.min(now.getTime() + KEPT_MS, signer.validToDate.getTime()),
    });
    for (const oldest of kept.keys()) {
      if (kept.size <= MOST_KEPT) break;
      kept.delete(oldest);
    }
    return signer.publicKey;
  }

  return {
    async read(from, webhookId, rawBody, headers) {
      const header = (name: string): string => headers[`paypal-${name}`] ?? '';
      const time = header('transmission-time');
      const age = clock.now().getTime() - Date.parse(time);
      if (!(age <= OLDEST_MS && age >= -AHEAD_MS)) throw unsigned('It is too old, or says no time.');
      if (header('auth-algo') !== 'SHA256withRSA') throw unsigned('It is signed in a way that nobody knows.');
      const signature = Buffer.from(header('transmission-sig'), 'base64');
      const signed = [header('transmission-id'), time, webhookId, crc32(rawBody)].join('|');
      const key = await keyAt(from, header('cert-url'));
      if (key.asymmetricKeyType !== 'rsa' || !verify('sha256', Buffer.from(signed), key, signature))
        throw unsigned('The signature is over something else.');
      return eventIn(rawBody);
    },
  };
}

/** Only the certificate's name is taken from the message. */
function addressOf({ url, hosts }: SignedBy, certificateUrl: string): string {
  const said = URL.canParse(certificateUrl) ? new URL(certificateUrl) : undefined;
  const name = NAME.exec(said?.pathname ?? '')?.[1];
  const known =
    hosts === undefined ||
    (said !== undefined && said.protocol === 'https:' && said.port === '' && hosts.includes(said.hostname));
  const bare = said?.username === '' && said.password === '' && said.search === '' && said.hash === '';
  if (name === undefined || !known || !bare) throw unsigned('Its certificate is not at PayPal’s address.');
  return `${url}/v1/notifications/certs/${name}`;
}

function eventIn(rawBody: Buffer): PayPalEvent {
  const read = event.safeParse(jsonIn(rawBody.toString('utf8')));
  if (!read.success)
    throw new ShopError('invalid_input', 'The webhook tells of no event.', {
      remedy: 'Send events as PayPal makes them, with id, event_type and create_time.',
    });
  const { id, event_type: type, create_time: created, resource } = read.data;
  return { id, type, createdAt: new Date(created), resource };
}

function unsigned(why: string): ShopError {
  return new ShopError('unauthenticated', `The webhook is not signed by PayPal. ${why}`, {
    remedy:
      'Send the bytes as signed, with all five PayPal headers; check the webhook id in the tenant’s Secret.',
  });
}
