/**
 * A real node: containerd, the bridge of the CNI project, kubelet and kube-proxy on a machine of their own.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programs } from './binaries.ts';
import type { ControlPlane } from './control-plane.ts';
import { cgroupOf, makeGroups, type Machine } from './machines.ts';
import { whenReady, type Program } from './process.ts';

export interface Node {
  readonly name: string;
  readonly machine: Machine;
  /** The log of a program of the node: `containerd`, `kubelet` or `kube-proxy`. */
  logFile(program: string): string;
  /** Puts the images of an OCI layout in a tar file into containerd's store. */
  importImages(archive: string): Promise<void>;
  /** As if the kubelet crashed; Pods go on, their node becomes NotReady. */
  stopKubelet(): Promise<void>;
  startKubelet(): Promise<void>;
}

const SOCKET = '/run/containerd/containerd.sock';

/**
 * Starts the programs of a node; resolves when containerd answers and kubelet runs, not yet when the node is Ready.
 * @param dns address that Pods ask for names
 * @param pauseImage holds the Pods' namespaces; has to be imported before the first Pod
 */
export async function startNode(options: {
  readonly machine: Machine;
  readonly plane: ControlPlane;
  /** The addresses of all Pods. */
  readonly pods: string;
  readonly dns: string;
  readonly pauseImage: string;
}): Promise<Node> {
  const { machine, plane, dns, pauseImage } = options;
  const { name, directory } = machine;
  const logFile = (program: string): string => join(directory, `${program}.log`);
  const binaries = await programs(['kubelet']);
  const group = cgroupOf(directory);
  await makeGroups(group);

  const containerd = join(directory, 'containerd.toml');
  await writeFile(containerd, containerdConfig(pauseImage));
  await mkdir(join(directory, 'etc-cni/net.d'), { recursive: true });
  await writeFile(join(directory, 'etc-cni/net.d/10-bridge.conflist'), cniConfig(machine.podRange));
  const ctr = (...args: string[]): Promise<string> =>
    machine.exec('ctr', ['--address', SOCKET, '--namespace', 'k8s.io', ...args]);
  const runtime = await machine.start({
    name: `${name}'s containerd`,
    command: 'containerd',
    args: ['--config', containerd],
    logFile: logFile('containerd'),
  });
  await whenReady(runtime, () => succeeds(ctr('version')), 20_000);

  const kubeconfig = await plane.kubeconfigOf(`system:node:${name}`, ['system:nodes']);
  const config = join(directory, 'kubelet.json');
  await writeFile(config, await kubeletConfig({ machine, plane, dns, group }), { mode: 0o600 });
  let kubelet: Program | undefined;
  async function startKubelet(): Promise<void> {
    kubelet ??= await machine.start({
      name: `${name}'s kubelet`,
      command: binaries.kubelet,
      args: [
        `--config=${config}`,
        `--kubeconfig=${kubeconfig}`,
        `--node-ip=${machine.address}`,
        `--hostname-override=${name}`,
      ],
      logFile: logFile('kubelet'),
    });
  }
  await startKubelet();
  await startProxy({ machine, plane, node: name, pods: options.pods });

  return {
    name,
    machine,
    logFile,
    async importImages(archive) {
      await ctr('images', 'import', archive);
    },
    startKubelet,
    async stopKubelet() {
      await kubelet?.stop('SIGKILL');
      kubelet = undefined;
    },
  };
}

/**
 * Makes the cluster addresses of Services work on a machine.
 * @param node whose name kube-proxy takes; the control plane's machine is none itself
 * @param pods the addresses of all Pods: whoever else asks a Service is answered through this machine
 */
export async function startProxy(options: {
  readonly machine: Machine;
  readonly plane: ControlPlane;
  readonly node: string;
  readonly pods: string;
}): Promise<Program> {
  const { machine, plane, node, pods } = options;
  const { 'kube-proxy': command } = await programs(['kube-proxy']);
  const config = join(machine.directory, 'kube-proxy.json');
  await writeFile(
    config,
    JSON.stringify({
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      clientConnection: { kubeconfig: await plane.kubeconfigOf('system:kube-proxy') },
      hostnameOverride: node,
      mode: 'iptables',
      clusterCIDR: pods,
      iptables: { minSyncPeriod: '100ms', syncPeriod: '30s' },
      // The kernel's own limits are good enough, and are not a machine's to change.
      conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
      oomScoreAdj: 0,
    }),
  );
  return machine.start({
    name: `${machine.name}'s kube-proxy`,
    command,
    args: [`--config=${config}`],
    logFile: join(machine.directory, 'kube-proxy.log'),
  });
}

function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

function containerdConfig(pauseImage: string): string {
  return `version = 2
oom_score = 0
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
]
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  # Without CAP_SYS_RESOURCE nobody may make a process less likely to be killed than it is.
  restrict_oom_score_adj = true
  # DNS answers on port 53 without being root.
  enable_unprivileged_ports = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
`;
}

function cniConfig(podRange: string): string {
  return JSON.stringify({
    cniVersion: '0.4.0',
    name: 'pods',
    plugins: [
      {
        type: 'bridge',
        bridge: 'pods',
        isGateway: true,
        // A Pod may reach itself through its Service.
        hairpinMode: true,
        ipam: { type: 'host-local', ranges: [[{ subnet: podRange }]], routes: [{ dst: '0.0.0.0/0' }] },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  });
}

async function kubeletConfig(options: {
  readonly machine: Machine;
  readonly plane: ControlPlane;
  readonly dns: string;
  readonly group: string;
}): Promise<string> {
  const { machine, plane, dns, group } = options;
  const { certificate, key } = plane.certificates.issueServing(machine.name, [machine.name, machine.address]);
  const file = (name: string): string => join(machine.directory, name);
  await writeFile(file('kubelet.crt'), certificate);
  await writeFile(file('kubelet.key'), key, { mode: 0o600 });
  await writeFile(file('ca.crt'), plane.ca);
  // Pods ask the cluster's DNS only; there is nothing to forward to.
  await writeFile(file('resolv.conf'), '');
  return JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: file('ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: file('kubelet.crt'),
    tlsPrivateKeyFile: file('kubelet.key'),
    containerRuntimeEndpoint: `unix://${SOCKET}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: group,
    clusterDNS: [dns],
    clusterDomain: 'cluster.local',
    resolvConf: file('resolv.conf'),
    oomScoreAdj: 0,
    failSwapOn: false,
    // The disk is shared with everything else on this machine: how full it is says nothing about the node.
    localStorageCapacityIsolation: true,
    evictionHard: {
      'memory.available': '100Mi',
      'nodefs.available': '0%',
      'nodefs.inodesFree': '0%',
      'imagefs.available': '0%',
    },
    imageGCHighThresholdPercent: 100,
    nodeStatusUpdateFrequency: '2s',
    nodeLeaseDurationSeconds: 10,
    registryPullQPS: 0,
    registryBurst: 0,
  });
}
