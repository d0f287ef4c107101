/**
 * A scope's credentials as its Secret has them and as they shall be: `credentials.ts` decides, this looks and writes.
 */
import { ANNOTATIONS } from '../../crds/index.ts';
import type { ReconcileContext } from '../kube/controller.ts';
import type { KubeObject } from '../kube/types.ts';
import { isDeleting } from '../kube/finalizers.ts';
import { DATABASE_SECRET } from '../resources/environment.ts';
import type { PlatformConfig } from '../resources/platform.ts';
import type { Manifest } from '../resources/chart.ts';
import { advance, credentialsIn, dueInMs, firstCredentials, promote, secretRevision } from './credentials.ts';
import type { Circumstances, Credentials } from './credentials.ts';
import { deployments, rollouts, secrets, shopServices } from './kinds.ts';
import type { Rollout } from './kinds.ts';
import type { Deployment } from '../kube/resources.ts';
import { applyAll } from './objects.ts';
import { decoded, generate, valuesOf } from './secrets.ts';
import { SECRET_STAMP } from './service/canary/delivery.ts';
import type { World } from './world.ts';

/** Whose credentials they are, and on whose word they are rotated. */
export interface CredentialScope {
  readonly namespace: string;
  readonly role: string;
  /** Each may carry a request; the latest counts. */
  readonly owners: readonly Pick<KubeObject, 'metadata'>[];
  readonly platform: PlatformConfig;
  readonly mayBegin: boolean;
}

/**
 * What is to be written to the Secret now. Where that is anything new, the server itself is asked first: from a cache that
 * lags, a rotation that is over would begin again.
 */
export async function credentialsFor(
  world: World,
  context: Pick<ReconcileContext, 'client' | 'signal'>,
  scope: CredentialScope,
): Promise<Credentials> {
  const ref = { namespace: scope.namespace, name: DATABASE_SECRET };
  const seen = valuesOf(world, ref);
  const known = credentialsIn(seen);
  if (known !== undefined && seen !== undefined) {
    const cached = advance(scope.role, known, circumstancesOf(world, scope, seen));
    if (cached === known) return known;
  }
  const values = decoded(await context.client.find(secrets, ref, { signal: context.signal }));
  const latest = credentialsIn(values);
  if (latest === undefined || values === undefined)
    return firstCredentials(scope.role, circumstancesOf(world, scope, {}));
  return advance(scope.role, latest, circumstancesOf(world, scope, values));
}

/** Every system knows the next login: from now on it is the current one. */
export async function concludeRotation(
  world: World,
  context: ReconcileContext,
  owner: KubeObject,
  known: Credentials,
  secretOf: (credentials: Credentials) => Promise<Manifest>,
): Promise<Credentials> {
  if (known.next === undefined) return known;
  const promoted = promote(known, world.clock.now());
  await applyAll(world, context, owner, [await secretOf(promoted)]);
  world.events.record(owner, {
    type: 'Normal',
    reason: 'CredentialsRotated',
    message: 'new logins are in place; the former ones go when every Pod uses the new',
  });
  return promoted;
}

/** How long until the scope has to be looked at again for its credentials' sake, ms. */
export function credentialsDueInMs(world: World, platform: PlatformConfig, known: Credentials): number {
  return dueInMs(known, { now: world.clock.now(), ...limitsOf(platform) });
}

/** Credentials in the Secret, as the cache has it. */
export function credentialsSeen(world: World, namespace: string): Credentials | undefined {
  return credentialsIn(valuesOf(world, { namespace, name: DATABASE_SECRET }));
}

function circumstancesOf(
  world: World,
  { owners, platform, mayBegin, namespace }: CredentialScope,
  values: Readonly<Record<string, string>>,
): Circumstances {
  return {
    request: requestIn(owners),
    now: world.clock.now(),
    mayBegin,
    isRolledOut: isRolledOut(world, namespace, secretRevision(values)),
    generate,
    ...limitsOf(platform),
  };
}

/** Requests are times, or sort like them: with one Service's beside another's, neither would be answered twice. */
function requestIn(owners: CredentialScope['owners']): string {
  return (
    owners
      .map(({ metadata }) => metadata.annotations?.[ANNOTATIONS.rotateAt] ?? '')
      .toSorted()
      .at(-1) ?? ''
  );
}

/** Pods that were told to end serve for `drainSeconds` and then finish what they are at. */
function limitsOf(platform: PlatformConfig): Pick<Circumstances, 'maxAgeMs' | 'graceMs'> {
  const { credentialsMaxAgeDays: days, drainSeconds } = platform;
  return {
    maxAgeMs: days === 0 ? Infinity : days * 86_400_000,
    graceMs: (drainSeconds + FINISH_SECONDS) * 1_000,
  };
}

const FINISH_SECONDS = 60;

/** Whether no Pod of the namespace's Services enters with another Secret than this revision of it. */
function isRolledOut(world: World, namespace: string, revision: string): boolean {
  const hosting = world
    .cacheOf(shopServices)
    .inNamespace(namespace)
    .filter((service) => service.spec.domains !== undefined && !isDeleting(service));
  const workloads: readonly (Deployment | Rollout)[] = [
    ...world.cacheOf(deployments).inNamespace(namespace),
    ...(world.presenceOf(rollouts) === 'served' ? world.cacheOf(rollouts).inNamespace(namespace) : []),
  ];
  const stampOf = ({ spec }: Deployment | Rollout): string | undefined =>
    spec?.template?.metadata?.annotations?.[SECRET_STAMP];
  const using = workloads.filter((workload) => stampOf(workload) !== undefined);
  return (
    hosting.every(({ metadata }) => using.some((workload) => workload.metadata.name === metadata.name)) &&
    using.every((workload) => {
      const { metadata, status } = workload;
      return (
        stampOf(workload) === revision &&
        Number(status?.observedGeneration ?? 0) === (metadata.generation ?? 0) &&
        (status?.replicas ?? 0) === (status?.updatedReplicas ?? 0)
      );
    })
  );
}
