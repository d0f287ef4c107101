/**
 * How the requests of one Service are shared among its revisions: HTTPRoutes whose parent is the Service itself, as the
 * Gateway API has them for meshes (GEP-1426). One small object turns the weights for every route that leads to the Service.
 */
import type { Action, ClusterName, WeightedBackend } from './compile.ts';
import type { HttpRoute } from './httproute.ts';

export interface Split {
  readonly backends: readonly WeightedBackend[];
  readonly totalWeight: number;
}

export interface Splits {
  /** Adds or replaces what a route says of these Service ports. */
  set(route: SplitRoute): void;
  delete(key: string): void;
  /** The elder route's word, where two speak of one Service. `undefined`: requests go to the Service as it is. */
  of(cluster: ClusterName): Split | undefined;
}

export interface SplitRoute {
  readonly key: string;
  readonly createdAt: string;
  readonly parents: readonly ClusterName[];
  readonly split: Split;
}

export function createSplits(): Splits {
  const routes = new Map<string, SplitRoute>();
  const byCluster = new Map<ClusterName, Split>();

  const decide = (cluster: ClusterName): void => {
    const [eldest] = [...routes.values()]
      .filter(({ parents }) => parents.includes(cluster))
      .toSorted((a, b) => (`${a.createdAt}/${a.key}` < `${b.createdAt}/${b.key}` ? -1 : 1));
    if (eldest === undefined) byCluster.delete(cluster);
    else byCluster.set(cluster, eldest.split);
  };

  const forget = (key: string): void => {
    const before = routes.get(key);
    routes.delete(key);
    for (const cluster of before?.parents ?? []) decide(cluster);
  };

  return {
    set(route) {
      const before = routes.get(route.key);
      routes.set(route.key, route);
      for (const cluster of new Set([...(before?.parents ?? []), ...route.parents])) decide(cluster);
    },
    delete: forget,
    of: (cluster) => (byCluster.size === 0 ? undefined : byCluster.get(cluster)),
  };
}

/**
 * Service ports this route is a child of. Only those of its own namespace: whoever owns a Service says how it is shared,
 * nobody else. A parent without port is none of ours, because a cluster is one port of a Service.
 */
export function serviceParents(route: HttpRoute): readonly ClusterName[] {
  const { namespace = 'default' } = route.metadata;
  return (route.spec.parentRefs ?? [])
    .filter(isOwnService(namespace))
    .map(({ name, port }) => `${namespace}/${name}:${port}`);
}

export const isOwnService =
  (namespace: string | undefined) =>
  (parent: NonNullable<HttpRoute['spec']['parentRefs']>[number]): boolean =>
    parent.group === '' &&
    parent.kind === 'Service' &&
    parent.port !== undefined &&
    (parent.namespace ?? namespace) === namespace;

/** The shares of a compiled route: those of its first rule, the only one a split has. */
export function splitOf(action: Action | undefined): Split {
  return { backends: action?.backends ?? [], totalWeight: sum(action?.backends ?? []) };
}

/**
 * One of the backends, by chance and weight. Revisions of a Service stand in for each other: one without any Pod that is
 * ready is passed over as long as another has some, so that no shopper waits for a revision that has gone.
 */
export function draw(
  split: Split,
  hasPods: (cluster: ClusterName) => boolean,
  random: () => number,
): ClusterName | undefined {
  const chosen = pick(split.backends, split.totalWeight, random);
  if (chosen === undefined || split.backends.length < 2 || hasPods(chosen)) return chosen;
  const able = split.backends.filter(({ cluster }) => hasPods(cluster));
  return pick(able, sum(able), random) ?? chosen;
}

function pick(
  backends: readonly WeightedBackend[],
  total: number,
  random: () => number,
): ClusterName | undefined {
  let ticket = random() * total;
  for (const { cluster, weight } of backends) {
    ticket -= weight;
    if (ticket < 0) return cluster;
  }
  return undefined;
}

const sum = (backends: readonly WeightedBackend[]): number =>
  backends.reduce((total, { weight }) => total + weight, 0);
