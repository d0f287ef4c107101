/**
 * One request, from host name to answer: tenant, caller, schemas, idempotency, handler.
 * A single Express handler over a compiled route table: no middleware runs that a request does not need.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import type { ZodType } from 'zod';
import type { RouteDefinition } from '../platform/definition.ts';
import type { Caller, RouteRequest, RouteResponse } from '../platform/domain.ts';
import { ShopError, type Problem } from '../platform/errors.ts';
import type { Tenants } from '../platform/ports.ts';
import { DEFAULT_LIMIT, parseJson, readBytes } from './body.ts';
import type { Identify } from './callers.ts';
import type { Answer, Idempotency, Keep } from './idempotency.ts';
import { INTERNAL_PREFIX, TENANT_HEADER, type Peers } from './peers.ts';
import { PROBLEM_TYPE, problemsOf, toProblem } from './problem.ts';
import type { Route, RouteTable } from './routes.ts';
import { elsewhere, hostNameOf, requireDomain, shopAt } from './shop.ts';

export interface HttpOptions {
  readonly routes: RouteTable;
  readonly tenants: Tenants;
  readonly identify: Identify;
  readonly idempotency: Idempotency;
  readonly peers: Peers;
  readonly log: Logger;
  readonly observe: (route: string, method: string, status: number, seconds: number) => void;
  /** Set in a dedicated process. */
  readonly onlyTenant: string | undefined;
  /** Handlers are told to stop after this long. Default 30 s. */
  readonly timeoutMilliseconds?: number;
  /** Checks every JSON answer against its schema; on in tests. */
  readonly checkAnswers?: boolean;
}

