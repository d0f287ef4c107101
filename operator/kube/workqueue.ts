/**
 * The queue between events and workers: a key waits at most once, is worked on by one worker at a time, and comes back
 * after a back-off when its work failed. The semantics are client-go's, so its dashboards and instincts hold.
 */
import { systemClock, type Cancel, type Clock } from './clock.ts';
import { createBucket } from './ratelimit.ts';
import type { Key } from './types.ts';

export interface QueueOptions {
  readonly clock?: Clock;
  /** Wait after the first failure and the longest wait; doubles in between. 5 ms and 16 min by default. */
  readonly backoff?: { readonly minMs: number; readonly maxMs: number };
  /** Retries of all keys together, a second and at once. 10 and 100 by default. */
  readonly retries?: { readonly perSecond: number; readonly burst: number };
  readonly observe?: QueueObserver;
}

/** Where the queue's figures go; see `metrics.ts`. Every method is optional. */
export interface QueueObserver {
  added?(): void;
  depth?(waiting: number): void;
  /** Seconds a key waited before a worker took it. */
  started?(waitedSeconds: number): void;
  finished?(workedSeconds: number): void;
  retried?(): void;
}

export interface WorkQueue {
  /** Queues the key unless it already waits. While it is being worked on it is marked and queued again afterwards. */
  add(key: Key): void;
  /** Adds after `ms`. Of several, the earliest counts. */
  addAfter(key: Key, ms: number): void;
  /** Adds after the key's own back-off, which grows with each call until `forget`, to `longestMs` at most. Returns the wait in ms. */
  addRateLimited(key: Key, longestMs?: number): number;
  /** Resets the key's back-off. */
  forget(key: Key): void;
  /** How often `addRateLimited` was called since `forget`. */
  failures(key: Key): number;
  /** The next key, in the order of adding; `undefined` once the queue is shut down and empty. */
  next(): Promise<Key | undefined>;
  /** Must follow every `next`. */
  done(key: Key): void;
  /** Keys that wait now, delayed ones not counted. */
  readonly depth: number;
  /** Seconds of work under way that no `done` has ended, and the longest of it. For metrics. */
  unfinished(): { readonly sumSeconds: number; readonly longestSeconds: number };
  /** Takes no more keys; what waits is still handed out, what is delayed is dropped. Resolves when all work is done. */
  drain(): Promise<void>;
  /** Takes no more keys and hands out none: waiting `next` calls resolve with `undefined`. */
  shutDown(): void;
}

