/**
 * Puts a runtime process together: adapters, platform, the domains it was told to host, HTTP, workers.
 * Everything is passed in or made here; nothing is global, so that tests run several hosts in one process.
 */
import { createServer, type Server } from 'node:http';
import type { Server as NetServer } from 'node:net';
import express from 'express';
import type { Logger } from 'pino';
import { domainNamed } from '../domains/index.ts';
import { SERVICES } from '../domains/services.ts';
import { systemClock } from '../platform/clock.ts';
import type { DomainDefinition } from '../platform/definition.ts';
import type {
  CustomerIdentity,
  DomainService,
  Platform,
  RouteHandler,
  StaffIdentity,
  StaffPolicy,
} from '../platform/domain.ts';
import { ShopError } from '../platform/errors.ts';
import type { EventLog } from '../platform/events/log.ts';
import { HOST_DOMAIN } from '../platform/names/index.ts';
import type { Clock, Tenant } from '../platform/ports.ts';
import type { PostgresSql } from '../platform/sql/postgres.ts';
import type { TaskQueue } from '../platform/tasks/queue.ts';
import type { TenantDirectory } from '../platform/tenants/directory.ts';
import type { Tracer } from '../platform/tracing/tracer.ts';
import { openEvents, openIdentity, openTasks } from './adapters.ts';
import { createAccess } from './access/access.ts';
import { createPolicies } from './access/policies.ts';
import { createAdmin } from './admin.ts';
import { createAudit } from './audit/audit.ts';
import { auditRoutes } from './audit/routes.ts';
import { createCallers, credentialsOf, type Identify } from './callers.ts';
import { createCalls } from './calls.ts';
import { createCircuits } from './circuits.ts';
import type { HostConfig } from './config.ts';
import { HOST_ROUTES } from './definition.ts';
import { graphRoutes } from './graphql/routes.ts';
import { createGrpcHost } from './grpc/host.ts';
import { createHttp } from './http.ts';
import { createIdempotency } from './idempotency.ts';
import { createInvoke, type Visit } from './invoke.ts';
import { createKeys } from './keys/keys.ts';
import { keyRoutes } from './keys/routes.ts';
import { closeServer, listen } from './listening.ts';
import { createMetrics } from './metrics.ts';
import { createPeers } from './peers.ts';
import { openPlatform, type PlatformParts } from './platform.ts';
import { compileRoutes, type Route } from './routes.ts';
import { createServiceTokens } from './service-tokens.ts';
import { domainRoutes, loadServices, startWorkers, type KnownServices } from './services.ts';
import { createSockets } from './sockets/server.ts';
import { openTracer } from './tracing.ts';
import { startUpkeep } from './upkeep.ts';

/** What tests replace. */
export interface HostParts extends PlatformParts {
  readonly clock?: Clock;
  readonly services?: KnownServices;
  readonly checkAnswers?: boolean;
  /** How often workers look for work nobody told of. Default 2 s. */
  readonly sweepMilliseconds?: number;
  /** How often it is looked whether those who came into a socket by a session are signed in still. */
  readonly sessionMilliseconds?: number;
}

export interface Host {
  readonly server: Server;
  readonly admin: Server;
  /** Listens where the configuration names a port for it. */
  readonly grpc: NetServer;
  readonly platform: Platform;
  readonly events: EventLog;
  readonly tasks: TaskQueue;
  readonly sql: PostgresSql;
  readonly tracer: Tracer;
  /** Listens on both ports and starts the workers. Port 0 takes any. */
  start(): Promise<void>;
  /** Stops accepting, finishes what runs, stops the workers, closes the connections. Safe to call twice. */
  stop(): Promise<void>;
}

