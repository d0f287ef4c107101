/**
 * Reconciles one Service (shopmind.ai): its database login, its Deployment with what surrounds it, its status.
 * Children live in its namespace and are owned by it, so deleting it needs no finalizer.
 */
import { ANNOTATIONS, SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import type { CanaryStatus, Condition, InventoryItem, ServiceStatus } from '../../../crds/index.ts';
import { sameJson } from '../../kube/canonical.ts';
import { removeCondition, setCondition } from '../../kube/conditions.ts';
import type { Reconcile, ReconcileContext, Result } from '../../kube/controller.ts';
import { isDeleting } from '../../kube/finalizers.ts';
import { inventoryOf, union } from '../../kube/inventory.ts';
import type { Deployment } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import { connectionLimitOf } from '../../resources/connections.ts';
import type { Connecting } from '../../resources/connections.ts';
import { ownLabels } from '../../resources/chart.ts';
import type { Manifest } from '../../resources/chart.ts';
import { DATABASE_SECRET } from '../../resources/environment.ts';
import type { PlatformConfig } from '../../resources/platform.ts';
import { secret } from '../../resources/tenancy.ts';
import { canBackUp } from '../../resources/backup.ts';
import { replicasOf, unscaledBy } from '../../resources/autoscaling.ts';
import { selectorOf } from '../../resources/workload.ts';
import type { WorkloadInput } from '../../resources/workload.ts';
import type { ArchiveState } from '../../recovery/archive/verdict.ts';
import { attend, isPool } from '../backups/attend.ts';
import { withBackups } from '../backups/conditions.ts';
import { deployments, rollouts, shopServices, tenants } from '../kinds.ts';
import type { ServiceObject } from '../kinds.ts';
import { applyAll, prune } from '../objects.ts';
import { providersOf, providerVariables } from '../../../runtime/platform/messages/index.ts';
import { modelKeys } from '../../resources/models.ts';
import { POOL_SCOPE } from '../../../runtime/platform/names/index.ts';
import { loginsOf, secretRevision, valuesOfCredentials } from '../credentials.ts';
import type { Credentials } from '../credentials.ts';
import { concludeRotation, credentialsDueInMs, credentialsFor, credentialsSeen } from '../rotation.ts';
import { valuesOf, variablesOf } from '../secrets.ts';
import { conditionsOf, isOnItsWay } from '../status.ts';
import type { Finding } from '../status.ts';
import { INTEGRATED, integrated, outlookOf, surroundingsOf, unseenOf } from '../surroundings.ts';
import { createPatience } from '../patience.ts';
import type { Patience } from '../patience.ts';
import { tracesOfService } from '../traces.ts';
import { troubleOf } from '../troubles.ts';
import { createUrges } from '../urges.ts';
import type { World } from '../world.ts';
import { createDeliverer } from './canary/deliver.ts';
import type { Deliverer } from './canary/deliver.ts';
import { inputOf, objectsOf } from './desired.ts';
import type { Grounds } from './desired.ts';

const TYPES = ['DataPlaneReady', 'Available', 'RolledOut', INTEGRATED];
const RESYNC_MS = 600_000;
const STUCK_MS = 60_000;
const POOL_ROLE = 'shop_runtime';

const NO_PLACE_FOR_BACKUPS =
  'not backed up: BLOBS_URL is a folder of each Pod; name a BLOBS_CLAIM in ConfigMap platform';

export interface ServiceReconcilerOptions {
  readonly enqueue: (service: string, why: string) => void;
  readonly random?: () => number;
  /** How long a wait stays out of the status; see `patience.ts`. None by default. */
  readonly patienceMs?: number;
}

export function createServiceReconciler(world: World, options: ServiceReconcilerOptions): Reconcile {
  const random = options.random ?? Math.random;
  const urged = createUrges();
  const deliverer = createDeliverer(world);
  const patience = createPatience(world.clock, options.patienceMs ?? 0);
  return async (key, context) => {
    const service = world.cacheOf(shopServices).get(key);
    if (service === undefined) patience.end(key);
    // Being deleted: the garbage collector takes the children.
    if (service === undefined || isDeleting(service)) return {};
    if (service.metadata.annotations?.[ANNOTATIONS.paused] === 'true') return {};
    if (urged.isNew(key, service.metadata.annotations?.[ANNOTATIONS.reconcileAt])) world.distrust();
    if (waitsForTenant(world, service)) return {};
    const wake = (why: string): void => options.enqueue(key, why);
    const { requeueAfterMs } = await visit(world, deliverer, patience, context, service, wake);
    return { requeueAfterMs: requeueAfterMs ?? RESYNC_MS * (0.8 + 0.4 * random()) };
  };
}

async function visit(
  world: World,
  deliverer: Deliverer,
  patience: Patience,
  context: ReconcileContext,
  service: ServiceObject,
  wake: (why: string) => void,
): Promise<Result> {
  const findings: Finding[] = [];
  const isNew = service.status?.observedGeneration === undefined;
  let inventory = isNew ? tracesOfService(world, service) : (service.status?.inventory ?? []);
  let canary = service.status?.canary;
  let requeueAfterMs: number | undefined;
  try {
    const platform = world.platform();
    const ground = await context.spans.part('phase DataPlaneReady', {}, () =>
      reconcileDataPlane(world, context, service, platform),
    );
    findings.push(ground.finding);
    if (ground.ready) {
      const input = inputOf(service, groundsOf(world, service, platform));
      const delivery = await context.spans.part('plan delivery', {}, () =>
        deliverer.plan(context, service, input, ground.revision),
      );
      const objects = objectsOf(service, input, delivery);
      const wanted = union(
        inventoryOf(objects as readonly unknown[] as readonly KubeObject[]),
        union(delivery.kept, unseenOf(world, inventory)),
      );
      const announced = union(inventory, wanted);
      // Written down before it is done: whoever takes over after a crash goes on from here. What a new Service owns says itself.
      const isNews = isNew ? context.failures > 0 : announced.length > inventory.length;
      inventory = announced;
      if (isNews || !sameJson(delivery.status, canary)) {
        canary = delivery.status;
        await report(world, context, service, findings, inventory, canary);
      }
      const dueInMs = Math.min(delivery.requeueAfterMs ?? Infinity, ground.dueInMs ?? Infinity);
      requeueAfterMs = dueInMs < RESYNC_MS ? dueInMs : undefined;
      // Two autoscalers must never hold one Deployment: KEDA refuses to begin, and both would pull.
      await prune(world, context, inventory.filter(isAutoscaler), wanted);
      await applyAll(world, context, service, objects);
      await prune(world, context, inventory, wanted);
      inventory = wanted;
      findings.push(...rollout(service, workloadOf(world, service), canary));
      findings.push(integrations(input));
    }
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble === undefined) throw error;
    const type = TYPES[findings.length] ?? 'RolledOut';
    findings.push({
      type,
      state: trouble.passes ? 'waiting' : 'stuck',
      reason: trouble.reason,
      message: trouble.message,
    });
    if (trouble.passes) world.whenUp(() => wake('the data plane answers'), trouble.system);
    context.log[trouble.passes ? 'info' : 'warn']({ err: error }, trouble.message);
  }
  const pool = isPool(service) ? await attendTo(world, context, service) : {};
  requeueAfterMs = Math.min(requeueAfterMs ?? Infinity, pool.requeueAfterMs ?? Infinity);
  const untoldMs = isOnItsWay(service, findings) ? patience.leftMs(keyOf(service)) : 0;
  if (untoldMs > 0) return { requeueAfterMs: Math.min(untoldMs, requeueAfterMs) };
  patience.end(keyOf(service));
  await report(world, context, service, findings, inventory, canary, pool.status);
  const isStuck = findings.some(({ state }) => state === 'stuck');
  const again = Math.min(requeueAfterMs, isStuck ? STUCK_MS : Infinity);
  return again === Infinity ? {} : { requeueAfterMs: again };
}

