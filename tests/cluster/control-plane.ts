/**
 * A real Kubernetes control plane for one run: etcd, kube-apiserver, kube-controller-manager and kube-scheduler on free
 * ports of this machine, ready in about five seconds, with nothing left of it after `stop`.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import {
  loadCertificates,
  type ClusterCertificates,
  type KeyedCertificate,
} from '../../operator/embedded/apiserver/certificates.ts';
import { freePort } from '../support/port.ts';
import { programs } from './binaries.ts';
import type { Machine } from './machines.ts';
import { startProgram, whenReady, type Program } from './process.ts';
import { makeWorkspace } from './workspace.ts';

const COMPONENTS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

export type Component = (typeof COMPONENTS)[number];

export interface ControlPlaneOptions {
  /** Where it runs, so that Pods reach it and it them; this machine's loopback when absent. */
  readonly machine?: Machine;
  /** Cluster addresses of Services; its first address is the API server's own. */
  readonly serviceRange?: string;
  /** Components to leave out: without the controller manager nothing is collected, and no Deployment gets its Pods. */
  readonly without?: readonly ('kube-controller-manager' | 'kube-scheduler')[];
  /** Further flags of each component; of two that name the same flag the later one counts. */
  readonly flags?: Readonly<Partial<Record<Component, readonly string[]>>>;
}

