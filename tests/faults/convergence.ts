/**
 * When a tenant has arrived, and whether it stays: the bound within which everything must be said and done.
 */
import { shopServices, tenants } from '../../operator/controllers/kinds.ts';
import type { ServiceObject, TenantObject } from '../../operator/controllers/kinds.ts';
import { findCondition } from '../../operator/kube/conditions.ts';
import { BOUND_MS } from './profile.ts';
import { allObjects, differences, leftoversOf, stateOf, type TenantState } from './state.ts';
import { patiently, type Operator, type World } from './world.ts';

/** Who has not arrived by then never will, whatever it says: a machine that does much else is slow, but not that slow. */
const LONGEST_MS = 5 * BOUND_MS;
/** Between two dear looks at one tenant that says nothing new: others may still have something to do. */
const REST_MS = 1_000;
/** Nothing is written for this long: it has arrived. */
const QUIET_MS = 1_000;

/** Tells the slow from the stuck. */
export interface Bound {
  /** @param seen what there is by now, as text: another one than last time is progress */
  isOver(seen: string): boolean;
}

export function createBound(): Bound {
  const began = performance.now();
  let last = { seen: '', at: began };
  return {
    isOver(seen) {
      const now = performance.now();
      if (seen !== last.seen) last = { seen, at: now };
      return now - last.at > BOUND_MS || now - began > LONGEST_MS;
    },
  };
}

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
  const arrivals = expectArrivals(world, new Map([[name, expected]]), { rolled });
  while (arrivals.under().length > 0) {
    const late = (await arrivals.look()).get(name);
    if (late !== undefined) throw late;
    await pause();
  }
}

/** Tenants on their way, each to its own state. */
export interface Arrivals {
  /** Who is not there yet, and may still come. */
  under(): readonly string[];
  hasArrived(name: string): boolean;
  /** Looks once at all of them. @returns those that will not arrive any more, with what they are instead */
  look(): Promise<ReadonlyMap<string, NotConverged>>;
}

export function expectArrivals(
  world: World,
  expected: ReadonlyMap<string, TenantState>,
  { rolled = false }: { readonly rolled?: boolean } = {},
): Arrivals {
  const under = new Map([...expected.keys()].map((name) => [name, createBound()]));
  const compared = new Map<string, { readonly version: string; readonly at: number }>();
  const arrived = new Set<string>();
  const lacking = (name: string, state: TenantState): readonly string[] =>
    differences(expected.get(name), state).filter(
      (line) => !rolled || !line.includes('deployment.kubernetes.io/revision'),
    );
  return {
    under: () => [...under.keys()],
    hasArrived: (name) => arrived.has(name),
    async look() {
      const late = new Map<string, NotConverged>();
      const looks = await patiently(() => lookAtAll(world, [...under.keys()]));
      const due = [...looks].flatMap(([name, { seemsSettled, version }]) => {
        const isLate = under.get(name)?.isOver(version) === true;
        const last = compared.get(name);
        const isNews = version !== last?.version || performance.now() - last.at > REST_MS;
        return isLate || (seemsSettled && isNews) ? [{ name, isLate, version }] : [];
      });
      if (due.length === 0) return late;
      const all = await patiently(() => allObjects(world));
      for (const { name, isLate, version } of due) {
        const rest = lacking(name, await patiently(() => stateOf(world, name, all)));
        compared.set(name, { version, at: performance.now() });
        if (rest.length > 0 && !isLate) continue;
        under.delete(name);
        if (rest.length === 0) arrived.add(name);
        else late.set(name, new NotConverged(await account(world, name, rest)));
      }
      return late;
    },
  };
}

/** Between two looks. */
export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));

/** Waits until nothing is written any more and nothing waits to be collected, and returns what there is. */
export async function settled(world: World, name: string, { proxy }: Operator): Promise<TenantState> {
  const deadline = performance.now() + LONGEST_MS;
  for (;;) {
    const before = proxy.writes.length;
    const { seemsSettled } = await lookAt(world, name);
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    const isQuiet = seemsSettled && proxy.writes.length === before;
    const all = isQuiet ? await allObjects(world) : [];
    const leftovers = leftoversOf(name, all);
    if (isQuiet && leftovers.length === 0) return stateOf(world, name, all);
    if (performance.now() > deadline)
      throw new NotConverged(
        [
          `${name} does not settle; last writes: ${proxy.writes.slice(-8).join(', ')}`,
          `Not collected: ${leftovers.join(', ')}`,
        ].join('\n'),
      );
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

interface Look {
  /** The tenant is gone, or says of its present generation that nothing is under way. */
  readonly seemsSettled: boolean;
  /** Changes with every word that is said of it. */
  readonly version: string;
}

/** A cheap look before the dear one. */
async function lookAt(world: World, name: string): Promise<Look> {
  const look = (await lookAtAll(world, [name])).get(name);
  if (look === undefined) throw new Error('whoever is asked for is answered');
  return look;
}

async function lookAtAll({ client }: World, names: readonly string[]): Promise<ReadonlyMap<string, Look>> {
  const [all, services] = await Promise.all([client.list(tenants), client.list(shopServices)]);
  return new Map(
    names.map((name) => {
      const tenant = all.items.find(({ metadata }) => metadata.name === name);
      const own = services.items.filter(({ metadata }) => metadata.namespace === `tenant-${name}`);
      const version = [tenant, ...own].map((each) => each?.metadata.resourceVersion).join(' ');
      if (tenant === undefined) return [name, { seemsSettled: true, version }];
      const isDeleted = tenant.metadata.deletionTimestamp !== undefined;
      const concerned = tenant.spec.placement === 'dedicated' ? [tenant, ...own] : [tenant];
      return [name, { seemsSettled: !isDeleted && concerned.every(isSaid), version }];
    }),
  );
}

/** It says of its present generation that nothing is under way. */
export const isSaid = ({ metadata, status }: TenantObject | ServiceObject): boolean => {
  const reconciling = findCondition(status?.conditions, 'Reconciling');
  return (
    status?.observedGeneration === metadata.generation &&
    reconciling?.observedGeneration === metadata.generation &&
    reconciling?.status === 'False'
  );
};

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
