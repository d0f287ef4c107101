/**
 * A world in memory for tests of reconciles: an API server that keeps objects, a data plane that keeps notes, both of
 * which fail when told to. Time stands still; nothing runs but what the test runs.
 */
import {
  ANNOTATIONS,
  customResourceDefinitions,
  FIELD_MANAGER,
  PENDING_STATUS,
  withDefaults,
} from '../../../crds/index.ts';
import type { Structural } from '../../../crds/index.ts';
import { createApplier } from '../../kube/apply.ts';
import { createCache } from '../../kube/cache.ts';
import type { WritableCache } from '../../kube/cache.ts';
import type { Client } from '../../kube/client.ts';
import type { Reconcile } from '../../kube/controller.ts';
import { NO_SPANS } from '../../kube/spans.ts';
import { KubeError } from '../../kube/errors.ts';
import { testLog } from '../../kube/testing/log.ts';
import type { Presence } from '../../kube/optional.ts';
import { manualClock, type ManualClock } from '../../kube/testing/clock.ts';
import { keyOf, refOf, resourceName } from '../../kube/types.ts';
import type { KubeObject, Ref, ResourceType } from '../../kube/types.ts';
import type { DataPlane } from '../../provisioners/data-plane.ts';
import { parsePlatform } from '../../resources/platform.ts';
import type { PlatformConfig } from '../../resources/platform.ts';
import {
  CHILDREN,
  deployments,
  horizontalPodAutoscalers,
  httpRoutes,
  OPTIONAL,
  shopServices,
  tenants,
} from '../kinds.ts';
import type { TenantObject } from '../kinds.ts';
import { byHost, HOST_INDEX } from '../reflectors.ts';
import { createFakeMoves } from './moves.ts';
import type { FakeMoves } from './moves.ts';
import { createFakeDesk } from './desk.ts';
import type { FakeDesk } from './desk.ts';
import { createArchiveKeeper, createArchiveNews, PLATFORM_KEY } from '../backups/keep.ts';
import { createServiceReconciler } from '../service/reconcile.ts';
import { createTenantReconciler } from '../tenant/reconcile.ts';
import type { ImportReport, RuntimeApi } from '../tenant/runtime-api.ts';
import type { Figures } from '../traffic/traffic.ts';
import type { Watchers } from '../watchers.ts';
import { createProvisioned } from '../world.ts';
import type { World } from '../world.ts';

/** Any object with its parts. */
type Whole = KubeObject & { readonly spec?: unknown; readonly status?: unknown; readonly data?: unknown };

export interface TestWorld {
  /** What was written, as "apply Namespace tenant-acme" or "status ShopMindTenant acme". */
  readonly writes: string[];
  /** What the data plane was told, in order. */
  readonly told: string[];
  readonly clock: ManualClock;
  /** What is counted of a backend's requests, by its name; of others nothing is known. */
  readonly figures: Map<string, Figures>;
  readonly events: string[];
  /** Tenants with the schema's defaults; Services likewise. */
  putTenant(name: string, spec: object, metadata?: object): void;
  putService(name: string, spec: object): void;
  annotateService(name: string, annotations: Readonly<Record<string, string>>): void;
  /** Reconciles everything once. @returns whether something failed */
  reconcile(): Promise<boolean>;
  /** A new process: what reconciles remembered is forgotten, the cluster is not. */
  restart(): void;
  annotate(name: string, annotations: Readonly<Record<string, string>>): void;
  deleteTenant(name: string): void;
  tenant(name: string): TenantObject | undefined;
  get<T extends KubeObject = KubeObject>(type: ResourceType<T>, key: string): T | undefined;
  keys(type: ResourceType): readonly string[];
  put(type: ResourceType, object: Whole): void;
  remove(type: ResourceType, key: string): void;
  /** Takes the object out of the operator's caches, as for one without its label; the server still has it. */
  hide(type: ResourceType, key: string): void;
  setCreated(tenant: string, at: string): void;
  /** Every object as JSON without versions, ids and times, for comparing end states. */
  snapshot(): Record<string, unknown>;
  /** Fails the n-th write from now once; `afterwards`: it is stored all the same, as when the answer is lost. */
  failWrite(n: number, afterwards: boolean): void;
  /** What a method of the data plane throws, until set to undefined. */
  breakDataPlane(error: Error | undefined): void;
  /** Optional kinds by name; those not named are absent. */
  readonly presence: Map<string, Presence>;
  /** Further keys of ConfigMap platform. */
  readonly config: Record<string, string>;
  /** The configuration as it is now. */
  platform(): PlatformConfig;
  /** Loses the connection at the n-th step of the data plane from now; `afterwards`: the step is done all the same. */
  failStep(n: number, afterwards: boolean): void;
  /** This step of the data plane loses its connection each time, until set to undefined. */
  holdStep(what: string | undefined): void;
  /** Puts back into the caches a tenant that the server has no longer, as caches that lag behind would. */
  outlive(tenant: TenantObject): void;
  /** Puts another status in the place of the tenant's, as a cache that lags behind would. */
  putTenantStatus(name: string, status: TenantObject['status']): void;
  /** Operations on the database, in memory. */
  readonly desk: FakeDesk;
  /** One visit of what keeps the archive. */
  keepArchive(): Promise<void>;
  /** The moves of the data plane, in memory. */
  readonly moves: FakeMoves;
  /** Whether Pods become ready by themselves. */
  podsReady: boolean;
  /** What the gateway does with routes it has not looked at yet. */
  gateway: 'accepts' | 'refuses' | 'away';
  /** Reports the runtime gives for an import, by source; a function may throw. */
  readonly imports: Map<string, () => ImportReport>;
  /** Reconciles everything until nothing changes. @returns rounds */
  settle(): Promise<number>;
}

