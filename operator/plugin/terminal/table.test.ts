import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStyle } from './style.ts';
import { indented, table } from './table.ts';

test('columns align, wide characters counted as two', () => {
  assert.equal(
    table([
      ['TENANT', 'URL'],
      ['茶の庭', 'x'],
      ['a', 'y'],
    ]),
    'TENANT  URL\n茶の庭  x\na       y',
  );
});

test('colours take no room, and the last column is never cut', () => {
  const { red } = createStyle(true);
  const long = 'x'.repeat(500);
  const [, row = ''] = table([
    ['A', 'MESSAGE'],
    [red('bad'), long],
  ]).split('\n');
  assert.equal(row, `${red('bad')}  ${long}`);
});

test('lines after the first are moved in', () => {
  assert.equal(indented('a\nb\nc', 2), 'a\n  b\n  c');
});
