/**
 * Looks at what the cluster has beside Kubernetes: kinds, the mesh, what the platform wants of it.
 */
import { SYSTEM_NAMESPACE } from '../../crds/index.ts';
import type { InventoryItem } from '../../crds/index.ts';
import type { Presence } from '../kube/optional.ts';
import { resourceFor } from '../kube/resources.ts';
import type { ResourceType } from '../kube/types.ts';
import type { PlatformConfig } from '../resources/platform.ts';
import { INTEGRATIONS, integrationMessage, meshOf } from '../resources/surroundings.ts';
import type { Integration, IntegrationState, Surroundings } from '../resources/surroundings.ts';
import { namespaces, OPTIONAL } from './kinds.ts';
import type { Finding } from './status.ts';
import type { World } from './world.ts';

/** What is looked at: caches in the operator, the API server itself in the plugin. */
export interface Outlook {
  presenceOf(type: ResourceType): Presence;
  /** Labels of the platform's own namespace. */
  readonly systemLabels: Readonly<Record<string, string>> | undefined;
}

/** Read from caches: cheap enough for every reconcile. */
export function outlookOf(world: Pick<World, 'cacheOf' | 'presenceOf'>): Outlook {
  return {
    presenceOf: world.presenceOf,
    systemLabels: world.cacheOf(namespaces).get(SYSTEM_NAMESPACE)?.metadata.labels,
  };
}

export function surroundingsOf(outlook: Outlook, platform: PlatformConfig): Surroundings {
  const mesh = meshOf(outlook.systemLabels);
  const stateOf = (integration: Integration): IntegrationState => {
    if (platform.integrationsOff.includes(integration)) return 'off';
    const kinds: readonly string[] = INTEGRATIONS[integration].kinds;
    const presences = OPTIONAL.filter(({ kind }) => kinds.includes(kind)).map(outlook.presenceOf);
    if (presences.includes('absent')) return 'absent';
    if (presences.includes('unseen')) return 'unseen';
    // A tenant whose gateway speaks no mutual TLS would be cut off by demanding it.
    return integration === 'istio' && Object.keys(mesh).length === 0 ? 'outside' : 'on';
  };
  return {
    integrations: {
      prometheus: stateOf('prometheus'),
      istio: stateOf('istio'),
      keda: stateOf('keda'),
      externalSecrets: stateOf('externalSecrets'),
      argoRollouts: stateOf('argoRollouts'),
    },
    customMetrics: platform.customMetrics,
    mesh,
  };
}

/** What an object's condition says of the integrations that concern it. Nothing of it keeps anybody from being Ready. */
export function integrated(
  surroundings: Surroundings,
  concerned: Parameters<typeof integrationMessage>[1],
  remarks: readonly string[] = [],
): Finding {
  const { complete, message } = integrationMessage(surroundings, concerned);
  return {
    type: INTEGRATED,
    state: 'ready',
    reason: complete && remarks.length === 0 ? 'Complete' : 'Partial',
    message: [message, ...remarks].join('. '),
  };
}

export const INTEGRATED = 'Integrated';

/** Entries of kinds whose objects cannot be seen: not made anew and not taken for gone either. */
export function unseenOf(
  world: Pick<World, 'presenceOf'>,
  inventory: readonly InventoryItem[],
): readonly InventoryItem[] {
  return inventory.filter((entry) => {
    const type = resourceFor(entry, OPTIONAL);
    return type !== undefined && world.presenceOf(type) === 'unseen';
  });
}
