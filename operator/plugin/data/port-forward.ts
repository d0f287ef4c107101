/**
 * A local port that stands for a port of a Pod, for programs that can only connect to an address: psql, and drivers.
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { Client } from '../../kube/client.ts';
import { openPodPort } from '../../kube/port-forward.ts';
import type { Ref } from '../../kube/types.ts';

export interface Forwarded {
  readonly port: number;
  /** Ends every connection. */
  close(): void;
}

/**
 * Listens on a free port of 127.0.0.1; each connection is one of its own to the Pod.
 * @throws KubeError when the first one cannot be made
 */
export async function forwardPort(client: Client, pod: Ref, port: number): Promise<Forwarded> {
  // Tried before anybody is told of the port: a refusal has a reason, a broken connection has none.
  (await openPodPort(client.connection, pod, port)).destroy();
  const open = new Set<Socket>();
  const server = createServer((local) => {
    open.add(local);
    local.on('close', () => open.delete(local));
    openPodPort(client.connection, pod, port).then(
      (remote) => pipeline(local, remote, local, () => local.destroy()),
      () => local.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    port: address.port,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
