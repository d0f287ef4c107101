/**
 * A small cache of answers: bounded, as fresh as each answer says it may be, and one flight per key
 * however many visitors ask at once.
 */
export interface AnswerCache {
  /** `load` also tells for how many seconds its value may be kept; 0 keeps nothing. Failures are not kept. */
  get<T>(key: string, load: () => Promise<{ value: T; seconds: number }>): Promise<T>;
}

export function createAnswerCache(limit: number, now: () => number): AnswerCache {
  const kept = new Map<string, { until: number; value: unknown }>();
  const flights = new Map<string, Promise<unknown>>();

  return {
    async get<T>(key: string, load: () => Promise<{ value: T; seconds: number }>): Promise<T> {
      const hit = kept.get(key);
      if (hit !== undefined && hit.until > now()) return hit.value as T; // a key is only ever loaded with one type
      const flight = flights.get(key);
      if (flight !== undefined) return (await flight) as T; // same
      const loading = load().then(({ value, seconds }) => {
        kept.delete(key);
        if (seconds > 0) kept.set(key, { until: now() + seconds * 1000, value });
        if (kept.size > limit) kept.delete(kept.keys().next().value ?? '');
        return value;
      });
      flights.set(key, loading);
      try {
        return await loading;
      } finally {
        flights.delete(key);
      }
    },
  };
}