/** Whether the tenant exists and was not yet brought up to date by this process; the tenant's controller wakes us then. */
function waitsForTenant(world: World, { spec }: ServiceObject): boolean {
  if (spec.tenant === undefined || spec.domains === undefined) return false;
  return world.cacheOf(tenants).has(spec.tenant) && !world.provisioned.has(spec.tenant);
}

interface Ground {
  readonly finding: Finding;
  readonly ready: boolean;
  /** Changes when a Pod must be started anew to see its Secret. */
  readonly revision: string | undefined;
  /** When its credentials are to be looked at again, ms. */
  readonly dueInMs?: number;
}

/** The pool provisions its own schema; a tenant's Service waits for its tenant's Secret; an own image needs neither. */
async function reconcileDataPlane(
  world: World,
  context: ReconcileContext,
  service: ServiceObject,
  platform: PlatformConfig,
): Promise<Ground> {
  const type = 'DataPlaneReady';
  if (service.spec.domains === undefined) {
    const finding: Finding = {
      type,
      state: 'ready',
      reason: 'NotNeeded',
      message: 'an own image brings its own data',
    };
    return { finding, ready: true, revision: undefined };
  }
  const namespace = service.metadata.namespace ?? '';
  const pooled = service.spec.tenant === undefined;
  if (pooled && namespace !== SYSTEM_NAMESPACE) {
    const message = `only namespace ${SYSTEM_NAMESPACE} hosts domains without a tenant: set spec.tenant, or move the Service there`;
    return {
      finding: { type, state: 'stuck', reason: 'NoTenant', message },
      ready: false,
      revision: undefined,
    };
  }
  const known = pooled
    ? await credentialsFor(world, context, {
        namespace,
        role: POOL_ROLE,
        owners: poolServices(world),
        platform,
        mayBegin: true,
      })
    : credentialsSeen(world, namespace);
  if (known === undefined) {
    const message = `waits for Secret ${namespace}/${DATABASE_SECRET} of tenant ${service.spec.tenant}`;
    return {
      finding: { type, state: 'waiting', reason: 'SecretPending', message },
      ready: false,
      revision: undefined,
    };
  }
  const finding: Finding = {
    type,
    state: 'ready',
    reason: 'Provisioned',
    message: 'the database login is in place',
  };
  if (!pooled) {
    const values = valuesOf(world, { namespace, name: DATABASE_SECRET }) ?? {};
    return { finding, ready: true, revision: secretRevision(values) };
  }
  const dataPlane = await world.dataPlane(platform);
  const valuesWith = async (credentials: Credentials): Promise<Readonly<Record<string, string>>> => ({
    ...valuesOfCredentials(credentials, platform),
    SECRETS_KEY: platform.secretsKey,
    ...variablesOf(await dataPlane.addresses(POOL_SCOPE, credentials.current.password)),
    ...providerVariables(providersOf(platform.providers, POOL_SCOPE)),
    ...modelKeys(platform.models),
  });
  const secretOf = async (credentials: Credentials): Promise<Manifest> =>
    poolSecret(await valuesWith(credentials));
  await applyAll(world, context, service, [await secretOf(known)]);
  const done = await dataPlane.ensurePool(
    loginsOf(known),
    'owner',
    connectionLimitOf(poolServices(world).map(connectingOf)),
  );
  if (done.length > 0) {
    context.log.info({ actions: done }, 'pool provisioned');
    world.events.record(service, {
      type: 'Normal',
      reason: 'Provisioned',
      message: `${done.length} actions on the pool's schema`,
    });
  }
  const credentials = await concludeRotation(world, context, service, known, secretOf);
  return {
    finding,
    ready: true,
    revision: secretRevision(await valuesWith(credentials)),
    dueInMs: credentialsDueInMs(world, platform, credentials),
  };
}

