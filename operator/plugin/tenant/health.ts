/**
 * A tenant as one tree of everything it consists of and depends on, by phase, each with how it fares. Pure: from what was
 * observed to what `tree` draws and where the root cause is looked for.
 */
import type { Condition, InventoryItem } from '../../../crds/index.ts';
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import type { ServiceObject } from '../../controllers/kinds.ts';
import { findCondition } from '../../kube/conditions.ts';
import type { CoreEvent, Deployment, Pod, ReplicaSet } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { DataPlaneView } from '../data/look.ts';
import { judge } from '../health/judge.ts';
import { idOf, isTrouble, type HealthNode, type Judgement } from '../health/node.ts';
import { judgePod } from '../health/pod.ts';
import { hosts, itemKey, type Observed } from './observe.ts';
import { HEALTH_OF, stateOf } from './state.ts';

/** The phases of a reconcile in order, and what of the inventory belongs to each. */
const PHASES = [
  { type: 'DataPlaneReady', kinds: null },
  { type: 'ServicesReady', kinds: ['shopmind.ai Service'] },
  { type: 'RoutesReady', kinds: ['HTTPRoute', 'ReferenceGrant'] },
  { type: 'CatalogReady', kinds: [] },
] as const;

const PLATFORM_PODS = ['operator', 'gateway'] as const;

/**
 * @param dataPlane absent: it was not looked at, and nothing is said of it
 */
export function tenantTree(observed: Observed, dataPlane: DataPlaneView | undefined): HealthNode {
  const { tenant } = observed;
  const { state, message, since, paused } = stateOf(tenant);
  const database = dataPlane === undefined ? undefined : databaseNode(observed, dataPlane);
  const phases = phaseNodes(observed, database);
  const health = HEALTH_OF[state];
  return {
    kind: tenant.kind,
    name: tenant.metadata.name,
    health,
    reason: state,
    message,
    since,
    facts: [
      tenant.spec.plan,
      tenant.spec.placement,
      ...(paused ? ['paused: the operator leaves it alone'] : []),
    ],
    // A tenant that the operator has not looked at, or does not get on with, waits for the operator too.
    children: [platformNode(observed, 'operator'), ...phases, ...otherConditions(observed)],
  };
}

function phaseNodes(observed: Observed, database: HealthNode | undefined): readonly HealthNode[] {
  const { tenant } = observed;
  const conditions = tenant.status?.conditions;
  const blocked = PHASES.findIndex(({ type }) => findCondition(conditions, type)?.status !== 'True');
  return PHASES.map(({ type }, index) => {
    // What comes after the phase that waits is not missing, it was not made yet.
    const reached = blocked === -1 || index <= blocked;
    return {
      kind: 'Phase',
      name: type,
      ...judgePhase(findCondition(conditions, type)),
      children: partsOf(type, observed, database, reached),
    };
  });
}

/** What the operator says beside the phases every tenant has: of a move, of integrations. */
function otherConditions({ tenant }: Observed): readonly HealthNode[] {
  const known = new Set<string>([...PHASES.map(({ type }) => type), ...SUMMARIES]);
  return (tenant.status?.conditions ?? [])
    .filter(({ type }) => !known.has(type))
    .map((condition) => ({ kind: 'Phase', name: condition.type, ...judgePhase(condition), children: [] }));
}

/** Conditions that are drawn from the others. */
const SUMMARIES = ['Ready', 'Reconciling', 'Stalled', 'Deleting'];

function judgePhase(condition: Condition | undefined): Judgement {
  if (condition === undefined || condition.status === 'Unknown')
    return {
      health: 'unknown',
      reason: condition?.reason,
      message: condition?.message ?? 'not looked at yet',
    };
  const { status, reason, message, lastTransitionTime: since } = condition;
  if (status === 'True')
    return {
      health: reason === 'Suspended' || reason === 'Skipped' ? 'off' : 'ready',
      reason,
      message,
      since,
    };
  return { health: PATIENT.has(reason) ? 'waiting' : 'failing', reason, message, since };
}

