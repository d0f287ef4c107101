/**
 * EndpointSlices: where the Pods behind each Service listen, and which of them are ready.
 */
import { isNotFound } from './machinery/client.ts';
import { on, runController, type Context, type Controller } from './machinery/controller.ts';
import { digest, equal } from './machinery/equal.ts';
import { matchesLabels } from './machinery/selector.ts';
import {
  controllerReference,
  ENDPOINT_SLICES,
  keyOf,
  PODS,
  SERVICES,
  type Endpoint,
  type EndpointPort,
  type EndpointSlice,
  type Pod,
  type Service,
} from './machinery/wire.ts';
import { isReady } from './pods.ts';

const MANAGED_BY = 'endpointslice-controller.k8s.io';
export const SERVICE_LABEL = 'kubernetes.io/service-name';
const MANAGED_LABEL = 'endpointslice.kubernetes.io/managed-by';
const HEADLESS_LABEL = 'service.kubernetes.io/headless';
const MAX_ENDPOINTS = 100;

export interface SliceContent {
  readonly ports: EndpointPort[];
  readonly endpoints: Endpoint[];
}

/** One content per set of ports and hundred endpoints; at least one, so that an empty Service is known to be empty. */
export function planSlices(service: Service, pods: readonly Pod[]): SliceContent[] {
  const selector = service.spec.selector ?? {};
  const chosen = pods
    .filter((pod) => matchesLabels(selector, pod.metadata.labels))
    .filter((pod) => pod.status?.podIP && pod.status.phase !== 'Succeeded' && pod.status.phase !== 'Failed')
    .toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name));
  const groups = Map.groupBy(chosen, (pod) => JSON.stringify(portsFor(service, pod)));
  const contents = [...groups].flatMap(([ports, members]) =>
    chunks(members, MAX_ENDPOINTS).map((part) => ({
      ports: JSON.parse(ports) as EndpointPort[], // written two lines above
      endpoints: part.map((pod) => endpointOf(service, pod)),
    })),
  );
  return contents.length > 0 ? contents : [{ ports: [], endpoints: [] }];
}

function portsFor(service: Service, pod: Pod): EndpointPort[] {
  return (service.spec.ports ?? []).flatMap(
    ({ name = '', port, targetPort, protocol = 'TCP', appProtocol }) => {
      const number = targetNumber(targetPort ?? port, pod);
      if (number === undefined) return [];
      return [{ name, port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
    },
  );
}

/** A named port is looked up in the Pod's containers. */
function targetNumber(target: number | string, pod: Pod): number | undefined {
  if (typeof target === 'number') return target;
  if (/^\d+$/.test(target)) return Number(target);
  return pod.spec.containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === target)
    ?.containerPort;
}

function endpointOf(service: Service, pod: Pod): Endpoint {
  const serving = isReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const hostname =
    pod.spec.hostname && pod.spec.subdomain === service.metadata.name ? { hostname: pod.spec.hostname } : {};
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: { ready, serving, terminating },
    ...hostname,
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: {
      kind: 'Pod',
      name: pod.metadata.name,
      namespace: pod.metadata.namespace,
      uid: pod.metadata.uid,
    },
  };
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size),
  );
}

export function startEndpointSlices(context: Context): Controller {
  const { api } = context;
  const services = context.informers.of(SERVICES);
  const pods = context.informers.of(PODS);
  const slices = context.informers.of(ENDPOINT_SLICES);
  const serviceKeyOf = (slice: EndpointSlice): string[] => {
    const name = slice.metadata.labels?.[SERVICE_LABEL];
    return name === undefined ? [] : [`${slice.metadata.namespace}/${name}`];
  };
  slices.addIndex('service', serviceKeyOf);

  async function reconcile(key: string): Promise<undefined> {
    const service = services.get(key);
    const present = slices
      .indexed('service', key)
      .filter(
        ({ metadata }) => metadata.labels?.[MANAGED_LABEL] === MANAGED_BY && !metadata.deletionTimestamp,
      )
      .toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name));
    const selected = service && !service.metadata.deletionTimestamp && service.spec.selector;
    const wanted =
      selected && service.spec.type !== 'ExternalName'
        ? planSlices(service, pods.list(service.metadata.namespace))
        : [];
    // Without its Service a slice goes with the garbage collector; without a selector it goes here.
    if (service) for (const [at, content] of wanted.entries()) await write(service, content, present[at], at);
    for (const surplus of present.slice(wanted.length))
      await api
        .remove(ENDPOINT_SLICES, surplus.metadata, { uid: surplus.metadata.uid })
        .catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
  }

  async function write(
    service: Service,
    { ports, endpoints }: SliceContent,
    present: EndpointSlice | undefined,
    at: number,
  ): Promise<void> {
    const labels = {
      ...service.metadata.labels,
      [SERVICE_LABEL]: service.metadata.name,
      [MANAGED_LABEL]: MANAGED_BY,
      ...(service.spec.clusterIP === 'None' ? { [HEADLESS_LABEL]: '' } : {}),
    };
    if (!present) {
      const name = `${service.metadata.name}-${digest([service.metadata.uid, at], 5)}`;
      const ownerReferences = [controllerReference(service, SERVICES)];
      const slice = { metadata: { name, labels, ownerReferences }, addressType: 'IPv4', endpoints, ports };
      slices.observe(await api.create(ENDPOINT_SLICES, service.metadata.namespace, slice));
      return;
    }
    const same =
      equal(present.endpoints ?? [], endpoints) &&
      equal(present.ports ?? [], ports) &&
      Object.entries(labels).every(([label, value]) => present.metadata.labels?.[label] === value);
    if (same) return;
    const patch = { metadata: { uid: present.metadata.uid, labels }, endpoints, ports };
    slices.observe(await api.patch(ENDPOINT_SLICES, present.metadata, patch));
  }

  const selecting = (pod: Pod | undefined): string[] =>
    pod
      ? services
          .list(pod.metadata.namespace)
          .filter(({ spec }) => spec.selector && matchesLabels(spec.selector, pod.metadata.labels))
          .map(keyOf)
      : [];

  return runController(context, {
    name: 'endpointslice',
    sources: [
      on(services),
      on(slices, ({ object, previous }) => [
        ...(object ? serviceKeyOf(object) : []),
        ...(previous ? serviceKeyOf(previous) : []),
      ]),
      on(pods, ({ object, previous }) => [...new Set([...selecting(object), ...selecting(previous)])]),
    ],
    reconcile,
    concurrency: 8,
  });
}
