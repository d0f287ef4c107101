/** A message of the stand-in as PayPal sends it: the event, and five headers that prove whose it is. */
import { randomUUID } from 'node:crypto';
import type { Letter } from '../webhooks.ts';
import type { Delivery, Store } from '../store.ts';
import { SIGNER_NAME, type Signer } from './signer.ts';

/** @returns undefined where there is nothing to send any more */
export async function payPalLetter(
  store: Store,
  delivery: Delivery,
  signer: () => Promise<Signer>,
  now: Date,
): Promise<Letter | undefined> {
  const event = store.get(delivery.account, 'paypal_event', delivery.event);
  const account = store.list(delivery.account, 'paypal_account', { limit: 1 }).data[0];
  if (event === undefined || account === undefined) return undefined;
  const { chain: _chain, name, sign } = await signer();
  const id = randomUUID();
  const time = now.toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    url: account.webhookUrl,
    host: undefined,
    body: event.body,
    headers: {
      'paypal-transmission-id': id,
      'paypal-transmission-time': time,
      'paypal-transmission-sig': sign(id, time, account.webhookId, event.body),
      'paypal-auth-algo': 'SHA256withRSA',
      'paypal-cert-url': `https://${SIGNER_NAME}/v1/notifications/certs/${name}`,
    },
  };
}
