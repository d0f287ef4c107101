import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isTalkedOf, mayBecome, mayHold, requireMove, stateOnceChanged, type Actor } from './machine.ts';
import { draftState } from './schemas.ts';
import type { DraftState } from './schemas.ts';

const states = fc.constantFrom(...draftState.options);
const actors = fc.constantFrom<Actor>('shopper', 'merchant', 'system');

describe('the life of a draft', () => {
  it('ends where it is cancelled, and is no merchant’s to reopen once it is an order', () => {
    for (const to of draftState.options) {
      for (const actor of ['shopper', 'merchant', 'system'] as const)
        assert.equal(mayBecome('cancelled', to, actor), false);
      assert.equal(mayBecome('ordered', to, 'merchant') || mayBecome('ordered', to, 'shopper'), false);
    }
  });

  it('lets a shopper take only what was offered, and never set it back to work', () => {
    fc.assert(
      fc.property(states, (from) => {
        assert.equal(mayBecome(from, 'ordered', 'shopper'), from === 'offered');
        assert.equal(mayBecome(from, 'open', 'shopper'), false);
        assert.equal(mayBecome(from, 'cancelled', 'shopper'), false);
      }),
    );
  });

  it('comes by any walk only to an order by way of an offer or the merchant’s word', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(states, actors), { maxLength: 40 }), (wishes) => {
        let state: DraftState = 'requested';
        const walked: [DraftState, DraftState, Actor][] = [];
        for (const [to, actor] of wishes) {
          if (!mayBecome(state, to, actor)) {
            assert.throws(() => requireMove(state, to, actor), { code: 'illegal_transition' });
            continue;
          }
          walked.push([state, to, actor]);
          state = to;
        }
        for (const [from, to, actor] of walked)
          if (to === 'ordered') assert.ok(from === 'offered' || actor === 'merchant');
      }),
    );
  });

  it('holds units only while it may become an order, and may be changed only while it may be offered', () => {
    for (const state of draftState.options) {
      if (mayHold(state)) assert.ok(mayBecome(state, 'ordered', 'merchant') || state === 'requested', state);
      const next = stateOnceChanged(state);
      if (next !== state && mayBecome(state, next, 'merchant')) assert.ok(isTalkedOf(state), state);
    }
  });
});
