/** The cache port in process: bounded, the longest unused entry leaves first. */
import type { Cache, Clock } from '../ports.ts';

export interface MemoryCacheOptions {
  readonly clock: Clock;
  /** Characters of keys and values together. Default 8 million. */
  readonly capacity?: number;
}

export function createMemoryCache({ clock, capacity = 8_000_000 }: MemoryCacheOptions): Cache {
  // A Map keeps the order of insertion: taking an entry out and in again makes it the youngest.
  const entries = new Map<string, { value: string; until: number }>();
  let size = 0;

  function drop(id: string): void {
    const entry = entries.get(id);
    if (!entry) return;
    entries.delete(id);
    size -= id.length + entry.value.length;
  }

  return {
    get(tenant, key) {
      const id = `${tenant}\0${key}`;
      const entry = entries.get(id);
      if (!entry) return Promise.resolve(undefined);
      if (entry.until <= clock.now().getTime()) {
        drop(id);
        return Promise.resolve(undefined);
      }
      entries.delete(id);
      entries.set(id, entry);
      return Promise.resolve(entry.value);
    },
    set(tenant, key, value, ttlSeconds) {
      const id = `${tenant}\0${key}`;
      drop(id);
      const cost = id.length + value.length;
      if (cost > capacity / 4) return Promise.resolve();
      entries.set(id, { value, until: clock.now().getTime() + ttlSeconds * 1_000 });
      size += cost;
      for (const oldest of entries.keys()) {
        if (size <= capacity) break;
        drop(oldest);
      }
      return Promise.resolve();
    },
    delete(tenant, key) {
      drop(`${tenant}\0${key}`);
      return Promise.resolve();
    },
  };
}
