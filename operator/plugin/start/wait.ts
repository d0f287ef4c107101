/**
 * Waits for Pods and tenants by watching them, so that nothing is late by a poll.
 */
import type { Condition } from '../../../crds/index.ts';
import type { Client } from '../../kube/client.ts';
import { pods, type Pod } from '../../kube/resources.ts';
import { tenants, type TenantObject } from '../../controllers/kinds.ts';
import { watchUntil } from '../cluster/watch.ts';
import type { Report, TenantRow } from './report.ts';

/**
 * Resolves when every Pod with this label value is ready, and at least `atLeast` are.
 * Pods, not Deployments: after a start they alone say what is true now.
 */
export async function awaitPods(
  client: Client,
  app: string,
  { atLeast, namespace }: { readonly atLeast: number; readonly namespace?: string },
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const said = new Set<string>();
  const selector = {
    labelSelector: `app.kubernetes.io/name=${app}`,
    ...(namespace === undefined ? {} : { namespace }),
  };
  await watchUntil<Pod>(client, pods, signal, selector, (objects) => {
    const living = objects.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    for (const trouble of living.flatMap(troublesOf)) {
      if (!said.has(trouble)) report.say(`! ${trouble}`);
      said.add(trouble);
    }
    return living.length >= atLeast && living.every(isPodReady);
  });
}

/** Reasons a container waits for that do not pass by themselves. */
const STUCK = new Set(['CrashLoopBackOff', 'CreateContainerConfigError', 'ErrImagePull', 'ImagePullBackOff']);

/** What keeps a Pod from running and where to read more; nobody shall wait without knowing why. */
function troublesOf({ metadata, status }: Pod): string[] {
  return (status?.containerStatuses ?? []).flatMap(({ name, state }) => {
    const { reason, message } = state?.waiting ?? {};
    if (reason === undefined || !STUCK.has(reason)) return [];
    return [
      `${metadata.name}: ${reason}: ${message ?? ''}; see: kubectl logs -n ${metadata.namespace} ${metadata.name} -c ${name}`,
    ];
  });
}

function isPodReady({ status }: Pod): boolean {
  return (
    status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ??
    false
  );
}

/** Resolves when all named tenants are Ready; each is a step of its own. Never gives up: the user watches and may stop it. */
export async function awaitTenants(
  client: Client,
  names: readonly string[],
  report: Report,
  signal: AbortSignal,
): Promise<TenantRow[]> {
  const finish = new Map(names.map((name) => [name, report.step(name)]));
  const said = new Map<string, string>();
  let rows: TenantRow[] = [];
  await watchUntil<TenantObject>(client, tenants, signal, {}, (objects) => {
    rows = objects.filter(({ metadata }) => finish.has(metadata.name)).map(rowOf);
    for (const object of objects) {
      const { name } = object.metadata;
      if (isReady(object)) finish.get(name)?.('Ready');
      else sayStall(object, said, report);
    }
    return rows.length === names.length && rows.every(({ ready }) => ready);
  });
  return rows;
}

function rowOf(object: TenantObject): TenantRow {
  return {
    name: object.metadata.name,
    ready: isReady(object),
    plan: object.spec.plan,
    placement: object.spec.placement,
    url: object.status?.endpoints?.storefront ?? '',
  };
}

function isReady({ metadata, status }: TenantObject): boolean {
  return (
    status?.observedGeneration === metadata.generation && conditionOf(status, 'Ready')?.status === 'True'
  );
}

/** A tenant that cannot go on says why, once a message. */
function sayStall({ metadata, status }: TenantObject, said: Map<string, string>, report: Report): void {
  const stalled = conditionOf(status, 'Stalled');
  if (
    stalled?.status !== 'True' ||
    stalled.message === undefined ||
    said.get(metadata.name) === stalled.message
  )
    return;
  said.set(metadata.name, stalled.message);
  report.say(`! ${metadata.name}: ${stalled.message}`);
}

function conditionOf(status: TenantObject['status'], type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}
