/**
 * Lines of a log: whom they are about, and how they read.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PLAIN, stripped, createStyle } from '../terminal/style.ts';
import { isAbout, parseLine, renderLine } from './line.ts';
import { timestamp } from './stamp.ts';

const line = (fields: object) => parseLine(`2026-11-25T12:00:00.123456789Z ${JSON.stringify(fields)}`);
const about = (fields: object, namespace = 'shopmind-system') =>
  isAbout(line(fields), 'acme', namespace, 'shopmind-system');

for (const [what, fields, is] of [
  ['names the tenant', { tenant: 'acme', msg: 'x' }, true],
  ['names another one', { tenant: 'fjord', key: 'acme' }, false],
  ['names none', { msg: 'looking for tasks failed' }, false],
  ['is of a reconcile of the tenant', { controller: 'shopmindtenant', key: 'acme' }, true],
  [
    'is of a reconcile of the shared Service',
    { controller: 'service', key: 'shopmind-system/runtime' },
    false,
  ],
] as const) {
  test(`a line that ${what} is ${is ? '' : 'not '}about it`, () => assert.equal(about(fields), is));
}

test('what is in the tenant’s own namespace is about it', () => {
  assert.equal(about({ key: 'tenant-acme/runtime' }, 'tenant-acme'), true);
  assert.equal(about({ key: 'tenant-acme-2/runtime' }, 'tenant-acme'), false);
});

test('a line of ours reads as level, message, fields and error; the stack on request', () => {
  const whole = line({
    level: 40,
    time: 1,
    pod: 'p',
    tenant: 'acme',
    order: 'o_1',
    err: { type: 'ShopError', message: 'no', stack: 'ShopError: no\n    at x' },
    msg: 'the saga goes on',
  });
  const clock = timestamp(whole.time);
  assert.equal(renderLine(whole, PLAIN), `${clock} WARN  the saga goes on  order=o_1  ShopError: no`);
  assert.match(renderLine(whole, PLAIN, true), /ShopError: no\n {8}at x$/);
});

test('any text survives, JSON or not, and only colour is added', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\n') && !text.includes('\u001b')),
      (text) => {
        const plain = renderLine(parseLine(`2026-11-25T12:00:00Z ${text}`), PLAIN);
        if (!text.startsWith('{')) assert.ok(plain.endsWith(text));
        assert.equal(
          stripped(renderLine(parseLine(`2026-11-25T12:00:00Z ${text}`), createStyle(true))),
          plain,
        );
      },
    ),
  );
});
