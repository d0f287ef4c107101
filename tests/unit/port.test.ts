import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from '../support/port.ts';

test('ports that are asked for at the same time are different ones', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort));
  assert.equal(new Set(ports).size, ports.length);
});
