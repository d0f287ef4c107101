/**
 * The path of a call of gRPC through the gateway: host, route, limits, Pod, and back. Messages go both ways as they come and are not
 * looked into; the trailers, in which gRPC says how it ended, go with them.
 */
import {
  constants,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Logger } from 'pino';
import { sleep, type Clock } from '../../../operator/kube/clock.ts';
import { CODE, isCall, millisecondsIn } from '../../platform/grpc.ts';
import type { NewId } from '../../platform/ports.ts';
import type { Span } from '../../platform/tracing/span.ts';
import type { Tracer } from '../../platform/tracing/tracer.ts';
import { heldBy, PROBLEMS } from '../answers.ts';
import type { Clusters, Endpoint } from '../clusters.ts';
import type { GatewayConfig } from '../config.ts';
import { changeHeaders, responseHeaders, type FlatHeaders } from '../headers.ts';
import { waitBy, type Holds } from '../holds.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { filtered, pathFor, RETRY_PAUSE_MS, type Proxy, type RequestHead, type Routed } from '../proxy.ts';
import { Unreachable, type Link } from './links.ts';
import {
  DEADLINE,
  hearNoMore,
  NO_SERVICE,
  refusalOf,
  refuse,
  statusOf,
  trailersOf,
  type Refusal,
} from './refusals.ts';

export interface CallsOptions {
  readonly proxy: Pick<Proxy, 'route' | 'choose' | 'headersOf' | 'networkOf' | 'arrived'>;
  /** Those whose Pods speak HTTP/2. */
  readonly clusters: Clusters<Link>;
  /** Of the calls that a Pod may have under way. */
  readonly holds: Holds;
  readonly metrics: GatewayMetrics;
  readonly config: Pick<GatewayConfig, 'limits'>;
  readonly newId: NewId;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tracer: Tracer;
}

export interface Calls {
  handle(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void;
  /** Under way. */
  active(): number;
}

/** Attempts at different Pods for one call; none of the former has heard of it. */
const MAX_ATTEMPTS = 3;

export function createCalls(options: CallsOptions): Calls {
  const { proxy, clusters, holds, metrics, config, clock, log, tracer } = options;
  const { limits } = config;
  let active = 0;
  let waiting = 0;

  async function answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const requestId = options.newId('req');
    const call: Call = { stream, head: headOf(stream, headers), requestId, started: clock.monotonic() };
    const span = proxy.arrived(call.head, requestId);
    const routed = proxy.route(call.head);
    if ('code' in routed) {
      refuse(stream, routed === PROBLEMS.noRoute ? NO_SERVICE : refusalOf(routed), requestId);
      return tell(call, span, '', statusOf(refusalOf(routed).code));
    }
    const { tenant } = routed.candidate.route;
    const cluster = proxy.choose(routed.candidate.action)?.cluster;
    if (cluster === undefined || !clusters.has(cluster)) {
      refuse(stream, NO_SERVICE, requestId);
      return tell(call, span, tenant, statusOf(NO_SERVICE.code));
    }
    const code = await forward(call, routed, cluster, span);
    tell(call, span, tenant, statusOf(code));
  }

  /** @returns the code of gRPC with which it ended for the client */
  async function forward(call: Call, routed: Routed, cluster: string, span: Span): Promise<number> {
    const { stream, head, requestId, started } = call;
    const asked = millisecondsIn(head.headers['grpc-timeout'] as string | undefined);
    const allowed = Math.min(asked ?? Infinity, routed.candidate.action.timeoutMs || Infinity);
    const until = started + allowed;
    const own = tracer.begin('forward grpc', { kind: 'client', parent: span });
    const tried = new Set<string>();
    const refused = (refusal: Refusal): number => {
      refuse(stream, refusal, requestId);
      return refusal.code;
    };
    try {
      for (let attempt = 1; ; attempt += 1) {
        const endpoint = await endpointOf(stream, cluster, tried);
        if (stream.destroyed) return CODE.cancelled;
        if (clock.monotonic() >= until) return refused(DEADLINE);
        if (typeof endpoint === 'string')
          return refused(refusalOf(endpoint === 'busy' ? PROBLEMS.busy : PROBLEMS.noEndpoint));
        tried.add(endpoint.address);
        tracer.set(own, 'server.address', endpoint.address);
        endpoint.active += 1;
        try {
          const headers = headersFor(call, routed, own, until - clock.monotonic());
          const pod = await endpoint.link.open(headers);
          const { session } = pod;
          const code = await joined(call, pod, routed, endpoint.address, until - clock.monotonic());
          // What a Pod refuses may be the caller's doing; a connection that broke is not.
          if (code === CODE.unavailable) judge(endpoint, session?.destroyed !== true);
          else if (code === CODE.ok) judge(endpoint, true);
          return code;
        } catch (error) {
          if (!(error instanceof Unreachable)) throw error;
          metrics.upstreamError('connect');
          judge(endpoint, false);
          log.debug({ err: error, requestId, endpoint: endpoint.address }, 'a Pod could not be reached');
          if (attempt === MAX_ATTEMPTS) return refused(refusalOf(PROBLEMS.connection));
          metrics.retried();
        } finally {
          endpoint.active -= 1;
        }
        // Where all have failed they are mostly about to leave the list: what replaces them needs a moment.
        if (tried.size >= clusters.size(cluster)) await sleep(clock, RETRY_PAUSE_MS * attempt ** 2);
      }
    } finally {
      tracer.end(own);
    }
  }

