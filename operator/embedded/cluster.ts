/**
 * The embedded cluster in one process: API server, controllers, node agent, DNS and cluster addresses.
 * `close()` ends every process it started; the objects stay in the data directory, and a later start resumes them.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import type { Logger } from 'pino';
import { notFound, startApiServer, type LogOptions } from './apiserver/server.ts';
import { startControllers } from './controllers/index.ts';
import { createApi } from './controllers/machinery/client.ts';
import {
  createInformers,
  SYSTEM_CLOCK,
  type Clock,
  type Context,
} from './controllers/machinery/controller.ts';
import { createRecorder } from './controllers/machinery/events.ts';
import { createHttpsTransport } from './controllers/machinery/https.ts';
import { POSTGRES_IMAGES } from './images/table.ts';
import {
  controllerOf,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  PODS,
  REPLICA_SETS,
  type ReplicaSet,
  SERVICES,
} from './controllers/machinery/wire.ts';
import { isReady } from './controllers/pods.ts';
import { startAgent, type Agent } from './node/agent.ts';
import { createNames, startDns } from './node/dns.ts';
import { startHeartbeat } from './node/heartbeat.ts';
import type { ImageTable } from './node/images.ts';
import { installLookup } from './node/lookup.ts';
import { nodeMetrics, podMetrics } from './node/metrics.ts';
import { startProxy } from './node/proxy.ts';

export type { ImageTable, LocalImage } from './node/images.ts';

export interface ClusterOptions {
  /** Everything the cluster keeps; one running cluster per folder. */
  readonly dataDir: string;
  /** Where the administrator's kubeconfig is written. */
  readonly kubeconfigPath: string;
  readonly images: ImageTable;
  readonly log: Logger;
  /** Port of the API server; the one of the last start, or a free one. */
  readonly port?: number;
  readonly clock?: Clock;
  /** How long the API server keeps older states; default 5 min. */
  readonly compactionMs?: number;
  /** How often autoscalers look; default 15 s. */
  readonly autoscalerPeriodMs?: number;
  /** How often the use of processor and memory is measured; default 15 s. */
  readonly samplePeriodMs?: number;
}

export interface EmbeddedCluster {
  /** Of the API server. */
  readonly url: string;
  readonly kubeconfigPath: string;
  /** Writes the API server has answered since the start, by verb, resource and user agent. */
  counts(): ReturnType<Awaited<ReturnType<typeof startApiServer>>['counts']>;
  /** Ends every process it started. */
  close(): Promise<void>;
}

const NODE_NAME = 'shopmind';
const HOST = '127.0.0.1';
const SETTLE_MS = 3_000;