function connectingOf({ spec }: ServiceObject): Connecting {
  return { resources: spec.resources, mostPods: replicasOf(spec).max };
}

/** They share one login. */
function poolServices(world: World): readonly ServiceObject[] {
  return world
    .cacheOf(shopServices)
    .inNamespace(SYSTEM_NAMESPACE)
    .filter(({ spec }) => spec.domains !== undefined && spec.tenant === undefined);
}

/** Not owned by the Service: the pool's password must outlive it. */
function poolSecret(values: Readonly<Record<string, string>>): Manifest {
  return secret(
    { name: DATABASE_SECRET, namespace: SYSTEM_NAMESPACE, labels: ownLabels(DATABASE_SECRET) },
    values,
  );
}

function groundsOf(world: World, service: ServiceObject, platform: PlatformConfig): Grounds {
  return {
    platform,
    images: world.images,
    gatewayPort: world.gatewayPort,
    surroundings: surroundingsOf(outlookOf(world), platform),
    neighbours: world.cacheOf(shopServices).inNamespace(service.metadata.namespace ?? ''),
  };
}

/** What is made for it beside Kubernetes' own kinds, what is not, and by what it cannot be scaled. */
function integrations(input: WorkloadInput): Finding {
  const { spec, surroundings, metricSources } = input;
  const { autoscaled } = replicasOf(spec);
  const byArgo = spec.traffic?.canary?.provider === 'argo';
  const scaling = autoscaled ? spec.scaling : undefined;
  const concerned = {
    ...(spec.domains === undefined ? {} : { prometheus: ['ServiceMonitor'] }),
    istio: ['DestinationRule', 'VirtualService'],
    ...(scaling?.by === 'KEDA' ? { keda: ['ScaledObject'] } : {}),
    ...(byArgo ? { argoRollouts: ['Rollout', 'AnalysisTemplate'] } : {}),
  };
  const remarks = [
    ...(scaling === undefined ? [] : unscaledBy(scaling, surroundings, metricSources)),
    ...(spec.backup === undefined || canBackUp(input) ? [] : [NO_PLACE_FOR_BACKUPS]),
    ...(byArgo && metricSources.prometheusUrl === undefined
      ? [
          'not delivered by Argo Rollouts: ConfigMap platform names no PROMETHEUS_URL; the operator delivers by itself',
        ]
      : []),
  ];
  return integrated(surroundings, concerned, remarks);
}

