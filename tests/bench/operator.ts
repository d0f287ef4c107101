/**
 * `npm run bench:operator`: the operator on a real kube-apiserver, beside a bare loop that applies the same objects with the
 * same client as fast as it can. 1,000 pooled and 200 dedicated tenants to Ready, rest, edits, memory, restart.
 *
 * `--pooled N --dedicated N --rest SECONDS` change the sizes. The data plane is in memory and the nodes are fake (kwok): what is
 * measured is the operator and Kubernetes.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { httpRoutes, shopServices, tenants } from '../../operator/controllers/kinds.ts';
import { ANNOTATIONS, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import { createClient } from '../../operator/kube/client.ts';
import { loadConnection } from '../../operator/kube/kubeconfig.ts';
import { startControlPlane } from '../cluster/control-plane.ts';
import { startKwok } from '../cluster/kwok.ts';
import { ownFolder } from '../support/owned.ts';
import { until } from '../support/wait.ts';
import { lastOfEach, stepsOf } from './operator/comparison.ts';
import { crowd, PREFIX, type Crowd, type Placement } from './operator/load.ts';
import {
  startPeer,
  type Bare,
  type Figures,
  type Peer,
  type Progress,
  type Recorded,
} from './operator/protocol.ts';
import { acceptRoutes, prepare } from './operator/surroundings.ts';
import { cpuSeconds } from './cpu.ts';
import { machine } from './machine.ts';
import { table } from './table.ts';
import { quantile } from '../support/quantile.ts';

const before = machine();

const { values } = parseArgs({
  options: {
    pooled: { type: 'string', default: '1000' },
    dedicated: { type: 'string', default: '200' },
    rest: { type: 'string', default: '120' },
  },
});
const COUNTS: Readonly<Record<Placement, number>> = {
  pooled: Number(values.pooled),
  dedicated: Number(values.dedicated),
};
const REST_SECONDS = Number(values.rest);
const EDITS = 200;
/** Tenants of each placement that are there before anything is measured. */
const FEW = 20;
const MIB = 1024 * 1024;

/** What it took to bring a crowd of tenants to Ready. */
interface Crossing {
  readonly count: number;
  readonly seconds: number;
  readonly writes: number;
  readonly reads: number;
  readonly cpuSeconds: number;
  /** Of API server, etcd, controllers, scheduler and the fake kubelet. */
  readonly clusterCpuSeconds: number;
  /** What they added to the heap. */
  readonly heapBytes: number;
}

const throughput: string[][] = [];
const others: string[][] = [];
const folder = ownFolder('bench');
// Kubernetes' own clients hold themselves to 20 and 50 requests a second by default, which would be what is measured.
const UNBOUND = ['--kube-api-qps=2000', '--kube-api-burst=4000'];
const plane = await startControlPlane({
  flags: { 'kube-controller-manager': UNBOUND, 'kube-scheduler': UNBOUND },
});
const kwok = await startKwok(plane.kubeconfig);
const stopping = new AbortController();
const client = createClient({ connection: await loadConnection({ KUBECONFIG: plane.kubeconfig }) });
try {
  say('the control plane is up');
  await prepare(client);
  say('CRDs and configuration are there');
  void acceptRoutes(client, stopping.signal);
  const all = crowd(client, stopping.signal);
  await all.reflector.whenSynced();
  say('watching');
  await measure(all);
} finally {
  stopping.abort();
  client.close();
  await kwok.stop();
  await plane.stop();
  await rm(folder, { recursive: true, force: true });
}
process.stdout.write(`${before}, kube-apiserver 1.34 on etcd:\n\n`);
process.stdout.write(
  table(['to Ready', 'operator', 'bare loop', 'share', 'aim'], throughput) +
    '\n' +
    table(['', 'measured', 'aim'], others),
);

