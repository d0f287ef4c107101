/**
 * Machines of the test cluster: each is a set of Linux namespaces (network, mounts, processes) on a common bridge. When a machine is
 * switched off, the kernel ends its processes and takes its interfaces, mounts and packet rules away; of this machine nothing was changed.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../support/wait.ts';
import { childOf, startProgram, type Program, type ProgramOptions } from './process.ts';

const run = promisify(execFile);
const CGROUPS = '/sys/fs/cgroup';

/** What the machines are plugged into. This machine has the first address and reaches everything behind the others. */
export interface Network {
  /** This machine's own address. */
  readonly address: string;
  /** The addresses of all Pods. */
  readonly podRange: string;
  /** Cluster addresses of Services; the first machine answers for them. */
  readonly serviceRange: string;
  /** That of the cluster's DNS. */
  readonly dnsAddress: string;
  /** Switches a machine on. @param name also its host name */
  addMachine(name: string): Promise<Machine>;
  /** Switches all machines off and removes the bridge. */
  stop(): Promise<void>;
}

export interface Machine {
  readonly name: string;
  readonly address: string;
  /** Addresses of the Pods on it. */
  readonly podRange: string;
  /** Its files: what is `/var/lib`, `/var/log` and `/run` in there lies here. */
  readonly directory: string;
  /** Runs a program in it. `where: 'network'` leaves it this machine's files and processes. */
  start(options: ProgramOptions, where?: 'inside' | 'network'): Promise<Program>;
  /** Runs a command in it to its end; returns what it printed. */
  exec(command: string, args: readonly string[]): Promise<string>;
  /** As pulling the plug. */
  switchOff(): Promise<void>;
}

/** What nodes need beside this file's own tools, with Debian's packages. */
const NEEDED = {
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  iptables: 'iptables',
  conntrack: 'conntrack',
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
} as const;
const CNI_BRIDGE = '/usr/lib/cni/bridge';

/** Why real nodes cannot run here; nothing when they can. */
export function whyNoMachines(): string | undefined {
  if (process.platform !== 'linux') return 'machines of the test cluster are Linux namespaces';
  if (process.getuid?.() !== 0)
    return 'machines of the test cluster need root: namespaces, interfaces and cgroups are made';
  const folders = ['/usr/sbin', '/sbin', ...(process.env['PATH'] ?? '').split(':')];
  const missing: string[] = Object.entries(NEEDED)
    .filter(([name]) => !folders.some((folder) => existsSync(join(folder, name))))
    .map(([, debian]) => debian);
  if (!existsSync(CNI_BRIDGE)) missing.push('containernetworking-plugins');
  if (missing.length > 0) return `real nodes need Debian's ${[...new Set(missing)].join(' ')}`;
  if (!existsSync(join(CGROUPS, 'memory')))
    return 'real nodes of this suite need cgroups of version 1, which this machine has not';
  return undefined;
}

/** @param directory where the machines' files go; removed by whoever made it, after `stop` */
export async function startNetwork(directory: string): Promise<Network> {
  const second = await freeSecondByte();
  const bridge = `shopmind${second}`;
  const address = `10.${second}.0.1`;
  const serviceRange = `10.${second}.64.0/20`;
  // Apart from the machines: whoever is no Pod gets the answers of Services through the machine that was asked.
  const podRange = `10.${second}.128.0/17`;
  const machines: Machine[] = [];
  await ip('link', 'add', bridge, 'type', 'bridge');
  // Says whose it is to a later run that finds it left over.
  await ip('link', 'set', bridge, 'alias', directory);
  await ip('address', 'add', `${address}/24`, 'dev', bridge);
  await ip('link', 'set', bridge, 'up');
  return {
    address,
    podRange,
    serviceRange,
    dnsAddress: `10.${second}.64.10`,
    async addMachine(name) {
      const number = machines.length + 1;
      const machine = await switchOn({
        name,
        bridge,
        gateway: address,
        address: `10.${second}.0.${number + 1}`,
        podRange: `10.${second}.${127 + number}.0/24`,
        directory: join(directory, name),
        link: `sm${second}-${number}`,
      });
      // Routes lead from every machine to the Pods of every other.
      for (const other of machines) {
        await other.exec('ip', ['route', 'add', machine.podRange, 'via', machine.address]);
        await machine.exec('ip', ['route', 'add', other.podRange, 'via', other.address]);
      }
      await ip('route', 'add', machine.podRange, 'via', machine.address);
      if (number === 1) await ip('route', 'add', serviceRange, 'via', machine.address);
      machines.push(machine);
      return machine;
    },
    async stop() {
      await Promise.all(machines.map((machine) => machine.switchOff()));
      // Its routes go with it.
      await ip('link', 'delete', bridge);
    },
  };
}

interface MachinePlan {
  readonly name: string;
  readonly bridge: string;
  readonly gateway: string;
  readonly address: string;
  readonly podRange: string;
  readonly directory: string;
  readonly link: string;
}

/** Settings the kubelet insists on writing; in a machine they are files, because the kernel has them only once. */
const KERNEL_SETTINGS = {
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/keys/root_maxbytes': 25_000_000,
} as const;

/** Folders of its own in a machine: what would be left behind, or belongs to this machine's own services. */
const OWN_FOLDERS = ['/var/lib', '/var/log', '/run', '/etc/cni'] as const;

