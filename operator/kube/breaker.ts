/**
 * Slows a key that is reconciled too often, whatever the reason (two controllers fighting over a field, a flapping
 * child), and says who kept waking it. Other keys are not affected.
 */
import type { Clock } from './clock.ts';
import type { Key } from './types.ts';

export interface BreakerOptions {
  /** Reconciles a key may use up at once; 60 by default. */
  readonly burst?: number;
  /** How many come back each second; 1 by default. */
  readonly perSecond?: number;
  /** Wait between reconciles while open; 30 s by default. It closes when half the burst has come back. */
  readonly openMs?: number;
}

export interface Verdict {
  /** 0: reconcile now. */
  readonly waitMs: number;
  /** True when this call opened the breaker. */
  readonly opened: boolean;
  /** Who woke the key how often since it was last calm. */
  readonly triggers: Readonly<Record<string, number>>;
}

export interface Breakers {
  triggered(key: Key, by: string): void;
  admit(key: Key): Verdict;
}

interface State {
  tokens: number;
  at: number;
  /** When the next run is allowed while open; `undefined` while closed. */
  openUntil: number | undefined;
  triggers: Map<string, number>;
}

export function createBreakers(options: BreakerOptions, clock: Clock): Breakers {
  const burst = options.burst ?? 60;
  const perSecond = options.perSecond ?? 1;
  const openMs = options.openMs ?? 30_000;
  const states = new Map<Key, State>();
  let admitted = 0;

  const stateOf = (key: Key): State => {
    const now = clock.monotonic();
    const state = states.get(key);
    if (state === undefined) {
      const fresh = { tokens: burst, at: now, openUntil: undefined, triggers: new Map<string, number>() };
      states.set(key, fresh);
      return fresh;
    }
    state.tokens = Math.min(burst, state.tokens + ((now - state.at) / 1000) * perSecond);
    state.at = now;
    return state;
  };

  /** Calm keys are forgotten, so that memory follows the busy ones. */
  const sweep = (): void => {
    const now = clock.monotonic();
    for (const [key, state] of states) {
      if (state.tokens + ((now - state.at) / 1000) * perSecond >= burst) states.delete(key);
    }
  };

  return {
    triggered(key, by) {
      const { triggers, tokens } = stateOf(key);
      if (tokens === burst) triggers.clear();
      triggers.set(by, (triggers.get(by) ?? 0) + 1);
    },

    admit(key) {
      admitted += 1;
      if (admitted % 1000 === 0) sweep();
      const state = stateOf(key);
      const now = state.at;
      if (state.openUntil !== undefined && state.tokens >= burst / 2) state.openUntil = undefined;
      if (state.openUntil !== undefined && now < state.openUntil)
        return verdict(state, state.openUntil - now, false);
      const opens = state.tokens < 1 && state.openUntil === undefined;
      if (state.tokens < 1) state.openUntil = now + openMs;
      if (opens) return verdict(state, openMs, true);
      state.tokens = Math.max(0, state.tokens - 1);
      if (state.openUntil !== undefined) state.openUntil = now + openMs;
      return verdict(state, 0, false);
    },
  };
}

const verdict = (state: State, waitMs: number, opened: boolean): Verdict => ({
  waitMs,
  opened,
  triggers: Object.fromEntries(state.triggers),
});