/** Reasons of a phase that pass by themselves, or are the consequence of what stands below. */
const PATIENT = new Set([
  'Provisioning',
  'PoolPending',
  'ServicesPending',
  'RuntimeLearning',
  'RoutePending',
  'Importing',
  'Pending',
  'DatabaseUnavailable',
  'PaymentsUnavailable',
  'PaymentSecretPending',
  'Moving',
]);

function partsOf(
  phase: (typeof PHASES)[number]['type'],
  observed: Observed,
  database: HealthNode | undefined,
  reached: boolean,
): readonly HealthNode[] {
  const own = (observed.tenant.status?.inventory ?? [])
    .filter((item) => phaseOf(item) === phase && !isService(item))
    .flatMap((item) => objectNode(observed, item, reached));
  if (phase === 'DataPlaneReady') return [...own, ...(database === undefined ? [] : [database])];
  if (phase === 'ServicesReady') return [...serviceNodes(observed, database, reached), ...own];
  if (phase === 'RoutesReady') return [...own, platformNode(observed, 'gateway')];
  return own;
}

function phaseOf(item: InventoryItem): (typeof PHASES)[number]['type'] {
  if (isService(item)) return 'ServicesReady';
  const named = PHASES.find(({ kinds }) => kinds?.some((kind) => kind === item.kind));
  return named?.type ?? 'DataPlaneReady';
}

const isService = ({ apiVersion, kind }: InventoryItem): boolean =>
  kind === 'Service' && apiVersion.startsWith('shopmind.ai/');

/** One object of an inventory. Nothing when it was not read, which the gaps say. */
function objectNode(observed: Observed, item: InventoryItem, reached: boolean): readonly HealthNode[] {
  const key = itemKey(item);
  if (!observed.objects.has(key)) return [];
  const object = observed.objects.get(key);
  const at = { kind: shownKind(item), name: item.name, namespace: item.namespace, children: [] };
  if (object !== undefined) return [{ ...at, ...judge(object) }];
  return [
    reached
      ? {
          ...at,
          health: 'failing',
          reason: 'Missing',
          message: 'is not there: the operator makes it anew when it looks',
        }
      : { ...at, health: 'unknown', reason: 'NotYet', message: 'not made yet' },
  ];
}

/** Kubernetes' own Service and ours have one name; ours is what people here mean by it. */
function shownKind({ apiVersion, kind }: InventoryItem): string {
  return kind === 'Service' && apiVersion === 'v1' ? 'v1 Service' : kind;
}

// ── what runs ────────────────────────────────────────────────────────────────────────────────────

function serviceNodes(
  observed: Observed,
  database: HealthNode | undefined,
  reached: boolean,
): readonly HealthNode[] {
  const mine = observed.services.filter((service) => hosts(service, observed.tenant));
  const missing = (observed.tenant.status?.inventory ?? []).filter(
    (item) =>
      isService(item) &&
      !mine.some(({ metadata }) => metadata.name === item.name && metadata.namespace === item.namespace),
  );
  return [
    ...mine.map((service) => serviceNode(observed, service, database)),
    ...missing.map(({ name, namespace }): HealthNode => ({
      kind: 'Service',
      name,
      namespace,
      children: [],
      ...(reached
        ? {
            health: 'failing',
            reason: 'Missing',
            message: 'is not there: the operator makes it anew when it looks',
          }
        : { health: 'unknown', reason: 'NotYet', message: 'not made yet' }),
    })),
  ];
}

function serviceNode(
  observed: Observed,
  service: ServiceObject,
  database: HealthNode | undefined,
): HealthNode {
  const { metadata, spec, status } = service;
  const workloads = observed.deployments
    .filter((one) => ownedBy(one, service))
    .map((one) => deploymentNode(observed, one, database));
  const others = ((status?.inventory ?? []) as readonly InventoryItem[])
    .filter(({ kind }) => kind !== 'Deployment')
    .flatMap((item) => objectNode(observed, item, true));
  const off = spec.replicas === 0;
  const judgement = judge(service);
  return {
    kind: 'Service',
    name: metadata.name,
    namespace: metadata.namespace,
    ...(off && judgement.health === 'ready'
      ? { health: 'off' as const, reason: 'Hibernated', message: 'scaled to 0' }
      : judgement),
    facts: [
      spec.domains?.join(', ') ?? spec.image ?? '',
      ...(status?.canary === undefined || status.canary.phase === 'Idle'
        ? []
        : [`canary ${status.canary.phase} at ${status.canary.weight} %`]),
    ],
    children: [...workloads, ...others],
  };
}

