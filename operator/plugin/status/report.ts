/**
 * Everything about one tenant as data, which `-o json` prints as it is and the text is drawn from. Pure.
 */
import type { Condition } from '../../../crds/index.ts';
import type { CoreEvent } from '../../kube/resources.ts';
import type { DataPlaneView } from '../data/look.ts';
import { causesOf, walk } from '../health/causes.ts';
import { idOf, type Health, type HealthNode } from '../health/node.ts';
import { timeOf } from '../health/pod.ts';
import { hosts, type Observed } from '../tenant/observe.ts';
import { stateOf, type StateOfTenant } from '../tenant/state.ts';

export interface CauseReport {
  readonly object: string;
  readonly health: Health;
  readonly reason: string | undefined;
  readonly message: string;
  /** From the tenant to the object. */
  readonly path: readonly string[];
}

export interface PodReport {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly service: string;
  readonly health: Health;
  readonly facts: readonly string[];
  readonly created: string | undefined;
  readonly message: string | undefined;
}

export interface StatusReport extends StateOfTenant {
  readonly name: string;
  readonly displayName: string;
  readonly plan: string;
  readonly placement: string;
  readonly namespace: string;
  readonly hosts: readonly string[];
  readonly created: string | undefined;
  readonly generation: number;
  readonly observedGeneration: number;
  /** Most likely root first; empty when all is well. */
  readonly causes: readonly CauseReport[];
  readonly conditions: readonly Condition[];
  readonly services: readonly {
    readonly name: string;
    readonly namespace: string | undefined;
    readonly health: Health;
    readonly domains: readonly string[];
    readonly image: string | undefined;
    readonly ready: number;
    readonly replicas: number;
    readonly message: string | undefined;
    readonly canary: object | undefined;
  }[];
  readonly pods: readonly PodReport[];
  readonly endpoints: Readonly<Record<string, string>>;
  readonly dataPlane: DataPlaneView | undefined;
  readonly catalog: object | undefined;
  readonly warnings: readonly {
    readonly last: string;
    readonly count: number;
    readonly object: string;
    readonly reason: string;
    readonly message: string;
  }[];
  readonly gaps: readonly string[];
}

export function statusReport(
  observed: Observed,
  tree: HealthNode,
  dataPlane: DataPlaneView | undefined,
): StatusReport {
  const { tenant } = observed;
  const { metadata, spec, status } = tenant;
  return {
    name: metadata.name,
    displayName: spec.displayName,
    ...stateOf(tenant),
    plan: spec.plan,
    placement: spec.placement,
    namespace: observed.namespace,
    hosts: spec.hosts,
    created: metadata.creationTimestamp,
    generation: metadata.generation ?? 0,
    observedGeneration: status?.observedGeneration ?? 0,
    causes: causeReports(tree),
    conditions: status?.conditions ?? [],
    services: [...walk(tree)]
      .filter(({ node }) => node.kind === 'Service' && observed.services.some((one) => isAt(one, node)))
      .map(({ node }) => {
        const service = observed.services.find((one) => isAt(one, node));
        return {
          name: node.name,
          namespace: node.namespace,
          health: node.health,
          domains: service?.spec.domains ?? [],
          image: service?.spec.image,
          ready: service?.status?.readyReplicas ?? 0,
          replicas: service?.status?.replicas ?? 0,
          message: node.message,
          canary: service?.status?.canary,
        };
      }),
    pods: podReports(tree, observed),
    endpoints: { ...status?.endpoints },
    dataPlane,
    catalog: status?.catalog,
    warnings: recentWarnings(observed, tree),
    gaps: observed.gaps,
  };
}

export function causeReports(tree: HealthNode): readonly CauseReport[] {
  return causesOf(tree).map(({ node, path }) => ({
    object: idOf(node),
    health: node.health,
    reason: node.reason,
    message: node.message ?? node.reason ?? node.health,
    path: path.map(idOf),
  }));
}

function podReports(tree: HealthNode, observed: Observed): readonly PodReport[] {
  const mine = observed.services.filter((service) => hosts(service, observed.tenant));
  return [...walk(tree)]
    .filter(({ node }) => node.kind === 'Service')
    .flatMap(({ node: service }) =>
      [...walk(service)]
        .filter(({ node }) => node.kind === 'Pod')
        .map(({ node }) => ({
          name: node.name,
          namespace: node.namespace,
          service: service.name,
          health: node.health,
          facts: node.facts ?? [],
          created: observed.pods.find((pod) => isAt(pod, node))?.metadata.creationTimestamp,
          message: node.message,
        })),
    )
    .filter(({ service }) => mine.some(({ metadata }) => metadata.name === service));
}

function recentWarnings(observed: Observed, tree: HealthNode): StatusReport['warnings'] {
  const shown = new Map(
    [...walk(tree)].map(({ node }) => [`${node.kind} ${node.namespace ?? ''}/${node.name}`, node]),
  );
  // What warned before it became well is history.
  const isOver = (event: CoreEvent, node: HealthNode): boolean =>
    node.health === 'ready' && node.since !== undefined && timeOf(event) <= node.since;
  const concerns = (event: CoreEvent): boolean => {
    const { kind = '', namespace, name = '' } = event.involvedObject;
    const node = shown.get(`${kind} ${namespace ?? ''}/${name}`);
    if (node !== undefined) return !isOver(event, node);
    return (
      (kind === observed.tenant.kind && name === observed.tenant.metadata.name) ||
      (namespace !== undefined && namespace === observed.namespace && namespace !== 'shopmind-system')
    );
  };
  return observed.warnings
    .filter(concerns)
    .toSorted((a, b) => timeOf(b).localeCompare(timeOf(a)))
    .map((event) => ({
      last: timeOf(event),
      count: event.count ?? event.series?.count ?? 1,
      object: `${event.involvedObject.kind} ${event.involvedObject.name}`,
      reason: event.reason ?? '',
      message: event.message ?? '',
    }));
}

function isAt(
  { metadata }: { readonly metadata: { readonly name: string; readonly namespace?: string } },
  node: Pick<HealthNode, 'name' | 'namespace'>,
): boolean {
  return metadata.name === node.name && metadata.namespace === node.namespace;
}
