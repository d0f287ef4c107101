/**
 * From a name on the command line to a tenant, or to the question whether another one was meant.
 */
import { tenants, type TenantObject } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { isForbidden, isNotFound, type KubeError } from '../../kube/errors.ts';
import { EXIT, Failure } from '../failure.ts';

/** @throws Failure that suggests the nearest name when there is no such tenant */
export async function findTenant(client: Client, name: string): Promise<TenantObject> {
  try {
    const tenant = await client.find(tenants, { name });
    if (tenant !== undefined) return tenant;
  } catch (error) {
    if (isNotFound(error)) throw notInstalled(error);
    throw error;
  }
  throw new Failure(`there is no tenant "${name}"`, {
    exitCode: EXIT.badInput,
    remedy: await suggestion(client, name),
  });
}

/** Every tenant, in pages. @throws Failure when the cluster has no ShopMind */
export async function listTenants(client: Client): Promise<readonly TenantObject[]> {
  try {
    return (await client.listAll(tenants)).items;
  } catch (error) {
    if (isNotFound(error)) throw notInstalled(error);
    throw error;
  }
}

function notInstalled(cause: KubeError): Failure {
  return new Failure('this cluster has no ShopMind: it does not serve shopmindtenants.shopmind.ai', {
    exitCode: EXIT.unavailable,
    cause,
    remedy: 'Check that --context names the right cluster; see: kubectl get crds | grep shopmind',
  });
}

async function suggestion(client: Client, name: string): Promise<string> {
  let names: readonly string[];
  try {
    names = (await listTenants(client)).map(({ metadata }) => metadata.name);
  } catch (error) {
    // A suggestion is a courtesy: without permission to list there is none.
    if (isForbidden(error)) return 'See: kubectl shopmind status';
    throw error;
  }
  if (names.length === 0) return 'There are no tenants yet: kubectl apply -f my-tenant.yaml';
  const near = nearest(name, names);
  return near === undefined ? 'See: kubectl shopmind status' : `Did you mean "${near}"?`;
}

/** The name that is few typing mistakes away; `undefined` when none is near. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(name.length / 3));
  const [best] = names
    .map((other) => ({ other, away: other.startsWith(name) ? 0.5 : distance(name, other) }))
    .filter(({ away }) => away <= limit)
    .toSorted((a, b) => a.away - b.away);
  return best?.other;
}

/** Damerau–Levenshtein, restricted to neighbours changing places (optimal string alignment). */
export function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const changed = a[row - 1] === b[column - 1] ? 0 : 1;
      let least = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + changed,
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        least = Math.min(least, (beforeLast[column - 2] ?? 0) + 1);
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
