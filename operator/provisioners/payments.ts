/**
 * A tenant's payment keys. With the platform's own processor they are generated here and registered there;
 * with a secretRef they are the merchant's, and nothing is registered.
 */
import { randomInt } from 'node:crypto';

export interface PaymentKeys {
  readonly secretKey: string;
  readonly publishableKey: string;
  readonly webhookSecret: string;
  /** Where the processor delivers; present for accounts registered by us. */
  readonly webhookUrl?: string | undefined;
}

/** Keys of a REST app at PayPal, its sandbox, or the platform's own stand-in (`local`). */
export interface PayPalKeys {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly webhookId: string;
  readonly environment: 'live' | 'sandbox' | 'local';
  /** Where the stand-in delivers; present for accounts registered by us. */
  readonly webhookUrl?: string | undefined;
}

export interface Processor {
  /** Creates or replaces the account. Rejects when the processor is away or refuses. */
  register(account: PaymentKeys & { readonly id: string; readonly webhookUrl: string }): Promise<void>;
  /** Creates or replaces the account at the stand-in for PayPal, which the same process is. */
  registerPayPal(account: PayPalKeys & { readonly id: string; readonly webhookUrl: string }): Promise<void>;
  /** Removes both accounts; fine when there is none. */
  remove(id: string): Promise<void>;
  /** Resolves when something answers at its address; rejects with a transient ProcessorError. */
  ping(): Promise<void>;
}

/** The processor is away or refused; `transient` tells which. */
export class ProcessorError extends Error {
  readonly transient: boolean;
  constructor(message: string, transient: boolean, cause?: unknown) {
    super(message, { cause });
    this.name = 'ProcessorError';
    this.transient = transient;
  }
}

/**
 * @param url the platform's PAYMENTS_URL
 * @param secret PAYMENTS_SECRET, shown as a bearer token
 * @param mayAct asked before every call; throws when this process may not change anything any more
 */
export function createProcessor(
  url: string,
  secret: string,
  mayAct: () => void = () => undefined,
): Processor {
  const call = async (method: string, path: string, body?: object): Promise<number> => {
    mayAct();
    let answer: Response;
    try {
      answer = await fetch(new URL(path, url), {
        method,
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(5_000),
      });
    } catch (cause) {
      throw new ProcessorError(`the payment processor at ${url} does not answer`, true, cause);
    }
    const text = await answer.text();
    if (answer.ok || answer.status === 404) return answer.status;
    throw new ProcessorError(
      `the payment processor answered ${answer.status} to ${method} ${path}: ${text.slice(0, 300)}`,
      answer.status >= 500 || answer.status === 429,
    );
  };
  return {
    async register({ id, secretKey, publishableKey, webhookSecret, webhookUrl }) {
      const account = { id, secretKey, publishableKey, webhookSecret, webhookUrl };
      const status = await call('POST', '/_admin/accounts', account);
      if (status === 404)
        throw new ProcessorError(`the payment processor at ${url} has no /_admin/accounts`, false);
    },
    async registerPayPal({ id, clientId, clientSecret, webhookId, webhookUrl }) {
      const account = { id, clientId, clientSecret, webhookId, webhookUrl };
      const status = await call('POST', '/_admin/paypal-accounts', account);
      if (status === 404)
        throw new ProcessorError(`the payment processor at ${url} has no /_admin/paypal-accounts`, false);
    },
    async remove(id) {
      await call('DELETE', `/_admin/accounts/${id}`);
      await call('DELETE', `/_admin/paypal-accounts/${id}`);
    },
    async ping() {
      await call('GET', '/');
    },
  };
}

/** Keys in the shape of the provider's test keys. */
export function generateKeys(webhookUrl: string): PaymentKeys & { readonly webhookUrl: string } {
  return {
    secretKey: `sk_test_${random(40)}`,
    publishableKey: `pk_test_${random(40)}`,
    webhookSecret: `whsec_${random(40)}`,
    webhookUrl,
  };
}

/** Keys of an account at the stand-in for PayPal. */
export function generatePayPalKeys(webhookUrl: string): PayPalKeys & { readonly webhookUrl: string } {
  return {
    clientId: random(40),
    clientSecret: random(40),
    webhookId: random(20).toUpperCase(),
    environment: 'local',
    webhookUrl,
  };
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function random(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}
