/**
 * Waits for things that send no events (a database coming up, an import under way) outside of reconciles: polls,
 * and wakes the key when there is news. A reconcile asks for the latest answer and never blocks.
 */
import type { Cancel, Clock } from '../kube/clock.ts';

export interface Watchers {
  /**
   * The answer of `ask` for this subject, if it has one by now; otherwise polling goes on and `wake` is called once
   * there is one. The answer is handed out once; asking again later asks anew.
   * @param ask resolves `undefined` while there is nothing to tell; a rejection counts as that
   */
  poll<T>(subject: string, ask: () => Promise<T | undefined>, wake: () => void): T | undefined;
  /** Stops waiting for it. */
  forget(subject: string): void;
  close(): void;
}

interface Watch {
  answer: unknown;
  cancel: Cancel | undefined;
  cancelled: boolean;
}

/** @param intervals first wait and longest wait between questions, in milliseconds */
export function createWatchers(
  clock: Clock,
  intervals: { readonly firstMs: number; readonly maxMs: number } = { firstMs: 50, maxMs: 250 },
): Watchers {
  const watches = new Map<string, Watch>();

  function begin(ask: () => Promise<unknown>, wake: () => void): Watch {
    const watch: Watch = { answer: undefined, cancel: undefined, cancelled: false };
    const once = async (waitMs: number): Promise<void> => {
      // Not an answer is no answer: whatever keeps failing is told by the conditions of whoever waits for it.
      const answer = await ask().catch(() => undefined);
      if (watch.cancelled) return;
      if (answer === undefined) {
        watch.cancel = clock.after(waitMs, () => void once(Math.min(waitMs * 2, intervals.maxMs)));
        return;
      }
      watch.answer = answer;
      wake();
    };
    void once(intervals.firstMs);
    return watch;
  }

  function forget(subject: string): void {
    const watch = watches.get(subject);
    if (watch === undefined) return;
    watch.cancelled = true;
    watch.cancel?.();
    watches.delete(subject);
  }

  return {
    poll<T>(subject: string, ask: () => Promise<T | undefined>, wake: () => void): T | undefined {
      const watch = watches.get(subject);
      if (watch === undefined) {
        watches.set(subject, begin(ask, wake));
        return undefined;
      }
      if (watch.answer !== undefined) watches.delete(subject);
      // The subject names the question, so the answer has the type of this question's answers.
      return watch.answer as T | undefined;
    },
    forget,
    close() {
      for (const subject of watches.keys()) forget(subject);
    },
  };
}