function deploymentNode(
  observed: Observed,
  deployment: Deployment,
  database: HealthNode | undefined,
): HealthNode {
  const sets = observed.replicaSets
    .filter((set) => ownedBy(set, deployment))
    .map((set) => ({ set, pods: observed.pods.filter((pod) => ownedBy(pod, set)) }))
    // Old revisions that run nothing are history.
    .filter(({ set, pods }) => (set.spec?.replicas ?? 0) > 0 || pods.length > 0)
    .toSorted((a, b) => revisionOf(b.set) - revisionOf(a.set));
  const image = deployment.spec?.template.spec?.containers[0]?.image;
  return {
    kind: 'Deployment',
    name: deployment.metadata.name,
    namespace: deployment.metadata.namespace,
    ...judge(deployment),
    facts: [
      `${deployment.status?.readyReplicas ?? 0}/${deployment.spec?.replicas ?? 1}`,
      ...(image === undefined ? [] : [image]),
    ],
    children: sets.map(({ set, pods }) => ({
      kind: 'ReplicaSet',
      name: set.metadata.name,
      namespace: set.metadata.namespace,
      ...judge(set),
      facts: [`${set.status?.readyReplicas ?? 0}/${set.spec?.replicas ?? 1}`, `revision ${revisionOf(set)}`],
      children: pods.map((pod) => podNode(observed, pod, database)),
    })),
  };
}

function podNode(observed: Observed, pod: Pod, database: HealthNode | undefined): HealthNode {
  const judgement = judgePod(pod, warningsOf(observed, pod));
  const statuses = pod.status?.containerStatuses ?? [];
  const restarts = statuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
  // A process that runs and is not ready, or ends by itself, may only be missing its database.
  const mayMissDatabase =
    isTrouble(judgement) && database !== undefined && DATABASE_MATTERS.test(judgement.reason ?? '');
  return {
    kind: 'Pod',
    name: pod.metadata.name,
    namespace: pod.metadata.namespace,
    ...judgement,
    facts: [
      `${statuses.filter(({ ready }) => ready).length}/${pod.spec?.containers.length ?? statuses.length}`,
      ...(restarts === 0 ? [] : [`${restarts} restarts`]),
      ...(pod.spec?.nodeName === undefined ? [] : [`on ${pod.spec.nodeName}`]),
    ],
    needs: [
      ...(mayMissDatabase ? [idOf(database)] : []),
      ...missingParts(judgement.message ?? '').map(({ kind, name }) =>
        idOf({ kind, name, namespace: pod.metadata.namespace }),
      ),
    ],
    children: [],
  };
}

/** `secret "database" not found`: what the kubelet says it could not give to a container. */
function missingParts(message: string): readonly { readonly kind: string; readonly name: string }[] {
  return [...message.matchAll(/\b(secret|configmap) "([^"]+)" not found/g)].map(([, kind, name = '']) => ({
    kind: kind === 'secret' ? 'Secret' : 'ConfigMap',
    name,
  }));
}

const DATABASE_MATTERS = /^(Unhealthy|NotReady|CrashLoopBackOff|Error|BackOff)$/;

function warningsOf({ warnings }: Observed, object: KubeObject): readonly CoreEvent[] {
  return warnings.filter(({ involvedObject }) => involvedObject.uid === object.metadata.uid);
}

function ownedBy(child: KubeObject, owner: KubeObject): boolean {
  return child.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true;
}

function revisionOf({ metadata }: ReplicaSet): number {
  return Number(metadata.annotations?.['deployment.kubernetes.io/revision'] ?? '0');
}

// ── the platform under it ────────────────────────────────────────────────────────────────────────

