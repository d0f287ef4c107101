/** The life of a draft, from the wish to the order. Pure. A quote is a draft that a shopper asked for. */
import { ShopError } from '../../../platform/errors.ts';
import type { DraftState } from './schemas.ts';

export type Actor = 'shopper' | 'merchant' | 'system';

/** Which state may follow which, and who may bring that about. */
const NEXT: Readonly<Record<DraftState, Partial<Readonly<Record<DraftState, readonly Actor[]>>>>> = {
  requested: {
    open: ['merchant'],
    offered: ['merchant'],
    ordered: ['merchant'],
    declined: ['shopper'],
    cancelled: ['merchant'],
  },
  open: { offered: ['merchant'], ordered: ['merchant'], cancelled: ['merchant'] },
  offered: {
    open: ['merchant'],
    offered: ['merchant'],
    ordered: ['shopper', 'merchant'],
    declined: ['shopper'],
    cancelled: ['merchant'],
    expired: ['system'],
  },
  // An order that came to nothing before it was paid leaves the offer as it was.
  ordered: { offered: ['system'] },
  declined: { open: ['merchant'], offered: ['merchant'], cancelled: ['merchant'] },
  expired: { open: ['merchant'], offered: ['merchant'], cancelled: ['merchant'] },
  cancelled: {},
};

export function mayBecome(from: DraftState, to: DraftState, actor: Actor): boolean {
  return NEXT[from][to]?.includes(actor) ?? false;
}

/** @throws ShopError `illegal_transition` */
export function requireMove(from: DraftState, to: DraftState, actor: Actor): void {
  if (mayBecome(from, to, actor)) return;
  throw new ShopError('illegal_transition', `A draft that is ${from} cannot become ${to}.`, {
    remedy: from === 'ordered' ? 'Look at its order.' : 'Look at it again.',
  });
}

/** What a change of its lines or prices makes of it: an offer that is another one has to be made anew. */
export function stateOnceChanged(state: DraftState): DraftState {
  return state === 'requested' ? 'requested' : 'open';
}

/** Whether people may go on talking about it. */
export function isTalkedOf(state: DraftState): boolean {
  return state !== 'ordered' && state !== 'cancelled';
}

/** Whether units may be held for it. */
export function mayHold(state: DraftState): boolean {
  return state === 'requested' || state === 'open' || state === 'offered';
}
