/** Counts requests, so that a test can tell that nobody writes at rest, who does otherwise, and which of its rights a client uses. */

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
  /** Writes only. */
  readonly read: () => readonly WriteCount[];
  /** Every request for `/metrics`, in Prometheus' text format. */
  readonly exposition: () => string;
}

export function createCounters(): Counters {
  const counts = new Map<string, { verb: string; resource: string; userAgent: string; count: number }>();
  return {
    count(verb, resource, userAgent) {
      const key = `${verb} ${resource} ${userAgent}`;
      const known = counts.get(key);
      if (known) known.count += 1;
      else if (counts.size < MOST_KINDS) counts.set(key, { verb, resource, userAgent, count: 1 });
    },
    read: () => [...counts.values()].filter(({ verb }) => WRITES.has(verb)).map((one) => ({ ...one })),
    exposition: () => [HEAD, ...[...counts.values()].map(sample), ''].join('\n'),
  };
}

/** kube-apiserver's name; the user agent is ours to add, because the question is always who asked. */
const METRIC = 'apiserver_request_total';
const HEAD = `# HELP ${METRIC} Requests, by verb, resource and client.\n# TYPE ${METRIC} counter`;

function sample({ verb, resource, userAgent, count }: WriteCount): string {
  const labels = Object.entries({ verb, resource, user_agent: userAgent }).map(
    ([name, value]) => `${name}="${escaped(value)}"`,
  );
  return `${METRIC}{${labels.join(',')}} ${count}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
