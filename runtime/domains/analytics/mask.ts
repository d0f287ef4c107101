/** What is left of a text when everything that may be a person's is taken out of it: for paths, searches and where a visit came from. */

/** Everything that an @ holds together; in a path, within its segment. Looked for from where that begins, so that one without an @ is read once. */
const EMAIL = /(?<![^\s/])[^\s/]*(?:@|%40)[^\s/]*/gi;
/** In a text: what may stand before an @ may hold a slash too. */
const EMAIL_IN_TEXT = /(?<!\S)\S*(?:@|%40)\S*/gi;
/** Card, account, telephone and order numbers: seven digits or more, however they are grouped. */
const NUMBER = /\+?\d(?:[\s().-]{0,3}\d){6,}/g;
/** Tokens and ids: long, and of letters and digits mixed. */
const TOKEN = /(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,}(?![\w-])/g;
const MAX = 200;

/** In place of what was taken out. */
export const MASK = '…';

/** A search as somebody typed it, without what may say who they are; lower case, so that the same search is counted as one. */
export function maskText(text: string): string {
  const masked = text
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, ' ')
    .replaceAll(EMAIL_IN_TEXT, MASK)
    .replaceAll(NUMBER, MASK)
    .replaceAll(TOKEN, MASK);
  return shortened(masked.trim().replaceAll(/\s+/g, ' ').toLowerCase());
}

/** A page's path: without its query, and with ids, tokens and addresses masked. */
export function maskPath(path: string): string {
  const [bare = ''] = path.toWellFormed().split(/[?#]/);
  const masked = bare
    .replaceAll(/\p{Cc}+/gu, '')
    .replaceAll(EMAIL, MASK)
    .replaceAll(TOKEN, MASK)
    .replaceAll(NUMBER, MASK);
  return shortened(masked.startsWith('/') ? masked : `/${masked}`);
}

/** Where a visit came from: `utm_source`, else the host of another site, else nothing. */
export function sourceOf(path: string, referrer: string | undefined, ownHosts: readonly string[]): string {
  const named = parametersOf(path).get('utm_source');
  if (named !== null && named !== '') return maskText(named);
  if (referrer === undefined || !URL.canParse(referrer)) return '';
  const { hostname } = new URL(referrer);
  return ownHosts.includes(hostname) ? '' : shortened(hostname.replace(/^www\./, ''));
}

export function campaignOf(path: string): string {
  return maskText(parametersOf(path).get('utm_campaign') ?? '');
}

/** As much of a user agent as is asked for. Robots are nobody. */
export function deviceOf(userAgent: string | undefined): 'mobile' | 'tablet' | 'desktop' | 'robot' {
  const text = userAgent ?? '';
  if (/bot\b|crawler|spider|preview|headless|lighthouse/i.test(text)) return 'robot';
  if (/ipad|tablet|android(?!.*mobile)/i.test(text)) return 'tablet';
  return /mobi|iphone|android/i.test(text) ? 'mobile' : 'desktop';
}

function parametersOf(path: string): URLSearchParams {
  return new URLSearchParams(path.split('#')[0]?.split('?')[1] ?? '');
}

/** At most so long, and not ended within a letter of two halves. */
function shortened(text: string): string {
  return text.length <= MAX ? text : text.slice(0, MAX).replace(/[\uD800-\uDBFF]$/, '');
}