export interface ControlPlane {
  readonly url: string;
  /** PEM of the authority that signed every certificate here. */
  readonly ca: string;
  /** Of a user in `system:masters`. */
  readonly kubeconfig: string;
  /** Temporary; keys, logs and data are in it. */
  readonly directory: string;
  readonly certificates: ClusterCertificates;
  /** The first address of the service range. */
  readonly serviceAddress: string;
  readonly pids: ReadonlyMap<Component, number>;
  /** Writes a kubeconfig of a user with a client certificate of its own; returns its path. */
  kubeconfigOf(user: string, groups?: readonly string[]): Promise<string>;
  /** The log of a component. */
  logFile(component: Component): string;
  /** Ends the API server by `signal` (SIGTERM; SIGKILL follows after 3 s) and starts it again on the same port and data. */
  restartApiServer(signal?: NodeJS.Signals): Promise<void>;
  /** The two halves of a restart, for what must happen in between. */
  stopApiServer(signal?: NodeJS.Signals): Promise<void>;
  startApiServer(): Promise<void>;
  /** Ends everything and removes the directory. */
  stop(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';

/** Starts one. @throws Error with a component's last words when it does not come up; nothing is left then either. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const directory = await makeWorkspace();
  const running = new Map<Component, Program>();
  try {
    return await start(directory, running, options);
  } catch (error) {
    await stopAll(running);
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

async function start(
  directory: string,
  running: Map<Component, Program>,
  options: ControlPlaneOptions,
): Promise<ControlPlane> {
  const address = options.machine?.address ?? LOOPBACK;
  const serviceRange = options.serviceRange ?? '10.96.0.0/16';
  const serviceAddress = firstOf(serviceRange);
  const without = new Set<Component>(options.without);
  const binaries = await programs(COMPONENTS);
  const [etcdPort, peerPort, port] = await Promise.all([freePort(), freePort(), freePort()]);
  const url = `https://${address}:${port}`;
  const logs = join(directory, 'logs');
  await mkdir(logs);
  const keys = await writeKeys(join(directory, 'pki'), [address, serviceAddress]);
  const { certificates } = keys;

  async function kubeconfigOf(user: string, groups: readonly string[] = []): Promise<string> {
    const path = join(directory, `${user.replaceAll(/[^a-z0-9-]+/g, '-')}.kubeconfig`);
    const content = kubeconfigText(
      url,
      certificates.authority.certificate,
      user,
      certificates.issueClient(user, groups),
    );
    await writeFile(path, content, { mode: 0o600 });
    return path;
  }

  async function launch(component: Component, args: readonly string[]): Promise<Program> {
    const plan = {
      name: component,
      command: binaries[component],
      args: [...args, ...(options.flags?.[component] ?? [])],
      logFile: logFile(component),
    };
    const started = await (options.machine?.start(plan, 'network') ?? startProgram(plan));
    running.set(component, started);
    return started;
  }

  async function startApiServer(): Promise<void> {
    const args = apiServerFlags({ address, port, etcdPort, serviceRange, keys });
    const server = await launch('kube-apiserver', args);
    await whenReady(server, () => answers(url, '/readyz', keys.admin, certificates.authority), 60_000);
  }

  async function stopApiServer(signal?: NodeJS.Signals): Promise<void> {
    // Asked nicely it waits up to a minute for watches to end, which the controllers' never do.
    await running.get('kube-apiserver')?.stop(signal, 3_000);
    running.delete('kube-apiserver');
  }

  const logFile = (component: Component): string => join(logs, `${component}.log`);
  const kubeconfig = await kubeconfigOf('admin', ['system:masters']);

  // The API server waits for etcd by itself; its clients give up on a server that is not there within seconds.
  await launch('etcd', etcdFlags(join(directory, 'etcd'), etcdPort, peerPort));
  await startApiServer();
  if (!without.has('kube-scheduler')) {
    await launch('kube-scheduler', schedulerFlags(await kubeconfigOf('system:kube-scheduler')));
  }
  if (!without.has('kube-controller-manager')) {
    const credentials = await kubeconfigOf('system:kube-controller-manager');
    const controllers = await launch('kube-controller-manager', controllerFlags(credentials, keys));
    // Its last controllers to start are those that a Pod cannot be created without.
    const account = '/api/v1/namespaces/default/serviceaccounts/default';
    await whenReady(controllers, () => answers(url, account, keys.admin, certificates.authority), 30_000);
  }

  return {
    url,
    ca: certificates.authority.certificate,
    kubeconfig,
    directory,
    certificates,
    serviceAddress,
    get pids() {
      return new Map([...running].map(([component, { pid }]) => [component, pid]));
    },
    kubeconfigOf,
    logFile,
    stopApiServer,
    startApiServer,
    async restartApiServer(signal) {
      await stopApiServer(signal);
      await startApiServer();
    },
    async stop() {
      await stopAll(running);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Nothing of it is wanted any more, so nobody is given time to say goodbye. Clients first: they would only complain. */
async function stopAll(running: Map<Component, Program>): Promise<void> {
  for (const component of COMPONENTS.toReversed()) await running.get(component)?.stop('SIGKILL');
  running.clear();
}

interface Keys {
  readonly directory: string;
  readonly certificates: ClusterCertificates;
  readonly admin: KeyedCertificate;
}

/** Everything that components read as files, named as `file(keys, …)` finds them. */
async function writeKeys(directory: string, addresses: readonly string[]): Promise<Keys> {
  const certificates = loadCertificates(directory);
  const admin = certificates.issueClient('admin', ['system:masters']);
  const written: Record<string, KeyedCertificate> = {
    apiserver: certificates.issueServing('kube-apiserver', [
      ...new Set(['localhost', LOOPBACK, ...addresses]),
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      'kubernetes.default.svc.cluster.local',
    ]),
    // The API server's way to the kubelet: logs, exec, port-forward.
    kubelet: certificates.issueClient('kube-apiserver-kubelet', ['system:masters']),
    // Any key pair serves to sign tokens; the certificate's public key verifies them.
    accounts: certificates.issueClient('service-accounts', []),
  };
  for (const [name, { certificate, key }] of Object.entries(written)) {
    await writeFile(join(directory, `${name}.crt`), certificate, { mode: 0o600 });
    await writeFile(join(directory, `${name}.key`), key, { mode: 0o600 });
  }
  return { directory, certificates, admin };
}

function etcdFlags(data: string, port: number, peerPort: number): string[] {
  const peer = `http://${LOOPBACK}:${peerPort}`;
  const client = `http://${LOOPBACK}:${port}`;
  return [
    `--data-dir=${data}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // Nothing here outlives the machine.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

function apiServerFlags(options: {
  readonly address: string;
  readonly port: number;
  readonly etcdPort: number;
  readonly serviceRange: string;
  readonly keys: Keys;
}): string[] {
  const { address, port, etcdPort, serviceRange, keys } = options;
  const file = (name: string): string => join(keys.directory, name);
  return [
    `--bind-address=${address}`,
    `--secure-port=${port}`,
    // A loopback address may not be an endpoint; then Pods cannot reach the server anyway.
    ...(address === LOOPBACK ? ['--endpoint-reconciler-type=none'] : [`--advertise-address=${address}`]),
    `--etcd-servers=http://${LOOPBACK}:${etcdPort}`,
    `--service-cluster-ip-range=${serviceRange}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    `--client-ca-file=${file('ca.crt')}`,
    `--tls-cert-file=${file('apiserver.crt')}`,
    `--tls-private-key-file=${file('apiserver.key')}`,
    `--kubelet-client-certificate=${file('kubelet.crt')}`,
    `--kubelet-client-key=${file('kubelet.key')}`,
    `--kubelet-certificate-authority=${file('ca.crt')}`,
    // Nodes have no names that anything here resolves.
    '--kubelet-preferred-address-types=InternalIP',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${file('accounts.crt')}`,
    `--service-account-signing-key-file=${file('accounts.key')}`,
  ];
}

function controllerFlags(kubeconfig: string, keys: Keys): string[] {
  const file = (name: string): string => join(keys.directory, name);
  return [
    `--kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--use-service-account-credentials=true',
    `--root-ca-file=${file('ca.crt')}`,
    `--service-account-private-key-file=${file('accounts.key')}`,
    `--cluster-signing-cert-file=${file('ca.crt')}`,
    `--cluster-signing-key-file=${file('ca.key')}`,
  ];
}

function schedulerFlags(kubeconfig: string): string[] {
  return [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0'];
}

/** JSON, which is YAML too, so that nothing needs quoting. */
function kubeconfigText(url: string, ca: string, user: string, identity: KeyedCertificate): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority-data': base64(ca) } }],
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': base64(identity.certificate),
          'client-key-data': base64(identity.key),
        },
      },
    ],
    contexts: [{ name: 'test', context: { cluster: 'test', user } }],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** Whether a GET is answered with 200. */
function answers(
  url: string,
  path: string,
  admin: KeyedCertificate,
  authority: KeyedCertificate,
): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = request(
      new URL(path, url),
      { ca: authority.certificate, cert: admin.certificate, key: admin.key, timeout: 2_000, agent: false },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    asking.on('timeout', () => asking.destroy());
    // Nobody listens yet, or no longer.
    asking.on('error', () => resolve(false));
    asking.end();
  });
}

/** The first usable address of an IPv4 range: `10.96.0.0/16` → `10.96.0.1`. */
function firstOf(range: string): string {
  const [network = ''] = range.split('/');
  return network.replace(/\d+$/, (last) => String(Number(last) + 1));
}
