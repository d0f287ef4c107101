/**
 * An API server in this process with ShopMind's definitions, and the plugin run against it as a person would: a command line in,
 * exit code and both streams out.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { customResourceDefinitions } from '../../../crds/index.ts';
import { ownFolder } from '../../../tests/support/owned.ts';
import { until } from '../../../tests/support/wait.ts';
import { tenants, type TenantObject } from '../../controllers/kinds.ts';
import { startApiServer, type ApiServer } from '../../embedded/apiserver/server.ts';
import { SILENT } from '../../embedded/apiserver/testing/server.ts';
import { createClient, type Client } from '../../kube/client.ts';
import { loadConnection } from '../../kube/kubeconfig.ts';
import { customResourceDefinitions as crds, namespaces, pods } from '../../kube/resources.ts';
import type { KubeObject, ResourceType } from '../../kube/types.ts';
import type { Io, Output } from '../cli.ts';
import { main } from '../main.ts';
import { platformPod } from './objects.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  /** What was written so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** As Ctrl-C. */
  stop(): Promise<Ran>;
  readonly done: Promise<Ran>;
}

export interface PluginCluster {
  readonly server: ApiServer;
  readonly client: Client;
  readonly kubeconfig: string;
  run(...args: string[]): Promise<Ran>;
  start(args: readonly string[], options?: RunOptions): Running;
  /** Creates the object, status included. */
  put<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<void>;
  setStatus(name: string, status: object): Promise<void>;
  close(): Promise<void>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly isTTY?: boolean;
  readonly now?: () => number;
}

/** With namespaces `shopmind-system` and `tenant-acme`, and Pods of operator and gateway that are ready. */
export async function startPluginCluster(): Promise<PluginCluster> {
  const dataDir = ownFolder('plugin');
  const kubeconfig = join(dataDir, 'kubeconfig');
  const server = await startApiServer({
    dataDir,
    host: '127.0.0.1',
    port: 0,
    kubeconfigPath: kubeconfig,
    authorization: 'rbac',
    log: SILENT,
  });
  const client = createClient({ connection: await loadConnection({ KUBECONFIG: kubeconfig }) });
  const cluster: PluginCluster = {
    server,
    client,
    kubeconfig,
    run: (...args) => cluster.start(args).done,
    start: (args, options) => startPlugin(args, kubeconfig, options),
    async put(type, object) {
      const { status, ...rest } = object as typeof object & { status?: object };
      // The server gives identities of its own; owners are named by the ones the test knows.
      const { uid: _uid, generation: _generation, creationTimestamp: _created, ...metadata } = rest.metadata;
      const made = await client.create(type, { ...rest, metadata } as never);
      if (status !== undefined)
        await client.patch(
          type,
          made.metadata,
          { kind: 'merge', body: { status } },
          { subresource: 'status' },
        );
    },
    async setStatus(name, status) {
      await client.patch(tenants, { name }, { kind: 'merge', body: { status } }, { subresource: 'status' });
    },
    async close() {
      client.close();
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  await define(client);
  for (const name of ['shopmind-system', 'tenant-acme'])
    await cluster.put(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  for (const app of ['operator', 'gateway']) await cluster.put(pods, runnable(platformPod(app)));
  return cluster;
}

/** A container without an image is refused by a server that looks. */
export function runnable<T extends { spec?: { containers: { name: string; image?: string }[] } }>(pod: T): T {
  for (const container of pod.spec?.containers ?? []) container.image ??= 'shopmind/any';
  return pod;
}

async function define(client: Client): Promise<void> {
  const gatewayApi = await readFile(
    new URL('../../resources/crds/gateway-api.yaml', import.meta.url),
    'utf8',
  );
  const routes = gatewayApi
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): KubeObject => JSON.parse(line) as KubeObject);
  for (const definition of [...customResourceDefinitions(), ...routes])
    await client.create(crds, definition as never);
  await served(client);
}

async function served(client: Client): Promise<void> {
  await until(() => client.list<TenantObject>(tenants, { limit: 1 }), {
    everyMs: 10,
    what: 'tenants are served',
  });
}

function startPlugin(args: readonly string[], kubeconfig: string, options: RunOptions = {}): Running {
  const stop = new AbortController();
  const [stdout, stderr] = [collector(options.isTTY === true), collector(options.isTTY === true)];
  const stdin = new PassThrough();
  stdin.end();
  const io: Io = {
    stdout,
    stderr,
    stdin,
    env: { KUBECONFIG: kubeconfig, HOME: '/nowhere', ...options.env },
    now: options.now ?? Date.now,
    interrupted: () => stop.signal,
  };
  const done = main(args, io).then((code) => ({ code, stdout: stdout.text(), stderr: stderr.text() }));
  return {
    stdout: stdout.text,
    stderr: stderr.text,
    done,
    stop() {
      stop.abort();
      return done;
    },
  };
}

function collector(isTTY: boolean): Output & { text: () => string } {
  const parts: string[] = [];
  return {
    write: (text) => parts.push(text),
    text: () => parts.join(''),
    ...(isTTY ? { isTTY, columns: 120, rows: 40 } : {}),
  };
}
