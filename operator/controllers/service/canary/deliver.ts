/**
 * Carries a delivery out: reads what is running, has `decide` say what comes next, and turns that into the objects the
 * Service shall have. A template leaves the spec long before it leaves the cluster, so every one that may run again is
 * kept in a ControllerRevision before anything depends on it.
 */
import { ANNOTATIONS, LABELS } from '../../../../crds/index.ts';
import type { Canary, CanaryStatus, InventoryItem } from '../../../../crds/index.ts';
import { hashOf } from '../../../kube/canonical.ts';
import type { ReconcileContext } from '../../../kube/controller.ts';
import type { Deployment } from '../../../kube/resources.ts';
import { replicasOf } from '../../../resources/autoscaling.ts';
import {
  canaryName,
  canaryWorkload,
  keptRevision,
  revisionName,
  splitName,
  splitRoute,
  templateOf,
  withFloor,
  withTemplate,
} from '../../../resources/canary.ts';
import type { Template } from '../../../resources/canary.ts';
import { memoised } from '../../../resources/chart.ts';
import type { Manifest } from '../../../resources/chart.ts';
import { workload } from '../../../resources/workload.ts';
import { withRollout } from '../../../resources/rollout.ts';
import { has } from '../../../resources/surroundings.ts';
import type { WorkloadInput } from '../../../resources/workload.ts';
import { acceptanceOf } from '../../acceptance.ts';
import { controllerRevisions, deployments, httpRoutes, rollouts } from '../../kinds.ts';
import type { ServiceObject } from '../../kinds.ts';
import type { Window } from '../../traffic/traffic.ts';
import type { World } from '../../world.ts';
import { decide, podsFor } from './decide.ts';
import type { Decision, Pods, Situation } from './decide.ts';

export interface Delivery {
  /** Everything the Service shall have, in the order of applying. */
  readonly objects: readonly Manifest[];
  /** What is left as it is, and not to be pruned: Pods of a revision that only drains. */
  readonly kept: readonly InventoryItem[];
  readonly status: CanaryStatus | undefined;
  readonly requeueAfterMs: number | undefined;
}

export interface Deliverer {
  /** @param secretRevision stamped on every template: a new password must roll Pods of whatever revision */
  plan(
    context: ReconcileContext,
    service: ServiceObject,
    input: WorkloadInput,
    secretRevision: string | undefined,
  ): Promise<Delivery>;
}

const buildWorkload = memoised(workload);
const buildCanary = memoised(({ input, pods }: { input: WorkloadInput; pods: number }) =>
  canaryWorkload(input, pods),
);

/** On Pods that read a Secret: its revision. */
export const SECRET_STAMP = `${LABELS.service}-secret`;

export function createDeliverer(world: World): Deliverer {
  /** Windows whose counting this process has begun, by Service. */
  const opened = new Map<string, string>();

  /** Counting begins with the first question, so it is asked as soon as there is a window, also after a restart. */
  async function openWindow(
    service: ServiceObject,
    status: CanaryStatus | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const key = keyOf(service);
    const window = windowOf(service, status);
    if (window === undefined) {
      if (opened.delete(key)) world.traffic.forget(backendOf(service));
    } else if (opened.get(key) !== window.id) {
      opened.set(key, window.id);
      await world.traffic.read(window, signal);
    }
  }

  async function decided(
    situation: Situation,
    service: ServiceObject,
    signal: AbortSignal,
  ): Promise<Decision> {
    const first = decide(situation);
    const window = windowOf(service, situation.before);
    if (first.needsFigures === undefined || window === undefined) return first;
    return decide({ ...situation, figures: await world.traffic.read(window, signal) });
  }

  return {
    async plan({ signal }, service, input, secretRevision) {
      const known = statusOf(world, service);
      const argo = argoOf(input, known);
      if (argo !== undefined) return byArgo(world, service, input, argo, secretRevision);
      const built = buildWorkload({ ...input, spec: withFloor(input.spec, known?.floor) });
      const template = templateOf(built);
      const desired = revisionOf(template);
      const situation = situationOf(world, service, desired, known);
      const decision = await decided(situation, service, signal);
      const { status } = decision;
      tell(world, service, decision);
      await openWindow(service, status, signal);
      const templates = templatesOf(world, service, desired, template, status);
      const stable = status?.stable ?? desired;
      const base = withTemplate(built, stamped(templates.get(stable) ?? template, secretRevision), stable);
      return {
        objects: [
          ...[...templates].map(([revision, one]) => keptRevision(identityOf(service), revision, one)),
          ...(status?.canary === undefined ? [] : [split(service, status)]),
          ...base,
          ...canaryOf(situation, status, input, secretRevision),
        ],
        kept: [
          ...(status?.canary === undefined || status.canary === desired ? [] : ofCanary(service)),
          // Argo's Pods serve until there are others.
          ...(situation.stable.isSettled ? [] : heldOf(service, ['Rollout'])),
        ],
        status,
        requeueAfterMs: decision.requeueAfterMs,
      };
    },
  };
}

