import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import fc from 'fast-check';
import { ends } from '../../../tests/support/ends.ts';
import { lineOf } from './csv/write.ts';
import { groupsOf, type Group } from './csv/read.ts';
import { handleOf } from './document.ts';
import { safeHtml } from './html.ts';
import { decodeCursor, encodeCursor, type Paged } from './listing.ts';
import { formatPrice, parsePrice } from './money.ts';
import { isKept } from '../../platform/kept.ts';
import { pictureOf } from '../../platform/pictures/sniff.ts';
import { Handle } from './schemas.ts';
import { atMost } from './sources.ts';

test('a file of more products than can be told apart is refused at the first that is too many', async () => {
  const rows = ['a', 'a', 'b', 'c', 'd'].map((handle) => `${handle},T,1\n`).join('');
  const handles: string[] = [];
  const read = async (): Promise<void> => {
    const file = Readable.from([Buffer.from(`Handle,Title,Variant Price\n${rows}`)]);
    for await (const group of groupsOf(file, () => undefined, 3))
      if ('rows' in group) handles.push(group.rows[0].cells['Handle'] ?? '');
  };
  await assert.rejects(read, { code: 'invalid_input', message: 'There are more than 3 products.' });
  assert.deepEqual(handles, ['a', 'b', 'c']);
});

test('of a source no more is read than it may have, whatever its server said', async () => {
  const chunks = function* (): Generator<Buffer> {
    for (let n = 0; n < 10; n += 1) yield Buffer.alloc(100);
  };
  const open = (most: number): Readable =>
    atMost(Readable.from(chunks(), { objectMode: false }), most, () => new Error('too large'));
  assert.equal((await buffer(open(1_000))).length, 1_000);
  await assert.rejects(buffer(open(999)), /too large/);
  const gone = Readable.from(
    (function* () {
      yield Buffer.alloc(100);
      throw new Error('gone');
    })(),
  );
  await assert.rejects(buffer(atMost(gone, 1_000, () => new Error('too large'))), /gone/);
});

test('a price written is the price read, in currencies of 0, 2 and 3 decimals', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 1_000_000_000 }),
      fc.constantFrom('JPY', 'EUR', 'KWD', 'NOK'),
      (amount, currency) => {
        assert.equal(parsePrice(formatPrice(amount, currency), currency), amount);
      },
    ),
  );
  assert.deepEqual(
    ['19.9', '19', '1500.00', '0.1', '1e3', '1.005', '-1', '+1', ' 2 ', '1,5', '', '.5'].map((text) =>
      parsePrice(text, 'EUR'),
    ),
    [
      1990,
      1900,
      150_000,
      10,
      undefined,
      undefined,
      undefined,
      undefined,
      200,
      undefined,
      undefined,
      undefined,
    ],
  );
  assert.deepEqual(
    ['1500', '1500.00', '1500.5'].map((text) => parsePrice(text, 'JPY')),
    [1500, 1500, undefined],
  );
});

test('any cells written as a line of CSV are read as the same cells', async () => {
  const cell = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', '').replaceAll('\r', ''));
  await fc.assert(
    fc.asyncProperty(fc.array(cell, { minLength: 1, maxLength: 6 }), async (cells) => {
      const head = ['Handle', 'Title', 'Variant Price', ...cells.map((_, index) => `C${index}`)];
      const text = lineOf(head) + lineOf(['h', 't', '1', ...cells]);
      const groups: Group[] = [];
      for await (const group of groupsOf(Readable.from([Buffer.from(text)]), () => undefined))
        groups.push(group);
      const [group] = groups;
      assert.ok(group && 'rows' in group, JSON.stringify(groups));
      assert.deepEqual(
        cells.map((_, index) => group.rows[0].cells[`C${index}`]),
        cells,
      );
    }),
    { numRuns: 60 },
  );
});

const HTML: readonly (readonly [string, string])[] = [
  ['<p>Hello <b>you</b></p>', '<p>Hello <b>you</b></p>'],
  ['<script>alert(1)</script>x', 'x'],
  ['<SCRIPT SRC=//x>a', ''],
  ['<img src=x onerror=alert(1)>', '<img>'],
  ['<img src="https://x.example/a.png" alt="a&quot;">', '<img src="https://x.example/a.png" alt="a&quot;">'],
  ['<a href="javascript:alert(1)">x</a>', '<a>x</a>'],
  ['<a href="java&#115;cript:alert(1)">x</a>', '<a>x</a>'],
  ['<a href=" jav\tascript:alert(1)">x</a>', '<a>x</a>'],
  ['<a href="//evil.example">x</a>', '<a>x</a>'],
  ['<a href="/ok?a=1">x</a>', '<a href="/ok?a=1" rel="nofollow noopener">x</a>'],
  ['<svg><script>x</script></svg>y', 'y'],
  ['<p style="x:expression(1)" class=a>z', '<p>z</p>'],
  ['a < b > c', 'a &lt; b &gt; c'],
  ['<b><i>x</b>y</i>', '<b><i>x</i></b>y'],
  ['</p></div>x', 'x'],
  ['<!-- <script> --><b>x', '<b>x</b>'],
  ['<iframe src=x></iframe><style>*{}</style>ok', 'ok'],
  ['<p<script>alert(1)</script>', '&lt;p'],
];
for (const [dirty, clean] of HTML) {
  test(`the description ${dirty} becomes ${clean}`, () => assert.equal(safeHtml(dirty), clean));
}

