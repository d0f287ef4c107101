import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from './judging.ts';

const shop = { publication: 'at_once', heldWords: ['rubbish'] } as const;

test('what reads well is shown at once where the shop wants that, and only there', () => {
  assert.deepEqual(judge(shop, ['Warm', 'Kept me dry for 3 nights at 2,500 m.', 'Ada'], false), {
    state: 'published',
    reason: null,
  });
  assert.deepEqual(judge({ ...shop, publication: 'checked' }, ['Warm', 'Dry.', 'Ada'], false), {
    state: 'pending',
    reason: 'unread',
  });
});

test('held words and ways elsewhere wait for the merchant, wherever they stand', () => {
  for (const texts of [
    ['Rubbish!', 'no', 'Ada'],
    ['', 'no', 'RUBBISH'],
  ])
    assert.equal(judge(shop, texts, false).reason, 'words', texts.join());
  for (const text of [
    'cheaper at https://elsewhere.example',
    'see www.elsewhere.example',
    'write to ada.l@example.com',
    'ring +49 30 123456-78',
    'ring 0049 (30) 1234567',
  ])
    assert.equal(judge(shop, ['', text, 'Ada'], false).reason, 'contact', text);
  for (const text of ['2024-2025 season, size 44/46', 'It weighs 1200 g, @home I love it', 'rubbishy'])
    assert.equal(judge(shop, ['', text, 'Ada'], false).state, 'published', text);
});

test('what was refused once is read again, however it is written anew', () => {
  assert.equal(judge(shop, ['', 'better now', 'Ada'], true).reason, 'refused_before');
});

test('a text made to be slow is judged quickly', () => {
  for (const text of [
    'a'.repeat(5_000),
    '+1'.repeat(2_500),
    '+1 '.repeat(1_600),
    'a.'.repeat(2_500),
    'a@'.repeat(2_500),
  ]) {
    const began = process.cpuUsage();
    judge(shop, ['', text, 'Ada'], false);
    const { user } = process.cpuUsage(began);
    assert.ok(user < 200_000, `${text.slice(0, 4)}… took ${user} µs`);
  }
});
