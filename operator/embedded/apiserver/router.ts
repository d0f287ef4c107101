/** Sends each request to who answers it: health, version, discovery, OpenAPI or a resource. */
import { assertPathAllowed, assertResourceAllowed } from './authz/check.ts';
import type { Cluster } from './cluster.ts';
import {
  aggregatedContentType,
  aggregatedDiscovery,
  aggregatedVersion,
  coreVersions,
  groupDocument,
  groupList,
  resourceList,
  VERSION,
} from './discovery.ts';
import { badRequest, methodNotAllowed, noSuchPath } from './errors.ts';
import { sendJson, sendText, type Exchange } from './exchange.ts';
import type { JsonObject } from './objects.ts';
import { serveOpenApi } from './openapi.ts';
import { parseResourcePath } from './request.ts';
import { serveResource, verbOf } from './resource-handler.ts';

const HEALTH = new Set(['/livez', '/readyz', '/healthz']);

/** Paths that need no credentials, as on kube-apiserver. */
export const isPublic = (path: string): boolean => HEALTH.has(path) || path === '/version';

export async function route(cluster: Cluster, exchange: Exchange): Promise<void> {
  const { path, method } = exchange;
  const resource = parseResourcePath(path);
  if (resource) {
    const type = cluster.catalog.find(resource.group, resource.version, resource.plural);
    if (!type) throw noSuchPath();
    const verb = verbOf(exchange, resource);
    const counted = resource.subresource === '' ? type.storage : `${type.storage}/${resource.subresource}`;
    assertResourceAllowed(cluster, exchange, resource, verb);
    cluster.counters.count(verb, counted, exchange.userAgent);
    if (verb !== 'watch') assertTimeout(exchange);
    return serveResource(cluster, exchange, resource, type, verb);
  }
  if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed();
  if (HEALTH.has(path)) return serveHealth(exchange);
  assertTimeout(exchange);
  if (!isPublic(path)) assertPathAllowed(cluster, exchange);
  if (path === '/metrics') return sendText(exchange, 200, cluster.counters.exposition());
  if (path === '/version') return sendJson(exchange, 200, JSON.stringify(VERSION));
  if (path.startsWith('/openapi/')) return serveOpenApi(cluster, exchange);
  if (path === '/.well-known/openid-configuration' || path === '/openid/v1/jwks')
    return sendJson(exchange, 200, cluster.tokens.keySet);
  if (path === '/')
    return sendJson(exchange, 200, JSON.stringify({ paths: ['/api', '/apis', '/openapi/v3', '/version'] }));
  return serveDiscovery(cluster, exchange);
}

const DURATION = /^[-+]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/;

/** No answer here takes long enough for a limit to matter, but a client that sets one wrongly is told. */
function assertTimeout(exchange: Exchange): void {
  const timeout = exchange.query.get('timeout');
  if (timeout !== null && timeout !== '' && !DURATION.test(timeout))
    throw badRequest(
      `invalid timeout specified in the request URL - time: invalid duration ${JSON.stringify(timeout)}`,
    );
}

function serveHealth(exchange: Exchange): void {
  const check = exchange.path.slice(1);
  const verbose = exchange.query.has('verbose')
    ? `[+]ping ok\n[+]log ok\n[+]store ok\n${check} check passed\n`
    : 'ok';
  sendText(exchange, 200, verbose);
}

function serveDiscovery(cluster: Cluster, exchange: Exchange): void {
  const { catalog } = cluster;
  const [root, group, version, ...rest] = exchange.path.replace(/\/$/, '').split('/').slice(1);
  if (rest.length > 0 || (root !== 'api' && root !== 'apis')) throw noSuchPath();
  if (group === undefined) {
    const aggregated = aggregatedVersion(exchange.accept);
    if (aggregated !== undefined)
      return sendJson(
        exchange,
        200,
        JSON.stringify(aggregatedDiscovery(catalog, root === 'api', aggregated)),
        {
          'content-type': aggregatedContentType(aggregated),
          vary: 'Accept',
        },
      );
    return sendDocument(
      exchange,
      root === 'api' ? coreVersions(exchange.request.headers.host ?? '') : groupList(catalog),
    );
  }
  if (root === 'api')
    return sendDocument(exchange, version === undefined ? resourceList(catalog, '', group) : undefined);
  return sendDocument(
    exchange,
    version === undefined ? groupDocument(catalog, group) : resourceList(catalog, group, version),
  );
}

function sendDocument(exchange: Exchange, document: JsonObject | undefined): void {
  if (!document) throw noSuchPath();
  sendJson(exchange, 200, JSON.stringify(document));
}
