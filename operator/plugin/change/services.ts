/**
 * Which Services a command on TENANT [SERVICE] means, and who else is served by them.
 */
import { shopServices, tenants, type ServiceObject, type TenantObject } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { namespaceOf } from '../../resources/presets.ts';
import { EXIT, Failure } from '../failure.ts';
import { nearest } from '../tenant/find.ts';
import { hosts } from '../tenant/observe.ts';

/**
 * @param named name of a Service, or of a domain that one hosts; absent: all of the tenant's
 * @throws Failure that names those there are
 */
export async function servicesOf(
  client: Client,
  tenant: TenantObject,
  named: string | undefined,
): Promise<readonly ServiceObject[]> {
  const { name } = tenant.metadata;
  const namespace = namespaceOf(name, tenant.spec.placement);
  const all = (await client.listAll(shopServices, { namespace })).items.filter((one) => hosts(one, tenant));
  const chosen = all.filter(
    ({ metadata, spec }) =>
      named === undefined ||
      metadata.name === named ||
      spec.domains?.some((domain) => domain === named) === true,
  );
  if (chosen.length > 0) return chosen;
  const known = all.map(({ metadata }) => metadata.name);
  const near = named === undefined ? undefined : nearest(named, known);
  throw new Failure(
    named === undefined ? `nothing runs for "${name}" yet` : `"${name}" has no Service "${named}"`,
    {
      exitCode: EXIT.badInput,
      remedy: near === undefined ? `There are: ${known.join(', ') || 'none'}` : `Did you mean "${near}"?`,
    },
  );
}

/** In words, who feels what is done to the Services: every pooled tenant, where the pool is among them. */
export async function affected(
  client: Client,
  tenant: TenantObject,
  services: readonly ServiceObject[],
): Promise<string> {
  if (services.every(({ spec }) => spec.tenant !== undefined)) return tenant.metadata.name;
  const { items } = await client.listAll(tenants);
  const pooled = items.filter(({ spec }) => spec.placement === 'pooled').length;
  return `all ${pooled} pooled tenants, ${tenant.metadata.name} among them`;
}