  /** A Pod that takes a call; where none is ready, after a while at most. */
  async function endpointOf(
    stream: ServerHttp2Stream,
    cluster: string,
    tried: ReadonlySet<string>,
  ): Promise<Endpoint<Link> | 'none' | 'busy'> {
    const found = clusters.pick(cluster, tried);
    if (found !== 'none' || waiting >= limits.maxWaiting) return found;
    waiting += 1;
    await new Promise<void>((resolve) => {
      const giveUp = clusters.onReady(cluster, goOn);
      const stopTimer = clock.after(limits.endpointMs, goOn);
      stream.once('close', goOn);
      function goOn(): void {
        giveUp();
        stopTimer();
        stream.off('close', goOn);
        resolve();
      }
    });
    waiting -= 1;
    return clusters.pick(cluster, tried);
  }

  /** Joins both halves until the call is over. @returns the code with which it ended for the client */
  function joined(
    call: Call,
    pod: ClientHttp2Stream,
    routed: Routed,
    address: string,
    allowed: number,
  ): Promise<number> {
    const { stream, head, requestId } = call;
    const { tenant } = routed.candidate.route;
    return new Promise((resolve) => {
      let trailers: OutgoingHttpHeaders | undefined;
      let code: number | undefined;
      let size = 0;
      const stopTimer = Number.isFinite(allowed)
        ? clock.after(Math.max(0, allowed), () => fail(DEADLINE))
        : undefined;

      /** The client is told so, and the Pod need not go on. */
      function fail(refusal: Refusal): void {
        if (code !== undefined || stream.destroyed) return;
        code = refusal.code;
        pod.unpipe(stream);
        stream.unpipe(pod);
        pod.close(constants.NGHTTP2_CANCEL);
        if (stream.headersSent) {
          trailers = trailersOf(refusal);
          stream.end();
        } else refuse(stream, refusal, requestId);
        over();
      }

      let isOver = false;
      const wait = waitBy(() =>
        holds.begin({ pod: address, tenant, client: proxy.networkOf(head) }, (whose) => {
          metrics.shareUsedUp(whose);
          fail(refusalOf(heldBy(whose)));
        }),
      );
      /** The client still sends, or does not read. */
      function beginWait(): void {
        if (!isOver) wait.begin();
      }

      function over(): void {
        isOver = true;
        stopTimer?.();
        wait.end();
        resolve(code ?? CODE.cancelled);
      }

      pod.once('response', (given, flags) => {
        const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
        const { action } = routed.candidate;
        const flat = changeHeaders(responseHeaders(plain(given), requestId), action.responseHeaders);
        const answered = { ':status': given[':status'] ?? 502, ...folded(flat) };
        if (isWhole) code = codeIn(given);
        if (stream.destroyed) return;
        stream.respond(answered, isWhole ? { endStream: true } : { waitForTrailers: true });
        if (isWhole) hearNoMore(stream);
        else {
          stream.once('wantTrailers', () => {
            stream.sendTrailers(trailers ?? trailersOf(refusalOf(PROBLEMS.connection)));
            hearNoMore(stream);
          });
          pod.pipe(stream);
        }
      });
      pod.once('trailers', (given) => {
        code = codeIn(given);
        trailers = plain(given);
      });
      pod.once('close', () => {
        if (code === undefined) fail(refusalOf(PROBLEMS.connection));
        over();
      });
      pod.on('error', (error) => log.debug({ err: error, requestId }, 'a call to a Pod failed'));
      // Neither half may be silent for ever.
      for (const half of [stream, pod])
        half.setTimeout(limits.idleMs, () => fail(refusalOf(PROBLEMS.timeout)));
      stream.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > limits.maxBodyBytes) fail(refusalOf(PROBLEMS.tooLarge));
      });
      stream.once('close', () => pod.close(constants.NGHTTP2_CANCEL));
      stream.once('end', wait.end);
      stream.pipe(pod);
      // By the pipe below, when the client has more to read than fits; until the answer is through.
      pod.on('pause', beginWait);
      if (!stream.readableEnded) beginWait();
      // The client may have gone while the Pod was looked for.
      if (stream.destroyed) pod.close(constants.NGHTTP2_CANCEL);
    });
  }

  function headersFor(call: Call, routed: Routed, own: Span, left: number): OutgoingHttpHeaders {
    const { action } = routed.candidate;
    const { host, ...headers } = folded(
      filtered(proxy.headersOf(call.head, routed, call.requestId, own), action),
    );
    return {
      ...headers,
      ':method': 'POST',
      ':scheme': 'http',
      ':path': pathFor(routed),
      ':authority': host,
      te: 'trailers',
      ...(Number.isFinite(left) ? { 'grpc-timeout': timeoutOf(left) } : {}),
    };
  }

  function judge(endpoint: Endpoint<Link>, ok: boolean): void {
    if (!clusters.report(endpoint, ok)) return;
    metrics.ejected();
    log.warn({ endpoint: endpoint.address }, 'a Pod failed repeatedly and gets no calls for a while');
  }

  function tell({ head, requestId, started }: Call, span: Span, tenant: string, status: number): void {
    const seconds = (clock.monotonic() - started) / 1_000;
    metrics.answered(tenant, 'grpc', status, seconds);
    tracer.rename(span, 'POST grpc');
    tracer.set(span, 'http.response.status_code', status);
    if (tenant !== '') tracer.set(span, 'shopmind.tenant', tenant);
    if (status >= 500) tracer.fail(span, String(status));
    tracer.end(span);
    log.debug({ requestId, tenant, host: head.headers.host, url: head.url, status, seconds }, 'call');
  }

  return {
    handle(stream, headers) {
      if (headers[':method'] !== 'POST' || !isCall(headers['content-type'])) {
        // What is no call is asked as browsers ask: clients that can do so try again by themselves.
        stream.close(constants.NGHTTP2_HTTP_1_1_REQUIRED);
        return;
      }
      active += 1;
      void answer(stream, headers)
        .catch((error: unknown) => {
          log.error({ err: error }, 'a call could not be passed on');
          stream.close(constants.NGHTTP2_INTERNAL_ERROR);
        })
        .finally(() => (active -= 1));
    },
    active: () => active,
  };
}