export function createWorkQueue(options: QueueOptions = {}): WorkQueue {
  const clock = options.clock ?? systemClock;
  const observe = options.observe ?? {};
  const { minMs, maxMs } = options.backoff ?? { minMs: 5, maxMs: 960_000 };
  const { perSecond, burst } = options.retries ?? { perSecond: 10, burst: 100 };
  const bucket = createBucket(perSecond, burst, clock);

  /** Waiting keys in order, each with the time it was added: a Map iterates in the order of insertion. */
  const waiting = new Map<Key, number>();
  /** Keys being worked on, with the time they were taken. */
  const processing = new Map<Key, number>();
  /** Keys added while being worked on, with the time of adding. */
  const again = new Map<Key, number>();
  const failures = new Map<Key, number>();
  const idle: ((key: Key | undefined) => void)[] = [];
  const delayed = createDelays(clock, (key) => queue.add(key));
  let closed = false;
  let onDrained: (() => void) | undefined;

  const take = (key: Key, addedAt: number): Key => {
    const now = clock.monotonic();
    processing.set(key, now);
    observe.started?.((now - addedAt) / 1000);
    return key;
  };

  const enqueue = (key: Key, addedAt: number): void => {
    const worker = idle.shift();
    if (worker !== undefined) {
      worker(take(key, addedAt));
      return;
    }
    waiting.set(key, addedAt);
    observe.depth?.(waiting.size);
  };

  const finishIfDrained = (): void => {
    if (!closed || waiting.size > 0) return;
    for (const worker of idle.splice(0)) worker(undefined);
    if (processing.size === 0) onDrained?.();
  };

  const queue: WorkQueue = {
    add(key) {
      if (closed || waiting.has(key) || again.has(key)) return;
      observe.added?.();
      const now = clock.monotonic();
      if (processing.has(key)) again.set(key, now);
      else enqueue(key, now);
    },

    addAfter(key, ms) {
      if (closed) return;
      if (ms <= 0) queue.add(key);
      else delayed.add(key, ms);
    },

    addRateLimited(key, longestMs = maxMs) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      const wait = Math.max(Math.min(minMs * 2 ** count, maxMs, longestMs), bucket.reserve());
      observe.retried?.();
      queue.addAfter(key, wait);
      return wait;
    },

    forget: (key) => void failures.delete(key),
    failures: (key) => failures.get(key) ?? 0,

    next() {
      for (const [key, addedAt] of waiting) {
        waiting.delete(key);
        observe.depth?.(waiting.size);
        return Promise.resolve(take(key, addedAt));
      }
      if (closed) return Promise.resolve(undefined);
      return new Promise((resolve) => idle.push(resolve));
    },

    done(key) {
      const startedAt = processing.get(key);
      if (startedAt === undefined) return;
      processing.delete(key);
      observe.finished?.((clock.monotonic() - startedAt) / 1000);
      const addedAt = again.get(key);
      if (addedAt !== undefined) {
        again.delete(key);
        // To the end of the queue: a key that is always dirty takes turns with all others.
        if (!closed || onDrained !== undefined) enqueue(key, addedAt);
      }
      finishIfDrained();
    },

    get depth() {
      return waiting.size;
    },

    unfinished() {
      const now = clock.monotonic();
      let sum = 0;
      let longest = 0;
      for (const startedAt of processing.values()) {
        sum += now - startedAt;
        longest = Math.max(longest, now - startedAt);
      }
      return { sumSeconds: sum / 1000, longestSeconds: longest / 1000 };
    },

    drain() {
      const drained = new Promise<void>((resolve) => {
        onDrained = resolve;
      });
      closed = true;
      delayed.clear();
      finishIfDrained();
      return drained;
    },

    shutDown() {
      closed = true;
      delayed.clear();
      waiting.clear();
      again.clear();
      observe.depth?.(0);
      finishIfDrained();
    },
  };
  return queue;
}

interface Delays {
  add(key: Key, ms: number): void;
  clear(): void;
}

/** Keys by the time they are due: one heap, one timer. */
function createDelays(clock: Clock, due: (key: Key) => void): Delays {
  const heap: { key: Key; at: number }[] = [];
  const dueAt = new Map<Key, number>();
  let cancel: Cancel | undefined;
  let timerAt = Infinity;

  const arm = (): void => {
    const first = heap[0];
    if (first === undefined || first.at >= timerAt) return;
    cancel?.();
    timerAt = first.at;
    cancel = clock.after(Math.max(0, first.at - clock.monotonic()), fire);
  };

  const fire = (): void => {
    timerAt = Infinity;
    const now = clock.monotonic();
    for (let first = heap[0]; first !== undefined && first.at <= now; first = heap[0]) {
      pop(heap);
      // An entry that was overtaken by an earlier one for the same key is passed over.
      if (dueAt.get(first.key) !== first.at) continue;
      dueAt.delete(first.key);
      due(first.key);
    }
    arm();
  };

  return {
    add(key, ms) {
      const at = clock.monotonic() + ms;
      const known = dueAt.get(key);
      if (known !== undefined && known <= at) return;
      dueAt.set(key, at);
      push(heap, { key, at });
      arm();
    },
    clear() {
      cancel?.();
      timerAt = Infinity;
      heap.length = 0;
      dueAt.clear();
    },
  };
}

type Timed = { key: Key; at: number };

function push(heap: Timed[], item: Timed): void {
  let index = heap.push(item) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || above.at <= item.at) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = item;
}

function pop(heap: Timed[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    const right = left + 1;
    const child = (heap[right]?.at ?? Infinity) < (heap[left]?.at ?? Infinity) ? right : left;
    const below = heap[child];
    if (below === undefined || below.at >= last.at) break;
    heap[index] = below;
    index = child;
  }
  heap[index] = last;
}
