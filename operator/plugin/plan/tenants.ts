/**
 * Plans of several tenants over one connection to the data plane: what `plan` and `diff` print.
 */
import { SCHEMAS, withDefaults } from '../../../crds/index.ts';
import type { InventoryItem, TenantSpec } from '../../../crds/index.ts';
import { resourceOf, type TenantObject } from '../../controllers/kinds.ts';
import { surroundingsOf } from '../../controllers/surroundings.ts';
import { desiredObjects, inventoryItems, NO_CREDENTIALS } from '../../controllers/tenant/desired.ts';
import { planTenant, type TenantPlan } from '../../controllers/tenant/plan.ts';
import type { Client } from '../../kube/client.ts';
import { openDataPlane } from '../../provisioners/data-plane.ts';
import type { PlatformConfig } from '../../resources/platform.ts';
import { enabledDomains, schemaOf } from '../../resources/presets.ts';
import type { Surroundings } from '../../resources/surroundings.ts';
import { outlookOf } from '../cluster/outlook.ts';
import { platformOf } from '../data/look.ts';
import { wayTo } from '../data/reach.ts';

/** @param tenants as the server stores them, or would: with every default filled in */
export async function planAll(
  client: Client,
  tenants: readonly TenantObject[],
): Promise<ReadonlyMap<string, TenantPlan>> {
  const platform = await platformOf(client);
  const surroundings = surroundingsOf(await outlookOf(client), platform);
  const url = new URL(platform.databaseAdminUrl);
  const way = await wayTo(client, url.hostname, Number(url.port || '5432'));
  url.hostname = way.host;
  url.port = String(way.port);
  const dataPlane = await openDataPlane({ ...platform, databaseAdminUrl: url.href }, () => performance.now());
  try {
    const plans = new Map<string, TenantPlan>();
    for (const stored of tenants) {
      const tenant = completed(stored);
      const { name } = tenant.metadata;
      const [observed, live] = await Promise.all([
        dataPlane.planTenant({
          tenant,
          schema: schemaOf(name, tenant.spec.placement),
          domains: enabledDomains(tenant.spec),
          home: tenant.status?.dataRef?.schema,
        }),
        liveObjects(client, tenant, platform, surroundings),
      ]);
      plans.set(
        name,
        planTenant(tenant, platform, {
          surroundings,
          live: (item) => live.get(keyOf(item)),
          dataPlane: observed,
        }),
      );
    }
    return plans;
  } finally {
    await dataPlane.close();
    way.close();
  }
}

/** A server with older definitions leaves out the defaults of fields that this version knows. */
function completed(tenant: TenantObject): TenantObject {
  const schema = SCHEMAS.ShopMindTenant.properties?.['spec'];
  // The schema's defaults give a spec of the type that is drawn from the same schema.
  return schema === undefined ? tenant : { ...tenant, spec: withDefaults(schema, tenant.spec) as TenantSpec };
}

/** What the API server has of the tenant's objects, wanted ones and those of its inventory. */
async function liveObjects(
  client: Client,
  tenant: TenantObject,
  platform: PlatformConfig,
  surroundings: Surroundings,
): Promise<Map<string, object>> {
  const wanted = inventoryItems(desiredObjects(tenant, platform, NO_CREDENTIALS, surroundings));
  const items = new Map([...wanted, ...(tenant.status?.inventory ?? [])].map((item) => [keyOf(item), item]));
  const found = await Promise.all(
    [...items].map(async ([key, item]) => [key, await client.find(resourceOf(item), refOf(item))] as const),
  );
  return new Map(found.flatMap(([key, object]) => (object === undefined ? [] : [[key, object] as const])));
}

function keyOf({ apiVersion, kind, namespace, name }: InventoryItem): string {
  return `${apiVersion} ${kind} ${namespace ?? ''}/${name}`;
}

function refOf({ namespace, name }: InventoryItem): { name: string; namespace?: string } {
  return namespace === undefined ? { name } : { name, namespace };
}
