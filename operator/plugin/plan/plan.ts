/**
 * `shopmind plan -f FILE`: what applying the tenants of a file would do to objects and data plane. Changes nothing.
 * The same pure plan and the same provisioners the operator works with; only their findings are printed.
 */
import { planTenant, type PlannedChange, type TenantPlan } from '../../controllers/tenant/plan.ts';
import { desiredObjects, inventoryItems } from '../../controllers/tenant/desired.ts';
import { configMaps, resourceOf, secrets, tenants, type TenantObject } from '../../controllers/kinds.ts';
import type { InventoryItem } from '../../../crds/index.ts';
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import type { Client } from '../../kube/client.ts';
import { endpointSlices } from '../../kube/resources.ts';
import { openDataPlane } from '../../provisioners/data-plane.ts';
import { parsePlatform, type PlatformConfig } from '../../resources/platform.ts';
import { enabledDomains, schemaOf } from '../../resources/presets.ts';
import { withCluster } from '../connection.ts';
import type { Call } from '../command.ts';
import { EXIT, Failure } from '../failure.ts';
import { formatOf, show } from '../output.ts';
import { previewManifest } from '../start/install.ts';
import { loadManifests, type Manifest } from '../start/manifests.ts';

/** Prints the plan of every tenant in the file. @returns the exit code */
export async function plan({ cli, flags }: Call): Promise<number> {
  const filename = flags.text('filename') ?? '';
  const manifests = (await loadManifests(filename)).filter(({ object }) => object.kind === tenants.kind);
  if (manifests.length === 0) {
    throw new Failure(`${filename} holds no ShopMindTenant`, {
      exitCode: EXIT.badInput,
      remedy: 'Give a file with a tenant in it.',
    });
  }
  const plans = await withCluster(cli, (client) => planAll(client, manifests));
  await show(cli, formatOf(flags.text('output')), Object.fromEntries(plans), () =>
    [...plans].map(describe).join('\n'),
  );
  const changes = [...plans.values()].some(({ objects, dataPlane }) => objects.length + dataPlane.length > 0);
  return changes ? EXIT.different : 0;
}

async function planAll(client: Client, manifests: readonly Manifest[]): Promise<Map<string, TenantPlan>> {
  const platform = await platformOf(client);
  const dataPlane = await openDataPlane(
    { ...platform, databaseAdminUrl: await reachable(client, platform.databaseAdminUrl) },
    () => performance.now(),
  );
  try {
    const plans = new Map<string, TenantPlan>();
    for (const manifest of manifests) {
      // The server fills in defaults and says what it would refuse.
      const tenant = await previewManifest<TenantObject>(client, tenants, manifest);
      const { name } = tenant.metadata;
      const observed = await dataPlane.planTenant({
        tenant,
        schema: schemaOf(name, tenant.spec.placement),
        domains: enabledDomains(tenant.spec),
      });
      const live = await liveObjects(client, tenant, platform);
      plans.set(
        name,
        planTenant(tenant, platform, { live: (item) => live.get(keyOf(item)), dataPlane: observed }),
      );
    }
    return plans;
  } finally {
    await dataPlane.close();
  }
}

/** What the API server has of the tenant's objects, wanted ones and those of its inventory. */
async function liveObjects(
  client: Client,
  tenant: TenantObject,
  platform: PlatformConfig,
): Promise<Map<string, object>> {
  const wanted = inventoryItems(desiredObjects(tenant, platform, { adminToken: '', databasePassword: '' }));
  const items = [...wanted, ...(tenant.status?.inventory ?? [])];
  const found = await Promise.all(
    items.map(async (item) => [keyOf(item), await client.find(resourceOf(item), refOf(item))] as const),
  );
  return new Map(found.flatMap(([key, object]) => (object === undefined ? [] : [[key, object] as const])));
}

async function platformOf(client: Client): Promise<PlatformConfig> {
  const ref = { namespace: SYSTEM_NAMESPACE, name: 'platform' };
  const [config, secret] = await Promise.all([client.get(configMaps, ref), client.get(secrets, ref)]);
  const decoded = Object.entries(secret.data ?? {}).map(([key, value]) => [
    key,
    Buffer.from(value, 'base64').toString('utf8'),
  ]);
  return parsePlatform(config.data ?? {}, Object.fromEntries(decoded));
}

/** Names under `.svc` are known inside the cluster only; from outside a ready Pod's address is asked of the API. */
async function reachable(client: Client, address: string): Promise<string> {
  const url = new URL(address);
  const [service, namespace, svc] = url.hostname.split('.');
  if (svc !== 'svc' || namespace === undefined) return address;
  const slices = await client.listAll(endpointSlices, {
    namespace,
    labelSelector: `kubernetes.io/service-name=${service}`,
  });
  const ready = slices.items
    .flatMap(({ endpoints }) => endpoints ?? [])
    .find(({ conditions }) => conditions?.ready !== false);
  const [ip] = ready?.addresses ?? [];
  if (ip === undefined) {
    throw new Failure(`the database ${url.hostname} has no ready Pod`, {
      exitCode: EXIT.unavailable,
      remedy: `See: kubectl get pods -n ${namespace}`,
    });
  }
  url.hostname = ip;
  return url.href;
}

function keyOf({ apiVersion, kind, namespace, name }: InventoryItem): string {
  return `${apiVersion} ${kind} ${namespace ?? ''}/${name}`;
}

function refOf({ namespace, name }: InventoryItem): { name: string; namespace?: string } {
  return namespace === undefined ? { name } : { name, namespace };
}

const SIGNS: Readonly<Record<PlannedChange['action'], string>> = { create: '+', change: '~', delete: '-' };

function describe([name, { objects, dataPlane }]: readonly [string, TenantPlan]): string {
  if (objects.length + dataPlane.length === 0) return `tenant ${name}: nothing would change\n`;
  const lines = objects.map(({ action, object, fields }) => {
    const where = object.namespace === undefined ? object.name : `${object.namespace}/${object.name}`;
    return `  ${SIGNS[action]} ${object.kind} ${where}${fields.length === 0 ? '' : `  (${fields.join(', ')})`}`;
  });
  return [`tenant ${name}`, ...lines, ...dataPlane.map((action) => `  ! ${action}`), ''].join('\n');
}
