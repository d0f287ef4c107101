/** What a cluster asks a process about itself, on a port of its own: whether it lives, whether it is ready, what it counts. */
import { createServer, type Server } from 'node:http';

export interface AdminOptions {
  /** Whether it has started, and is not about to stop. */
  readonly isReady: () => boolean;
  /** Rejects while the database cannot be asked. */
  readonly ping: () => Promise<unknown>;
  /** In the format of Prometheus. */
  readonly metrics: () => Promise<string>;
}

export function createAdmin({ isReady, ping, metrics }: AdminOptions): Server {
  return createServer((request, response) => {
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8') => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(text);
    };
    const path = request.url?.split('?')[0];
    if (path === '/livez') return answer(200, 'ok\n');
    if (path === '/readyz') {
      if (!isReady()) return answer(503, 'starting or stopping\n');
      return void ping().then(
        () => answer(200, 'ok\n'),
        (error: unknown) => answer(503, `database: ${error instanceof Error ? error.message : 'unknown'}\n`),
      );
    }
    if (path === '/metrics') {
      return void metrics().then(
        (text) => answer(200, text, 'text/plain; version=0.0.4; charset=utf-8'),
        () => answer(500, 'metrics failed\n'),
      );
    }
    return answer(404, 'There are /livez, /readyz and /metrics.\n');
  });
}
