/**
 * Circuit breakers: a system that failed several times in a row is asked by nobody for a while, and then by one, who finds out for all
 * (Nygard, Release It!, "Circuit Breaker"). Whoever is refused answers at once without it, instead of waiting for what will not come.
 */
import type { ShopError } from '../errors.ts';

export interface CircuitOptions {
  /** Failures in a row after which nobody asks. */
  readonly failures: number;
  /** For how long; afterwards one asks each time as much has passed. */
  readonly restMilliseconds: number;
  /** Milliseconds of a clock that never goes back. Default: the process's own. */
  readonly now?: () => number;
  /** Told when it opens, with what failed last, and when it has closed again. */
  readonly watch?: CircuitWatch;
}

export interface CircuitWatch {
  opened(cause: unknown): void;
  closed(): void;
}

/** About one system that is asked, in one process. Every question that was let through is followed by one of the last three. */
export interface Circuit {
  /** Whether a question may be asked now. While open, true says that this one finds out. */
  admits(): boolean;
  succeeded(): void;
  failed(cause: unknown): void;
  /** The question came to nothing for reasons of whoever asked, which says nothing of the system: one that was to find out leaves it to the next. */
  abandoned(): void;
  isOpen(): boolean;
}

export function createCircuit({
  failures,
  restMilliseconds,
  now = () => performance.now(),
  watch,
}: CircuitOptions): Circuit {
  let inRow = 0;
  let restUntil = 0;
  const isOpen = (): boolean => inRow >= failures;

  return {
    admits() {
      if (!isOpen()) return true;
      if (now() < restUntil) return false;
      // Whoever finds out may never come back to say so: the next one asks after as long again.
      restUntil = now() + restMilliseconds;
      return true;
    },
    succeeded() {
      if (isOpen()) watch?.closed();
      inRow = 0;
    },
    failed(cause) {
      inRow += 1;
      if (isOpen()) restUntil = now() + restMilliseconds;
      if (inRow === failures) watch?.opened(cause);
    },
    abandoned() {
      if (isOpen()) restUntil = now();
    },
    isOpen,
  };
}

export interface Guarded {
  readonly circuit: Circuit;
  /** Whether an error says that the system is away. Any other is an answer, and whoever answers is there. */
  readonly isAway: (error: unknown) => boolean;
  /** What is thrown at once while nobody asks. */
  readonly refusal: () => ShopError;
}

/** @throws what `work` throws, or the refusal */
export async function guarded<T>({ circuit, isAway, refusal }: Guarded, work: () => Promise<T>): Promise<T> {
  if (!circuit.admits()) throw refusal();
  try {
    const answer = await work();
    circuit.succeeded();
    return answer;
  } catch (error) {
    if (isAway(error)) circuit.failed(error);
    else circuit.succeeded();
    throw error;
  }
}
