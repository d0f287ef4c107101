/**
 * Cluster addresses: listens on every `clusterIP:port` of TCP Services and hands each connection to a ready endpoint, in turn.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Informer } from '../controllers/machinery/informer.ts';
import type { EndpointSlice, Service } from '../controllers/machinery/wire.ts';
import { BY_SERVICE, serviceOfSlice } from './dns.ts';

export interface Proxy {
  close(): Promise<void>;
}

interface Listener {
  readonly server: Server;
  readonly sockets: Set<Socket>;
}

const CONNECT_TIMEOUT_MS = 2_000;
const LISTEN_RETRY_MS = 1_000;

export function startProxy(services: Informer<Service>, slices: Informer<EndpointSlice>, log: Logger): Proxy {
  slices.addIndex(BY_SERVICE, serviceOfSlice);
  /** By `ip:port`. */
  const listeners = new Map<string, Listener>();
  const retries = new Set<NodeJS.Timeout>();
  /** Which addresses each Service holds. */
  const held = new Map<string, string[]>();
  let turn = 0;
  let closed = false;

  function targets(key: string, portName: string | undefined): { host: string; port: number }[] {
    return slices.indexed(BY_SERVICE, key).flatMap(({ endpoints, ports }) => {
      const port = (ports ?? []).find(({ name }) => (name ?? '') === (portName ?? ''))?.port;
      if (port === undefined) return [];
      return (endpoints ?? [])
        .filter(({ conditions }) => conditions?.ready !== false)
        .flatMap(({ addresses }) => addresses.map((host) => ({ host, port })));
    });
  }

  function listen(address: string, key: string, host: string, port: number, name: string | undefined): void {
    const sockets = new Set<Socket>();
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      const all = targets(key, name);
      turn += 1;
      hand(
        socket,
        all.map((_, at) => all[(at + turn) % all.length]).filter((target) => target !== undefined),
        sockets,
      );
    });
    server.on('error', (error: NodeJS.ErrnoException) => {
      listeners.delete(address);
      if (error.code === 'EACCES') {
        // Ports below 1024 are root's: waiting does not help.
        log.info(
          { service: key, address },
          'this user may not listen on that port: the Service has no cluster address; use a headless one or a port from 1024',
        );
        return;
      }
      log.warn(
        { err: error, service: key, address },
        'cannot listen on a cluster address; it will be tried again',
      );
      const retry = setTimeout(() => {
        retries.delete(retry);
        const service = services.get(key);
        if (service && !closed) update(key, service);
      }, LISTEN_RETRY_MS);
      retries.add(retry);
    });
    server.listen(port, host);
    listeners.set(address, { server, sockets });
  }

  function update(key: string, service: Service | undefined): void {
    const { clusterIP, ports = [], type } = service?.spec ?? {};
    const proxied = clusterIP?.startsWith('127.') && type !== 'ExternalName' ? ports : [];
    const wanted = proxied.filter(({ protocol }) => (protocol ?? 'TCP') === 'TCP');
    const addresses = wanted.map(({ port }) => `${clusterIP}:${port}`);
    for (const address of held.get(key) ?? []) if (!addresses.includes(address)) stop(address);
    if (service) held.set(key, addresses);
    else held.delete(key);
    for (const { port, name } of wanted) {
      const address = `${clusterIP}:${port}`;
      if (clusterIP && !listeners.has(address)) listen(address, key, clusterIP, port, name);
    }
  }

  function stop(address: string): void {
    const listener = listeners.get(address);
    listeners.delete(address);
    listener?.server.close();
    listener?.sockets.forEach((socket) => socket.destroy());
  }

  const unsubscribe =
    process.platform === 'linux' ? services.subscribe(({ key, object }) => update(key, object)) : undefined;

  return {
    close() {
      closed = true;
      unsubscribe?.();
      retries.forEach(clearTimeout);
      for (const address of listeners.keys()) stop(address);
      return Promise.resolve();
    },
  };
}

/** Connects to the first target that answers, and joins the two sockets. */
function hand(
  socket: Socket,
  [target, ...others]: readonly { host: string; port: number }[],
  sockets: Set<Socket>,
): void {
  if (!target) {
    socket.resetAndDestroy();
    return;
  }
  const upstream = connect({ ...target, allowHalfOpen: true });
  const refused = (): void => {
    upstream.destroy();
    hand(socket, others, sockets);
  };
  upstream.setTimeout(CONNECT_TIMEOUT_MS, refused);
  upstream.once('error', refused);
  socket.once('error', () => upstream.destroy());
  upstream.once('connect', () => {
    upstream.setTimeout(0);
    upstream.off('error', refused);
    upstream.off('timeout', refused);
    sockets.add(upstream);
    upstream.once('close', () => {
      sockets.delete(upstream);
      socket.destroy();
    });
    upstream.once('error', () => socket.destroy());
    socket.once('close', () => upstream.destroy());
    socket.pipe(upstream);
    upstream.pipe(socket);
  });
}
