/** What a merchant writes cannot become a script in a shopper's browser. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { plainText, safeHtml } from './html.ts';

test('text elements stay, attributes go', () => {
  assert.equal(
    safeHtml('<p class="x" onclick="y()">A <strong>good</strong> tent</p><ul><li>one</li></ul>'),
    '<p>A <strong>good</strong> tent</p><ul><li>one</li></ul>',
  );
});

test('scripts, styles and frames go with their content', () => {
  assert.equal(
    safeHtml(
      '<p>a</p><script>alert(1)</script><STYLE>p{}</STYLE><iframe src=x>y</iframe><svg onload=z></svg>b',
    ),
    '<p>a</p>b',
  );
});

test('a link keeps an honest address and loses any other', () => {
  assert.equal(
    safeHtml('<a href="https://a.example/?q=1" target=_blank>x</a>'),
    '<a href="https://a.example/?q=1" rel="noopener nofollow">x</a>',
  );
  for (const href of [
    'javascript:alert(1)',
    ' JaVaScRiPt:x',
    'data:text/html,x',
    '//evil.example',
    'vbscript:x',
  ]) {
    assert.equal(safeHtml(`<a href="${href}">x</a>`), '<a>x</a>');
  }
});

test('open elements are closed and stray ends dropped, so the page around keeps its shape', () => {
  assert.equal(safeHtml('</div></p><ul><li>a<p>b'), '<ul><li>a<p>b</p></li></ul>');
});

test('whatever goes in, no script, handler or foreign element comes out', () => {
  const piece = fc.constantFrom(
    '<',
    '>',
    '"',
    "'",
    '/',
    ' ',
    'script',
    '<script>',
    '</script>',
    '<img src=x onerror=alert(1)>',
    '<p>',
    'on',
    '=',
    'a',
    '<a href=',
    'javascript:',
    '<!--',
    '-->',
    '<svg/onload=x>',
    '\u0000',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const out = safeHtml(pieces.join(''));
      for (const [, name = '', rest = ''] of out.matchAll(/<\/?([a-z0-9]+)([^>]*)>/gi)) {
        assert.ok(['p', 'a', 'br'].includes(name), out);
        assert.match(rest, /^$|^ href="(https?:|mailto:|\/|#)[^"]*" rel="noopener nofollow"$/, out);
      }
      assert.ok(!/<(?!\/?(p|a|br)[ >])/.test(out), out);
    }),
    { numRuns: 500 },
  );
});

test('plain text is short and without tags', () => {
  assert.equal(plainText('<p>One</p><p>two <b>three</b></p>', 11), 'One two th…'.slice(0, 11));
});
