/**
 * `shopmind status [TENANT]`: reads what the cluster says and prints it, once or with every change.
 */
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import { shopServices, tenants, type TenantObject } from '../../controllers/kinds.ts';
import type { Client, ListOptions } from '../../kube/client.ts';
import { isForbidden } from '../../kube/errors.ts';
import { pods } from '../../kube/resources.ts';
import type { KubeObject, ResourceType } from '../../kube/types.ts';
import { namespaceOf } from '../../resources/presets.ts';
import type { Cli } from '../cli.ts';
import { createKinds } from '../cluster/kinds.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { lookLater } from '../data/later.ts';
import { encoded, formatOf } from '../output.ts';
import { findTenant, listTenants } from '../tenant/find.ts';
import { tenantTree } from '../tenant/health.ts';
import { observeTenant } from '../tenant/observe.ts';
import { live, type Subject } from '../terminal/live.ts';
import { renderList, statusList } from './list.ts';
import { renderStatus } from './render.ts';
import { statusReport, type StatusReport } from './report.ts';

export async function status({ cli, args: [name], flags }: Call): Promise<void> {
  const format = formatOf(flags.text('output'));
  await withCluster(cli, async (client) => {
    const data =
      name === undefined ? () => readList(client, cli) : () => readOne(client, name, flags.on('dataPlane'));
    const draw = async (): Promise<string> => {
      const found = await data();
      if (format !== 'text') return encoded(format, found);
      return 'tenants' in found
        ? renderList(found, cli.style, cli.now())
        : renderStatus(found, cli.style, cli.now());
    };
    if (flags.on('watch')) return live(cli, client, subjectsOf(name), draw);
    cli.print(await draw());
    return undefined;
  });
}

/** What a change of may change the picture. */
function subjectsOf(name: string | undefined): readonly Subject[] {
  const tenantOnly = name === undefined ? {} : { fieldSelector: `metadata.name=${name}` };
  return [
    { type: tenants, options: tenantOnly },
    { type: shopServices, options: {} },
    { type: pods, options: { labelSelector: 'app.kubernetes.io/part-of=shopmind' } },
  ];
}

async function readList(client: Client, cli: Cli): Promise<ReturnType<typeof statusList>> {
  const gaps: string[] = [];
  const attempt = async <T extends KubeObject>(
    type: ResourceType<T>,
    options: ListOptions,
  ): Promise<readonly T[] | undefined> => {
    try {
      return (await client.listAll(type, options)).items;
    } catch (error) {
      if (!isForbidden(error)) throw error;
      gaps.push(error.message);
      return undefined;
    }
  };
  const [all, services, systemPods] = await Promise.all([
    listTenants(client),
    attempt(shopServices, {}),
    attempt(pods, { namespace: SYSTEM_NAMESPACE }),
  ]);
  return statusList(
    all.filter((tenant) => isIn(tenant, cli.target.namespace)),
    services,
    systemPods,
    gaps,
  );
}

function isIn({ metadata, spec }: TenantObject, namespace: string | undefined): boolean {
  return namespace === undefined || namespaceOf(metadata.name, spec.placement) === namespace;
}

async function readOne(client: Client, name: string, withDataPlane: boolean): Promise<StatusReport> {
  const tenant = await findTenant(client, name);
  const [observed, dataPlane] = await Promise.all([
    observeTenant(client, tenant, createKinds(client)),
    withDataPlane ? lookLater(client, tenant) : undefined,
  ]);
  return statusReport(observed, tenantTree(observed, dataPlane), dataPlane);
}
