/**
 * A short wait stays untold, a long one does not.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPatience } from './patience.ts';

function patient(ms: number): { patience: ReturnType<typeof createPatience>; pass: (ms: number) => void } {
  let now = 1_000;
  return { patience: createPatience({ monotonic: () => now }, ms), pass: (by) => (now += by) };
}

test('a wait is told when it has lasted, counted from its first visit', () => {
  const { patience, pass } = patient(500);
  assert.equal(patience.leftMs('acme'), 500);
  pass(300);
  assert.equal(patience.leftMs('acme'), 200);
  assert.equal(patience.leftMs('other'), 500);
  pass(200);
  assert.equal(patience.leftMs('acme'), 0);
});

test('the next wait of the same key begins anew', () => {
  const { patience, pass } = patient(500);
  patience.leftMs('acme');
  pass(400);
  patience.end('acme');
  pass(400);
  assert.equal(patience.leftMs('acme'), 500);
});

test('no patience tells at once', () => {
  assert.equal(patient(0).patience.leftMs('acme'), 0);
});
