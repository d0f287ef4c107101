import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { COLUMNS, differences, replay, type JournalEntry } from './replay.ts';

const at = (minute: number): Date => new Date(Date.UTC(2026, 0, 1, 12, minute));
const PLACED: JournalEntry = {
  sequence: 1,
  at: at(0),
  change: { hold_expires_at: '2026-01-01T12:15:00.000Z' },
};

test('an order is what its entries made of it, at any moment', () => {
  const entries: JournalEntry[] = [
    PLACED,
    { sequence: 2, at: at(1), change: { payment: 'pending', intent_id: 'pi_1' } },
    { sequence: 4, at: at(2), change: { status: 'authorized', stock: 'committed', payment: 'authorized' } },
    { sequence: 5, at: at(3), change: { status: 'confirmed', payment: 'captured', captured: 1200 } },
  ];
  assert.equal(replay(entries)?.captured, 1200);
  assert.equal(replay(entries.toReversed())?.status, 'confirmed');
  const then = replay(entries, at(2));
  assert.deepEqual(
    [then?.status, then?.payment, then?.captured, then?.intent_id],
    ['authorized', 'authorized', 0, 'pi_1'],
  );
});

test('a journal that does not go back to the beginning says nothing', () => {
  assert.equal(replay([]), undefined);
  assert.equal(
    replay([
      { ...PLACED, change: undefined },
      { sequence: 2, at: at(1), change: { status: 'expired' } },
    ]),
    undefined,
  );
});

test('the same moment written with another offset is no difference, and whatever else differs is', () => {
  const facts = replay([PLACED]);
  assert.ok(facts);
  assert.deepEqual(differences(facts, { ...facts, hold_expires_at: '2026-01-01T13:15:00+01:00' }), []);
  fc.assert(
    fc.property(fc.constantFrom(...COLUMNS), (column) => {
      const row = { ...facts, [column]: column.endsWith('_at') ? '2027-05-05T00:00:00Z' : 'something else' };
      assert.deepEqual(
        differences(facts, row).map((found) => found.column),
        [column],
      );
    }),
  );
});
