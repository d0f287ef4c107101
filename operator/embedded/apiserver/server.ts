/**
 * The embedded cluster's API server: HTTPS on a loopback address, its objects in SQLite, its
 * credentials in the data directory, a kubeconfig for whoever wants to use it.
 */
import { ServerResponse, type IncomingMessage } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { isIP, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { PatchError } from '../patch/error.ts';
import { openStore, type Store } from '../store/store.ts';
import { ensureApiServices } from './api-services.ts';
import { createWebhookAdmission } from './admission/webhooks.ts';
import { authenticate, type UserInfo } from './authn.ts';
import { allowAll } from './authz/authorizer.ts';
import { effectiveUser } from './authz/check.ts';
import { createRbac } from './authz/rbac.ts';
import { createCatalog } from './catalog.ts';
import { loadCertificates, writePrivate } from './certificates.ts';
import type { Cluster, Logger } from './cluster.ts';
import { createCodec } from './codec.ts';
import { createCustomResources } from './crd/custom-resources.ts';
import { createCounters, type WriteCount } from './counters.ts';
import { ApiError } from './errors.ts';
import { sendError, type Exchange } from './exchange.ts';
import { announce, ensureFirstObjects } from './first-objects.ts';
import { kubeconfig, writeKubeconfig } from './kubeconfig.ts';
import type { Providers } from './providers.ts';
import { isPublic, route } from './router.ts';
import { createKinds } from './kinds/kinds.ts';
import { builtInColumns } from './table/columns.ts';
import { loadTokens } from './tokens.ts';
import { parseStored } from './objects.ts';
import { refuseUpgrade, serveUpgrade } from './streams/upgrade.ts';

export type { Logger } from './cluster.ts';
export type { LogOptions, Providers } from './providers.ts';
export type { WriteCount } from './counters.ts';
export { ApiError, badRequest, notFound, unavailable } from './errors.ts';

export interface ApiServerOptions {
  /** Where objects, keys and certificates are kept; made when it is missing. */
  readonly dataDir: string;
  /** 0 takes the one of the last start if it is free, or any other. */
  readonly port: number;
  /** A loopback address; nothing else is listened on. */
  readonly host: string;
  readonly log: Logger;
  /** Where the administrator's kubeconfig is written; none is when it is absent. */
  readonly kubeconfigPath?: string;
  /** How long older states are kept for paged lists and resumed watches: from this long to twice as long; default 5 min. */
  readonly compactionMs?: number;
  /** Changes remembered for each resource, for watches and paged lists. */
  readonly historyLength?: number;
  /**
   * `rbac` enforces Roles and bindings for everybody outside `system:masters`; by default whoever has a credential may do
   * everything.
   */
  readonly authorization?: 'rbac' | 'none';
  readonly now?: () => Date;
}

export interface ApiServer {
  readonly url: string;
  readonly port: number;
  readonly adminToken: string;
  /** PEM. */
  readonly caCertificate: string;
  /** The administrator's kubeconfig as text. */
  readonly kubeconfig: string;
  /** Where it was written; empty when it was not. */
  readonly kubeconfigPath: string;
  /** What the node agent serves through this server; register by assigning. */
  readonly providers: Providers;
  /**
   * A token for a ServiceAccount that exists.
   * @param seconds how long it is valid; default one year
   */
  issueServiceAccountToken(namespace: string, name: string, seconds?: number): string;
  /** A kubeconfig for a bearer of this token. */
  kubeconfigFor(token: string): string;
  /** Writes answered since the start, by verb, resource and user agent. */
  counts(): readonly WriteCount[];
  close(): Promise<void>;
}

const COMPACTION_MS = 5 * 60_000;
const YEAR_SECONDS = 365 * 24 * 60 * 60;
const LONGEST_URL = 64 * 1024;
const MOST_CONNECTIONS = 4_096;
const KEEP_ALIVE_MS = 120_000;
const REQUEST_TIMEOUT_MS = 60_000;

/** Starts the server; resolves when it is listening and its first objects are there. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  assertLoopback(options.host);
  const { dataDir, log } = options;
  const now = options.now ?? (() => new Date());
  const certificates = loadCertificates(join(dataDir, 'pki'), now());
  const tokens = loadTokens(join(dataDir, 'pki'), () => now().getTime());
  const store = openStore({
    file: join(dataDir, 'objects.sqlite'),
    ...(options.historyLength === undefined ? {} : { historyLength: options.historyLength }),
  });
  const catalog = createCatalog();
  const providers: Providers = {};
  const counters = createCounters();
  const custom = createCustomResources();
  const builtIn = createKinds(store, dataDir);
  const rulesOf: Cluster['rulesOf'] = (type) => (type.custom ? custom.rulesOf(type) : builtIn(type));
  const admission = createWebhookAdmission(store);
  const cluster: Cluster = {
    store,
    catalog,
    codec: createCodec(rulesOf),
    admission,
    authorizer: options.authorization === 'rbac' ? createRbac(store) : allowAll,
    tokens,
    providers,
    log,
    counters,
    rulesOf,
    columnsOf: (type) => (type.custom ? custom.columnsOf(type) : builtInColumns(type.storage)),
    now,
  };
  const stopCompaction = compactRegularly(store, options.compactionMs ?? COMPACTION_MS);
  custom.start(cluster);
  await ensureFirstObjects(cluster);
  await ensureApiServices(cluster);

  const server = createServer({
    key: certificates.serving.key,
    cert: certificates.serving.certificate,
    ca: certificates.authority.certificate,
    requestCert: true,
    rejectUnauthorized: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    noDelay: true,
    maxHeaderSize: LONGEST_URL,
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.on('request', (request, response) => {
    void answer(cluster, request, response);
  });
  server.on('upgrade', (request, socket) => {
    void upgrade(cluster, request, socket);
  });
  const sockets = trackSockets(server);
  await listenWherever(server, options, join(dataDir, 'port'));
  // A server that listens on TCP has an address with a port.
  const { port } = server.address() as AddressInfo;
  await announce(cluster, options.host, port);
  const url = `https://${isIP(options.host) === 6 ? `[${options.host}]` : options.host}:${port}`;
  const configFor = (user: string, token: string) =>
    kubeconfig({ url, caCertificate: certificates.authority.certificate, user, token });
  const adminConfig = configFor('shopmind-admin', tokens.admin);
  const kubeconfigPath = options.kubeconfigPath ?? '';
  if (kubeconfigPath !== '') writeKubeconfig(kubeconfigPath, adminConfig);

  return {
    url,
    port,
    adminToken: tokens.admin,
    caCertificate: certificates.authority.certificate,
    kubeconfig: adminConfig,
    kubeconfigPath,
    providers,
    issueServiceAccountToken(namespace, name, seconds = YEAR_SECONDS) {
      const account = store.get({ resource: '/serviceaccounts', namespace, name });
      const uid = account && parseStored(account.json).metadata.uid;
      return tokens.issue(namespace, name, uid, [], seconds).token;
    },
    kubeconfigFor: (token) => configFor('bearer', token),
    counts: counters.read,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        // Watches never end by themselves.
        for (const socket of sockets) socket.destroy();
      });
      stopCompaction();
      custom.stop();
      admission.close();
      cluster.authorizer.close();
      store.close();
    },
  };
}

/** As etcd is compacted under kube-apiserver: what was the present one period ago is the oldest state that is kept. */
function compactRegularly(store: Store, periodMs: number): () => void {
  let before = store.revision();
  const timer = setInterval(() => {
    store.forget(before);
    before = store.revision();
  }, periodMs);
  timer.unref();
  return () => clearInterval(timer);
}

function assertLoopback(host: string): void {
  if (host !== 'localhost' && host !== '::1' && !host.startsWith('127.'))
    throw new Error(`the embedded API server listens on loopback addresses only, not on ${host}`);
}

async function answer(cluster: Cluster, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const exchange: Exchange = exchangeOf(request, response);
  try {
    if ((request.url?.length ?? 0) > LONGEST_URL)
      throw new ApiError(414, 'RequestURITooLong', 'the URL is too long');
    const user: UserInfo = isPublic(exchange.path)
      ? ANONYMOUS
      : effectiveUser(cluster, authenticate(request, cluster.tokens, cluster.store), request);
    await route(cluster, { ...exchange, user });
  } catch (error) {
    const told = sendError(exchange, error);
    // What a client's patch cannot do is answered with 500 too, as Kubernetes does, and is nobody's fault here.
    if (!(error instanceof ApiError) || (told.code === 500 && !(told.cause instanceof PatchError)))
      cluster.log.error(
        { err: told.cause ?? told, method: request.method, url: request.url },
        'a request failed',
      );
    // An answered request whose body nobody read would keep its connection busy.
    if (!request.complete) request.resume();
  }
}

async function upgrade(cluster: Cluster, request: IncomingMessage, socket: Duplex): Promise<void> {
  socket.on('error', (error) => cluster.log.info({ err: error }, 'an upgraded connection broke'));
  try {
    const user = effectiveUser(cluster, authenticate(request, cluster.tokens, cluster.store), request);
    const exchange = exchangeOf(request, new ServerResponse(request));
    await serveUpgrade(cluster, { ...exchange, user }, socket);
  } catch (error) {
    if (error instanceof ApiError) refuseUpgrade(socket, error);
    else {
      cluster.log.info({ err: error }, 'an upgraded connection ended early');
      socket.destroy();
    }
  }
}

const ANONYMOUS: UserInfo = { username: 'system:anonymous', uid: '', groups: ['system:unauthenticated'] };

function exchangeOf(request: IncomingMessage, response: ServerResponse): Exchange {
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  return {
    method: request.method ?? 'GET',
    path,
    query: new URLSearchParams(query),
    user: ANONYMOUS,
    userAgent: request.headers['user-agent'] ?? '',
    contentType: request.headers['content-type'] ?? 'application/json',
    accept: request.headers.accept ?? '',
    request,
    response,
    warnings: new Set(),
  };
}

function trackSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return sockets;
}

/** On the port asked for; else on the last one, so that kubeconfigs stay valid; else on any that is free. */
async function listenWherever(server: Server, options: ApiServerOptions, memory: string): Promise<void> {
  const { host } = options;
  const last = options.port === 0 && existsSync(memory) ? Number(readFileSync(memory, 'utf8')) : options.port;
  try {
    await listen(server, last, host);
  } catch (error) {
    if (options.port !== 0 || !isAddressInUse(error)) throw error;
    await listen(server, 0, host);
  }
  // A server that listens on TCP has an address with a port.
  writePrivate(memory, String((server.address() as AddressInfo).port));
}

const isAddressInUse = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
