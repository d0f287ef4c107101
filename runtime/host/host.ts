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
  CreateService,
  DomainService,
  Platform,
  RouteHandler,
  CustomerIdentity,
  StaffIdentity,
  StaffPolicy,
} from '../platform/domain.ts';
import { ShopError, type Problem } from '../platform/errors.ts';
import type { EventLog } from '../platform/events/log.ts';
import { createNewId } from '../platform/ids.ts';
import { createMessaging } from '../platform/messages/providers.ts';
import { createOutside } from '../platform/outside/outside.ts';
import { HOST_DOMAIN, publicOrigin } from '../platform/names/index.ts';
import { choosePayments } from '../platform/payments/payments.ts';
import { createPayPalPayments } from '../platform/payments/paypal/paypal.ts';
import { createStripePayments } from '../platform/payments/stripe.ts';
import { createPictures } from '../platform/pictures/pictures.ts';
import { createPainters } from '../platform/pictures/studio/painters.ts';
import { PERSONAL_DATA, personalDataOf } from '../platform/personal.ts';
import type { Clock, EventHandler, Mail, Payments, Search, Tenant } from '../platform/ports.ts';
import { createSealing } from '../platform/secrets/sealing.ts';
import { createPostgres, type PostgresSql } from '../platform/sql/postgres.ts';
import type { TaskQueue } from '../platform/tasks/queue.ts';
import { createTenantDirectory } from '../platform/tenants/directory.ts';
import { tracePorts } from '../platform/tracing/ports.ts';
import { traceSql } from '../platform/tracing/sql.ts';
import type { Tracer } from '../platform/tracing/tracer.ts';
import {
  openAnalytics,
  openBlobs,
  openDocuments,
  openEvents,
  openIdentity,
  openScan,
  openEmbeddings,
  openLanguage,
  openSearch,
  openSecrets,
  openShared,
  openTasks,
} from './adapters.ts';
import { createAccess } from './access/access.ts';
import { createPolicies } from './access/policies.ts';
import { createAudit } from './audit/audit.ts';
import { auditRoutes } from './audit/routes.ts';
import { createCallers, credentialsOf, type Identify } from './callers.ts';
import { createCalls } from './calls.ts';
import type { HostConfig } from './config.ts';
import { HOST_ROUTES } from './definition.ts';
import { graphRoutes } from './graphql/routes.ts';
import { createGrpcHost } from './grpc/host.ts';
import { createHttp } from './http.ts';
import { createIdempotency } from './idempotency.ts';
import { createInvoke, type Visit } from './invoke.ts';
import { createKeys } from './keys/keys.ts';
import { keyRoutes } from './keys/routes.ts';
import { createCircuits } from './circuits.ts';
import { createMetrics } from './metrics.ts';
import { createPeers } from './peers.ts';
import { compileRoutes, type Route } from './routes.ts';
import { createServiceTokens } from './service-tokens.ts';
import { createSockets } from './sockets/server.ts';
import { openTracer, traceConsumer, traceTask } from './tracing.ts';
import { startUpkeep } from './upkeep.ts';

