/**
 * Tells the API server what became of routes and of the Gateway, as every implementation of the Gateway API does:
 * Accepted and ResolvedRefs on routes, Accepted and Programmed on the Gateway and its listeners. Written on change only.
 */
import type { Logger } from 'pino';
import type { Client } from '../../operator/kube/client.ts';
import { sleep, type Clock } from '../../operator/kube/clock.ts';
import {
  findCondition,
  setConditions,
  type Condition,
  type NewCondition,
} from '../../operator/kube/conditions.ts';
import { createController, source, type Reconcile } from '../../operator/kube/controller.ts';
import { isNotFound } from '../../operator/kube/errors.ts';
import { createReflector } from '../../operator/kube/reflector.ts';
import { gatewayClasses, gateways, resource } from '../../operator/kube/resources.ts';
import { keyOfObject, type KubeObject, type ResourceType } from '../../operator/kube/types.ts';
import type { CompiledRoute, RouteProblem } from './compile.ts';
import type { GatewayConfig } from './config.ts';
import { httpRouteType, isGateway, type Discovery } from './discovery.ts';
import type { HttpRoute, ParentRef, RouteParentStatus } from './httproute.ts';
import { isOwnService } from './splits.ts';

const CONTROLLER_NAME = 'shopmind.ai/gateway';

export interface StatusOptions {
  readonly client: Client;
  readonly log: Logger;
  readonly clock: Clock;
  readonly gateway: GatewayConfig['gateway'];
  readonly discovery: Discovery;
  /** Host names of a route that belong to another tenant. */
  readonly lostHosts: (routeKey: string) => readonly string[];
  readonly attachedRoutes: () => number;
}

/** Runs until `signal` is aborted; never rejects. */
export async function reportStatus(options: StatusOptions, signal: AbortSignal): Promise<void> {
  const { client, log, clock, discovery } = options;
  const routes = createController({
    name: 'httproute-status',
    client,
    log,
    clock,
    workers: 2,
    sources: [
      source(discovery.routes, ({ object, previous }) => [
        keyOfObject(object),
        // Whoever claims the same host may have won or lost it by this change.
        ...discovery.claimants([...(object.spec.hostnames ?? []), ...(previous?.spec.hostnames ?? [])]),
      ]),
      source(discovery.services, ({ type, object }) =>
        type === 'updated' ? [] : discovery.routesTo(`${object.metadata.namespace}/${object.metadata.name}`),
      ),
      source(discovery.grants, () => [...discovery.routes.cache.keys()]),
    ],
    reconcile: reconcileRoute(options),
  });
  const gatewayCache = createReflector<GatewayObject>({
    client,
    log,
    type: gatewayType,
    namespace: options.gateway.namespace,
  });
  const classCache = createReflector<StatusObject>({ client, log, type: classType });
  const gatewayStatus = createController({
    name: 'gateway-status',
    client,
    log,
    clock,
    workers: 1,
    sources: [
      source(gatewayCache),
      source(classCache, () => [...gatewayCache.cache.keys()]),
      source(discovery.routes, ({ type }) => (type === 'updated' ? [] : [...gatewayCache.cache.keys()])),
    ],
    reconcile: async (key, context) => {
      const { namespace, name } = options.gateway;
      const object = gatewayCache.cache.get(key);
      if (object === undefined || key !== `${namespace}/${name}`) return;
      const gatewayClass = classCache.cache.get(object.spec?.gatewayClassName ?? '');
      if (gatewayClass?.spec?.controllerName !== CONTROLLER_NAME) return;
      // Routes come in crowds: one write tells of them all.
      await sleep(clock, 300, context.signal);
      if (context.signal.aborted) return;
      await writeClass(context.client, classType, gatewayClass, clock);
      await writeGateway(context.client, object, options.attachedRoutes(), clock);
    },
  });
  await Promise.all([
    gatewayCache.run(signal),
    classCache.run(signal),
    routes.run(signal),
    gatewayStatus.run(signal),
  ]);
}

type StatusObject = KubeObject & {
  readonly spec?: { readonly controllerName?: string };
  readonly status?: { readonly conditions?: readonly Condition[] };
};

interface GatewayObject extends KubeObject {
  readonly spec?: {
    readonly gatewayClassName?: string;
    readonly listeners?: readonly { readonly name: string }[];
  };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly listeners?: readonly {
      readonly name: string;
      readonly attachedRoutes: number;
      readonly conditions?: readonly Condition[];
    }[];
  };
}

const gatewayType = resource<GatewayObject>(gateways.group, gateways.version, gateways.plural, gateways.kind);
const classType = resource<StatusObject>(
  gatewayClasses.group,
  gatewayClasses.version,
  gatewayClasses.plural,
  gatewayClasses.kind,
  false,
);

// ── routes ───────────────────────────────────────────────────────────────────────────────────────

