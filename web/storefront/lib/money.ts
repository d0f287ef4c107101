/** Money for people: minor units by ISO 4217, shown as the language shows them. */
export interface Money {
  readonly amount: number;
  readonly currency: string;
}

/** Minor digits of a currency: 2 for EUR, 0 for JPY. */
export const minorDigits = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;

/** As somebody types it who means whole euros: `12.50`. */
export const majorUnits = ({ amount, currency }: Money): string =>
  (amount / 10 ** minorDigits(currency)).toFixed(minorDigits(currency));

/** What somebody typed, with a point or a comma; undefined for what is no amount of the currency. */
export function minorUnits(typed: string, currency: string): number | undefined {
  if (!/^[A-Z]{3}$/.test(currency)) return undefined;
  const digits = minorDigits(currency);
  const [, whole, rest = ''] = /^(\d{1,9})(?:[.,](\d{1,3}))?$/.exec(typed.trim()) ?? [];
  if (whole === undefined || rest.length > digits) return undefined;
  return Number(whole + rest.padEnd(digits, '0'));
}

/** Whole amounts are shown without decimals; formatters are made once for each currency. */
export function moneyFormatter(locale: string): (money: Money) => string {
  return ({ amount, currency }) => {
    const digits = minorDigits(currency);
    const major = amount / 10 ** digits;
    return formatter(locale, currency, Number.isInteger(major) ? 0 : digits).format(major);
  };
}

const formatters = new Map<string, Intl.NumberFormat>();

function formatter(locale: string, currency: string, digits: number): Intl.NumberFormat {
  const key = `${locale} ${currency} ${digits}`;
  let found = formatters.get(key);
  if (found === undefined) {
    found = new Intl.NumberFormat(locale, {
      style: 'currency',
      currency,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
      currencyDisplay: 'narrowSymbol',
    });
    if (formatters.size < 200) formatters.set(key, found);
  }
  return found;
}
