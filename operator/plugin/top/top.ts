/**
 * `shopmind top [TENANT]`: who uses what. Reads the measurements of the cluster and of the gateways.
 */
import { setTimeout } from 'node:timers/promises';
import { LABELS, SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import { shopServices, type TenantObject } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import { pods, resource } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import { namespaceOf, RUNTIME } from '../../resources/presets.ts';
import type { Cli } from '../cli.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { scrape } from '../data/scrape.ts';
import { EXIT, Failure } from '../failure.ts';
import { formatOf, show } from '../output.ts';
import { findTenant, listTenants } from '../tenant/find.ts';
import { hosts } from '../tenant/observe.ts';
import { table } from '../terminal/table.ts';
import { parseSpan } from '../terminal/time.ts';
import { parseMetrics, type Sample } from './prometheus.ts';
import { cores, mebibytes, parseQuantity } from './quantity.ts';
import { trafficOf, type Traffic } from './traffic.ts';

interface PodMetrics extends KubeObject {
  readonly containers: readonly {
    readonly name: string;
    readonly usage: { readonly cpu?: string; readonly memory?: string };
  }[];
}

const podMetrics = resource<PodMetrics>('metrics.k8s.io', 'v1beta1', 'pods', 'PodMetrics');

export interface Usage {
  /** Cores. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
}

export interface TopRow extends Partial<Traffic> {
  readonly name: string;
  readonly placement: string;
  readonly pods: number | undefined;
  readonly usage: Usage | undefined;
}

export async function top({ cli, args: [name], flags }: Call): Promise<void> {
  const interval = parseSpan(flags.text('interval') ?? '2s', '--interval');
  const format = formatOf(flags.text('output'));
  await withCluster(cli, async (client) => {
    if (name !== undefined) {
      const tenant = await findTenant(client, name);
      const [rows, traffic] = await Promise.all([
        podRows(client, cli, tenant),
        measure(client, cli, interval),
      ]);
      const mine = traffic.get(name);
      await show(cli, format, { name, traffic: mine, pods: rows }, () => podsText(cli, rows, name, mine));
      return;
    }
    const [all, traffic] = await Promise.all([listTenants(client), measure(client, cli, interval)]);
    const rows = await tenantRows(client, cli, all, traffic);
    await show(cli, format, rows, () => tenantsText(cli, rows));
  });
}

/** What the gateways count within the interval, by tenant. */
async function measure(client: Client, cli: Cli, interval: number): Promise<ReadonlyMap<string, Traffic>> {
  const gateways = (
    await client.listAll(pods, { namespace: SYSTEM_NAMESPACE, labelSelector: `${LABELS.name}=gateway` })
  ).items.filter(({ status }) => status?.phase === 'Running');
  if (gateways.length === 0)
    throw new Failure('no gateway runs: no request is counted', { exitCode: EXIT.unavailable });
  const look = async (): Promise<readonly Sample[]> =>
    (await Promise.all(gateways.map((pod) => scrape(client, pod)))).flatMap(parseMetrics);
  const before = await look();
  const began = performance.now();
  await setTimeout(interval, undefined, { signal: cli.interrupted() });
  const after = await look();
  return trafficOf(before, after, (performance.now() - began) / 1000);
}

async function tenantRows(
  client: Client,
  cli: Cli,
  all: readonly TenantObject[],
  traffic: ReadonlyMap<string, Traffic>,
): Promise<readonly TopRow[]> {
  const measured = await usageByPod(client, cli, undefined);
  const inNamespace = Map.groupBy(measured, ({ namespace }) => namespace);
  const rows = all.map(({ metadata: { name }, spec }): TopRow => {
    const mine =
      spec.placement === 'dedicated' ? (inNamespace.get(namespaceOf(name, 'dedicated')) ?? []) : undefined;
    return {
      name,
      placement: spec.placement,
      pods: mine?.length,
      usage: mine === undefined || measured.length === 0 ? undefined : total(mine),
      ...traffic.get(name),
    };
  });
  const pool = (inNamespace.get(SYSTEM_NAMESPACE) ?? []).filter(({ name }) => name.startsWith(`${RUNTIME}-`));
  return [
    ...rows.toSorted(
      (a, b) =>
        (b.requestsPerSecond ?? 0) - (a.requestsPerSecond ?? 0) ||
        (b.usage?.cpu ?? 0) - (a.usage?.cpu ?? 0) ||
        a.name.localeCompare(b.name),
    ),
    ...(pool.length === 0
      ? []
      : [{ name: '(pool)', placement: 'pooled', pods: pool.length, usage: total(pool) }]),
  ];
}

interface PodUsage extends Usage {
  readonly namespace: string;
  readonly name: string;
}

async function podRows(client: Client, cli: Cli, tenant: TenantObject): Promise<readonly PodUsage[]> {
  const namespace = namespaceOf(tenant.metadata.name, tenant.spec.placement);
  const [measured, services] = await Promise.all([
    usageByPod(client, cli, namespace),
    client.listAll(shopServices, { namespace }),
  ]);
  const names = services.items.filter((one) => hosts(one, tenant)).map(({ metadata }) => metadata.name);
  return measured.filter(({ name }) => names.some((service) => name.startsWith(`${service}-`)));
}

async function usageByPod(
  client: Client,
  cli: Cli,
  namespace: string | undefined,
): Promise<readonly PodUsage[]> {
  try {
    const { items } = await client.listAll(podMetrics, namespace === undefined ? {} : { namespace });
    return items.map(({ metadata, containers }) => ({
      namespace: metadata.namespace ?? '',
      name: metadata.name,
      ...total(
        containers.map(({ usage }) => ({
          cpu: parseQuantity(usage.cpu),
          memory: parseQuantity(usage.memory),
        })),
      ),
    }));
  } catch (error) {
    // Without a metrics server there is still the gateways' half of the answer.
    if (!(error instanceof KubeError) || ![403, 404, 503].includes(error.code)) throw error;
    cli.note(
      `processor and memory are not shown: ${error.reason === 'NotFound' ? 'the cluster has no metrics.k8s.io' : error.message}`,
    );
    return [];
  }
}

function total(parts: readonly Usage[]): Usage {
  return {
    cpu: parts.reduce((sum, { cpu }) => sum + cpu, 0),
    memory: parts.reduce((sum, { memory }) => sum + memory, 0),
  };
}

function tenantsText({ style }: Cli, rows: readonly TopRow[]): string {
  const head = ['TENANT', 'PLACEMENT', 'PODS', 'CPU', 'MEMORY', 'REQ/S', 'ERRORS', 'P99'].map(style.bold);
  return table([
    head,
    ...rows.map((row) => [
      row.name,
      row.placement,
      row.pods === undefined ? 'pool' : String(row.pods),
      row.usage === undefined ? '–' : cores(row.usage.cpu),
      row.usage === undefined ? '–' : mebibytes(row.usage.memory),
      ...trafficCells(row),
    ]),
  ]);
}

function trafficCells({ requestsPerSecond, errors, p99Milliseconds }: Partial<Traffic>): readonly string[] {
  return [
    requestsPerSecond === undefined ? '–' : requestsPerSecond.toFixed(1),
    errors === undefined ? '–' : `${(errors * 100).toFixed(1)} %`,
    p99Milliseconds === undefined ? '–' : `${Math.round(p99Milliseconds)} ms`,
  ];
}

function podsText(
  { style }: Cli,
  rows: readonly PodUsage[],
  name: string,
  traffic: Traffic | undefined,
): string {
  const [requests, errors, p99] = trafficCells(traffic ?? {});
  const head = ['NAMESPACE', 'POD', 'CPU', 'MEMORY'].map(style.bold);
  const sum = total(rows);
  return [
    `${style.bold(name)}  ${requests} requests/s, errors ${errors}, p99 ${p99}`,
    '',
    table([
      head,
      ...rows.map((row) => [row.namespace, row.name, cores(row.cpu), mebibytes(row.memory)]),
      ...(rows.length > 1 ? [['', 'together', cores(sum.cpu), mebibytes(sum.memory)]] : []),
    ]),
  ].join('\n');
}
