/**
 * `shopmind report [TENANT]`: gathers what somebody far away needs to understand, takes every secret out of it, and packs it.
 */
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { stringify } from 'yaml';
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import { configMaps, secrets, shopServices, type TenantObject } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import { pathOf } from '../../kube/paths.ts';
import {
  coreEvents,
  deployments,
  endpointSlices,
  horizontalPodAutoscalers,
  httpRoutes,
  leases,
  networkPolicies,
  nodes,
  podDisruptionBudgets,
  pods,
  replicaSets,
  services,
  type Pod,
} from '../../kube/resources.ts';
import { resourceName, type KubeObject, type ResourceType } from '../../kube/types.ts';
import { namespaceOf } from '../../resources/presets.ts';
import { createKinds } from '../cluster/kinds.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { lookAtDataPlane } from '../data/look.ts';
import { scrape } from '../data/scrape.ts';
import { renderList, statusList } from '../status/list.ts';
import { renderStatus } from '../status/render.ts';
import { statusReport } from '../status/report.ts';
import { findTenant, listTenants } from '../tenant/find.ts';
import { tenantTree } from '../tenant/health.ts';
import { observeTenant } from '../tenant/observe.ts';
import { stateOf } from '../tenant/state.ts';
import { PLAIN } from '../terminal/style.ts';
import { parseSpan } from '../terminal/time.ts';
import { renderTree } from '../tree/render.ts';
import { clientVersion, clusterVersions } from '../version/version.ts';
import { createRedactor, publicForm } from './redact.ts';
import { tar } from './tar.ts';

/** Tenants in a report that names none. */
const MOST_TENANTS = 20;
/** Of one container's log; the last bytes are the interesting ones. */
const LOG_BYTES = 2_000_000;

/** What is listed in each namespace of the report. Secrets are not: they are named by the tree. */
const LISTED: readonly ResourceType[] = [
  pods,
  deployments,
  replicaSets,
  services,
  shopServices,
  endpointSlices,
  horizontalPodAutoscalers,
  podDisruptionBudgets,
  networkPolicies,
  httpRoutes,
  configMaps,
  leases,
  coreEvents,
];

/** With metrics worth keeping. */
const MEASURED = ['operator', 'gateway', 'runtime'];

export async function report({ cli, args: [name], flags }: Call): Promise<void> {
  const sinceSeconds = Math.ceil(parseSpan(flags.text('since') ?? '1h', '--since') / 1000);
  const made = new Date(cli.now());
  const stamp = made.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const file = flags.text('filename') ?? `shopmind-report-${stamp}.tar.gz`;
  const files = await withCluster(cli, (client) =>
    gather(client, { name, sinceSeconds, now: cli.now(), say: (line) => cli.note(cli.notes.dim(line)) }),
  );
  const folder = `shopmind-report-${stamp}`;
  const archive = tar(
    new Map([...files].map(([path, text]) => [`${folder}/${path}`, text])),
    cli.now() / 1000,
  );
  await writeFile(file, await promisify(gzip)(archive), { mode: 0o600 });
  cli.print(file);
  cli.note(
    `${files.size} files. Secrets are masked; look through it all the same before you send it: tar tzf ${file}`,
  );
}

export interface Gathering {
  readonly name: string | undefined;
  readonly sinceSeconds: number;
  readonly now: number;
  readonly say: (line: string) => void;
}

/** Path → text of every file, with no secret in any. */
export async function gather(client: Client, gathering: Gathering): Promise<ReadonlyMap<string, string>> {
  const { name, now, say } = gathering;
  const files = new Map<string, string>();
  const gaps: string[] = [];
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      // A report without a part is better than none; the part is named.
      gaps.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
  const all = name === undefined ? await listTenants(client) : [await findTenant(client, name)];
  const chosen = name === undefined ? all.filter(isUnwell).slice(0, MOST_TENANTS) : all;
  const namespaces = [
    ...new Set([
      SYSTEM_NAMESPACE,
      ...chosen.map(({ metadata, spec }) => namespaceOf(metadata.name, spec.placement)),
    ]),
  ];

  say(`looks at ${chosen.length} tenants in ${namespaces.length} namespaces`);
  const versions = await attempt('versions', () => clusterVersions(client));
  files.set('versions.yaml', stringify({ client: clientVersion(), ...versions }));
  files.set('tenants.yaml', yamlOf(all));
  const nodeList = await attempt('nodes', async () => (await client.listAll(nodes)).items);
  if (nodeList !== undefined) files.set('nodes.yaml', yamlOf(nodeList));
  for (const namespace of namespaces) {
    for (const type of LISTED) {
      const found = await attempt(
        `${resourceName(type)} in ${namespace}`,
        async () => (await client.listAll(type, { namespace })).items,
      );
      if (found !== undefined && found.length > 0)
        files.set(`namespaces/${namespace}/${resourceName(type)}.yaml`, yamlOf(found));
      if (type === pods) await addLogs(client, files, (found ?? []) as readonly Pod[], gathering, attempt);
    }
  }
  const tenantEvents = await attempt(
    'events of tenants',
    async () => (await client.listAll(coreEvents, { namespace: 'default' })).items,
  );
  files.set(
    'namespaces/default/events.yaml',
    yamlOf(
      (tenantEvents ?? []).filter(({ involvedObject }) =>
        involvedObject.apiVersion?.startsWith('shopmind.ai/'),
      ),
    ),
  );
  files.set('status.txt', renderList(statusList(all, undefined, undefined, []), PLAIN, now));
  for (const tenant of chosen) {
    say(`looks at ${tenant.metadata.name}`);
    await attempt(`tenant ${tenant.metadata.name}`, () => addTenant(client, files, tenant, now));
  }

  const known = await secretValues(client, namespaces, attempt);
  const redact = createRedactor(known.values);
  files.set('README.txt', readme(gathering, chosen, gaps, known.complete));
  return new Map(
    [...files].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([path, text]) => [path, redact(text)]),
  );
}