// ── by Argo ──────────────────────────────────────────────────────────────────────────────────────

interface Argo {
  readonly canary: Canary;
  readonly prometheusUrl: string;
}

/** Whether Argo delivers: asked for, there, able to judge, and nothing of ours is half-way. Else the operator does, gated alike. */
export function argoOf(
  { spec, surroundings, metricSources: { prometheusUrl } }: WorkloadInput,
  status: CanaryStatus | undefined,
): Argo | undefined {
  const canary = spec.traffic?.canary;
  const isPossible = has(surroundings, 'argoRollouts') && status?.canary === undefined;
  if (canary?.provider !== 'argo' || !isPossible || prometheusUrl === undefined) return undefined;
  return { canary, prometheusUrl };
}

/** The Rollout takes over; the Deployment stays until the Rollout's Pods carry the requests. */
function byArgo(
  world: World,
  service: ServiceObject,
  input: WorkloadInput,
  argo: Argo,
  secretRevision: string | undefined,
): Delivery {
  const built = buildWorkload(input);
  const stampedOnes = withTemplate(
    built,
    stamped(templateOf(built), secretRevision),
    revisionOf(templateOf(built)),
  );
  const identity = identityOf(service);
  const { min } = replicasOf(input.spec);
  const live = world.cacheOf(rollouts).get(keyOf(service));
  const isCarried = (live?.status?.availableReplicas ?? 0) >= min && live !== undefined;
  const port = service.spec.port;
  // Its weights are Argo's: made once, then left alone.
  const isRouted = world.cacheOf(httpRoutes).has(`${identity.namespace}/${splitName(identity.name)}`);
  return {
    objects: [
      ...(isRouted ? [] : [splitRoute({ ...identity, port, weight: 0 })]),
      ...withRollout(stampedOnes, { ...identity, port, ...argo }),
    ],
    kept: [...heldOf(service, isCarried ? ['HTTPRoute'] : ['HTTPRoute', 'Deployment'])],
    status: undefined,
    requeueAfterMs: undefined,
  };
}

/** What the inventory lists of these kinds. */
function heldOf({ status }: ServiceObject, kinds: readonly string[]): readonly InventoryItem[] {
  return (status?.inventory ?? []).filter(({ kind }) => kinds.includes(kind));
}

// ── what is running ──────────────────────────────────────────────────────────────────────────────

/** What was written down, as far as there are templates for it: a revision nobody has any more cannot be gone back to. */
function statusOf(world: World, service: ServiceObject): CanaryStatus | undefined {
  const status = service.status?.canary;
  if (status === undefined) return undefined;
  const isKept = (revision: string): boolean =>
    world
      .cacheOf(controllerRevisions)
      .has(`${service.metadata.namespace ?? ''}/${revisionName(service.metadata.name, revision)}`);
  const live = revisionOfLive(world.cacheOf(deployments).get(keyOf(service)));
  if (!isKept(status.stable) && live !== status.stable) return undefined;
  const { previous, ...rest } = status;
  return previous === undefined || !isKept(previous) ? rest : status;
}

