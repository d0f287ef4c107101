/** Collects what is asked for one by one, and asks for it at once: as soon as nothing that runs can ask for more. */

export type Load<Value> = (key: string) => Promise<Value | undefined>;

/** @param fetch answers values by key; a key that it leaves out has none. Each key is asked for once. */
export function batched<Value>(
  most: number,
  fetch: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
): Load<Value> {
  const known = new Map<string, Promise<Value | undefined>>();
  let waiting: { key: string; take: (values: Promise<ReadonlyMap<string, Value>>) => void }[] = [];

  function go(): void {
    const all = waiting;
    waiting = [];
    for (let start = 0; start < all.length; start += most) {
      const some = all.slice(start, start + most);
      const values = fetch(some.map(({ key }) => key));
      for (const { take } of some) take(values);
    }
  }

  return (key) => {
    const asked = known.get(key);
    if (asked !== undefined) return asked;
    const value = new Promise<ReadonlyMap<string, Value>>((resolve) => {
      // After everything that is ready to run: resolvers of other branches may be about to ask too.
      if (waiting.length === 0) void Promise.resolve().then(() => process.nextTick(go));
      waiting.push({ key, take: resolve });
    }).then((values) => values.get(key));
    known.set(key, value);
    return value;
  };
}
