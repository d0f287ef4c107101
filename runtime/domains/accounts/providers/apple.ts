/**
 * Where Apple differs from other OpenID providers (developer.apple.com, Sign in with Apple REST API): a client proves itself by a token
 * that a key of its team signs, the answer is posted, and the name is told beside it, the first time only.
 */
import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { jsonIn } from '../../../platform/json/index.ts';

/** Who signs for a client: the team, and a key of it by its name there. */
export interface AppleSigner {
  readonly team: string;
  readonly key: string;
  /** As Apple hands it out, a .p8 file: PKCS #8 in PEM. */
  readonly privateKey: string;
}

/** What is asked for in the address that a browser is led to. Whoever asks for a name is answered by a form alone. */
export const APPLE_ASKS = { scope: 'openid email name', response_mode: 'form_post' } as const;

/** Apple takes half a year at most. It is made anew for each code, so that none is good for long. */
const GOOD_FOR_SECONDS = 5 * 60;

/** @returns undefined: it is no private key on P-256, which ES256 wants */
export function signingKeyIn(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey({ key: pem, format: 'pem' });
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    // It is none at all; what was wrong with it may be part of it, and is told to nobody.
    return undefined;
  }
}

/** The client's secret of this moment. @throws Error for a key that {@link signingKeyIn} refuses */
export function appleSecret(
  { team, key: kid, privateKey }: AppleSigner,
  { issuer, clientId }: { readonly issuer: string; readonly clientId: string },
  now: Date,
): string {
  const key = signingKeyIn(privateKey);
  if (key === undefined) throw new Error('The key for Sign in with Apple is none on P-256.');
  const iat = Math.floor(now.getTime() / 1_000);
  const claims = { iss: team, iat, exp: iat + GOOD_FOR_SECONDS, aud: issuer, sub: clientId };
  const text = [{ alg: 'ES256', kid }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

const User = z.object({
  name: z.object({ firstName: z.string().optional(), lastName: z.string().optional() }).optional(),
});

/**
 * What somebody is called, by what their own browser brings beside the code: it is their word, and no address is taken from it.
 * @param user JSON, the first time; undefined: later
 */
export function namesIn(user: string | undefined): { readonly first: string; readonly last: string } {
  const said = User.safeParse(jsonIn(user ?? ''));
  const { firstName = '', lastName = '' } = said.data?.name ?? {};
  return { first: firstName, last: lastName };
}
