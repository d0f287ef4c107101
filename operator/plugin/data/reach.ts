/**
 * A way from here to a port inside the cluster: names under `.svc` are known inside only, so a ready Pod's address is asked of
 * the API and tried; where it does not answer, the API server carries the bytes (port-forward).
 */
import { connect } from 'node:net';
import type { Client } from '../../kube/client.ts';
import { endpointSlices, pods, services } from '../../kube/resources.ts';
import { EXIT, Failure } from '../failure.ts';

/** Where to connect instead. */
export interface Way {
  readonly host: string;
  readonly port: number;
  readonly via: 'address' | 'port-forward';
  close(): void;
}

/** Nothing behind a Service of the cluster is ready. */
export class NoEndpointError extends Failure {
  readonly namespace: string;
  readonly selector: Readonly<Record<string, string>>;

  constructor(service: string, namespace: string, selector: Readonly<Record<string, string>>) {
    super(`Service ${namespace}/${service} has no ready Pod`, {
      exitCode: EXIT.unavailable,
      remedy: `See: kubectl get pods -n ${namespace}`,
    });
    this.namespace = namespace;
    this.selector = selector;
  }
}

/** An address of the machine's own network answers within this, or not at all. */
const PATIENCE_MS = 1_000;

/** @throws Failure saying what was tried */
export async function wayTo(client: Client, host: string, port: number): Promise<Way> {
  const [service = '', namespace, svc] = host.split('.');
  if (svc !== 'svc' || namespace === undefined) {
    const problem = await tryConnect(host, port);
    if (problem === undefined) return { host, port, via: 'address', close: () => undefined };
    throw new Failure(`${host}:${port} cannot be reached from here: ${problem}`, {
      exitCode: EXIT.unavailable,
      remedy:
        'It is outside the cluster: run the command where the address is reachable, for example in a Pod.',
    });
  }
  const slices = await client.listAll(endpointSlices, {
    namespace,
    labelSelector: `kubernetes.io/service-name=${service}`,
  });
  const ready = slices.items
    .flatMap(({ endpoints }) => endpoints ?? [])
    .find(({ conditions }) => conditions?.ready !== false);
  const [address] = ready?.addresses ?? [];
  if (ready === undefined || address === undefined) {
    const found = await client.find(services, { namespace, name: service });
    throw new NoEndpointError(service, namespace, found?.spec?.selector ?? {});
  }
  return toPod(client, { namespace, name: ready.targetRef?.name, address }, port);
}

/** @throws Failure saying what was tried */
export async function wayToPod(
  client: Client,
  ref: { readonly namespace: string; readonly name: string },
  port: number,
): Promise<Way> {
  const pod = await client.get(pods, ref);
  return toPod(client, { ...ref, address: pod.status?.podIP ?? '' }, port);
}

async function toPod(
  client: Client,
  pod: { readonly namespace: string; readonly name: string | undefined; readonly address: string },
  port: number,
): Promise<Way> {
  const problem = pod.address === '' ? 'it has no address' : await tryConnect(pod.address, port);
  if (problem === undefined) return { host: pod.address, port, via: 'address', close: () => undefined };
  if (pod.name === undefined)
    throw new Failure(`${pod.address}:${port} cannot be reached from here: ${problem}`, {
      exitCode: EXIT.unavailable,
    });
  const { forwardPort } = await import('./port-forward.ts');
  const forwarded = await forwardPort(client, { namespace: pod.namespace, name: pod.name }, port);
  return { host: '127.0.0.1', port: forwarded.port, via: 'port-forward', close: () => forwarded.close() };
}

/** @returns why not, in a word; `undefined` when it answers */
function tryConnect(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (problem: string | undefined): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(PATIENCE_MS, () => end(`no answer within ${PATIENCE_MS} ms`));
    socket.on('connect', () => end(undefined));
    socket.on('error', (error) => end('code' in error ? String(error.code) : error.message));
  });
}
