/**
 * WebSockets: the handshake is routed like any request, then two sockets are joined and nobody looks inside.
 */
import { connect, type Socket } from 'node:net';
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Pool } from 'undici';
import type { NewId } from '../platform/ports.ts';
import type { Tracer } from '../platform/tracing/tracer.ts';
import { PROBLEMS, statusOf, type Problem } from './answers.ts';
import type { Clusters } from './clusters.ts';
import { modifyPath } from './compile.ts';
import type { GatewayConfig } from './config.ts';
import { changeHeaders } from './headers.ts';
import type { Proxy } from './proxy.ts';

export interface UpgradeOptions {
  readonly proxy: Proxy;
  readonly clusters: Clusters<Pool>;
  readonly config: Pick<GatewayConfig, 'limits'>;
  readonly newId: NewId;
  readonly tracer: Tracer;
}

export interface Upgrades {
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Joined sockets now. */
  active(): number;
  /** Ends all, for shutting down. */
  closeAll(): void;
}

export function createUpgrades({ proxy, clusters, config, newId, tracer }: UpgradeOptions): Upgrades {
  const joined = new Set<Socket>();

  function handle(request: IncomingMessage, client: Duplex, head: Buffer): void {
    client.on('error', () => client.destroy());
    const requestId = newId('req');
    const span = proxy.arrived(request, requestId);
    tracer.rename(span, 'GET upgrade');
    const refuse = (problem: Problem): void => {
      tracer.set(span, 'http.response.status_code', statusOf(problem));
      if (statusOf(problem) >= 500) tracer.fail(span, problem.code);
      tracer.end(span);
      refuseSocket(client, problem, requestId);
    };
    if (request.method !== 'GET' || request.headers.upgrade?.toLowerCase() !== 'websocket') {
      return refuse(PROBLEMS.badUpgrade);
    }
    const routed = proxy.route(request);
    if ('code' in routed) return refuse(routed);
    tracer.set(span, 'shopmind.tenant', routed.candidate.route.tenant);
    const { action, pathPrefix } = routed.candidate;
    const choice = proxy.choose(action);
    if (choice === undefined) return refuse(PROBLEMS.badBackend);
    const endpoint = clusters.pick(choice.cluster);
    if (typeof endpoint === 'string')
      return refuse(endpoint === 'busy' ? PROBLEMS.busy : PROBLEMS.noEndpoint);

    const colon = endpoint.address.lastIndexOf(':');
    const pod = connect(Number(endpoint.address.slice(colon + 1)), endpoint.address.slice(0, colon));
    let isConnected = false;
    // It counts as none of the Pod's requests: shoppers who talk all day would leave no room for those who ask.
    joined.add(pod);
    pod.setTimeout(config.limits.connectMs, () => {
      if (!isConnected) pod.destroy(new Error('connect timeout'));
    });
    pod.once('connect', () => {
      isConnected = true;
      pod.setTimeout(0);
      // Who talks may be silent. What `upgrade` hands over is the connection itself.
      (client as Socket).setTimeout(0);
      const headers = proxy.headersOf(request, routed, requestId, span);
      const changed = changeHeaders(headers, action.requestHeaders);
      changed.push('connection', 'Upgrade', 'upgrade', 'websocket');
      const path = modifyPath(routed.path, pathPrefix, action.rewrite?.path) + routed.query;
      pod.write(`GET ${path} HTTP/1.1\r\n${lines(changed)}\r\n`, 'latin1');
      if (head.length > 0) pod.write(head);
      tracer.end(span);
      pod.pipe(client);
      client.pipe(pod);
    });
    pod.on('error', () => {
      clusters.report(endpoint, isConnected);
      if (isConnected) client.destroy();
      else refuse(PROBLEMS.connection);
    });
    pod.once('close', () => {
      joined.delete(pod);
      if (isConnected) client.destroy();
    });
    client.once('close', () => pod.destroy());
  }

  return {
    handle,
    active: () => joined.size,
    closeAll() {
      for (const pod of joined) pod.destroy();
    },
  };
}

/** Answers on a connection that no answer of `node:http` belongs to, and ends it. */
export function refuseSocket(client: Duplex, problem: Problem, requestId: string): void {
  const status = statusOf(problem);
  const body = JSON.stringify({
    type: 'about:blank',
    title: problem.title,
    status,
    detail: problem.detail,
    code: problem.code,
    requestId,
  });
  const headers = [
    'content-type',
    'application/problem+json',
    'content-length',
    String(Buffer.byteLength(body)),
    'connection',
    'close',
    'x-request-id',
    requestId,
  ];
  if (problem.retryAfterSeconds !== undefined) headers.push('retry-after', String(problem.retryAfterSeconds));
  client.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines(headers)}\r\n${body}`);
}

function lines(headers: readonly string[]): string {
  let text = '';
  for (let index = 0; index + 1 < headers.length; index += 2)
    text += `${headers[index]}: ${headers[index + 1]}\r\n`;
  return text;
}
