/** How a value is written in a language: money, numbers and moments by Intl. */

export interface Language {
  readonly locale: string;
  /** IANA name. */
  readonly zone: string;
}

export interface Money {
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
}

export function money({ amount, currency }: Money, { locale }: Language): string {
  const format = kept(
    `m/${locale}/${currency}`,
    () => new Intl.NumberFormat(locale, { style: 'currency', currency }),
  );
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits);
}

export function number(value: number, { locale }: Language): string {
  return kept(`n/${locale}`, () => new Intl.NumberFormat(locale)).format(value);
}

const STYLES = {
  date: { dateStyle: 'long' },
  time: { timeStyle: 'short' },
  datetime: { dateStyle: 'long', timeStyle: 'short' },
} as const satisfies Readonly<Record<string, Intl.DateTimeFormatOptions>>;

export type MomentStyle = keyof typeof STYLES;

export function moment(value: string, style: MomentStyle, { locale, zone }: Language): string {
  const make = (): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(locale, { ...STYLES[style], timeZone: zone });
  return kept(`${style}/${locale}/${zone}`, make).format(new Date(value));
}

/** Making a formatter costs far more than using it. */
const formatters = new Map<string, unknown>();
function kept<Formatter>(key: string, make: () => Formatter): Formatter {
  const known = formatters.get(key);
  // A key names a formatter's class and all of its options.
  if (known !== undefined) return known as Formatter;
  const made = make();
  if (formatters.size > 500) formatters.clear();
  formatters.set(key, made);
  return made;
}
