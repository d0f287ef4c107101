import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSamePlace, placeOf } from './redirects.ts';

test('an app is sent back to a site, to its own scheme, or to the device itself', () => {
  assert.equal(placeOf('https://app.example/callback?from=shop'), 'web');
  assert.equal(placeOf('com.example.app:/callback'), 'own-scheme');
  assert.equal(placeOf('http://127.0.0.1/callback'), 'loopback');
  assert.equal(placeOf('http://[::1]:4711/callback'), 'loopback');
});

for (const uri of [
  'http://app.example/callback',
  'http://localhost/callback',
  'http://127.0.0.1.evil.example/',
  'http://127.0.0.1:80@evil.example/',
  'https://user:word@app.example/',
  'https://app.example/#here',
  'https://*.app.example/',
  'https:app.example',
  'https://app.example\\@evil.example/',
  'https://app.example/ ',
  'https://app.example/\n',
  'https://äpp.example/',
  'javascript:alert(1)',
  'data:text/html,x',
  'app:/callback',
  'com.example.app://callback',
  '//app.example/',
  '/callback',
  '',
])
  test(`nobody is sent back to ${JSON.stringify(uri)}`, () => assert.equal(placeOf(uri), undefined));

test('an address is compared letter by letter, but for the port of the device itself', () => {
  const same = isSamePlace;
  assert.ok(same('http://127.0.0.1/callback', 'http://127.0.0.1:51234/callback'));
  assert.ok(same('http://[::1]:1/callback', 'http://[::1]:2/callback'));
  for (const [known, asked] of [
    ['http://127.0.0.1/callback', 'http://[::1]/callback'],
    ['http://127.0.0.1/callback', 'http://127.0.0.1:1/callback/'],
    ['http://127.0.0.1/callback', 'http://127.0.0.1:70000/callback'],
    ['https://app.example/callback', 'https://app.example:8443/callback'],
    ['https://app.example/callback', 'https://app.example/callback?x=1'],
    ['https://app.example/callback', 'https://app.example/callback/../other'],
    ['https://app.example/callback', 'https://APP.example/callback'],
  ] as const)
    assert.ok(!same(known, asked), asked);
});

test('whatever is asked for, what is not written down is another place', () => {
  const known = 'https://app.example/callback';
  fc.assert(fc.property(fc.webUrl(), (asked) => asked === known || !isSamePlace(known, asked)));
  fc.assert(fc.property(fc.string(), (more) => more === '' || !isSamePlace(known, known + more)));
});
