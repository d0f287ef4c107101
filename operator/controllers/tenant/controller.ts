/**
 * Which changes concern which tenant. Events only enqueue; what is to be done is decided by the reconcile.
 */
import { LABELS, SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import type { Change } from '../../kube/cache.ts';
import { findCondition } from '../../kube/conditions.ts';
import { keysOfLabel, ofSpec, source } from '../../kube/controller.ts';
import type { Source } from '../../kube/controller.ts';
import type { Reflector } from '../../kube/reflector.ts';
import { keyOfObject } from '../../kube/types.ts';
import type { Key, KubeObject } from '../../kube/types.ts';
import { DATABASE_SECRET } from '../../resources/environment.ts';
import { homeOf } from '../../resources/presets.ts';
import {
  authorizationPolicies,
  configMaps,
  deployments,
  externalSecrets,
  httpRoutes,
  jobs,
  limitRanges,
  namespaces,
  networkPolicies,
  peerAuthentications,
  referenceGrants,
  resourceQuotas,
  secrets,
  shopServices,
  tenants,
} from '../kinds.ts';
import type { ServiceObject, TenantObject } from '../kinds.ts';
import type { Job } from '../../kube/resources.ts';
import { endOf } from '../backups/attend.ts';
import { HOST_INDEX } from '../reflectors.ts';
import type { Reflectors } from '../reflectors.ts';

export function tenantSources(reflectors: Reflectors): readonly Source[] {
  const all = reflectors.of(tenants);
  const everyTenant = (): readonly Key[] => [...all.cache.keys()];
  const children = [
    namespaces,
    resourceQuotas,
    limitRanges,
    networkPolicies,
    referenceGrants,
    deployments,
    peerAuthentications,
    authorizationPolicies,
  ].map((type) => source<KubeObject>(reflectors.of<KubeObject>(type), ofSpec(keysOfLabel(LABELS.tenant))));
  // A route's status is the gateway's word on it.
  const answered = [httpRoutes, externalSecrets].map((type) =>
    source<KubeObject>(reflectors.of<KubeObject>(type), keysOfLabel(LABELS.tenant)),
  );
  return [
    // Status writes of our own come back as updates; they change nothing that is read of a tenant but the status itself.
    source(all, (change) => [keyOfObject(change.object), ...freedHosts(change, all)]),
    ...children,
    ...answered,
    // Whether the platform is in the mesh decides whether its tenants are.
    source(reflectors.of(namespaces), ({ object }) =>
      object.metadata.name === SYSTEM_NAMESPACE ? everyTenant() : [],
    ),
    source(reflectors.of(shopServices), (change) => keysOfService(change, all)),
    source(reflectors.of(secrets), (change) =>
      isPoolSecret(change.object) ? everyTenant() : keysOfLabel(LABELS.tenant)(change),
    ),
    source(reflectors.of(jobs), (change) => {
      const own = keysOfLabel(LABELS.tenant)(change);
      return own.length > 0 || !isPoolBackupEnd(change) ? own : pooled(all);
    }),
    source(reflectors.platform.config, everyTenant, configMaps.plural),
    source(reflectors.platform.secret, everyTenant, 'platform'),
  ];
}

/** Tenants that wait for a host which this one had. */
function freedHosts(
  { object, previous, type }: Change<TenantObject>,
  all: Reflector<TenantObject>,
): readonly Key[] {
  const kept = type === 'deleted' ? [] : object.spec.hosts;
  const freed = (previous?.spec.hosts ?? []).filter((host) => !kept.includes(host));
  return freed.flatMap((host) => all.cache.byIndex(HOST_INDEX, host).map(keyOfObject));
}

function pooled(all: Reflector<TenantObject>): readonly Key[] {
  return [...all.cache.values()]
    .filter((tenant) => tenant.spec.placement === 'pooled' || homeOf(tenant) === 'pooled')
    .map(keyOfObject);
}

/** A backup of all pooled tenants has ended, or one that had failed is gone. */
function isPoolBackupEnd({ type, object, previous }: Change<Job>): boolean {
  const { namespace, labels = {} } = object.metadata;
  if (namespace !== SYSTEM_NAMESPACE || labels[LABELS.name] !== 'backup') return false;
  const ended = endOf(object)?.type;
  return type === 'deleted'
    ? ended === 'Failed'
    : ended !== undefined && previous !== undefined && endOf(previous) === undefined;
}

/** A tenant's own Service concerns the tenant; the pool's concerns every pooled tenant, but only when its availability turns. */
function keysOfService(change: Change<ServiceObject>, all: Reflector<TenantObject>): readonly Key[] {
  const { object, previous } = change;
  const label = keysOfLabel(LABELS.tenant)(change);
  if (label.length > 0) return label;
  if (object.metadata.namespace !== SYSTEM_NAMESPACE) return [];
  const available = (service: ServiceObject | undefined): string | undefined =>
    findCondition(service?.status?.conditions, 'Available')?.status;
  if (change.type === 'updated' && available(object) === available(previous)) return [];
  return pooled(all);
}

function isPoolSecret({ metadata }: KubeObject): boolean {
  return metadata.namespace === SYSTEM_NAMESPACE && metadata.name === DATABASE_SECRET;
}
