/**
 * WebSockets of the hosted domains: which shop, which socket, from which page, in whose name; then the domain talks.
 * Deflate is off (it costs 300 KB a connection), a message has a largest size, and nothing secret is in the address.
 */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { WebSocketServer, type Server } from 'ws';
import type { DomainService } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { Tenant, TenantId } from '../../platform/ports.ts';
import type { Tracer } from '../../platform/tracing/tracer.ts';
import type { Access } from '../access/access.ts';
import { tokenIn, type Identify } from '../callers.ts';
import { PROBLEM_TYPE, toProblem } from '../problem.ts';
import { traceSocket } from '../tracing.ts';
import { hostNameOf, requireDomain, shopAt, type ShopsOptions } from '../shop.ts';
import { ClientSocket, Connection, SIGNED_OUT, type Endpoint } from './connection.ts';
import { createSessionWatch } from './sessions.ts';
import { createWheel } from './wheel.ts';

export interface SocketsOptions extends ShopsOptions {
  readonly services: Iterable<DomainService>;
  readonly identify: Identify;
  readonly access: Access;
  /** The last that is known of a tenant, without waiting: undefined when it is not served here any more. */
  readonly served: (tenant: string) => Tenant | undefined;
  readonly log: Logger;
  readonly meter: SocketMeter;
  readonly tracer: Tracer;
  /** Who has not answered for so long is gone. Default 50 s. */
  readonly silenceMilliseconds?: number;
  /** Which of these tokens are of no session any more. */
  readonly sessionsOver: (tenant: TenantId, tokens: readonly string[]) => Promise<readonly string[]>;
  /** How often sessions are looked at. Default 5 s. */
  readonly sessionMilliseconds?: number;
  /** How often a caller's proof is looked at again, in turns of half as long. Default 12. */
  readonly proofTurns?: number;
}

export interface SocketMeter {
  heard(socket: string, outcome: 'taken' | 'refused'): void;
  closed(socket: string, code: number): void;
}

export interface Sockets {
  /** For `server.on('upgrade')`. */
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Open connections by socket: `chat.rooms`. */
  counts(): ReadonlyMap<string, number>;
  /** Takes no more, lets the domains finish what they have taken in, and tells every client to come again elsewhere. */
  stop(): Promise<void>;
}

const GOING_AWAY = 1001;
const GOODBYE_MS = 2_000;