interface Call {
  readonly stream: ServerHttp2Stream;
  readonly head: RequestHead;
  readonly requestId: string;
  /** By the monotonic clock. */
  readonly started: number;
}

/** As the head of a request of HTTP/1 is seen by the rest of the gateway. */
function headOf(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): RequestHead {
  const own = plain(headers);
  const host = headers[':authority'] ?? headers.host;
  return {
    method: headers[':method'],
    url: headers[':path'],
    headers: { ...own, ...(host === undefined ? {} : { host }) },
    rawHeaders: Object.entries(own).flatMap(([name, value]) =>
      value === undefined ? [] : [name, String(value)],
    ),
    socket: { remoteAddress: stream.session?.socket.remoteAddress },
  };
}

/** Without what HTTP/2 says in headers and HTTP/1 before them. */
function plain(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':')));
}

/** What is said twice becomes a list. */
function folded(flat: FlatHeaders): Record<string, string | string[]> {
  const result: Record<string, string | string[]> = {};
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const [name = '', value = ''] = [flat[index]?.toLowerCase(), flat[index + 1]];
    const former = result[name];
    result[name] = former === undefined ? value : [former, value].flat();
  }
  return result;
}

function codeIn(headers: IncomingHttpHeaders): number {
  const code = Number(headers['grpc-status']);
  return Number.isInteger(code) ? code : CODE.internal;
}

/** At most eight digits may be said. */
function timeoutOf(milliseconds: number): string {
  const left = Math.max(1, Math.ceil(milliseconds));
  return left < 1e8 ? `${left}m` : `${Math.min(Math.ceil(left / 1_000), 99_999_999)}S`;
}
