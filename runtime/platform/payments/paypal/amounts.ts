/**
 * Minor units, as the shop counts, and the decimal texts of PayPal. They differ where PayPal takes whole units only of a currency that
 * the shop counts in hundredths.
 */
import { ShopError } from '../../errors.ts';
import { ourDigits } from '../units.ts';

/** What PayPal takes payments in. */
const CURRENCIES = new Set(
  'AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS JPY MXN MYR NOK NZD PHP PLN SEK SGD THB TWD USD'.split(
    ' ',
  ),
);
/** Of which it takes whole units only. */
const WHOLE = new Set(['HUF', 'JPY', 'TWD']);

/** Whether PayPal can be asked for exactly this. */
export function isPayable(amount: number, currency: string): boolean {
  return CURRENCIES.has(currency) && amount % 10 ** (ourDigits(currency) - theirDigits(currency)) === 0;
}

/**
 * @param amount in minor units
 * @throws ShopError `invalid_input` where PayPal has no such amount
 */
export function toDecimal(amount: number, currency: string): string {
  if (!isPayable(amount, currency))
    throw new ShopError('invalid_input', `PayPal takes no payment of ${amount} ${currency} (minor units).`, {
      remedy: WHOLE.has(currency) ? `Ask for whole ${currency}.` : 'Offer another way to pay.',
    });
  const digits = theirDigits(currency);
  const theirs = amount / 10 ** (ourDigits(currency) - digits);
  if (digits === 0) return String(theirs);
  const text = String(theirs).padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** @throws ShopError `internal` for what is no amount, which PayPal never sends */
export function toMinor(value: string, currency: string): number {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d{1,12})(?:\.(\d{1,3}))?$/.exec(value) ?? [];
  const digits = ourDigits(currency);
  const cents = fraction.padEnd(digits, '0');
  if (whole === '' || /[1-9]/.test(cents.slice(digits)))
    throw new ShopError(
      'internal',
      `PayPal told of an amount that is none: ${value.slice(0, 40)} ${currency}.`,
    );
  const amount = Number(whole + cents.slice(0, digits));
  return sign === '' || amount === 0 ? amount : -amount;
}

function theirDigits(currency: string): number {
  return WHOLE.has(currency) ? 0 : 2;
}
