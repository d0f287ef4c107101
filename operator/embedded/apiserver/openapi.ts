/** The OpenAPI documents, by which kubectl explains and validates. */
import type { Cluster } from './cluster.ts';
import { noSuchPath } from './errors.ts';
import { sendJson, type Exchange } from './exchange.ts';

export function serveOpenApi(_cluster: Cluster, exchange: Exchange): void {
  if (exchange.path === '/openapi/v3') return sendJson(exchange, 200, JSON.stringify({ paths: {} }));
  throw noSuchPath();
}