function situationOf(
  world: World,
  service: ServiceObject,
  desired: string,
  before: CanaryStatus | undefined,
): Situation {
  const stable = world.cacheOf(deployments).get(keyOf(service));
  const test = world
    .cacheOf(deployments)
    .get(`${service.metadata.namespace ?? ''}/${canaryName(service.metadata.name)}`);
  const route = world
    .cacheOf(httpRoutes)
    .get(`${service.metadata.namespace ?? ''}/${splitName(service.metadata.name)}`);
  const { min, max, autoscaled } = replicasOf(service.spec);
  const pods = autoscaled ? Math.min(Math.max(stable?.spec?.replicas ?? min, min), max) : min;
  return {
    canary: service.spec.traffic?.canary,
    desired,
    before,
    stable: podsOf(stable),
    test: podsOf(test),
    isHibernated: service.spec.replicas === 0,
    pods,
    // The floor leaves the autoscaler one Pod of room.
    most: autoscaled ? max - 1 : min,
    liveWeight: weightIn(route, canaryName(service.metadata.name)),
    isAcknowledged: route === undefined || acceptanceOf(route) !== undefined,
    command: service.metadata.annotations?.[ANNOTATIONS.canary],
    figures: undefined,
    now: world.clock.now(),
  };
}

function podsOf(deployment: Deployment | undefined): Pods {
  const { spec, status } = deployment ?? {};
  const isObserved =
    deployment !== undefined && status?.observedGeneration === deployment.metadata.generation;
  const wanted = spec?.replicas ?? 1;
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status ?? {};
  const failing = status?.conditions?.find(
    ({ type, status: is }) => type === 'Progressing' && is === 'False',
  );
  return {
    revision: revisionOfLive(deployment),
    available: availableReplicas,
    isSettled: isObserved && updatedReplicas === replicas && availableReplicas >= wanted,
    ...(failing === undefined || !isObserved
      ? {}
      : { failing: failing.message ?? failing.reason ?? 'no progress' }),
  };
}

function revisionOfLive(deployment: Deployment | undefined): string | undefined {
  return deployment?.metadata.annotations?.[ANNOTATIONS.revision];
}

/** The weight of a backend in a live HTTPRoute, of which the machinery knows only the metadata. */
function weightIn(route: object | undefined, backend: string): number {
  const { spec } = (route ?? {}) as {
    readonly spec?: { readonly rules?: readonly { readonly backendRefs?: readonly BackendRef[] }[] };
  };
  const ref = spec?.rules?.[0]?.backendRefs?.find(({ name }) => name === backend);
  return ref === undefined ? 0 : (ref.weight ?? 1);
}

interface BackendRef {
  readonly name: string;
  readonly weight?: number;
}

// ── what shall run ───────────────────────────────────────────────────────────────────────────────

/** Ten hexadecimal digits that stand for a template; what is stamped on it later is no part of it. */
export function revisionOf(template: Template): string {
  return hashOf(template).slice(0, 10);
}

/** Templates to keep: of what runs, of what is tested, and of what one may go back to. */
function templatesOf(
  world: World,
  service: ServiceObject,
  desired: string,
  template: Template,
  status: CanaryStatus | undefined,
): ReadonlyMap<string, Template> {
  if (status === undefined) return new Map();
  const { stable, previous, canary } = status;
  const live = world.cacheOf(deployments).get(keyOf(service));
  const found = [stable, previous, canary].flatMap((revision): [string, Template][] => {
    if (revision === undefined) return [];
    const ref = `${service.metadata.namespace ?? ''}/${revisionName(service.metadata.name, revision)}`;
    const kept = world.cacheOf(controllerRevisions).get(ref)?.data as
      | { readonly template?: Template }
      | undefined;
    // Never written anew: what is kept is what ran, and the API server lets nobody change it.
    if (kept?.template !== undefined) return [[revision, kept.template]];
    if (revision === desired) return [[revision, template]];
    // Somebody removed it: the Deployment still has it, with the server's defaults filled in.
    if (revision !== revisionOfLive(live) || live?.spec === undefined) return [];
    return [[revision, withoutStamp(live.spec.template as unknown as Template)]];
  });
  return new Map(found);
}

