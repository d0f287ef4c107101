import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookOf, pageStyle } from './branding.ts';

test('what is no colour, family or https address is left out, and nothing breaks out of the style', () => {
  const branding = {
    logo: 'javascript:alert(1)',
    colors: { primary: 'red}</style><script>', background: '#fff', text: 7 },
    fonts: { body: "x'}</style>" },
  };
  assert.deepEqual(lookOf(branding), lookOf({}));
  assert.doesNotMatch(pageStyle(branding), /[<>]/);
});

test('a button can be read on any colour', () => {
  assert.equal(lookOf({ colors: { primary: '#ffee00' } }).onPrimary, '#000000');
  assert.equal(lookOf({ colors: { primary: '#2f5d46' } }).onPrimary, '#ffffff');
});
