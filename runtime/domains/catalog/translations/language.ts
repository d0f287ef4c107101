/** Which of a shop's languages somebody reads. Pure. */
import { ShopError } from '../../../platform/errors.ts';
import type { Tenant } from '../../../platform/ports.ts';

/** Preferences beyond which nobody's browser has any. */
const MOST_PREFERENCES = 20;

/**
 * @param asked what the request names, which counts first
 * @param accepted `Accept-Language`
 * @returns undefined: what everything is written in, the shop's first locale
 */
export function languageOf(
  { locales }: Pick<Tenant, 'locales'>,
  asked: string | undefined,
  accepted: string | undefined,
): string | undefined {
  const wanted = [...(asked === undefined ? [] : [asked]), ...preferencesOf(accepted ?? '')];
  for (const tag of wanted) {
    const found =
      locales.find((locale) => same(locale, tag)) ??
      locales.find((locale) => same(locale, languageIn(tag))) ??
      locales.find((locale) => same(languageIn(locale), languageIn(tag)));
    if (found !== undefined) return found === locales[0] ? undefined : found;
  }
  return undefined;
}

/** @throws ShopError `invalid_input` for what the shop does not speak, or is written in */
export function requireOther(
  { locales: [first = '', ...others] }: Pick<Tenant, 'locales'>,
  locale: string,
): void {
  if (others.includes(locale)) return;
  const what =
    locale === first
      ? `The shop is written in ${first}: what it says in that stands in the product or collection itself.`
      : `This shop does not speak ${locale}.`;
  throw new ShopError('invalid_input', what, {
    remedy:
      others.length === 0 ? 'Add a locale to the tenant’s spec.locales.' : `Use one of ${others.join(', ')}.`,
    problems: [{ where: 'path/locale', what: 'is none of the shop’s other locales' }],
  });
}

/** Tags, the dearest first; `*` and what is refused by `q=0` are none. */
function preferencesOf(header: string): string[] {
  return header
    .slice(0, 1_000)
    .split(',', MOST_PREFERENCES)
    .map((part) => {
      const [tag = '', ...rest] = part.split(';').map((piece) => piece.trim());
      const quality = rest.find((piece) => piece.startsWith('q='))?.slice(2) ?? '1';
      return { tag, quality: Number(quality) || 0 };
    })
    .filter(({ tag, quality }) => /^[a-z]{2,8}(-[a-z0-9]{1,8})*$/i.test(tag) && quality > 0)
    .toSorted((a, b) => b.quality - a.quality)
    .map(({ tag }) => tag);
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function languageIn(tag: string): string {
  return tag.split(/[-_]/)[0] ?? '';
}