export type HandleRequest = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function createHttp(options: HttpOptions): HandleRequest {
  const { routes, tenants, log, observe, onlyTenant } = options;
  const timeout = options.timeoutMilliseconds ?? 30_000;

  async function answerRoute(
    exchange: Exchange,
    route: Route,
    params: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { request } = exchange;
    const { definition } = route;
    const tenant = await shopAt(options, exchange.host);
    exchange.tenant = tenant.id;
    // The database would refuse the change as well; this spares the handler half of its way.
    if (tenant.frozen && definition.method !== 'GET')
      throw elsewhere('This shop is being moved and takes no changes for the moment.');
    if (route.domain !== HOST_DOMAIN) requireDomain(tenant, route.domain);
    // What shared caches may keep is the same for everyone: nobody needs to be known.
    const caller =
      definition.cacheSeconds !== undefined && definition.audience === 'shopper'
        ? ANYONE
        : await options.identify(tenant, definition.audience, credentialsOf(exchange));
    const bytes = hasBody(definition)
      ? await readBytes(request, definition.maxBodyBytes ?? DEFAULT_LIMIT)
      : undefined;
    const input = parseInput(definition, params, exchange.query, bytes, request.headers['content-type']);
    const work = (signal: AbortSignal, keep?: Keep): Promise<RouteResponse> =>
      route.handler({
        tenant,
        caller,
        ...input,
        headers: headersOf(request),
        requestId: exchange.id,
        signal,
        async earn(tx, response) {
          await keep?.(tx, toAnswer(definition, response));
          return response;
        },
      });
    if (definition.idempotent) {
      const call = {
        tenant: tenant.id,
        scope: `${route.operationId}/${caller.kind}/${caller.customerId ?? ''}`,
        key: single(request.headers['idempotency-key']),
        fingerprint: [definition.method, exchange.path, bytes ?? ''],
        requestId: exchange.id,
      };
      return send(
        exchange,
        definition,
        await options.idempotency.once(call, async (keep) =>
          toAnswer(definition, await limited(exchange, (signal) => work(signal, keep))),
        ),
      );
    }
    const response = await limited(exchange, work);
    if (response.bytes !== undefined && !Buffer.isBuffer(response.bytes))
      return stream(exchange, definition, response, response.bytes);
    send(exchange, definition, toAnswer(definition, response));
  }

  async function limited(
    exchange: Exchange,
    work: (signal: AbortSignal) => Promise<RouteResponse>,
  ): Promise<RouteResponse> {
    const stop = new AbortController();
    const late = setTimeout(
      () => stop.abort(new ShopError('timeout', 'The request took too long.', { remedy: 'Try again.' })),
      timeout,
    );
    const leave = () => stop.abort(new ShopError('timeout', 'The caller has gone.'));
    exchange.response.once('close', leave);
    try {
      return await work(stop.signal);
    } finally {
      clearTimeout(late);
      exchange.response.off('close', leave);
    }
  }

  function toAnswer(definition: RouteDefinition, response: RouteResponse): Answer {
    const status = response.status ?? definition.status ?? 200;
    const text =
      response.jsonText ?? (response.json === undefined ? undefined : JSON.stringify(response.json));
    if (text === undefined) {
      const body = Buffer.isBuffer(response.bytes) ? response.bytes : Buffer.alloc(0);
      return { status, headers: { ...response.headers }, body };
    }
    if (options.checkAnswers && definition.response && status < 300)
      definition.response.parse(JSON.parse(text));
    return {
      status,
      headers: { 'content-type': 'application/json; charset=utf-8', ...response.headers },
      body: Buffer.from(text),
    };
  }

  async function answerInternal(exchange: Exchange): Promise<void> {
    const { request } = exchange;
    if (!options.peers.isTrusted(request.headers.authorization))
      throw new ShopError('not_found', `There is nothing at ${exchange.path}.`);
    const tenant = await tenants.byId(single(request.headers[TENANT_HEADER]) ?? '');
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
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
    const match = routes.match(method, path);
    if (match === undefined)
      throw new ShopError('not_found', `There is nothing at ${path}.`, {
        remedy: '/api/openapi.json lists every route.',
      });
    if ('route' in match) {
      exchange.operation = match.route.operationId;
      return answerRoute(exchange, match.route, match.params);
    }
    const error = new ShopError('invalid_input', `${path} does not answer to ${method}.`, {
      remedy: `Use ${match.join(' or ')}.`,
    });
    fail(exchange, error, 405, { allow: match.join(', ') });
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

  return async (request, response) => {
    const started = performance.now();
    const exchange = toExchange(request, response);
    try {
      await route(exchange);
    } catch (error) {
      fail(exchange, error);
    }
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

/** Routes of the host itself are there whatever a tenant has switched on. */
export const HOST_DOMAIN = 'store';

const ANYONE: Caller = { kind: 'shopper', customerId: undefined };

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly id: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  operation: string;
  tenant: string | undefined;
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
    tenant: undefined,
  };
}

function hasBody(definition: RouteDefinition): boolean {
  return definition.method !== 'GET' && definition.method !== 'DELETE';
}

interface Input {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** All problems of all three parts at once. */
function parseInput(
  definition: RouteDefinition,
  params: Readonly<Record<string, string>>,
  query: string,
  bytes: Buffer | undefined,
  contentType: string | undefined,
): Input {
  const problems: Problem[] = [];
  const parse = (schema: ZodType | undefined, value: unknown, source: string): unknown => {
    if (!schema) return undefined;
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    problems.push(...problemsOf(parsed.error, source));
    return undefined;
  };
  const input = {
    params: parse(definition.params, params, 'path'),
    query: parse(definition.query, definition.query ? queryOf(query) : undefined, 'query'),
    body:
      definition.body === 'raw'
        ? bytes
        : parse(
            definition.body,
            definition.body && bytes ? parseJson(bytes, contentType) : undefined,
            'body',
          ),
  };
  if (problems.length === 0) return input;
  const first = problems[0];
  throw new ShopError(
    'invalid_input',
    first ? `${first.where}: ${first.what}` : 'The request is not valid.',
    {
      remedy: 'Mend the fields named below.',
      problems,
    },
  );
}

/** A parameter that comes twice becomes a list, which a schema that wants one value refuses. */
function queryOf(text: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  if (text === '') return query;
  for (const [name, value] of new URLSearchParams(text)) {
    const known = Object.hasOwn(query, name) ? query[name] : undefined;
    const next = known === undefined ? value : [...(Array.isArray(known) ? known : [known]), value];
    Object.defineProperty(query, name, { value: next, enumerable: true, configurable: true, writable: true });
  }
  return query;
}

function headersOf(request: IncomingMessage): RouteRequest['headers'] {
  return request.headers as Record<string, string | undefined>; // Node joins repeated headers; only set-cookie, an answer's, stays a list
}

function credentialsOf(exchange: Exchange) {
  const { headers, method } = exchange.request;
  return {
    method: method ?? 'GET',
    host: exchange.host,
    authorization: headers.authorization,
    cookie: headers.cookie,
    origin: headers.origin,
    fetchSite: single(headers['sec-fetch-site']),
  };
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

function cachingOf(definition: RouteDefinition, status: number): string {
  if (definition.cacheSeconds === undefined || status !== 200) return 'no-store';
  return definition.cacheSeconds > 86_400
    ? `public, max-age=${definition.cacheSeconds}, immutable`
    : `public, max-age=${definition.cacheSeconds}, stale-while-revalidate=${definition.cacheSeconds}`;
}

function send(exchange: Exchange, definition: RouteDefinition, { status, headers, body }: Answer): void {
  const all: Record<string, string> = { 'cache-control': cachingOf(definition, status), ...headers };
  if (definition.cacheSeconds !== undefined && status === 200) {
    const etag = (all['etag'] ??= `"${createHash('sha1').update(body).digest('base64url')}"`);
    if (matches(exchange.request.headers['if-none-match'], etag)) return write(exchange, 304, all, undefined);
  }
  write(exchange, status, all, body);
}

async function stream(
  exchange: Exchange,
  definition: RouteDefinition,
  response: RouteResponse,
  body: Readable,
): Promise<void> {
  const status = response.status ?? definition.status ?? 200;
  const headers: Record<string, string> = {
    'cache-control': cachingOf(definition, status),
    ...response.headers,
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