/** Resolves when Pods can be created. */
export async function startEmbeddedCluster(options: ClusterOptions): Promise<EmbeddedCluster> {
  const { log, clock = SYSTEM_CLOCK } = options;
  const dataDir = resolve(options.dataDir);
  // Not to be read by others, but to be passed through: PostgreSQL's user has its data below.
  for (const dir of [dirname(resolve(options.kubeconfigPath)), dataDir])
    mkdirSync(dir, { recursive: true, mode: 0o711 });
  const apiServer = await startApiServer({
    dataDir: join(dataDir, 'api'),
    host: HOST,
    port: options.port ?? 0,
    kubeconfigPath: options.kubeconfigPath,
    // As on any cluster: what a ServiceAccount was not given, it may not do, and the first to notice is a test here.
    authorization: 'rbac',
    ...(options.compactionMs === undefined ? {} : { compactionMs: options.compactionMs }),
    log,
  });
  const transport = createHttpsTransport({
    server: apiServer.url,
    ca: apiServer.caCertificate,
    token: apiServer.adminToken,
  });
  const api = createApi(transport.send);
  const informers = createInformers(api, log);
  const recorder = createRecorder(api, clock, log);
  const context: Context = { api, informers, recorder, clock, log };
  const controllers = startControllers(context, {
    ca: apiServer.caCertificate,
    ...(options.autoscalerPeriodMs === undefined ? {} : { autoscalerPeriodMs: options.autoscalerPeriodMs }),
  });
  const services = informers.of(SERVICES);
  const slices = informers.of(ENDPOINT_SLICES);
  const names = createNames(services, slices);
  installLookup((name) => Promise.resolve(names.addresses(name.toLowerCase())));
  const dns = await startDns(names);
  const proxy = startProxy(services, slices, log);
  const heartbeat = startHeartbeat(api, NODE_NAME, 'v1.34.0', clock, log);
  const agent = await startAgent(context, {
    nodeName: NODE_NAME,
    dir: join(dataDir, 'node'),
    images: withDefaults(options.images),
    dns: dns.address,
    server: apiServer.url,
    ca: apiServer.caCertificate,
    ...(options.samplePeriodMs === undefined ? {} : { samplePeriodMs: options.samplePeriodMs }),
    issueToken: (namespace, name) => apiServer.issueServiceAccountToken(namespace, name),
  });
  await Promise.all([heartbeat.registered, settled(context)]);
  apiServer.providers.podLogs = (namespace, pod, query) => readLogs(context, agent, namespace, pod, query);
  apiServer.providers.podExec = async (namespace, name, container, command, tty) => {
    const pod = informers.of(PODS).get(`${namespace}/${name}`);
    if (!pod) throw notFound({ group: '', kind: 'Pod', plural: 'pods' }, name);
    return agent.exec(pod, container, command, tty);
  };
  apiServer.providers.podMetrics = () => podMetrics(agent.usage()) as never;
  apiServer.providers.nodeMetrics = () => [nodeMetrics(NODE_NAME, clock.now())] as never;

  return {
    url: apiServer.url,
    kubeconfigPath: options.kubeconfigPath,
    counts: apiServer.counts,
    async close() {
      // First nobody makes new Pods, then those there are end, then what they talked to.
      await controllers.close();
      heartbeat.close();
      await agent.close();
      informers.close();
      await Promise.all([proxy.close(), dns.close()]);
      transport.close();
      await apiServer.close();
    },
  };
}

/**
 * Waits until Deployments say what is true of their Pods now. After a restart their last words are from before it:
 * whoever waits for a rollout must not be told that one is done which has only been remembered.
 */
async function settled({ informers, log }: Context): Promise<void> {
  const pods = informers.of(PODS);
  const sets = informers.of(REPLICA_SETS);
  const deployments = informers.of(DEPLOYMENTS);
  await Promise.all([pods.synced, sets.synced, deployments.synced]);
  const honest = (): boolean => {
    const readyPods = Map.groupBy(pods.list().filter(isReady), (pod) => controllerOf(pod)?.uid);
    const setsByOwner = Map.groupBy(sets.list(), (set) => controllerOf(set)?.uid);
    const claimed = (set: ReplicaSet): number => set.status?.readyReplicas ?? 0;
    return (
      sets.list().every((set) => claimed(set) <= (readyPods.get(set.metadata.uid)?.length ?? 0)) &&
      deployments.list().every(({ metadata, status }) => {
        const own = setsByOwner.get(metadata.uid) ?? [];
        return (status?.readyReplicas ?? 0) <= own.reduce((sum, set) => sum + claimed(set), 0);
      })
    );
  };
  const deadline = performance.now() + SETTLE_MS;
  while (!honest() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  if (!honest()) log.warn({}, 'some Deployments still report what was true before the restart');
}

/** What the cluster's own images bring beside their command, such as PostgreSQL's signal of a fast shutdown. */
function withDefaults(images: ImageTable): ImageTable {
  return Object.fromEntries(
    Object.entries(images).map(([name, image]) => [name, { ...POSTGRES_IMAGES[name], ...image }]),
  );
}

function readLogs(
  { informers }: Context,
  agent: Agent,
  namespace: string,
  name: string,
  { container, ...query }: LogOptions,
): Promise<Readable> {
  const pod = informers.of(PODS).get(`${namespace}/${name}`);
  const target = container ?? pod?.spec.containers[0]?.name ?? '';
  const stop = new AbortController();
  const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
  const lines = pod && agent.readLog(pod, target, given, stop.signal);
  if (!lines)
    return Promise.reject(notFound({ group: '', kind: 'Pod', plural: 'pods' }, `${name} (log of ${target})`));
  const stream = Readable.from(lines, { objectMode: false });
  stream.once('close', () => stop.abort());
  return Promise.resolve(stream);
}