function isAutoscaler({ kind }: InventoryItem): boolean {
  return kind === 'HorizontalPodAutoscaler' || kind === 'ScaledObject';
}

/**
 * `Available`: enough Pods serve, of whatever revision; tenants look at this. `RolledOut`: they are all of this one.
 */
function rollout(
  service: ServiceObject,
  deployment: Workload | undefined,
  canary: CanaryStatus | undefined,
): readonly Finding[] {
  const { min } = replicasOf(service.spec);
  const { spec, status } = deployment ?? {};
  const wanted = service.spec.replicas === 0 ? 0 : Math.max(min, spec?.replicas ?? 1);
  const available = status?.availableReplicas ?? 0;
  const updated = status?.updatedReplicas ?? 0;
  const current = status?.observedGeneration === deployment?.metadata.generation && deployment !== undefined;
  const failing = status?.conditions?.find(
    ({ type, status }) => type === 'Progressing' && status === 'False',
  );
  // One is enough: more Pods wanted, or one lost of several, is no reason to call every tenant of the pool not ready.
  const enough = available >= Math.min(wanted, 1);
  const settled =
    current &&
    updated >= wanted &&
    available >= wanted &&
    (status?.replicas ?? 0) <= Math.max(wanted, updated);
  const counted = `${available} of ${wanted} Pods are ready`;
  return [
    {
      type: 'Available',
      state: enough ? 'ready' : failing === undefined ? 'waiting' : 'stuck',
      reason: enough ? 'Available' : 'PodsPending',
      message:
        failing === undefined || enough
          ? counted
          : `${counted}: ${failing.message ?? ''}; see kubectl describe pods`,
    },
    delivered(canary) ?? {
      type: 'RolledOut',
      state: settled ? 'ready' : failing === undefined ? 'waiting' : 'stuck',
      reason: settled ? 'RolledOut' : 'RollingOut',
      message: settled
        ? counted
        : failing === undefined
          ? `${counted}, ${updated} of this revision`
          : (failing.message ?? 'the roll-out failed'),
    },
  ];
}

/** A delivery under way, or one that failed, is what there is to say of the roll-out. */
function delivered(canary: CanaryStatus | undefined): Finding | undefined {
  if (canary === undefined || canary.phase === 'Idle') return undefined;
  const { phase, message } = canary;
  if (phase === 'RolledBack') return { type: 'RolledOut', state: 'stuck', reason: phase, message };
  return { type: 'RolledOut', state: 'waiting', reason: `Canary${phase}`, message };
}

async function report(
  world: World,
  context: ReconcileContext,
  service: ServiceObject,
  findings: readonly Finding[],
  inventory: NonNullable<ServiceStatus['inventory']>,
  canary: CanaryStatus | undefined,
  pool: Pick<ServiceStatus, 'operation' | 'archive'> = poolStatusOf(service),
): Promise<void> {
  const { name, namespace = '', generation = 0 } = service.metadata;
  const deployment = workloadOf(world, service);
  const replicas = deployment?.status?.replicas ?? 0;
  const ready = deployment?.status?.readyReplicas ?? 0;
  const conditions = withRolledBack(
    conditionsOf(
      service.status?.conditions,
      TYPES,
      findings,
      { generation, readyMessage: service.spec.replicas === 0 ? 'hibernated' : `${ready} Pods` },
      world.clock,
    ),
    canary,
    generation,
    world,
  );
  const status: ServiceStatus = {
    observedGeneration: generation,
    conditions: isPool(service) ? withBackups(world, conditions, { namespace, generation }) : conditions,
    replicas,
    readyReplicas: ready,
    selector: Object.entries(selectorOf(name))
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    endpoint: `http://${name}.${namespace}.svc:${service.spec.port}`,
    ...(canary === undefined ? {} : { canary }),
    ...pool,
    inventory,
  };
  await world.applier.applyStatus(context.client, shopServices, service, status, { signal: context.signal });
}

