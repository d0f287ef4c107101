/**
 * One request, from host name to answer: tenant, caller, schemas, idempotency, handler.
 * A single Express handler over a compiled route table: no middleware runs that a request does not need.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import type { RouteDefinition } from '../platform/definition.ts';
import type { Caller, RouteRequest } from '../platform/domain.ts';
import { ShopError } from '../platform/errors.ts';
import type { Tenants } from '../platform/ports.ts';
import type { Span } from '../platform/tracing/span.ts';
import type { Tracer } from '../platform/tracing/tracer.ts';
import { DEFAULT_LIMIT, parseJson, readBytes, streamBytes } from './body.ts';
import { credentialsOf, type Identify } from './callers.ts';
import { checkInput, type Calls, type Input, type Reply } from './calls.ts';
import type { Answer } from './idempotency.ts';
import { INTERNAL_PREFIX, TENANT_HEADER, type Peers } from './peers.ts';
import { PROBLEM_TYPE, toProblem } from './problem.ts';
import type { Route, RouteTable } from './routes.ts';
import type { ServiceTokens } from './service-tokens.ts';
import { hostNameOf, shopAt } from './shop.ts';

export interface HttpOptions {
  readonly routes: RouteTable;
  readonly tenants: Tenants;
  readonly calls: Calls;
  readonly identify: Identify;
  readonly peers: Peers;
  readonly tokens: Pick<ServiceTokens, 'isGood'>;
  readonly log: Logger;
  readonly tracer: Tracer;
  readonly observe: (route: string, method: string, status: number, seconds: number) => void;
  /** Set in a dedicated process. */
  readonly onlyTenant: string | undefined;
}

