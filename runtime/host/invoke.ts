/**
 * Asks a route by its name rather than its path: in this process where its domain is hosted here, over HTTP where it is not. For the
 * protocols that know operations; it is the same call either way, with the caller's own credentials.
 */
import { Readable } from 'node:stream';
import type { Audience, RouteDefinition } from '../platform/definition.ts';
import type { Caller, RouteRequest } from '../platform/domain.ts';
import { ShopError } from '../platform/errors.ts';
import type { Tenant } from '../platform/ports.ts';
import type { SpanOptions, Tracer } from '../platform/tracing/tracer.ts';
import { credentialsOf, type Identify } from './callers.ts';
import { checkInput, type Calls, type Input, type Reply } from './calls.ts';
import { fromProblem } from './peers.ts';
import type { Route } from './routes.ts';
import type { OperationShape } from './shapes/shapes.ts';

export interface InvokeOptions {
  readonly calls: Calls;
  readonly identify: Identify;
  /** Those of the domains hosted here, and the host's own. */
  readonly routes: () => readonly Route[];
  /** Base URL by domain, for the others. */
  readonly peers: ReadonlyMap<string, string>;
  readonly tracer: Tracer;
}

/** What several invocations of one request have in common. */
export interface Visit {
  readonly tenant: Tenant;
  /** As the request came: credentials, host and forwarded address are read from here. */
  readonly headers: RouteRequest['headers'];
  readonly requestId: string;
  readonly signal: AbortSignal;
}

export interface Invocation {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** JSON, or bytes for a route that takes them. */
  readonly body: unknown;
  readonly contentType?: string | undefined;
  readonly idempotencyKey: string | undefined;
}

export type Invoke = (operation: OperationShape, invocation: Invocation) => Promise<Reply>;

/** Who is calling is found out once for each audience, however often it is asked. */
export function createInvoke(options: InvokeOptions): (visit: Visit) => Invoke {
  let routes: ReadonlyMap<string, Route> | undefined;
  return (visit) => {
    const known = (routes ??= new Map(options.routes().map((route) => [route.operationId, route])));
    const callers = new Map<Audience, Promise<Caller>>();
    return async (operation, invocation) => {
      // One request may ask hundreds of times: once nobody waits for it any more, it asks no more.
      visit.signal.throwIfAborted();
      const route = known.get(`${operation.domain}.${operation.route.id}`);
      const { tracer } = options;
      const name = `${operation.domain}.${operation.route.id}`;
      if (route !== undefined)
        return tracer.run(name, about(visit, operation), () =>
          locally(options, visit, callers, route, invocation),
        );
      const url = options.peers.get(operation.domain);
      if (url !== undefined)
        return tracer.run(name, { ...about(visit, operation), kind: 'client' }, () =>
          remotely(url, visit, operation, invocation, tracer),
        );
      throw new ShopError(
        'unavailable',
        `The ${operation.domain} domain is not hosted here and PEERS does not name it.`,
      );
    };
  };
}

function about({ tenant }: Visit, { domain, route }: OperationShape): SpanOptions {
  return {
    attributes: { 'shopmind.tenant': tenant.id, 'shopmind.domain': domain, 'shopmind.operation': route.id },
  };
}

async function locally(
  { calls, identify }: InvokeOptions,
  { tenant, headers, requestId, signal }: Visit,
  callers: Map<Audience, Promise<Caller>>,
  route: Route,
  invocation: Invocation,
): Promise<Reply> {
  const { definition } = route;
  const { params, body, contentType, idempotencyKey } = invocation;
  const caller = await calls.admit(tenant, route, (audience) => {
    const asked =
      callers.get(audience) ?? identify(tenant, audience, credentialsOf(headers, definition.method));
    callers.set(audience, asked);
    return asked;
  });
  return calls.perform({
    route,
    tenant,
    caller,
    input: inputOf(definition, invocation),
    headers: contentType === undefined ? headers : { ...headers, 'content-type': contentType },
    requestId,
    idempotencyKey,
    fingerprint: [definition.method, pathOf(definition.path, params), bytesOf(body)],
    whenGone(tell) {
      signal.addEventListener('abort', tell, { once: true });
      return () => signal.removeEventListener('abort', tell);
    },
  });
}

/** A route that reads a stream is given what came whole as one. */
function inputOf(definition: RouteDefinition, { params, query, body }: Invocation): Input {
  const input = checkInput(definition, { params, query, body });
  return definition.body === 'stream'
    ? { ...input, body: Readable.from([bytesOf(body)], { objectMode: false }) }
    : input;
}

/** Whoever asks for themselves: what the gateway said of them, and what they said of themselves. */
const PASSED = [
  'authorization',
  'cookie',
  'origin',
  'sec-fetch-site',
  'x-forwarded-for',
  'x-forwarded-proto',
  'traceparent',
  'tracestate',
  'accept-language',
] as const;

async function remotely(
  url: string,
  { headers, requestId, signal }: Visit,
  { domain, route }: OperationShape,
  { params, query, body, contentType, idempotencyKey }: Invocation,
  tracer: Tracer,
): Promise<Reply> {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const one of Array.isArray(value) ? value : [value]) asked.append(name, String(one));
  const passed = PASSED.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]]));
  let answer: Response;
  try {
    answer = await fetch(`${url}${pathOf(route.path, params)}?${asked}`, {
      method: route.method,
      headers: {
        ...Object.fromEntries(passed),
        'x-forwarded-host': headers['x-forwarded-host'] ?? headers['host'] ?? '',
        'x-request-id': requestId,
        ...tracer.headers(),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
      },
      ...(body === undefined ? {} : { body: bytesOf(body) }),
      signal,
    });
  } catch (error) {
    throw new ShopError('unavailable', `The ${domain} service cannot be reached.`, {
      cause: error,
      remedy: 'Try again in a moment.',
      retryAfterSeconds: 1,
    });
  }
  if (answer.status >= 400) throw fromProblem(await answer.json().catch(() => undefined));
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: Buffer.from(await answer.arrayBuffer()),
  };
}

function pathOf(path: string, params: Readonly<Record<string, unknown>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
}

function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body));
}
