/** Where parcels go, named in the visitor's language; the likely country first. */
const COUNTRIES = [
  'AT',
  'AU',
  'BE',
  'CA',
  'CH',
  'CZ',
  'DE',
  'DK',
  'EE',
  'ES',
  'FI',
  'FR',
  'GB',
  'GR',
  'HR',
  'HU',
  'IE',
  'IS',
  'IT',
  'JP',
  'KR',
  'LT',
  'LU',
  'LV',
  'NL',
  'NO',
  'NZ',
  'PL',
  'PT',
  'RO',
  'SE',
  'SG',
  'SI',
  'SK',
  'TW',
  'US',
];
const LIKELY: Readonly<Record<string, string>> = {
  de: 'DE',
  nb: 'NO',
  nn: 'NO',
  no: 'NO',
  ja: 'JP',
  fr: 'FR',
  sv: 'SE',
  da: 'DK',
  es: 'ES',
  it: 'IT',
  nl: 'NL',
  pl: 'PL',
};
const BY_CURRENCY: Readonly<Record<string, string>> = {
  EUR: 'DE',
  NOK: 'NO',
  JPY: 'JP',
  USD: 'US',
  GBP: 'GB',
  SEK: 'SE',
  DKK: 'DK',
  CHF: 'CH',
};

export interface Country {
  readonly code: string;
  readonly name: string;
}

export function countriesFor(locale: string): readonly Country[] {
  const names = new Intl.DisplayNames([locale], { type: 'region' });
  return COUNTRIES.map((code) => ({ code, name: names.of(code) ?? code })).sort((a, b) =>
    a.name.localeCompare(b.name, locale),
  );
}

/** By the region of the tag (`de-CH`), then by language, then by currency. */
export function likelyCountry(locale: string, currency: string): string {
  const region = /-([A-Z]{2})$/.exec(locale)?.[1];
  return region ?? LIKELY[locale.split('-')[0] ?? ''] ?? BY_CURRENCY[currency] ?? 'DE';
}
