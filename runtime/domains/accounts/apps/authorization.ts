/**
 * What an app asks for when it sends a browser here (OpenID Connect Core, 3.1.2.1; OAuth 2.1, 4.1.1), and why it may not have it. No input
 * and no output.
 */
import { APP_SCOPES, type AppScope, type AuthorizeQuery } from './definition.ts';
import { isSamePlace, placeOf } from './redirects.ts';

export interface Asked {
  readonly scopes: readonly AppScope[];
  readonly challenge: string;
  /** Nobody is shown anything: it works at once, or not. */
  readonly silently: boolean;
  /** Milliseconds since the epoch: who signed in before has to do so again. */
  readonly signedInSince: number;
  /** The same for who agreed before. */
  readonly agreedSince: number;
}

/** As the app is told (RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6). */
export interface Refusal {
  readonly error: string;
  readonly description: string;
}

const PROMPTS = ['none', 'login', 'consent', 'select_account'];

/** Whether the app may be answered there: else nothing that it says is to be believed, and nobody is sent on. */
export function isReturn(redirectUris: readonly string[], asked: string | undefined): asked is string {
  return asked !== undefined && redirectUris.some((known) => isSamePlace(known, asked));
}

/**
 * @param allowed what the app may ask for
 * @param redirectUri where it is answered, one of its own
 * @param now milliseconds since the epoch
 */
export function readAsked(
  query: AuthorizeQuery,
  allowed: readonly AppScope[],
  redirectUri: string,
  now: number,
): Asked | Refusal {
  const refused = refusalOf(query);
  if (refused !== undefined) return refused;
  const scopes = scopesIn(query.scope ?? '');
  if (!scopes.includes('openid')) return refuse('invalid_scope', 'The scope openid is missing.');
  const beyond = scopes.filter((scope) => !allowed.includes(scope));
  if (beyond.length > 0)
    return refuse('invalid_scope', `The shop does not give this app ${beyond.join(' and ')}.`);
  const prompts = wordsIn(query.prompt ?? '');
  const anew = prompts.includes('login') || prompts.includes('select_account');
  const oldest = query.max_age === undefined ? 0 : now - Number(query.max_age) * 1_000;
  // Whoever has taken an app's name on a device could have it answered there: so that nobody is who they did not mean to be, they are asked.
  const asksAlways = prompts.includes('consent') || placeOf(redirectUri) !== 'web';
  return {
    scopes,
    challenge: query.code_challenge ?? '',
    silently: prompts.includes('none'),
    signedInSince: anew ? now : Math.max(0, oldest),
    agreedSince: asksAlways ? now : 0,
  };
}

/** Where the browser goes, and what it brings (RFC 9207 for `iss`: so that an app of several shops knows which one answers). */
export function answerTo(redirectUri: string, said: Readonly<Record<string, string | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(said)) if (value !== undefined) parameters.set(name, value);
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${parameters}`;
}

/** What is not known is left out (OpenID Connect Core, 3.1.2.1). */
export function scopesIn(text: string): readonly AppScope[] {
  const words = wordsIn(text);
  return APP_SCOPES.filter((scope) => words.includes(scope));
}

function refusalOf(query: AuthorizeQuery): Refusal | undefined {
  if (query.request !== undefined) return refuse('request_not_supported', 'Say it in the query itself.');
  if (query.request_uri !== undefined)
    return refuse('request_uri_not_supported', 'Say it in the query itself.');
  if (query.response_type === undefined) return refuse('invalid_request', 'response_type is missing.');
  if (query.response_type !== 'code')
    return refuse('unsupported_response_type', 'There are codes, and nothing else.');
  if ((query.response_mode ?? 'query') !== 'query')
    return refuse('invalid_request', 'Answers come in the query, and nowhere else.');
  if (query.code_challenge_method !== 'S256' || !/^[\w-]{43}$/.test(query.code_challenge ?? ''))
    return refuse('invalid_request', 'PKCE by S256 is required: send code_challenge, 43 letters.');
  const prompts = wordsIn(query.prompt ?? '');
  if (prompts.some((word) => !PROMPTS.includes(word)) || (prompts.includes('none') && prompts.length > 1))
    return refuse('invalid_request', 'The prompt is none of those there are, or contradicts itself.');
  if (query.max_age !== undefined && !/^\d{1,9}$/.test(query.max_age))
    return refuse('invalid_request', 'max_age is a number of seconds.');
  return undefined;
}

function refuse(error: string, description: string): Refusal {
  return { error, description };
}

function wordsIn(text: string): readonly string[] {
  return text.split(' ').filter((word) => word !== '');
}
