/**
 * Deployment: one ReplicaSet for each template it has had, and the move from the old ones to the new.
 * The planning follows Kubernetes' deployment controller step for step; one look makes one step.
 */
import { ApiError, isNotFound } from './machinery/client.ts';
import { on, runController, toController, type Context, type Controller } from './machinery/controller.ts';
import { digest, equal } from './machinery/equal.ts';
import {
  controllerOf,
  controllerReference,
  DEPLOYMENTS,
  PODS,
  REPLICA_SETS,
  timestamp,
  type Deployment,
  type DeploymentCondition,
  type Pod,
  type PodTemplate,
  type ReplicaSet,
} from './machinery/wire.ts';
import { BY_CONTROLLER } from './replicaset.ts';

type Status = NonNullable<Deployment['status']>;

const HASH_LABEL = 'pod-template-hash';
export const REVISION = 'deployment.kubernetes.io/revision';
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
const DESIRED = 'deployment.kubernetes.io/desired-replicas';
const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
/** Annotations of a Deployment that say nothing about its ReplicaSets. */
const NOT_COPIED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
]);

export type Step =
  | {
      readonly do: 'create';
      readonly template: PodTemplate;
      readonly hash: string;
      readonly replicas: number;
      readonly annotations: Record<string, string>;
    }
  | {
      readonly do: 'scale';
      readonly set: ReplicaSet;
      readonly replicas: number;
      readonly annotations: Record<string, string>;
    }
  | { readonly do: 'annotate'; readonly set: ReplicaSet; readonly annotations: Record<string, string> }
  | { readonly do: 'delete'; readonly set: ReplicaSet };

export interface DeploymentPlan {
  readonly steps: readonly Step[];
  /** The Deployment's own revision annotation, when it has to change. */
  readonly revision: string | undefined;
  readonly status: Status;
  /** Milliseconds until the progress deadline. */
  readonly lookAgainIn: number | undefined;
}

/**
 * @param sets the ReplicaSets it controls
 * @param oldPods how many Pods of old sets still run (for Recreate)
 */
export function planDeployment(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  oldPods: number,
  now: Date,
): DeploymentPlan {
  const fresh = sets
    .toSorted(byAge)
    .find((set) => equal(withoutHash(set.spec.template), withoutHash(deployment.spec.template)));
  const old = sets.filter((set) => set !== fresh);
  const paused = deployment.spec.paused === true;
  const revision = nextRevision(fresh, old);
  const annotations = annotationsFor(deployment, fresh, revision);
  const steps = deployment.metadata.deletionTimestamp
    ? []
    : paused
      ? scaling(deployment, fresh, old)
      : [
          ...newSet(deployment, sets, fresh, old, annotations, oldPods),
          ...(fresh ? move(deployment, fresh, old, annotations, oldPods) : []),
        ];
  const status = statusOf(deployment, fresh, old, now, paused);
  const cleanup = isComplete(deployment, status) && !paused ? history(deployment, old) : [];
  return {
    steps: [...steps, ...cleanup],
    revision:
      (fresh || !paused) &&
      deployment.metadata.annotations?.[REVISION] !== revision &&
      !deployment.metadata.deletionTimestamp
        ? revision
        : undefined,
    status,
    lookAgainIn: deadlineIn(deployment, status, now),
  };
}

// ── which sets ───────────────────────────────────────────────────────────────────────────────────

const byAge = (a: ReplicaSet, b: ReplicaSet): number =>
  a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp) ||
  a.metadata.name.localeCompare(b.metadata.name);

function withoutHash(template: PodTemplate | undefined): unknown {
  const { [HASH_LABEL]: _, ...labels } = template?.metadata?.labels ?? {};
  const { creationTimestamp: __, ...metadata } = template?.metadata ?? {};
  return { ...template, metadata: { ...metadata, labels } };
}

const revisionOf = (set: ReplicaSet | undefined): number =>
  Number(set?.metadata.annotations?.[REVISION] ?? 0) || 0;

