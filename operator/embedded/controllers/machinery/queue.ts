/**
 * A work queue of keys: a key waits at most once, is worked on by one worker at a time, and comes back with
 * growing delay after a failure.
 */
export interface QueueOptions {
  readonly work: (key: string) => Promise<void>;
  readonly onError: (key: string, error: unknown, failures: number) => void;
  readonly concurrency?: number;
  readonly firstDelayMs?: number;
  readonly maxDelayMs?: number;
}

export interface Queue {
  add(key: string): void;
  /** Adds after a delay; an earlier date for the same key wins. */
  addAfter(key: string, delayMs: number): void;
  /** Stops taking keys and resolves when the running ones are done. */
  close(): Promise<void>;
}

const DEFAULT_CONCURRENCY = 4;
const DEFAULT_FIRST_DELAY_MS = 5;
/** The API server is on this machine: what failed by chance need not wait long. */
const DEFAULT_MAX_DELAY_MS = 5_000;
/** Longest delay a timer holds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function createQueue({
  work,
  onError,
  concurrency = DEFAULT_CONCURRENCY,
  firstDelayMs = DEFAULT_FIRST_DELAY_MS,
  maxDelayMs = DEFAULT_MAX_DELAY_MS,
}: QueueOptions): Queue {
  const waiting = new Set<string>();
  const running = new Set<string>();
  const failures = new Map<string, number>();
  const timers = new Map<string, { timer: NodeJS.Timeout; at: number }>();
  let closed = false;
  let idle: (() => void) | undefined;

  function next(): string | undefined {
    for (const key of waiting) if (!running.has(key)) return key;
    return undefined;
  }

  function pump(): void {
    while (!closed && running.size < concurrency) {
      const key = next();
      if (key === undefined) return;
      waiting.delete(key);
      running.add(key);
      void run(key);
    }
  }

  async function run(key: string): Promise<void> {
    try {
      await work(key);
      failures.delete(key);
    } catch (error) {
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      onError(key, error, count);
      addAfter(key, Math.min(firstDelayMs * 2 ** (count - 1), maxDelayMs));
    }
    running.delete(key);
    if (closed && running.size === 0) idle?.();
    pump();
  }

  function add(key: string): void {
    if (closed) return;
    waiting.add(key);
    // One turn later, so that a burst of events for a key is one piece of work.
    queueMicrotask(pump);
  }

  function addAfter(key: string, delayMs: number): void {
    if (closed) return;
    const delay = Math.min(Math.max(delayMs, 0), MAX_TIMER_MS);
    const at = performance.now() + delay;
    const present = timers.get(key);
    if (present && present.at <= at) return;
    if (present) clearTimeout(present.timer);
    const timer = setTimeout(() => {
      timers.delete(key);
      add(key);
    }, delay);
    timers.set(key, { timer, at });
  }

  return {
    add,
    addAfter,
    close() {
      closed = true;
      for (const { timer } of timers.values()) clearTimeout(timer);
      timers.clear();
      waiting.clear();
      return running.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            idle = resolve;
          });
    },
  };
}