export function createSockets(options: SocketsOptions): Sockets {
  const { log, meter, identify, access, served, services, proofTurns = 12 } = options;
  const endpoints = new Map<string, Endpoint>();
  const perTenant = new Map<string, number>();
  const open = new Map<string, number>();
  let isStopping = false;

  for (const { definition, sockets = {} } of services)
    for (const socket of definition.sockets ?? []) {
      const handler = sockets[socket.id];
      if (!handler) throw new Error(`Socket ${definition.name}.${socket.id} has no handler.`);
      const name = `${definition.name}.${socket.id}`;
      open.set(name, 0);
      endpoints.set(socket.path, {
        domain: definition.name,
        definition: socket,
        handler: traceSocket(name, handler, options.tracer),
        async identify(tenant, host, audience, token, again) {
          const caller = await identify(tenant, audience, {
            ...NOTHING,
            host,
            authorization: `Bearer ${token}`,
            again,
          });
          // Over a socket there is both, reading and writing.
          for (const scope of ['read', 'write'])
            await access.requireScope(tenant, caller, `${definition.name}:${scope}`);
          return caller;
        },
        now: () => performance.now(),
        onBug: ({ tenant }, error) =>
          log.error({ err: error, tenant: tenant.id, socket: name }, 'a message failed'),
        onProven: (connection) => sessions.add(connection),
        onHeard: (outcome) => meter.heard(name, outcome),
        onClosed(connection, code) {
          wheel.delete(connection);
          sessions.delete(connection);
          meter.closed(name, code);
          open.set(name, (open.get(name) ?? 1) - 1);
          const left = (perTenant.get(`${name}/${connection.tenant.id}`) ?? 1) - 1;
          if (left === 0) perTenant.delete(`${name}/${connection.tenant.id}`);
          else perTenant.set(`${name}/${connection.tenant.id}`, left);
        },
      });
    }

  const acceptors = new Map<Endpoint, Server<typeof ClientSocket>>();
  for (const endpoint of endpoints.values())
    acceptors.set(
      endpoint,
      new WebSocketServer({
        noServer: true,
        clientTracking: false,
        perMessageDeflate: false,
        maxPayload: endpoint.definition.limits.messageBytes,
        WebSocket: ClientSocket,
        handleProtocols: () => endpoint.definition.protocol,
      }),
    );

  const wheel = createWheel<Connection>({
    turnMilliseconds: (options.silenceMilliseconds ?? 50_000) / 2,
    spokes: 25,
    visit,
  });

  const sessions = createSessionWatch<Connection>({
    over: options.sessionsOver,
    lookAgain: (connection) => void prove(connection),
    onError: (error) => log.warn({ err: error }, 'sessions of sockets could not be looked at'),
    turnMilliseconds: options.sessionMilliseconds ?? 5_000,
  });

  function visit(connection: Connection): void {
    if (!connection.isHeard) return connection.terminate();
    const tenant = served(connection.tenant.id);
    if (tenant === undefined || tenant.suspended) return connection.close(GOING_AWAY, 'the shop has moved');
    connection.isHeard = false;
    connection.ping();
    connection.turns += 1;
    if (connection.proof !== undefined && connection.turns % proofTurns === 0) void prove(connection);
  }

  async function prove(connection: Connection): Promise<void> {
    const { caller } = connection;
    try {
      const now = await connection.identifyAgain();
      if (now.kind !== caller.kind || now.customerId !== caller.customerId)
        connection.close(SIGNED_OUT, 'signed out');
    } catch (error) {
      const isRefused =
        error instanceof ShopError && (error.code === 'unauthenticated' || error.code === 'forbidden');
      if (isRefused) connection.close(SIGNED_OUT, 'signed out');
      else log.warn({ err: error, tenant: connection.tenant.id }, 'a caller could not be looked at again');
    }
  }

  async function join(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (isStopping) throw new ShopError('unavailable', 'This process is stopping.', { retryAfterSeconds: 1 });
    const path = (request.url ?? '').replace(/\?.*$/s, '');
    const endpoint = endpoints.get(path);
    const acceptor = endpoint && acceptors.get(endpoint);
    if (!endpoint || !acceptor || request.method !== 'GET')
      throw new ShopError('not_found', `There is no WebSocket at ${path}.`, {
        remedy: `There are ${[...endpoints.keys()].join(', ') || 'none'}.`,
      });
    const host = hostNameOf(request);
    const tenant = await shopAt(options, host);
    requireDomain(tenant, endpoint.domain);
    const { protocol, limits } = endpoint.definition;
    if (!offers(request, protocol))
      throw new ShopError('invalid_input', `This socket speaks ${protocol}.`, {
        remedy: 'Offer it in Sec-WebSocket-Protocol.',
      });
    // A browser's page of another site could speak in its visitor's name otherwise: WebSockets know no same-origin rule.
    const { origin, cookie, authorization } = request.headers;
    if (origin !== undefined && hostOfOrigin(origin) !== host)
      throw new ShopError('forbidden', 'A page of another site asked for this.', {
        remedy: 'Connect from the shop’s own pages.',
      });
    const caller = await identify(tenant, 'shopper', { ...NOTHING, host, origin, cookie, authorization });
    const count = `${endpoint.domain}.${endpoint.definition.id}/${tenant.id}`;
    if ((perTenant.get(count) ?? 0) >= limits.connections)
      throw new ShopError('rate_limited', 'This shop has as many open connections here as it may.', {
        retryAfterSeconds: 30,
      });
    if (socket.destroyed) return;
    acceptor.handleUpgrade(request, socket, head, (client) => {
      const name = `${endpoint.domain}.${endpoint.definition.id}`;
      perTenant.set(count, (perTenant.get(count) ?? 0) + 1);
      open.set(name, (open.get(name) ?? 0) + 1);
      // What `upgrade` hands over is the connection itself.
      const connection = new Connection(endpoint, client, socket as Socket, tenant, host, caller);
      const token = tokenIn({ authorization, cookie });
      if (caller.customerId !== undefined && token !== undefined)
        connection.prove({ audience: 'shopper', token });
      wheel.add(connection);
      endpoint.handler.opened(connection);
    });
  }

  return {
    handle(request, socket, head) {
      const destroy = (): void => void socket.destroy();
      socket.on('error', destroy);
      join(request, socket, head).then(
        () => socket.off('error', destroy),
        (error: unknown) => refuse(request, socket, error, log),
      );
    },
    counts: () => open,
    async stop() {
      isStopping = true;
      wheel.close();
      sessions.close();
      for (const { handler } of endpoints.values()) await handler.drain?.();
      for (const connection of wheel.all()) connection.close(GOING_AWAY, 'come again');
      const deadline = performance.now() + GOODBYE_MS;
      while (wheel.size > 0 && performance.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, 20));
      for (const connection of wheel.all()) connection.terminate();
    },
  };
}

const NOTHING = {
  // As whatever changes something: a cookie counts only when one of the shop's own pages sent it.
  method: 'POST',
  authorization: undefined,
  cookie: undefined,
  origin: undefined,
  fetchSite: undefined,
} as const;

function offers(request: IncomingMessage, protocol: string): boolean {
  const offered = request.headers['sec-websocket-protocol'] ?? '';
  return offered.split(',').some((name) => name.trim() === protocol);
}

function hostOfOrigin(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).hostname : undefined;
}

function refuse(request: IncomingMessage, socket: Duplex, error: unknown, log: Logger): void {
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
  const problem = toProblem(error, id);
  if (problem.status >= 500 && problem.status !== 503)
    log.error({ err: error, requestId: id }, 'a WebSocket failed to open');
  const body = JSON.stringify(problem);
  const retry = error instanceof ShopError ? error.retryAfterSeconds : undefined;
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
      `content-type: ${PROBLEM_TYPE}`,
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${id}`,
      'cache-control: no-store',
      'connection: close',
      ...(retry === undefined ? [] : [`retry-after: ${retry}`]),
      '',
      body,
    ].join('\r\n'),
  );
}
