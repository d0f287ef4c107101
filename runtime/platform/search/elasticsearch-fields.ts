/** In which fields of Elasticsearch the texts of each locale are. Pure. */
import { analyzerOf } from '../names/index.ts';

/** The object that has an object of texts for each locale, as the operator's template knows it. */
export const TEXTS = 'texts';

/**
 * `['de-AT', 'en', 'de']` → `{ 'de-AT': 'texts.german', en: 'texts.english', de: 'texts.german2' }`: named after their analyzers, so that an
 * index that many tenants share has few fields, whatever locales they have.
 */
export function fieldsOf(locales: readonly string[]): Readonly<Record<string, string>> {
  const analyzers = locales.map(analyzerOf);
  return Object.fromEntries(
    locales.map((locale, n) => {
      const analyzer = analyzers[n] ?? '';
      const before = analyzers.slice(0, n).filter((one) => one === analyzer).length;
      return [locale, `${TEXTS}.${analyzer}${before === 0 ? '' : before + 1}`];
    }),
  );
}
