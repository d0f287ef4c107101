/**
 * Notices a new value of the reconcile-at annotation, which asks to look at everything again.
 */
export interface Urges {
  /** True once for each new value. What was there at the first look is no new value: a start looks at everything anyway. */
  isNew(key: string, value: string | undefined): boolean;
  forget(key: string): void;
}

export function createUrges(): Urges {
  const seen = new Map<string, string | undefined>();
  return {
    isNew(key, value) {
      const isFirst = !seen.has(key);
      const isNew = !isFirst && seen.get(key) !== value && value !== undefined;
      seen.set(key, value);
      return isNew;
    },
    forget: (key) => void seen.delete(key),
  };
}
