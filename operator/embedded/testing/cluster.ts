/**
 * What tests of the cluster need: a cluster on a folder of its own, a client of it, and waiting for conditions.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import { ownFolder } from '../../../tests/support/owned.ts';
import { startEmbeddedCluster, type ClusterOptions, type EmbeddedCluster } from '../cluster.ts';
import { createApi, type Api } from '../controllers/machinery/client.ts';
import { createHttpsTransport } from '../controllers/machinery/https.ts';
import { PODS, type Pod } from '../controllers/machinery/wire.ts';
import { POSTGRES_IMAGES, TEST_IMAGES } from '../images/table.ts';

export interface Client {
  readonly api: Api;
  close(): void;
}

export interface TestCluster extends Client {
  readonly dir: string;
  readonly cluster: EmbeddedCluster;
}

export async function startTestCluster(
  options: Partial<ClusterOptions> = {},
): Promise<TestCluster & AsyncDisposable> {
  const dir = ownFolder('cluster');
  const kubeconfigPath = join(dir, 'kubeconfig');
  const cluster = await startEmbeddedCluster({
    dataDir: dir,
    kubeconfigPath,
    images: { ...TEST_IMAGES, ...POSTGRES_IMAGES },
    log: pino({ level: process.env['LOG_LEVEL'] ?? 'silent' }, pino.destination(2)),
    ...options,
  });
  const client = await connect(kubeconfigPath);
  return {
    ...client,
    dir,
    cluster,
    async [Symbol.asyncDispose]() {
      client.close();
      await cluster.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

interface Config {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
  }[];
  readonly users: readonly { readonly user: { readonly token: string } }[];
}

/** A client by a kubeconfig the cluster wrote, which is JSON. */
export async function connect(kubeconfigPath: string): Promise<Client> {
  const config = JSON.parse(await readFile(kubeconfigPath, 'utf8')) as Config; // written by the API server
  const { server = '', 'certificate-authority-data': ca = '' } = config.clusters[0]?.cluster ?? {};
  const transport = createHttpsTransport({
    server,
    ca: Buffer.from(ca, 'base64').toString(),
    token: config.users[0]?.user.token ?? '',
  });
  return { api: createApi(transport.send), close: transport.close };
}

/** Waits until `look` gives something. @throws Error that says what was waited for, and what was last seen */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 40_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let last: unknown; ;) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      last = found;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function podsOf(api: Api, namespace: string, app: string): Promise<Pod[]> {
  const { items } = await api.list(PODS, namespace);
  return items.filter(({ metadata }) => metadata.labels?.['app'] === app);
}

export const ready = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

/** The log of a Pod's container, as far as it goes. */
export async function logOf(api: Api, namespace: string, name: string, query = ''): Promise<string> {
  let text = '';
  for await (const piece of api.text(`/api/v1/namespaces/${namespace}/pods/${name}/log${query}`))
    text += piece;
  return text;
}
