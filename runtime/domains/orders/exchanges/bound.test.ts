import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReturnState } from '../returns/schemas.ts';
import { freeToGiveUp, freeToLeave, isUnderWay } from './bound.ts';
import type { Exchange } from './schemas.ts';

const line = { variantId: 'mug', quantity: 5, shipped: 2, cancelled: 0 };
const exchange = (send: Exchange['send'], quantity = 1): Exchange => ({
  lines: [{ variantId: 'mug', quantity, title: 'Mug' }],
  send,
  fee: 0,
});
const left = (lines: readonly { quantity: number; shipped: number }[]): number[] =>
  lines.map(({ quantity, shipped }) => quantity - shipped);

describe('units of an exchange', () => {
  const cases: readonly [state: ReturnState, send: Exchange['send'], leave: number, giveUp: number][] = [
    ['requested', 'on_receipt', 3, 3],
    ['authorised', 'on_receipt', 2, 2],
    ['authorised', 'at_once', 3, 2],
    ['received', 'on_receipt', 3, 3],
    ['withdrawn', 'on_receipt', 3, 3],
    ['exchanged', 'on_receipt', 3, 3],
  ];
  for (const [state, send, leave, giveUp] of cases) {
    it(`of a return that is ${state}, to be sent ${send}: ${leave} may leave, ${giveUp} be given up`, () => {
      const returns = [{ state, exchange: exchange(send) }];
      assert.deepEqual(left(freeToLeave([line], returns)), [leave]);
      assert.deepEqual(left(freeToGiveUp([line], returns)), [giveUp]);
    });
  }

  it('of several exchanges add up, and are never more than wait', () => {
    const returns = [
      { state: 'authorised' as const, exchange: exchange('on_receipt', 2) },
      { state: 'authorised' as const, exchange: exchange('on_receipt', 2) },
    ];
    assert.deepEqual(left(freeToLeave([line], returns)), [0]);
    assert.ok(!isUnderWay({ state: 'authorised', exchange: undefined }));
  });
});