export type HandleRequest = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function createHttp(options: HttpOptions): HandleRequest {
  const { routes, tenants, calls, identify, log, tracer, observe, onlyTenant } = options;

  async function answerRoute(
    exchange: Exchange,
    route: Route,
    params: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { request } = exchange;
    const { definition } = route;
    // Also of a refusal, and never along with credentials that a browser adds by itself (Fetch, 3.2.3).
    if (definition.anyOrigin) exchange.response.setHeader('access-control-allow-origin', '*');
    const tenant = await shopAt(options, exchange.host);
    exchange.tenant = tenant.id;
    const caller = await calls.admit(tenant, route, (audience) =>
      identify(tenant, audience, credentialsOf(request.headers, request.method ?? 'GET')),
    );
    const limit = definition.maxBodyBytes ?? DEFAULT_LIMIT;
    const bytes =
      hasBody(definition) && definition.body !== 'stream' ? await readBytes(request, limit) : undefined;
    const input = inputOf(definition, params, exchange.query, bytes, request.headers['content-type']);
    const reply = await calls.perform({
      route,
      tenant,
      caller,
      input: definition.body === 'stream' ? { ...input, body: streamBytes(request, limit) } : input,
      headers: headersOf(request),
      requestId: exchange.id,
      idempotencyKey: single(request.headers['idempotency-key']),
      fingerprint: [definition.method, exchange.path, bytes ?? ''],
      whenGone(tell) {
        exchange.response.once('close', tell);
        return () => exchange.response.off('close', tell);
      },
    });
    const { body } = reply;
    const kept = keepingOf(definition, caller);
    if (Buffer.isBuffer(body)) send(exchange, kept, { ...reply, body });
    else await stream(exchange, kept, reply, body);
  }

  async function answerInternal(exchange: Exchange): Promise<void> {
    const { request } = exchange;
    const named = single(request.headers[TENANT_HEADER]) ?? '';
    const token = request.headers.authorization?.replace(/^Bearer /, '');
    if (!options.tokens.isGood(token, { tenant: named, path: exchange.path }))
      throw new ShopError('not_found', `There is nothing at ${exchange.path}.`);
    const tenant = await tenants.byId(named);
    exchange.tenant = tenant?.id;
    if (!tenant || (onlyTenant !== undefined && tenant.id !== onlyTenant))
      throw new ShopError('not_found', 'This process does not serve that tenant.');
    const body = parseJson(await readBytes(request, 4 * 1024 * 1024), request.headers['content-type']);
    const input = typeof body === 'object' && body !== null && 'input' in body ? body.input : undefined;
    const output = await options.peers.serve(tenant, exchange.path, input);
    write(exchange, 200, { 'content-type': 'application/json' }, Buffer.from(JSON.stringify({ output })));
  }

  async function route(exchange: Exchange): Promise<void> {
    const { request, path } = exchange;
    if (path.startsWith(INTERNAL_PREFIX) && request.method === 'POST') return answerInternal(exchange);
    if (request.method === 'OPTIONS' && mayAskFromAnywhere(exchange)) return;
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
    const match = routes.match(method, path);
    if (match === undefined)
      throw new ShopError('not_found', `There is nothing at ${path}.`, {
        remedy: '/api/openapi.json lists every route.',
      });
    if ('route' in match) {
      exchange.operation = match.route.operationId;
      exchange.route = match.route;
      return answerRoute(exchange, match.route, match.params);
    }
    const error = new ShopError('invalid_input', `${path} does not answer to ${method}.`, {
      remedy: `Use ${match.join(' or ')}.`,
    });
    fail(exchange, error, 405, { allow: match.join(', ') });
  }

  /** What a browser asks before a script of another site may ask. @returns whether it was answered */
  function mayAskFromAnywhere(exchange: Exchange): boolean {
    const method = single(exchange.request.headers['access-control-request-method']) ?? '';
    const match = routes.match(method, exchange.path);
    if (match === undefined || !('route' in match) || !match.route.definition.anyOrigin) return false;
    const allowed = {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': method,
      'access-control-allow-headers': 'authorization, content-type',
      'access-control-max-age': '7200',
    };
    write(exchange, 204, allowed, undefined);
    return true;
  }

  function fail(
    exchange: Exchange,
    error: unknown,
    status?: number,
    headers: Record<string, string> = {},
  ): void {
    const problem = { ...toProblem(error, exchange.id), ...(status === undefined ? {} : { status }) };
    if (exchange.response.destroyed) {
      log.debug({ err: error, requestId: exchange.id, operation: exchange.operation }, 'the caller left');
      return;
    }
    if (problem.status >= 500) {
      log[problem.status === 503 ? 'warn' : 'error'](
        {
          err: error,
          requestId: exchange.id,
          tenant: exchange.tenant,
          operation: exchange.operation,
          status: problem.status,
        },
        'request failed',
      );
    }
    if (exchange.response.headersSent) {
      exchange.response.destroy();
      return;
    }
    const retry = error instanceof ShopError ? error.retryAfterSeconds : undefined;
    // A body that was not read to its end makes the connection useless.
    const unread = exchange.request.complete ? {} : { connection: 'close' };
    write(
      exchange,
      problem.status,
      {
        'content-type': PROBLEM_TYPE,
        'cache-control': 'no-store',
        ...(retry === undefined ? {} : { 'retry-after': String(retry) }),
        ...unread,
        ...headers,
      },
      Buffer.from(JSON.stringify(problem)),
    );
  }

  async function answer(exchange: Exchange): Promise<void> {
    try {
      await route(exchange);
    } catch (error) {
      fail(exchange, error);
    }
  }

  return async (request, response) => {
    const started = performance.now();
    const exchange = toExchange(request, response);
    const span = tracer.begin('request', {
      kind: 'server',
      parent: single(request.headers['traceparent']) ?? 'none',
    });
    await tracer.within(span, () => answer(exchange));
    if (tracer.isOn) tell(tracer, span, exchange);
    const seconds = (performance.now() - started) / 1_000;
    observe(exchange.operation, request.method ?? '', response.statusCode, seconds);
    log.debug(
      {
        requestId: exchange.id,
        tenant: exchange.tenant,
        operation: exchange.operation,
        status: response.statusCode,
        seconds,
      },
      'request',
    );
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly id: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  operation: string;
  route: Route | undefined;
  tenant: string | undefined;
}

/** Of the path its template alone: what stands in its places may be somebody's secret. */
function tell(tracer: Tracer, span: Span, { request, response, route, path, tenant }: Exchange): void {
  const { method = '' } = request;
  const { statusCode } = response;
  const isInternal = route === undefined && path.startsWith(INTERNAL_PREFIX) && statusCode !== 404;
  const template = isInternal ? path : route?.definition.path;
  tracer.rename(span, template === undefined ? method : `${method} ${template}`);
  tracer.set(span, 'http.request.method', method);
  tracer.set(span, 'http.response.status_code', statusCode);
  if (template !== undefined) tracer.set(span, 'http.route', template);
  if (tenant !== undefined) tracer.set(span, 'shopmind.tenant', tenant);
  if (route !== undefined) tracer.set(span, 'shopmind.domain', route.domain);
  if (statusCode >= 500) tracer.fail(span, String(statusCode));
  tracer.end(span);
}

function toExchange(request: IncomingMessage, response: ServerResponse): Exchange {
  const url = request.url ?? '/';
  const at = url.indexOf('?');
  const given = single(request.headers['x-request-id']);
  return {
    request,
    response,
    id: given !== undefined && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID(),
    host: hostNameOf(request),
    path: at < 0 ? url : url.slice(0, at),
    query: at < 0 ? '' : url.slice(at + 1),
    operation: 'unknown',
    route: undefined,
    tenant: undefined,
  };
}

function hasBody(definition: RouteDefinition): boolean {
  return definition.method !== 'GET' && definition.method !== 'DELETE';
}

function inputOf(
  definition: RouteDefinition,
  params: Readonly<Record<string, string>>,
  query: string,
  bytes: Buffer | undefined,
  contentType: string | undefined,
): Input {
  return checkInput(definition, {
    params,
    query: definition.query ? queryOf(query) : undefined,
    body:
      typeof definition.body === 'string' || bytes === undefined
        ? bytes
        : definition.body && parseJson(bytes, contentType),
  });
}

/** A parameter that comes twice becomes a list, which a schema that wants one value refuses. */
function queryOf(text: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  if (text === '') return query;
  for (const [name, value] of new URLSearchParams(text)) {
    const known = Object.hasOwn(query, name) ? query[name] : undefined;
    if (Array.isArray(known)) {
      // In place: a copy for each of the thousands that fit into an address costs tens of milliseconds.
      known.push(value);
      continue;
    }
    const next = known === undefined ? value : [known, value];
    Object.defineProperty(query, name, { value: next, enumerable: true, configurable: true, writable: true });
  }
  return query;
}

function headersOf(request: IncomingMessage): RouteRequest['headers'] {
  return request.headers as Record<string, string | undefined>; // Node joins repeated headers; only set-cookie, an answer's, stays a list
}

function single(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}

const SECURITY = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'cross-origin-resource-policy': 'same-site',
  'x-frame-options': 'DENY',
} as const;