/** The newest template has the highest number, also when it is an old one come back. */
function nextRevision(fresh: ReplicaSet | undefined, old: readonly ReplicaSet[]): string {
  const highest = Math.max(0, ...old.map(revisionOf));
  return String(revisionOf(fresh) > highest ? revisionOf(fresh) : highest + 1);
}

function annotationsFor(
  deployment: Deployment,
  fresh: ReplicaSet | undefined,
  revision: string,
): Record<string, string> {
  const present = fresh?.metadata.annotations ?? {};
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(
    ([key]) => !NOT_COPIED.has(key),
  );
  const before = present[REVISION];
  const history =
    before === undefined || before === revision
      ? {}
      : { [REVISION_HISTORY]: [present[REVISION_HISTORY], before].filter(Boolean).join(',') };
  return { ...Object.fromEntries(copied), ...history, [REVISION]: revision };
}

function newSet(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  fresh: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  annotations: Record<string, string>,
  oldPods: number,
): Step[] {
  if (fresh) {
    const stale = Object.entries(annotations).some(
      ([key, value]) => fresh.metadata.annotations?.[key] !== value,
    );
    return stale ? [{ do: 'annotate', set: fresh, annotations }] : [];
  }
  // Recreate: nothing new before everything old has gone.
  if (
    deployment.spec.strategy?.type === 'Recreate' &&
    (oldPods > 0 || old.some((set) => replicasOf(set) > 0))
  )
    return scaleAll(deployment, old, 0);
  const hash = digest([withoutHash(deployment.spec.template), deployment.status?.collisionCount ?? 0]);
  const replicas = newReplicas(deployment, sets, undefined);
  return [
    {
      do: 'create',
      template: deployment.spec.template,
      hash,
      replicas,
      annotations: { ...annotations, ...sizes(deployment) },
    },
  ];
}

/** How many the new set may have now. */
function newReplicas(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  fresh: ReplicaSet | undefined,
): number {
  const wanted = wantedOf(deployment);
  if (deployment.spec.strategy?.type === 'Recreate') return wanted;
  const total = sum(sets, replicasOf);
  const room = wanted + limits(deployment).surge - total;
  const present = fresh ? replicasOf(fresh) : 0;
  return room <= 0 ? present : present + Math.min(room, wanted - present);
}

// ── the move ─────────────────────────────────────────────────────────────────────────────────────

function move(
  deployment: Deployment,
  fresh: ReplicaSet,
  old: readonly ReplicaSet[],
  annotations: Record<string, string>,
  oldPods: number,
): Step[] {
  const resized = scaling(deployment, fresh, old);
  if (resized.length > 0 && isResized(deployment, [fresh, ...old])) return resized;
  if (deployment.spec.strategy?.type === 'Recreate') {
    const down = scaleAll(deployment, old, 0);
    if (down.length > 0) return down;
    return oldPods > 0 ? [] : scaleTo(deployment, fresh, wantedOf(deployment));
  }
  const wanted = wantedOf(deployment);
  if (replicasOf(fresh) > wanted) return scaleTo(deployment, fresh, wanted);
  const up = scaleTo(deployment, fresh, newReplicas(deployment, [fresh, ...old], fresh));
  if (up.length > 0)
    return up.map((step) =>
      step.do === 'scale' ? { ...step, annotations: { ...annotations, ...step.annotations } } : step,
    );
  return shrinkOld(deployment, fresh, old);
}

/** First what is not healthy anyway, then as much as availability allows. */
function shrinkOld(deployment: Deployment, fresh: ReplicaSet, old: readonly ReplicaSet[]): Step[] {
  const running = old.filter((set) => replicasOf(set) > 0);
  if (running.length === 0) return [];
  const wanted = wantedOf(deployment);
  const least = wanted - limits(deployment).unavailable;
  const total = sum([fresh, ...old], replicasOf);
  const newUnavailable = replicasOf(fresh) - (fresh.status?.availableReplicas ?? 0);
  let mayGo = total - least - newUnavailable;
  if (mayGo <= 0) return [];
  const size = new Map(running.map((set) => [set, replicasOf(set)]));
  for (const set of running.toSorted(byAge)) {
    const broken = Math.max(0, replicasOf(set) - (set.status?.availableReplicas ?? 0));
    const gone = Math.min(mayGo, broken);
    size.set(set, replicasOf(set) - gone);
    mayGo -= gone;
  }
  const available = sum([fresh, ...old], (set) => set.status?.availableReplicas ?? 0);
  let spare = Math.min(available - least, mayGo);
  for (const set of running.toSorted(byAge)) {
    const left = size.get(set) ?? 0;
    const gone = Math.min(Math.max(spare, 0), left);
    size.set(set, left - gone);
    spare -= gone;
  }
  return running.flatMap((set) => scaleTo(deployment, set, size.get(set) ?? 0));
}

