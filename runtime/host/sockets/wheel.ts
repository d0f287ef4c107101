/**
 * Looks after every connection in turn with one timer: who has not been heard since the last turn is asked, and who did not answer
 * is gone (a machine that lost its power says no good-bye).
 */

export interface Wheel<Item> {
  add(item: Item): void;
  delete(item: Item): void;
  readonly size: number;
  /** Everything on it. */
  all(): Iterable<Item>;
  close(): void;
}

export interface WheelOptions<Item> {
  /** How long a whole turn takes. */
  readonly turnMilliseconds: number;
  /** How many parts it has: each tick looks at one. */
  readonly spokes: number;
  readonly visit: (item: Item) => void;
}

export function createWheel<Item>({ turnMilliseconds, spokes, visit }: WheelOptions<Item>): Wheel<Item> {
  const parts = Array.from({ length: spokes }, () => new Set<Item>());
  const placeOf = new Map<Item, number>();
  let next = 0;
  let at = 0;
  const timer = setInterval(() => {
    at = (at + 1) % spokes;
    for (const item of parts[at] ?? []) visit(item);
  }, turnMilliseconds / spokes);
  timer.unref();
  return {
    add(item) {
      next = (next + 1) % spokes;
      parts[next]?.add(item);
      placeOf.set(item, next);
    },
    delete(item) {
      const place = placeOf.get(item);
      if (place === undefined) return;
      parts[place]?.delete(item);
      placeOf.delete(item);
    },
    get size() {
      return placeOf.size;
    },
    all: () => placeOf.keys(),
    close: () => clearInterval(timer),
  };
}