/** Opens no connection; throws ShopError `invalid_input` when a named domain is unknown or incomplete. */
export async function createHost(config: HostConfig, log: Logger, parts: HostParts = {}): Promise<Host> {
  const clock = parts.clock ?? systemClock;
  const tracer = openTracer(config, log);
  const circuits = createCircuits(log);
  const call: Platform['call'] = (tenant, domain, operation, input) =>
    peers.call(tenant, domain, operation, input);
  const opened = await openPlatform(config, { clock, log, tracer, circuits, call }, parts);
  const { platform, sql, shownSql, tenants } = opened;
  const services = await loadServices(config.domains, parts.services ?? SERVICES, platform);
  // Between processes: a clock that a test has made is only one's own.
  const tokens = createServiceTokens({ secretsKey: config.secretsKey, clock: systemClock });
  const peers = createPeers({
    services,
    urls: config.peers,
    tenant: (id) => tenants.byId(id),
    tokens,
    tracer,
  });

  const { serves, belongs } = servingOf(config, tenants);
  const sweepMilliseconds = parts.sweepMilliseconds ?? 2_000;
  const metrics = createMetrics({
    lag: () => events.lag(),
    tasks: () => tasks.counts(),
    replication: () => sql.replication(),
    sockets: () => sockets.counts(),
    traces: () => tracer.report(),
    circuits: () => circuits.states(),
  });
  const meter = metrics.events;
  const events = await openEvents(config, { sql, clock, log, meter, serves, sweepMilliseconds }, belongs);
  const definitions = [...services.values()].flatMap(({ definition }) => definition.tasks);
  const tasks = await openTasks(config, { sql, clock, log, serves, definitions, sweepMilliseconds });
  const { analytics } = opened;
  const upkeep = startUpkeep({ sql, clock, log, tenants, analytics, pictures: platform.pictures, serves });

  const keys = createKeys({ sql: shownSql, clock, newId: platform.newId, log });
  const identify = createCallers({
    apiKey: keys.find,
    secrets: platform.secrets,
    identity: await openIdentity(config, clock),
    staff: ({ id }, token) =>
      peers.call<StaffIdentity | undefined>(id, 'accounts', 'authenticateStaff', { token }),
    authenticate: authenticateWith(services, peers),
  });
  const access = createAccess({
    policies: createPolicies({ load: (id) => peers.call<StaffPolicy>(id, 'accounts', 'staffPolicy', {}) }),
  });
  const sockets = createSockets({
    services: services.values(),
    tenants,
    onlyTenant: config.tenant,
    identify,
    access,
    served: (id) => (serves(id) || tenants.known(id)?.frozen === true ? tenants.known(id) : undefined),
    log,
    tracer,
    meter: metrics.sockets,
    sessionsOver: (id, tokens) => peers.call<readonly string[]>(id, 'accounts', 'sessionsOver', { tokens }),
    ...(parts.sessionMilliseconds === undefined ? {} : { sessionMilliseconds: parts.sessionMilliseconds }),
  });
  const audit = createAudit({ sql: shownSql, clock });
  const calls = createCalls({
    access,
    idempotency: createIdempotency(shownSql, clock),
    audit,
    log,
    ...(parts.checkAnswers === undefined ? {} : { checkAnswers: parts.checkAnswers }),
  });
  const ofDomains = domainRoutes(services);
  const asked = {
    invoke: createInvoke({
      calls,
      identify,
      routes: (): readonly Route[] => [...ofHost, ...ofDomains],
      peers: config.peers,
      tracer,
    }),
    isMerchant: (visit: Visit) => isMerchant(identify, visit),
    log,
    open: config.showSchema ?? false,
  };
  const ofHost = hostRoutes({
    ...ownRoutes(config),
    ...keyRoutes(keys),
    ...auditRoutes(audit),
    ...graphRoutes({ ...asked, domains: hostedOrReached(config), cache: platform.cache }),
  });
  const grpc = createGrpcHost({
    ...asked,
    served: new Set([HOST_DOMAIN, ...hostedOrReached(config).map(({ name }) => name)]),
    tenants,
    onlyTenant: config.tenant,
    tracer,
    observe: metrics.observeRequest,
    isReady: () => ready,
  });
  const handle = createHttp({
    routes: compileRoutes([...ofHost, ...ofDomains]),
    tenants,
    calls,
    identify,
    peers,
    tokens,
    log,
    tracer,
    observe: metrics.observeRequest,
    onlyTenant: config.tenant,
  });
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((request, response) => handle(request, response));
  // Who sends slowly is the gateway's to judge: it waits for less.
  const server = createServer(
    { requestTimeout: 180_000, headersTimeout: 15_000, keepAliveTimeout: 65_000, maxHeaderSize: 16_384 },
    app,
  );
  server.on('upgrade', (request, socket, head) => sockets.handle(request, socket, head));

  let ready = false;
  const admin = createAdmin({
    isReady: () => ready,
    ping: () => sql.ping(),
    metrics: () => metrics.text(),
  });

  let stopping: Promise<void> | undefined;
  async function stop(): Promise<void> {
    ready = false;
    upkeep.close();
    await sockets.stop();
    await Promise.all([closeServer(server), grpc.stop(), tasks.close(), events.close()]);
    await Promise.all([...services.values()].map((service) => service.drain?.()));
    await opened.close();
    await tracer.close();
    await closeServer(admin);
  }

  return {
    server,
    admin,
    grpc: grpc.server,
    platform,
    events,
    tasks,
    sql,
    tracer,
    async start() {
      await Promise.all([
        listen(server, config.port, config.address),
        listen(admin, config.adminPort, config.address),
        ...(config.grpcPort === undefined ? [] : [listen(grpc.server, config.grpcPort, config.address)]),
      ]);
      await waitForDatabase(sql, log, () => stopping !== undefined);
      if (stopping) return;
      await tenants.list();
      await startWorkers(services.values(), { events, tasks, tracer });
      ready = true;
      grpc.changed();
    },
    stop: () => (stopping ??= stop()),
  };
}

