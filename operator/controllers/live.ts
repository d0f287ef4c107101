/**
 * The world of a running operator: caches of the API server, a data plane that follows the configuration.
 */
import type { Logger } from 'pino';
import { ANNOTATIONS, FIELD_MANAGER } from '../../crds/index.ts';
import { createApplier } from '../kube/apply.ts';
import type { Cache } from '../kube/cache.ts';
import type { Client } from '../kube/client.ts';
import { systemClock } from '../kube/clock.ts';
import type { Recorder } from '../kube/events.ts';
import type { KubeObject, ResourceType } from '../kube/types.ts';
import type { DataPlane, DataPlaneConfig } from '../provisioners/data-plane.ts';
import type { Desk } from '../recovery/desk.ts';
import { parsePlatform } from '../resources/platform.ts';
import type { PlatformConfig } from '../resources/platform.ts';
import type { Images } from '../resources/workload.ts';
import { createArchiveNews } from './backups/keep.ts';
import { createRecovery } from './recovery.ts';
import type { Recovery } from './recovery.ts';
import type { Reflectors } from './reflectors.ts';
import { decoded } from './secrets.ts';
import type { RuntimeApi } from './tenant/runtime-api.ts';
import { createGatewayTraffic } from './traffic/gateways.ts';
import { createPrometheusTraffic } from './traffic/prometheus.ts';
import type { Traffic } from './traffic/traffic.ts';
import { createWatchers } from './watchers.ts';
import { createProvisioned } from './world.ts';
import type { World } from './world.ts';

export interface LiveWorld extends World {
  close(): Promise<void>;
}

/** What the operator reaches besides the API server. */
export interface Outside {
  /** Opens the data plane of a configuration; called anew for each configuration. */
  readonly openDataPlane: (config: DataPlaneConfig, monotonic: () => number) => Promise<DataPlane>;
  readonly runtime: RuntimeApi;
  /** Opens the desk of a database; absent: nobody asks for operations. */
  readonly openDesk?: (databaseAdminUrl: string) => Promise<Desk>;
}

export function createLiveWorld(options: {
  readonly client: Client;
  readonly reflectors: Reflectors;
  readonly events: Pick<Recorder, 'record'>;
  readonly images: Images;
  readonly gatewayPort: number;
  readonly log: Logger;
  readonly outside: Outside;
  /** A tenant's data plane is up to date for the first time. */
  readonly onProvisioned: (tenant: string) => void;
  /** A kind that a cluster may lack has come or gone. */
  readonly onPresence: () => void;
}): LiveWorld {
  const { reflectors, log } = options;
  const clock = systemClock;
  const watchers = createWatchers(clock);
  const cacheOf = <T extends KubeObject>(type: ResourceType<T>): Cache<T> => reflectors.of(type).cache;

  const platform = (): PlatformConfig => {
    const [config] = reflectors.platform.config.cache.values();
    const [secret] = reflectors.platform.secret.cache.values();
    return parsePlatform(config?.data ?? {}, decoded(secret) ?? {});
  };

  const planes = createOpened<DataPlane>((error) => log.warn({ err: error }, 'closing the old data plane'));
  const dataPlane = (config: PlatformConfig): Promise<DataPlane> =>
    planes.of(JSON.stringify(config), () => options.outside.openDataPlane(config, () => clock.monotonic()));

  const desks = createOpened<Desk>((error) => log.warn({ err: error }, 'closing the old desk'));
  const desk = ({ databaseAdminUrl: url }: PlatformConfig): Promise<Desk> => {
    const { openDesk } = options.outside;
    if (openDesk === undefined) throw new Error('this operator was given no desk for operations');
    return desks.of(url, () => openDesk(url));
  };

  const ofGateways = createGatewayTraffic({ client: options.client });
  /** Of the configuration as it is at each question. */
  const traffic: Traffic = {
    read(window, signal) {
      const { prometheusUrl } = platform();
      const source =
        prometheusUrl === undefined ? ofGateways : createPrometheusTraffic(prometheusUrl, clock.now);
      return source.read(window, signal);
    },
    forget: ofGateways.forget,
  };

  /** One for each system: whoever waits for Kafka is not kept waiting by Redis. */
  const recoveries = new Map<string, Recovery>();
  const recoveryOf = (system: string | undefined): Recovery => {
    const name = system ?? 'data-plane';
    const known = recoveries.get(name);
    if (known !== undefined) return known;
    const ask = async (): Promise<true> => {
      await (await dataPlane(platform())).ping(system);
      return true;
    };
    const recovery = createRecovery({ name, ask, watchers, clock });
    recoveries.set(name, recovery);
    return recovery;
  };

  const unsubscribe = reflectors.onPresence(options.onPresence);

  return {
    cacheOf,
    presenceOf: reflectors.presenceOf,
    applier: createApplier({
      fieldManager: FIELD_MANAGER,
      hashAnnotation: ANNOTATIONS.applied,
      // A cache of a resource holds objects of that resource; which is all the applier reads.
      cacheOf: (type) => cacheOf(type),
    }),
    events: options.events,
    platform,
    dataPlane,
    desk,
    archive: createArchiveNews(),
    distrust() {
      // Nothing was seen yet of a data plane that never opened.
      void planes
        .current()
        ?.then((plane) => plane.distrust())
        .catch(() => undefined);
    },
    whenUp: (wake, system) => recoveryOf(system).whenUp(wake),
    provisioned: createProvisioned(options.onProvisioned),
    runtime: options.outside.runtime,
    traffic,
    images: options.images,
    gatewayPort: options.gatewayPort,
    watchers,
    clock,
    log,
    async close() {
      unsubscribe();
      watchers.close();
      await planes.close();
      await desks.close();
    },
  };
}

interface Closable {
  close(): Promise<void>;
}

/** What was opened by a configuration. @param onCloseFailed the old one could not be closed; the new one is in use already */
function createOpened<T extends Closable>(onCloseFailed: (error: unknown) => void) {
  let current: { readonly key: string; readonly opened: Promise<T> } | undefined;
  return {
    /** A changed configuration means another one. Whoever works with the old one ends with its error, and is tried again. */
    of(key: string, open: () => Promise<T>): Promise<T> {
      if (current?.key === key) return current.opened;
      const old = current;
      const mine = { key, opened: open() };
      current = mine;
      // What could not be opened is opened anew at the next try.
      mine.opened.catch(() => {
        if (current === mine) current = undefined;
      });
      void old?.opened.then((former) => former.close()).catch(onCloseFailed);
      return mine.opened;
    },
    current: (): Promise<T> | undefined => current?.opened,
    async close(): Promise<void> {
      await (await current?.opened)?.close();
    },
  };
}
