/**
 * The path of a request through the gateway: host, route, limits, Pod, and back. Reads top to bottom.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Pool } from 'undici';
import type { Clock } from '../../operator/kube/clock.ts';
import { networkOf } from '../platform/network.ts';
import type { NewId } from '../platform/ports.ts';
import type { Span } from '../platform/tracing/span.ts';
import { NO_SPAN, type Tracer } from '../platform/tracing/tracer.ts';
import { answerProblem, heldBy, PROBLEMS, rateLimited, suspended, type Problem } from './answers.ts';
import type { Clusters, Endpoint } from './clusters.ts';
import { modifyPath, type Action, type Candidate } from './compile.ts';
import type { GatewayConfig } from './config.ts';
import { ClientGone, exchange, type Outcome } from './exchange.ts';
import {
  changeHeaders,
  clientOf,
  hostOf,
  requestHeaders,
  responseHeaders,
  traceparentIn,
  traceparentOf,
  traceIdOf,
  trustIn,
  type FlatHeaders,
} from './headers.ts';
import type { Holds, Party } from './holds.ts';
import { routeClassOf, type BackendOutcome, type GatewayMetrics, type RouteClass } from './metrics.ts';
import { draw, type Splits } from './splits.ts';
import type { RouteTable } from './table.ts';
import type { TenantLimits } from './limits.ts';

export interface ProxyOptions {
  readonly table: RouteTable;
  readonly splits: Splits;
  readonly clusters: Clusters<Pool>;
  readonly limits: TenantLimits;
  readonly holds: Holds;
  readonly metrics: GatewayMetrics;
  readonly config: ProxyConfig;
  readonly newId: NewId;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tracer: Tracer;
  /** Whether a cluster's Pods speak HTTP/2, as those do that are called by gRPC. */
  readonly isHttp2: (cluster: string) => boolean;
  /** False until all routes are known: until then an unknown host may be a shop. */
  readonly isComplete: () => boolean;
  readonly random?: () => number;
}

export type ProxyConfig = Pick<GatewayConfig, 'limits' | 'forwardedProto' | 'trustedProxies'>;