/** Which tenants a process works for. */
function servingOf({ tenant: only }: HostConfig, tenants: TenantDirectory) {
  const placement = only === undefined ? 'pooled' : 'dedicated';
  return {
    serves(id: string): boolean {
      if (only !== undefined && id !== only) return false;
      // Until the directory is loaded every tenant is possible: the role's schema decides what can be seen at all.
      if (!tenants.loaded) return true;
      // One that is not in it was deleted, lives elsewhere or has yet to arrive; a frozen one takes no work either.
      const tenant = tenants.known(id);
      return tenant !== undefined && !tenant.frozen && tenant.placement === placement;
    },
    /** Whether it may ever have events here: one that is frozen, or not heard of yet, is no stranger. */
    belongs: (id: string): boolean =>
      only === undefined ? tenants.known(id)?.placement !== 'dedicated' : id === only,
  };
}

function hostedOrReached(config: HostConfig): readonly DomainDefinition[] {
  return [...config.domains, ...config.peers.keys()].flatMap((name) => domainNamed(name) ?? []);
}

function ownRoutes(config: HostConfig): Record<string, RouteHandler> {
  return {
    getStore: ({ tenant }) => Promise.resolve({ json: storeOf(tenant) }),
    async getOpenApi() {
      // Drawing it takes a while and few ask: not at start.
      const { openApiOf } = await import('./openapi.ts');
      return { json: openApiOf(hostedOrReached(config)) };
    },
  };
}

function hostRoutes(handlers: Readonly<Record<string, RouteHandler>>): Route[] {
  return HOST_ROUTES.map((definition) => {
    const handler = handlers[definition.id];
    if (!handler) throw new Error(`Host route ${definition.id} has no handler.`);
    return { domain: HOST_DOMAIN, definition, handler, operationId: `${HOST_DOMAIN}.${definition.id}` };
  });
}

async function isMerchant(identify: Identify, { tenant, headers }: Visit): Promise<boolean> {
  try {
    await identify(tenant, 'merchant', credentialsOf(headers, 'GET'));
    return true;
  } catch (error) {
    if (error instanceof ShopError) return false;
    throw error;
  }
}

function storeOf({ id, displayName, branding, locales, currencies, domains }: Tenant) {
  return { id, displayName, branding, locales, currencies, domains };
}

function authenticateWith(
  services: ReadonlyMap<string, DomainService>,
  peers: ReturnType<typeof createPeers>,
) {
  return (tenant: Tenant, token: string, again = false): Promise<CustomerIdentity | undefined> => {
    const own = [...services.values()].find(({ authenticate }) => authenticate !== undefined);
    if (own?.authenticate) return own.authenticate(tenant, token, again);
    return peers.call<CustomerIdentity | undefined>(tenant.id, 'accounts', 'authenticate', { token, again });
  };
}

/** PostgreSQL may start after us: the process waits and stays unready instead of dying in a loop. */
async function waitForDatabase(sql: PostgresSql, log: Logger, stopped: () => boolean): Promise<void> {
  for (let told = false; !stopped();) {
    try {
      await sql.directory('SELECT 1 FROM platform.tenants LIMIT 1');
      return;
    } catch (error) {
      if (!told) log.warn({ err: error }, 'waiting for the database');
      told = true;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