const NAMESPACES = ['--net', '--mount', '--pid', '--uts', '--ipc'] as const;

async function switchOn(plan: MachinePlan): Promise<Machine> {
  const { name, directory, link } = plan;
  await mkdir(join(directory, 'settings'), { recursive: true });
  const script = await setupScript(plan);
  const holder = await startProgram({
    name: `machine ${name}`,
    command: 'unshare',
    args: [...NAMESPACES, '--propagation', 'private', '--fork', '--kill-child', '--', 'bash', '-euc', script],
    logFile: join(directory, 'machine.log'),
  });
  const init = await childOf(holder.pid);
  const enter = ['--target', String(init), '--net'];
  const inside = ['--target', String(init), ...NAMESPACES];
  await ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(init));
  await ip('link', 'set', link, 'master', plan.bridge, 'up');
  const exec = async (command: string, args: readonly string[]): Promise<string> =>
    (await run('nsenter', [...inside, '--', command, ...args], { maxBuffer: 1 << 26 })).stdout;
  const ready = async (): Promise<true | undefined> =>
    (await readFile(holder.logFile, 'utf8')).includes('ready') || undefined;
  await until(ready, { withinMs: 10_000, what: `machine ${name} (${holder.logFile})` });
  return {
    name,
    address: plan.address,
    podRange: plan.podRange,
    directory,
    exec,
    start: (options, where = 'inside') =>
      startProgram({
        ...options,
        command: 'nsenter',
        args: [...(where === 'inside' ? inside : enter), '--', options.command, ...options.args],
        // Entering a process namespace takes another process.
        forks: where === 'inside',
      }),
    async switchOff() {
      await holder.stop('SIGKILL');
      await removeGroups(cgroupOf(plan.directory));
    },
  };
}

/** What the machine's first process does: its folders, its settings, its network; then it only inherits and buries orphans. */
async function setupScript({ name, gateway, address, directory }: MachinePlan): Promise<string> {
  const lines = ['mount -t proc proc /proc'];
  for (const folder of OWN_FOLDERS) {
    const own = join(directory, folder.slice(1).replaceAll('/', '-'));
    await mkdir(own, { recursive: true });
    await mkdir(folder, { recursive: true });
    lines.push(`mount --bind ${own} ${folder}`);
  }
  for (const [setting, value] of Object.entries(KERNEL_SETTINGS)) {
    const file = join(directory, 'settings', setting.replaceAll('/', '-'));
    await writeFile(file, `${value}\n`);
    lines.push(`mount --bind ${file} /proc/sys/${setting}`);
  }
  return [
    ...lines,
    `hostname ${name}`,
    'ip link set lo up',
    // The cable is plugged in from outside.
    'until ip link show eth0 >/dev/null 2>&1; do sleep 0.05; done',
    `ip address add ${address}/24 dev eth0`,
    'ip link set eth0 up',
    `ip route add default via ${gateway}`,
    'echo 1 > /proc/sys/net/ipv4/ip_forward',
    'echo ready',
    'sleep infinity',
    // Otherwise the shell would become the sleep, which buries nobody.
    ':',
  ].join('\n');
}

/** 10.64 to 10.127: away from what clouds and clusters usually take. */
async function freeSecondByte(): Promise<number> {
  const { stdout } = await run('ip', ['-4', 'route', 'show', 'table', 'all']);
  const free = Array.from({ length: 64 }, (_, n) => 64 + n).filter(
    (second) => !stdout.includes(`10.${second}.`),
  );
  const second = free[Math.floor(Math.random() * free.length)];
  if (second === undefined) throw new Error('every network from 10.64 to 10.127 is taken');
  return second;
}

async function ip(...args: string[]): Promise<void> {
  await run('ip', args);
}

/** Removes the bridges and groups of machines whose folder was `directory`, after their maker was killed; their processes died with it. */
export async function removeRemains(directory: string): Promise<void> {
  const { stdout } = await run('ip', ['-json', 'link', 'show', 'type', 'bridge']);
  // The documented form of ip-link(8); both fields are checked.
  const bridges = JSON.parse(stdout === '' ? '[]' : stdout) as { ifname?: string; ifalias?: string }[];
  for (const { ifname, ifalias } of bridges) {
    if (ifname !== undefined && ifalias === directory) await ip('link', 'delete', ifname);
  }
  for (const machine of await readdir(directory)) await removeGroups(cgroupOf(join(directory, machine)));
}

/** The cgroup below which a machine's Pods are, named after its folder. */
export function cgroupOf(directory: string): string {
  return `/${directory.split('/').filter(Boolean).slice(-2).join('-')}`;
}

/** Makes a cgroup in every hierarchy of version 1. */
export async function makeGroups(group: string): Promise<void> {
  for (const hierarchy of await hierarchies())
    await mkdir(join(CGROUPS, hierarchy, group), { recursive: true });
}

async function removeGroups(group: string): Promise<void> {
  for (const hierarchy of await hierarchies()) await removeGroup(join(CGROUPS, hierarchy, group));
}

/** Only empty groups can be removed, deepest first; a process that was killed leaves its group a moment later. */
async function removeGroup(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeGroup(join(path, entry.name));
  await until(
    async () => {
      try {
        await rmdir(path);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      }
      return true;
    },
    { withinMs: 10_000, what: `${path} empty` },
  );
}

async function hierarchies(): Promise<string[]> {
  const entries = await readdir(CGROUPS, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
