/**
 * The string formats that the API server checks in custom resources.
 */
import { isIP, isIPv4, isIPv6 } from 'node:net';

/** Whether a text has a format; undefined when the API server does not know the format (and so accepts anything). */
export function hasFormat(format: string, text: string): boolean | undefined {
  return checks[format.replaceAll('-', '')]?.(text);
}

const uuid = (version: string): RegExp =>
  new RegExp(
    `^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${version === '3' ? '[0-9a-f]' : '[89ab]'}[0-9a-f]{3}-?[0-9a-f]{12}$`,
    'i',
  );
const shortName = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';

const patterns: Record<string, RegExp> = {
  uuid: /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
  uuid3: uuid('3'),
  uuid4: uuid('4'),
  uuid5: uuid('5'),
  creditcard:
    /^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$/,
  ssn: /^\d{3}[- ]?\d{2}[- ]?\d{4}$/,
  hexcolor: /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/,
  rgbcolor:
    /^rgb\(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*\)$/,
  byte: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/,
  bsonobjectid: /^[0-9a-fA-F]{24}$/,
  mac: /^([0-9a-fA-F]{2}([:.-]?)){5}[0-9a-fA-F]{2}$|^([0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4}$/,
  hostname:
    /^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$/u,
  email: /^[^\s@<>()[\],;:\\"]+@[^\s@<>()[\],;:\\"]+$/,
  k8sshortname: new RegExp(`^${shortName}$`),
  k8slongname: new RegExp(`^${shortName}(\\.${shortName})*$`),
};

const test =
  (name: string, maximum = Number.POSITIVE_INFINITY): Check =>
  (text) =>
    text.length <= maximum && (patterns[name]?.test(text) ?? false);

type Check = (text: string) => boolean;

const checks: Record<string, Check> = {
  uri: isRequestUri,
  email: test('email'),
  hostname: (text) =>
    text.length <= 255 && test('hostname')(text) && text.split('.').every((label) => label.length <= 63),
  ipv4: (text) => isIPv4(withoutZeros(text)),
  ipv6: isIPv6,
  cidr: isCidr,
  mac: test('mac'),
  uuid: test('uuid'),
  uuid3: test('uuid3'),
  uuid4: test('uuid4'),
  uuid5: test('uuid5'),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: (text) => isCreditCard(text.replaceAll(/[^0-9]+/g, '')),
  ssn: (text) => text.length === 11 && test('ssn')(text),
  hexcolor: test('hexcolor'),
  rgbcolor: test('rgbcolor'),
  byte: test('byte'),
  password: () => true,
  bsonobjectid: test('bsonobjectid'),
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  k8sshortname: test('k8sshortname', 63),
  k8slongname: test('k8slongname', 253),
};

function isRequestUri(text: string): boolean {
  if (/\s|\p{Cc}/u.test(text)) return false;
  return text.startsWith('/') || URL.canParse(text);
}

/** Upstream still reads `010.1.2.3` as `10.1.2.3`. */
function withoutZeros(text: string): string {
  return /^[\d.]+$/.test(text) ? text.replaceAll(/\b0+(?=\d)/g, '') : text;
}

/** `address/bits`, of IPv4 or IPv6. */
export function isCidr(text: string): boolean {
  const [address = '', bits = '', more] = text.split('/');
  const family = isIP(withoutZeros(address));
  return (
    more === undefined && family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)
  );
}

function isCreditCard(digits: string): boolean {
  if (patterns['creditcard']?.test(digits) !== true) return false;
  let sum = 0;
  for (const [index, digit] of [...digits].toReversed().entries()) {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}

function isIsbn10(text: string): boolean {
  const digits = text.replaceAll(/[\s-]+/g, '');
  if (!/^(?:[0-9]{9}X|[0-9]{10})$/.test(digits)) return false;
  const sum = [...digits].reduce(
    (total, digit, index) => total + (index + 1) * (digit === 'X' ? 10 : Number(digit)),
    0,
  );
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = text.replaceAll(/[\s-]+/g, '');
  if (!/^[0-9]{13}$/.test(digits)) return false;
  const sum = digits
    .slice(0, 12)
    .split('')
    .reduce((total, digit, index) => total + (index % 2 === 0 ? 1 : 3) * Number(digit), 0);
  return Number(digits[12]) === (10 - (sum % 10)) % 10;
}

/** A full date of RFC 3339. */
function isDate(text: string): boolean {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (parts === null) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** A date and time of RFC 3339. */
function isDateTime(text: string): boolean {
  const parts = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(\.\d+)?([Zz]|[+-]\d{2}:\d{2})?$/.exec(text);
  if (parts === null) return false;
  return isDate(parts[1] ?? '') && Number(parts[2]) < 24 && Number(parts[3]) < 60 && Number(parts[4]) < 61;
}

/** A Go duration (`1h30m`, `1.5s`), or a count with a unit in words (`2 days`). */
function isDuration(text: string): boolean {
  return (
    /^[-+]?(0|(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*)$/.test(
      text,
    ) || words.test(text.trim())
  );
}

const words =
  /^(\d+\s*(ns|nano(s|second|seconds)?|us|µs|μs|micro(s|second|seconds)?|ms|milli(s|second|seconds)?|s|sec(s|ond|onds)?|m|min(s|ute|utes)?|h|hr|hour(s)?|d|day(s)?|w|wk|week(s)?)\s*(?:,\s*)?)+$/;