const reconcileRoute =
  (options: StatusOptions): Reconcile =>
  async (key, { client, signal }) => {
    const { discovery } = options;
    const object = discovery.routes.cache.get(key);
    const compiled = discovery.compiled(key);
    if (object === undefined || compiled === undefined) return;
    const parents = parentsOf(object, compiled, options);
    if (JSON.stringify(parents) === JSON.stringify(object.status?.parents ?? [])) return;
    try {
      await client.patch(
        httpRouteType,
        object.metadata,
        {
          kind: 'merge',
          body: { metadata: { resourceVersion: object.metadata.resourceVersion }, status: { parents } },
        },
        { subresource: 'status', signal },
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  };

/** Our entries as they should be, and those of other controllers as they are. */
function parentsOf(
  object: HttpRoute,
  compiled: CompiledRoute,
  options: Pick<StatusOptions, 'gateway' | 'discovery' | 'lostHosts' | 'clock'>,
): readonly RouteParentStatus[] {
  const before = object.status?.parents ?? [];
  const conditions = routeConditions(
    compiled,
    options.lostHosts(compiled.key),
    options.discovery.hasService,
    object.metadata.generation ?? 0,
  );
  const ours = (object.spec.parentRefs ?? [])
    .filter(
      (parent) =>
        isGateway(parent, object.metadata.namespace, options.gateway) ||
        isOwnService(object.metadata.namespace)(parent),
    )
    .map((parentRef) => {
      const known = before.find(
        (entry) => entry.controllerName === CONTROLLER_NAME && sameParent(entry.parentRef, parentRef),
      );
      return {
        parentRef: known?.parentRef ?? parentRef,
        controllerName: CONTROLLER_NAME,
        conditions: setConditions(
          known?.conditions ?? [],
          conditions,
          options.clock,
        ) as RouteParentStatus['conditions'],
      };
    });
  return [...before.filter(({ controllerName }) => controllerName !== CONTROLLER_NAME), ...ours];
}

function routeConditions(
  compiled: CompiledRoute,
  lost: readonly string[],
  hasService: (key: string) => boolean,
  generation: number,
): readonly NewCondition[] {
  const problems = [...compiled.problems, ...missingServices(compiled, hasService)];
  const unsupported = problems.find(({ reason }) => reason === 'UnsupportedValue');
  const unresolved = problems.find(({ reason }) => reason !== 'UnsupportedValue');
  const isLost = lost.length > 0 && lost.length === compiled.hostnames.length;
  const lostMessage = `${lost.join(', ')} belong${lost.length === 1 ? 's' : ''} to a tenant with an older route`;
  const condition = (
    type: string,
    problem: { reason: string; message: string } | undefined,
    note: string,
  ): NewCondition => ({
    type,
    status: problem === undefined ? 'True' : 'False',
    reason: problem?.reason ?? type,
    message: problem?.message ?? note,
    observedGeneration: generation,
  });
  return [
    condition(
      'Accepted',
      isLost ? { reason: 'HostnameConflict', message: lostMessage } : unsupported,
      lost.length > 0 ? lostMessage : '',
    ),
    condition('ResolvedRefs', unresolved, ''),
  ];
}

function missingServices(compiled: CompiledRoute, hasService: (key: string) => boolean): RouteProblem[] {
  const names = new Set(
    compiled.candidates.flatMap(({ action }) =>
      action.backends.map(({ cluster }) => cluster.slice(0, cluster.lastIndexOf(':'))),
    ),
  );
  return [...names]
    .filter((name) => !hasService(name))
    .map((name) => ({ reason: 'BackendNotFound', message: `there is no Service ${name}` }));
}

const sameParent = (a: ParentRef, b: ParentRef): boolean =>
  a.kind === b.kind &&
  a.name === b.name &&
  a.namespace === b.namespace &&
  a.sectionName === b.sectionName &&
  a.port === b.port;

// ── the Gateway and its class ────────────────────────────────────────────────────────────────────

const yes = (type: string, generation: number): NewCondition => ({
  type,
  status: 'True',
  reason: type,
  message: '',
  observedGeneration: generation,
});

const isSet = (conditions: readonly Condition[] | undefined, type: string, generation: number): boolean => {
  const found = findCondition(conditions, type);
  return found?.status === 'True' && found.observedGeneration === generation;
};

async function writeClass(
  client: Client,
  type: ResourceType<StatusObject>,
  object: StatusObject,
  clock: Clock,
): Promise<void> {
  const { generation = 0 } = object.metadata;
  if (isSet(object.status?.conditions, 'Accepted', generation)) return;
  const conditions = setConditions(object.status?.conditions ?? [], [yes('Accepted', generation)], clock);
  await client.patch(
    type,
    object.metadata,
    { kind: 'merge', body: { status: { conditions } } },
    { subresource: 'status' },
  );
}

async function writeGateway(
  client: Client,
  object: GatewayObject,
  attachedRoutes: number,
  clock: Clock,
): Promise<void> {
  const { generation = 0 } = object.metadata;
  const before = object.status?.conditions ?? [];
  const conditions = setConditions(
    before,
    [yes('Accepted', generation), yes('Programmed', generation)],
    clock,
  );
  const listeners = (object.spec?.listeners ?? []).map(({ name }) => {
    const known = object.status?.listeners?.find((listener) => listener.name === name);
    return {
      name,
      attachedRoutes,
      supportedKinds: [{ group: gateways.group, kind: 'HTTPRoute' }],
      conditions: setConditions(
        known?.conditions ?? [],
        ['Accepted', 'Programmed', 'ResolvedRefs'].map((type) => yes(type, generation)),
        clock,
      ),
    };
  });
  const isSame =
    ['Accepted', 'Programmed'].every((type) => isSet(before, type, generation)) &&
    listeners.every(({ name, conditions: wanted }) => {
      const known = object.status?.listeners?.find((listener) => listener.name === name);
      return (
        known?.attachedRoutes === attachedRoutes &&
        wanted.every(({ type }) => isSet(known.conditions, type, generation))
      );
    });
  if (isSame) return;
  await client.patch(
    gatewayType,
    object.metadata,
    { kind: 'merge', body: { status: { conditions, listeners } } },
    { subresource: 'status' },
  );
}
