/**
 * What a session was begun with, as far as its browser says: one of a few words, so that nobody's own text is kept or shown. Whoever
 * lies about it is only shown the lie.
 */

export interface Device {
  /** null: none that we know, as of a program. */
  readonly browser: string | null;
  readonly system: string | null;
}

export const UNKNOWN_DEVICE: Device = { browser: null, system: null };

/** In this order: most claim to be those below them, too. */
const BROWSERS: readonly (readonly [name: string, says: RegExp])[] = [
  ['Edge', /\bEdg(?:e|A|iOS)?\//],
  ['Opera', /\b(?:OPR|OPiOS|Opera)\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /(?:Chrome|CriOS|Chromium)\//],
  ['Safari', /\bSafari\//],
];
const SYSTEMS: readonly (readonly [name: string, says: RegExp])[] = [
  ['Android', /\bAndroid\b/],
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMacintosh\b/],
  ['Linux', /\bLinux\b/],
];
/** Letters: those of browsers are shorter. */
const MOST_READ = 500;

/** @param headers of the request that signs in; the storefront hands on what the browser says */
export function deviceOf({
  headers,
}: {
  readonly headers: Readonly<Record<string, string | undefined>>;
}): Device {
  const said = (headers['user-agent'] ?? '').slice(0, MOST_READ);
  const named = (among: typeof BROWSERS): string | null =>
    among.find(([, says]) => says.test(said))?.[0] ?? null;
  return { browser: named(BROWSERS), system: named(SYSTEMS) };
}