/** What of a request decides where it goes. A request of HTTP/1 has it as it is. */
export interface RequestHead {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** A request that found its route. */
export interface Routed {
  readonly candidate: Candidate;
  /** As asked for, in lower case, with its port if one was named. */
  readonly authority: string;
  readonly host: string;
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
}

export interface Choice {
  /** The Service port. */
  readonly cluster: string;
  /** Whether it is one of several revisions, whose figures are kept. */
  readonly isSplit: boolean;
}

export interface Proxy {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** For upgrades, which end in a socket instead of an answer, and for calls of gRPC. */
  route(request: RequestHead): Routed | Problem;
  /** Headers for the Pod, before the route's filters. */
  headersOf(request: RequestHead, routed: Routed, requestId: string, span: Span): FlatHeaders;
  /** Who asks, as clients are counted: the network that the request came from. */
  networkOf(request: RequestHead): string;
  /** A request comes in: its span, which whoever answers it ends. */
  arrived(request: RequestHead, requestId: string): Span;
  /** Where a request goes, by the weights of its route and of the Service. */
  choose(action: Action): Choice | undefined;
  active(): number;
}

/** Attempts at different Pods for one request. */
const MAX_ATTEMPTS = 3;
/** Pause before the second attempt where every Pod was tried; four times as long before the third. */
export const RETRY_PAUSE_MS = 60;
/** Bodies up to this size are held, so that they can be sent again when a Pod cannot be reached. */
const HELD_BODY_BYTES = 65_536;

export function createProxy(options: ProxyOptions): Proxy {
  const { table, splits, clusters, limits, holds, metrics, config, clock, log, tracer } = options;
  const random = options.random ?? Math.random;
  const isTrusted = trustIn(config.trustedProxies);
  let active = 0;
  let waiting = 0;

  function route(request: RequestHead): Routed | Problem {
    const target = targetOf(request.url ?? '');
    if (target === undefined || UNSAFE_PATH.test(target.path)) return PROBLEMS.badPath;
    // An absolute request line overrules the Host header; the Pod must not see another name than was routed by.
    const authority = (target.host ?? request.headers.host ?? '').toLowerCase();
    const host = hostOf(authority);
    if (host === undefined) return PROBLEMS.badHost;
    const found = table.find({
      host,
      method: request.method ?? 'GET',
      path: target.path,
      headers: request.headers,
      query: target.query.slice(1),
    });
    if (found.kind === 'no-host') return options.isComplete() ? PROBLEMS.noShop : PROBLEMS.noEndpoint;
    if (found.kind === 'no-rule') return PROBLEMS.noRoute;
    const { route: owner } = found.candidate;
    if (owner.suspended !== undefined) return suspended(owner.suspended);
    const wait = limits.take(owner.tenant, owner.requestsPerMinute ?? config.limits.requestsPerMinute);
    if (wait > 0) {
      metrics.rateLimited(owner.tenant);
      return rateLimited(wait);
    }
    return { candidate: found.candidate, authority, host, path: target.path, query: target.query };
  }

  function choose(action: Action): Choice | undefined {
    const cluster = chooseOfRoute(action);
    if (cluster === undefined) return undefined;
    const split = splits.of(cluster);
    if (split === undefined) return { cluster, isSplit: false };
    return { cluster: draw(split, hasPods, random) ?? cluster, isSplit: true };
  }

  const hasPods = (cluster: string): boolean => clusters.size(cluster) > 0;

  function chooseOfRoute(action: Action): string | undefined {
    if (action.backends.length === 1 && action.invalidWeight === 0) return action.backends[0]?.cluster;
    let ticket = random() * action.totalWeight;
    for (const { cluster, weight } of action.backends) {
      ticket -= weight;
      if (ticket < 0) return cluster;
    }
    return undefined;
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const visit = createVisit(request, response);
    const routed = route(request);
    if ('code' in routed) return visit.refuse(routed);
    visit.tenant = routed.candidate.route.tenant;
    visit.routeClass = routeClassOf(routed.path);
    const { action } = routed.candidate;
    if (action.redirect !== undefined) return redirect(routed, visit);
    const choice = choose(action);
    if (choice === undefined) return visit.refuse(PROBLEMS.badBackend);
    const { cluster } = choice;
    if (options.isHttp2(cluster)) return visit.refuse(PROBLEMS.needsHttp2);
    if (choice.isSplit) visit.backend = cluster;
    const length = request.headers['content-length'];
    if (length !== undefined && Number(length) > config.limits.maxBodyBytes)
      return visit.refuse(PROBLEMS.tooLarge);
    const isBodiless =
      length === undefined ? request.headers['transfer-encoding'] === undefined : length === '0';
    if (isBodiless) return forward(routed, visit, cluster, undefined);
    if (length === undefined) {
      return forward(routed, visit, cluster, bounded(request, config.limits.maxBodyBytes));
    }
    if (Number(length) > HELD_BODY_BYTES) {
      return forward(routed, visit, cluster, bounded(request, config.limits.maxBodyBytes));
    }
    hold(request, Number(length), (body) => {
      if (body === undefined) visit.finish(499);
      else forward(routed, visit, cluster, body);
    });
  }

  type Body = Buffer | AsyncIterable<Buffer> | undefined;

  function forward(routed: Routed, visit: Visit, cluster: string, body: Body): void {
    const { request, response, requestId } = visit;
    visit.forwarded = clock.monotonic();
    const { action, pathPrefix } = routed.candidate;
    visit.call = tracer.begin(`forward ${pathPrefix}`, { kind: 'client', parent: visit.span });
    const path = pathFor(routed);
    const headers = headersFor(routed, visit);
    if (body !== undefined && !Buffer.isBuffer(body)) {
      const length = request.headers['content-length'];
      if (length !== undefined) headers.push('content-length', length);
    }
    const tried = new Set<string>();
    let attempts = 0;
    let current: { abort(reason: Error): void } | undefined;
    let isOver = false;
    const cancel =
      action.timeoutMs === undefined || action.timeoutMs === 0
        ? undefined
        : clock.after(action.timeoutMs, () => current?.abort(new RouteTimeout()));
    const onClose = (): void => {
      if (!isOver) current?.abort(new ClientGone());
    };
    response.once('close', onClose);
    const end = (): void => {
      isOver = true;
      cancel?.();
    };

    const deadline = clock.monotonic() + config.limits.endpointMs;
    /** Until a Pod is ready, the wait is over, or the client has gone. */
    const waitForPod = (then: () => void): void => {
      waiting += 1;
      const goOn = (): void => {
        waiting -= 1;
        giveUp();
        stopTimer();
        response.off('close', goOn);
        then();
      };
      const giveUp = clusters.onReady(cluster, goOn);
      const stopTimer = clock.after(Math.max(0, deadline - clock.monotonic()), goOn);
      response.once('close', goOn);
    };

    const attempt = (): void => {
      if (response.destroyed) {
        end();
        return visit.finish(499);
      }
      const endpoint = clusters.pick(cluster, tried);
      if (endpoint === 'none' && deadline > clock.monotonic() && waiting < config.limits.maxWaiting) {
        return waitForPod(attempt);
      }
      if (typeof endpoint === 'string') {
        end();
        return visit.refuse(endpoint === 'busy' ? PROBLEMS.busy : PROBLEMS.noEndpoint);
      }
      tried.add(endpoint.address);
      attempts += 1;
      tracer.set(visit.call, 'server.address', endpoint.address);
      if (attempts > 1) tracer.set(visit.call, 'http.request.resend_count', attempts - 1);
      endpoint.active += 1;
      current = exchange(request, response, {
        pool: endpoint.link,
        path,
        headers,
        body,
        answerMs: config.limits.answerMs,
        idleMs: config.limits.idleMs,
        unreadMs: config.limits.unreadMs,
        waitForClient: (giveUp) =>
          holds.begin(
            { pod: endpoint.address, tenant: visit.tenant, client: clientNetworkOf(request) },
            (whose) => {
              metrics.shareUsedUp(whose);
              giveUp(new Overstayed(whose));
            },
          ),
        answerHeaders: (given) =>
          action.responseHeaders.length === 0
            ? responseHeaders(given, requestId)
            : changeHeaders(responseHeaders(given, requestId), action.responseHeaders),
        done: (outcome) => {
          endpoint.active -= 1;
          settle(endpoint, outcome);
        },
      });
      if (response.destroyed) onClose();
    };

    const settle = (endpoint: Endpoint<Pool>, outcome: Outcome): void => {
      if (outcome.kind === 'answered') {
        judge(endpoint, outcome.status < 502 || outcome.status > 504);
        end();
        return visit.finish(outcome.status);
      }
      if (outcome.kind === 'client-gone') {
        end();
        return visit.finish(499);
      }
      if (outcome.error instanceof Overstayed) {
        end();
        return visit.refuse(heldBy(outcome.error.whose));
      }
      const kind = kindOf(outcome.error);
      if (kind === 'too-large') {
        end();
        return visit.refuse(PROBLEMS.tooLarge);
      }
      metrics.upstreamError(kind);
      judge(endpoint, false);
      log.debug({ err: outcome.error, requestId, endpoint: endpoint.address }, 'a request to a Pod failed');
      if (outcome.kind === 'broken') {
        end();
        return visit.finish(outcome.status, 'error');
      }
      if (mayRepeat(kind, request.method ?? '', body) && attempts < MAX_ATTEMPTS && !response.destroyed) {
        metrics.retried();
        // Where all have failed they are mostly about to leave the list: what replaces them needs a moment.
        if (tried.size < clusters.size(cluster)) return attempt();
        clock.after(RETRY_PAUSE_MS * attempts ** 2, attempt);
        return undefined;
      }
      end();
      visit.refuse(kind === 'timeout' ? PROBLEMS.timeout : PROBLEMS.connection);
    };
    attempt();
  }

  /** Whoever comes from outside may say which trace it is, and not that it is recorded. */
  function arrived(request: RequestHead, requestId: string): Span {
    if (!tracer.isOn) return NO_SPAN;
    return tracer.begin('request', {
      kind: 'server',
      parent: traceparentIn(request.headers) ?? 'none',
      isOutside: !isTrusted(request.socket.remoteAddress ?? ''),
      traceId: traceIdOf(requestId),
    });
  }

  function headersOf(request: RequestHead, routed: Routed, requestId: string, span: Span): FlatHeaders {
    const client = clientOf(request, isTrusted, config.forwardedProto);
    return requestHeaders(request.rawHeaders, request.headers.connection, {
      host: routed.authority,
      proto: client.proto,
      clientAddress: client.address,
      requestId,
      traceparent: tracer.isOn
        ? tracer.traceparentOf(span)
        : traceparentOf(request.headers['traceparent'], requestId),
    });
  }

  const clientNetworkOf = (request: RequestHead): string =>
    networkOf(clientOf(request, isTrusted, config.forwardedProto).address);

  function judge(endpoint: Endpoint<Pool>, ok: boolean): void {
    if (!clusters.report(endpoint, ok)) return;
    metrics.ejected();
    log.warn({ endpoint: endpoint.address }, 'a Pod failed repeatedly and gets no requests for a while');
  }

  function headersFor(routed: Routed, visit: Visit): FlatHeaders {
    return filtered(headersOf(visit.request, routed, visit.requestId, visit.call), routed.candidate.action);
  }

  function redirect(routed: Routed, visit: Visit): void {
    const { candidate, path, query, host } = routed;
    const { scheme, hostname, port, statusCode = 302, path: modifier } = candidate.action.redirect ?? {};
    const proto = scheme ?? config.forwardedProto;
    const given = /:(\d+)$/.exec(routed.authority)?.[1];
    // By the Gateway API: the port of the scheme if one is named, else the one the client came by.
    const chosen = port === undefined ? (scheme === undefined ? given : undefined) : String(port);
    const isUsual = chosen === undefined || (proto === 'https' ? chosen === '443' : chosen === '80');
    const location = `${proto}://${hostname ?? host}${isUsual ? '' : `:${chosen}`}${modifyPath(path, candidate.pathPrefix, modifier)}${query}`;
    visit.response.writeHead(statusCode, [
      'location',
      location,
      'content-length',
      '0',
      'x-request-id',
      visit.requestId,
    ]);
    visit.response.end();
    visit.finish(statusCode);
  }

  interface Visit {
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
    readonly requestId: string;
    tenant: string;
    routeClass: RouteClass;
    /** The revision it went to, where there are several. */
    backend: string | undefined;
    readonly span: Span;
    /** Of what the Pods were asked. */
    call: Span;
    /** When it was first sent to a Pod, by the monotonic clock; 0 before. */
    forwarded: number;
    refuse(problem: Problem): void;
    /** @param outcome what it counts as for the revision; by default what its status says */
    finish(status: number, outcome?: BackendOutcome): void;
  }

  function createVisit(request: IncomingMessage, response: ServerResponse): Visit {
    const started = clock.monotonic();
    active += 1;
    const requestId = options.newId('req');
    const visit: Visit = {
      request,
      response,
      requestId,
      span: arrived(request, requestId),
      call: NO_SPAN,
      tenant: '',
      routeClass: 'none',
      backend: undefined,
      forwarded: 0,
      refuse(problem) {
        if (!response.headersSent && !response.destroyed)
          answerProblem(request, response, problem, visit.requestId);
        visit.finish(response.statusCode);
      },
      finish(status, outcome = outcomeOf(status)) {
        active -= 1;
        const now = clock.monotonic();
        const seconds = (now - started) / 1000;
        metrics.answered(visit.tenant, visit.routeClass, status, seconds);
        if (visit.backend !== undefined && visit.forwarded > 0) {
          metrics.backendAnswered(visit.backend, outcome, (now - visit.forwarded) / 1000);
        }
        if (tracer.isOn) tell(visit, status);
        if (log.isLevelEnabled('debug')) {
          const { method, url, headers } = request;
          log.debug(
            {
              requestId: visit.requestId,
              tenant: visit.tenant,
              method,
              host: headers.host,
              url,
              status,
              seconds,
            },
            'request',
          );
        }
      },
    };
    return visit;
  }

  function tell({ request, span, call, tenant, routeClass }: Visit, status: number): void {
    const { method = '' } = request;
    if (call !== NO_SPAN) {
      tracer.set(call, 'http.response.status_code', status);
      if (status >= 500) tracer.fail(call, String(status));
      tracer.end(call);
    }
    tracer.rename(span, `${method} ${routeClass}`);
    tracer.set(span, 'http.request.method', method);
    tracer.set(span, 'http.response.status_code', status);
    if (tenant !== '') tracer.set(span, 'shopmind.tenant', tenant);
    if (status >= 500) tracer.fail(span, String(status));
    tracer.end(span);
  }

  return { handle, route, choose, headersOf, networkOf: clientNetworkOf, arrived, active: () => active };
}

const outcomeOf = (status: number): BackendOutcome =>
  status === 499 ? 'cancelled' : status >= 500 ? 'error' : 'ok';

/** The time a route allows for a request is over. */
class RouteTimeout extends Error {
  override readonly name = 'RouteTimeout';
}

/** The client was waited for while a share of the Pod's connections was used up. */
class Overstayed extends Error {
  override readonly name = 'Overstayed';
  readonly whose: Party;

