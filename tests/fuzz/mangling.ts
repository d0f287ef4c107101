/** What can be wrong with a request whatever it asks for: its bytes, headers, encodings. */
import { jsonIn } from '../../runtime/platform/json/index.ts';
import type { Operation } from './operations.ts';
import type { Random } from './random.ts';
import type { Sent } from './wire.ts';

type Mangle = (sent: Sent, random: Random) => Sent;

/** @returns what is done to the request as the last thing before it goes */
export function mangled(operation: Operation, random: Random): (sent: Sent) => Sent {
  const mangle = random.pick(operation.body === undefined ? WITHOUT_BODY : [...WITHOUT_BODY, ...WITH_BODY]);
  return (sent) => mangle(sent, random);
}

/** Text that a parameter of a path or query has never been. */
export function odd(random: Random): string {
  return random.pick(ODD);
}

/** A cursor of a list in which one part is made up: its list is the right one, so that the part is looked at. */
export function spoiledCursor(cursor: string, random: Random): string {
  const parts = jsonIn(Buffer.from(cursor, 'base64url').toString());
  if (!Array.isArray(parts) || parts.length === 0) return odd(random);
  const place = random.index(parts.length);
  const made = random.pick<unknown>([odd(random), 1e300, -1, null, [], '9999-99-99', 'x']);
  return Buffer.from(JSON.stringify(parts.with(place, made))).toString('base64url');
}

/** Bytes that are nothing of what is uploaded, and that a pattern which goes back and forth would read for ever. */
export function oddBytes(random: Random): Buffer {
  const text = random.pick(['<!---->', '<a ', '<svg ', '{"a":', '"",', '\u0000', '   ', '\n\n']);
  return Buffer.from(text.repeat(1 + random.index(400)));
}

const ODD: readonly string[] = [
  '\u0000',
  'a\u0000b',
  '..',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  "' OR 1=1 --",
  '%',
  '%00',
  '\\',
  '\uFFFE',
  '𝕏',
  '-1',
  '0',
  '9223372036854775808',
  '9007199254740993',
  '2147483648',
  '1e400',
  'NaN',
  'null',
  'undefined',
  '[object Object]',
  '{}',
  ' ',
  'x'.repeat(300),
  'x'.repeat(2_000),
  '*',
  '1,2',
  ',,,,',
  'eyJhbGciOiJub25lIn0.e30.',
  // Cursors are base64url of JSON, mostly.
  Buffer.from('{"__proto__":1}').toString('base64url'),
  Buffer.from('[null,"\u0000",{"a":1}]').toString('base64url'),
  Buffer.from('["9999-99-99","x"]').toString('base64url'),
  Buffer.from([255, 254, 0, 1]).toString('base64url'),
  Buffer.from('9223372036854775808').toString('base64url'),
  '9999-12-31T23:59:59Z',
  '+275760-09-13T00:00:00.001Z',
  '2024-02-30',
];

