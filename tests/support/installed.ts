/**
 * A whole installation whose cluster runs in the test's own process: the objects of `npm start`, and images of the test's
 * choice besides ours.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import { startEmbeddedCluster, type ImageTable } from '../../operator/embedded/cluster.ts';
import { createClient, type Client } from '../../operator/kube/client.ts';
import { loadConnection } from '../../operator/kube/kubeconfig.ts';
import { localImages } from '../../operator/plugin/start/images.ts';
import { install } from '../../operator/plugin/start/install.ts';
import { systemObjects } from '../../operator/plugin/start/system.ts';
import { podsOf } from './cluster.ts';
import { ownFolder } from './owned.ts';
import { freePort } from './port.ts';
import { shopAt, type Shop } from './shop.ts';
import { until } from './wait.ts';

export interface Installed {
  readonly client: Client;
  /** Of the gateway. */
  readonly port: number;
  shop(host: string): Shop;
  close(): Promise<void>;
}

/** Resolves when the operator and the gateway are ready. Without pages. */
export async function startInstalled(images: ImageTable): Promise<Installed> {
  const dataDir = ownFolder('installed');
  const port = await freePort();
  const cluster = await startEmbeddedCluster({
    dataDir: join(dataDir, 'cluster'),
    kubeconfigPath: join(dataDir, 'kubeconfig'),
    images: { ...localImages(), ...images },
    log: pino({ level: process.env['LOG_LEVEL'] ?? 'silent' }, pino.destination(2)),
  });
  const client = createClient({
    connection: await loadConnection({ KUBECONFIG: cluster.kubeconfigPath }),
    userAgent: 'e2e',
  });
  const close = async (): Promise<void> => {
    client.close();
    await cluster.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const tenants = join(import.meta.dirname, '../e2e/manifests');
    await install(
      client,
      await systemObjects(client, { dataDir, port, tenants, storefront: false, json: true }),
    );
    for (const name of ['operator', 'gateway']) {
      await until(
        async () => {
          const [pod] = await podsOf(client, name);
          const isReady = pod?.status?.conditions?.some(
            ({ type, status }) => type === 'Ready' && status === 'True',
          );
          return isReady === true ? true : undefined;
        },
        { withinMs: 60_000, what: `Pod of ${name} is ready` },
      );
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { client, port, shop: (host) => shopAt(port, host), close };
}
