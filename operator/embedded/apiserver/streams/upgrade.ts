/** Requests that want to leave HTTP behind: only port-forwarding is offered. */
import type { Duplex } from 'node:stream';
import { assertResourceAllowed } from '../authz/check.ts';
import type { Cluster } from '../cluster.ts';
import { ApiError, badRequest, noSuchPath, notFound } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { at, text, type KubeObject } from '../objects.ts';
import { parseResourcePath } from '../request.ts';

/** @param exchange of an authenticated user; answered on the socket, since HTTP ends here */
export async function serveUpgrade(cluster: Cluster, exchange: Exchange, socket: Duplex): Promise<void> {
  const { isPortForward, servePortForward } = await import('./port-forward.ts');
  const pod = podOf(cluster, exchange);
  const { upgrade } = exchange.request.headers;
  const protocols = exchange.request.headersDistinct['x-stream-protocol-version']?.join(',');
  if (!isPortForward(upgrade, protocols))
    throw badRequest(
      `unable to upgrade to ${upgrade ?? 'nothing'}: port-forwarding is offered over SPDY/3.1`,
    );
  await servePortForward(socket, pod);
}

function podOf(cluster: Cluster, exchange: Exchange): KubeObject {
  const path = parseResourcePath(exchange.path);
  const type = path && cluster.catalog.find(path.group, path.version, path.plural);
  if (!path || !type || type.storage !== '/pods') throw noSuchPath();
  assertResourceAllowed(cluster, exchange, path, exchange.method === 'GET' ? 'get' : 'create');
  if (path.subresource !== 'portforward') throw notOffered(path.subresource);
  const entry = cluster.store.get({ resource: type.storage, namespace: path.namespace, name: path.name });
  if (!entry) throw notFound(type, path.name);
  const pod = cluster.codec.read(entry, type);
  const phase = text(at(pod, 'status', 'phase'));
  if (phase !== 'Running')
    throw badRequest(`unable to forward port because pod is not running. Current status=${phase}`);
  return pod;
}

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