/** What tests replace. */
export interface HostParts {
  readonly clock?: Clock;
  readonly payments?: Payments;
  readonly mail?: Mail;
  /** Is given what the configuration says. */
  readonly search?: (configured: Search) => Search;
  readonly services?: Readonly<Record<string, () => Promise<{ createService: CreateService }>>>;
  readonly checkAnswers?: boolean;
  /** How often workers look for work nobody told of. Default 2 s. */
  readonly sweepMilliseconds?: number;
  /** How often the directory of tenants is read although nobody told of a change. */
  readonly directoryMilliseconds?: number;
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
  const newId = createNewId(clock);
  const tracer = openTracer(config, log);
  const sql = createPostgres({
    connectionString: config.databaseUrl,
    ...(config.databaseReplicaUrl === undefined
      ? {}
      : { replicaConnectionString: config.databaseReplicaUrl }),
    ...(config.databasePoolerUrl === undefined ? {} : { poolerConnectionString: config.databasePoolerUrl }),
    clock,
    newId,
    connections: config.databaseConnections,
    applicationName: `shopmind-runtime${config.tenant === undefined ? '' : `-${config.tenant}`}`,
  });
  /** For whatever is done on somebody's behalf; what looks for work all day is in no trace. */
  const shownSql = traceSql(sql, tracer);
  const { directoryMilliseconds } = parts;
  const tenants = createTenantDirectory({
    sql,
    log,
    ...(directoryMilliseconds === undefined ? {} : { pollMilliseconds: directoryMilliseconds }),
  });
  const secrets = await openSecrets(config, shownSql);
  const services = new Map<string, DomainService>();
  // Between processes: a clock that a test has made is only one's own.
  const tokens = createServiceTokens({ secretsKey: config.secretsKey, clock: systemClock });
  const peers = createPeers({
    services,
    urls: config.peers,
    tenant: (id) => tenants.byId(id),
    tokens,
    tracer,
  });
  const circuits = createCircuits(log);
  const shared = await openShared(config, { sql, clock, log, circuits });
  const collections = config.domains.flatMap((name) => domainNamed(name)?.collections ?? []);
  const documents = await openDocuments(config, { sql: shownSql, collections });
  const facts = config.domains.flatMap((name) => domainNamed(name)?.facts ?? []);
  const analytics = await openAnalytics(config, { sql: shownSql, clock, facts });
  const configured = await openSearch(config, shownSql);
  const search = parts.search?.(configured) ?? configured;
  const messaging = createMessaging({
    sql: shownSql,
    clock,
    secrets,
    log,
    mailProviders: config.mailProviders,
    smsProviders: config.smsProviders,
  });
  const blobs = await openBlobs(config);
  const pictures = createPictures({ sql: shownSql, blobs, clock, log, painters: createPainters() });
  const ports = {
    blobs,
    cache: shared.cache,
    pubsub: shared.pubsub,
    documents,
    analytics,
    search,
    payments:
      parts.payments ??
      choosePayments({
        stripe: createStripePayments({
          secrets,
          url: config.paymentsUrl,
          publicOrigin: config.paymentsPublicOrigin,
          watch: circuits.watch('payments', 'who would pay is told to try again'),
        }),
        paypal: createPayPalPayments({
          secrets,
          clock,
          url: config.paypalUrl,
          watch: circuits.watch('paypal', 'who would pay by it is told to try again'),
        }),
      }),
    scan: await openScan(config),
    language: await openLanguage(config, circuits),
    embeddings: await openEmbeddings(config, circuits),
    mail: parts.mail ?? messaging.mail,
    sms: messaging.sms,
    push: messaging.push,
  };
  const platform: Platform = {
    ...tracePorts(ports, tracer),
    sql: shownSql,
    limits: shared.limits,
    pictures,
    outbox: messaging.outbox,
    secrets,
    sealing: createSealing(config.secretsKey),
    outside: createOutside({ allowLoopback: config.outsideLoopback ?? false }),
    tenants,
    clock,
    newId,
    log,
    tracing: tracer,
    originOf: ({ hosts: [host = 'localhost'] }) => publicOrigin(host, config.publicPort ?? 443),
    call: (tenant, domain, operation, input) => peers.call(tenant, domain, operation, input),
    ...(config.sourcesUrl === undefined ? {} : { sourcesUrl: config.sourcesUrl }),
  };
  await loadServices(config.domains, parts.services ?? SERVICES, platform, services);

  const serves = (id: string): boolean => {
    if (config.tenant !== undefined && id !== config.tenant) return false;
    // Until the directory is loaded every tenant is possible: the role's schema decides what can be seen at all.
    if (!tenants.loaded) return true;
    // One that is not in it was deleted, lives elsewhere or has yet to arrive; a frozen one takes no work either.
    const tenant = tenants.known(id);
    if (tenant === undefined || tenant.frozen) return false;
    return tenant.placement === (config.tenant === undefined ? 'pooled' : 'dedicated');
  };
  const sweepMilliseconds = parts.sweepMilliseconds ?? 2_000;
  /** Whether it may ever have events here: one that is frozen, or not heard of yet, is no stranger. */
  const belongs = (id: string): boolean =>
    config.tenant === undefined ? tenants.known(id)?.placement !== 'dedicated' : id === config.tenant;
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
  const upkeep = startUpkeep({ sql, clock, log, tenants, analytics, pictures, serves });