// ── a new size while sets stand side by side ─────────────────────────────────────────────────────

function isResized(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  return sets
    .filter((set) => replicasOf(set) > 0)
    .some((set) => {
      const desired = set.metadata.annotations?.[DESIRED];
      return desired !== undefined && Number(desired) !== wantedOf(deployment);
    });
}

/** The new number, shared among the running sets in proportion. */
function scaling(deployment: Deployment, fresh: ReplicaSet | undefined, old: readonly ReplicaSet[]): Step[] {
  const wanted = wantedOf(deployment);
  const active = [...(fresh ? [fresh] : []), ...old].filter((set) => replicasOf(set) > 0);
  if (active.length === 0) return fresh && deployment.spec.paused ? scaleTo(deployment, fresh, wanted) : [];
  const [only] = active;
  if (only && active.length === 1)
    return isResized(deployment, active) ? scaleTo(deployment, only, wanted) : [];
  if (!isResized(deployment, active)) return [];
  const surge = deployment.spec.strategy?.type === 'Recreate' ? 0 : limits(deployment).surge;
  const allowed = wanted > 0 ? wanted + surge : 0;
  const total = sum(active, replicasOf);
  let rest = allowed - total;
  const biggestFirst = active.toSorted((a, b) => replicasOf(b) - replicasOf(a) || byAge(b, a));
  const sizes = biggestFirst.map((set) => {
    const before = Number(set.metadata.annotations?.[MAX_REPLICAS] ?? wanted) || wanted;
    const ideal = Math.round((replicasOf(set) * allowed) / before) - replicasOf(set);
    const share = rest > 0 ? Math.min(Math.max(ideal, 0), rest) : Math.max(Math.min(ideal, 0), rest);
    rest -= share;
    return { set, replicas: replicasOf(set) + share };
  });
  const [first] = sizes;
  if (first) first.replicas = Math.max(0, first.replicas + rest);
  return sizes.flatMap(({ set, replicas }) => scaleTo(deployment, set, replicas));
}

const scaleAll = (deployment: Deployment, sets: readonly ReplicaSet[], replicas: number): Step[] =>
  sets.filter((set) => replicasOf(set) !== replicas).flatMap((set) => scaleTo(deployment, set, replicas));

/** Nothing when size and notes are right already. */
function scaleTo(deployment: Deployment, set: ReplicaSet, replicas: number): Step[] {
  const annotations = sizes(deployment);
  const noted = Object.entries(annotations).every(
    ([key, value]) => set.metadata.annotations?.[key] === value,
  );
  if (replicasOf(set) === replicas && (noted || replicas === 0)) return [];
  return [{ do: 'scale', set, replicas, annotations }];
}

function sizes(deployment: Deployment): Record<string, string> {
  const wanted = wantedOf(deployment);
  return { [DESIRED]: String(wanted), [MAX_REPLICAS]: String(wanted + limits(deployment).surge) };
}

// ── status ───────────────────────────────────────────────────────────────────────────────────────

function statusOf(
  deployment: Deployment,
  fresh: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  now: Date,
  paused: boolean,
): Status {
  const all = [...(fresh ? [fresh] : []), ...old];
  const wanted = wantedOf(deployment);
  const available = sum(all, (set) => set.status?.availableReplicas ?? 0);
  const counts = {
    replicas: sum(all, (set) => set.status?.replicas ?? 0),
    updatedReplicas: fresh?.status?.replicas ?? 0,
    readyReplicas: sum(all, (set) => set.status?.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(all, replicasOf) - available),
  };
  const conditions = conditionsOf(
    deployment,
    fresh,
    old,
    counts,
    now,
    paused,
    available >= wanted - limits(deployment).unavailable,
  );
  return {
    ...counts,
    ...(deployment.metadata.generation === undefined
      ? {}
      : { observedGeneration: deployment.metadata.generation }),
    ...(deployment.status?.collisionCount === undefined
      ? {}
      : { collisionCount: deployment.status.collisionCount }),
    conditions,
  };
}

