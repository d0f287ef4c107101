/** What both adapters make of a question's names before they become part of a statement or of a field. */
import { ShopError } from '../errors.ts';
import type { SearchDocument, SearchIndex, SearchQuery, SearchTexts } from '../ports.ts';

/** Names of indices, keywords and numbers. Throws ShopError `invalid_input`. */
export function checkedName(name: string): string {
  if (/^[a-z][a-zA-Z]{0,39}$/.test(name)) return name;
  throw new ShopError(
    'invalid_input',
    `“${name.slice(0, 60)}” is no name of an index, a keyword or a number.`,
    {
      remedy: 'Names are letters and begin with a small one.',
    },
  );
}

/** The locale a question is asked in: one of the index's. */
export function askedLocale({ locales }: SearchIndex, { locale }: Pick<SearchQuery, 'locale'>): string {
  return locale !== undefined && locales.includes(locale) ? locale : (locales[0] ?? '');
}

/** What a document says in a locale. */
export function textsIn({ texts, translations = {} }: SearchDocument, locale: string): SearchTexts {
  return translations[locale] ?? texts;
}
