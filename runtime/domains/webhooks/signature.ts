/** Signatures after Standard Webhooks 1.0 (standardwebhooks.com): HMAC-SHA-256 of `<id>.<timestamp>.<body>`, so that neither can be exchanged. */
import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';

/** 256 bits; the specification asks for 192 to 512. */
export function newSecret(): string {
  return `${PREFIX}${randomBytes(32).toString('base64')}`;
}

export interface Signed {
  /** The same for every attempt and replay of a message: by it receivers know what they have. */
  readonly id: string;
  /** Of the attempt, so that receivers can refuse what somebody kept and sends again. */
  readonly at: Date;
  readonly body: string;
}

/** @param secrets as `newSecret` makes them; while one replaces another both sign, and receivers may know either */
export function headersOf(secrets: readonly string[], { id, at, body }: Signed): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets
      .map((secret) => `v1,${macOf(secret, `${id}.${timestamp}.${body}`)}`)
      .join(' '),
  };
}

function macOf(secret: string, content: string): string {
  return createHmac('sha256', Buffer.from(secret.slice(PREFIX.length), 'base64'))
    .update(content)
    .digest('base64');
}
