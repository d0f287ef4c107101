/**
 * How a company's tax id is written in its country. The form only: that a number is somebody's, its country's register knows (VIES, for
 * the Union), and whether to ask it is the merchant's business when they look at a request.
 */

/** Without the country's own letters in front, which the Union's numbers may have. */
const FORMS: Readonly<Record<string, RegExp>> = {
  AT: /^U\d{8}$/,
  AU: /^\d{11}$/,
  BE: /^[01]\d{9}$/,
  BG: /^\d{9,10}$/,
  CA: /^\d{9}(RT\d{4})?$/,
  CH: /^E?\d{9}(MWST|TVA|IVA)?$/,
  CY: /^\d{8}[A-Z]$/,
  CZ: /^\d{8,10}$/,
  DE: /^\d{9}$/,
  DK: /^\d{8}$/,
  EE: /^\d{9}$/,
  ES: /^[A-Z0-9]\d{7}[A-Z0-9]$/,
  FI: /^\d{8}$/,
  FR: /^[A-HJ-NP-Z0-9]{2}\d{9}$/,
  GB: /^(\d{9}|\d{12}|GD\d{3}|HA\d{3})$/,
  GR: /^\d{9}$/,
  HR: /^\d{11}$/,
  HU: /^\d{8}$/,
  IE: /^(\d{7}[A-W][A-I]?|\d[A-Z+*]\d{5}[A-W])$/,
  IT: /^\d{11}$/,
  JP: /^T?\d{13}$/,
  LT: /^(\d{9}|\d{12})$/,
  LU: /^\d{8}$/,
  LV: /^\d{11}$/,
  MT: /^\d{8}$/,
  NL: /^\d{9}B\d{2}$/,
  NO: /^\d{9}(MVA)?$/,
  PL: /^\d{10}$/,
  PT: /^\d{9}$/,
  RO: /^\d{2,10}$/,
  SE: /^\d{10}01$/,
  SI: /^\d{8}$/,
  SK: /^\d{10}$/,
  US: /^\d{9}$/,
};
/** Of countries whose form is not known here. */
const ANY = /^[A-Z0-9]{4,20}$/;

/** Letters that stand in front where they are not the country's code. */
const PREFIX: Readonly<Record<string, string>> = { GR: 'EL' };

/**
 * As it is kept: capital letters and digits, with the country's letters in front where it is known how its numbers look.
 * @returns undefined when no number of that country looks like this
 */
export function readTaxId(country: string, written: string): string | undefined {
  const plain = written.toUpperCase().replaceAll(/[\s./-]/g, '');
  const form = FORMS[country];
  if (form === undefined) return ANY.test(plain) ? plain : undefined;
  const prefix = PREFIX[country] ?? country;
  const number = plain.startsWith(prefix) ? plain.slice(prefix.length) : plain;
  return form.test(number) ? prefix + number : undefined;
}
