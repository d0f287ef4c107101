/**
 * Who sends a shop's messages: the providers its secrets name, in their order; else those of the platform; else its outbox.
 *
 * Secret `mail-providers` holds one address a line, `smtp://user:password@host:587`; `sms-providers` such as
 * `twilio+https://sid:token@api.twilio.com/?from=+4930123456`; `push-key` the private key by which push services know the shop.
 */
import type { Logger } from 'pino';
import type { Address } from '../address/index.ts';
import { ShopError } from '../errors.ts';
import type {
  Clock,
  Mail,
  MailMessage,
  Outbox,
  Push,
  PushMessage,
  Secrets,
  Sent,
  Sms,
  SmsMessage,
  Sql,
  TenantId,
} from '../ports.ts';
import { createFailover, type Provider } from './failover.ts';
import { addressesIn, readProvider, type ProvidedChannel } from './index.ts';
import { createOutbox } from './outbox.ts';
import { checkMail, checkPush, checkSms } from './rules.ts';

export const MAIL_PROVIDERS = 'mail-providers';
export const SMS_PROVIDERS = 'sms-providers';
const PUSH_KEY = 'push-key';

export interface MessagingOptions {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly log: Logger;
  /** Addresses of the platform's own providers, for shops that name none, as the secrets hold them. */
  readonly mailProviders?: string | undefined;
  readonly smsProviders?: string | undefined;
  /** Whom push services may complain to: `mailto:` or `https:`. */
  readonly pushContact?: string | undefined;
}

export interface Messaging {
  readonly mail: Mail;
  readonly sms: Sms;
  readonly push: Push;
  readonly outbox: Outbox;
  close(): void;
}

export function createMessaging(options: MessagingOptions): Messaging {
  const { secrets, clock } = options;
  const embedded = createOutbox(options);
  const failover = createFailover(options);
  const mails = createPool<MailMessage>('mail', async (address) => {
    const { createSmtp } = await import('../mail/smtp.ts');
    return createSmtp(address);
  });
  const texts = createPool<SmsMessage>('sms', async (address) => {
    const { createTwilio } = await import('../sms/twilio.ts');
    return createTwilio(address);
  });
  const named = async (tenant: TenantId, secret: string, platforms = ''): Promise<readonly string[]> =>
    addressesIn((await secrets.get(tenant, secret)) ?? platforms);

  async function pushes(tenant: TenantId): Promise<Provider<PushMessage, Sent> | undefined> {
    const key = await secrets.get(tenant, PUSH_KEY);
    if (key === undefined) return undefined;
    const { createWebPush } = await import('../push/web-push.ts');
    return createWebPush({ key, contact: options.pushContact ?? 'mailto:postmaster@localhost', clock });
  }

  return {
    mail: {
      async send(tenant, message) {
        checkMail(message);
        const addresses = await named(tenant, MAIL_PROVIDERS, options.mailProviders);
        if (addresses.length === 0) return embedded.mail.send(tenant, message);
        return failover.send(await mails.of(addresses), message);
      },
    },
    sms: {
      async send(tenant, message) {
        checkSms(message);
        const addresses = await named(tenant, SMS_PROVIDERS, options.smsProviders);
        if (addresses.length === 0) return embedded.sms.send(tenant, message);
        return failover.send(await texts.of(addresses), message);
      },
    },
    push: {
      async send(tenant, message) {
        checkPush(message);
        const provider = await pushes(tenant);
        return provider === undefined ? embedded.push.send(tenant, message) : provider.send(message);
      },
      async publicKey(tenant) {
        const key = await secrets.get(tenant, PUSH_KEY);
        if (key === undefined) return undefined;
        const { publicKeyOf } = await import('../push/vapid.ts');
        return publicKeyOf(key);
      },
    },
    outbox: embedded.outbox,
    close() {
      mails.close();
      texts.close();
    },
  };
}

/** What speaks to a provider, and may hold connections to it. */
export interface MessageProvider<Message> extends Provider<Message, Sent> {
  close?(): void;
}

/** Providers by address: shops that name the same one share its connections. The least recently asked are closed beyond 200. */
function createPool<Message>(
  channel: ProvidedChannel,
  open: (address: Address) => Promise<MessageProvider<Message>>,
): {
  of(addresses: readonly string[]): Promise<readonly MessageProvider<Message>[]>;
  close(): void;
} {
  const opened = new Map<string, Promise<MessageProvider<Message>>>();
  const shut = (provider: Promise<MessageProvider<Message>>): void =>
    void provider.then(
      (one) => one.close?.(),
      () => undefined,
    );
  function take(text: string): Promise<MessageProvider<Message>> {
    const known = opened.get(text);
    const provider = known ?? read(channel, text).then(open);
    opened.delete(text);
    opened.set(text, provider);
    const [oldest] = opened.keys();
    if (opened.size > 200 && oldest !== undefined) {
      const closing = opened.get(oldest);
      opened.delete(oldest);
      if (closing !== undefined) shut(closing);
    }
    return provider;
  }
  return {
    of: (addresses) => Promise.all(addresses.map(take)),
    close() {
      for (const provider of opened.values()) shut(provider);
      opened.clear();
    },
  };
}

async function read(channel: ProvidedChannel, text: string): Promise<Address> {
  try {
    return readProvider(channel, text);
  } catch (error) {
    // What was written is a secret, and is not repeated.
    throw new ShopError(
      'forbidden',
      `The address of a provider of ${channel} is malformed, or of a kind unknown here.`,
      {
        cause: error,
        remedy:
          'Write it as smtp://user:password@host:587 or twilio+https://sid:token@host/?from=…, percent-encoded.',
      },
    );
  }
}