async function measure(all: Crowd): Promise<void> {
  const file = join(folder, 'recorded.jsonl');
  let operator = startOperator({ RECORD: file });
  await operator.message('synced');
  // A handful first: with all code loaded and run, what more tenants add to the heap is what is kept of them.
  await toReady(all, operator, 'pooled', 'few', FEW);
  await toReady(all, operator, 'dedicated', 'few', FEW);
  const crossings = {
    pooled: await toReady(all, operator, 'pooled', PREFIX, COUNTS.pooled),
    dedicated: await toReady(all, operator, 'dedicated', PREFIX, COUNTS.dedicated),
  };
  await operator.stop();
  const recorded = lastOfEach(await readFile(file, 'utf8'));
  heap('pooled', crossings.pooled, '10 MiB');
  heap('dedicated', crossings.dedicated, '');
  await compare('pooled', crossings.pooled, recorded);
  await compare('dedicated', crossings.dedicated, recorded);
  await all.forget('bare');

  operator = startOperator({ PROVISIONED: 'true' });
  const synced = await operator.message<number>('synced');
  const settled = await settle(operator);
  await scaled();
  await settle(operator);
  await rest(operator);
  others.push(['restart: process start to synced caches', ms(synced), '']);
  others.push(['restart: every tenant looked at again', ms(settled), '']);
  await edits('200 edits at rest', operator, () => Promise.resolve());
  await edits('200 edits while a dedicated tenant is deleted', operator, () => all.remove('dedicated', 0));
  await operator.stop();
}

function startOperator(env: Readonly<Record<string, string>>): Peer {
  return startPeer('./operator-process.ts', { ...env, KUBECONFIG: plane.kubeconfig });
}

/** From the first tenant's creation to the last one's Ready. */
async function toReady(
  all: Crowd,
  operator: Peer,
  placement: Placement,
  prefix: string,
  count: number,
): Promise<Crossing> {
  const before = await operator.ask<Figures>({ ask: 'figures' });
  const clusterBefore = await clusterCpuSeconds();
  const expected = all.readyNow(placement) + count;
  const started = performance.now();
  await Promise.all([all.create(prefix, placement, count), all.ready(placement, expected)]);
  const seconds = (performance.now() - started) / 1000;
  await settle(operator);
  const after = await operator.ask<Figures>({ ask: 'figures' });
  return {
    count,
    seconds,
    writes: sum(after.writes) - sum(before.writes),
    reads: after.reads - before.reads,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    clusterCpuSeconds: (await clusterCpuSeconds()) - clusterBefore,
    heapBytes: after.heapBytes - before.heapBytes,
  };
}

/** The bare loop applies what the operator applied, tenants included; the two stand side by side. */
async function compare(placement: Placement, ours: Crossing, recorded: readonly Recorded[]): Promise<void> {
  const steps = stepsOf(recorded, placement, ours.count);
  const objects = steps.flat().length;
  const file = join(folder, `bare-${placement}.json`);
  await writeFile(file, JSON.stringify(steps));
  const bare = startPeer('./bare-process.ts', { KUBECONFIG: plane.kubeconfig });
  await bare.message('up');
  const clusterBefore = await clusterCpuSeconds();
  const limit = await bare.ask<Bare>({ ask: 'run', file });
  const clusterSeconds = (await clusterCpuSeconds()) - clusterBefore;
  await bare.stop();
  const name = `${ours.count} ${placement}`;
  const each = (objects / ours.count).toFixed(1);
  throughput.push(
    [`${name}: seconds`, ours.seconds.toFixed(1), limit.seconds.toFixed(1), '', ''],
    [
      `${name}: objects/s (${each} a tenant)`,
      rate(objects, ours.seconds),
      rate(objects, limit.seconds),
      `${Math.round((100 * limit.seconds) / ours.seconds)} %`,
      '70 %',
    ],
    [
      `${name}: tenants/s`,
      rate(ours.count, ours.seconds),
      rate(ours.count, limit.seconds),
      '',
      placement === 'dedicated' ? '25' : '',
    ],
    ...(placement === 'pooled'
      ? []
      : [
          [
            `${name}: tenants/s with their Pods there`,
            rate(ours.count, ours.seconds),
            rate(ours.count, limit.servingSeconds),
            `${Math.round((100 * limit.servingSeconds) / ours.seconds)} %`,
            '',
          ],
        ]),
    [`${name}: requests that write`, String(ours.writes + ours.count), String(objects), '', ''],
    [`${name}: requests that read`, String(ours.reads), '0', '', ''],
    [
      `${name}: CPU of the process`,
      `${ours.cpuSeconds.toFixed(1)} s`,
      `${limit.cpuSeconds.toFixed(1)} s`,
      '',
      '',
    ],
    [
      `${name}: CPU of Kubernetes`,
      `${ours.clusterCpuSeconds.toFixed(1)} s`,
      `${clusterSeconds.toFixed(1)} s`,
      '',
      '',
    ],
    [
      `${name}: one apply, p50 and p99`,
      '',
      `${quantile(limit.latencies, 0.5).toFixed(1)}, ${quantile(limit.latencies, 0.99).toFixed(1)} ms`,
      '',
      '',
    ],
  );
}

