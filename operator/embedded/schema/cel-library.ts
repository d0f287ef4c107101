/**
 * The CEL functions that Kubernetes adds to the language: quantities, URLs, addresses, lists, sets, strings, formats, versions.
 * No more than a 1.34 server lets new rules use, so that a rule that is accepted here is accepted there.
 */
import { Environment, Optional } from '@marcbachmann/cel-js';
import { isIPv4, isIPv6 } from 'node:net';
import { goMatches } from './cel-rewrite.ts';
import { hasFormat, isCidr } from './formats.ts';
import { goPattern } from './pattern.ts';
import { compareQuantities, parseQuantity } from './quantity.ts';

/** Makes the environment that rules extend. Costs a few milliseconds: make one and clone it. */
export function kubernetesEnvironment(): Environment {
  const environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false });
  addQuantities(environment);
  addUrls(environment);
  addAddresses(environment);
  addLists(environment);
  addSets(environment);
  addStrings(environment);
  addFormats(environment);
  addVersions(environment);
  return environment;
}

class QuantityValue {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

const unit = 1_000_000_000n;

function addQuantities(environment: Environment): void {
  const quantity = (text: string): QuantityValue => {
    const parsed = parseQuantity(text);
    if (parsed === undefined)
      throw new Error(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
      );
    return new QuantityValue(parsed.nanos);
  };
  const compared = (a: QuantityValue, b: QuantityValue): number => compareQuantities(a, b);
  environment
    .registerType({ name: 'Quantity', ctor: QuantityValue, fields: {} })
    .registerFunction('quantity(string): Quantity', quantity)
    .registerFunction('isQuantity(string): bool', (text: string) => parseQuantity(text) !== undefined)
    .registerFunction('Quantity.isInteger(): bool', (a: QuantityValue) => a.nanos % unit === 0n)
    .registerFunction('Quantity.asInteger(): int', (a: QuantityValue) => {
      if (a.nanos % unit !== 0n) throw new Error('cannot convert value to integer');
      return a.nanos / unit;
    })
    .registerFunction('Quantity.asApproximateFloat(): double', (a: QuantityValue) => Number(a.nanos) / 1e9)
    .registerFunction('Quantity.sign(): int', (a: QuantityValue) =>
      a.nanos === 0n ? 0n : a.nanos < 0n ? -1n : 1n,
    )
    .registerFunction(
      'Quantity.add(Quantity): Quantity',
      (a: QuantityValue, b: QuantityValue) => new QuantityValue(a.nanos + b.nanos),
    )
    .registerFunction(
      'Quantity.add(int): Quantity',
      (a: QuantityValue, b: bigint) => new QuantityValue(a.nanos + b * unit),
    )
    .registerFunction(
      'Quantity.sub(Quantity): Quantity',
      (a: QuantityValue, b: QuantityValue) => new QuantityValue(a.nanos - b.nanos),
    )
    .registerFunction(
      'Quantity.sub(int): Quantity',
      (a: QuantityValue, b: bigint) => new QuantityValue(a.nanos - b * unit),
    )
    .registerFunction(
      'Quantity.isGreaterThan(Quantity): bool',
      (a: QuantityValue, b: QuantityValue) => compared(a, b) > 0,
    )
    .registerFunction(
      'Quantity.isLessThan(Quantity): bool',
      (a: QuantityValue, b: QuantityValue) => compared(a, b) < 0,
    )
    .registerFunction('Quantity.compareTo(Quantity): int', (a: QuantityValue, b: QuantityValue) =>
      BigInt(compared(a, b)),
    )
    .registerOperator('Quantity == Quantity', (a: QuantityValue, b: QuantityValue) => a.nanos === b.nanos);
}

class UrlValue {
  readonly text: string;
  readonly url: URL;
  constructor(text: string) {
    if (!isUrl(text))
      throw new Error(
        `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
      );
    this.text = text;
    this.url = new URL(text, 'relative://');
  }
}

function isUrl(text: string): boolean {
  return (
    !/\s/.test(text) &&
    (text.startsWith('/') || (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(text) && URL.canParse(text)))
  );
}

function addUrls(environment: Environment): void {
  const part = (pick: (url: URL) => string) => (value: UrlValue) =>
    value.text.startsWith('/') ? '' : pick(value.url);
  environment
    .registerType({ name: 'URL', ctor: UrlValue, fields: {} })
    .registerFunction('url(string): URL', (text: string) => new UrlValue(text))
    .registerFunction('isURL(string): bool', isUrl)
    .registerFunction(
      'URL.getScheme(): string',
      part((url) => url.protocol.slice(0, -1)),
    )
    .registerFunction('URL.getHost(): string', (value: UrlValue) => hostOf(value))
    .registerFunction('URL.getHostname(): string', (value: UrlValue) =>
      hostOf(value)
        .replace(/:\d+$/, '')
        .replace(/^\[(.*)\]$/, '$1'),
    )
    .registerFunction('URL.getPort(): string', (value: UrlValue) => /:(\d+)$/.exec(hostOf(value))?.[1] ?? '')
    .registerFunction('URL.getEscapedPath(): string', (value: UrlValue) =>
      pathless(value) ? '' : value.url.pathname,
    )
    .registerFunction('URL.getQuery(): map<string, list<string>>', (value: UrlValue) => {
      const query = new Map<string, string[]>();
      for (const [key, item] of value.url.searchParams) query.set(key, [...(query.get(key) ?? []), item]);
      return query;
    })
    .registerOperator('URL == URL', (a: UrlValue, b: UrlValue) => a.text === b.text);
}

/** The host as it was written: `URL` drops a port that is its scheme's own. */
function hostOf(value: UrlValue): string {
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/(?:[^@/?#]*@)?([^/?#]*)/.exec(value.text)?.[1] ?? '';
}

function pathless(value: UrlValue): boolean {
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?#]*(\?|#|$)/.test(value.text);
}

class IpValue {
  readonly text: string;
  readonly family: 4 | 6;
  readonly bits: bigint;
  constructor(text: string) {
    if (!isAddress(text))
      throw new Error(
        `IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): unable to parse IP`,
      );
    this.text = text;
    this.family = isIPv4(text) ? 4 : 6;
    this.bits = addressBits(text);
  }
}

class CidrValue {
  readonly ip: IpValue;
  readonly prefix: number;
  constructor(text: string) {
    const [address = '', prefix = ''] = text.split('/');
    if (!isCidr(text))
      throw new Error(
        `network address parse error during conversion from string: netip.ParsePrefix(${JSON.stringify(text)})`,
      );
    this.ip = new IpValue(address);
    this.prefix = Number(prefix);
  }
}

function isAddress(text: string): boolean {
  return isIPv4(text) || (isIPv6(text) && !text.includes('%') && !/^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(text));
}

function addressBits(text: string): bigint {
  if (isIPv4(text)) return text.split('.').reduce((bits, part) => bits * 256n + BigInt(part), 0n);
  const [head = '', tail] = text.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [left, right] = [groups(head), groups(tail ?? '')];
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...middle, ...right].reduce((bits, group) => bits * 65_536n + BigInt(`0x${group}`), 0n);
}

function canonicalAddress({ family, text }: IpValue): string {
  return family === 4 ? text : new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

function masked(cidr: CidrValue, bits: bigint): bigint {
  const size = cidr.ip.family === 4 ? 32 : 128;
  return bits >> BigInt(size - cidr.prefix);
}

function containsAddress(cidr: CidrValue, ip: IpValue): boolean {
  return cidr.ip.family === ip.family && masked(cidr, cidr.ip.bits) === masked(cidr, ip.bits);
}

function containsNetwork(cidr: CidrValue, other: CidrValue): boolean {
  return other.prefix >= cidr.prefix && containsAddress(cidr, other.ip);
}

function networkAddress(cidr: CidrValue): CidrValue {
  const size = cidr.ip.family === 4 ? 32 : 128;
  const bits = masked(cidr, cidr.ip.bits) << BigInt(size - cidr.prefix);
  const text =
    size === 32
      ? [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 255n).join('.')
      : canonicalAddress(
          new IpValue(
            [...Array(8).keys()]
              .map((index) => ((bits >> BigInt(112 - 16 * index)) & 65_535n).toString(16))
              .join(':'),
          ),
        );
  return new CidrValue(`${text}/${cidr.prefix}`);
}

/** Whether the first `prefix` bits of an address are those of a network. */
function within(ip: IpValue, ...networks: string[]): boolean {
  return networks.some((network) => containsAddress(new CidrValue(network), ip));
}

class IpNamespace {
  readonly namespace = 'ip';
}

function addAddresses(environment: Environment): void {
  environment
    .registerType({ name: 'IP', ctor: IpValue, fields: {} })
    .registerType({ name: 'CIDR', ctor: CidrValue, fields: {} })
    .registerType({ name: 'IpNamespace', ctor: IpNamespace, fields: {} })
    .registerConstant('ip', 'IpNamespace', new IpNamespace())
    .registerFunction(
      'IpNamespace.isCanonical(string): bool',
      (_: IpNamespace, text: string) => canonicalAddress(new IpValue(text)) === text,
    )
    .registerFunction('ip(string): IP', (text: string) => new IpValue(text))
    .registerFunction('isIP(string): bool', isAddress)
    .registerFunction('cidr(string): CIDR', (text: string) => new CidrValue(text))
    .registerFunction('isCIDR(string): bool', isCidr)
    .registerFunction('IP.family(): int', (ip: IpValue) => BigInt(ip.family))
    .registerFunction('IP.isUnspecified(): bool', (ip: IpValue) => ip.bits === 0n)
    .registerFunction('IP.isLoopback(): bool', (ip: IpValue) => within(ip, '127.0.0.0/8', '::1/128'))
    .registerFunction('IP.isLinkLocalMulticast(): bool', (ip: IpValue) =>
      within(ip, '224.0.0.0/24', 'ff02::/16'),
    )
    .registerFunction('IP.isLinkLocalUnicast(): bool', (ip: IpValue) =>
      within(ip, '169.254.0.0/16', 'fe80::/10'),
    )
    .registerFunction('IP.isGlobalUnicast(): bool', isGlobalUnicast)
    .registerFunction('string(IP): string', canonicalAddress)
    .registerFunction('CIDR.containsIP(IP): bool', containsAddress)
    .registerFunction('CIDR.containsIP(string): bool', (cidr: CidrValue, text: string) =>
      containsAddress(cidr, new IpValue(text)),
    )
    .registerFunction('CIDR.containsCIDR(CIDR): bool', containsNetwork)
    .registerFunction('CIDR.containsCIDR(string): bool', (cidr: CidrValue, text: string) =>
      containsNetwork(cidr, new CidrValue(text)),
    )
    .registerFunction('CIDR.ip(): IP', (cidr: CidrValue) => cidr.ip)
    .registerFunction('CIDR.masked(): CIDR', networkAddress)
    .registerFunction('CIDR.prefixLength(): int', (cidr: CidrValue) => BigInt(cidr.prefix))
    .registerFunction(
      'string(CIDR): string',
      (cidr: CidrValue) => `${canonicalAddress(cidr.ip)}/${cidr.prefix}`,
    )
    .registerOperator('IP == IP', (a: IpValue, b: IpValue) => a.family === b.family && a.bits === b.bits)
    .registerOperator(
      'CIDR == CIDR',
      (a: CidrValue, b: CidrValue) =>
        a.prefix === b.prefix && a.ip.bits === b.ip.bits && a.ip.family === b.ip.family,
    );
}

function isGlobalUnicast(ip: IpValue): boolean {
  const broadcast = ip.family === 4 && ip.bits === 0xff_ff_ff_ffn;
  return (
    ip.bits !== 0n &&
    !broadcast &&
    !within(ip, '127.0.0.0/8', '::1/128', '224.0.0.0/4', 'ff00::/8', '169.254.0.0/16', 'fe80::/10')
  );
}

type Scalar = string | bigint | number | boolean;

function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a, plain) === JSON.stringify(b, plain);
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  return value instanceof Map ? [...value] : value;
}

function least(list: readonly Scalar[], name: string, better: (a: Scalar, b: Scalar) => boolean): Scalar {
  const [first, ...rest] = list;
  if (first === undefined) throw new Error(`${name} called on empty list`);
  return rest.reduce((best, item) => (better(item, best) ? item : best), first);
}

function compare(a: Scalar, b: Scalar): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function addLists(environment: Environment): void {
  environment
    .registerFunction('list<A>.isSorted(): bool', (list: Scalar[]) =>
      list.every((item, index) => index === 0 || compare(list[index - 1] ?? item, item) <= 0),
    )
    .registerFunction('list<int>.sum(): int', (list: bigint[]) =>
      list.reduce((total, item) => total + item, 0n),
    )
    .registerFunction('list<double>.sum(): double', (list: number[]) =>
      list.reduce((total, item) => total + item, 0),
    )
    .registerFunction('list<A>.min(): A', (list: Scalar[]) => least(list, 'min', (a, b) => a < b))
    .registerFunction('list<A>.max(): A', (list: Scalar[]) => least(list, 'max', (a, b) => a > b))
    .registerFunction('list<A>.indexOf(A): int', (list: unknown[], item: unknown) =>
      BigInt(list.findIndex((other) => same(other, item))),
    )
    .registerFunction('list<A>.lastIndexOf(A): int', (list: unknown[], item: unknown) =>
      BigInt(list.findLastIndex((other) => same(other, item))),
    );
}

class SetsNamespace {
  readonly namespace = 'sets';
}

function addSets(environment: Environment): void {
  const contains = (list: unknown[], items: unknown[]): boolean =>
    items.every((item) => list.some((other) => same(other, item)));
  environment
    .registerType({ name: 'SetsNamespace', ctor: SetsNamespace, fields: {} })
    .registerConstant('sets', 'SetsNamespace', new SetsNamespace())
    .registerFunction(
      'SetsNamespace.contains(list, list): bool',
      (_: SetsNamespace, a: unknown[], b: unknown[]) => contains(a, b),
    )
    .registerFunction(
      'SetsNamespace.equivalent(list, list): bool',
      (_: SetsNamespace, a: unknown[], b: unknown[]) => contains(a, b) && contains(b, a),
    )
    .registerFunction(
      'SetsNamespace.intersects(list, list): bool',
      (_: SetsNamespace, a: unknown[], b: unknown[]) => a.some((item) => contains(b, [item])),
    );
}

function pattern(source: string): RegExp {
  const compiled = goPattern(source);
  if (compiled instanceof Error) throw new Error(`Illegal regex: ${compiled.message}`);
  return compiled;
}

function findAll(text: string, source: string, limit: number): string[] {
  const found = [...text.matchAll(new RegExp(pattern(source), `${pattern(source).flags}g`))].map(
    ([match]) => match,
  );
  return limit < 0 ? found : found.slice(0, limit);
}

function replaced(text: string, from: string, to: string, limit: number): string {
  if (limit < 0) return text.replaceAll(from, () => to);
  let result = text;
  let at = 0;
  for (let count = 0; count < limit; count += 1) {
    const found = result.indexOf(from, at);
    if (found < 0) break;
    result = result.slice(0, found) + to + result.slice(found + from.length);
    at = found + to.length;
  }
  return result;
}

function addStrings(environment: Environment): void {
  environment
    .registerFunction(
      'string.find(string): string',
      (text: string, source: string) => pattern(source).exec(text)?.[0] ?? '',
    )
    .registerFunction('string.findAll(string): list<string>', (text: string, source: string) =>
      findAll(text, source, -1),
    )
    .registerFunction(
      'string.findAll(string, int): list<string>',
      (text: string, source: string, limit: bigint) => findAll(text, source, Number(limit)),
    )
    .registerFunction('string.charAt(int): string', (text: string, index: bigint) => {
      const characters = [...text];
      if (index < 0n || index > BigInt(characters.length)) throw new Error(`index out of range: ${index}`);
      return characters[Number(index)] ?? '';
    })
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      replaced(text, from, to, -1),
    )
    .registerFunction(
      'string.replace(string, string, int): string',
      (text: string, from: string, to: string, limit: bigint) => replaced(text, from, to, Number(limit)),
    )
    .registerFunction(`string.${goMatches}(string): bool`, (text: string, source: string) =>
      pattern(source).test(text),
    )
    .registerFunction('string.format(list): string', formatted);
}

/** `%s %d %f %e %x %X %o %b %%`, with a precision for `%f` and `%e`. */
function formatted(template: string, values: unknown[]): string {
  let at = 0;
  const result = template.replaceAll(
    /%(?:\.(\d+))?([sdfexXob%])/g,
    (_whole, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%';
      if (at >= values.length) throw new Error(`index ${at} out of range`);
      const value = values[at];
      at += 1;
      return formatOne(verb, value, precision === undefined ? 6 : Number(precision));
    },
  );
  return result;
}

function formatOne(verb: string, value: unknown, precision: number): string {
  if (verb === 's') return printed(value);
  const integer = typeof value === 'bigint' ? value : undefined;
  if (verb === 'd') return integer === undefined ? printed(value) : String(integer);
  if (verb === 'f') return Number(value).toFixed(precision);
  if (verb === 'e') return Number(value).toExponential(precision);
  if (verb === 'b')
    return typeof value === 'boolean' ? (value ? '1' : '0') : (integer?.toString(2) ?? printed(value));
  if (verb === 'o') return integer?.toString(8) ?? printed(value);
  const hex = integer?.toString(16) ?? Buffer.from(printed(value)).toString('hex');
  return verb === 'X' ? hex.toUpperCase() : hex;
}

function printed(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(printed).join(', ')}]`;
  if (value instanceof Map)
    return `{${[...value]
      .map(([key, item]) => `${printed(key)}: ${printed(item)}`)
      .toSorted()
      .join(', ')}}`;
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  return String(value);
}

class FormatValue {
  readonly check: (text: string) => string[];
  constructor(check: (text: string) => string[]) {
    this.check = check;
  }
}

class FormatNamespace {
  readonly namespace = 'format';
}

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const matching = (source: string, maximum: number, message: string): FormatValue =>
  new FormatValue((text) => [
    ...(text.length > maximum ? [`must be no more than ${maximum} characters`] : []),
    ...(new RegExp(`^(${source})$`).test(text) ? [] : [message]),
  ]);
const known = (format: string, message: string): FormatValue =>
  new FormatValue((text) => (hasFormat(format, text) === true ? [] : [message]));

const formats: Record<string, FormatValue> = {
  dns1123Label: matching(
    label,
    63,
    `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character`,
  ),
  dns1123Subdomain: matching(
    `${label}(\\.${label})*`,
    253,
    `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
  ),
  dns1035Label: matching(
    '[a-z]([-a-z0-9]*[a-z0-9])?',
    63,
    `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character`,
  ),
  qualifiedName: matching(
    `(${label}(\\.${label})*/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]`,
    317,
    `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
  ),
  dns1123LabelPrefix: matching(`${label}-?`, 63, 'a lowercase RFC 1123 label prefix is expected'),
  dns1123SubdomainPrefix: matching(
    `${label}(\\.${label})*[-.]?`,
    253,
    'a lowercase RFC 1123 subdomain prefix is expected',
  ),
  dns1035LabelPrefix: matching('[a-z]([-a-z0-9]*[a-z0-9])?-?', 63, 'a DNS-1035 label prefix is expected'),
  labelValue: matching(
    '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?',
    63,
    `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
  ),
  uri: known('uri', 'invalid URI'),
  uuid: known('uuid', 'does not match the UUID format'),
  byte: known('byte', 'invalid base64'),
  date: known('date', 'invalid date'),
  datetime: known('datetime', 'invalid datetime'),
};

function addFormats(environment: Environment): void {
  environment
    .registerType({ name: 'Format', ctor: FormatValue, fields: {} })
    .registerType({ name: 'FormatNamespace', ctor: FormatNamespace, fields: {} })
    .registerConstant('format', 'FormatNamespace', new FormatNamespace())
    .registerFunction('FormatNamespace.named(string): optional<Format>', (_: FormatNamespace, name: string) =>
      Optional.of(formats[name]),
    )
    .registerFunction(
      'Format.validate(string): optional<list<string>>',
      (format: FormatValue, text: string) => {
        const problems = format.check(text);
        return problems.length === 0 ? Optional.none() : Optional.of(problems);
      },
    );
  for (const [name, format] of Object.entries(formats))
    environment.registerFunction(`FormatNamespace.${name}(): Format`, () => format);
}

class SemverValue {
  readonly parts: readonly bigint[];
  readonly pre: string;
  constructor(text: string) {
    const found = semver.exec(text);
    if (found === null) throw new Error(`invalid semantic version ${JSON.stringify(text)}`);
    this.parts = found.slice(1, 4).map((part) => BigInt(part ?? '0'));
    this.pre = found[4] ?? '';
  }
}

const semver = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

function compareVersions(a: SemverValue, b: SemverValue): number {
  for (const [index, part] of a.parts.entries()) {
    const difference = compare(part, b.parts[index] ?? 0n);
    if (difference !== 0) return difference;
  }
  if (a.pre === b.pre) return 0;
  if (a.pre === '' || b.pre === '') return a.pre === '' ? 1 : -1;
  return comparePrereleases(a.pre.split('.'), b.pre.split('.'));
}

function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    if (left === right) continue;
    const [leftNumber, rightNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
    if (leftNumber && rightNumber) return compare(BigInt(left), BigInt(right));
    return leftNumber === rightNumber ? compare(left, right) : leftNumber ? -1 : 1;
  }
  return a.length < b.length ? -1 : 0;
}

function addVersions(environment: Environment): void {
  environment
    .registerType({ name: 'Semver', ctor: SemverValue, fields: {} })
    .registerFunction('semver(string): Semver', (text: string) => new SemverValue(text))
    .registerFunction('isSemver(string): bool', (text: string) => semver.test(text))
    .registerFunction('Semver.major(): int', (version: SemverValue) => version.parts[0])
    .registerFunction('Semver.minor(): int', (version: SemverValue) => version.parts[1])
    .registerFunction('Semver.patch(): int', (version: SemverValue) => version.parts[2])
    .registerFunction(
      'Semver.isLessThan(Semver): bool',
      (a: SemverValue, b: SemverValue) => compareVersions(a, b) < 0,
    )
    .registerFunction(
      'Semver.isGreaterThan(Semver): bool',
      (a: SemverValue, b: SemverValue) => compareVersions(a, b) > 0,
    )
    .registerFunction('Semver.compareTo(Semver): int', (a: SemverValue, b: SemverValue) =>
      BigInt(compareVersions(a, b)),
    )
    .registerOperator('Semver == Semver', (a: SemverValue, b: SemverValue) => compareVersions(a, b) === 0);
}
