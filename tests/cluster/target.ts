/**
 * The cluster that ShopMind is installed on in tests: one of this machine, or the one that KUBECONFIG names.
 */
import { spawn } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Client } from '../../operator/kube/client.ts';
import { services } from '../../operator/kube/resources.ts';
import { clientOf } from '../support/cluster.ts';
import { program } from './binaries.ts';
import { startCluster } from './cluster.ts';
import { SHOP_IMAGES } from './images.ts';
import { whyNoMachines } from './machines.ts';
import type { Node } from './node.ts';

export interface Target {
  readonly kubeconfig: string;
  readonly client: Client;
  /** Where images come from, as values of the installation. */
  readonly images: {
    readonly registry: string;
    readonly tag: string;
    readonly pullPolicy: 'Never' | 'IfNotPresent';
  };
  /** The nodes, where they are this suite's to switch off. */
  readonly nodes: readonly Node[];
  /** A folder that is the same on every node, where there is one: for claims of many writers. */
  readonly sharedFolder: string | undefined;
  /** Where the gateway can be reached from here; its Service has to exist. */
  reachGateway(): Promise<{ readonly address: string; readonly port: number }>;
  close(): Promise<void>;
}

const own = process.env['KUBECONFIG'];
const isOwn = own !== undefined && own !== '';

/** Why there is no cluster to test on; nothing when there is. */
export function whyNoTarget(): string | undefined {
  return isOwn ? undefined : whyNoMachines();
}

/**
 * Starts a cluster with every image in its node's store; or, with KUBECONFIG, opens that one, whose nodes fetch the images from
 * SHOPMIND_REGISTRY (with a slash at its end) by SHOPMIND_TAG (`latest`).
 */
export async function openTarget(): Promise<Target> {
  return isOwn ? openOwn(own) : startOne();
}

/** A node that is silent for eight seconds is gone, and its Pods are replaced two seconds later, instead of after minutes. */
const IMPATIENT = {
  'kube-controller-manager': ['--node-monitor-grace-period=8s', '--node-monitor-period=1s'],
  'kube-apiserver': [
    '--default-not-ready-toleration-seconds=2',
    '--default-unreachable-toleration-seconds=2',
  ],
} as const;

async function startOne(): Promise<Target> {
  const cluster = await startCluster({ nodes: 2, flags: IMPATIENT });
  try {
    await cluster.addImages(SHOP_IMAGES);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  const { client } = cluster;
  const sharedFolder = join(cluster.directory, 'shared');
  await mkdir(sharedFolder);
  // Its Pods are nobody in particular.
  await chmod(sharedFolder, 0o777);
  return {
    kubeconfig: cluster.plane.kubeconfig,
    client,
    nodes: cluster.nodes,
    sharedFolder,
    images: { registry: '', tag: 'latest', pullPolicy: 'Never' },
    async reachGateway() {
      const { spec } = await client.get(services, { namespace: 'shopmind-system', name: 'gateway-public' });
      // This machine has a route to cluster addresses, as a balancer in front of a cluster would.
      const [port] = spec?.ports ?? [];
      if (spec?.clusterIP === undefined || port === undefined)
        throw new Error('gateway-public has no address');
      return { address: spec.clusterIP, port: port.port };
    },
    close: () => cluster.stop(),
  };
}

async function openOwn(kubeconfig: string): Promise<Target> {
  const client = await clientOf(kubeconfig);
  const ends: (() => void)[] = [() => client.close()];
  return {
    kubeconfig,
    client,
    nodes: [],
    sharedFolder: undefined,
    images: {
      registry: process.env['SHOPMIND_REGISTRY'] ?? '',
      tag: process.env['SHOPMIND_TAG'] ?? 'latest',
      pullPolicy: 'IfNotPresent',
    },
    async reachGateway() {
      const service = ['-n', 'shopmind-system', 'port-forward', 'service/gateway-public', ':80'];
      const forward = spawn(await program('kubectl'), [`--kubeconfig=${kubeconfig}`, ...service]);
      ends.push(() => void forward.kill());
      for await (const line of createInterface({ input: forward.stdout })) {
        const port = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
        if (port !== undefined) return { address: '127.0.0.1', port: Number(port) };
      }
      throw new Error(`kubectl ${service.join(' ')} ended with ${forward.exitCode}`);
    },
    close() {
      for (const end of ends) end();
      return Promise.resolve();
    },
  };
}
