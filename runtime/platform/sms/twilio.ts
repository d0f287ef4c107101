/**
 * The sms port by Twilio's Messages API, and by whoever speaks it: `twilio+https://<account>:<token>@api.twilio.com/?from=+4930123456`.
 * Twilio knows no idempotency key; others do, so that one is sent. A text of which nobody knows whether it was sent may come twice.
 */
import { z } from 'zod';
import type { Address } from '../address/index.ts';
import { ShopError } from '../errors.ts';
import { jsonIn } from '../json/index.ts';
import { post } from '../messages/http.ts';
import type { MessageProvider } from '../messages/providers.ts';
import type { SmsMessage } from '../ports.ts';

const taken = z.object({ sid: z.string() });
const refused = z.object({ code: z.int(), message: z.string() });

/** No mobile telephone, out of order for good, or its owner has answered STOP. */
const GONE = new Set([21_211, 21_214, 21_610, 21_614, 21_217]);

/** @param address option `from`: a number, a name, or the id of a messaging service (`MG…`) */
export function createTwilio(address: Address): MessageProvider<SmsMessage> {
  const [server] = address.servers;
  const { user, password, options } = address;
  const from = options['from'];
  if (server === undefined || user === undefined || password === undefined || from === undefined)
    throw new ShopError('forbidden', 'The address of an SMS provider lacks account, token or sender.', {
      remedy: 'Write it as twilio+https://<account>:<token>@api.twilio.com/?from=+4930123456.',
    });
  const name = server.host;
  const scheme = address.scheme === 'twilio+http' ? 'http' : 'https';
  const url = `${scheme}://${server.host}:${server.port}/2010-04-01/Accounts/${encodeURIComponent(user)}/Messages.json`;
  const sender: Record<string, string> = from.startsWith('MG')
    ? { MessagingServiceSid: from }
    : { From: from };
  const headers = {
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
    'content-type': 'application/x-www-form-urlencoded',
  };

  return {
    name,
    async send(message) {
      const body = new URLSearchParams({ To: message.to, Body: message.text, ...sender }).toString();
      const answer = await post(url, name, { ...headers, 'idempotency-key': message.id }, body);
      if (answer.status === 200 || answer.status === 201) {
        const said = taken.safeParse(jsonIn(answer.text));
        // It was taken, whatever else was said: asked again it would be sent again.
        return { provider: name, reference: said.success ? said.data.sid : message.id };
      }
      throw toShopError(name, answer.status, answer.text);
    },
  };
}

function toShopError(name: string, status: number, text: string): ShopError {
  const said = refused.safeParse(jsonIn(text));
  const number = said.success ? said.data.code : undefined;
  // The words name the recipient; the number says as much.
  const message = `${name} answered ${status}${number === undefined ? '' : ` (${number})`}.`;
  if (number !== undefined && GONE.has(number))
    return new ShopError('gone', message, { remedy: 'Write to another number.' });
  if (status === 401 || status === 403 || (status >= 300 && status < 400) || status === 404)
    return new ShopError('forbidden', message, {
      remedy: 'Correct account and token in the shop’s secret sms-providers.',
    });
  if (status === 429 || status >= 500)
    return new ShopError('unavailable', message, { remedy: 'Send it again later.' });
  return new ShopError('invalid_input', message, {
    remedy: 'Look the number up in the provider’s list of errors.',
  });
}
