/** Days as people write them. */

/** @param at a moment as the API tells it */
export function dayOf(at: string | undefined, locale: string): string | undefined {
  return at === undefined
    ? undefined
    : new Intl.DateTimeFormat(locale, { dateStyle: 'long' }).format(new Date(at));
}
