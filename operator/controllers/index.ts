/**
 * The operator's controllers, ready to run. Loading this loads the builders and provisioners; the main does it while
 * the caches fill.
 */
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Client } from '../kube/client.ts';
import { createController } from '../kube/controller.ts';
import type { Controller, ControllerMetrics } from '../kube/controller.ts';
import type { Recorder } from '../kube/events.ts';
import { NO_SPANS } from '../kube/spans.ts';
import type { Spans } from '../kube/spans.ts';
import type { Images } from '../resources/workload.ts';
import { keyOfObject } from '../kube/types.ts';
import { openDataPlane } from '../provisioners/data-plane.ts';
import { openDesk } from '../recovery/desk.ts';
import { archiveSources } from './backups/controller.ts';
import { createArchiveKeeper, PLATFORM_KEY } from './backups/keep.ts';
import { createArchiveMetrics } from './backups/metrics.ts';
import { shopServices, tenants as tenantKind } from './kinds.ts';
import { createLiveWorld } from './live.ts';
import type { LiveWorld, Outside } from './live.ts';
import { TENANT_INDEX } from './reflectors.ts';
import type { Reflectors } from './reflectors.ts';
import { factsOf, statements } from './spans.ts';
import { serviceSources } from './service/controller.ts';
import { createServiceReconciler } from './service/reconcile.ts';
import { tenantSources } from './tenant/controller.ts';
import { createTenantReconciler } from './tenant/reconcile.ts';
import { createRuntimeApi } from './tenant/runtime-api.ts';

export interface ControllersOptions {
  readonly client: Client;
  readonly reflectors: Reflectors;
  readonly events: Recorder;
  readonly images: Images;
  readonly gatewayPort: number;
  readonly metrics: ControllerMetrics;
  /** Takes the figures of the archive; absent: nobody counts them. */
  readonly registry?: Registry;
  readonly log: Logger;
  /** Absent: nothing is traced. */
  readonly spans?: Spans;
  /** Asked before everything that is done to the data plane: throws once this process no longer leads. */
  readonly mayAct?: () => void;
  /** The data plane and the runtimes; absent: the real ones. Benchmarks and fault tests bring their own. */
  readonly outside?: Outside;
}

export interface Controllers {
  readonly all: readonly Controller[];
  readonly world: LiveWorld;
}

/** Short enough that nobody who watches asks why nothing is said. */
const PATIENCE_MS = 1_000;

export function createControllers(options: ControllersOptions): Controllers {
  const { client, reflectors, metrics, log, spans = NO_SPANS } = options;
  const world = createLiveWorld({
    ...options,
    outside: options.outside ?? {
      openDataPlane: (config, monotonic) =>
        openDataPlane(config, monotonic, options.mayAct, (work) => statements(spans, work)),
      runtime: createRuntimeApi(),
      openDesk: (url) => openDesk(url, options.mayAct),
    },
    onProvisioned(tenant) {
      for (const service of reflectors.of(shopServices).cache.byIndex(TENANT_INDEX, tenant))
        services.enqueue(keyOfObject(service), 'the tenant is provisioned');
    },
    onPresence() {
      const why = 'a kind came or went';
      for (const key of reflectors.of(shopServices).cache.keys()) services.enqueue(key, why);
      for (const key of reflectors.of(tenantKind).cache.keys()) tenants.enqueue(key, why);
    },
  });
  const alsoReads = reflectors.all;
  // Workers mostly wait for the API server or the database; the server is busy with about this many requests.
  const common = { client, log, metrics, spans, alsoReads, workers: 16 };
  const tenants: Controller = createController({
    ...common,
    name: 'shopmindtenant',
    sources: tenantSources(reflectors),
    factsOf: (tenant) => factsOf(tenant),
    reconcile: createTenantReconciler(world, {
      enqueue: (key, why) => tenants.enqueue(key, why),
      patienceMs: PATIENCE_MS,
    }),
  });
  const services: Controller = createController({
    ...common,
    name: 'service',
    sources: serviceSources(reflectors),
    factsOf: (key) => factsOf(reflectors.of(shopServices).cache.get(key)?.spec.tenant),
    // A delivery that is looked at every second is no storm, and must not wait when it goes wrong.
    breaker: { burst: 240, perSecond: 4 },
    reconcile: createServiceReconciler(world, {
      enqueue: (key, why) => services.enqueue(key, why),
      patienceMs: PATIENCE_MS,
    }),
  });
  const backups: Controller = createController({
    ...common,
    name: 'backup',
    sources: archiveSources(reflectors),
    reconcile: createArchiveKeeper(world, {
      ...(options.registry === undefined ? {} : { metrics: createArchiveMetrics(options.registry) }),
      wake: () => backups.enqueue(PLATFORM_KEY, 'the data plane answers'),
      onNews() {
        const why = 'there is news of the archive';
        for (const key of reflectors.of(shopServices).cache.keys()) services.enqueue(key, why);
        for (const key of reflectors.of(tenantKind).cache.keys()) tenants.enqueue(key, why);
      },
    }),
  });
  return { all: [services, tenants, backups], world };
}
