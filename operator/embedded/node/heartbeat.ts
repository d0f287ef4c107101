/**
 * Keeps the Node object and its Lease: there is one node, this machine.
 */
import { arch, availableParallelism, hostname, platform, release, totalmem } from 'node:os';
import type { Logger } from 'pino';
import { isNotFound, type Api } from '../controllers/machinery/client.ts';
import type { Clock } from '../controllers/machinery/controller.ts';
import { LEASES, microTimestamp, NODES, timestamp, type Node } from '../controllers/machinery/wire.ts';

export interface Heartbeat {
  /** Resolves with the Node as registered. */
  readonly registered: Promise<Node>;
  close(): void;
}

const LEASE_NAMESPACE = 'kube-node-lease';
const RENEW_MS = 10_000;
const LEASE_SECONDS = 40;
/** The Node's own status is written this often when nothing changes. */
const STATUS_EVERY = 30;
const MAX_PODS = 250;

export function startHeartbeat(
  api: Api,
  name: string,
  version: string,
  clock: Clock,
  log: Logger,
): Heartbeat {
  let beats = 0;
  const first = register();
  const timer = setInterval(() => {
    beats += 1;
    void beat().catch((error: unknown) => log.warn({ err: error }, 'the node could not renew its lease'));
  }, RENEW_MS);

  async function register(): Promise<Node> {
    const labels = {
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': platform(),
      'kubernetes.io/arch': arch() === 'x64' ? 'amd64' : arch(),
      'node.kubernetes.io/instance-type': 'shopmind-embedded',
    };
    await api.get(NODES, '', name).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
      return api.create(NODES, '', { metadata: { name, labels }, spec: {} });
    });
    const node = await writeStatus();
    await renew().catch((error: unknown) =>
      log.debug({ err: error }, 'no lease yet; the next beat makes it'),
    );
    return node;
  }

  async function beat(): Promise<void> {
    await renew();
    if (beats % STATUS_EVERY === 0) await writeStatus();
  }

  async function renew(): Promise<void> {
    const spec = {
      holderIdentity: name,
      leaseDurationSeconds: LEASE_SECONDS,
      renewTime: microTimestamp(clock.now()),
    };
    try {
      await api.patch(LEASES, { namespace: LEASE_NAMESPACE, name }, { spec });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await api.create(LEASES, LEASE_NAMESPACE, { metadata: { name, namespace: LEASE_NAMESPACE }, spec });
    }
  }

  async function writeStatus(): Promise<Node> {
    const present = await api.get(NODES, '', name);
    const now = timestamp(clock.now());
    const resources = {
      cpu: String(availableParallelism()),
      memory: `${Math.floor(totalmem() / 1024)}Ki`,
      pods: String(MAX_PODS),
      'ephemeral-storage': '0',
    };
    const condition = (type: string, status: string, reason: string, message: string): object => {
      const before = present.status?.conditions?.find((one) => one.type === type);
      const lastTransitionTime = before?.status === status ? (before.lastTransitionTime ?? now) : now;
      return { type, status, reason, message, lastHeartbeatTime: now, lastTransitionTime };
    };
    return api.patch(
      NODES,
      { name },
      {
        status: {
          capacity: resources,
          allocatable: resources,
          addresses: [
            { type: 'InternalIP', address: '127.0.0.1' },
            { type: 'Hostname', address: name },
          ],
          conditions: [
            condition(
              'MemoryPressure',
              'False',
              'KubeletHasSufficientMemory',
              'the machine looks after its own memory',
            ),
            condition(
              'DiskPressure',
              'False',
              'KubeletHasNoDiskPressure',
              'the machine looks after its own disk',
            ),
            condition(
              'PIDPressure',
              'False',
              'KubeletHasSufficientPID',
              'the machine looks after its own processes',
            ),
            condition(
              'Ready',
              'True',
              'KubeletReady',
              'the embedded node agent runs Pods as local processes',
            ),
          ],
          nodeInfo: {
            architecture: arch() === 'x64' ? 'amd64' : arch(),
            operatingSystem: platform(),
            osImage: `${platform()} on ${hostname()}`,
            kernelVersion: release(),
            containerRuntimeVersion: `shopmind://${process.version}`,
            kubeletVersion: version,
            kubeProxyVersion: version,
            machineID: name,
            systemUUID: name,
            bootID: name,
          },
        },
      },
      { subresource: 'status' },
    );
  }

  return { registered: first, close: () => clearInterval(timer) };
}