type Counts = Pick<Status, 'replicas' | 'updatedReplicas' | 'availableReplicas' | 'readyReplicas'>;

function conditionsOf(
  deployment: Deployment,
  fresh: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  counts: Counts,
  now: Date,
  paused: boolean,
  available: boolean,
): DeploymentCondition[] {
  const present = deployment.status?.conditions ?? [];
  const find = (type: string): DeploymentCondition | undefined =>
    present.find((condition) => condition.type === type);
  const make = (
    type: string,
    status: string,
    reason: string,
    message: string,
    moved = false,
  ): DeploymentCondition => {
    const before = find(type);
    if (!moved && before && before.status === status && before.reason === reason) return before;
    const time = timestamp(now);
    const lastTransitionTime = before?.status === status ? (before.lastTransitionTime ?? time) : time;
    return { type, status, reason, message, lastUpdateTime: time, lastTransitionTime };
  };
  const list = [
    available
      ? make('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.')
      : make(
          'Available',
          'False',
          'MinimumReplicasUnavailable',
          'Deployment does not have minimum availability.',
        ),
  ];
  const progressing = progressOf(deployment, fresh, counts, now, paused, find('Progressing'), make);
  if (progressing) list.push(progressing);
  const failure = [...(fresh ? [fresh] : []), ...old]
    .flatMap(({ status }) => status?.conditions ?? [])
    .find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  if (failure) list.push(make('ReplicaFailure', 'True', failure.reason ?? '', failure.message ?? ''));
  return list;
}