const WITHOUT_BODY: readonly Mangle[] = [
  (sent) => ({
    ...sent,
    target: `${sent.target}${sent.target.includes('?') ? '&' : '?'}limit=1&limit=2&cursor=a&cursor=b`,
  }),
  (sent) => ({ ...sent, target: `${sent.target}?__proto__=1&constructor=2&%00=3&%=4&=5&&` }),
  (sent) => ({ ...sent, target: sent.target.replace(/[^/]*$/, '%C0%AE%C0%AE') }),
  (sent) => ({ ...sent, target: sent.target.replace(/[^/]*$/, '%ff%fe') }),
  (sent) => ({ ...sent, target: sent.target.replace(/[^/]*$/, '%zz') }),
  (sent) => ({ ...sent, target: sent.target.replace(/[^/]*$/, '%2e%2e%2f%00') }),
  (sent) => ({ ...sent, target: `${sent.target}/` }),
  (sent) => ({ ...sent, target: sent.target.replaceAll('/', '//') }),
  (sent) => ({ ...sent, target: `${sent.target}${sent.target.includes('?') ? '&' : '?'}q=%E4%B8` }),
  (sent) => ({
    ...sent,
    headers: [...sent.headers, ['idempotency-key', 'another-key-1'], ['idempotency-key', 'another-key-2']],
  }),
  (sent) => ({
    ...sent,
    headers: [...sent.headers, ['cookie', `shopmind_session=${'x'.repeat(4_000)}; =; a`]],
  }),
  (sent) => ({ ...sent, headers: [...sent.headers, ['accept-language', '*,q=0.5;;,\u00ff, x-klingon;q=2']] }),
  (sent) => ({
    ...sent,
    headers: [...sent.headers, ['accept', 'application/xml'], ['accept-encoding', 'br;q=nan']],
  }),
  (sent) => ({ ...sent, headers: [...sent.headers, ['if-none-match', `"${'a'.repeat(2_000)}",W/"b",*x`]] }),
  (sent) => ({ ...sent, headers: [...sent.headers, ['range', 'bytes=9999999999999999999-1']] }),
  (sent) => ({ ...sent, headers: [...sent.headers, ['x-request-id', '\u00e4"><script>']] }),
  (sent) => ({ ...sent, headers: [...sent.headers, ['traceparent', '00-zz-1'], ['tracestate', '=,=,']] }),
  (sent) => ({ ...sent, headers: withHeader(sent, 'authorization', 'Bearer ') }),
  (sent) => ({ ...sent, headers: withHeader(sent, 'authorization', `Bearer ${'x'.repeat(5_000)}`) }),
  (sent) => ({
    ...sent,
    headers: withHeader(sent, 'authorization', 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.'),
  }),
  (sent) => ({ ...sent, headers: withHeader(sent, 'authorization', 'Basic \u00ff\u00fe') }),
  (sent) => ({ ...sent, headers: withHeader(sent, 'host', 'nowhere.localhost') }),
  (sent) => ({ ...sent, headers: withHeader(sent, 'host', '[::1]:99999999') }),
  (sent) => ({
    ...sent,
    headers: [...sent.headers, ['x-forwarded-host', 'beta.localhost, alpha.localhost']],
  }),
  (sent, random) => ({
    ...sent,
    method: random.pick(['HEAD', 'OPTIONS', 'TRACE', 'PATCH', 'PROPFIND', 'DELETE']),
  }),
  (sent) => ({
    ...sent,
    method: 'GET',
    headers: withHeader(sent, 'content-type', 'application/json'),
    body: Buffer.from('{"a":1}'),
  }),
];

const WITH_BODY: readonly Mangle[] = [
  (sent, random) => ({ ...sent, cutAt: random.index(sent.body?.length ?? 1) }),
  (sent) => ({ ...sent, body: sent.body?.subarray(0, Math.floor(sent.body.length / 2)) }),
  (sent) => ({ ...sent, body: Buffer.alloc(0) }),
  (sent) => ({
    ...sent,
    body: Buffer.concat([sent.body ?? Buffer.alloc(0), Buffer.from([0xff, 0xfe, 0xc0, 0x80])]),
  }),
  (sent) => ({ ...sent, body: Buffer.from(sent.body?.toString('utf8') ?? '', 'utf16le') }),
  (sent) => ({
    ...sent,
    body: Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), sent.body ?? Buffer.alloc(0)]),
  }),
  (sent) => ({
    ...sent,
    body: Buffer.from(sent.body?.toString('latin1').replace('"', '"\u00c3(') ?? '', 'latin1'),
  }),
  (sent) => ({ ...sent, body: Buffer.from('['.repeat(100_000)) }),
  (sent) => ({ ...sent, body: Buffer.from(`${'{"a":'.repeat(70)}1${'}'.repeat(70)}`) }),
  (sent) => ({ ...sent, body: Buffer.from(`{"a":${'9'.repeat(50_000)}}`) }),
  (sent) => ({ ...sent, body: Buffer.from('{"a":1,"a":2,"__proto__":{"b":1}}') }),
  (sent) => ({ ...sent, body: Buffer.from(`"${'x'.repeat(300_000)}"`) }),
  (sent) => ({ ...sent, body: Buffer.from(JSON.stringify('\uD800')) }),
  (sent, random) => ({
    ...sent,
    body: Buffer.from(random.pick(['null', '[]', '0', '""', 'true', 'NaN', '{', '-', '"\\u00"'])),
  }),
  (sent, random) => ({
    ...sent,
    headers: withHeader(
      sent,
      'content-type',
      random.pick([
        'text/plain',
        'application/xml',
        'multipart/form-data',
        'application/json; charset=utf-16',
        'a',
        ';',
        'image/png',
      ]),
    ),
  }),
  (sent) => ({ ...sent, headers: sent.headers.filter(([name]) => name !== 'content-type') }),
  (sent) => ({ ...sent, headers: [...sent.headers, ['content-encoding', 'gzip']] }),
  (sent) => ({ ...sent, headers: [...sent.headers, ['transfer-encoding', 'chunked']] }),
];

function withHeader({ headers }: Sent, name: string, value: string): Sent['headers'] {
  return [...headers.filter(([known]) => known !== name), [name, value]];
}
