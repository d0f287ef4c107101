/**
 * The programs of a real Kubernetes, and those that judge and fake parts of it, built from their published Go modules on first use.
 * `node tests/cluster/binaries.ts [NAME…]` builds the named ones ahead of time; without names, those that `npm run test:cluster` needs.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, constants, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { locked } from '../support/lock.ts';

const MODULE = join(import.meta.dirname, 'binaries');

/** Built together from binaries/go.mod, so that their versions fit each other. */
const KUBERNETES = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  kubelet: 'k8s.io/kubernetes/cmd/kubelet',
  'kube-proxy': 'k8s.io/kubernetes/cmd/kube-proxy',
  'e2e.test': 'k8s.io/kubernetes/test/e2e',
  agnhost: './agnhost',
} as const;

/** Each from a module graph of its own: they share nothing with Kubernetes's. */
const TOOLS = {
  coredns: { package: 'github.com/coredns/coredns', version: 'v1.14.7' },
  kwok: { package: 'sigs.k8s.io/kwok/cmd/kwok', version: 'v0.8.0' },
  kubeconform: { package: 'github.com/yannh/kubeconform/cmd/kubeconform', version: 'v0.8.0' },
  minio: { package: 'github.com/minio/minio', version: 'v0.0.0-20260212201848-7aac2a2c5b7c' },
  'stripe-mock': { package: 'github.com/stripe/stripe-mock', version: 'v0.203.0' },
  'kube-score': { package: 'github.com/zegl/kube-score/cmd/kube-score', version: 'v1.20.0' },
} as const;

/** Programs of our own around the parts of a published one that are needed, each with its go.mod. */
const OWN = {
  vault: { folder: join(import.meta.dirname, '../servers/vault'), version: 'v1.14.2' },
} as const;

export type Program = keyof typeof KUBERNETES | keyof typeof TOOLS | keyof typeof OWN;

const CONTROL_PLANE: readonly Program[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
];
const NODE: readonly Program[] = ['kubelet', 'kube-proxy', 'coredns'];

/**
 * The path of a program for this machine. The first call builds it into the user's cache (`$XDG_CACHE_HOME/shopmind`), which
 * takes from one to six minutes each and needs Go; several processes may call at once.
 * @throws Error with the compiler's last lines when it cannot be built.
 */
export async function program(name: Program): Promise<string> {
  const file = await placeOf(name);
  if (await isProgram(file)) return file;
  await locked(
    join(cacheFolder(), 'build.lock'),
    async () => {
      if (!(await isProgram(file))) await build(name, file);
    },
    (owner) => say(`${name}: waiting for process ${owner}, which builds too`),
  );
  return file;
}

/** Whether `program` finds it in the cache, and builds nothing. */
export async function isBuilt(name: Program): Promise<boolean> {
  return isProgram(await placeOf(name));
}

/** As `program`, for several, one after the other: a single link of kube-apiserver fills a small machine. */
export async function programs<const Names extends readonly Program[]>(
  names: Names,
): Promise<Record<Names[number], string>> {
  const found: [Program, string][] = [];
  for (const name of names) found.push([name, await program(name)]);
  // One entry for each of the names.
  return Object.fromEntries(found) as Record<Names[number], string>;
}

/** The version of Kubernetes in binaries/go.mod, for example `v1.34.4`. */
export async function kubernetesVersion(): Promise<string> {
  const text = await readFile(join(MODULE, 'go.mod'), 'utf8');
  const version = /^\tk8s\.io\/kubernetes (v\S+)/m.exec(text)?.[1];
  if (version === undefined) throw new Error(`${MODULE}/go.mod requires no k8s.io/kubernetes`);
  return version;
}

/** Where programs and images are kept between runs. */
export function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'shopmind');
}

async function placeOf(name: Program): Promise<string> {
  if (isTool(name)) return join(cacheFolder(), `${name}-${TOOLS[name].version}`, name);
  if (isOwn(name)) {
    const { folder, version } = OWN[name];
    const sources = await Promise.all(
      ['main.go', 'go.mod', 'go.sum'].map((file) => readFile(join(folder, file))),
    );
    const digest = createHash('sha256').update(Buffer.concat(sources)).digest('hex').slice(0, 8);
    return join(cacheFolder(), `${name}-${version}-${digest}`, name);
  }
  return join(cacheFolder(), `kubernetes-${await kubernetesVersion()}`, name);
}

function isOwn(name: Program): name is keyof typeof OWN {
  return Object.hasOwn(OWN, name);
}

function isTool(name: Program): name is keyof typeof TOOLS {
  return Object.hasOwn(TOOLS, name);
}

/** Builds beside the final place and renames, so that half a program is never taken for a whole one. */
async function build(name: Program, file: string): Promise<void> {
  const partial = join(dirname(file), `.${name}.${process.pid}`);
  await mkdir(dirname(file), { recursive: true });
  const started = performance.now();
  say(`${name}: building ${basename(dirname(file))} from source; this is done once`);
  try {
    if (isTool(name)) {
      const { package: path, version } = TOOLS[name];
      await go(['install', '-trimpath', '-ldflags=-s -w', `${path}@${version}`], { GOBIN: partial });
      await rename(join(partial, name), file);
    } else if (isOwn(name)) {
      const { folder } = OWN[name];
      await go(['build', '-trimpath', '-ldflags=-s -w', '-o', partial, '.'], {}, folder);
      await rename(partial, file);
    } else {
      const verb = name === 'e2e.test' ? ['test', '-c'] : ['build'];
      // Without its version kubectl refuses to talk to the server, and the server reports v0.0.0.
      const version = `-X k8s.io/component-base/version.gitVersion=${await kubernetesVersion()}`;
      await go([...verb, '-trimpath', '-ldflags', `-s -w ${version}`, '-o', partial, KUBERNETES[name]], {});
      await rename(partial, file);
    }
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  say(`${name}: built in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

async function go(args: readonly string[], env: Record<string, string>, folder = MODULE): Promise<void> {
  const child = spawn('go', args, {
    cwd: folder,
    env: { ...process.env, CGO_ENABLED: '0', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const tail: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    tail.push(...text.split('\n').filter((line) => line !== ''));
    tail.splice(0, Math.max(0, tail.length - 20));
  });
  const [code, signal] = await once(child, 'exit').catch((cause: unknown) => {
    throw new Error('Go is needed to build it: https://go.dev/dl, or a package of your system', {
      cause,
    });
  });
  if (code !== 0) throw new Error([`go ${args.join(' ')} ended with ${code ?? signal}:`, ...tail].join('\n'));
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

if (import.meta.main) {
  const named = process.argv.slice(2);
  const known = (name: string): name is Program =>
    Object.hasOwn(KUBERNETES, name) || Object.hasOwn(TOOLS, name) || Object.hasOwn(OWN, name);
  const unknown = named.filter((name) => !known(name));
  if (unknown.length > 0) {
    say(
      `no program ${unknown.join(', ')}; there are ${Object.keys({ ...KUBERNETES, ...TOOLS, ...OWN }).join(', ')}`,
    );
    process.exitCode = 2;
  } else {
    const wanted = named.length > 0 ? named.filter(known) : [...CONTROL_PLANE, ...NODE];
    for (const path of Object.values(await programs(wanted))) process.stdout.write(`${path}\n`);
  }
}
