import assert from 'node:assert/strict';
import { test } from 'node:test';
import { saidIn } from './said.ts';

const at = '2026-11-27T10:00:00.000Z';
const message = (seq: number, from: string, more: object = {}) => ({
  seq,
  from,
  cid: null,
  kind: 'text' as const,
  text: `${seq}`,
  at,
  ...more,
});

test('each message is by the visitor, the shop or its assistant', () => {
  const said = saidIn([message(1, 'gst_1'), message(2, 'assistant'), message(3, 'merchant')]);
  assert.deepEqual(
    said.map(({ by }) => by),
    ['you', 'assistant', 'shop'],
  );
});

test('what was taken down is not shown, nor that it was', () => {
  const said = saidIn([
    message(1, 'gst_1'),
    message(2, 'gst_1'),
    message(3, 'house', { kind: 'removal', ref: 1, text: '' }),
    message(4, 'house', { kind: 'notice', text: 'closed' }),
  ]);
  assert.deepEqual(
    said.map(({ seq }) => seq),
    [2],
  );
});

test('a product leads to its page where it is named, the one with the longer name first', () => {
  const [said] = saidIn([
    message(1, 'assistant', {
      text: 'We have:\n• Stove Pro, from €9\n• Stove, from €5',
      attachments: [
        { kind: 'product', handle: 'stove', title: 'Stove' },
        { kind: 'product', handle: 'pro', title: 'Stove Pro' },
        { kind: 'product', handle: 'pan', title: 'Pan' },
      ],
    }),
  ]);
  assert.deepEqual(said?.pieces, [
    { text: 'We have:\n• ' },
    { text: 'Stove Pro', handle: 'pro' },
    { text: ', from €9\n• ' },
    { text: 'Stove', handle: 'stove' },
    { text: ', from €5' },
  ]);
  assert.deepEqual(
    said.products.map(({ handle }) => handle),
    ['pan'],
  );
});

test('products and files that come with it are told apart', () => {
  const [said] = saidIn([
    message(1, 'assistant', {
      attachments: [
        { kind: 'product', handle: 'tent', title: 'A tent' },
        { kind: 'file', id: 'att_1' },
      ],
    }),
  ]);
  assert.deepEqual([said?.products.map(({ handle }) => handle), said?.files], [['tent'], ['att_1']]);
});
