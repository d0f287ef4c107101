/**
 * The node agent: runs the Pods that are bound to this node as local processes and reports what becomes of them.
 */
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAddresses, LOOPBACK } from './addresses.ts';
import type { Env } from './env.ts';
import type { Session } from './exec.ts';
import type { ImageTable } from './images.ts';
import { createLogStore, type LogQuery, type LogStore } from './logs.ts';
import { createMeter, type ContainerUsage } from './metrics.ts';
import { DEFAULT_GRACE_SECONDS, startPod, type PodWorker } from './pod.ts';
import { createProcessTable } from './process.ts';
import { isTerminal } from './status.ts';
import { isConflict, isNotFound } from '../controllers/machinery/client.ts';
import type { Context } from '../controllers/machinery/controller.ts';
import { equal } from '../controllers/machinery/equal.ts';
import {
  CONFIG_MAPS,
  PODS,
  SECRETS,
  type Container,
  type Pod,
  type PodStatus,
} from '../controllers/machinery/wire.ts';

export interface AgentOptions {
  readonly nodeName: string;
  /** Holds the Pods' folders, logs and process records. */
  readonly dir: string;
  readonly images: ImageTable;
  /** `127.0.0.1:<port>` of the cluster's DNS. */
  readonly dns: string;
  /** The API server, as Pods reach it. */
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  /** How often the use of processor and memory is measured; default 15 s. */
  readonly samplePeriodMs?: number;
  issueToken(namespace: string, serviceAccount: string): string | Promise<string>;
}

export interface Agent {
  /** Ends every process it started; the Pods stay in the API and run again with the next agent. */
  close(): Promise<void>;
  /** The log of a Pod's container; undefined when there is none. */
  readLog(
    pod: Pod,
    container: string,
    query: LogQuery,
    signal?: AbortSignal,
  ): AsyncGenerator<string> | undefined;
  /** Runs a command in a container; see `PodWorker.exec`. @throws Error when the Pod does not run here */
  exec(pod: Pod, container: string, command: readonly string[], tty: boolean): Session;
  usage(): readonly ContainerUsage[];
}

interface Entry {
  pod: Pod;
  readonly worker: PodWorker;
  /** Status writes, one after the other. */
  writing: Promise<void> | undefined;
  again: boolean;
  ending: Promise<void> | undefined;
  gone: boolean;
  /** Status writes that failed in a row. */
  failures: number;
}

/** The resolution metrics-server has by default. */
const SAMPLE_MS = 15_000;
const WRITE_RETRY_MS = 200;
const MAX_RETRY_MS = 10_000;
/** A Pod whose object is gone is not waited for longer. */
const FORCED_GRACE_SECONDS = 1;
const CRITICAL: ReadonlySet<string> = new Set(['system-cluster-critical', 'system-node-critical']);
/** With the whole node going down nobody waits half a minute. */
const CLOSE_GRACE_SECONDS = 8;
const PRELOAD = fileURLToPath(new URL('lookup.ts', import.meta.url));
/** Of this process's environment, what a container may see. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR', 'NODE_EXTRA_CA_CERTS'] as const;
/** New objects are few in our services: a small young generation keeps resident memory small. */
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=8'];

