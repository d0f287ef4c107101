/**
 * Everything the cluster says of one tenant, read once: its objects, what runs for it, what warned, and the platform under it.
 * What the caller may not read becomes a gap that is shown, never an empty list that looks like health.
 */
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import type { InventoryItem } from '../../../crds/index.ts';
import { shopServices, type ServiceObject, type TenantObject } from '../../controllers/kinds.ts';
import type { Client, ListOptions } from '../../kube/client.ts';
import { isForbidden, isNotFound } from '../../kube/errors.ts';
import {
  coreEvents,
  deployments,
  pods,
  replicaSets,
  type CoreEvent,
  type Deployment,
  type Pod,
  type ReplicaSet,
} from '../../kube/resources.ts';
import { resourceName, type KubeObject, type ResourceType } from '../../kube/types.ts';
import { homeOf, namespaceOf } from '../../resources/presets.ts';
import { locate, type Kinds } from '../cluster/kinds.ts';

export interface Observed {
  readonly tenant: TenantObject;
  /** Where its own objects are: `tenant-acme`, or shopmind-system for a pooled one. */
  readonly namespace: string;
  /** Services (shopmind.ai), workloads and Pods of its namespaces, the platform's own included. */
  readonly services: readonly ServiceObject[];
  readonly deployments: readonly Deployment[];
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  /** Events of type Warning in these namespaces and about the tenant. */
  readonly warnings: readonly CoreEvent[];
  /** The objects of the inventories by `itemKey`; `undefined` when there is no such object. Only where asked for. */
  readonly objects: ReadonlyMap<string, KubeObject | undefined>;
  /** What could not be read, and why. */
  readonly gaps: readonly string[];
}

/** @param kinds given: every object of the inventories is read too, which takes a request each */
export async function observeTenant(client: Client, tenant: TenantObject, kinds?: Kinds): Promise<Observed> {
  const namespace = namespaceOf(tenant.metadata.name, homeOf(tenant));
  const namespaces = namespacesOf(tenant);
  const gaps: string[] = [];
  const everywhere = async <T extends KubeObject>(
    type: ResourceType<T>,
    options: ListOptions = {},
    also: readonly (readonly [namespace: string, ListOptions])[] = [],
  ): Promise<readonly T[]> => {
    const asked = [...namespaces.map((one) => [one, options] as const), ...also];
    const lists = await Promise.all(
      asked.map(([where, how]) => attempt(client, type, { ...how, namespace: where }, gaps)),
    );
    return lists.flat();
  };
  const [services, deploymentList, sets, podList, warnings] = await Promise.all([
    everywhere(shopServices),
    everywhere(deployments),
    everywhere(replicaSets),
    everywhere(pods),
    everywhere(coreEvents, { fieldSelector: 'type=Warning' }, [
      // Events about objects without a namespace are written into this one.
      ['default', { fieldSelector: `type=Warning,involvedObject.name=${tenant.metadata.name}` }],
    ]),
  ]);
  const items = [
    ...(tenant.status?.inventory ?? []),
    ...services
      .filter((service) => hosts(service, tenant))
      .flatMap(({ status }) => (status?.inventory ?? []) as readonly InventoryItem[]),
  ];
  const objects =
    kinds === undefined ? new Map<string, undefined>() : await readAll(client, kinds, items, gaps);
  return {
    tenant,
    namespace,
    services,
    deployments: deploymentList,
    replicaSets: sets,
    pods: podList,
    warnings,
    objects,
    gaps: [...new Set(gaps)],
  };
}

/** A dedicated tenant's namespace and the platform's; while it moves, the one it leaves as well. */
function namespacesOf({ metadata, spec, status }: TenantObject): readonly string[] {
  return [
    ...new Set([
      SYSTEM_NAMESPACE,
      namespaceOf(metadata.name, spec.placement),
      ...(status?.inventory ?? []).flatMap((item) => (item.namespace === undefined ? [] : [item.namespace])),
    ]),
  ];
}

/** Whether requests of the tenant may reach the Service: it is the tenant's own, or the pool's. */
export function hosts(service: ServiceObject, tenant: TenantObject): boolean {
  if (service.spec.tenant !== undefined) return service.spec.tenant === tenant.metadata.name;
  return (
    homeOf(tenant) === 'pooled' &&
    service.metadata.namespace === SYSTEM_NAMESPACE &&
    service.spec.domains !== undefined
  );
}

export function itemKey({ apiVersion, kind, namespace, name }: InventoryItem): string {
  return `${apiVersion.replace(/\/?[^/]*$/, '')} ${kind} ${namespace ?? ''}/${name}`;
}

async function readAll(
  client: Client,
  kinds: Kinds,
  items: readonly InventoryItem[],
  gaps: string[],
): Promise<ReadonlyMap<string, KubeObject | undefined>> {
  const found = new Map<string, KubeObject | undefined>();
  await Promise.all(
    items.map(async (item) => {
      try {
        found.set(itemKey(item), await locate(client, kinds, item));
      } catch (error) {
        if (!isForbidden(error)) throw error;
        gaps.push(error.message);
      }
    }),
  );
  return found;
}

async function attempt<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  options: ListOptions,
  gaps: string[],
): Promise<readonly T[]> {
  try {
    return (await client.listAll(type, options)).items;
  } catch (error) {
    if (isForbidden(error)) gaps.push(error.message);
    else if (isNotFound(error)) gaps.push(`the cluster does not serve ${resourceName(type)}`);
    else throw error;
    return [];
  }
}