function canaryOf(
  { desired, pods, canary }: Situation,
  status: CanaryStatus | undefined,
  input: WorkloadInput,
  secretRevision: string | undefined,
): readonly Manifest[] {
  if (status?.canary === undefined || status.canary !== desired) return [];
  const built = buildCanary({ input, pods: podsFor(status, canary, pods) });
  return withTemplate(built, stamped(templateOf(built), secretRevision), status.canary);
}

function split(service: ServiceObject, { weight }: CanaryStatus): Manifest {
  return splitRoute({ ...identityOf(service), port: service.spec.port, weight });
}

function identityOf({ metadata: { name, namespace = '' }, spec }: ServiceObject): {
  readonly name: string;
  readonly namespace: string;
  readonly tenant: string | undefined;
} {
  return { name, namespace, tenant: spec.tenant };
}

function ofCanary({ metadata, status }: ServiceObject): readonly InventoryItem[] {
  return (status?.inventory ?? []).filter(({ name }) => name === canaryName(metadata.name));
}

/** Stamps Pods with the revision of their Secret. */
function stamped(template: Template, secretRevision: string | undefined): Template {
  if (secretRevision === undefined) return template;
  const annotations = { ...template.metadata.annotations, [SECRET_STAMP]: secretRevision };
  return { ...template, metadata: { ...template.metadata, annotations } };
}

function withoutStamp(template: Template): Template {
  const { [SECRET_STAMP]: _, ...annotations } = template.metadata.annotations ?? {};
  return { ...template, metadata: { ...template.metadata, annotations } };
}

// ── figures and events ───────────────────────────────────────────────────────────────────────────

/** The requests to the canary at the weight it has now. */
function windowOf(service: ServiceObject, status: CanaryStatus | undefined): Window | undefined {
  const { canary, since, weight = 0 } = status ?? {};
  if (canary === undefined || since === undefined || weight === 0) return undefined;
  return { backend: backendOf(service), id: `${canary}/${since}`, startedAt: new Date(since) };
}

function backendOf({ metadata: { name, namespace = '' }, spec }: ServiceObject): string {
  return `${namespace}/${canaryName(name)}:${spec.port}`;
}

/** Each turn of a delivery is told once. */
function tell(world: World, service: ServiceObject, { status, ignored }: Decision): void {
  const record = (type: 'Normal' | 'Warning', reason: string, message: string): void =>
    world.events.record(service, { type, reason, message: message.slice(0, 1000) });
  if (ignored !== undefined) record('Warning', 'CommandIgnored', ignored);
  const before = service.status?.canary;
  if (status === undefined || before === undefined) return;
  if (status.phase !== before.phase) {
    const [type, reason] = TOLD[status.phase];
    record(type, reason, status.message);
  } else if (status.phase === 'Progressing' && status.weight > before.weight) {
    record('Normal', 'CanaryWeight', status.message);
  }
}

const TOLD: Readonly<Record<CanaryStatus['phase'], readonly ['Normal' | 'Warning', string]>> = {
  Idle: ['Normal', 'CanaryEnded'],
  Progressing: ['Normal', 'CanaryProgressing'],
  Paused: ['Warning', 'CanaryPaused'],
  Promoting: ['Normal', 'CanaryPromoting'],
  RolledBack: ['Warning', 'RolledBack'],
};

function keyOf({ metadata: { name, namespace = '' } }: ServiceObject): string {
  return `${namespace}/${name}`;
}