export async function startAgent(context: Context, options: AgentOptions): Promise<Agent> {
  const { api, informers, clock } = context;
  const log = context.log.child({ component: 'node' });
  const recorder = context.recorder.as('kubelet');
  const pods = informers.of(PODS);
  const secrets = informers.of(SECRETS);
  const configMaps = informers.of(CONFIG_MAPS);
  const addresses = createAddresses(options.dir);
  const logs: LogStore = createLogStore(join(options.dir, 'logs'), undefined, (error, file) =>
    log.error({ err: error, file }, 'lines of a container log were lost'),
  );
  const processes = createProcessTable(join(options.dir, 'processes'), options.dir);
  const cache = compileCache(join(options.dir, 'compile-cache'));
  const entries = new Map<string, Entry>();
  let closing = false;

  const leftovers = await processes.endLeftovers();
  if (leftovers > 0) log.info({ leftovers }, 'ended processes of an agent that was killed');

  function begin(pod: Pod): void {
    const { uid, namespace, name } = pod.metadata;
    const podIP = pod.spec.hostNetwork ? LOOPBACK : addresses.take(uid, pod.status?.podIP);
    const dir = join(options.dir, 'pods', uid);
    const account = pod.spec.serviceAccountName ?? 'default';
    let token: Promise<string> | undefined;
    const entry: Entry = {
      pod,
      writing: undefined,
      again: false,
      ending: undefined,
      gone: false,
      failures: 0,
      worker: startPod(pod, {
        place: { podIP, hostIP: LOOPBACK },
        dir,
        images: options.images,
        processes,
        logs,
        clock,
        sources: {
          ca: options.ca,
          secret: (secret) => secrets.get(`${namespace}/${secret}`),
          configMap: (map) => configMaps.get(`${namespace}/${map}`),
          token: async () => options.issueToken(namespace, account),
        },
        async baseEnv(container) {
          token ??= kubeconfigFor(pod, account, join(dir, 'kubeconfig'));
          return baseEnv(container, pod, await token);
        },
        note: (type, reason, message, container) =>
          recorder.event(PODS, entry.pod, {
            type,
            reason,
            message,
            ...(container === undefined ? {} : { fieldPath: `spec.containers{${container}}` }),
          }),
        // One turn later: several changes of one moment are one status.
        changed: () => queueMicrotask(() => report(entry)),
      }),
    };
    entries.set(uid, entry);
    log.debug({ pod: `${namespace}/${name}`, podIP }, 'pod begins');
    report(entry);
  }

  function baseEnv(_container: Container, pod: Pod, kubeconfig: string): Env {
    const inherited = INHERITED.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    return {
      ...Object.fromEntries(inherited),
      // `node` is in every image of ours, and here the one that the preload below is for.
      PATH: [dirname(process.execPath), process.env['PATH']].filter(Boolean).join(delimiter),
      HOSTNAME: pod.metadata.name,
      SHOPMIND_DNS: options.dns,
      NODE_COMPILE_CACHE: cache,
      NODE_OPTIONS: [`--import=${PRELOAD}`, ...NODE_FLAGS].join(' '),
      ...(kubeconfig === '' ? {} : { KUBECONFIG: kubeconfig }),
    };
  }

  /** Writes the ServiceAccount's kubeconfig and returns its path; empty when the Pod wants none. */
  async function kubeconfigFor(pod: Pod, account: string, path: string): Promise<string> {
    if (pod.spec.automountServiceAccountToken === false) return '';
    const token = await options.issueToken(pod.metadata.namespace, account);
    const ca = Buffer.from(options.ca).toString('base64');
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'cluster', cluster: { server: options.server, 'certificate-authority-data': ca } }],
      users: [{ name: account, user: { token } }],
      contexts: [
        { name: 'pod', context: { cluster: 'cluster', user: account, namespace: pod.metadata.namespace } },
      ],
      'current-context': 'pod',
    };
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
    return path;
  }

  /** Brings the Pod's status to the API server; only the newest is written. */
  function report(entry: Entry): void {
    if (entry.gone) return;
    if (entry.writing) {
      entry.again = true;
      return;
    }
    entry.writing = writeStatus(entry).finally(() => {
      entry.writing = undefined;
      if (entry.again) {
        entry.again = false;
        report(entry);
      }
    });
  }

  async function writeStatus(entry: Entry): Promise<void> {
    const { namespace, name, uid } = entry.pod.metadata;
    const present = entry.pod.status ?? {};
    const patch = statusPatch(present, entry.worker.status());
    if (!patch) return;
    try {
      const written = await api.patch(
        PODS,
        { namespace, name },
        { metadata: { uid }, status: patch },
        { subresource: 'status', type: 'strategic' },
      );
      entry.failures = 0;
      take(entry, written);
      pods.observe(written);
    } catch (error) {
      if (isNotFound(error) || isConflict(error)) {
        // Gone, or another Pod of that name: the watch will tell.
        log.debug({ pod: `${namespace}/${name}`, err: error }, 'no status to write');
        return;
      }
      if (closing) return;
      log.warn({ pod: `${namespace}/${name}`, err: error }, 'a pod status was not written; it will be');
      await new Promise((resolve) =>
        setTimeout(resolve, Math.min(WRITE_RETRY_MS * 2 ** entry.failures, MAX_RETRY_MS)),
      );
      entry.failures += 1;
      entry.again = true;
    }
  }

  function take(entry: Entry, pod: Pod): void {
    if (Number(pod.metadata.resourceVersion) < Number(entry.pod.metadata.resourceVersion)) return;
    entry.pod = pod;
    entry.worker.update(pod);
  }

  /** The Pod is to go: ends its containers, tells the API server, forgets it. */
  async function finish(entry: Entry): Promise<void> {
    const { namespace, name, uid, deletionGracePeriodSeconds } = entry.pod.metadata;
    const seconds = deletionGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
    for (const container of entry.worker.pids().keys())
      recorder.event(PODS, entry.pod, {
        type: 'Normal',
        reason: 'Killing',
        message: `Stopping container ${container}`,
        fieldPath: `spec.containers{${container}}`,
      });
    await entry.worker.stop(seconds);
    report(entry);
    while (entry.writing) await entry.writing;
    await removeObject(namespace, name, uid);
  }

  async function removeObject(namespace: string, name: string, uid: string): Promise<void> {
    for (let attempt = 0; !closing; attempt += 1) {
      try {
        await api.remove(PODS, { namespace, name }, { uid, gracePeriodSeconds: 0 });
        return;
      } catch (error) {
        if (isNotFound(error) || isConflict(error)) return;
        log.warn({ pod: `${namespace}/${name}`, err: error }, 'a pod could not be removed; it will be');
        await new Promise((resolve) => setTimeout(resolve, WRITE_RETRY_MS * Math.min(attempt + 1, 25)));
      }
    }
  }

  async function forget(entry: Entry): Promise<void> {
    entry.gone = true;
    await entry.worker.stop(FORCED_GRACE_SECONDS);
    await entry.worker.clean();
    entries.delete(entry.pod.metadata.uid);
    addresses.release(entry.pod.metadata.uid);
  }

  /** Removes the folders of a Pod that this agent never ran. */
  function removeFiles(uid: string): void {
    rmSync(join(options.dir, 'pods', uid), { recursive: true, force: true });
    for (const name of namesIn(join(options.dir, 'logs')))
      if (name.endsWith(`_${uid}`)) rmSync(join(options.dir, 'logs', name), { recursive: true, force: true });
  }

  /** Pods that went while no agent ran have left their folders. */
  function sweep(): void {
    const present = new Set(pods.list().map(({ metadata }) => metadata.uid));
    const found = [
      ...namesIn(join(options.dir, 'pods')),
      ...namesIn(join(options.dir, 'logs')).map((name) => name.slice(name.lastIndexOf('_') + 1)),
    ];
    for (const uid of found) if (!present.has(uid)) removeFiles(uid);
  }

  async function endWithNode({ pod, worker }: Entry): Promise<void> {
    const began = performance.now();
    const seconds = pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
    await worker.stop(Math.min(seconds, CLOSE_GRACE_SECONDS));
    const ms = Math.round(performance.now() - began);
    log.info({ pod: `${pod.metadata.namespace}/${pod.metadata.name}`, ms }, 'pod ended with the node');
  }

  function onPod(pod: Pod | undefined, previous: Pod | undefined): void {
    if (closing) return;
    if (previous && previous.metadata.uid !== pod?.metadata.uid) {
      const old = entries.get(previous.metadata.uid);
      if (old)
        void forget(old).catch((error: unknown) => log.error({ err: error }, 'a pod was not cleaned up'));
      else if (previous.spec.nodeName === options.nodeName) removeFiles(previous.metadata.uid);
    }
    if (!pod || pod.spec.nodeName !== options.nodeName) return;
    const entry = entries.get(pod.metadata.uid);
    if (entry) take(entry, pod);
    if (pod.metadata.deletionTimestamp) {
      if (!entry) void removeObject(pod.metadata.namespace, pod.metadata.name, pod.metadata.uid);
      else if (!entry.ending) entry.ending = finish(entry);
      else void entry.worker.stop(pod.metadata.deletionGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS);
      return;
    }
    if (entry) report(entry);
    else if (!isTerminal(pod)) begin(pod);
  }

  await Promise.all([pods.synced, secrets.synced, configMaps.synced]);
  sweep();
  const unsubscribe = pods.subscribe(({ object, previous }) => onPod(object, previous));
  // Until now the API says of these Pods what was true in the last run; nobody shall act on that.
  await Promise.all([...entries.values()].map(({ writing }) => writing));

  const meter = createMeter(() =>
    [...entries.values()].flatMap(({ pod, worker }) =>
      [...worker.pids()].map(([container, pid]) => ({
        namespace: pod.metadata.namespace,
        pod: pod.metadata.name,
        container,
        pid,
      })),
    ),
  );
  const sampling = setInterval(() => meter.sample(), options.samplePeriodMs ?? SAMPLE_MS);

  return {
    usage: () => meter.containers(),
    exec(pod, container, command, tty) {
      const entry = entries.get(pod.metadata.uid);
      if (!entry) throw new Error(`pod ${pod.metadata.name} does not run on this node`);
      return entry.worker.exec(container, command, tty);
    },
    readLog: (pod, container, query, signal) =>
      logs.read(
        { namespace: pod.metadata.namespace, pod: pod.metadata.name, uid: pod.metadata.uid, container },
        query,
        signal,
      ),
    async close() {
      closing = true;
      unsubscribe();
      clearInterval(sampling);
      const all = [...entries.values()];
      for (const entry of all) entry.gone = true;
      // As kubelet does when its node goes down: what others stand on ends last.
      const [critical, others] = [all.filter(isCritical), all.filter((entry) => !isCritical(entry))];
      await Promise.all(others.map(endWithNode));
      await Promise.all(critical.map(endWithNode));
      await Promise.all(all.map(({ writing }) => writing));
    },
  };
}

