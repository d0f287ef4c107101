import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deviceOf, UNKNOWN_DEVICE } from './devices.ts';

const of = (agent: string | undefined) => deviceOf({ headers: { 'user-agent': agent } });
const WEBKIT = 'AppleWebKit/605.1.15 (KHTML, like Gecko)';
const BLINK = 'AppleWebKit/537.36 (KHTML, like Gecko)';

for (const [agent, browser, system] of [
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${BLINK} Chrome/131.0.0.0 Safari/537.36`, 'Chrome', 'Windows'],
  [
    `Mozilla/5.0 (Windows NT 10.0) ${BLINK} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.51`,
    'Edge',
    'Windows',
  ],
  [
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${BLINK} Chrome/130 Safari/537.36 OPR/116`,
    'Opera',
    'macOS',
  ],
  [
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Version/18.1 Safari/605.1.15`,
    'Safari',
    'macOS',
  ],
  ['Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0', 'Firefox', 'Linux'],
  [`Mozilla/5.0 (X11; Linux x86_64) ${BLINK} HeadlessChrome/131.0.0.0 Safari/537.36`, 'Chrome', 'Linux'],
  [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${BLINK} Chrome/131.0.0.0 Safari/537.36`, 'Chrome', 'ChromeOS'],
  [`Mozilla/5.0 (Linux; Android 10; K) ${BLINK} Chrome/131.0.0.0 Mobile Safari/537.36`, 'Chrome', 'Android'],
  [
    `Mozilla/5.0 (Linux; Android 14; SM-S921B) ${BLINK} SamsungBrowser/27.0 Chrome/125 Mobile Safari/537.36`,
    'Samsung Internet',
    'Android',
  ],
  [
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) ${WEBKIT} Version/18.1 Mobile/15E148 Safari/604.1`,
    'Safari',
    'iPhone',
  ],
  [
    `Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) ${WEBKIT} FxiOS/132.0 Mobile/15E148 Safari/605.1.15`,
    'Firefox',
    'iPad',
  ],
  ['curl/8.10.1', null, null],
] as const)
  test(`${browser ?? 'no browser'} on ${system ?? 'nothing known'} is known by what it says: ${agent.slice(0, 60)}`, () => {
    assert.deepEqual(of(agent), { browser, system });
  });

test('who says nothing is not known', () => {
  assert.deepEqual(of(undefined), UNKNOWN_DEVICE);
});

test('whatever somebody says of themselves, none of their own words are kept', () => {
  const words = ['Edge', 'Opera', 'Samsung Internet', 'Firefox', 'Chrome', 'Safari'];
  const systems = ['Android', 'iPhone', 'iPad', 'ChromeOS', 'Windows', 'macOS', 'Linux'];
  const said = fc.array(fc.oneof(fc.string(), fc.constantFrom(...words, ...systems, '/', ' ', 'Macintosh')));
  fc.assert(
    fc.property(said, (parts) => {
      const { browser, system } = of(parts.join(''));
      assert.ok(browser === null || words.includes(browser));
      assert.ok(system === null || systems.includes(system));
    }),
  );
});
