/**
 * The caches of the operator: our kinds whole, children by our label (of kinds a cluster may lack only where it has them),
 * the platform's configuration by name.
 */
import type { Logger } from 'pino';
import { LABELS, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import type { Client } from '../kube/client.ts';
import { createDefinitionsReflector, createOptionalReflector } from '../kube/optional.ts';
import type { Presence } from '../kube/optional.ts';
import { createReflector } from '../kube/reflector.ts';
import type { Reflector, ReflectorOptions } from '../kube/reflector.ts';
import type { ConfigMap, Secret } from '../kube/resources.ts';
import { resourceName } from '../kube/types.ts';
import type { KubeObject, ResourceType } from '../kube/types.ts';
import { CHILDREN, configMaps, OPTIONAL, secrets, shopServices, tenants } from './kinds.ts';
import type { ServiceObject, TenantObject } from './kinds.ts';

export interface Reflectors {
  of<T extends KubeObject>(type: ResourceType<T>): Reflector<T>;
  readonly platform: { readonly config: Reflector<ConfigMap>; readonly secret: Reflector<Secret> };
  readonly all: readonly Reflector[];
  /** Whether the cluster has a kind, and its objects are seen. */
  presenceOf(type: ResourceType): Presence;
  /** Calls `handler` when an optional kind comes or goes. Returns a function that ends the subscription. */
  onPresence(handler: () => void): () => void;
  /** Runs all of them until `signal` is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

/** Name of the ConfigMap and of the Secret that configure the platform. */
const PLATFORM = 'platform';

/** Index of tenants by the hosts they declare. */
export const HOST_INDEX = 'host';

export function byHost(tenant: TenantObject): readonly string[] {
  return tenant.spec.hosts;
}

/** Index of Services by the tenant they belong to; those of the pool belong to none. */
export const TENANT_INDEX = 'tenant';

function byTenant({ spec }: ServiceObject): readonly string[] {
  return spec.tenant === undefined ? [] : [spec.tenant];
}

/**
 * @param newest asks the server itself, past every cache, for a version it has: whatever it shows later and is older
 *   than that is a lagging replica's view, which a restarted operator would act upon
 */
export function createReflectors(
  client: Client,
  log: Logger,
  newest?: () => Promise<string | undefined>,
): Reflectors {
  const byName = new Map<string, Reflector>();
  const shared = newest === undefined ? {} : { notBefore: once(newest) };
  const add = <T extends KubeObject>(
    type: ResourceType<T>,
    options: Pick<ReflectorOptions<T>, 'labelSelector' | 'indexers'>,
  ): void => {
    const reflector = createReflector({ client, type, log, ...shared, ...options });
    // One map for reflectors of all types; `of` gives each back under the type it was asked with.
    byName.set(resourceName(type), reflector as unknown as Reflector);
  };
  add(tenants, { indexers: { [HOST_INDEX]: byHost } });
  add(shopServices, { indexers: { [TENANT_INDEX]: byTenant } });
  for (const type of CHILDREN) {
    if (resourceName(type) !== resourceName(shopServices))
      add(type, { labelSelector: `${LABELS.managedBy}=shopmind` });
  }
  const definitions = createDefinitionsReflector({ client, log });
  const optional = new Map(
    OPTIONAL.map((type) => [
      resourceName(type),
      createOptionalReflector({
        client,
        type,
        log,
        definitions,
        labelSelector: `${LABELS.managedBy}=shopmind`,
      }),
    ]),
  );
  const named = {
    client,
    log,
    ...shared,
    namespace: SYSTEM_NAMESPACE,
    fieldSelector: `metadata.name=${PLATFORM}`,
  };
  const platform = {
    config: createReflector({ ...named, type: configMaps }),
    secret: createReflector({ ...named, type: secrets }),
  };
  const all: readonly Reflector[] = [
    ...byName.values(),
    definitions as unknown as Reflector,
    ...optional.values(),
    platform.config as unknown as Reflector,
    platform.secret as unknown as Reflector,
  ];
  return {
    of<T extends KubeObject>(type: ResourceType<T>): Reflector<T> {
      const name = resourceName(type);
      const reflector = byName.get(name) ?? optional.get(name);
      if (reflector === undefined) throw new RangeError(`${resourceName(type)} is not watched`);
      return reflector as unknown as Reflector<T>;
    },
    platform,
    all,
    presenceOf: (type) => optional.get(resourceName(type))?.presence() ?? 'served',
    onPresence(handler) {
      const ends = [...optional.values()].map((reflector) => reflector.onPresence(handler));
      return () => {
        for (const end of ends) end();
      };
    },
    run: async (signal) => void (await Promise.all(all.map((reflector) => reflector.run(signal)))),
  };
}

/** One question for all; one that failed is asked again. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () =>
    (asked ??= ask().catch((error: unknown) => {
      asked = undefined;
      throw error;
    }));
}
