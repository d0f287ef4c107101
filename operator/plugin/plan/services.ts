/**
 * What Services would generate: the plans of a tenant's, and of those that belong to none.
 */
import type { PlannedChange } from '../../controllers/changes.ts';
import { shopServices, type ServiceObject, type TenantObject } from '../../controllers/kinds.ts';
import { planService } from '../../controllers/service/plan.ts';
import { desiredObjects, NO_CREDENTIALS } from '../../controllers/tenant/desired.ts';
import { namespaceOf } from '../../resources/presets.ts';
import { lookingUp, storedService, type Site } from './site.ts';

/** @param services as the server stores them, or would; they take the place of those of their names */
export async function planServices(
  site: Site,
  services: readonly ServiceObject[],
): Promise<ReadonlyMap<string, readonly PlannedChange[]>> {
  const now = new Date();
  const plans = await Promise.all(
    services.map(async (service) => {
      const { namespace = '' } = service.metadata;
      const others = (await site.servicesIn(namespace)).filter(
        ({ metadata: { name } }) => !services.some((one) => isAt(one, namespace, name)),
      );
      const inSameNamespace = services.filter(({ metadata }) => metadata.namespace === namespace);
      const grounds = { ...site.grounds, neighbours: [...others, ...inSameNamespace] };
      const changes = await lookingUp(site.client, (look) => planService(service, grounds, { look, now }));
      return [titleOf(service), changes] as const;
    }),
  );
  return new Map(plans);
}

/**
 * The Services a tenant will have: those it declares, as its plan leaves them, and others that people made for it.
 * @param changes of the tenant itself
 */
export async function servicesAfter(
  site: Site,
  tenant: TenantObject,
  changes: readonly PlannedChange[],
): Promise<readonly ServiceObject[]> {
  const { name } = tenant.metadata;
  const { platform, surroundings } = site.grounds;
  const namespace = namespaceOf(name, tenant.spec.placement);
  const there = (await site.servicesIn(namespace)).filter(({ spec }) => spec.tenant === name);
  const concerned = (service: string, action?: PlannedChange['action']): boolean =>
    changes.some(
      ({ object, ...change }) =>
        object.kind === shopServices.kind &&
        object.apiVersion.startsWith(`${shopServices.group}/`) &&
        object.namespace === namespace &&
        object.name === service &&
        (action === undefined || change.action === action),
    );
  const { services: declared } = desiredObjects(tenant, platform, NO_CREDENTIALS, surroundings);
  const changed = declared.filter(({ metadata }) => concerned(metadata.name));
  const stored = await Promise.all(
    changed.map((manifest) =>
      storedService(
        site.client,
        manifest,
        there.find(({ metadata }) => metadata.name === manifest.metadata.name),
      ),
    ),
  );
  return [...stored, ...there.filter(({ metadata }) => !concerned(metadata.name))].filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined && !concerned(metadata.name, 'delete'),
  );
}

/** How a plan calls a Service: `tenant-acme/runtime`. */
function titleOf({ metadata: { name, namespace = '' } }: ServiceObject): string {
  return `${namespace}/${name}`;
}

function isAt({ metadata }: ServiceObject, namespace: string, name: string): boolean {
  return metadata.namespace === namespace && metadata.name === name;
}
