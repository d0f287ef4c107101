/**
 * Which changes concern which Service.
 */
import { LABELS, SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import { keysOfOwner, ofSpec, source } from '../../kube/controller.ts';
import type { Source } from '../../kube/controller.ts';
import { keyOfObject } from '../../kube/types.ts';
import type { Key, KubeObject } from '../../kube/types.ts';
import { DATABASE_SECRET } from '../../resources/environment.ts';
import { RUNTIME } from '../../resources/presets.ts';
import {
  cronJobs,
  analysisTemplates,
  controllerRevisions,
  deployments,
  destinationRules,
  horizontalPodAutoscalers,
  jobs,
  namespaces,
  httpRoutes,
  podDisruptionBudgets,
  rollouts,
  scaledObjects,
  secrets,
  serviceAccounts,
  serviceMonitors,
  services,
  shopServices,
  virtualServices,
} from '../kinds.ts';
import type { Reflectors } from '../reflectors.ts';

export function serviceSources(reflectors: Reflectors): readonly Source[] {
  const { cache } = reflectors.of(shopServices);
  const inNamespace = ({ metadata }: KubeObject): readonly Key[] =>
    cache.inNamespace(metadata.namespace ?? SYSTEM_NAMESPACE).map(keyOfObject);
  const every = (): readonly Key[] => [...cache.keys()];
  return [
    // A Service that comes, goes or moves domains changes its neighbours' list of peers.
    source(reflectors.of(shopServices), (change) =>
      change.type === 'updated' && sameDomains(change.object.spec, change.previous?.spec)
        ? [keyOfObject(change.object)]
        : inNamespace(change.object),
    ),
    ...[
      serviceAccounts,
      controllerRevisions,
      services,
      horizontalPodAutoscalers,
      podDisruptionBudgets,
      cronJobs,
      serviceMonitors,
      destinationRules,
      virtualServices,
      analysisTemplates,
    ].map((type) => source<KubeObject>(reflectors.of<KubeObject>(type), ofSpec(keysOfOwner('Service')))),
    // How a roll-out goes stands in these.
    ...[deployments, httpRoutes, scaledObjects, rollouts].map((type) =>
      source<KubeObject>(reflectors.of<KubeObject>(type), keysOfOwner('Service')),
    ),
    // Those of the pool's backups and of operations on the cluster.
    source(reflectors.of(jobs), ({ object }) =>
      object.metadata.namespace === SYSTEM_NAMESPACE && object.metadata.labels?.[LABELS.tenant] === undefined
        ? [`${SYSTEM_NAMESPACE}/${RUNTIME}`]
        : [],
    ),
    source(reflectors.of(namespaces), ({ object }) =>
      object.metadata.name === SYSTEM_NAMESPACE ? every() : [],
    ),
    source(reflectors.of(secrets), ({ object }) =>
      object.metadata.name === DATABASE_SECRET ? inNamespace(object) : [],
    ),
    source(reflectors.platform.config, every),
    source(reflectors.platform.secret, every, 'platform'),
  ];
}

function sameDomains(
  a: { readonly domains?: readonly string[] },
  b: { readonly domains?: readonly string[] } | undefined,
): boolean {
  return a.domains?.join() === b?.domains?.join();
}
