/** Room for bytes: never more than there are, and everybody gets theirs in the order they came. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRoom } from './room.ts';

const TOTAL = 64;

test('whatever comes and however long it stays, no more is held than there is, and all are let in in their order', async () => {
  const comers = fc.array(
    fc.record({
      bytes: fc.integer({ min: 0, max: TOTAL }),
      turns: fc.integer({ min: 0, max: 5 }),
      fails: fc.boolean(),
    }),
    { maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(comers, async (all) => {
      const room = createRoom(TOTAL);
      let held = 0;
      const entered: number[] = [];
      const stay = async (place: number, { bytes, turns, fails }: (typeof all)[number]): Promise<number> => {
        entered.push(place);
        held += bytes;
        assert.ok(held <= TOTAL, `${held} of ${TOTAL}`);
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        held -= bytes;
        if (fails) throw new Error('failed');
        return place;
      };
      const ended = await Promise.allSettled(
        all.map((one, place) => room.within(one.bytes, () => stay(place, one))),
      );
      assert.deepEqual(
        ended.map(({ status }) => status === 'rejected'),
        all.map(({ fails }) => fails),
      );
      assert.deepEqual(entered, [...all.keys()]);
      assert.equal(await room.within(TOTAL, () => Promise.resolve('all of it')), 'all of it');
    }),
  );
});

test('what there will never be room for is refused at once', async () => {
  await assert.rejects(
    createRoom(TOTAL).within(TOTAL + 1, () => Promise.resolve()),
    RangeError,
  );
});
