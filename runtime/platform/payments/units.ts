/**
 * How many decimals a currency has, to whom. The shop counts as Intl does; Stripe counts in hundredths whatever it does not name, also
 * what Intl shows without decimals, as forint.
 */

/** Of the shop. */
export function ourDigits(currency: string): number {
  const known = DIGITS.get(currency);
  if (known !== undefined) return known;
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  DIGITS.set(currency, digits);
  return digits;
}
/** Making a format takes longer than all else that is done with an intent. No more than there are codes of three letters. */
const DIGITS = new Map<string, number>();

const WHOLE = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '));
const THOUSANDTHS = new Set('BHD JOD KWD OMR TND'.split(' '));

/** Of Stripe. */
export function stripeDigits(currency: string): number {
  return WHOLE.has(currency) ? 0 : THOUSANDTHS.has(currency) ? 3 : 2;
}

/** The shop's minor units as Stripe counts them. */
export function toStripe(amount: number, currency: string): number {
  return scaled(amount, stripeDigits(currency) - ourDigits(currency));
}

/** Stripe's as the shop counts them; what is less than the shop's smallest unit is rounded. */
export function fromStripe(amount: number, currency: string): number {
  return scaled(amount, ourDigits(currency) - stripeDigits(currency));
}

function scaled(amount: number, digits: number): number {
  return digits >= 0 ? amount * 10 ** digits : Math.round(amount / 10 ** -digits);
}
