/**
 * Runs work per key (a tenant): at most once at a time for a key, again when it was asked for meanwhile,
 * a bounded number of keys at once, with back-off after failures, and with a rest between runs of a key where many small runs would cost more
 * than one.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Logger } from 'pino';

export interface Pump {
  /** There may be work for this key: run soon. Asking twice before it runs is asking once. */
  kick(key: string): void;
  /** Resolves when nothing runs and nothing waits, back-offs aside. */
  idle(): Promise<void>;
  /** Takes no more kicks and resolves when what runs has ended. */
  close(): Promise<void>;
}

/** What a run knows of the next one: there is work `now`, or some that is better done `later`, after the rest. */
export type Next = 'now' | 'later' | undefined | void;

export interface PumpOptions {
  readonly run: (key: string) => Promise<Next>;
  readonly concurrency: number;
  readonly log: Logger;
  /** For messages, for example `relay`. */
  readonly name: string;
  /**
   * From the beginning of a key's run to that of its next, unless there is work `now`; the more keys are busy the longer, up to `most`.
   * With `times`, also so many times as long after a run as it took, up to `most`: where runs are slow because much else happens, fewer and
   * larger ones leave more for that. Default: none.
   */
  readonly restMilliseconds?: { readonly least: number; readonly most: number; readonly times?: number };
  /** Milliseconds of a clock that never goes back. Default: the process's own. */
  readonly now?: () => number;
}

/** How much longer each busy key lets all of them rest: some three hundred runs a second, until their rest is the longest. */
const REST_OF_KEY_MS = 3;

/** So long after its return, at most, nobody has noticed that a system is back. */
const MOST_PAUSE_MS = 2_000;

export function createPump({
  run,
  concurrency,
  log,
  name,
  restMilliseconds,
  now = () => performance.now(),
}: PumpOptions): Pump {
  const waiting = new Set<string>();
  const running = new Map<string, { again: boolean }>();
  const resting = new Map<string, { again: boolean; readonly timer: NodeJS.Timeout }>();
  const failures = new Map<string, { count: number; timer: NodeJS.Timeout }>();
  /** A run is nobody's in particular: it does not belong to whoever happened to kick it awake. */
  const apart = AsyncLocalStorage.snapshot();
  let closed = false;
  let quiet: (() => void)[] = [];

  function next(): void {
    for (const key of waiting) {
      if (running.size >= concurrency) return;
      waiting.delete(key);
      void apart(turn, key);
    }
    if (!isQuiet()) return;
    for (const tell of quiet) tell();
    quiet = [];
  }

  function isQuiet(): boolean {
    return running.size === 0 && waiting.size === 0 && !resting.values().some(({ again }) => again);
  }

  async function turn(key: string): Promise<void> {
    const state = { again: false };
    const began = now();
    running.set(key, state);
    let more: Next;
    try {
      more = await run(key);
      failures.delete(key);
    } catch (error) {
      later(key, error);
    }
    running.delete(key);
    if (!failures.has(key) && !closed) {
      const pause = more === 'now' ? 0 : restAfter(now() - began);
      const again = state.again || more !== undefined;
      if (pause > 0) rest(key, again, pause);
      else if (again) waiting.add(key);
    }
    next();
  }

  function restAfter(took: number): number {
    if (restMilliseconds === undefined) return 0;
    const { least, most, times = 0 } = restMilliseconds;
    const busy = running.size + waiting.size + resting.size + 1;
    return Math.max(
      Math.min(Math.max(busy * REST_OF_KEY_MS, least), most) - took,
      Math.min(took * times, most),
    );
  }

  function rest(key: string, again: boolean, pause: number): void {
    const timer = setTimeout(() => {
      const wanted = resting.get(key)?.again === true;
      resting.delete(key);
      if (wanted) waiting.add(key);
      next();
    }, pause);
    // Nobody waits for the end of a rest after which there is nothing to do.
    if (!again) timer.unref();
    resting.set(key, { again, timer });
  }

  /** 50 ms, 100 ms, … 2 s. A kick does not shorten it: what failed a moment ago fails again, and what was away is soon found back. */
  function later(key: string, error: unknown): void {
    const count = (failures.get(key)?.count ?? 0) + 1;
    const pause = Math.min(50 * 2 ** (count - 1), MOST_PAUSE_MS);
    log.warn({ err: error, tenant: key, worker: name, retryInMilliseconds: pause }, 'background work failed');
    if (closed) return;
    const timer = setTimeout(() => {
      waiting.add(key);
      next();
    }, pause);
    timer.unref();
    failures.set(key, { count, timer });
  }

  return {
    kick(key) {
      if (closed) return;
      const state = running.get(key) ?? resting.get(key);
      if (state) {
        state.again = true;
        resting.get(key)?.timer.ref();
        return;
      }
      const failed = failures.get(key);
      if (failed && !waiting.has(key)) return;
      waiting.add(key);
      next();
    },
    idle: () => (isQuiet() ? Promise.resolve() : new Promise((resolve) => quiet.push(resolve))),
    close() {
      closed = true;
      waiting.clear();
      for (const { timer } of [...failures.values(), ...resting.values()]) clearTimeout(timer);
      resting.clear();
      return running.size === 0 ? Promise.resolve() : new Promise((resolve) => quiet.push(resolve));
    },
  };
}
