/** Counts writes, so that a test can tell that nobody writes at rest, and who does otherwise. */

export interface WriteCount {
  readonly verb: string;
  /** `group/plural`, with the subresource where there is one. */
  readonly resource: string;
  readonly userAgent: string;
  readonly count: number;
}

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
/** User agents are the clients' to choose, so the table is bounded. */
const MOST_KINDS = 10_000;

export interface Counters {
  readonly count: (verb: string, resource: string, userAgent: string) => void;
  readonly read: () => readonly WriteCount[];
}

export function createCounters(): Counters {
  const counts = new Map<string, { verb: string; resource: string; userAgent: string; count: number }>();
  return {
    count(verb, resource, userAgent) {
      if (!WRITES.has(verb)) return;
      const key = `${verb} ${resource} ${userAgent}`;
      const known = counts.get(key);
      if (known) known.count += 1;
      else if (counts.size < MOST_KINDS) counts.set(key, { verb, resource, userAgent, count: 1 });
    },
    read: () => [...counts.values()].map((one) => ({ ...one })),
  };
}
