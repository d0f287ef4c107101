/**
 * What a tenant is, in one word: drawn from its conditions, as kstatus reads them, and from what people asked of it. Pure.
 */
import { ANNOTATIONS } from '../../../crds/index.ts';
import type { TenantObject } from '../../controllers/kinds.ts';
import { findCondition, isTrue } from '../../kube/conditions.ts';
import type { Health } from '../health/node.ts';

/** In the order of what needs a person first. */
export const STATES = [
  'Stalled',
  'NotReady',
  'Deleting',
  'Updating',
  'Pending',
  'Suspended',
  'Ready',
] as const;
export type TenantState = (typeof STATES)[number];

export const HEALTH_OF: Readonly<Record<TenantState, Health>> = {
  Stalled: 'failing',
  NotReady: 'waiting',
  Deleting: 'waiting',
  Updating: 'waiting',
  Pending: 'waiting',
  Suspended: 'off',
  Ready: 'ready',
};

export interface StateOfTenant {
  readonly state: TenantState;
  /** The operator leaves it alone. */
  readonly paused: boolean;
  /** What is the case or awaited, whole. */
  readonly message: string;
  readonly since: string | undefined;
}

export function stateOf(tenant: TenantObject): StateOfTenant {
  const { metadata, spec, status } = tenant;
  const paused = metadata.annotations?.[ANNOTATIONS.paused] === 'true';
  const ready = findCondition(status?.conditions, 'Ready');
  const say = (state: TenantState, message = ready?.message ?? ''): StateOfTenant => ({
    state,
    paused,
    message,
    since: ready?.lastTransitionTime,
  });
  if (metadata.deletionTimestamp !== undefined) {
    const deleting = findCondition(status?.conditions, 'Deleting')?.message ?? ready?.message;
    return { ...say('Deleting', deleting ?? 'being deleted'), since: metadata.deletionTimestamp };
  }
  // Unknown is what the definition says of an object that nobody has written a status of.
  if (status?.conditions === undefined || ready?.status === 'Unknown')
    return { ...say('Pending', 'the operator has not looked at it yet'), since: metadata.creationTimestamp };
  if (isTrue(status.conditions, 'Stalled'))
    return say('Stalled', findCondition(status.conditions, 'Stalled')?.message);
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0))
    return say('Pending', `generation ${metadata.generation} is not looked at yet; ${ready?.message ?? ''}`);
  if (spec.suspended && ready?.reason === 'Suspended') return say('Suspended');
  if (isTrue(status.conditions, 'Ready')) return say('Ready');
  return say(isTrue(status.conditions, 'Reconciling') ? 'Updating' : 'NotReady');
}

/** What needs a person first, then by name. */
export function byUrgency(
  a: readonly [TenantObject, StateOfTenant],
  b: readonly [TenantObject, StateOfTenant],
): number {
  const order = STATES.indexOf(a[1].state) - STATES.indexOf(b[1].state);
  return order === 0 ? (a[0].metadata.name < b[0].metadata.name ? -1 : 1) : order;
}
