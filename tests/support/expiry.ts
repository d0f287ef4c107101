/** When test cards expire: in a few years, whatever year it is. */

const year = new Date().getUTCFullYear() + 5;

export const EXPIRY = {
  month: '12',
  year: String(year),
  /** As on a card. */
  short: String(year % 100).padStart(2, '0'),
};
