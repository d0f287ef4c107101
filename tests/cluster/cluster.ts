/**
 * A whole cluster on this machine: a control plane and real nodes with real Pods, each on a machine of its own.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../../operator/kube/client.ts';
import { deployments, KNOWN_RESOURCES, nodes, resourceFor } from '../../operator/kube/resources.ts';
import type { KubeObject } from '../../operator/kube/types.ts';
import { clientOf } from '../support/cluster.ts';
import { until } from '../support/wait.ts';
import { startControlPlane, type ControlPlane, type ControlPlaneOptions } from './control-plane.ts';
import { dnsManifests } from './dns.ts';
import { buildImages, CLUSTER_IMAGES, fullName, type ImageName } from './images.ts';
import { startNetwork } from './machines.ts';
import { startNode, startProxy, type Node } from './node.ts';
import { makeWorkspace } from './workspace.ts';

export interface Cluster {
  readonly plane: ControlPlane;
  /** As a user in `system:masters`. */
  readonly client: Client;
  readonly nodes: readonly Node[];
  /** Temporary; what the machines write lies in it. */
  readonly directory: string;
  /** Builds images and gives them to every node. */
  addImages(names: readonly ImageName[]): Promise<void>;
  /** Switches everything off and removes its files, groups and interfaces. */
  stop(): Promise<void>;
}

export interface ClusterOptions {
  readonly nodes?: number;
  readonly flags?: ControlPlaneOptions['flags'];
}

/**
 * Starts one: about fifteen seconds with programs and images at hand. Needs root and, of Debian, containerd, runc,
 * containernetworking-plugins, iptables and conntrack; `whyNoMachines` says what of it is missing.
 * @throws Error when something does not come up; nothing is left then either.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const directory = await makeWorkspace();
  const ends: (() => Promise<unknown> | void)[] = [
    () => rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  ];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).toReversed()) await end();
  };
  try {
    return { ...(await start(directory, options, (end) => void ends.push(end))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  directory: string,
  options: ClusterOptions,
  atEnd: (end: () => Promise<unknown> | void) => void,
): Promise<Omit<Cluster, 'stop'>> {
  const images = await buildImages(CLUSTER_IMAGES, join(directory, 'cluster.tar'));
  if (images.length !== CLUSTER_IMAGES.length) throw new Error('an image of the cluster is missing');
  const network = await startNetwork(directory);
  atEnd(() => network.stop());
  const control = await network.addMachine('control');
  const plane = await startControlPlane({
    machine: control,
    serviceRange: network.serviceRange,
    ...(options.flags === undefined ? {} : { flags: options.flags }),
  });
  atEnd(() => plane.stop());
  const client = await clientOf(plane.kubeconfig);
  atEnd(() => client.close());

  const workers: Node[] = [];
  for (let number = 1; number <= (options.nodes ?? 1); number += 1) {
    const machine = await network.addMachine(`node-${number}`);
    const node = await startNode({
      machine,
      plane,
      pods: network.podRange,
      dns: network.dnsAddress,
      pauseImage: fullName('shopmind/pause'),
    });
    await node.importImages(join(directory, 'cluster.tar'));
    workers.push(node);
  }
  const [first] = workers;
  if (first === undefined) throw new Error('a cluster needs a node');
  await startProxy({ machine: control, plane, node: first.name, pods: network.podRange });

  for (const object of dnsManifests(fullName('shopmind/dns'), network.dnsAddress))
    await apply(client, object);
  for (const { name } of workers) {
    await until(() => nodeIsReady(client, name), { withinMs: 60_000, what: `${name} is Ready` });
  }
  await until(() => dnsIsReady(client), { withinMs: 60_000, what: 'CoreDNS is ready' });
  return {
    plane,
    client,
    nodes: workers,
    directory,
    async addImages(names) {
      const archive = join(directory, 'images.tar');
      await buildImages(names, archive);
      for (const node of workers) await node.importImages(archive);
      await rm(archive);
    },
  };
}

async function apply(client: Client, object: KubeObject): Promise<void> {
  const type = resourceFor(object, KNOWN_RESOURCES);
  if (type === undefined) throw new Error(`no resource is known for ${object.apiVersion} ${object.kind}`);
  await client.apply(type, object, { fieldManager: 'test-cluster', force: true });
}

async function nodeIsReady(client: Client, name: string): Promise<true | undefined> {
  const node = await client.find(nodes, { name });
  const ready = node?.status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' || undefined;
}

async function dnsIsReady(client: Client): Promise<true | undefined> {
  const { status } = await client.get(deployments, { namespace: 'kube-system', name: 'coredns' });
  return status?.readyReplicas === 2 || undefined;
}