  const keys = createKeys({ sql: shownSql, clock, newId, log });
  const identify = createCallers({
    apiKey: keys.find,
    secrets,
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
  const admin = createServer((request, response) => {
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8') => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(text);
    };
    const path = request.url?.split('?')[0];
    if (path === '/livez') return answer(200, 'ok\n');
    if (path === '/readyz') {
      if (!ready) return answer(503, 'starting or stopping\n');
      return void sql.ping().then(
        () => answer(200, 'ok\n'),
        (error: unknown) => answer(503, `database: ${error instanceof Error ? error.message : 'unknown'}\n`),
      );
    }
    if (path === '/metrics') {
      return void metrics.text().then(
        (text) => answer(200, text, 'text/plain; version=0.0.4; charset=utf-8'),
        () => answer(500, 'metrics failed\n'),
      );
    }
    return answer(404, 'There are /livez, /readyz and /metrics.\n');
  });

  async function startWorkers(): Promise<void> {
    for (const service of services.values()) {
      const { name: domain } = service.definition;
      for (const [name, handler] of Object.entries(service.tasks))
        tasks.work(name, traceTask(domain, name, handler, tracer));
      const topics = service.definition.consumes;
      if (topics.length === 0) continue;
      const handle: EventHandler = async (event, tx) => {
        const consumer = service.consumers[event.topic];
        if (!consumer) throw new Error(`${domain} has no consumer for ${event.topic}.`);
        await consumer(event, tx);
      };
      await events.subscribe(domain, topics, traceConsumer(domain, handle, tracer), {
        apart: service.hearsApart === true,
      });
    }
  }

  let stopping: Promise<void> | undefined;
  async function stop(): Promise<void> {
    ready = false;
    upkeep.close();
    await sockets.stop();
    const closed = Promise.all([closeServer(server), grpc.stop(), tasks.close(), events.close()]);
    await closed;
    await Promise.all([...services.values()].map((service) => service.drain?.()));
    pictures.close();
    await tenants.close();
    await shared.close();
    await documents.close();
    await analytics.close();
    await search.close();
    messaging.close();
    await sql.close();
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
      await startWorkers();
      ready = true;
      grpc.changed();
    },
    stop: () => (stopping ??= stop()),
  };
}

/** Names everything that is missing at once. */
async function loadServices(
  names: readonly string[],
  known: Readonly<Record<string, () => Promise<{ createService: CreateService }>>>,
  platform: Platform,
  services: Map<string, DomainService>,
): Promise<void> {
  const problems: Problem[] = [];
  for (const name of names) {
    const load = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!load) {
      problems.push({ where: name, what: `is no domain; there are ${Object.keys(known).join(', ')}` });
      continue;
    }
    const { createService } = await load();
    const service = createService(platform);
    problems.push(...gapsOf(service));
    const personalData = personalDataOf(service.definition, platform.sql);
    services.set(name, { ...service, operations: { ...service.operations, [PERSONAL_DATA]: personalData } });
  }
  if (problems.length === 0) return;
  throw new ShopError('invalid_input', 'The domains named in SHOPMIND_DOMAINS cannot be hosted.', {
    problems,
    remedy: 'Every route, consumer and task of a definition needs a handler, and nothing else may have one.',
  });
}

function gapsOf(service: DomainService): Problem[] {
  const { definition } = service;
  const compare = (
    kind: string,
    wanted: readonly string[],
    present: Readonly<Record<string, unknown>>,
  ): Problem[] => [
    ...wanted
      .filter((key) => !Object.hasOwn(present, key))
      .map((key) => ({ where: `${definition.name} ${kind} ${key}`, what: 'has no handler' })),
    ...Object.keys(present)
      .filter((key) => !wanted.includes(key))
      .map((key) => ({ where: `${definition.name} ${kind} ${key}`, what: 'is in no definition' })),
  ];
  return [
    ...compare(
      'route',
      definition.routes.map(({ id }) => id),
      service.routes,
    ),
    ...compare('socket', definition.sockets?.map(({ id }) => id) ?? [], service.sockets ?? {}),
    ...compare('consumer', definition.consumes, service.consumers),
    ...compare(
      'task',
      definition.tasks.map(({ name }) => name),
      service.tasks,
    ),
    ...[...definition.routes, ...(definition.sockets ?? [])]
      .filter(
        ({ path }) =>
          !path.startsWith(`/api/${definition.name}/`) &&
          !path.startsWith(`/api/admin/${definition.name}/`) &&
          !path.startsWith('/.well-known/'),
      )
      .map(({ id, path }) => ({
        where: `${definition.name} route or socket ${id}`,
        what: `${path} does not begin with the domain’s prefix`,
      })),
  ];
}

function domainRoutes(services: ReadonlyMap<string, DomainService>): Route[] {
  return [...services.values()].flatMap((service) =>
    service.definition.routes.map((definition) => {
      const handler = service.routes[definition.id];
      if (!handler) throw new Error(`Route ${definition.id} has no handler.`);
      return {
        domain: service.definition.name,
        definition,
        handler,
        operationId: `${service.definition.name}.${definition.id}`,
      };
    }),
  );
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

function listen(server: NetServer, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => resolve());
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve();
    const force = setTimeout(() => server.closeAllConnections(), 20_000);
    force.unref();
    // A connection that was busy becomes idle once it has its answer.
    const idle = setInterval(() => server.closeIdleConnections(), 50);
    server.close(() => {
      clearTimeout(force);
      clearInterval(idle);
      resolve();
    });
    server.closeIdleConnections();
  });
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