function progressOf(
  deployment: Deployment,
  fresh: ReplicaSet | undefined,
  counts: Counts,
  now: Date,
  paused: boolean,
  before: DeploymentCondition | undefined,
  make: (
    type: string,
    status: string,
    reason: string,
    message: string,
    moved?: boolean,
  ) => DeploymentCondition,
): DeploymentCondition | undefined {
  if (deadlineOf(deployment) === undefined) return undefined;
  const what = fresh ? `ReplicaSet "${fresh.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  if (paused)
    return before?.reason === 'ProgressDeadlineExceeded'
      ? before
      : make('Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused');
  if (before?.reason === 'DeploymentPaused')
    return make('Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed');
  if (isComplete(deployment, { ...counts, observedGeneration: deployment.metadata.generation ?? 0 }))
    return make('Progressing', 'True', 'NewReplicaSetAvailable', `${what} has successfully progressed.`);
  if (!fresh)
    return before ?? make('Progressing', 'True', 'NewReplicaSetCreated', `${what} is being created.`);
  if (!before || before.reason === 'NewReplicaSetAvailable' || movedOn(deployment.status, counts))
    return make('Progressing', 'True', 'ReplicaSetUpdated', `${what} is progressing.`, true);
  const left = deadlineIn(deployment, { conditions: [before] }, now);
  if (left === 0)
    return make('Progressing', 'False', 'ProgressDeadlineExceeded', `${what} has timed out progressing.`);
  return before;
}

/** Whether more Pods are new, fewer are old, or more are ready than when last written. */
function movedOn(before: Deployment['status'], counts: Counts): boolean {
  const old = (status: Counts | undefined): number =>
    (status?.replicas ?? 0) - (status?.updatedReplicas ?? 0);
  return (
    (counts.updatedReplicas ?? 0) > (before?.updatedReplicas ?? 0) ||
    old(counts) < old(before) ||
    (counts.readyReplicas ?? 0) > (before?.readyReplicas ?? 0) ||
    (counts.availableReplicas ?? 0) > (before?.availableReplicas ?? 0)
  );
}

export function isComplete(deployment: Deployment, status: Status): boolean {
  const wanted = wantedOf(deployment);
  return (
    status.updatedReplicas === wanted &&
    status.replicas === wanted &&
    status.availableReplicas === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** Seconds; none when the deadline is switched off. */
function deadlineOf(deployment: Deployment): number | undefined {
  const seconds = deployment.spec.progressDeadlineSeconds ?? 600;
  return seconds >= 2 ** 31 - 1 ? undefined : seconds;
}

/** Milliseconds until a move that does not advance counts as failed; undefined when none is under way. */
function deadlineIn(
  deployment: Deployment,
  status: Pick<Status, 'conditions'>,
  now: Date,
): number | undefined {
  const seconds = deadlineOf(deployment);
  const condition = status.conditions?.find(({ type }) => type === 'Progressing');
  if (seconds === undefined || !condition || deployment.spec.paused) return undefined;
  if (condition.reason === 'NewReplicaSetAvailable' || condition.reason === 'ProgressDeadlineExceeded')
    return undefined;
  const since = new Date(condition.lastUpdateTime ?? now).getTime();
  return Math.max(0, since + seconds * 1e3 - now.getTime());
}

/** Old sets beyond the history that is kept. */
function history(deployment: Deployment, old: readonly ReplicaSet[]): Step[] {
  const kept = deployment.spec.revisionHistoryLimit ?? 10;
  const idle = old.filter(
    (set) => replicasOf(set) === 0 && (set.status?.replicas ?? 0) === 0 && !set.metadata.deletionTimestamp,
  );
  return idle
    .toSorted((a, b) => revisionOf(a) - revisionOf(b))
    .slice(0, Math.max(0, idle.length - kept))
    .map((set) => ({ do: 'delete', set }));
}

// ── numbers ──────────────────────────────────────────────────────────────────────────────────────

const wantedOf = (deployment: Deployment): number => deployment.spec.replicas ?? 1;
const replicasOf = (set: ReplicaSet): number => set.spec.replicas ?? 1;
const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((all, item) => all + of(item), 0);

/** maxSurge rounds up, maxUnavailable down, and they are never both nothing. */
export function limits(deployment: Deployment): { surge: number; unavailable: number } {
  const wanted = wantedOf(deployment);
  if (deployment.spec.strategy?.type === 'Recreate') return { surge: 0, unavailable: wanted };
  const rolling = deployment.spec.strategy?.rollingUpdate;
  const surge = portion(rolling?.maxSurge ?? '25%', wanted, Math.ceil);
  const unavailable = portion(rolling?.maxUnavailable ?? '25%', wanted, Math.floor);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, wanted) };
}

export function portion(value: number | string, whole: number, round: (n: number) => number): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(value)?.[1];
  return percent === undefined ? Number(value) || 0 : round((Number(percent) * whole) / 100);
}

// ── doing it ─────────────────────────────────────────────────────────────────────────────────────

export function startDeployments(context: Context): Controller {
  const { api, clock } = context;
  const deployments = context.informers.of(DEPLOYMENTS);
  const sets = context.informers.of(REPLICA_SETS);
  const pods = context.informers.of(PODS);
  const events = context.recorder.as('deployment-controller');
  sets.addIndex(BY_CONTROLLER, (set) => [controllerOf(set)?.uid ?? '']);

  async function reconcile(key: string): Promise<number | undefined> {
    const deployment = deployments.get(key);
    if (!deployment) return undefined;
    const owned = sets.indexed(BY_CONTROLLER, deployment.metadata.uid);
    const plan = planDeployment(deployment, owned, livingPods(deployment, owned), clock.now());
    let collision = false;
    for (const step of plan.steps) collision = !(await carryOut(deployment, step)) || collision;
    await writeStatus(deployment, collision ? collided(plan.status) : plan.status);
    if (plan.revision !== undefined)
      deployments.observe(
        await api.patch(DEPLOYMENTS, deployment.metadata, {
          metadata: { annotations: { [REVISION]: plan.revision } },
        }),
      );
    return plan.lookAgainIn;
  }

  /** Pods of old sets that have not ended yet, those on their way out included. */
  function livingPods(deployment: Deployment, owned: readonly ReplicaSet[]): number {
    if (deployment.spec.strategy?.type !== 'Recreate') return 0;
    return owned
      .filter((set) => !equal(withoutHash(set.spec.template), withoutHash(deployment.spec.template)))
      .flatMap((set) => pods.indexed(BY_CONTROLLER, set.metadata.uid))
      .filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed').length;
  }

  /** False when a set of that name holds another template. */
  async function carryOut(deployment: Deployment, step: Step): Promise<boolean> {
    const { namespace, name } = deployment.metadata;
    if (step.do === 'delete') {
      const { uid, resourceVersion } = step.set.metadata;
      await api.remove(REPLICA_SETS, step.set.metadata, { uid, resourceVersion }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
      return true;
    }
    if (step.do === 'annotate') {
      const { uid } = step.set.metadata;
      const patch = { metadata: { uid, annotations: step.annotations } };
      sets.observe(await api.patch(REPLICA_SETS, step.set.metadata, patch));
      return true;
    }
    if (step.do === 'scale') {
      const { uid, resourceVersion } = step.set.metadata;
      const before = replicasOf(step.set);
      const patch = {
        metadata: { uid, resourceVersion, annotations: step.annotations },
        spec: { replicas: step.replicas },
      };
      sets.observe(await api.patch(REPLICA_SETS, step.set.metadata, patch));
      if (before !== step.replicas) scaled(deployment, step.set.metadata.name, before, step.replicas);
      return true;
    }
    try {
      const set = await api.create(REPLICA_SETS, namespace, newReplicaSet(deployment, step));
      sets.observe(set);
      scaled(deployment, set.metadata.name, 0, step.replicas);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
      const present = await api.get(REPLICA_SETS, namespace, `${name}-${step.hash}`);
      if (controllerOf(present)?.uid === deployment.metadata.uid) {
        sets.observe(present);
        if (equal(withoutHash(present.spec.template), withoutHash(step.template))) return true;
      }
      return false;
    }
  }

  function scaled(deployment: Deployment, set: string, from: number, to: number): void {
    const message = `Scaled ${to >= from ? 'up' : 'down'} replica set ${set} from ${from} to ${to}`;
    events.event(DEPLOYMENTS, deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message });
  }

  async function writeStatus(deployment: Deployment, status: Status): Promise<void> {
    if (equal(status, { ...deployment.status })) return;
    const { uid } = deployment.metadata;
    deployments.observe(
      await api.patch(
        DEPLOYMENTS,
        deployment.metadata,
        { metadata: { uid }, status },
        { subresource: 'status' },
      ),
    );
  }

  const viaSet = (pod: Pod | undefined): string[] => {
    const owner = pod && controllerOf(pod);
    const set =
      owner?.kind === 'ReplicaSet' ? sets.get(`${pod?.metadata.namespace}/${owner.name}`) : undefined;
    const deployment = set && controllerOf(set);
    return deployment ? [`${pod?.metadata.namespace}/${deployment.name}`] : [];
  };

  return runController(context, {
    name: 'deployment',
    sources: [
      on(deployments),
      on(sets, toController<ReplicaSet>(DEPLOYMENTS)),
      // Only a Pod that is gone matters beyond what its ReplicaSet counts.
      on(pods, ({ object, previous }) => (object ? [] : viaSet(previous))),
    ],
    reconcile,
  });
}

const collided = (status: Status): Status => ({
  ...status,
  collisionCount: (status.collisionCount ?? 0) + 1,
});

function newReplicaSet(deployment: Deployment, step: Extract<Step, { do: 'create' }>): object {
  const { template, hash } = step;
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash };
  return {
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      labels,
      annotations: step.annotations,
      ownerReferences: [controllerReference(deployment, DEPLOYMENTS)],
    },
    spec: {
      replicas: step.replicas,
      ...(deployment.spec.minReadySeconds === undefined
        ? {}
        : { minReadySeconds: deployment.spec.minReadySeconds }),
      selector: {
        ...deployment.spec.selector,
        matchLabels: { ...deployment.spec.selector.matchLabels, [HASH_LABEL]: hash },
      },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}
