/** Names of options and their values in another language. Pure. */
import type { CollectionText, OptionText, ProductText, Translations } from './schemas.ts';

export interface OptionWords {
  readonly name: (of: string) => string;
  readonly value: (option: string, of: string) => string;
}

/** What has no word of its own is called as it is. */
export function wordsFor(options: readonly OptionText[]): OptionWords {
  const names = new Map(options.map(({ of, as }) => [of, as]));
  const values = new Map(
    options.map((option) => [option.of, new Map(option.values.map(({ of, as }) => [of, as]))]),
  );
  return {
    name: (of) => names.get(of) ?? of,
    value: (option, of) => values.get(option)?.get(of) ?? of,
  };
}

/** Of a product that is read in this language: a name that two of its options, or two values of one, would have. */
export function clashIn(
  options: readonly { readonly name: string; readonly values: readonly string[] }[],
  texts: readonly OptionText[],
): string | undefined {
  const words = wordsFor(texts);
  const lists = [
    options.map(({ name }) => words.name(name)),
    ...options.map(({ name, values }) => values.map((value) => words.value(name, value))),
  ];
  return lists.flatMap((list) => list.filter((word, index) => list.indexOf(word) < index))[0];
}

/** In the language, if it has been translated into it. */
export function textIn<Text>(
  translations: Translations<Text> | undefined,
  locale: string | undefined,
): Text | undefined {
  // Of its own: `constructor` is no locale.
  return locale !== undefined && translations !== undefined && Object.hasOwn(translations, locale)
    ? translations[locale]
    : undefined;
}

/** A page that is called otherwise in the language has no title for search engines in another one. */
export function seoIn(
  text: Pick<CollectionText, 'title' | 'seo'> | undefined,
  written: CollectionText['seo'],
): CollectionText['seo'] {
  if (text === undefined) return written;
  return {
    title: text.seo.title ?? (text.title === null ? written.title : null),
    description: text.seo.description ?? written.description,
  };
}

/** Null takes a language out; the others stay. */
export function merged<Text>(
  known: Translations<Text> | undefined,
  changed: Readonly<Record<string, Text | null>> | undefined,
): Translations<Text> {
  const entries = Object.entries({ ...known, ...changed }).filter(
    (entry): entry is [string, Text] => entry[1] !== null,
  );
  return Object.fromEntries(entries);
}

/** Nothing in it differs from what is written. */
export function isEmpty({ title, descriptionHtml, options, seo }: ProductText): boolean {
  return (
    title === null &&
    descriptionHtml === null &&
    options.length === 0 &&
    seo.title === null &&
    seo.description === null
  );
}
