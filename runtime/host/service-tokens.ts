/**
 * Tokens by which our processes know each other: each is made for one call, good for one operation of one tenant, for a minute. One that
 * is seen on its way opens nothing else, and soon nothing at all.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../platform/ports.ts';

/** What a token is good for. */
export interface Errand {
  readonly tenant: string;
  /** `/internal/<domain>/<operation>` */
  readonly path: string;
}

export interface ServiceTokens {
  issue(errand: Errand): string;
  isGood(token: string | undefined, errand: Errand): boolean;
}

export interface ServiceTokensOptions {
  /** 32 bytes, base64: what all processes of an installation share. */
  readonly secretsKey: string;
  readonly clock: Clock;
}

/** Also how far the clocks of two machines may be apart. */
const GOOD_FOR_MS = 60_000;

export function createServiceTokens({ secretsKey, clock }: ServiceTokensOptions): ServiceTokens {
  const key = createHmac('sha256', Buffer.from(secretsKey, 'base64')).update('shopmind-service-v2').digest();

  function signatureOf(issuedAt: string, { tenant, path }: Errand): Buffer {
    return createHmac('sha256', key)
      .update(JSON.stringify([issuedAt, tenant, path]))
      .digest();
  }

  return {
    issue(errand) {
      const issuedAt = String(clock.now().getTime());
      return `${issuedAt}.${signatureOf(issuedAt, errand).toString('base64url')}`;
    },
    isGood(token, errand) {
      const [, issuedAt = '', signature = ''] = /^(\d{1,15})\.([\w-]{43})$/.exec(token ?? '') ?? [];
      const given = Buffer.from(signature, 'base64url');
      const expected = signatureOf(issuedAt, errand);
      return (
        given.length === expected.length &&
        timingSafeEqual(given, expected) &&
        Math.abs(clock.now().getTime() - Number(issuedAt)) <= GOOD_FOR_MS
      );
    },
  };
}
