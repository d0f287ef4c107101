/**
 * Connections to the database: how many a Pod holds, and how many a scope's login may have, so that one shop's rush or mistake leaves
 * some to the others. Pure.
 */
import type { ServiceSpec } from '../../crds/index.ts';

/** What decides it of a Service. */
export interface Connecting extends Pick<ServiceSpec, 'resources'> {
  /** Most Pods of one revision. */
  readonly mostPods: number;
}

/** A Pod's share of the processor, as its plan gives it, keeps about one connection in 25 thousandths of a core busy. */
const CPU_PER_CONNECTION = 25;
const FEWEST = 10;
const MOST = 20;
/** The one that listens. */
const LISTENING = 1;
/** A backup and a person who looks. */
const BESIDE = 3;

/** Of a Pod, for statements (`DATABASE_CONNECTIONS`); one more listens. */
export function connectionsOf({ resources }: Pick<ServiceSpec, 'resources'>): number {
  return Math.min(MOST, Math.max(FEWEST, Math.ceil(cpuMillisOf(resources.cpu) / CPU_PER_CONNECTION)));
}

/**
 * What each login of a scope may have at a time: enough for all Pods of all its Services while a new revision stands beside the old one
 * whole, and for one more.
 */
export function connectionLimitOf(services: readonly Connecting[]): number {
  return services.reduce(
    (sum, service) => sum + (2 * service.mostPods + 1) * (connectionsOf(service) + LISTENING),
    BESIDE,
  );
}

/** `250m` or `0.25`; what else a quantity may be nobody asks of a processor. */
function cpuMillisOf(quantity: string): number {
  const [, number = '0', milli] = /^([0-9.]+)(m?)$/.exec(quantity) ?? [];
  return Number(number) * (milli === 'm' ? 1 : 1_000);
}