function clusterCpuSeconds(): Promise<number> {
  return cpuSeconds([...plane.pids.values(), kwok.pid]);
}

function heap(placement: Placement, { count, heapBytes }: Crossing, aim: string): void {
  others.push([
    `heap for 1,000 ${placement} tenants, from ${count}`,
    `${((heapBytes / count / MIB) * 1000).toFixed(1)} MiB`,
    aim,
  ]);
}

/** A Deployment begins with one Pod, and the autoscaler brings it to its least number in its own time: no rest before that. */
async function scaled(): Promise<void> {
  await until(
    async () => {
      const { items } = await client.listAll(shopServices);
      const isReady = ({ status }: (typeof items)[number]): boolean | undefined =>
        status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
      return items.every(isReady) || undefined;
    },
    { withinMs: 120_000, everyMs: 500, what: 'every Service has the Pods it wants' },
  );
}

/** Until nothing is queued and nothing was written for a second. @returns milliseconds since the process began */
async function settle(operator: Peer): Promise<number> {
  let last = -1;
  let since = performance.now();
  return until(
    async () => {
      const { reconciles, depth, upMs } = await operator.ask<Progress>({ ask: 'progress' });
      if (reconciles !== last || depth > 0) {
        last = reconciles;
        since = performance.now();
      }
      return performance.now() - since > 1000 ? upMs - (performance.now() - since) : undefined;
    },
    { withinMs: 120_000, everyMs: 100, what: 'the operator comes to rest' },
  );
}

/** Nothing is to be done, so nothing may be written. */
async function rest(operator: Peer): Promise<void> {
  const before = await operator.ask<Figures>({ ask: 'figures' });
  await new Promise((resolve) => setTimeout(resolve, REST_SECONDS * 1000));
  const after = await operator.ask<Figures>({ ask: 'figures' });
  others.push([`writes in ${REST_SECONDS} s at rest`, String(sum(after.writes) - sum(before.writes)), '0']);
  const cpu = (100 * (after.cpuSeconds - before.cpuSeconds)) / REST_SECONDS;
  others.push(['CPU at rest', `${cpu.toFixed(1)} % of a core`, '']);
  others.push(['resident memory of the operator', `${Math.round(after.rssBytes / MIB)} MiB`, '']);
}

/** From an edit of a tenant's quota to the changed route, one after the other. */
async function edits(what: string, operator: Peer, meanwhile: () => Promise<void>): Promise<void> {
  const latencies: number[] = [];
  const beside = meanwhile();
  for (let index = 0; index < EDITS; index++) {
    const name = `${PREFIX}-pooled-${String(index % COUNTS.pooled).padStart(4, '0')}`;
    const requestsPerMinute = 1_000 + index + Math.round(performance.now());
    const started = performance.now();
    await client.patch(
      tenants,
      { name },
      { kind: 'merge', body: { spec: { quotas: { requestsPerMinute } } } },
    );
    await until(
      async () => {
        const { metadata } = await client.get(httpRoutes, { namespace: SYSTEM_NAMESPACE, name });
        const shown = metadata.annotations?.[ANNOTATIONS.requestsPerMinute];
        return shown === String(requestsPerMinute) ? true : undefined;
      },
      { withinMs: 30_000, everyMs: 2, what: `the route of ${name} says ${requestsPerMinute}` },
    );
    latencies.push(performance.now() - started);
  }
  await beside;
  const figures = `${quantile(latencies, 0.5).toFixed(0)}, ${quantile(latencies, 0.99).toFixed(0)} ms`;
  others.push([`${what}: edit to applied, p50 and p99`, figures, 'p99 < 1,000 ms']);
  await settle(operator);
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function rate(count: number, seconds: number): string {
  return (count / seconds).toFixed(count / seconds < 100 ? 1 : 0);
}

function ms(value: number): string {
  return `${(value / 1000).toFixed(2)} s`;
}

/** Progress, for whoever waits: stdout is for the tables. */
function say(line: string): void {
  process.stderr.write(`${(performance.now() / 1000).toFixed(1)} s: ${line}\n`);
}