/** @param options.patienceMs how long a tenant's waits stay out of its status */
export function createTestWorld(options: { readonly patienceMs?: number } = {}): TestWorld {
  const caches = new Map<string, WritableCache>();
  caches.set(
    resourceName(tenants),
    // The index reads tenants only, and only tenants are stored here.
    createCache<TenantObject>({ [HOST_INDEX]: byHost }) as unknown as WritableCache,
  );
  for (const type of [...CHILDREN, ...OPTIONAL])
    if (!caches.has(resourceName(type))) caches.set(resourceName(type), createCache());
  const cacheOf = (type: ResourceType): WritableCache => {
    const cache = caches.get(resourceName(type));
    if (cache === undefined) throw new RangeError(`${resourceName(type)} is not kept here`);
    return cache;
  };

  let version = 0;
  let failure: { left: number; afterwards: boolean } | undefined;
  let broken: Error | undefined;
  const writes: string[] = [];
  const told: string[] = [];
  const events: string[] = [];
  const imports = new Map<string, () => ImportReport>();
  const figures = new Map<string, Figures>();
  const hidden = new Map<string, KubeObject>();
  /** Tenants that only the caches have. */
  const outlived = new Set<string>();
  const clock = manualClock();

  const store = (type: ResourceType, object: Whole): KubeObject => {
    const stored = structuredClone(object);
    stored.metadata.resourceVersion = String(++version);
    cacheOf(type).upsert(stored);
    return stored;
  };

  /** Deleting takes along what is owned, and what is in a namespace. */
  const drop = (type: ResourceType, object: KubeObject): void => {
    cacheOf(type).remove(object);
    for (const child of [...CHILDREN, ...OPTIONAL]) {
      for (const other of Array.from(cacheOf(child).values())) {
        const owned = other.metadata.ownerReferences?.some(({ uid }) => uid === object.metadata.uid) === true;
        const inside = type.kind === 'Namespace' && other.metadata.namespace === object.metadata.name;
        if (owned || inside) drop(child, other);
      }
    }
  };

  async function write<T>(what: string, act: () => T): Promise<T> {
    const failing = failure !== undefined && --failure.left === 0 ? failure : undefined;
    if (failing !== undefined) failure = undefined;
    const error = new KubeError({
      code: 500,
      reason: 'InternalError',
      message: `${what} was broken by the test`,
      retryable: true,
    });
    if (failing !== undefined && !failing.afterwards) throw error;
    const result = act();
    writes.push(what);
    if (failing !== undefined) throw error;
    return result;
  }

  const isOutlived = (type: ResourceType, ref: Ref): boolean =>
    resourceName(type) === resourceName(tenants) && outlived.has(ref.name);

  const applied = (type: ResourceType, intent: Whole, subresource: string | undefined): KubeObject => {
    const before = cacheOf(type).get(keyOf(intent.metadata)) as
      | (KubeObject & { status?: unknown })
      | undefined;
    if (subresource === 'status') {
      if (before === undefined || isOutlived(type, intent.metadata))
        throw notFound(type, intent.metadata.name);
      return store(type, {
        ...structuredClone(before),
        status: intent.status,
      });
    }
    // A version that is named must be the one of what is there, seen by the operator or not.
    const { resourceVersion } = intent.metadata;
    const there = before ?? hidden.get(`${type.kind}/${keyOf(intent.metadata)}`);
    if (
      resourceVersion !== undefined &&
      there !== undefined &&
      there.metadata.resourceVersion !== resourceVersion
    )
      throw conflict(type, intent.metadata.name);
    const fresh: KubeObject & { status?: unknown; spec?: unknown } = { ...structuredClone(intent) };
    const schema = SPEC_SCHEMAS.get(resourceName(type));
    if (schema !== undefined) fresh.spec = withDefaults(schema, fresh.spec ?? {});
    const changed =
      JSON.stringify((before as { spec?: unknown } | undefined)?.spec) !== JSON.stringify(fresh.spec);
    fresh.metadata = {
      ...before?.metadata,
      ...fresh.metadata,
      uid: before?.metadata.uid ?? `uid-${type.kind}-${keyOf(intent.metadata)}`,
      generation: (before?.metadata.generation ?? 0) + (changed ? 1 : 0),
      creationTimestamp: before?.metadata.creationTimestamp ?? '2026-01-01T00:00:00Z',
    };
    if (before?.status !== undefined) fresh.status = before.status;
    else if (schema !== undefined) fresh.status = PENDING_STATUS;
    return store(type, fresh);
  };

  // Only what reconcilers call is there; anything else is a bug of the test and shows as "is not a function".
  const client = {
    find: async (type: ResourceType, ref: Ref) =>
      cacheOf(type).get(keyOf(ref)) ?? hidden.get(`${type.kind}/${keyOf(ref)}`),
    /** Of one name, as far as that is asked here. */
    list: async (type: ResourceType, { fieldSelector }: { fieldSelector: string }) => ({
      items: Array.from(cacheOf(type).values()).filter(
        ({ metadata }) => fieldSelector === `metadata.name=${metadata.name}` && !isOutlived(type, metadata),
      ),
    }),
    apply: (type: ResourceType, intent: KubeObject, options: { subresource?: string }) =>
      write(`${options.subresource ?? 'apply'} ${type.kind} ${keyOf(intent.metadata)}`, () =>
        applied(type, intent, options.subresource),
      ),
    patch: (type: ResourceType, ref: Ref, patch: { body: { metadata: { finalizers: string[] } } }) =>
      write(`finalizers ${type.kind} ${keyOf(ref)}`, () => {
        const before = cacheOf(type).get(keyOf(ref));
        if (before === undefined) throw notFound(type, ref.name);
        const { finalizers } = patch.body.metadata;
        const after = {
          ...structuredClone(before),
          metadata: { ...structuredClone(before.metadata), finalizers },
        };
        if (finalizers.length === 0 && after.metadata.deletionTimestamp !== undefined) {
          drop(type, before);
          return after;
        }
        return store(type, after);
      }),
    delete: (type: ResourceType, ref: Ref) =>
      write(`delete ${type.kind} ${keyOf(ref)}`, () => {
        if (hidden.delete(`${type.kind}/${keyOf(ref)}`)) return undefined;
        const before = cacheOf(type).get(keyOf(ref));
        if (before === undefined) throw notFound(type, ref.name);
        drop(type, before);
        return undefined;
      }),
  } as unknown as Client;

  let failing: { left: number; afterwards: boolean } | undefined;
  let held: string | undefined;
  const lost = (): Error => Object.assign(new Error('connection lost'), { code: 'ECONNRESET' });
  /** A step of the data plane: `act` is what it does there. */
  const step = async <T>(what: string, act: () => T): Promise<T> => {
    if (broken !== undefined) throw broken;
    if (what === '') return act();
    if (what === held) throw lost();
    const mine = failing !== undefined && --failing.left === 0 ? failing : undefined;
    if (mine !== undefined) failing = undefined;
    if (mine?.afterwards === false) throw lost();
    const result = act();
    told.push(what);
    if (mine !== undefined) throw lost();
    return result;
  };
  const tell = (what: string, answer: readonly string[] = []): Promise<readonly string[]> =>
    step(what, () => answer);
  const registered = new Map<string, string>();
  const moves = createFakeMoves(step);
  const dataPlane: DataPlane = {
    moves,
    ensureTarget: async (schema) => {
      if (broken === undefined && moves.schemas.has(schema)) return [];
      return step(`ensure schema ${schema}`, () => {
        moves.schemas.add(schema);
        return [`CREATE SCHEMA ${schema}`];
      });
    },
    addresses: () => Promise.resolve({}),
    ensurePool: () => tell(''),
    distrust: () => undefined,
    ensureTenant: async ({ tenant, schema, domains, logins, adminToken, webhookUrl }) => {
      const { name } = tenant.metadata;
      const home = moves.homes.get(name) ?? schema;
      if (home !== schema) throw new Error(`the rows of ${name} are in ${home}, not in ${schema}`);
      const entry = JSON.stringify({
        schema,
        domains,
        logins: logins.map(({ user }) => user),
        adminToken,
        webhookUrl,
        spec: tenant.spec,
      });
      if (broken === undefined && registered.get(name) === entry) return [];
      const done = await tell(`ensure ${name}`, [`ensured ${name}`]);
      registered.set(name, entry);
      moves.homes.set(name, schema);
      if (schema !== 'shop') moves.schemas.add(schema);
      return done;
    },
    planTenant: async () => ['APPLY MIGRATION shelf/002'],
    knows: async (name) => registered.has(name),
    unregister: (name) => {
      registered.delete(name);
      return tell(`unregister ${name}`);
    },
    destroyTenant: async (tenant, schema) => {
      const { name } = tenant.metadata;
      const { move } = await moves.find(name);
      const switched = move?.state === 'switched' || move?.state === 'cleaning';
      const home = move === undefined ? schema : switched ? move.to : move.from;
      const done = await tell(`destroy ${name} ${tenant.spec.deletionPolicy}`, [`gone from ${home}`]);
      if (move !== undefined) await moves.abandon(name);
      moves.schemas.delete(home);
      moves.homes.delete(name);
      return done;
    },
    ping: async () => undefined,
    close: async () => undefined,
  };

  const pending: Promise<void>[] = [];
  const asked = new Map<string, { answer: unknown }>();
  /** Questions without an answer: the first of each subject is asked again and again. */
  const asking = new Map<string, () => Promise<unknown>>();
  const watchers: Watchers = {
    poll<T>(subject: string, ask: () => Promise<T | undefined>): T | undefined {
      const known = asked.get(subject);
      if (known !== undefined) {
        asked.delete(subject);
        asking.delete(subject);
        // The subject names the question, so the answer has the type of this question's answers.
        return known.answer as T;
      }
      const first = asking.get(subject) ?? ask;
      asking.set(subject, first);
      pending.push(
        first().then(
          (answer) => void (answer === undefined ? undefined : asked.set(subject, { answer })),
          () => undefined,
        ),
      );
      return undefined;
    },
    forget(subject) {
      asked.delete(subject);
      asking.delete(subject);
    },
    close: () => undefined,
  };

  const runtime: RuntimeApi = {
    serves: async () => true,
    startImport: async (_, source) => {
      const answer = imports.get(source);
      if (answer === undefined) throw new Error('the runtime is away');
      return answer();
    },
    importReport: async () => undefined,
  };

  const desk = createFakeDesk(() => clock.now());
  const archive = createArchiveNews();
  const world: World = {
    cacheOf: (type) => cacheOf(type) as never,
    presenceOf: (type) => (OPTIONAL.includes(type) ? (self.presence.get(type.kind) ?? 'absent') : 'served'),
    applier: createApplier({ fieldManager: FIELD_MANAGER, hashAnnotation: ANNOTATIONS.applied, cacheOf }),
    events: {
      record: (about, { type, reason }) => void events.push(`${type} ${reason} ${about.metadata.name}`),
    },
    platform: () =>
      parsePlatform(
        {
          BLOBS_URL: 'file:///blobs/',
          PUBLIC_PORT: '8080',
          PAYMENTS_URL: 'http://processor.shopmind-system.svc:8090',
          ...self.config,
        },
        {
          DATABASE_ADMIN_URL: 'postgres://postgres:x@postgres.shopmind-system.svc:5432/shopmind',
          SECRETS_KEY: Buffer.alloc(32).toString('base64'),
        },
      ),
    dataPlane: async () => dataPlane,
    desk: async () => desk,
    archive,
    distrust: () => undefined,
    whenUp: () => undefined,
    provisioned: createProvisioned(() => undefined),
    runtime,
    traffic: {
      read: async ({ backend }) => figures.get(backend) ?? UNKNOWN,
      forget: () => undefined,
    },
    images: { runtime: 'shopmind/runtime', recovery: 'shopmind/recovery', pullPolicy: 'Never' },
    gatewayPort: 8080,
    watchers,
    clock,
    log: testLog().log,
  };
  const createReconcilers = (): readonly (readonly [ResourceType, Reconcile])[] => [
    [shopServices, createServiceReconciler(world, { enqueue: () => undefined })],
    [tenants, createTenantReconciler(world, { enqueue: () => undefined, ...options })],
  ];
  let reconcilers = createReconcilers();

  async function reconcileAll(): Promise<boolean> {
    let failed = false;
    for (const [type, reconcile] of reconcilers) {
      for (const key of [...cacheOf(type).keys()].toSorted()) {
        const { name, namespace = '' } = refOf(key);
        const context = {
          name,
          namespace,
          client,
          log: world.log,
          failures: 0,
          spans: NO_SPANS,
          signal: new AbortController().signal,
        };
        try {
          await reconcile(key, context);
        } catch (error) {
          if (!(error instanceof KubeError)) throw error;
          failed = true;
        }
      }
    }
    await Promise.all(pending.splice(0));
    if (self.podsReady) runDeployments();
    runGateway();
    return failed;
  }

  /** What the Deployment controller and a kubelet would do. */
  function runDeployments(): void {
    for (const object of Array.from(cacheOf(deployments).values())) {
      const deployment = structuredClone(object) as KubeObject & {
        spec: { replicas?: number };
        status?: object;
      };
      const autoscaler: Whole | undefined = cacheOf(horizontalPodAutoscalers).get(keyOf(object.metadata));
      // Without load an autoscaler keeps the least number of Pods.
      const least = (autoscaler?.spec as { minReplicas: number } | undefined)?.minReplicas;
      deployment.spec.replicas = least ?? deployment.spec.replicas ?? 1;
      const replicas = deployment.spec.replicas;
      const status = {
        observedGeneration: deployment.metadata.generation,
        replicas,
        readyReplicas: replicas,
        availableReplicas: replicas,
        updatedReplicas: replicas,
      };
      if (JSON.stringify(deployment.status) === JSON.stringify(status)) continue;
      store(deployments, Object.assign(deployment, { status }));
    }
  }

  /** What a gateway would say of every route. */
  function runGateway(): void {
    for (const route of Array.from(cacheOf(httpRoutes).values())) {
      const { generation } = route.metadata;
      const status = self.gateway === 'accepts' ? 'True' : 'False';
      const accepted = {
        type: 'Accepted',
        status,
        reason: self.gateway,
        message: '',
        observedGeneration: generation,
      };
      const wanted = { parents: [{ conditions: [accepted] }] };
      const { status: before }: Whole = route;
      if (self.gateway === 'away' || JSON.stringify(before) === JSON.stringify(wanted)) continue;
      store(httpRoutes, { ...structuredClone(route), status: wanted });
    }
  }

  const self: TestWorld = {
    desk,
    async keepArchive() {
      const keep = createArchiveKeeper(world, { onNews: () => undefined, wake: () => undefined });
      const { name, namespace = '' } = refOf(PLATFORM_KEY);
      const signal = new AbortController().signal;
      await keep(PLATFORM_KEY, {
        name,
        namespace,
        client,
        log: world.log,
        failures: 0,
        spans: NO_SPANS,
        signal,
      });
    },
    writes,
    told,
    clock,
    figures,
    events,
    imports,
    presence: new Map(),
    config: {},
    platform: world.platform,
    reconcile: reconcileAll,
    restart() {
      asking.clear();
      reconcilers = createReconcilers();
    },
    moves,
    podsReady: true,
    gateway: 'accepts',
    putTenant: (name, spec, metadata = {}) =>
      void applied(
        tenants,
        {
          apiVersion: 'shopmind.ai/v1beta1',
          kind: 'ShopMindTenant',
          metadata: { name, ...metadata },
          spec,
        },
        undefined,
      ),
    putService: (name, spec) =>
      void applied(
        shopServices,
        {
          apiVersion: 'shopmind.ai/v1beta1',
          kind: 'Service',
          metadata: { name, namespace: 'shopmind-system' },
          spec,
        },
        undefined,
      ),
    annotateService(name, annotations) {
      const before = cacheOf(shopServices).get(`shopmind-system/${name}`);
      if (before === undefined) throw new Error(`there is no Service ${name}`);
      store(shopServices, {
        ...structuredClone(before),
        metadata: { ...structuredClone(before.metadata), annotations },
      });
    },
    annotate(name, annotations) {
      const before = self.tenant(name);
      if (before === undefined) throw new Error(`there is no tenant ${name}`);
      const after = structuredClone(before);
      after.metadata.annotations = { ...after.metadata.annotations, ...annotations };
      store(tenants, after);
    },
    deleteTenant(name) {
      const before = self.tenant(name);
      if (before === undefined) throw new Error(`there is no tenant ${name}`);
      const after = structuredClone(before);
      after.metadata.deletionTimestamp = '2026-01-02T00:00:00Z';
      if ((after.metadata.finalizers ?? []).length === 0) drop(tenants, after);
      else store(tenants, after);
    },
    tenant: (name) => cacheOf(tenants).get(name) as TenantObject | undefined,
    get: (type, key) => cacheOf(type).get(key) as never,
    keys: (type) => [...cacheOf(type).keys()],
    put: (type, object) => void store(type, object),
    remove(type, key) {
      const object = cacheOf(type).get(key);
      if (object !== undefined) drop(type, object);
    },
    outlive(tenant) {
      outlived.add(tenant.metadata.name);
      cacheOf(tenants).upsert(tenant);
    },
    hide(type, key) {
      const object = cacheOf(type).get(key);
      if (object === undefined) return;
      cacheOf(type).remove(object);
      hidden.set(`${type.kind}/${key}`, object);
    },
    setCreated(name, at) {
      const after = structuredClone(self.tenant(name));
      if (after === undefined) throw new Error(`there is no tenant ${name}`);
      after.metadata.creationTimestamp = at;
      store(tenants, after);
    },
    snapshot: () =>
      Object.fromEntries(
        [...caches].flatMap(([name, cache]) =>
          [...cache.values()].map((object) => [`${name}/${keyOf(object.metadata)}`, comparable(object)]),
        ),
      ),
    failWrite(n, afterwards) {
      failure = { left: n, afterwards };
    },
    failStep(n, afterwards) {
      failing = { left: n, afterwards };
    },
    holdStep(what) {
      held = what;
    },
    putTenantStatus(name, status) {
      const before = self.tenant(name);
      if (before === undefined) throw new Error(`there is no tenant ${name}`);
      store(tenants, { ...structuredClone(before), status });
    },
    breakDataPlane(error) {
      broken = error;
    },
    async settle() {
      for (let round = 1; round < 50; round++) {
        const before = version;
        const failed = await reconcileAll();
        if (!failed && version === before && asked.size === 0) return round;
      }
      throw new Error(`the world does not settle; last writes: ${writes.slice(-8).join(', ')}`);
    },
  };
  return self;
}

