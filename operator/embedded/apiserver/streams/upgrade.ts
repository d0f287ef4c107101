/** Requests that want to leave HTTP behind: port-forwarding and commands are offered. */
import type { Duplex } from 'node:stream';
import { assertResourceAllowed } from '../authz/check.ts';
import type { Cluster } from '../cluster.ts';
import { ApiError, badRequest, noSuchPath, notFound } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { at, items, text, type JsonObject, type KubeObject, type ObjectMeta } from '../objects.ts';
import { parseResourcePath, type ResourcePath } from '../request.ts';
import type { ResourceType } from '../resources.ts';

/** @param exchange of an authenticated user; answered on the socket, since HTTP ends here */
export async function serveUpgrade(cluster: Cluster, exchange: Exchange, socket: Duplex): Promise<void> {
  const path = parseResourcePath(exchange.path);
  const pod = await podOf(cluster, exchange, path);
  const { upgrade } = exchange.request.headers;
  const protocols = exchange.request.headersDistinct['x-stream-protocol-version']?.join(',');
  const { podExec } = cluster.providers;
  if (path?.subresource === 'exec' && podExec) {
    const { assertExecProtocol, execOptions, serveExec } = await import('./exec.ts');
    const options = execOptions(exchange.query);
    assertExecProtocol(upgrade, protocols);
    assertContainer(pod, options.container);
    const { name, namespace = '' } = pod.metadata;
    const { command, container, tty } = options;
    return serveExec(socket, options, () => podExec(namespace, name, container, command, tty));
  }
  if (path?.subresource !== 'portforward') throw notOffered(path?.subresource ?? '');
  const { isPortForward, servePortForward } = await import('./port-forward.ts');
  assertRunning(pod);
  if (!isPortForward(upgrade, protocols))
    throw badRequest(
      `unable to upgrade to ${upgrade ?? 'nothing'}: port-forwarding is offered over SPDY/3.1`,
    );
  await servePortForward(socket, pod);
}

async function podOf(
  cluster: Cluster,
  exchange: Exchange,
  path: ResourcePath | undefined,
): Promise<KubeObject> {
  const type = path && cluster.catalog.find(path.group, path.version, path.plural);
  if (!path || !type || type.storage !== '/pods') throw noSuchPath();
  assertResourceAllowed(cluster, exchange, path, exchange.method === 'GET' ? 'get' : 'create');
  const entry = cluster.store.get({ resource: type.storage, namespace: path.namespace, name: path.name });
  if (!entry) throw notFound(type, path.name);
  const pod = cluster.codec.read(entry, type);
  await askAdmission(cluster, exchange, path, type);
  return pod;
}

function assertContainer(pod: KubeObject, name: string): void {
  const containers = ['containers', 'initContainers'].flatMap((list) => items(at(pod, 'spec', list)));
  if (name !== '' && !containers.some((container) => at(container, 'name') === name))
    throw badRequest(`container ${name} is not valid for pod ${pod.metadata.name}`);
}

function assertRunning(pod: KubeObject): void {
  const phase = text(at(pod, 'status', 'phase'));
  if (phase !== 'Running')
    throw badRequest(`unable to forward port because pod is not running. Current status=${phase}`);
}

/** Connections are admitted like writes: as a CONNECT with the options of the connection. */
async function askAdmission(
  cluster: Cluster,
  exchange: Exchange,
  { namespace, name, subresource }: ResourcePath,
  type: ResourceType,
): Promise<void> {
  const kind = type.subresources.find((one) => one.name === subresource)?.kind ?? type.kind;
  const request = {
    operation: 'CONNECT',
    type,
    subresource,
    namespace,
    name,
    object: optionsOf(kind, exchange.query),
    old: undefined,
    user: exchange.user,
    dryRun: false,
    warnings: exchange.warnings,
  } as const;
  await cluster.admission.mutate(cluster, request);
  await cluster.admission.validate(cluster, request);
}

/** The query as the object it is read into: flags are booleans, a command may have several words. */
function optionsOf(kind: string, query: URLSearchParams): KubeObject {
  const options: JsonObject = {};
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name);
    options[name] =
      name === 'command' || name === 'ports'
        ? values
        : FLAGS.has(name)
          ? values[0] === 'true' || values[0] === '1'
          : (values[0] ?? '');
  }
  // Options are objects without metadata.
  return { ...options, apiVersion: 'v1', kind, metadata: {} as ObjectMeta };
}

const FLAGS: ReadonlySet<string> = new Set(['stdin', 'stdout', 'stderr', 'tty']);

/** Why an action on a running container is refused. */
export const notOffered = (subresource: string): ApiError =>
  new ApiError(
    501,
    'NotImplemented',
    `${subresource} is not offered by the embedded cluster: its pods are local processes, reach them by port-forward, at their status.podIP or by their logs`,
  );

/** Writes an error where there is no HTTP response any more, and hangs up. */
export function refuseUpgrade(socket: Duplex, error: ApiError): void {
  const body = JSON.stringify(error.toStatus());
  socket.end(
    `HTTP/1.1 ${error.code} ${error.reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
