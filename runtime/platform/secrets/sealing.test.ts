import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createSealing } from './sealing.ts';

const KEY = randomBytes(32).toString('base64');

test('what is sealed is opened by the same key, for the same tenant and as the same thing alone', () => {
  const value = Buffer.from('a secret');
  const sealed = createSealing(KEY).seal('acme', 'totp x', value);
  assert.ok(!sealed.includes(value));
  assert.deepEqual(createSealing(KEY).open('acme', 'totp x', sealed), value);
  const bent = Buffer.from(sealed);
  bent[14] = (bent[14] ?? 0) ^ 1;
  const stranger = createSealing(randomBytes(32).toString('base64'));
  for (const open of [
    () => createSealing(KEY).open('bolt', 'totp x', sealed),
    () => createSealing(KEY).open('acme', 'totp y', sealed),
    () => createSealing(KEY).open('acme', 'totp x', bent),
    () => createSealing(KEY).open('acme', 'totp x', Buffer.alloc(0)),
    () => stranger.open('acme', 'totp x', sealed),
  ])
    assert.throws(open, { code: 'internal' });
});
