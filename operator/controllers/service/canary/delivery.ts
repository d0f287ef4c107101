/**
 * What a Service's delivery consists of: which template runs where, and which objects that takes. Pure: what is running is looked
 * up, and what was decided is given. A template leaves the spec long before it leaves the cluster, so every one that may run
 * again is kept in a ControllerRevision before anything depends on it.
 */
import { ANNOTATIONS, LABELS } from '../../../../crds/index.ts';
import type { Canary, CanaryStatus, InventoryItem } from '../../../../crds/index.ts';
import { hashOf } from '../../../kube/canonical.ts';
import type { Deployment } from '../../../kube/resources.ts';
import { keyOfObject } from '../../../kube/types.ts';
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
import type { Look } from '../../look.ts';
import { podsFor } from './decide.ts';
import type { Pods, Situation } from './decide.ts';

/** On Pods that read a Secret: its revision. */
export const SECRET_STAMP = `${LABELS.service}-secret`;

/** One Service, as it is declared and as it runs. */
export interface Subject {
  readonly service: ServiceObject;
  readonly input: WorkloadInput;
  /** Stamped on every template: a new password must roll Pods of whatever revision. */
  readonly secretRevision: string | undefined;
  readonly look: Look;
}

/** Everything the Service shall have, in the order of applying, and what is left as it is and not to be pruned. */
export interface Delivered {
  readonly objects: readonly Manifest[];
  readonly kept: readonly InventoryItem[];
}

/** A delivery of the operator's own, before it is decided how it goes on. */
export interface Course {
  readonly situation: Situation;
  /** What is delivered once that is decided. */
  to(status: CanaryStatus | undefined): Delivered;
}

/** By whom the Service is delivered: by Argo, who needs no decision of ours, or on a course that waits for one. */
export function deliveryOf(
  subject: Subject,
  now: Date,
): { readonly byArgo: Delivered } | { readonly course: Course } {
  const { service, input, look } = subject;
  const known = statusOf(look, service);
  const argo = argoOf(input, known);
  if (argo !== undefined) return { byArgo: byArgo(subject, argo) };
  const built = buildWorkload({ ...input, spec: withFloor(input.spec, known?.floor) });
  const template = templateOf(built);
  const situation = situationOf(look, service, revisionOf(template), known, now);
  return { course: { situation, to: (status) => byOurselves(subject, situation, built, status) } };
}

const buildWorkload = memoised(workload);
const buildCanary = memoised(({ input, pods }: { input: WorkloadInput; pods: number }) =>
  canaryWorkload(input, pods),
);

function byOurselves(
  { service, input, secretRevision, look }: Subject,
  situation: Situation,
  built: readonly Manifest[],
  status: CanaryStatus | undefined,
): Delivered {
  const { desired } = situation;
  const template = templateOf(built);
  const templates = templatesOf(look, service, desired, template, status);
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
      // Pods of a revision that only drains.
      ...(status?.canary === undefined || status.canary === desired ? [] : ofCanary(service)),
      // Argo's Pods serve until there are others.
      ...(situation.stable.isSettled ? [] : heldOf(service, ['Rollout'])),
    ],
  };
}

// ── by Argo ──────────────────────────────────────────────────────────────────────────────────────

interface Argo {
  readonly canary: Canary;
  readonly prometheusUrl: string;
}

/** Whether Argo delivers: asked for, there, able to judge, and nothing of ours is half-way. Else the operator does, gated alike. */
function argoOf(
  { spec, surroundings, metricSources: { prometheusUrl } }: WorkloadInput,
  status: CanaryStatus | undefined,
): Argo | undefined {
  const canary = spec.traffic?.canary;
  const isPossible = has(surroundings, 'argoRollouts') && status?.canary === undefined;
  if (canary?.provider !== 'argo' || !isPossible || prometheusUrl === undefined) return undefined;
  return { canary, prometheusUrl };
}

/** The Rollout takes over; the Deployment stays until the Rollout's Pods carry the requests. */
function byArgo({ service, input, secretRevision, look }: Subject, argo: Argo): Delivered {
  const built = buildWorkload(input);
  const stampedOnes = withTemplate(
    built,
    stamped(templateOf(built), secretRevision),
    revisionOf(templateOf(built)),
  );
  const identity = identityOf(service);
  const { min } = replicasOf(input.spec);
  const live = look(rollouts, keyOfObject(service));
  const isCarried = (live?.status?.availableReplicas ?? 0) >= min && live !== undefined;
  const port = service.spec.port;
  // Its weights are Argo's: made once, then left alone.
  const isRouted = look(httpRoutes, `${identity.namespace}/${splitName(identity.name)}`) !== undefined;
  return {
    objects: [
      ...(isRouted ? [] : [splitRoute({ ...identity, port, weight: 0 })]),
      ...withRollout(stampedOnes, { ...identity, port, ...argo }),
    ],
    kept: [...heldOf(service, isCarried ? ['HTTPRoute'] : ['HTTPRoute', 'Deployment'])],
  };
}

/** What the inventory lists of these kinds. */
function heldOf({ status }: ServiceObject, kinds: readonly string[]): readonly InventoryItem[] {
  return (status?.inventory ?? []).filter(({ kind }) => kinds.includes(kind));
}

// ── what is running ──────────────────────────────────────────────────────────────────────────────

/** What was written down, as far as there are templates for it: a revision nobody has any more cannot be gone back to. */
function statusOf(look: Look, service: ServiceObject): CanaryStatus | undefined {
  const status = service.status?.canary;
  if (status === undefined) return undefined;
  const isKept = (revision: string): boolean =>
    look(
      controllerRevisions,
      `${service.metadata.namespace ?? ''}/${revisionName(service.metadata.name, revision)}`,
    ) !== undefined;
  const live = revisionOfLive(look(deployments, keyOfObject(service)));
  if (!isKept(status.stable) && live !== status.stable) return undefined;
  const { previous, ...rest } = status;
  return previous === undefined || !isKept(previous) ? rest : status;
}

function situationOf(
  look: Look,
  service: ServiceObject,
  desired: string,
  before: CanaryStatus | undefined,
  now: Date,
): Situation {
  const stable = look(deployments, keyOfObject(service));
  const { name, namespace = '' } = service.metadata;
  const test = look(deployments, `${namespace}/${canaryName(name)}`);
  const route = look(httpRoutes, `${namespace}/${splitName(name)}`);
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
    liveWeight: weightIn(route, canaryName(name)),
    isAcknowledged: route === undefined || acceptanceOf(route) !== undefined,
    command: service.metadata.annotations?.[ANNOTATIONS.canary],
    figures: undefined,
    now,
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
function revisionOf(template: Template): string {
  return hashOf(template).slice(0, 10);
}

/** Templates to keep: of what runs, of what is tested, and of what one may go back to. */
function templatesOf(
  look: Look,
  service: ServiceObject,
  desired: string,
  template: Template,
  status: CanaryStatus | undefined,
): ReadonlyMap<string, Template> {
  if (status === undefined) return new Map();
  const { stable, previous, canary } = status;
  const live = look(deployments, keyOfObject(service));
  const found = [stable, previous, canary].flatMap((revision): [string, Template][] => {
    if (revision === undefined) return [];
    const ref = `${service.metadata.namespace ?? ''}/${revisionName(service.metadata.name, revision)}`;
    const kept = look(controllerRevisions, ref)?.data as { readonly template?: Template } | undefined;
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
