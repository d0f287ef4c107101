import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemory, namesOfParameter } from './memory.ts';
import { randomFrom } from './random.ts';

test('the id of a member of a list is known by what the list holds', () => {
  const memory = createMemory();
  memory.learn('/api/admin/media/assets', { assets: [{ id: 'med_1' }] });
  assert.equal(memory.any('assetId', randomFrom(1)), 'med_1');
  assert.deepEqual(namesOfParameter('/api/admin/media/assets/{id}', 'id'), ['assetId', 'id']);
});

test('what was created is known by where it was created', () => {
  const memory = createMemory();
  memory.learn('/api/orders/carts', { id: 'cart_1', lines: [] });
  memory.learn('/api/orders/carts/{cartId}/lines', { cart: { id: 'cart_2' } });
  const random = randomFrom(1);
  const seen = new Set(Array.from({ length: 40 }, () => memory.any('cartId', random)));
  assert.deepEqual(seen, new Set(['cart_1', 'cart_2']));
});

test('an order and its token come from one answer', () => {
  const memory = createMemory();
  const random = randomFrom(1);
  for (let order = 0; order < 20; order += 1)
    memory.learn('/api/orders/checkout', { order: { id: `ord_${order}` }, token: `token of ord_${order}` });
  for (let round = 0; round < 20; round += 1) {
    const said = memory.recall(['orderId', 'token'], random);
    assert.equal(said.get('token'), `token of ${said.get('orderId')}`);
  }
});

test('ids are known by their prefix too, and links and codes in messages are read', () => {
  const memory = createMemory();
  const id = 'gft_0123456789abcdef0123456789abcdef';
  memory.learn('/x', { giftCard: id, text: 'Your code is 123456: http://a.example/x?token=con_1.news.abc' });
  const random = randomFrom(1);
  assert.equal(memory.anyId('gft', random), id);
  assert.equal(memory.any('code', random), '123456');
  assert.equal(memory.any('token', random), 'con_1.news.abc');
});

test('the token of a mailed link is known by the page it leads to', () => {
  const memory = createMemory();
  memory.learn('/x', {
    text: 'Join: https://a.example/api/accounts/pages/join#0123456789abcdefghij. Welcome!',
  });
  assert.equal(memory.any('join', randomFrom(1)), '0123456789abcdefghij');
});
