import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredEvent, Transaction } from '../ports.ts';
import { handleApart } from './apart.ts';

const tx = {} as Transaction; // nobody asks it for anything
const event = (key: string, id: string): StoredEvent => ({
  id,
  key,
  tenant: 'a',
  topic: 't',
  type: 't.x',
  payload: {},
  occurredAt: new Date(0),
});

test('events of different keys are handled at the same time, those of one key in their order', async () => {
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const begun: string[] = [];
  const done = handleApart(
    [event('k', '1'), event('l', '2'), event('k', '3')],
    ({ id }) => {
      begun.push(id);
      const gate = Promise.withResolvers<void>();
      gates.set(id, gate);
      return gate.promise;
    },
    tx,
  );
  assert.deepEqual(begun, ['1', '2']);
  gates.get('1')?.resolve();
  await gates.get('1')?.promise;
  await new Promise(setImmediate);
  assert.deepEqual(begun, ['1', '2', '3']);
  gates.get('2')?.resolve();
  gates.get('3')?.resolve();
  await done;
});

test('the first failure is told once all have ended, and what comes after it under any key is not begun', async () => {
  const ended: string[] = [];
  const failing = handleApart(
    [event('k', '1'), event('l', '2'), event('l', '3')],
    async ({ id }) => {
      if (id === '1') throw new Error('first');
      await new Promise(setImmediate);
      ended.push(id);
    },
    tx,
  );
  await assert.rejects(failing, /first/);
  assert.deepEqual(ended, ['2']);
});
