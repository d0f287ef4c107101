/**
 * Runs work per key (a tenant): at most once at a time for a key, again when it was asked for meanwhile,
 * a bounded number of keys at once, with back-off after failures.
 */
import type { Logger } from 'pino';

export interface Pump {
  /** There may be work for this key: run soon. Asking twice before it runs is asking once. */
  kick(key: string): void;
  /** Resolves when nothing runs and nothing waits, back-offs aside. */
  idle(): Promise<void>;
  /** Takes no more kicks and resolves when what runs has ended. */
  close(): Promise<void>;
}

export interface PumpOptions {
  readonly run: (key: string) => Promise<void>;
  readonly concurrency: number;
  readonly log: Logger;
  /** For messages, for example `relay`. */
  readonly name: string;
}

/** So long after its return, at most, nobody has noticed that a system is back. */
const MOST_PAUSE_MS = 2_000;

export function createPump({ run, concurrency, log, name }: PumpOptions): Pump {
  const waiting = new Set<string>();
  const running = new Map<string, { again: boolean }>();
  const failures = new Map<string, { count: number; timer: NodeJS.Timeout }>();
  let closed = false;
  let quiet: (() => void)[] = [];

  function next(): void {
    for (const key of waiting) {
      if (running.size >= concurrency) return;
      waiting.delete(key);
      void turn(key);
    }
    if (running.size === 0 && waiting.size === 0) {
      for (const tell of quiet) tell();
      quiet = [];
    }
  }

  async function turn(key: string): Promise<void> {
    const state = { again: false };
    running.set(key, state);
    try {
      await run(key);
      failures.delete(key);
    } catch (error) {
      later(key, error);
    }
    running.delete(key);
    if (state.again && !failures.has(key) && !closed) waiting.add(key);
    next();
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
      const state = running.get(key);
      if (state) {
        state.again = true;
        return;
      }
      const failed = failures.get(key);
      if (failed && !waiting.has(key)) return;
      waiting.add(key);
      next();
    },
    idle: () =>
      running.size === 0 && waiting.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => quiet.push(resolve)),
    close() {
      closed = true;
      waiting.clear();
      for (const { timer } of failures.values()) clearTimeout(timer);
      return running.size === 0 ? Promise.resolve() : new Promise((resolve) => quiet.push(resolve));
    },
  };
}
