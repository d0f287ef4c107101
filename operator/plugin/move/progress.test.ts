/**
 * When a move has ended, and how.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moveText, outcomeOf } from './progress.ts';

const UNDER_WAY = {
  from: 'pooled',
  to: 'dedicated',
  phase: 'Copying',
  startedAt: '2026-11-25T12:00:00Z',
} as const;
const DONE = { ...UNDER_WAY, phase: 'Done', endedAt: '2026-11-25T12:01:00Z' } as const;
const ABORTED = { ...DONE, phase: 'Aborted' } as const;
const OLD = { ...DONE, startedAt: '2026-11-24T12:00:00Z' } as const;

for (const [what, now, to, before, expected] of [
  ['nothing yet', undefined, 'dedicated', undefined, 'waiting'],
  ['under way', UNDER_WAY, 'dedicated', undefined, 'waiting'],
  ['there', DONE, 'dedicated', undefined, 'done'],
  ['the end of an earlier one', OLD, 'dedicated', OLD, 'waiting'],
  ['there, after an earlier one', DONE, 'dedicated', OLD, 'done'],
  ['called off by somebody', ABORTED, 'dedicated', undefined, 'calledOff'],
  ['called off as asked', ABORTED, 'pooled', UNDER_WAY, 'done'],
  ['there before it could be called off', DONE, 'pooled', UNDER_WAY, 'waiting'],
] as const) {
  test(`${what}: ${expected}`, () => assert.equal(outcomeOf(now, to, before), expected));
}

test('progress in one line', () => {
  assert.equal(
    moveText({ ...UNDER_WAY, rows: 1200, message: 'copies' }),
    'pooled → dedicated  Copying: copies (1,200 rows)',
  );
  assert.equal(
    moveText({ ...DONE, frozenMilliseconds: 40 }),
    'pooled → dedicated  Done (no changes for 40 ms)',
  );
});
