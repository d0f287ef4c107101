/** What is masked in texts of pages, and what is not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ends } from '../../../tests/support/ends.ts';
import { csvOf } from './csv.ts';
import { campaignOf, deviceOf, maskPath, maskText, sourceOf } from './mask.ts';

for (const [given, expected] of [
  ['Red  Boots', 'red boots'],
  ['mail me at Ann.Lee+shop@Example.co.uk please', 'mail me at … please'],
  ['4242 4242 4242 4242', '…'],
  ['call +47 (22) 85-50-50', 'call …'],
  ['size 42 width 9', 'size 42 width 9'],
  ['eyJhbGciOiJIUzI1NiJ9abc', '…'],
  ['ski-boots-for-beginners-and-more', 'ski-boots-for-beginners-and-more'],
  ['a\u0000b\tc', 'a b c'],
] as const) {
  test(`a search for ${JSON.stringify(given)} is counted as ${JSON.stringify(expected)}`, () => {
    assert.equal(maskText(given), expected);
  });
}

for (const [given, expected] of [
  ['/products/red-boots?utm_source=x&email=a@b.no#top', '/products/red-boots'],
  ['/orders/ord_0192f4c2a1b07c3d8e9fa0b1c2d3e4f5/thanks', '/orders/…/thanks'],
  ['/verify/ann%40example.com', '/verify/…'],
  ['products', '/products'],
] as const) {
  test(`the path ${given} is counted as ${expected}`, () => {
    assert.equal(maskPath(given), expected);
  });
}

test('no address or long number of anybody gets through, whatever stands around it', () => {
  const around = fc.string({ unit: 'grapheme', maxLength: 30 });
  fc.assert(
    fc.property(around, fc.emailAddress(), around, (before, email, after) => {
      for (const masked of [
        maskText(`${before} ${email} ${after}`),
        maskPath(`/${before}/${email}/${after}`),
      ]) {
        assert.ok(!masked.includes(email.toLowerCase()), masked);
        assert.ok(masked.length <= 200 && masked.isWellFormed());
      }
    }),
  );
  fc.assert(
    fc.property(around, fc.stringMatching(/^\d{7,19}$/), (before, number) => {
      assert.ok(!maskText(`${before} ${number}`).includes(number));
    }),
  );
});

test('a visit comes from its campaign, else from another site, and never from the shop itself', () => {
  const own = ['acme.example'];
  assert.equal(sourceOf('/?utm_source=News%20Letter', 'https://mail.example/inbox/ann', own), 'news letter');
  assert.equal(sourceOf('/', 'https://www.search.example/q?ann', own), 'search.example');
  assert.equal(sourceOf('/', 'https://acme.example/cart', own), '');
  assert.equal(sourceOf('/', 'no address', own), '');
  assert.equal(sourceOf('/', undefined, own), '');
  assert.equal(campaignOf('/x?utm_campaign=Spring%20ann@example.com'), 'spring …');
});

for (const [agent, device] of [
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148', 'mobile'],
  ['Mozilla/5.0 (Linux; Android 14; Pixel 8) Mobile Safari/537.36', 'mobile'],
  ['Mozilla/5.0 (Linux; Android 14; SM-X710) Safari/537.36', 'tablet'],
  ['Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0', 'desktop'],
  ['Mozilla/5.0 (compatible; Googlebot/2.1)', 'robot'],
  [undefined, 'desktop'],
] as const) {
  test(`${agent ?? 'an agent without a name'} is a ${device}`, () => {
    assert.equal(deviceOf(agent), device);
  });
}

test('a table quotes what needs it and starts no formula', () => {
  assert.equal(
    csvOf(['a', 'b'], [{ a: '=1+1', b: -2 }, { a: 'x,"y"', b: undefined }, { a: '-3' }]),
    'a,b\r\n\'=1+1,-2\r\n"x,""y""",\r\n\'-3,\r\n',
  );
  assert.equal(csvOf(['a'], [{ a: '＝1' }, { a: '\n=1' }]), 'a\r\n\'＝1\r\n"\'\n=1"\r\n');
});

test('a path or a search of any length without an address in it is read once', () => {
  const long = 'a'.repeat(2_000_000);
  assert.equal(ends(() => maskText(long)).length, 200);
  assert.equal(ends(() => maskPath(long)).length, 200);
});