test('a tag that never ends, however it goes on, is read once', () => {
  for (const rest of [
    ' '.repeat(100_000),
    ' a'.repeat(50_000),
    ' a="'.repeat(25_000),
    ' a=\'"'.repeat(25_000),
  ])
    assert.equal(
      ends(() => safeHtml(`<a${rest}`)),
      `&lt;a${rest}`,
    );
  assert.equal(
    ends(() => safeHtml('<a '.repeat(60_000))),
    '&lt;a '.repeat(60_000),
  );
});

test('whatever is written, no description runs anything, and cleaning twice changes nothing more', () => {
  const piece = fc.constantFrom(
    '<',
    '>',
    '"',
    "'",
    '<script',
    '</script>',
    '<a href=',
    'javascript:',
    ' onload=',
    '<p>',
    '</p>',
    '<img src=',
    '&#106;',
    '/',
    '<!--',
    '-->',
    '<svg',
    'x',
    ' ',
    '<b ',
    '=',
    '\n',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const clean = safeHtml(pieces.join(''));
      assert.doesNotMatch(clean, /<(?!\/?(?:p|b|a|img)\b)/i);
      assert.doesNotMatch(clean, /<[^>]*\son\w+\s*=/i);
      assert.doesNotMatch(clean, /<[^>]*(?:href|src)="\s*(?!https?:|mailto:|\/|#)/i);
      assert.equal(safeHtml(clean), clean);
    }),
    { numRuns: 2_000 },
  );
});

test('a handle made of any title is a handle', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (title) =>
      assert.ok(Handle.safeParse(handleOf(title)).success, handleOf(title)),
    ),
  );
  assert.equal(handleOf('Größe Ärmel – №5!'), 'grosse-armel-no5');
  assert.equal(handleOf('日本茶'), '日本茶');
});

test('a cursor is read back, only by its own list', () => {
  const kept = fc.string().filter(isKept);
  const keys: Record<Paged['type'], fc.Arbitrary<unknown>> = {
    text: kept,
    bigint: fc.maxSafeInteger(),
    integer: fc.integer(),
    timestamptz: fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
  };
  for (const [type, key] of Object.entries(keys) as [Paged['type'], fc.Arbitrary<unknown>][]) {
    const list = { sort: 'some', type };
    fc.assert(
      fc.property(
        key,
        kept,
        fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
        (at, id, lift) => {
          const read = decodeCursor(encodeCursor(list, at, id, lift ?? undefined), list, lift !== null);
          const text = at instanceof Date ? at.toISOString() : String(at);
          assert.deepEqual(read, { key: text, id, ...(lift === null ? {} : { lift: String(lift) }) });
        },
      ),
    );
  }
});

test('a cursor that no list gave out is refused before a statement is given it', () => {
  const list: Paged = { sort: 'newest', type: 'timestamptz' };
  const at = '2026-01-01T00:00:00.000Z';
  for (const cursor of [
    '',
    'x',
    'e30',
    encodeCursor({ ...list, sort: 'other' }, at, 'a'),
    encodeCursor(list, at, 'a', 1),
    ...[{ a: 1 }, null, 1, 'yesterday', `${at}x`, '2026-02-30T00:00:00.000Z'].map((key) =>
      encodeCursor(list, key, 'a'),
    ),
    ...['\0', '\ud800'].map((id) => encodeCursor(list, at, id)),
  ])
    assert.throws(() => decodeCursor(cursor, list), { code: 'invalid_input' });
  for (const [type, key] of [
    ['bigint', 'x'],
    ['bigint', 2 ** 60],
    ['integer', 2 ** 40],
    ['integer', 0.5],
    ['text', 'a\0'],
  ] as const)
    assert.throws(() => decodeCursor(encodeCursor({ ...list, type }, key, 'a'), { ...list, type }), {
      code: 'invalid_input',
    });
});

test('a drawing has comments before it, and thousands of them are no drawing', () => {
  const drawing = '<svg width="4" height="3"></svg>';
  for (const before of ['', '\ufeff', '<?xml version="1.0"?>\n<!-- a -- b --> <!DOCTYPE svg>\n<!---->'])
    assert.deepEqual(pictureOf(Buffer.from(before + drawing)), {
      contentType: 'image/svg+xml',
      width: 4,
      height: 3,
    });
  assert.equal(
    ends(() => pictureOf(Buffer.from('<!---->'.repeat(500)))),
    undefined,
  );
});

test('pictures are known by their bytes, not their names', () => {
  const png = Buffer.concat([
    Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
    Buffer.from('0000002a00000007', 'hex'),
  ]);
  assert.deepEqual(pictureOf(png), { contentType: 'image/png', width: 42, height: 7 });
  const gif = Buffer.concat([Buffer.from('GIF89a'), Buffer.from('0a001400', 'hex'), Buffer.alloc(6)]);
  assert.deepEqual(pictureOf(gif), { contentType: 'image/gif', width: 10, height: 20 });
  const jpeg = Buffer.from('ffd8ffe000044a46ffc0001108003000400301220002110103110100', 'hex');
  assert.deepEqual(pictureOf(jpeg), { contentType: 'image/jpeg', width: 64, height: 48 });
  assert.deepEqual(
    pictureOf(Buffer.from('<?xml version="1.0"?>\n<!-- hi --><svg viewBox="0 0 800 600" xmlns="x">')),
    { contentType: 'image/svg+xml', width: 800, height: 600 },
  );
  for (const other of ['<html><svg>', 'MZ............', '%PDF-1.7 .....', '{"a":"longer than twelve"}', ''])
    assert.equal(pictureOf(Buffer.from(other)), undefined, other);
});