/** What shared caches may do with the answer of a route to this caller. */
interface Keeping {
  /** Absent: nobody keeps it. */
  readonly seconds?: number | undefined;
  /** Request headers by which the answer may be another. */
  readonly varies: readonly string[];
}

function keepingOf(
  { cacheSeconds, byGroup = false, byLanguage = false }: RouteDefinition,
  { kind }: Caller,
): Keeping {
  return {
    seconds: byGroup && kind === 'customer' ? undefined : cacheSeconds,
    varies: [...(byGroup ? ['authorization', 'cookie'] : []), ...(byLanguage ? ['accept-language'] : [])],
  };
}

function cachingOf({ seconds, varies }: Keeping, status: number): Record<string, string> {
  if (seconds === undefined || status !== 200) return { 'cache-control': 'no-store' };
  const caching =
    seconds > 86_400
      ? `public, max-age=${seconds}, immutable`
      : `public, max-age=${seconds}, stale-while-revalidate=${seconds}`;
  return { 'cache-control': caching, ...(varies.length > 0 ? { vary: varies.join(', ') } : {}) };
}

function send(exchange: Exchange, keeping: Keeping, { status, headers, body }: Answer): void {
  const all: Record<string, string> = { ...cachingOf(keeping, status), ...headers };
  if (keeping.seconds !== undefined && status === 200) {
    const etag = (all['etag'] ??= `"${createHash('sha1').update(body).digest('base64url')}"`);
    if (matches(exchange.request.headers['if-none-match'], etag)) return write(exchange, 304, all, undefined);
  }
  write(exchange, status, all, body);
}

async function stream(exchange: Exchange, keeping: Keeping, reply: Reply, body: Readable): Promise<void> {
  const { status } = reply;
  const headers: Record<string, string> = {
    ...cachingOf(keeping, status),
    ...reply.headers,
  };
  if (headers['etag'] !== undefined && matches(exchange.request.headers['if-none-match'], headers['etag'])) {
    body.destroy();
    return write(exchange, 304, headers, undefined);
  }
  exchange.response.writeHead(status, { ...SECURITY, 'x-request-id': exchange.id, ...headers });
  if (exchange.request.method === 'HEAD') {
    body.destroy();
    exchange.response.end();
    return;
  }
  await pipeline(body, exchange.response);
}

function matches(header: string | undefined, etag: string): boolean {
  return (
    header !== undefined &&
    (header === '*' || header.split(',').some((part) => part.trim().replace(/^W\//, '') === etag))
  );
}

function write(
  exchange: Exchange,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Buffer | undefined,
): void {
  const { response, id } = exchange;
  const length =
    status === 204 || status === 304 || body === undefined ? {} : { 'content-length': body.length };
  response.writeHead(status, { ...SECURITY, 'x-request-id': id, ...length, ...headers });
  response.end(status === 204 || status === 304 ? undefined : body);
}