interface Pool {
  readonly status?: Pick<ServiceStatus, 'operation' | 'archive'>;
  readonly requeueAfterMs?: number;
}

/** What somebody asked of the cluster's backups, and what is known of the archive: the pool's Service stands for both. */
async function attendTo(world: World, context: ReconcileContext, service: ServiceObject): Promise<Pool> {
  const state = world.archive.state();
  const archive = state === undefined ? {} : { archive: archiveStatusOf(state) };
  const before = service.status?.operation;
  try {
    const { operation = before, requeueAfterMs } = await attend(world, context, world.platform(), {
      object: service,
      namespace: SYSTEM_NAMESPACE,
    });
    return {
      status: { ...archive, ...(operation === undefined ? {} : { operation }) },
      ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
    };
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble === undefined) throw error;
    context.log.warn({ err: error }, trouble.message);
    return {
      status: { ...archive, ...(before === undefined ? {} : { operation: before }) },
      requeueAfterMs: STUCK_MS,
    };
  }
}

function poolStatusOf({ status }: ServiceObject): Pick<ServiceStatus, 'operation' | 'archive'> {
  const { operation, archive } = status ?? {};
  return {
    ...(operation === undefined ? {} : { operation }),
    ...(archive === undefined ? {} : { archive }),
  };
}

function archiveStatusOf({
  location,
  since,
  gapFrom,
  gapTo,
  bases,
}: ArchiveState): NonNullable<ServiceStatus['archive']> {
  return {
    location,
    ...(since === null ? {} : { since: since.toISOString() }),
    ...(gapFrom === null ? {} : { gapFrom: gapFrom.toISOString() }),
    ...(gapTo === null ? {} : { gapTo: gapTo.toISOString() }),
    bases: bases
      .slice(-512)
      .map(({ name, endedAt, bytes }) => ({ name, endedAt, megabytes: Math.ceil(bytes / (1 << 20)) })),
  };
}

/** Services with a canary say whether their last revision was rolled back, with the figures that did it. */
function withRolledBack(
  conditions: readonly Condition[],
  canary: CanaryStatus | undefined,
  generation: number,
  { clock }: World,
): readonly Condition[] {
  const type = 'RolledBack';
  if (canary === undefined) return removeCondition(conditions, type);
  const isSo = canary.phase === 'RolledBack';
  const condition = {
    type,
    status: isSo ? 'True' : 'False',
    reason: isSo ? 'RolledBack' : canary.phase,
    message: isSo ? canary.message : '',
    observedGeneration: generation,
  } as const;
  return setCondition(conditions, condition, clock);
}

/** The Deployment, or the Rollout that Argo has in its place once that is gone, as far as both say the same. */
function workloadOf(world: World, service: ServiceObject): Workload | undefined {
  const deployment = world.cacheOf(deployments).get(keyOf(service));
  const rollout = world.cacheOf(rollouts).get(keyOf(service));
  if (deployment !== undefined || rollout?.status === undefined) return deployment;
  const { observedGeneration, phase, message, ...counts } = rollout.status;
  const failing = { type: 'Progressing', status: 'False', message: message ?? 'the Rollout is degraded' };
  return {
    metadata: rollout.metadata,
    spec: { ...rollout.spec },
    status: {
      ...counts,
      ...(observedGeneration === undefined ? {} : { observedGeneration: Number(observedGeneration) }),
      conditions: phase === 'Degraded' ? [failing] : [],
    },
  };
}

interface Workload {
  readonly metadata: Deployment['metadata'];
  readonly spec?: { readonly replicas?: number };
  readonly status?: Partial<
    Pick<
      NonNullable<Deployment['status']>,
      'observedGeneration' | 'replicas' | 'readyReplicas' | 'updatedReplicas' | 'availableReplicas'
    >
  > & {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}

function keyOf({ metadata: { name, namespace = '' } }: KubeObject): string {
  return `${namespace}/${name}`;
}
