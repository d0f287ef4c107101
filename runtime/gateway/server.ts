/**
 * The listening side: node:http with its limits set against slow, large and endless clients; who speaks HTTP/2 is handed on.
 */
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Limits } from './config.ts';
import type { CallServer } from './grpc/server.ts';
import { byFirstWords } from './protocol.ts';
import type { Proxy } from './proxy.ts';
import type { Upgrades } from './upgrade.ts';

export function createGatewayServer(
  proxy: Proxy,
  upgrades: Upgrades,
  calls: CallServer,
  limits: Limits,
  isLetIn: (socket: Socket) => boolean,
): Server {
  const server = createServer(
    {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: Math.min(5000, limits.headersMs),
      noDelay: true,
    },
    proxy.handle,
  );
  // Whatever a connection waits for, nothing on it takes longer: what its client does not take is not kept for good.
  server.timeout = limits.idleMs;
  server.maxConnections = limits.maxConnections;
  server.maxHeadersCount = 100;
  server.on('upgrade', upgrades.handle);
  // Malformed requests get Node's own short answer (400, 408 or 431) and are cut off.
  const http1 = server.listeners('connection') as ((socket: Socket) => void)[]; // node:http's own, the only ones so far
  server.removeAllListeners('connection');
  const serve = (socket: Socket): void => {
    for (const listener of http1) listener.call(server, socket);
  };
  const begin = byFirstWords(limits.headersMs, serve, calls.serve);
  server.on('connection', (socket: Socket) => {
    if (isLetIn(socket)) begin(socket);
  });
  return server;
}

/** Rejects with the error of `listen`; EADDRINUSE says which port. */
export function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, 4096, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Takes no more connections, lets answers and calls under way finish, and cuts what is left after `ms`. */
export function drain(server: Server, calls: CallServer, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.closeAllConnections();
      calls.cut();
    }, ms);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
    calls.goAway();
  });
}
