/** Decimal prices in text, as CSVs have them, to integer minor units and back. Pure. */

/** Digits after the point that a currency has: EUR 2, JPY 0, KWD 3. */
function decimalsOf(currency: string): number {
  let decimals = known.get(currency);
  if (decimals === undefined) {
    decimals =
      new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ??
      2;
    known.set(currency, decimals);
  }
  return decimals;
}

// Asking Intl costs microseconds, a catalogue has a million prices; the answer never changes.
const known = new Map<string, number>();

/** `"19.90"` EUR → 1990. `undefined` for anything but a plain amount the currency can hold. */
export function parsePrice(text: string, currency: string): number | undefined {
  const parts = /^(\d{1,12})(?:\.(\d+))?$/.exec(text.trim());
  if (!parts) return undefined;
  const decimals = decimalsOf(currency);
  const fraction = parts[2] ?? '';
  // 1500.00 JPY is written by some exports: zeros beyond what the currency has are no amount.
  if (/[1-9]/.test(fraction.slice(decimals))) return undefined;
  return Number(parts[1]) * 10 ** decimals + Number(fraction.slice(0, decimals).padEnd(decimals, '0') || '0');
}

/** 1990 EUR → `"19.90"`. */
export function formatPrice(amount: number, currency: string): string {
  const decimals = decimalsOf(currency);
  if (decimals === 0) return String(amount);
  const text = String(amount).padStart(decimals + 1, '0');
  return `${text.slice(0, -decimals)}.${text.slice(-decimals)}`;
}
