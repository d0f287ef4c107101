/**
 * Plans of several tenants and Services over one connection to the data plane: what `plan` and `diff` print.
 */
import { SCHEMAS, withDefaults } from '../../../crds/index.ts';
import type { TenantSpec } from '../../../crds/index.ts';
import { resourceOf, type ServiceObject, type TenantObject } from '../../controllers/kinds.ts';
import { planTenant, type TenantPlan } from '../../controllers/tenant/plan.ts';
import type { Client } from '../../kube/client.ts';
import { keyOf } from '../../kube/types.ts';
import { openDataPlane } from '../../provisioners/data-plane.ts';
import type { DataPlane } from '../../provisioners/data-plane.ts';
import type { PlatformConfig } from '../../resources/platform.ts';
import { enabledDomains, schemaOf } from '../../resources/presets.ts';
import { wayTo } from '../data/reach.ts';
import { planServices, servicesAfter } from './services.ts';
import { confirmed, lookingUp, siteOf, type Site } from './site.ts';

/** Of one tenant with all it generates, or of one Service that is nobody's. */
export interface Plan extends TenantPlan {
  readonly about: 'tenant' | 'service';
  /** Changes that may be none: whoever asks is not allowed the dry run that tells. */
  readonly unconfirmed: number;
}

/**
 * By the tenant's name, or by `namespace/name` of a Service.
 * @param tenants as the server stores them, or would: with every default filled in
 * @param services likewise; of tenants that are not among those
 */
export async function planAll(
  client: Client,
  tenants: readonly TenantObject[],
  services: readonly ServiceObject[] = [],
): Promise<ReadonlyMap<string, Plan>> {
  const site = await siteOf(client);
  const plans = new Map<string, Plan>();
  if (tenants.length > 0) {
    await withDataPlane(client, site.grounds.platform, async (dataPlane) => {
      for (const stored of tenants) {
        const tenant = completed(stored);
        plans.set(tenant.metadata.name, await planOne(site, dataPlane, tenant));
      }
    });
  }
  for (const [title, planned] of await planServices(site, services)) {
    const { changes, unconfirmed } = await confirmed(client, planned);
    plans.set(title, { about: 'service', objects: changes, dataPlane: [], unconfirmed });
  }
  return plans;
}

async function planOne(site: Site, dataPlane: DataPlane, tenant: TenantObject): Promise<Plan> {
  const { platform, surroundings } = site.grounds;
  const { name } = tenant.metadata;
  const observed = await dataPlane.planTenant({
    tenant,
    schema: schemaOf(name, tenant.spec.placement),
    domains: enabledDomains(tenant.spec),
    home: tenant.status?.dataRef?.schema,
  });
  const planned = await lookingUp(site.client, (look) =>
    planTenant(tenant, platform, {
      surroundings,
      live: (item) => look(resourceOf(item), keyOf(item)),
      dataPlane: observed,
    }),
  );
  const own = await confirmed(site.client, planned.objects);
  const generated = await planServices(site, await servicesAfter(site, tenant, own.changes));
  const theirs = await confirmed(site.client, [...generated.values()].flat());
  return {
    about: 'tenant',
    objects: [...own.changes, ...theirs.changes],
    dataPlane: observed,
    unconfirmed: own.unconfirmed + theirs.unconfirmed,
  };
}

async function withDataPlane(
  client: Client,
  platform: PlatformConfig,
  work: (dataPlane: DataPlane) => Promise<void>,
): Promise<void> {
  const url = new URL(platform.databaseAdminUrl);
  const way = await wayTo(client, url.hostname, Number(url.port || '5432'));
  url.hostname = way.host;
  url.port = String(way.port);
  const dataPlane = await openDataPlane({ ...platform, databaseAdminUrl: url.href }, () => performance.now());
  try {
    await work(dataPlane);
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
