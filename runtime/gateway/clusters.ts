/**
 * The Pods behind each Service port: which are ready, which are busy, which misbehave.
 * Knows nothing of HTTP; an endpoint carries whatever its `open` made (a connection pool).
 */
import type { Clock } from '../../operator/kube/clock.ts';
import type { ClusterName } from './compile.ts';

export interface Endpoint<Link> {
  /** `ip:port`. */
  readonly address: string;
  readonly link: Link;
  /** Requests under way. */
  active: number;
  /** Failures in a row. */
  failures: number;
  /** Times it was ejected without a success in between. */
  ejections: number;
  /** By the monotonic clock; 0 while it is in. */
  ejectedUntil: number;
}

export interface Clusters<Link> {
  /** Makes the cluster have exactly these addresses; those that stay keep their connections and record. */
  set(name: ClusterName, addresses: readonly string[]): void;
  /** Forgets the cluster. */
  delete(name: ClusterName): void;
  /**
   * The least busy of two ready endpoints taken by chance, leaving out `tried` and those ejected.
   * `none`: no endpoint is ready. `busy`: all have `maxActive` requests under way.
   */
  pick(name: ClusterName, tried?: ReadonlySet<string>): Endpoint<Link> | 'none' | 'busy';
  /** Calls `then` once, when the cluster has an endpoint again. Returns a function that gives up waiting. */
  onReady(name: ClusterName, then: () => void): () => void;
  /** Tells how a request at an endpoint went; a failure is one of the connection, or an answer of 502 to 504. */
  report(endpoint: Endpoint<Link>, ok: boolean): boolean;
  has(name: ClusterName): boolean;
  names(): IterableIterator<ClusterName>;
  size(name: ClusterName): number;
}

export interface ClusterOptions<Link> {
  readonly open: (address: string) => Link;
  /** Lets requests under way finish. */
  readonly close: (link: Link) => void;
  readonly clock: Clock;
  readonly maxActive: number;
  readonly random?: () => number;
  /** Failures in a row that eject; 5 by default. */
  readonly maxFailures?: number;
  /** First ejection; each further one without a success is longer by as much, up to ten times. 5 s by default. */
  readonly ejectMs?: number;
}

export function createClusters<Link>(options: ClusterOptions<Link>): Clusters<Link> {
  const { open, close, clock, maxActive } = options;
  const random = options.random ?? Math.random;
  const maxFailures = options.maxFailures ?? 5;
  const ejectMs = options.ejectMs ?? 5000;
  const clusters = new Map<ClusterName, readonly Endpoint<Link>[]>();
  const waiting = new Map<ClusterName, Set<() => void>>();

  /** Ejected endpoints come back by themselves; when more than half are out, something else is wrong: all are in. */
  const usable = (all: readonly Endpoint<Link>[]): readonly Endpoint<Link>[] => {
    let isAnyOut = false;
    for (const endpoint of all) if (endpoint.ejectedUntil > 0) isAnyOut = true;
    if (!isAnyOut) return all;
    const now = clock.monotonic();
    const inside = all.filter((endpoint) => endpoint.ejectedUntil <= now);
    return inside.length * 2 >= all.length ? inside : all;
  };

  return {
    set(name, addresses) {
      const before = new Map((clusters.get(name) ?? []).map((endpoint) => [endpoint.address, endpoint]));
      const after = [...new Set(addresses)].toSorted().map((address) => {
        const known = before.get(address);
        before.delete(address);
        return (
          known ?? { address, link: open(address), active: 0, failures: 0, ejections: 0, ejectedUntil: 0 }
        );
      });
      clusters.set(name, after);
      for (const { link } of before.values()) close(link);
      if (after.length === 0) return;
      const waiters = waiting.get(name) ?? [];
      waiting.delete(name);
      for (const then of waiters) then();
    },

    onReady(name, then) {
      const waiters = waiting.get(name) ?? new Set();
      waiting.set(name, waiters.add(then));
      return () => {
        waiters.delete(then);
        if (waiters.size === 0 && waiting.get(name) === waiters) waiting.delete(name);
      };
    },

    delete(name) {
      for (const { link } of clusters.get(name) ?? []) close(link);
      clusters.delete(name);
    },

    pick(name, tried) {
      const all = clusters.get(name);
      if (all === undefined || all.length === 0) return 'none';
      let candidates = usable(all);
      if (tried !== undefined && tried.size > 0) {
        const untried = candidates.filter(({ address }) => !tried.has(address));
        // The only endpoint is asked again rather than nobody.
        if (untried.length > 0) candidates = untried;
      }
      const chosen = lessBusy(candidates, random);
      if (chosen === undefined) return 'none';
      if (chosen.active < maxActive) return chosen;
      return candidates.find(({ active }) => active < maxActive) ?? 'busy';
    },

    report(endpoint, ok) {
      if (ok) {
        endpoint.failures = 0;
        endpoint.ejections = 0;
        endpoint.ejectedUntil = 0;
        return false;
      }
      endpoint.failures += 1;
      if (endpoint.failures < maxFailures) return false;
      endpoint.failures = 0;
      endpoint.ejections = Math.min(endpoint.ejections + 1, 10);
      endpoint.ejectedUntil = clock.monotonic() + ejectMs * endpoint.ejections;
      return true;
    },

    has: (name) => clusters.has(name),
    names: () => clusters.keys(),
    size: (name) => clusters.get(name)?.length ?? 0,
  };
}

/** Power of two choices: nearly as even as looking at all, at the price of looking at two. */
function lessBusy<Link>(
  endpoints: readonly Endpoint<Link>[],
  random: () => number,
): Endpoint<Link> | undefined {
  const count = endpoints.length;
  if (count < 2) return endpoints[0];
  const first = Math.floor(random() * count);
  const second = (first + 1 + Math.floor(random() * (count - 1))) % count;
  const [a, b] = [endpoints[first], endpoints[second]];
  if (a === undefined || b === undefined) return a ?? b;
  return b.active < a.active ? b : a;
}
