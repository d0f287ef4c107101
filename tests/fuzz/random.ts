/** Chance that can be had again: everything a campaign decides comes from one of these, so that its seed says what it did. */
import fc, { type Arbitrary } from 'fast-check';

export interface Random {
  /** 0 or more, below 1. */
  next(): number;
  /** 0 or more, below `below`. */
  index(below: number): number;
  /** True as often as `share` says: 0.25 is one in four. */
  chance(share: number): boolean;
  /** One of them. @throws RangeError when there are none */
  pick<T>(values: readonly T[]): T;
  /** A value of the arbitrary. */
  draw<T>(arbitrary: Arbitrary<T>): T;
}

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state are enough for choices nobody has to be unable to guess. */
export function randomFrom(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const index = (below: number): number => Math.floor(next() * below);
  return {
    next,
    index,
    chance: (share) => next() < share,
    pick<T>(values: readonly T[]): T {
      if (values.length === 0) throw new RangeError('There is nothing to choose from.');
      return values[index(values.length)] as T; // the index is within
    },
    draw<T>(arbitrary: Arbitrary<T>): T {
      const [value] = fc.sample(arbitrary, { seed: index(2 ** 31), numRuns: 1 });
      return value as T; // one was asked for
    },
  };
}