const isCritical = ({ pod }: Entry): boolean => CRITICAL.has(pod.spec.priorityClassName ?? '');

/** The one of the installation, which stays warm when data folders come and go; `fallback` where it is read-only. */
function compileCache(fallback: string): string {
  for (const dir of [
    fileURLToPath(new URL('../../../node_modules/.cache/shopmind', import.meta.url)),
    fallback,
  ])
    try {
      mkdirSync(dir, { recursive: true });
      accessSync(dir, constants.W_OK);
      return dir;
    } catch {
      // Not ours to write: the next one.
    }
  return fallback;
}

const namesIn = (dir: string): string[] => (existsSync(dir) ? readdirSync(dir) : []);

/**
 * What has to be merged strategically into `present` to make it `wanted`; undefined when nothing. Conditions that stay are left
 * out: others write theirs into the same list, and what is known of those here may be old.
 */
export function statusPatch(present: PodStatus, wanted: PodStatus): Record<string, unknown> | undefined {
  const before = new Map<string, unknown>(Object.entries(present));
  const changes = Object.entries(wanted)
    .filter(([key, value]) => !equal(before.get(key), value))
    .map(([key, value]) => [key, key === 'conditions' ? changedConditions(present, wanted) : value]);
  const cleared = ['reason', 'message'].filter((key) => before.has(key) && !Object.hasOwn(wanted, key));
  if (changes.length === 0 && cleared.length === 0) return undefined;
  return { ...Object.fromEntries(changes), ...Object.fromEntries(cleared.map((key) => [key, null])) };
}

const changedConditions = ({ conditions: before = [] }: PodStatus, { conditions = [] }: PodStatus) =>
  conditions.filter((condition) => !before.some((one) => equal(one, condition)));
