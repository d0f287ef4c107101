/** Whatever colours a tenant picks, its shop can be read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { contrast, readable, themeOf } from './theme.ts';

const hex = fc
  .tuple(fc.nat(255), fc.nat(255), fc.nat(255))
  .map((rgb) => `#${rgb.map((value) => value.toString(16).padStart(2, '0')).join('')}`);

const variable = (css: string, name: string): string =>
  new RegExp(`--${name}:(#[0-9a-f]{6})`).exec(css)?.[1] ?? '';

test('text reaches AA on every ground it stands on, for any branding', () => {
  fc.assert(
    fc.property(hex, hex, hex, hex, hex, (primary, onPrimary, secondary, background, text) => {
      const { css } = themeOf({ colors: { primary, onPrimary, secondary, background, text } });
      const at = (name: string): string => variable(css, name);
      assert.ok(contrast(at('ink'), at('canvas')) >= 4.5);
      assert.ok(contrast(at('ink'), at('brand-soft')) >= 4.5);
      assert.ok(contrast(at('muted'), at('sunken')) >= 4.5);
      assert.ok(contrast(at('accent'), at('sunken')) >= 4.5);
      assert.ok(contrast(at('brand-ink'), at('sunken')) >= 4.5);
      assert.ok(contrast(at('on-brand'), at('brand')) >= 4.5);
    }),
  );
});

test('a colour that can be read already is left alone', () => {
  assert.equal(readable('#1e2521', '#faf8f3'), '#1e2521');
});

test('black on white has the contrast WCAG gives it', () => {
  assert.equal(contrast('#000000', '#ffffff'), 21);
});

test('what the browser draws itself is dark on a dark ground', () => {
  assert.match(themeOf({ colors: { background: '#101418' } }).css, /color-scheme:dark/);
  assert.match(themeOf({ colors: { background: '#faf8f3' } }).css, /color-scheme:light/);
});

test('branding cannot break out of the style element', () => {
  const { css } = themeOf({
    colors: { primary: 'red}</style><script>' },
    fonts: { heading: 'x</style><script>', body: 'a;b{' },
  });
  assert.ok(!css.includes('<') && css.split('{').length === 2, css);
});

test('fonts that ship with the storefront are found by their plain names', () => {
  assert.match(
    themeOf({ fonts: { heading: 'Fraunces, Georgia, serif' } }).css,
    /--font-display:'Fraunces Variable', 'Georgia', serif/,
  );
});