type Attempt = <T>(what: string, work: () => Promise<T>) => Promise<T | undefined>;

function isUnwell(tenant: TenantObject): boolean {
  const { state } = stateOf(tenant);
  return state !== 'Ready' && state !== 'Suspended';
}

async function addTenant(
  client: Client,
  files: Map<string, string>,
  tenant: TenantObject,
  now: number,
): Promise<void> {
  const [observed, dataPlane] = await Promise.all([
    observeTenant(client, tenant, createKinds(client)),
    lookAtDataPlane(client, tenant),
  ]);
  const root = tenantTree(observed, dataPlane);
  const folder = `tenants/${tenant.metadata.name}`;
  files.set(`${folder}/status.txt`, renderStatus(statusReport(observed, root, dataPlane), PLAIN, now));
  files.set(`${folder}/tree.txt`, renderTree(root, PLAIN));
  files.set(
    `${folder}/objects.yaml`,
    yamlOf([...observed.objects.values()].filter((one) => one !== undefined)),
  );
}

async function addLogs(
  client: Client,
  files: Map<string, string>,
  found: readonly Pod[],
  { sinceSeconds }: Gathering,
  attempt: Attempt,
): Promise<void> {
  for (const pod of found) {
    const { namespace = '', name, labels } = pod.metadata;
    const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
    for (const { name: container, restartCount } of statuses) {
      const at = `namespaces/${namespace}/logs/${name}.${container}`;
      const read = (previous: boolean) =>
        attempt(`log of ${namespace}/${name}`, () => logOf(client, pod, container, sinceSeconds, previous));
      files.set(`${at}.log`, (await read(false)) ?? '');
      if (restartCount > 0) files.set(`${at}.previous.log`, (await read(true)) ?? '');
    }
    if (
      MEASURED.some((app) => labels?.['app.kubernetes.io/name'] === app) &&
      pod.status?.phase === 'Running'
    ) {
      const metrics = await attempt(`metrics of ${namespace}/${name}`, () => scrape(client, pod));
      if (metrics !== undefined) files.set(`namespaces/${namespace}/metrics/${name}.txt`, metrics);
    }
  }
}

async function logOf(
  client: Client,
  pod: Pod,
  container: string,
  sinceSeconds: number,
  previous: boolean,
): Promise<string> {
  const path = pathOf(pods, pod.metadata, 'log', {
    container,
    timestamps: 'true',
    sinceSeconds: previous ? undefined : String(sinceSeconds),
    previous: previous ? 'true' : undefined,
  });
  try {
    const text = await client.raw('GET', path);
    return text.length <= LOG_BYTES ? text : text.slice(text.indexOf('\n', text.length - LOG_BYTES) + 1);
  } catch (error) {
    // A container that never ran has no log.
    if (error instanceof KubeError && error.code === 400) return '';
    throw error;
  }
}

/** What must not be in the report. */
async function secretValues(
  client: Client,
  namespaces: readonly string[],
  attempt: Attempt,
): Promise<{ readonly values: readonly string[]; readonly complete: boolean }> {
  const lists = await Promise.all(
    namespaces.map((namespace) =>
      attempt(`secrets in ${namespace}`, async () => (await client.listAll(secrets, { namespace })).items),
    ),
  );
  return {
    values: lists.flatMap((list) =>
      (list ?? []).flatMap(({ data }) =>
        Object.values(data ?? {}).map((value) => Buffer.from(value, 'base64').toString('utf8')),
      ),
    ),
    complete: lists.every((list) => list !== undefined),
  };
}

function yamlOf(objects: readonly KubeObject[]): string {
  return objects
    .map((object) => stringify(publicForm(object), { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n');
}

function readme(
  { name, sinceSeconds, now }: Gathering,
  chosen: readonly TenantObject[],
  gaps: readonly string[],
  complete: boolean,
): string {
  return [
    `A report of ${name === undefined ? 'a ShopMind installation' : `tenant ${name}`}, made ${new Date(now).toISOString()} by kubectl shopmind report.`,
    '',
    'versions.yaml    plugin, operator, API server',
    'status.txt       every tenant in one table',
    `tenants/         status, tree and objects of ${chosen.map(({ metadata }) => metadata.name).join(', ') || 'none: all are well'}`,
    `namespaces/      objects, events, metrics, and logs of the last ${Math.round(sinceSeconds / 60)} minutes`,
    '',
    complete
      ? 'Values of all Secrets of these namespaces were looked for in every file and replaced by <masked>.'
      : 'Secrets could not be read, so only what looks like a secret was replaced by <masked>: look through it before you send it.',
    ...(gaps.length === 0 ? [] : ['', 'Not in here:', ...[...new Set(gaps)].map((gap) => `  ${gap}`)]),
    '',
  ].join('\n');
}