const UNKNOWN: Figures = { requests: 0, errors: 0, p99Ms: undefined, missing: 'nobody counts here' };

/** A tenant's own state, without what differs from run to run: versions, generated secrets, counters. */
function comparable(object: KubeObject): unknown {
  const { resourceVersion: _, generation: __, annotations, ...metadata } = object.metadata;
  const { 'shopmind.ai/applied': ___, ...kept } = annotations ?? {};
  const text = JSON.stringify(
    { ...object, metadata: { ...metadata, annotations: kept } },
    (key, value: unknown) =>
      key === 'observedGeneration' || key.endsWith('-secret') || key === 'data' ? undefined : value,
  );
  return JSON.parse(text);
}

const SPEC_SCHEMAS: ReadonlyMap<string, Structural> = new Map(
  customResourceDefinitions().map((crd) => {
    const spec = crd.spec.versions[0]?.schema.openAPIV3Schema.properties?.['spec'];
    if (spec === undefined) throw new Error('a kind has no spec');
    return [crd.metadata.name, spec];
  }),
);

function conflict(type: ResourceType, name: string): KubeError {
  const message = `Operation cannot be fulfilled on ${type.plural} "${name}": the object has been modified`;
  return new KubeError({ code: 409, reason: 'Conflict', message, retryable: true });
}

function notFound(type: ResourceType, name: string): KubeError {
  return new KubeError({ code: 404, reason: 'NotFound', message: `${type.plural} "${name}" not found` });
}

/** The pool as the installation declares it. */
export function withPool(world: TestWorld): TestWorld {
  world.putService('runtime', { domains: ['accounts', 'catalog', 'orders', 'payments'] });
  return world;
}