/** Operator or gateway: ready when one of its Pods is. */
function platformNode(observed: Observed, app: (typeof PLATFORM_PODS)[number]): HealthNode {
  const at = { kind: 'Platform', name: app, namespace: SYSTEM_NAMESPACE };
  const mine = observed.pods.filter(
    ({ metadata }) =>
      metadata.namespace === SYSTEM_NAMESPACE && metadata.labels?.['app.kubernetes.io/name'] === app,
  );
  const children = mine.map((pod) => podNode(observed, pod, undefined));
  const ready = children.filter(({ health }) => health === 'ready').length;
  if (ready > 0) return { ...at, health: 'ready', facts: [`${ready}/${mine.length}`], children };
  if (mine.length === 0 && observed.gaps.some((gap) => gap.includes('pods')))
    return { ...at, health: 'unknown', message: 'its Pods may not be read', children };
  return {
    ...at,
    health: 'failing',
    reason: 'NoPod',
    message:
      app === 'operator'
        ? 'no Pod of the operator is ready: nothing is reconciled, and every condition may be out of date'
        : 'no Pod of the gateway is ready: no request reaches any shop',
    facts: [`0/${mine.length}`],
    children,
  };
}

function databaseNode(observed: Observed, view: DataPlaneView): HealthNode {
  if (view.state === 'unknown')
    return { kind: 'Database', name: 'PostgreSQL', health: 'unknown', message: view.message, children: [] };
  const at = { kind: 'Database', name: view.database };
  if (view.state === 'down') {
    const { behind } = view;
    const backing =
      behind === undefined
        ? []
        : observed.pods
            .filter((pod) => pod.metadata.namespace === behind.namespace && matches(pod, behind.selector))
            .map((pod) => podNode(observed, pod, undefined));
    const idle = observed.deployments.filter(
      (one) =>
        behind !== undefined &&
        one.metadata.namespace === behind.namespace &&
        matches({ metadata: { labels: one.spec?.template.metadata?.labels ?? {} } }, behind.selector),
    );
    return {
      ...at,
      health: 'failing',
      reason: 'Unreachable',
      message: view.message,
      children:
        backing.length > 0
          ? backing
          : idle.map((one) => ({
              kind: 'Deployment',
              name: one.metadata.name,
              namespace: one.metadata.namespace,
              ...judge(one),
              ...(one.spec?.replicas === 0
                ? {
                    health: 'failing' as const,
                    reason: 'ScaledToZero',
                    message: 'is scaled to 0: no database runs',
                  }
                : {}),
              children: [],
            })),
    };
  }
  const part = (
    kind: string,
    name: string,
    isThere: boolean,
    facts: readonly string[],
    message: string,
  ): HealthNode => ({
    kind,
    name,
    health: isThere ? 'ready' : 'failing',
    ...(isThere ? {} : { reason: 'Missing', message }),
    facts,
    children: [],
  });
  const { schema, role } = view;
  return {
    ...at,
    health: 'ready',
    facts: [
      `answers in ${view.milliseconds} ms`,
      ...(view.citus ? ['Citus'] : []),
      ...(view.via === 'address' ? [] : [`by ${view.via}`]),
    ],
    children: [
      {
        ...part('Schema', schema.name, schema.exists, [`${schema.tables} tables`], 'the schema is not there'),
        ...(schema.exists && view.pending.length > 0
          ? {
              health: 'waiting' as const,
              reason: 'Drift',
              message: `differs from what is declared: ${view.pending.join('; ')}`,
            }
          : {}),
      },
      part('Role', role.name, role.exists && role.login, ['login'], 'the role is not there, or has no login'),
      part(
        'Directory',
        observed.tenant.metadata.name,
        view.listed,
        [],
        'the directory does not list the tenant: no runtime serves it',
      ),
      {
        kind: 'Topics',
        name: `${view.topics.length}`,
        health: schema.exists ? 'ready' : 'unknown',
        facts: [view.topics.join(', ')],
        children: [],
      },
    ],
  };
}

function matches(
  object: { readonly metadata: { readonly labels?: Readonly<Record<string, string>> } },
  selector: Readonly<Record<string, string>>,
): boolean {
  const entries = Object.entries(selector);
  return entries.length > 0 && entries.every(([name, value]) => object.metadata.labels?.[name] === value);
}
