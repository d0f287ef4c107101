/**
 * What a reconciler may use besides its client: caches, the platform's configuration, the data plane, time.
 * Built once by the operator's main; tests build it from memory.
 */
import type { Logger } from 'pino';
import type { Applier } from '../kube/apply.ts';
import type { Cache } from '../kube/cache.ts';
import type { Clock } from '../kube/clock.ts';
import type { Recorder } from '../kube/events.ts';
import type { Presence } from '../kube/optional.ts';
import type { KubeObject, ResourceType } from '../kube/types.ts';
import type { DataPlane } from '../provisioners/data-plane.ts';
import type { Desk } from '../recovery/desk.ts';
import type { PlatformConfig } from '../resources/platform.ts';
import type { Images } from '../resources/workload.ts';
import type { ArchiveNews } from './backups/keep.ts';
import type { RuntimeApi } from './tenant/runtime-api.ts';
import type { Traffic } from './traffic/traffic.ts';
import type { Watchers } from './watchers.ts';

export interface World {
  cacheOf<T extends KubeObject>(type: ResourceType<T>): Cache<T>;
  /** Whether the cluster has a kind, and its objects are seen. */
  presenceOf(type: ResourceType): Presence;
  readonly applier: Applier;
  readonly events: Pick<Recorder, 'record'>;
  /** The configuration as it is now. @throws PlatformConfigError naming what is missing */
  platform(): PlatformConfig;
  /** The data plane of that configuration. */
  dataPlane(platform: PlatformConfig): Promise<DataPlane>;
  /** Operations on the database of that configuration. */
  desk(platform: PlatformConfig): Promise<Desk>;
  /** What is known of the archive. */
  readonly archive: ArchiveNews;
  /** Somebody asked to look again: nothing seen of the data plane is trusted any more. */
  distrust(): void;
  /** Calls `wake` once, as soon as the data plane answers again. @param system the one waited for; absent: database and processor */
  whenUp(wake: () => void, system?: string): void;
  /**
   * Tenants whose data plane was brought up to date by this very process: no Pod of a newer image may start on a schema
   * that still lacks its migrations.
   */
  readonly provisioned: Provisioned;
  readonly runtime: RuntimeApi;
  /** What the gateways count of the requests to revisions under test. */
  readonly traffic: Traffic;
  readonly images: Images;
  /** Port the gateway listens on inside the cluster. */
  readonly gatewayPort: number;
  readonly watchers: Watchers;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Provisioned {
  has(tenant: string): boolean;
  add(tenant: string): void;
  delete(tenant: string): void;
}

/** @param onAdd called for each tenant that was not there before */
export function createProvisioned(onAdd: (tenant: string) => void): Provisioned {
  const names = new Set<string>();
  return {
    has: (tenant) => names.has(tenant),
    add(tenant) {
      if (names.has(tenant)) return;
      names.add(tenant);
      onAdd(tenant);
    },
    delete: (tenant) => void names.delete(tenant),
  };
}
