/**
 * When a tenant has arrived, and whether it stays: the bound within which everything must be said and done.
 */
import { shopServices, tenants } from '../../operator/controllers/kinds.ts';
import type { TenantObject } from '../../operator/controllers/kinds.ts';
import { findCondition } from '../../operator/kube/conditions.ts';
import { differences, stateOf, type TenantState } from './state.ts';
import { patiently, type Operator, type World } from './world.ts';

/** Longest time from a fault's end to the same state as without it; a stuck tenant is looked at each minute. */
export const BOUND_MS = Number(process.env['SHOPMIND_FAULTS_BOUND_MS'] ?? 120_000);
/** Nothing is written for this long: it has arrived. */
const QUIET_MS = 1_000;

/** It never came to the state it should have, or said nothing about why. */
export class NotConverged extends Error {
  override readonly name = 'NotConverged';
}

/**
 * Waits for the state that the same life has without faults.
 * @param rolled the fault itself makes Pods start anew: the number of roll-outs is not compared
 */
export async function converge(
  world: World,
  name: string,
  expected: TenantState,
  { rolled = false }: { readonly rolled?: boolean } = {},
): Promise<void> {
  const deadline = performance.now() + BOUND_MS;
  const lacks = async (): Promise<readonly string[]> =>
    differences(expected, await stateOf(world, name)).filter(
      (line) => !rolled || !line.includes('deployment.kubernetes.io/revision'),
    );
  for (;;) {
    const isLate = performance.now() > deadline;
    if (isLate || (await patiently(() => seemsSettled(world, name)))) {
      const rest = await patiently(lacks);
      if (rest.length === 0) return;
      if (isLate) throw new NotConverged(await account(world, name, rest));
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Waits until nothing is written any more, and returns what there is. */
export async function settled(world: World, name: string, { proxy }: Operator): Promise<TenantState> {
  const deadline = performance.now() + BOUND_MS;
  for (;;) {
    const before = proxy.writes.length;
    const settled = await seemsSettled(world, name);
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    if (settled && proxy.writes.length === before) return stateOf(world, name);
    if (performance.now() > deadline)
      throw new NotConverged(`${name} does not settle; last writes: ${proxy.writes.slice(-8).join(', ')}`);
  }
}

/** Waits until an operator has nothing to do. */
export async function quiet({ proxy }: Operator): Promise<void> {
  const deadline = performance.now() + BOUND_MS;
  for (let before = -1; before !== proxy.writes.length;) {
    if (performance.now() > deadline)
      throw new NotConverged(`never quiet; last writes: ${proxy.writes.slice(-8).join(', ')}`);
    before = proxy.writes.length;
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
}

/** A cheap look before the dear one: the tenant is gone, or says of its present generation that nothing is under way. */
async function seemsSettled({ client }: World, name: string): Promise<boolean> {
  const tenant = await client.find(tenants, { name });
  if (tenant === undefined) return true;
  if (tenant.metadata.deletionTimestamp !== undefined) return false;
  if (!isSaid(tenant)) return false;
  if (tenant.spec.placement === 'pooled') return true;
  const { items } = await client.list(shopServices, { namespace: `tenant-${name}` });
  return items.every(
    ({ metadata, status }) =>
      status?.observedGeneration === metadata.generation &&
      findCondition(status?.conditions, 'Reconciling')?.status === 'False',
  );
}

const isSaid = ({ metadata, status }: TenantObject): boolean =>
  status?.observedGeneration === metadata.generation &&
  findCondition(status?.conditions, 'Reconciling')?.status === 'False';

/** Where it stands, in its own words. */
async function account(world: World, name: string, rest: readonly string[]): Promise<string> {
  const tenant = await world.client.find(tenants, { name });
  const words = (tenant?.status?.conditions ?? []).map(
    ({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`,
  );
  return [
    `${name} is not what it is without the fault:`,
    ...rest,
    'It says of itself:',
    ...words,
    'The operator says:',
    ...world.complaints(),
  ].join('\n  ');
}
