/** Servers begin and end. */
import type { Server } from 'node:http';
import type { Server as NetServer } from 'node:net';

export function listen(server: NetServer, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => resolve());
  });
}

/** Takes no more connections, and is over when those that are busy have their answers; after 20 s they are cut off. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve();
    const force = setTimeout(() => server.closeAllConnections(), 20_000);
    force.unref();
    // A connection that was busy becomes idle once it has its answer.
    const idle = setInterval(() => server.closeIdleConnections(), 50);
    server.close(() => {
      clearTimeout(force);
      clearInterval(idle);
      resolve();
    });
    server.closeIdleConnections();
  });
}