  constructor(whose: Party) {
    super(`the share of ${whose} is used up`);
    this.whose = whose;
  }
}

class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

/** Segments `.` and `..`, plain or encoded: the Pod might resolve them to a path whose route was never asked. */
const UNSAFE_PATH = /(?:^|[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?=$|[/\\;]|%2f|%5c)|[\\\0]|%00/i;

/** Path and query of the request line, which may also be an absolute URL. */
function targetOf(url: string): { path: string; query: string; host: string | undefined } | undefined {
  if (!url.startsWith('/')) {
    if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return undefined;
    const { pathname, search, host } = new URL(url);
    return { path: pathname, query: search, host };
  }
  const mark = url.indexOf('?');
  return mark < 0
    ? { path: url, query: '', host: undefined }
    : { path: url.slice(0, mark), query: url.slice(mark), host: undefined };
}

/** Headers for the Pod, as the route's filters want them. */
export function filtered(headers: FlatHeaders, { requestHeaders: changes, rewrite }: Action): FlatHeaders {
  const changed = changes.length === 0 ? headers : changeHeaders(headers, changes);
  const hostname = rewrite?.hostname;
  return hostname === undefined
    ? changed
    : changeHeaders(changed, [{ set: [{ name: 'host', value: hostname }] }]);
}

export const pathFor = ({ candidate, path, query }: Routed): string =>
  candidate.action.rewrite?.path === undefined
    ? path + query
    : modifyPath(path, candidate.pathPrefix, candidate.action.rewrite.path) + query;

type Failure = 'connect' | 'reset' | 'timeout' | 'protocol' | 'too-large';

function kindOf(error: Error): Failure {
  if (error instanceof BodyTooLarge) return 'too-large';
  if (error instanceof RouteTimeout) return 'timeout';
  const code = 'code' in error ? String(error.code) : '';
  if (CONNECT_CODES.has(code)) return 'connect';
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return 'timeout';
  return RESET_CODES.has(code) ? 'reset' : 'protocol';
}

const CONNECT_CODES = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
]);
const RESET_CODES = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'ETIMEDOUT']);

const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** A request that never reached a Pod may go to another, one that may have worked only if it is idempotent. */
function mayRepeat(kind: Failure, method: string, body: unknown): boolean {
  if (body !== undefined && !Buffer.isBuffer(body)) return false;
  return kind === 'connect' || (kind === 'reset' && IDEMPOTENT.has(method));
}

/** Calls `then` once: with the whole body, or with `undefined` when the client has gone before. */
function hold(request: IncomingMessage, length: number, then: (body: Buffer | undefined) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    // Node ends a message at its stated length, so this is its last part.
    if (size === length) then(chunks.length === 1 ? chunk : Buffer.concat(chunks, size));
  });
  request.once('close', () => {
    if (size < length) then(undefined);
  });
}

/** The body as it comes. Giving up on it leaves the request alone, so that it can still be answered. */
async function* bounded(request: IncomingMessage, limit: number): AsyncIterable<Buffer> {
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    // Without setEncoding a message's chunks are Buffers.
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > limit) throw new BodyTooLarge(`the body is larger than ${limit} bytes`);
    yield bytes;
  }
}
